/* SPDX-License-Identifier: Apache-2.0 */
#include "party_diff.h"

#include "file.h"
#include "formats/json.h"

#include <string.h>

#define PATH_BYTES 512
#define VALUE_BYTES ((size_t)1 << 16)

struct diff {
	FILE *out;
	size_t n;
	char path[PATH_BYTES];
};

static void
value_print(struct diff *d, const struct node *value)
{
	struct buf text;

	if (!value) {
		fputs("nothing", d->out);
		return;
	}
	buf_init(&text, VALUE_BYTES);
	json_put_node(&text, value, 0);
	fputs(buf_is_ok(&text) ? buf_text(&text) : "(long)", d->out);
	buf_release(&text);
}

static void
difference(struct diff *d, const struct node *expected, const struct node *got)
{
	d->n++;
	fprintf(d->out, "  %s: expected ", d->path);
	value_print(d, expected);
	fputs(", got ", d->out);
	value_print(d, got);
	fputc('\n', d->out);
}

static void nodes_diff(struct diff *d, const struct node *expected, const struct node *got);

/* Compares a member or element with its path added for the while. */
static void
child_diff(struct diff *d, const char *name, int name_bytes, const struct node *expected, const struct node *got)
{
	size_t at = strlen(d->path);

	snprintf(d->path + at, sizeof d->path - at, "%s%.*s", at && name[0] != '[' ? "." : "", name_bytes, name);
	nodes_diff(d, expected, got);
	d->path[at] = '\0';
}

static void
members_diff(struct diff *d, const struct node *expected, const struct node *got)
{
	for (const struct node *e = expected->child; e; e = e->next)
		child_diff(d, e->key.p, (int)e->key.n, e, node_get_str(got, e->key));
	for (const struct node *g = got->child; g; g = g->next)
		if (!node_get_str(expected, g->key))
			child_diff(d, g->key.p, (int)g->key.n, NULL, g);
}

static void
elements_diff(struct diff *d, const struct node *expected, const struct node *got)
{
	const struct node *e = expected->child, *g = got->child;

	for (size_t i = 0; e || g; i++) {
		char name[32];
		int n = snprintf(name, sizeof name, "[%zu]", i);

		child_diff(d, name, n, e, g);
		e = e ? e->next : NULL;
		g = g ? g->next : NULL;
	}
}

static void
nodes_diff(struct diff *d, const struct node *expected, const struct node *got)
{
	if (!expected || !got || expected->type != got->type)
		difference(d, expected, got);
	else if (expected->type == NODE_OBJECT)
		members_diff(d, expected, got);
	else if (expected->type == NODE_LIST)
		elements_diff(d, expected, got);
	else if (!str_equal(expected->text, got->text))
		difference(d, expected, got);
}

size_t
party_diff(const struct node *expected, const struct node *got, FILE *out)
{
	struct diff d = {.out = out};

	nodes_diff(&d, expected, got);
	return d.n;
}

size_t
party_diff_file(const char *expected_path, struct str got, struct arena *arena, FILE *out)
{
	struct tree_limits limits = {.bytes = SIZE_MAX, .depth = 128, .nodes = SIZE_MAX};
	struct node *expected_tree, *got_tree;
	struct str expected;
	struct why why = {0};

	if (file_read(expected_path[0] == '/' ? "/" : ".", expected_path, arena, &expected, &why) != OUTCOME_OK ||
	    json_parse(expected, &limits, arena, &expected_tree, &why) != OUTCOME_OK ||
	    json_parse(got, &limits, arena, &got_tree, &why) != OUTCOME_OK) {
		fprintf(out, "  %s: %s\n", expected_path, why.text);
		return 1;
	}
	return party_diff(expected_tree, got_tree, out);
}
