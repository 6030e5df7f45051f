/* SPDX-License-Identifier: Apache-2.0 */
#include "support/tree_equal.h"

bool
tree_equal(const struct node *a, const struct node *b)
{
	const struct node *x = a->child, *y = b->child;

	if (a->type != b->type || !str_equal(a->key, b->key) || !str_equal(a->text, b->text))
		return false;
	for (; x && y; x = x->next, y = y->next)
		if (!tree_equal(x, y))
			return false;
	return !x && !y;
}
