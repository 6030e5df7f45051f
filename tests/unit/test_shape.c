/* SPDX-License-Identifier: Apache-2.0 */
#include "shape/shape.h"

#include "formats/json.h"
#include "support/trees.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static struct shape *shape;
static size_t found[SHAPE_WHATS];
static unsigned documents; /* each has an id of its own */

static void
setup(void)
{
	trees_setup();
	shape = shape_new();
	cr_assert(shape);
}

static void
teardown(void)
{
	shape_free(shape);
	trees_teardown();
}

TestSuite(shape, .init = setup, .fini = teardown, .timeout = 20);

/* Marks every node with one of the keys, as a mapping does that reads them; with "*", all. */
static void
read_keys(struct node *n, const char *keys)
{
	char key[80];

	snprintf(key, sizeof key, " %.*s ", STR_ARGS(n->key));
	n->is_read = !n->key.n || strcmp(keys, "*") == 0 || strstr(keys, key);
	for (struct node *c = n->child; c; c = c->next)
		read_keys(c, keys);
}

static void
see(const char *json, const char *keys, struct shape_document d)
{
	struct node *unit;

	cr_assert_eq(json_parse(arena_str(arena, str_of(json)), &tree_default_limits, arena, &unit, &why), OUTCOME_OK,
		     "%s", why.text);
	read_keys(unit, keys);
	d.id.bytes[0] = (unsigned char)++documents;
	d.at_us = documents;
	memset(found, 0, sizeof found);
	shape_see(shape, unit, &d, found);
}

static void
plain(const char *json, const char *keys)
{
	see(json, keys, (struct shape_document){.format = SHAPE_PLAIN, .is_learned = true});
}

static void
learn(const char *json, const char *keys)
{
	for (size_t i = 0; i < SHAPE_LEARN_DOCUMENTS; i++)
		plain(json, keys);
}

/* What the last document had, as "what path now, ..."; "" for nothing. */
static const char *
findings(void)
{
	struct buf out;
	const char *text;

	buf_init(&out, 65536);
	for (size_t i = 0; i < shape->findings_count; i++) {
		const struct shape_finding *f = &shape->findings[i];

		if (f->at_us == documents)
			buf_printf(&out, "%s%s %s%s%s", out.n ? ", " : "", shape_what_name(f->what),
				   shape->paths[f->path].text.p, f->now[0] ? " " : "", f->now);
	}
	text = arena_text(arena, buf_str(&out));
	buf_release(&out);
	return text ? text : "";
}

static const struct shape_path *
path(const char *text)
{
	for (size_t i = 0; i < shape->paths_count; i++)
		if (str_equal(shape->paths[i].text, str_of(text)))
			return &shape->paths[i];
	return NULL;
}

#define ORDER                                                                                             \
	"{\"id\": 1, \"note\": \"x y\", \"status\": \"paid\", \"to\": {\"zip\": \"10001\"}, \"lines\": [" \
	"{\"sku\": \"A\", \"price\": \"1.00\"}, {\"sku\": \"B\", \"price\": \"2.00\"}]}"
#define USED " id status to zip lines sku price "

Test(shape, documents_as_before_have_nothing)
{
	learn(ORDER, USED);
	plain(ORDER, USED);
	cr_expect_str_eq(findings(), "");
	cr_expect_eq(path("")->documents, SHAPE_LEARN_DOCUMENTS + 1);
	cr_expect_eq(path("lines[].sku")->documents, SHAPE_LEARN_DOCUMENTS + 1);
	cr_expect(path("to.zip")->is_used && !path("note")->is_used);
}

Test(shape, nothing_is_said_before_enough_was_learned)
{
	for (size_t i = 1; i < SHAPE_LEARN_DOCUMENTS; i++)
		plain(ORDER, USED);
	plain("{\"id\": \"1\", \"other\": 2}", USED);
	cr_expect_str_eq(findings(), "");
}

Test(shape, a_new_field_is_noted_once_and_what_is_below_it_is_not)
{
	learn(ORDER, USED);
	plain("{\"id\": 1, \"note\": \"\", \"status\": \"paid\", \"to\": {\"zip\": \"10002\", \"gln\": {\"a\": 1, "
	      "\"b\": []}},"
	      "\"lines\": [{\"sku\": \"A\", \"price\": \"1.00\"}]}",
	      USED);
	cr_expect_str_eq(findings(), "new to.gln object");
	cr_expect_eq(found[SHAPE_NEW], 1);
	plain("{\"id\": 1, \"note\": \"\", \"status\": \"paid\", \"to\": {\"zip\": \"10002\", \"gln\": {\"a\": 1, "
	      "\"b\": []}},"
	      "\"lines\": [{\"sku\": \"A\", \"price\": \"1.00\"}]}",
	      USED);
	cr_expect_str_eq(findings(), "");
}

Test(shape, a_used_field_that_is_missing_is_an_alarm_each_time)
{
	for (size_t i = 0; i < 2; i++) {
		if (i == 0)
			learn(ORDER, USED);
		plain("{\"id\": 1, \"to\": {}, \"lines\": [{\"sku\": \"A\", \"price\": \"1.50\"}, {\"sku\": \"B\"}]}",
		      USED);
		cr_expect_str_eq(findings(), "missing status, missing to.zip, missing lines[].price");
		cr_expect_eq(found[SHAPE_MISSING], 3);
	}
	cr_expect_eq(shape_alarms(shape), 3);
	cr_expect_eq(path("status")->absent, 0);
	cr_expect_eq(path("note")->absent, 2);
}

Test(shape, null_and_empty_are_as_missing)
{
	learn(ORDER, " status note ");
	plain("{\"id\": 1, \"note\": \"\", \"status\": null, \"lines\": [{}]}", USED);
	cr_expect_str_eq(findings(), "missing note, missing status");
	cr_expect_eq(found[SHAPE_RETYPED], 0);
}

Test(shape, what_is_not_used_or_was_not_always_there_may_be_missing)
{
	plain("{\"id\": 1, \"status\": \"paid\"}", USED);
	learn(ORDER, USED);
	plain("{\"id\": 1, \"status\": \"paid\", \"lines\": [{\"sku\": \"A\", \"price\": \"1.50\"}]}", USED);
	cr_expect_str_eq(findings(), "", "%s", findings());
}

Test(shape, only_the_branch_whose_parent_is_there_is_missing)
{
	learn(ORDER, USED);
	plain("{\"id\": 1, \"status\": \"paid\", \"lines\": [{\"sku\": \"A\", \"price\": \"1.50\"}]}", USED);
	cr_expect_str_eq(findings(), "missing to");
}

Test(shape, an_optional_branch_that_was_always_whole_is_watched)
{
	plain("{\"id\": 1}", USED);
	learn(ORDER, USED);
	plain("{\"id\": 1, \"to\": {\"city\": \"x y\"}}", USED);
	cr_expect_str_eq(findings(), "new to.city text, missing to.zip");
}

Test(shape, an_empty_list_lacks_its_elements)
{
	learn(ORDER, "*");
	plain("{\"id\": 1, \"note\": \"x\", \"status\": \"paid\", \"to\": {\"zip\": \"10002\"}, \"lines\": []}", USED);
	cr_expect_str_eq(findings(), "missing lines[]");
}

Test(shape, a_used_field_of_another_type_is_an_alarm_until_it_is_accepted)
{
	static const char other[] =
	    "{\"id\": \"1\", \"note\": 5, \"status\": \"paid\", \"to\": [\"10001\"], \"lines\": ["
	    "{\"sku\": \"A\", \"price\": 1.00}, {\"sku\": \"B\", \"price\": 2.00}]}";

	learn(ORDER, USED);
	for (size_t i = 0; i < 2; i++) {
		plain(other, USED);
		cr_expect_str_eq(findings(), "retyped id text, retyped to list, retyped lines[].price number");
		cr_expect_eq(found[SHAPE_RETYPED], 3);
	}
	cr_expect_str_eq(shape->findings[0].was, "number");
	cr_expect_eq(shape->findings[0].documents_unsaved, 2);
	shape_accept(shape, (struct shape_path *)(uintptr_t)path("id"), SHAPE_RETYPED, STR("text"));
	plain(other, USED);
	cr_expect_eq(found[SHAPE_RETYPED], 2);
	cr_expect_eq(shape_alarms(shape), 2);
}

Test(shape, null_and_an_empty_list_are_no_other_type)
{
	learn("{\"id\": 1, \"note\": null, \"tax\": {\"rate\": 1}}", "*");
	plain("{\"id\": 1, \"note\": \"x\", \"tax\": []}", "*");
	cr_expect_eq(found[SHAPE_RETYPED], 0);
	cr_expect_str_eq(findings(), "missing tax.rate");
}

Test(shape, what_was_accepted_as_missing_is_optional)
{
	learn(ORDER, USED);
	shape_accept(shape, (struct shape_path *)(uintptr_t)path("status"), SHAPE_MISSING, STR(""));
	plain("{\"id\": 1, \"to\": {\"zip\": \"10002\"}, \"lines\": [{\"sku\": \"A\", \"price\": \"1.50\"}]}", USED);
	cr_expect_str_eq(findings(), "");
}

Test(shape, what_was_refused_teaches_nothing_but_is_judged)
{
	struct shape_document d = {.format = SHAPE_PLAIN};

	learn(ORDER, USED);
	see("{\"id\": \"1\", \"other\": 1, \"status\": \"lost\"}", USED, d);
	cr_expect_eq(found[SHAPE_RETYPED], 1);
	cr_expect_eq(found[SHAPE_MISSING], 2);
	cr_expect_eq(found[SHAPE_NEW] + found[SHAPE_VALUE], 0);
	cr_expect_null(path("other"));
	cr_expect_eq(path("")->documents, SHAPE_LEARN_DOCUMENTS);
}

/* --- values --- */

Test(shape, a_new_code_is_noted_once)
{
	learn(ORDER, USED);
	plain("{\"id\": 1, \"note\": \"other\", \"status\": \"held\", \"to\": {\"zip\": \"10001\"}, \"lines\": ["
	      "{\"sku\": \"A\", \"price\": \"1.00\"}]}",
	      USED);
	cr_expect_str_eq(findings(), "value status held");
	plain("{\"id\": 1, \"note\": \"other\", \"status\": \"held\", \"to\": {\"zip\": \"10001\"}, \"lines\": ["
	      "{\"sku\": \"A\", \"price\": \"1.00\"}]}",
	      USED);
	cr_expect_str_eq(findings(), "");
	cr_expect_eq(path("status")->values_count, 2);
}

Test(shape, text_that_is_no_code_is_never_kept)
{
	learn(ORDER, USED);
	cr_expect(path("note")->is_open);
	cr_expect_eq(path("note")->values_count, 0);
	plain("{\"id\": 1, \"status\": \"not paid\", \"to\": {\"zip\": \"10002\"}, \"lines\": []}", USED);
	cr_expect(path("status")->is_open);
	cr_expect_eq(path("status")->values_count, 0);
	cr_expect_eq(found[SHAPE_VALUE], 0);
}

Test(shape, names_and_numbers_are_no_codes)
{
	static const char *const codes[] = {"paid", "PAID", "net-30", "00", "EA", "partially_paid", "v1.2", "A"};
	static const char *const others[] = {
	    "Ada", "10001", "5.49", "a b", "ann@example.com", "+49", "123456789012345678901234567890abc"};
	char json[80];

	for (size_t i = 0; i < COUNT_OF(codes) + COUNT_OF(others); i++) {
		bool is_code = i < COUNT_OF(codes);

		snprintf(json, sizeof json, "{\"k%zu\": \"%s\"}", i, is_code ? codes[i] : others[i - COUNT_OF(codes)]);
		plain(json, "*");
		snprintf(json, sizeof json, "k%zu", i);
		cr_expect_eq(path(json)->is_open, !is_code, "%s", json);
	}
}

Test(shape, many_values_are_no_codes_and_are_forgotten)
{
	char json[64];

	for (size_t i = 0; i < 30; i++) {
		snprintf(json, sizeof json, "{\"sku\": \"S-%zu\"}", i);
		plain(json, "*");
		cr_expect_eq(found[SHAPE_VALUE], 0, "each came once: %zu", i);
	}
	cr_expect(path("sku")->is_open);
	cr_expect_eq(path("sku")->values_count, 0);
}

Test(shape, values_that_were_stored_are_known)
{
	struct shape_path *p = shape_path_put(shape, STR("status"));

	shape_path_put(shape, STR(""))->documents = 100;
	p->documents = 100;
	p->types = 1 << NODE_TEXT;
	p->is_used = true;
	learn("{\"status\": \"a\"}", "*");
	cr_expect_eq(p->values_count, 1);
	shape_value_put(p, p->values[0]);
	cr_expect_eq(p->values_count, 1);
}

/* --- paths --- */

Test(shape, keys_that_may_be_data_are_one_path)
{
	plain("{\"by\": {\"ann@example.com\": 1, \"12345\": 2, \"a\\\"b\": 3, \"x\\u0001\": 4, \"ok key\": 5}}", "*");
	cr_expect_eq(shape->paths_count, 4);
	cr_expect(path("by.*") && path("by.ok key"));
	cr_expect_eq(path("by.*")->documents, 1);
}

Test(shape, a_key_with_a_dot_is_the_same_path_when_it_is_read_back)
{
	plain("{\"a.b\": {\"c\": 1}}", "*");
	cr_expect_eq(shape_path_put(shape, STR("a.b.c")), path("a.b.c"));
	plain("{\"a\": {\"b\": {\"c\": 1}}}", "*");
	cr_expect_eq(shape->paths_count, 4);
}

Test(shape, what_was_stored_comes_back_with_its_parents)
{
	static const char *const stored[] = {"lines",    "lines[]",      "lines[].sku",
					     "segments", "segments[N1]", "segments[N1].N101"};

	for (size_t i = 0; i < COUNT_OF(stored); i++)
		cr_assert(shape_path_put(shape, str_of(stored[i])));
	cr_expect_str_eq(shape->paths[path("lines[].sku")->parent].text.p, "lines[]");
	cr_expect_str_eq(shape->paths[path("lines[]")->parent].text.p, "lines");
	cr_expect_str_eq(shape->paths[path("segments[N1].N101")->parent].text.p, "segments[N1]");
	cr_expect(path("segments[N1]")->is_element && path("lines[]")->is_element && !path("lines")->is_element);
	cr_expect_eq(shape_path_put(shape, STR("lines[].sku")), path("lines[].sku"));
}

Test(shape, is_bounded_in_paths_and_their_length)
{
	struct buf json;

	buf_init(&json, 1 << 20);
	buf_put_char(&json, '{');
	for (size_t i = 0; i < SHAPE_PATHS_MAX + 10; i++)
		buf_printf(&json, "\"k%zu\": 1,", i);
	buf_put_str(&json, STR("\"z\": 1}"));
	plain(buf_text(&json), "*");
	cr_expect_eq(shape->paths_count, SHAPE_PATHS_MAX);
	cr_expect(shape->is_full);
	plain(buf_text(&json), "*");
	cr_expect_eq(path("k1000")->documents, 2);
	buf_clear(&json);
	for (size_t i = 0; i < 50; i++)
		buf_put_str(&json, STR("{\"abcdefgh\":"));
	buf_put_str(&json, STR("1"));
	for (size_t i = 0; i < 50; i++)
		buf_put_char(&json, '}');
	shape_free(shape);
	shape = shape_new();
	plain(buf_text(&json), "*");
	cr_expect_eq(shape->paths_count, 1 + (SHAPE_PATH_BYTES + 1) / 9);
	buf_release(&json);
}

Test(shape, is_bounded_in_findings)
{
	struct buf json;

	learn(ORDER, USED);
	buf_init(&json, 1 << 20);
	buf_put_char(&json, '{');
	for (size_t i = 0; i < SHAPE_FINDINGS_MAX + 10; i++)
		buf_printf(&json, "\"k%zu\": 1,", i);
	buf_put_str(&json, STR("\"id\": 1}"));
	plain(buf_text(&json), USED);
	cr_expect_eq(shape->findings_count, SHAPE_FINDINGS_MAX);
	cr_expect(shape->is_full);
	buf_release(&json);
}

Test(shape, what_is_saved_is_saved_once)
{
	learn(ORDER, USED);
	plain("{\"id\": 1, \"status\": \"held\", \"to\": {\"zip\": \"10002\"}}", USED);
	shape_saved(shape);
	cr_expect_eq(path("id")->documents, SHAPE_LEARN_DOCUMENTS + 1);
	cr_expect_eq(path("id")->documents_unsaved, 0);
	cr_expect(!path("id")->is_unsaved);
	cr_expect_eq(path("status")->values_saved, path("status")->values_count);
	cr_expect_gt(shape->findings_count, 1);
	for (size_t i = 1; i < shape->findings_count; i++) {
		shape->findings[i].is_said = true;
		shape->findings[i].documents_unsaved = 0;
	}
	shape_settle(shape);
	cr_expect_eq(shape->findings_count, 1);
}

/* --- the other formats --- */

#define SEGMENTS(n1, rest)                                                                           \
	"{\"set\": \"850\", \"segments\": [{\"tag\": \"ST\", \"ST01\": \"850\"}, {\"tag\": \"BEG\"," \
	"\"BEG01\": \"00\"}," n1 "{\"tag\": \"PO1\", \"PO101\": \"1\", \"PO104\": \"2.50\"}," rest   \
	"{\"tag\": \"SE\", \"SE01\": \"5\"}]}"
#define N1 "{\"tag\": \"N1\", \"N101\": \"ST\", \"N104\": \"0012\"},"
#define X12_USED " set segments tag BEG01 N101 N104 PO104 REF02 "

static void
x12(const char *json)
{
	see(json, X12_USED, (struct shape_document){.format = SHAPE_X12, .is_learned = true});
}

static void
x12_learn(const char *json)
{
	for (size_t i = 0; i < SHAPE_LEARN_DOCUMENTS; i++)
		x12(json);
}

Test(shape, segments_are_told_by_their_tags)
{
	x12_learn(SEGMENTS(N1, ""));
	cr_expect(path("segments[BEG].BEG01") && path("segments[PO1].PO104") && !path("segments[]"));
	cr_expect_null(path("segments[BEG].tag"));
	cr_expect(path("segments[N1]")->is_used);
	cr_expect(!path("segments[SE]")->is_used, "all tags are looked at");
	x12(SEGMENTS("", ""));
	cr_expect_str_eq(findings(), "missing segments[N1]");
	x12(SEGMENTS("{\"tag\": \"N1\", \"N101\": \"ST\"},", ""));
	cr_expect_str_eq(findings(), "missing segments[N1].N104");
	x12(SEGMENTS(N1 N1 N1, "{\"tag\": \"PO1\", \"PO101\": \"2\", \"PO104\": \"2.50\"},"));
	cr_expect_str_eq(findings(), "");
	x12(SEGMENTS(N1, "{\"tag\": \"PO1\", \"PO101\": \"2\"},"));
	cr_expect_str_eq(findings(), "missing segments[PO1].PO104");
	x12(SEGMENTS(N1, "{\"tag\": \"PID\", \"PID01\": \"F\", \"PID05\": \"Pen\"},"));
	cr_expect_str_eq(findings(), "new segments[PID] object");
	x12(SEGMENTS("{\"tag\": \"N1\", \"N101\": \"BT\", \"N104\": \"0012\"},", ""));
	cr_expect_str_eq(findings(), "value segments[N1].N101 BT");
}

Test(shape, composites_and_repetitions_of_x12_are_no_other_type)
{
	x12_learn(SEGMENTS("{\"tag\": \"REF\", \"REF02\": \"A\"},", ""));
	x12(SEGMENTS("{\"tag\": \"REF\", \"REF02\": [\"A\", \"A\"]},", ""));
	cr_expect_str_eq(findings(), "");
	x12(SEGMENTS("{\"tag\": \"REF\", \"REF02\": {\"1\": \"A\", \"3\": \"B\"}},", ""));
	cr_expect_str_eq(findings(), "new segments[REF].REF02.3 text");
	x12(SEGMENTS("{\"tag\": \"REF\", \"REF02\": {\"3\": \"B\"}},", ""));
	cr_expect_str_eq(findings(), "");
}

Test(shape, elements_of_edifact_are_paths_by_position)
{
	struct shape_document d = {.format = SHAPE_EDIFACT, .is_learned = true};
	static const char *const written[] = {
	    "{\"type\": \"ORDERS\", \"segments\": [{\"tag\": \"LIN\", \"1\": \"1\", \"3\": \"40\"}]}",
	    "{\"type\": \"ORDERS\", \"segments\": [{\"tag\": \"LIN\", \"1\": \"1\", \"3\": [\"40\", null, \"SRS\"]}]}",
	    "{\"type\": \"ORDERS\", \"segments\": [{\"tag\": \"LIN\", \"1\": \"1\", \"3\": {\"repeated\": [\"40\", "
	    "[\"41\"]]}}]}",
	};

	for (size_t i = 0; i < SHAPE_LEARN_DOCUMENTS; i++)
		see(written[i % COUNT_OF(written)], "*", d);
	cr_expect(path("segments[LIN].3") && path("segments[LIN].3.3"));
	cr_expect_eq(path("segments[LIN].3")->documents, SHAPE_LEARN_DOCUMENTS);
	cr_expect_eq(shape->paths_count, 8);
	see(written[0], "*", d);
	cr_expect_str_eq(findings(), "");
	see("{\"type\": \"ORDERS\", \"segments\": [{\"tag\": \"LIN\", \"1\": \"1\"}]}", "*", d);
	cr_expect_str_eq(findings(), "missing segments[LIN].3");
}

Test(shape, tags_of_other_documents_are_data)
{
	plain("{\"tags\": [{\"tag\": \"VIP\"}]}", "*");
	cr_expect(path("tags[].tag") && !path("tags[VIP]"));
}

Test(shape, xml_elements_alone_in_lists_and_with_attributes_are_the_same)
{
	struct shape_document d = {.format = SHAPE_XML, .is_learned = true};
	static const char *const written[] = {
	    "{\"name\": \"Order\", \"document\": {\"Line\": {\"Qty\": {\"@unit\": \"EA\", \"#text\": \"1\"}}}}",
	    "{\"name\": \"Order\", \"document\": {\"Line\": [{\"Qty\": {\"@unit\": \"EA\", \"#text\": \"1\"}}]}}",
	};

	for (size_t i = 0; i < SHAPE_LEARN_DOCUMENTS; i++)
		see(written[i % 2], "*", d);
	cr_expect_eq(shape->paths_count, 6);
	see(written[0], "*", d);
	cr_expect_str_eq(findings(), "");
	see("{\"name\": \"Order\", \"document\": {\"Line\": {\"Qty\": \"1\"}}}", "*", d);
	cr_expect_str_eq(findings(), "missing document.Line.Qty.@unit");
	see("{\"name\": \"Order\", \"document\": {\"Line\": [{\"Qty\": {\"@unit\": \"EA\", \"#text\": \"2\"}}, {}]}}",
	    "*", d);
	cr_expect_eq(found[SHAPE_RETYPED], 0);
	cr_expect_eq(found[SHAPE_MISSING], 1, "%s", findings());
}
