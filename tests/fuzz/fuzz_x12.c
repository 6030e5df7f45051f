/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_x12 - whatever the bytes are, the parser answers; what it took can be written or is refused for its data; and
 * what was written is taken again and written alike.
 */
#include "formats/x12.h"

#include <stdlib.h>

#define ARENA_BYTES ((size_t)256 << 20)

static void
must(bool holds)
{
	if (!holds)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new(ARENA_BYTES);
	struct buf first, second;
	struct node *root;
	struct why why;

	must(arena != NULL);
	buf_init(&first, tree_default_limits.bytes);
	buf_init(&second, tree_default_limits.bytes);
	if (x12_parse((struct str){(const char *)data, size}, &tree_default_limits, arena, &root, &why) == OUTCOME_OK &&
	    x12_write(root, &first, &why) == OUTCOME_OK) {
		must(x12_parse(buf_str(&first), &tree_default_limits, arena, &root, &why) == OUTCOME_OK);
		must(x12_write(root, &second, &why) == OUTCOME_OK);
		must(str_equal(buf_str(&first), buf_str(&second)));
	}
	buf_release(&first);
	buf_release(&second);
	arena_free(arena);
	return 0;
}
