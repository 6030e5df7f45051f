/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/x12.h"

#include "formats/json.h"
#include "support/edi.h"

#include <criterion/criterion.h>
#include <string.h>

TestSuite(x12_write, .init = trees_setup, .fini = trees_teardown, .timeout = 20);

static struct node *
object(struct node *parent, const char *key, enum node_type type)
{
	struct node *n = node_new(arena, type, 0);

	n->key = str_of(key);
	if (parent)
		node_append(parent, n);
	return n;
}

static void
member(struct node *parent, const char *key, const char *text)
{
	object(parent, key, NODE_TEXT)->text = str_of(text);
}

/* The least that can be written: no separators, no trailers; one segment REF with the text as REF02. */
static struct node *
small_tree(const char *version, const char *text)
{
	struct node *root = object(NULL, "", NODE_OBJECT), *n = object(root, "interchanges", NODE_LIST), *segments;

	n = object(n, "", NODE_OBJECT);
	segments = object(n, "ISA", NODE_OBJECT);
	member(segments, "ISA06", "US");
	member(segments, "ISA12", version);
	member(segments, "ISA13", "42");
	n = object(object(n, "groups", NODE_LIST), "", NODE_OBJECT);
	member(object(n, "GS", NODE_OBJECT), "GS06", "7");
	n = object(object(n, "transactions", NODE_LIST), "", NODE_OBJECT);
	segments = object(n, "segments", NODE_LIST);
	n = object(segments, "", NODE_OBJECT);
	member(n, "tag", "ST");
	member(n, "ST01", "855");
	member(n, "ST02", "0001");
	n = object(segments, "", NODE_OBJECT);
	member(n, "tag", "REF");
	member(n, "REF02", text);
	return root;
}

Test(x12_write, header_is_padded_trailers_are_made_and_counts_counted)
{
	struct str bytes = edi_written(small_tree("00401", "A"));

	cr_expect_str_eq(bytes.p,
			 "ISA*  *          *  *          *  *US             *  *               *      *    *U*00401*"
			 "000000042* * *>~GS******7~ST*855*0001~REF**A~SE*3*0001~GE*1*7~IEA*1*42~");
	cr_expect_null(strstr(trees_json(edi_must_parse(bytes)), "faults"));
	cr_expect_not_null(strstr(edi_written(small_tree("00501", "A")).p, "*^*00501*"),
			   "the default repetition separator");
}

Test(x12_write, wrong_counts_give_way_to_what_was_counted)
{
	struct node *root = edi_must_parse(STR(ISA GS "ST*850*0001~SE*9*0001~GE*9*7~IEA*9*000000011~"));

	cr_expect(str_equal(edi_written(root), STR(ISA GS "ST*850*0001~SE*2*0001~GE*1*7~IEA*1*000000011~")));
}

Test(x12_write, data_with_a_separator_or_control_byte_is_refused_with_its_path)
{
	static const char *const wrong[] = {"A*B", "A>B", "A~", "A\nB", "A\tB", "\x7F", "\r", "\x1F", "caf\xE9"};

	for (size_t i = 0; i < COUNT_OF(wrong); i++) {
		cr_expect_eq(edi_written(small_tree("00401", wrong[i])).n, 0, "%zu was written", i);
		cr_expect_str_eq(why.code, "x12-data");
		cr_expect_str_eq(why.path, "interchanges[0].groups[0].transactions[0].segments[1].REF02");
	}
	cr_expect_eq(edi_written(small_tree("00501", "A^B")).n, 0);
	cr_expect_neq(edi_written(small_tree("00401", "A^B")).n, 0, "before 00402 it is no separator");
	cr_expect_neq(edi_written(small_tree("00401", "caf\xC3\xA9")).n, 0);
}

Test(x12_write, repeated_element_needs_a_version_that_knows_it)
{
	struct node *old = small_tree("00401", ""), *new = small_tree("00501", "");
	struct node *trees[] = {old, new};

	for (size_t i = 0; i < 2; i++) {
		struct node *list = (struct node *)edi_at(trees[i], SEGMENT_1 ".REF02");

		list->type = NODE_LIST;
		member(list, "", "A");
		member(object(list, "", NODE_OBJECT), "2", "B");
	}
	cr_expect_eq(edi_written(old).n, 0);
	cr_expect_str_eq(why.code, "x12-data");
	cr_expect_not_null(strstr(edi_written(new).p, "~REF**A^>B~"));
}

Test(x12_write, field_too_long_for_the_header_is_refused)
{
	struct node *root = small_tree("00401", "A");

	((struct node *)edi_at(root, "interchanges.0.ISA.ISA06"))->text = STR("SIXTEEN CHARS ..");
	cr_expect_eq(edi_written(root).n, 0);
	cr_expect_str_eq(why.code, "x12-data");
	cr_expect_str_eq(why.path, "interchanges[0].ISA06");
}

Test(x12_write, tree_of_another_shape_is_refused)
{
	static const char *const wrong[] = {
	    "{}",
	    "{\"interchanges\":[]}",
	    "{\"interchanges\":[{}]}",
	    "{\"interchanges\":[{\"ISA\":{}}]}",
	    "{\"interchanges\":[{\"ISA\":{},\"groups\":[{}]}]}",
	    "{\"interchanges\":[{\"ISA\":{},\"groups\":[{\"GS\":{},\"transactions\":[{}]}]}]}",
	    "{\"interchanges\":[{\"ISA\":{},\"groups\":[{\"GS\":{},\"transactions\":[{\"segments\":[]}]}]}]}",
	    "{\"interchanges\":[{\"ISA\":{},\"groups\":[{\"GS\":{\"GS1\":\"\"},\"transactions\":[]}]}]}",
	    "{\"interchanges\":[{\"ISA\":{},\"groups\":[{\"GS\":{\"GS00\":\"\"},\"transactions\":[]}]}]}",
	    "{\"interchanges\":[{\"ISA\":{},\"groups\":[{\"GS\":{\"XX01\":\"\"},\"transactions\":[]}]}]}",
	    "{\"interchanges\":[{\"ISA\":{},\"groups\":[{\"GS\":{\"GS01\":[[\"a\"]]},\"transactions\":[]}]}]}",
	    "{\"interchanges\":[{\"ISA\":{},\"groups\":[{\"GS\":{\"GS01\":{\"x\":\"a\"}},\"transactions\":[]}]}]}",
	    "{\"interchanges\":[{\"ISA\":{},\"groups\":[{\"GS\":{\"GS01\":{\"2\":{}}},\"transactions\":[]}]}]}",
	};

	for (size_t i = 0; i < COUNT_OF(wrong); i++) {
		struct node *root;

		cr_assert_eq(json_parse(str_of(wrong[i]), &tree_default_limits, arena, &root, &why), OUTCOME_OK, "%s",
			     wrong[i]);
		cr_expect_eq(edi_written(root).n, 0, "%s", wrong[i]);
		cr_expect_str_eq(why.code, "x12-tree", "%s: %s", wrong[i], why.text);
	}
}

Test(x12_write, full_buffer_is_an_outcome_and_leaves_it_as_it_was)
{
	struct buf out;

	buf_init(&out, 120);
	buf_put_str(&out, STR("before"));
	cr_expect_eq(x12_write(small_tree("00401", "A"), &out, &why), OUTCOME_DEAD);
	cr_expect_str_eq(why.code, "document-too-large");
	cr_expect_eq(out.n, 6);
	buf_release(&out);
}
