/* SPDX-License-Identifier: Apache-2.0 */
#include "support/unb.h"

#include "formats/edifact.h"
#include "formats/json.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

struct node *
unb_parse(struct str text)
{
	struct node *root = NULL;

	return edifact_parse(text, &tree_default_limits, arena, &root, &why) == OUTCOME_OK ? root : NULL;
}

struct node *
unb_must_parse(struct str text)
{
	struct node *root = unb_parse(text);

	cr_assert(root, "%.*s: %s %s", (int)(text.n < 90 ? text.n : 90), text.p, why.code, why.text);
	return root;
}

void
unb_must_refuse(struct str text, const char *code)
{
	cr_assert_null(unb_parse(text), "accepted: %.*s", (int)(text.n < 90 ? text.n : 90), text.p);
	cr_expect_str_eq(why.code, code, "%.*s: %s %s", (int)(text.n < 90 ? text.n : 90), text.p, why.code, why.text);
}

struct str
unb_written(const struct node *tree)
{
	struct buf out;
	struct str copy;

	buf_init(&out, (size_t)64 << 20);
	cr_assert_eq(edifact_write(tree, &out, &why), OUTCOME_OK, "%s at %s: %s", why.code, why.path, why.text);
	copy = arena_str(arena, buf_str(&out));
	buf_release(&out);
	return copy;
}

void
unb_must_come_back(struct str document)
{
	struct node *tree = unb_must_parse(document);

	cr_expect_str_eq(trees_json(unb_must_parse(unb_written(tree))), trees_json(tree));
}

const struct node *
unb_interchange_of(const struct node *root, size_t index)
{
	return node_at(node_get(root, "interchanges"), index);
}

const struct node *
unb_message_of(const struct node *root, size_t index)
{
	return node_at(node_get(unb_interchange_of(root, 0), "messages"), index);
}

const struct node *
unb_segment_of(const struct node *root, size_t index)
{
	return node_at(node_get(unb_message_of(root, 0), "segments"), index);
}

const char *
unb_faults(const struct node *level)
{
	const struct node *list = node_get(level, "faults");
	struct buf out;
	const char *text;

	buf_init(&out, 4096);
	for (const struct node *n = list ? list->child : NULL; n; n = n->next) {
		struct str code = node_text(node_get(n, "code")), ack = node_text(node_get(n, "ack"));

		cr_expect(node_text(node_get(n, "text")).n);
		buf_printf(&out, "%s%.*s %.*s", out.n ? ", " : "", STR_ARGS(code), STR_ARGS(ack));
	}
	text = arena_text(arena, buf_str(&out));
	buf_release(&out);
	return text;
}

struct str
unb_order_with(const char *segments, int count)
{
	return arena_printf(arena, UNB_HEAD UNB_UNH "%sUNT+%d+1'" UNB_TAIL, segments, count);
}

struct str
unb_repeated(const char *piece, size_t n)
{
	size_t length = strlen(piece);
	char *p = arena_get(arena, n * length + 1);

	for (size_t i = 0; i < n; i++)
		memcpy(p + i * length, piece, length);
	return (struct str){p, n * length};
}

struct str
unb_file_read(const char *path)
{
	FILE *f = fopen(path, "rb");
	struct buf bytes;
	char piece[4096];
	size_t n;
	struct str copy;

	cr_assert(f, "%s", path);
	buf_init(&bytes, (size_t)64 << 20);
	while ((n = fread(piece, 1, sizeof piece, f)))
		buf_put(&bytes, piece, n);
	fclose(f);
	copy = arena_str(arena, buf_str(&bytes));
	buf_release(&bytes);
	return copy;
}
