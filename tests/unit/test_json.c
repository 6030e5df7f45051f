/* SPDX-License-Identifier: Apache-2.0 */
#include "support/trees.h"

#include "formats/json.h"
#include "support/samples.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

TestSuite(json, .init = trees_setup, .fini = trees_teardown, .timeout = 20);

static struct node *
parse(struct str text)
{
	struct node *root = NULL;

	return json_parse(text, &tree_default_limits, arena, &root, &why) == OUTCOME_OK ? root : NULL;
}

static struct node *
must_parse(struct str text)
{
	struct node *root = parse(text);

	cr_assert(root, "%.*s: %s %s", (int)(text.n < 60 ? text.n : 60), text.p, why.code, why.text);
	return root;
}

static void
must_refuse(struct str text, const char *code)
{
	cr_assert_null(parse(text), "accepted: %.*s", (int)(text.n < 60 ? text.n : 60), text.p);
	cr_expect_str_eq(why.code, code, "%.*s: %s %s", (int)(text.n < 60 ? text.n : 60), text.p, why.code, why.text);
	cr_expect_not(strncmp(why.text, "line ", 5) && strcmp(code, "document-too-large"), "no position: %s", why.text);
}

static void
must_be(struct str text, const char *expected)
{
	struct buf out;

	buf_init(&out, (size_t)1 << 20);
	json_put_node(&out, must_parse(text), 0);
	cr_expect_str_eq(buf_text(&out), expected);
	buf_release(&out);
}

/* n times the same piece. */
static struct str
repeated(const char *piece, size_t n)
{
	size_t length = strlen(piece);
	char *p = arena_get(arena, n * length + 1);

	for (size_t i = 0; i < n; i++)
		memcpy(p + i * length, piece, length);
	return (struct str){p, n * length};
}

Test(json, text_of_every_number_is_kept)
{
	struct node *root = must_parse(STR("{\"a\":10.00,\"b\":-0,\"c\":1E+5,\"d\":123456789012345678901234567890}"));

	cr_expect(str_equal(node_text(node_get(root, "a")), STR("10.00")));
	cr_expect(str_equal(node_text(node_get(root, "b")), STR("-0")));
	cr_expect(str_equal(node_text(node_get(root, "c")), STR("1E+5")));
	cr_expect_eq(node_text(node_get(root, "d")).n, 30);
}

Test(json, text_without_escapes_is_a_view_into_the_document)
{
	struct str document = STR("{\"name\":\"a longer text than eight bytes\"}");
	struct str text = node_text(node_get(must_parse(document), "name"));

	cr_expect(text.p == document.p + 9);
}

Test(json, every_escape_is_resolved)
{
	struct node *root =
	    must_parse(STR("[\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\u20AC\\ud834\\udd1E.\",\"a\\u0000b\"]"));

	cr_expect(str_equal(node_text(node_at(root, 0)), STR("\"\\/\b\f\n\r\t\xC3\xA9\xE2\x82\xAC\xF0\x9D\x84\x9E.")));
	cr_expect(str_equal(node_text(node_at(root, 1)), ((struct str){"a\0b", 3})));
}

Test(json, names_are_unescaped_before_they_are_compared)
{
	must_refuse(STR("{\"a\":1,\"\\u0061\":2}"), "json-duplicate-key");
}

Test(json, tree_has_order_counts_and_offsets)
{
	struct node *root = must_parse(STR("{\"z\": [1, {}, []], \"a\": null}"));
	const struct node *z = root->child;

	cr_expect(str_equal(z->key, STR("z")));
	cr_expect_eq(z->children_count, 3);
	cr_expect_eq(z->offset, 6);
	cr_expect(node_is(node_at(z, 1), NODE_OBJECT) && node_is(node_at(z, 2), NODE_LIST));
	cr_expect_null(node_at(z, 2)->next);
	cr_expect(node_is(z->next, NODE_NULL) && z->next == root->last && !root->next);
}

Test(json, what_was_written_is_written_again)
{
	must_be(STR(" { \"a\" : [ 1.50 , true , null , \"\\u000a\\\"\\u0001\\\\\" , { } , [ ] ] } "),
		"{\"a\":[1.50,true,null,\"\\n\\\"\\u0001\\\\\",{},[]]}");
}

Test(json, indented_form_is_for_people)
{
	struct buf out;

	buf_init(&out, 4096);
	json_put_node(&out, must_parse(STR("{\"a\":[1,{}],\"b\":[]}")), 2);
	cr_expect_str_eq(buf_text(&out), "{\n  \"a\": [\n    1,\n    {}\n  ],\n  \"b\": []\n}");
	buf_release(&out);
}

Test(json, foreign_bytes_are_written_as_replacement)
{
	struct buf out;

	buf_init(&out, 4096);
	json_put_text(&out, STR("a\xFF\xC3\xA9\xC3"));
	json_put_text(&out, (struct str){NULL, 0});
	cr_expect_str_eq(buf_text(&out), "\"a\xEF\xBF\xBD\xC3\xA9\xEF\xBF\xBD\"\"\"");
	buf_release(&out);
}

Test(json, number_of_another_format_is_written_as_text)
{
	struct node number = {.type = NODE_NUMBER, .text = STR("007")};
	struct buf out;

	buf_init(&out, 4096);
	json_put_node(&out, &number, 0);
	cr_expect_str_eq(buf_text(&out), "\"007\"");
	buf_release(&out);
}

Test(json, duplicate_names_are_refused_in_small_and_large_objects)
{
	struct buf text;

	must_refuse(STR("{\"id\":1,\"x\":{\"id\":2},\"id\":3}"), "json-duplicate-key");
	buf_init(&text, (size_t)1 << 20);
	buf_put_char(&text, '{');
	for (int i = 0; i < 1000; i++)
		buf_printf(&text, "\"name%d\":%d,", i, i);
	buf_printf(&text, "\n\"name500\":0}");
	must_refuse(buf_str(&text), "json-duplicate-key");
	cr_expect_not_null(strstr(why.text, "line 2 column 11"), "%s", why.text);
	buf_release(&text);
}

Test(json, hundred_thousand_members_take_no_quadratic_time, .timeout = 2)
{
	struct buf text;

	buf_init(&text, (size_t)8 << 20);
	buf_put_char(&text, '{');
	for (int i = 0; i < 100000; i++)
		buf_printf(&text, "%s\"name%d\":%d", i ? "," : "", i, i);
	buf_put_char(&text, '}');
	cr_expect_eq(must_parse(buf_str(&text))->children_count, 100000);
	buf_release(&text);
}

Test(json, hundred_thousand_brackets_are_refused_without_stack)
{
	struct tree_limits deep = {.bytes = 1 << 20, .depth = 200000, .nodes = 200000};
	struct node *root;

	must_refuse(repeated("[", 100000), "document-too-deep");
	must_refuse(repeated("{\"a\":", 100000), "document-too-deep");
	cr_expect_eq(json_parse(repeated("[", 100000), &deep, arena, &root, &why), OUTCOME_DEAD);
	cr_expect_str_eq(why.code, "json-invalid");
}

Test(json, ten_megabytes_are_refused_by_default_and_parsed_when_allowed)
{
	struct tree_limits large = {.bytes = (size_t)16 << 20, .depth = 4, .nodes = 1000000};
	struct str ten = repeated("[\"0123456789\"] ", 700000);
	char *p = arena_get(arena, ten.n + 2);
	struct node *root;

	must_refuse(ten, "document-too-large");
	memcpy(p, ten.p, ten.n);
	for (size_t i = 14; i + 15 < ten.n; i += 15)
		p[i] = ',';
	memmove(p + 1, p, ten.n);
	p[0] = '[';
	p[ten.n] = ']';
	cr_assert_eq(json_parse((struct str){p, ten.n + 1}, &large, arena, &root, &why), OUTCOME_DEAD);
	cr_expect_str_eq(why.code, "document-too-many-nodes");
	large.nodes = 2000000;
	cr_assert_eq(json_parse((struct str){p, ten.n + 1}, &large, arena, &root, &why), OUTCOME_OK);
	cr_expect_eq(root->children_count, 700000);
}

Test(json, more_nodes_than_the_limit_are_refused)
{
	struct tree_limits few = {.bytes = 100, .depth = 4, .nodes = 3};
	struct node *root;

	cr_expect_eq(json_parse(STR("[1,2]"), &few, arena, &root, &why), OUTCOME_OK);
	cr_expect_eq(json_parse(STR("[1,2,3]"), &few, arena, &root, &why), OUTCOME_DEAD);
	cr_expect_str_eq(why.code, "document-too-many-nodes");
}

Test(json, full_arena_is_an_outcome)
{
	struct arena *small = arena_new(2000);
	struct node *root;

	cr_expect_eq(json_parse(repeated("[", 60), &tree_default_limits, small, &root, &why), OUTCOME_DEAD);
	cr_expect_str_eq(why.code, "document-too-large");
	arena_free(small);
}

Test(json, what_is_not_utf8_is_refused_with_its_place)
{
	must_refuse(STR("\xEF\xBB\xBF{}"), "json-encoding");
	must_refuse(STR("\xFF\xFE{\0}\0"), "json-encoding");
	must_refuse(STR("\0{\0}"), "json-encoding");
	must_refuse(STR("[\"\xC3\xA9\xC3\"]"), "json-encoding");
	cr_expect_not_null(strstr(why.text, "line 1 column 4"), "%s", why.text);
	must_refuse(STR("[\"\xC0\xAF\"]"), "json-encoding");
	must_refuse(STR("[\"\xED\xA0\x80\"]"), "json-encoding");
	must_refuse(STR("[\"\\ud800\"]"), "json-encoding");
	must_refuse(STR("[\"\\ud800\\u0041\"]"), "json-encoding");
	must_refuse(STR("[\"\\udc00\"]"), "json-encoding");
}

Test(json, place_is_given_in_lines_and_characters)
{
	must_refuse(STR("{\n  \"\xC3\xA9\xC3\xA9\": ?\n}"), "json-invalid");
	cr_expect_not_null(strstr(why.text, "line 2 column 9"), "%s", why.text);
	must_refuse(STR(""), "json-invalid");
	cr_expect_not_null(strstr(why.text, "line 1 column 1"), "%s", why.text);
}

Test(json, neither_comments_nor_anything_after_the_document)
{
	static const char *const wrong[] = {
	    "{} {}", "[1]x",  "[1,]",    "{\"a\":1,}", "[NaN]", "[+1]",  "[01]",      "[1.]",
	    "[.5]",  "[1e]",  "/* */[]", "[\"\t\"]",   "['a']", "{a:1}", "[\"\\x\"]", "[\"\\u12g4\"]",
	    "nul",   "[true", "{\"a\"}", "{\"a\":}",   "[\"",   "[\"\\", "]",         "[}",
	};

	for (size_t i = 0; i < COUNT_OF(wrong); i++)
		must_refuse(str_of(wrong[i]), "json-invalid");
}

Test(json, nul_byte_is_no_value)
{
	must_refuse((struct str){"[ \0 ]", 5}, "json-invalid");
}

/* The suite's y_ files are JSON and its n_ files are not; we are stricter only with names that occur twice. */
Test(json, suite_is_answered_as_it_says)
{
	const char *folder = SAMPLES "/json-suite";
	struct dirent *entry;
	size_t count = 0;
	DIR *dir;

	if (!samples_are_there(folder))
		cr_skip_test("no %s", folder);
	dir = opendir(folder);
	while ((entry = readdir(dir))) {
		char path[600];
		bool is_accepted;

		if (entry->d_name[1] != '_')
			continue;
		snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
		is_accepted = parse(sample_read(arena, path)) != NULL;
		if (strstr(entry->d_name, "duplicated_key"))
			cr_expect_str_eq(why.code, "json-duplicate-key");
		else if (entry->d_name[0] == 'y')
			cr_expect(is_accepted, "%s: %s", entry->d_name, why.text);
		else if (entry->d_name[0] == 'n')
			cr_expect(!is_accepted, "%s was accepted", entry->d_name);
		count++;
	}
	closedir(dir);
	cr_expect_gt(count, 300);
}

static void
sample_parses(const char *path, struct str bytes)
{
	cr_expect(parse(bytes), "%s: %s", path, why.text);
}

Test(json, real_documents_are_parsed)
{
	static const char *const folders[] = {"shopify", "woocommerce", "bigcommerce", "magento", "amazon",
					      "walmart", "ebay",        "stripe",      "b2b"};

	if (!samples_are_there(SAMPLES))
		cr_skip_test("no " SAMPLES);
	for (size_t i = 0; i < COUNT_OF(folders); i++)
		samples_each(arena, folders[i], ".json", sample_parses);
}
