/* SPDX-License-Identifier: Apache-2.0 */
#include "support/edi.h"

#include "formats/json.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

struct node *
edi_parse(struct str text)
{
	struct node *root = NULL;

	return x12_parse(text, &tree_default_limits, arena, &root, &why) == OUTCOME_OK ? root : NULL;
}

struct node *
edi_must_parse(struct str text)
{
	struct node *root = edi_parse(text);

	cr_assert(root, "%.*s: %s %s", (int)(text.n < 60 ? text.n : 60), text.p, why.code, why.text);
	return root;
}

/* The node at a path of names and indexes: "interchanges.0.ISA.ISA13". */
const struct node *
edi_at(const struct node *root, const char *path)
{
	struct str rest = str_of(path);
	const struct node *n = root;

	while (rest.n && n) {
		struct str step = str_split(&rest, '.');
		int64_t index;

		n = n->type == NODE_LIST && str_to_int(step, &index) ? node_at(n, (size_t)index)
								     : node_get_str(n, step);
	}
	return n;
}

const char *
edi_text(const struct node *root, const char *path)
{
	return arena_text(arena, node_text(edi_at(root, path)));
}

void
edi_must_be(const struct node *n, const char *expected)
{
	cr_assert(n, "absent: %s", expected);
	cr_expect_str_eq(trees_json(n), expected);
}

/* The tree's bytes, in the arena; empty with `why` when it is refused. */
struct str
edi_written(const struct node *tree)
{
	struct buf out;
	struct str bytes = {NULL, 0};

	buf_init(&out, (size_t)16 << 20);
	if (x12_write(tree, &out, &why) == OUTCOME_OK)
		bytes = arena_str(arena, buf_str(&out));
	else
		cr_expect_eq(out.n, 0, "something was written before the refusal");
	buf_release(&out);
	return bytes;
}

struct str
edi_file(const char *path)
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

/* head, n times the piece, tail. */
struct str
edi_repeated(const char *head, const char *piece, size_t n, const char *tail)
{
	size_t length = strlen(piece), before = strlen(head);
	char *p = arena_get(arena, before + n * length + strlen(tail) + 1);

	memcpy(p, head, before);
	for (size_t i = 0; i < n; i++)
		memcpy(p + before + i * length, piece, length);
	memcpy(p + before + n * length, tail, strlen(tail));
	return (struct str){p, before + n * length + strlen(tail)};
}

/* text with every `from` made `to`. */
struct str
edi_exchanged(const char *text, char from, char to)
{
	struct str copy = arena_str(arena, str_of(text));

	for (size_t i = 0; i < copy.n; i++)
		if (copy.p[i] == from)
			((char *)copy.p)[i] = to;
	return copy;
}
