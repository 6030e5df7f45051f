/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_csv - the first bytes choose the dialect; any others end in a tree or a code, and each row has its columns */
#include "formats/csv_tree.h"

#include <stdlib.h>

static const struct tree_limits limits = {.bytes = 1 << 20, .depth = 64, .nodes = 20000};
static const char *const names[] = {"a", "b", "c"};
static const char *const encodings[] = {NULL, "iso-8859-1", "windows-1252", "utf-16", "utf-16le", "utf-16be"};

static void
rows_check(const struct node *root)
{
	size_t columns = node_get(root, "columns")->children_count;

	for (const struct node *row = node_get(root, "rows")->child; row; row = row->next) {
		if (!node_get(row, "line") || row->children_count > columns + 2)
			abort();
		for (const struct node *cell = row->child; cell; cell = cell->next)
			if (cell->type != NODE_TEXT || cell->text.n == 0 || !str_is_utf8(cell->text))
				abort();
	}
}

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t n);

int
LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t n)
{
	struct csv_dialect dialect = {.columns = names};
	struct arena *arena;
	struct node *root = NULL;
	struct why why;

	if (n < 2)
		return 0;
	dialect.delimiter = ",;\t|"[bytes[0] & 3];
	dialect.quote = "\"'\"\0"[bytes[0] >> 2 & 3];
	dialect.has_header = bytes[0] & 16;
	dialect.columns_count = bytes[0] & 32 ? COUNT_OF(names) : 0;
	dialect.encoding = encodings[bytes[1] % COUNT_OF(encodings)];
	arena = arena_new((size_t)64 << 20);
	if (csv_tree_parse((struct str){(const char *)bytes + 2, n - 2}, &dialect, &limits, arena, &root, &why) ==
	    OUTCOME_OK)
		rows_check(root);
	arena_free(arena);
	return 0;
}
