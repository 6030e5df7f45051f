/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tree_differ - where two documents of one format say something else
 * Members by their names, entries of lists by their place; order of members and layout do not matter.
 */
#ifndef TRIBUTARY_FORMATS_TREE_DIFFER_H
#define TRIBUTARY_FORMATS_TREE_DIFFER_H

#include "formats/tree.h"

#define TREE_PATH_BYTES 96

struct tree_difference {
	char path[TREE_PATH_BYTES]; /* lines[2].quantity; cut when it is longer; empty: the whole */
	const char *what;           /* "changed", "missing" (only the first has it), "new" (only the second) */
};

/* tree_differ - up to `max` of them into `out`; returns how many */
size_t tree_differ(const struct node *first, const struct node *second, struct tree_difference *out, size_t max);

#endif
