/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_json - any bytes end in a tree or a code; a tree that is written, on one line or many, is read back the same */
#include "formats/json.h"
#include "support/tree_equal.h"

#include <stdlib.h>

#define OUT_MAX_BYTES ((size_t)64 << 20)

static const struct tree_limits limits = {.bytes = 1 << 20, .depth = 64, .nodes = 20000};

static void
must_come_back(const struct node *tree, unsigned indent_columns, struct arena *arena)
{
	struct tree_limits larger = limits;
	struct node *again = NULL;
	struct why why;
	struct buf out;

	larger.bytes = OUT_MAX_BYTES;
	buf_init(&out, OUT_MAX_BYTES);
	json_put_node(&out, tree, indent_columns);
	if (!buf_is_ok(&out) || json_parse(buf_str(&out), &larger, arena, &again, &why) != OUTCOME_OK ||
	    !tree_equal(tree, again))
		abort();
	buf_release(&out);
}

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t n);

int
LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t n)
{
	struct arena *arena = arena_new((size_t)64 << 20);
	struct node *root = NULL;
	struct why why;

	if (json_parse((struct str){(const char *)bytes, n}, &limits, arena, &root, &why) == OUTCOME_OK) {
		must_come_back(root, 0, arena);
		must_come_back(root, 2, arena);
	}
	arena_free(arena);
	return 0;
}
