/* SPDX-License-Identifier: Apache-2.0 */
#include "support/trees.h"

#include "formats/json.h"

#define ARENA_BYTES ((size_t)512 << 20)
#define TEXT_BYTES ((size_t)64 << 20)

struct arena *arena;
struct why why;

void
trees_setup(void)
{
	arena = arena_new(ARENA_BYTES);
}

void
trees_teardown(void)
{
	arena_free(arena);
}

const char *
trees_json(const struct node *n)
{
	struct buf out;
	const char *text;

	buf_init(&out, TEXT_BYTES);
	json_put_node(&out, n, 0);
	text = arena_text(arena, buf_str(&out));
	buf_release(&out);
	return text;
}
