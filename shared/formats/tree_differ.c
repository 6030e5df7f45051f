/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/tree_differ.h"

#include <stdio.h>
#include <string.h>

#define DEPTH_MAX 200 /* parsers let less through */

struct differing {
	struct tree_difference *out;
	size_t n, max, depth;
	char path[TREE_PATH_BYTES];
};

static void
said(struct differing *d, const char *what)
{
	if (d->n == d->max)
		return;
	snprintf(d->out[d->n].path, TREE_PATH_BYTES, "%s", d->path);
	d->out[d->n++].what = what;
}

static void nodes_differ(struct differing *d, const struct node *a, const struct node *b);

/* One step down, to a member (key) or an entry (index). */
static void
step(struct differing *d, struct str key, size_t index, const struct node *a, const struct node *b)
{
	size_t n = strlen(d->path), left = sizeof d->path - n;

	if (key.p)
		snprintf(d->path + n, left, "%s%.*s", n ? "." : "", STR_ARGS(key));
	else
		snprintf(d->path + n, left, "[%zu]", index);
	if (!a || !b)
		said(d, a ? "missing" : "new");
	else
		nodes_differ(d, a, b);
	d->path[n] = '\0';
}

static void
lists_differ(struct differing *d, const struct node *a, const struct node *b)
{
	const struct node *x = a->child, *y = b->child;

	for (size_t i = 0; (x || y) && d->n < d->max; i++) {
		step(d, (struct str){NULL, 0}, i, x, y);
		x = x ? x->next : NULL;
		y = y ? y->next : NULL;
	}
}

static void
objects_differ(struct differing *d, const struct node *a, const struct node *b)
{
	for (const struct node *x = a->child; x && d->n < d->max; x = x->next)
		step(d, x->key, 0, x, node_get_str(b, x->key));
	for (const struct node *y = b->child; y && d->n < d->max; y = y->next)
		if (!node_get_str(a, y->key))
			step(d, y->key, 0, NULL, y);
}

static void
nodes_differ(struct differing *d, const struct node *a, const struct node *b)
{
	if (d->depth == DEPTH_MAX)
		return;
	d->depth++;
	if (a->type != b->type)
		said(d, "changed");
	else if (a->type == NODE_LIST)
		lists_differ(d, a, b);
	else if (a->type == NODE_OBJECT)
		objects_differ(d, a, b);
	else if (!str_equal(a->text, b->text))
		said(d, "changed");
	d->depth--;
}

size_t
tree_differ(const struct node *first, const struct node *second, struct tree_difference *out, size_t max)
{
	struct differing d = {.out = out, .max = max};

	nodes_differ(&d, first, second);
	return d.n;
}
