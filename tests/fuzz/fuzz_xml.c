/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_xml - any bytes end in a tree or a code; a tree that can be written comes back the same */
#include "formats/xml.h"
#include "support/tree_equal.h"

#include <stdlib.h>

static const struct tree_limits limits = {.bytes = 1 << 20, .depth = 64, .nodes = 20000};

static void
must_come_back(const struct node *tree, struct arena *arena)
{
	struct node *again = NULL;
	struct why why;
	struct buf out;

	buf_init(&out, (size_t)64 << 20);
	if (xml_write(tree, &out, &why) == OUTCOME_OK) {
		struct tree_limits larger = {.bytes = (size_t)64 << 20, .depth = 64, .nodes = 20000};

		if (xml_parse(buf_str(&out), &larger, arena, &again, &why) != OUTCOME_OK || !tree_equal(tree, again))
			abort();
	}
	buf_release(&out);
}

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t n);

int
LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t n)
{
	struct arena *arena = arena_new((size_t)64 << 20);
	struct node *root = NULL;
	struct why why;

	if (xml_parse((struct str){(const char *)bytes, n}, &limits, arena, &root, &why) == OUTCOME_OK)
		must_come_back(root, arena);
	arena_free(arena);
	return 0;
}
