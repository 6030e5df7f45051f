/* SPDX-License-Identifier: Apache-2.0 */
/*
 * golden/<document>.v<version>.json and .msgpack are one document in both forms, with every field filled. A version is
 * never changed once shipped: when one of these tests fails, give the contract a new version with files of its own
 * (`tributary contracts encode` writes the bytes), and go on reading the old one.
 */
#include "formats/json.h"
#include "model/model.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILE_MAX_BYTES ((size_t)1 << 20)

static struct arena *arena;

static void
open_arena(void)
{
	arena = arena_new((size_t)1 << 26);
	cr_assert(arena);
}

static void
close_arena(void)
{
	arena_free(arena);
}

TestSuite(golden, .init = open_arena, .fini = close_arena);

static struct str
golden_read(const struct contract *c, const char *ending)
{
	char *bytes = arena_get(arena, FILE_MAX_BYTES);
	char path[256];
	size_t n;
	FILE *f;

	snprintf(path, sizeof path, "tests/contract/golden/%s.v%d.%s", c->name, c->version, ending);
	f = fopen(path, "re");
	cr_assert(bytes && f, "%s is missing", path);
	n = fread(bytes, 1, FILE_MAX_BYTES, f);
	fclose(f);
	return (struct str){bytes, n};
}

static void *
document_from_json(const struct contract *c)
{
	void *document = arena_get(arena, c->size);
	struct node *tree;
	struct why why;

	cr_assert_eq(json_parse(golden_read(c, "json"), &tree_default_limits, arena, &tree, &why), OUTCOME_OK, "%s",
		     why.text);
	cr_assert_eq(contract_from_tree(c, tree, arena, document, &why), OUTCOME_OK, "%s: %s %s", c->name, why.path,
		     why.text);
	return document;
}

Test(golden, what_we_write_is_the_golden_bytes)
{
	for (size_t i = 0; i < model_contracts_count; i++) {
		const struct contract *c = model_contracts[i];
		struct buf out;

		buf_init(&out, FILE_MAX_BYTES);
		contract_encode(c, document_from_json(c), &out);
		cr_expect(str_equal(buf_str(&out), golden_read(c, "msgpack")), "%s", c->name);
		buf_release(&out);
	}
}

Test(golden, what_we_read_is_the_golden_document)
{
	for (size_t i = 0; i < model_contracts_count; i++) {
		const struct contract *c = model_contracts[i];
		void *document = arena_get(arena, c->size);
		struct why why;
		struct buf out;

		cr_assert_eq(contract_decode(c, golden_read(c, "msgpack"), arena, document, &why), OUTCOME_OK,
			     "%s: %s %s", c->name, why.path, why.text);
		buf_init(&out, FILE_MAX_BYTES);
		contract_put_json(c, document, &out, 2);
		buf_put_char(&out, '\n');
		cr_expect(str_equal(buf_str(&out), golden_read(c, "json")), "%s", c->name);
		buf_release(&out);
	}
}

/* Every field of the contract stands in the tree, parts and the first element of lists included. */
static void
fields_expect(const struct contract *c, const struct node *tree, const char *where)
{
	for (size_t i = 0; i < c->fields_count; i++) {
		const struct field *f = &c->fields[i];
		const struct node *node = node_get(tree, f->key);

		cr_expect(node, "%s has no %s.%s: fill it in the golden document", where, c->name, f->key);
		if (node && f->type == FIELD_OBJECT)
			fields_expect(f->of, node, where);
		else if (node && f->type == FIELD_LIST)
			fields_expect(f->of, node->child, where);
	}
}

Test(golden, every_field_is_filled)
{
	for (size_t i = 0; i < model_contracts_count; i++) {
		const struct contract *c = model_contracts[i];
		struct node *tree;
		struct why why;

		cr_assert_eq(json_parse(golden_read(c, "json"), &tree_default_limits, arena, &tree, &why), OUTCOME_OK);
		fields_expect(c, tree, c->name);
	}
}
