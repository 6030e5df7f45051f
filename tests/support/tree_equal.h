/* SPDX-License-Identifier: Apache-2.0 */
/* tree_equal - do two documents say the same? Types, keys, texts and order; offsets may differ. */
#ifndef TRIBUTARY_TESTS_SUPPORT_TREE_EQUAL_H
#define TRIBUTARY_TESTS_SUPPORT_TREE_EQUAL_H

#include "formats/tree.h"

bool tree_equal(const struct node *a, const struct node *b);

#endif
