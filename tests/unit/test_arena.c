/* SPDX-License-Identifier: Apache-2.0 */
#include "base/arena.h"

#include <criterion/criterion.h>
#include <malloc.h>
#include <string.h>

#define LARGE ((size_t)300 * 1024)

static size_t
heap_bytes(void)
{
	struct mallinfo2 info = mallinfo2(); /* all 0 with a sanitizer's allocator: then this says nothing */

	return info.uordblks + info.hblkhd;
}

/* A batch's way through it: small, one that has no room in a block, small again. */
static void
batch_take(struct arena *a)
{
	for (int i = 0; i < 20; i++)
		cr_assert(arena_get(a, 9000));
	cr_assert(arena_get(a, LARGE));
	for (int i = 0; i < 20; i++)
		cr_assert(arena_get(a, 9000));
}

Test(arena, does_not_grow_from_batch_to_batch)
{
	struct arena *a = arena_new((size_t)64 << 20);
	size_t after_first;

	batch_take(a);
	arena_clear(a);
	batch_take(a);
	arena_clear(a);
	after_first = heap_bytes();
	for (int i = 0; i < 500; i++) {
		batch_take(a);
		arena_clear(a);
	}
	cr_assert_leq(heap_bytes(), after_first + 65536);
	arena_free(a);
}

Test(arena, does_not_grow_from_mark_to_mark)
{
	struct arena *a = arena_new((size_t)64 << 20);
	struct arena_mark mark;
	size_t after_first;

	cr_assert(arena_get(a, 100));
	mark = arena_mark(a);
	batch_take(a);
	arena_rewind(a, mark);
	batch_take(a);
	arena_rewind(a, mark);
	after_first = heap_bytes();
	for (int i = 0; i < 500; i++) {
		batch_take(a);
		arena_rewind(a, mark);
	}
	cr_assert_leq(heap_bytes(), after_first + 65536);
	cr_assert_eq(arena_used_bytes(a), mark.used_bytes);
	arena_free(a);
}

Test(arena, what_was_given_is_zero_and_keeps_its_bytes)
{
	struct arena *a = arena_new((size_t)64 << 20);
	unsigned char *given[200];

	for (int round = 0; round < 3; round++) {
		for (size_t i = 0; i < 200; i++) {
			size_t n = i % 7 == 3 ? LARGE / 4 : 500 + i;

			given[i] = arena_get(a, n);
			for (size_t k = 0; k < n; k += 100)
				cr_assert_eq(given[i][k], 0);
			memset(given[i], (int)(i & 0xff), n);
		}
		for (size_t i = 0; i < 200; i++)
			cr_assert_eq(given[i][0], (unsigned char)i);
		arena_clear(a);
	}
	arena_free(a);
}
