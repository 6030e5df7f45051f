/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/edifact.h"

#include "support/unb.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <stdlib.h>
#include <string.h>

TestSuite(edifact, .init = trees_setup, .fini = trees_teardown, .timeout = 20);

/* --- the tree --- */

Test(edifact, tree_is_as_the_header_says)
{
	cr_expect_str_eq(
	    trees_json(
		unb_must_parse(STR("UNA:+.? '\r\n" UNB_HEAD "\r\n" UNB_UNH "PIA+5++A:B::C::+::+'UNT+4+1'" UNB_TAIL))),
	    "{\"format\":\"edifact\",\"interchanges\":[{\"UNA\":\"UNA:+.? '\","
	    "\"separators\":{\"component\":\":\",\"element\":\"+\",\"decimal\":\".\",\"release\":\"?\",\"segment\":\"'"
	    "\"},"
	    "\"UNB\":{\"tag\":\"UNB\",\"1\":[\"UNOC\",\"3\"],\"2\":[\"BUYER\",\"14\"],\"3\":[\"SELLER\",\"14\"],"
	    "\"4\":[\"260101\",\"1200\"],\"5\":\"REF1\"},"
	    "\"messages\":[{\"type\":\"ORDERS\",\"reference\":\"1\",\"version\":\"D\",\"release\":\"96A\","
	    "\"segments\":[{\"tag\":\"UNH\",\"1\":\"1\",\"2\":[\"ORDERS\",\"D\",\"96A\",\"UN\"]},"
	    "{\"tag\":\"BGM\",\"1\":\"220\",\"2\":\"PO1\",\"3\":\"9\"},"
	    "{\"tag\":\"PIA\",\"1\":\"5\",\"3\":[\"A\",\"B\",null,\"C\"]},{\"tag\":\"UNT\",\"1\":\"4\",\"2\":\"1\"}]}],"
	    "\"UNZ\":{\"tag\":\"UNZ\",\"1\":\"1\",\"2\":\"REF1\"}}]}");
}

Test(edifact, text_without_release_or_foreign_bytes_is_a_view_into_the_document)
{
	struct str document = STR(UNB_HEAD UNB_ONE_LINE UNB_TAIL);
	struct str number = edifact_element(unb_segment_of(unb_must_parse(document), 1), 2, 1);

	cr_expect(number.p > document.p && number.p < document.p + document.n);
	cr_expect(str_equal(number, STR("PO1")));
}

Test(edifact, nodes_have_their_place_in_the_document)
{
	struct str document = STR("UNA:+.? '\n" UNB_HEAD "\n" UNB_ONE_LINE UNB_TAIL);
	const struct node *bgm = unb_segment_of(unb_must_parse(document), 1);

	cr_expect_eq(bgm->offset, (size_t)(strstr(document.p, "BGM") - document.p));
	cr_expect_eq(node_get(bgm, "2")->offset, bgm->offset + 8);
}

Test(edifact, element_is_found_whether_it_has_one_component_or_more)
{
	const struct node *n = unb_segment_of(unb_must_parse(unb_order_with("RFF+ON:12'", 4)), 2);
	const struct node *one = unb_segment_of(unb_must_parse(unb_order_with("RFF+ON'", 4)), 2);

	cr_expect(str_equal(edifact_element(n, 1, 1), STR("ON")));
	cr_expect(str_equal(edifact_element(n, 1, 2), STR("12")));
	cr_expect(str_equal(edifact_element(one, 1, 1), STR("ON")));
	cr_expect_eq(edifact_element(one, 1, 2).n + edifact_element(n, 1, 3).n + edifact_element(n, 2, 1).n, 0);
	cr_expect_eq(edifact_element(n, 1, 0).n + edifact_element(n, 0, 1).n + edifact_element(NULL, 1, 1).n, 0);
}

Test(edifact, every_position_has_its_key)
{
	struct buf text;
	const struct node *n;
	int position = 0;

	buf_init(&text, 4096);
	buf_printf(&text, "FTX");
	for (int i = 1; i <= EDIFACT_ELEMENTS; i++)
		buf_printf(&text, "+t%d", i);
	buf_put_char(&text, '\'');
	n = unb_segment_of(unb_must_parse(unb_order_with(buf_text(&text), 4)), 2);
	for (const struct node *e = n->child->next; e; e = e->next) {
		int64_t key;

		cr_expect(str_to_int(e->key, &key) && key == ++position);
	}
	cr_expect_eq(position, EDIFACT_ELEMENTS);
	buf_release(&text);
}

Test(edifact, release_character_makes_the_next_byte_literal_and_itself_too)
{
	unb_must_come_back(unb_order_with("FTX+?+a?:b?'c??+??:?+:d?x'", 4));
	cr_expect_str_eq(trees_json(unb_segment_of(unb_must_parse(unb_order_with("FTX+?+a?:b?'c??+??:?+:d?x'", 4)), 2)),
			 "{\"tag\":\"FTX\",\"1\":\"+a:b'c?\",\"2\":[\"?\",\"+\",\"dx\"]}");
}

Test(edifact, terminator_behind_an_even_number_of_releases_ends_the_segment)
{
	cr_expect_str_eq(trees_json(node_get(unb_message_of(unb_must_parse(unb_order_with("FTX+a???"
											  "?'FTX+a??"
											  "?''",
											  5)),
							    0),
					     "segments")),
			 "[{\"tag\":\"UNH\",\"1\":\"1\",\"2\":[\"ORDERS\",\"D\",\"96A\",\"UN\"]},"
			 "{\"tag\":\"BGM\",\"1\":\"220\",\"2\":\"PO1\",\"3\":\"9\"},{\"tag\":\"FTX\",\"1\":\"a??\"},"
			 "{\"tag\":\"FTX\",\"1\":\"a?'\"},{\"tag\":\"UNT\",\"1\":\"5\",\"2\":\"1\"}]");
}

Test(edifact, asterisk_repeats_in_syntax_4_only)
{
	struct str four = STR("UNB+UNOC:4+A+B+20260101:1200+R'UNH+1+ORDERS:D:01B:UN'BGM+220+P'"
			      "COM+a:AA*b:AA*?*c+d**e+f*+*'UNT+4+1'UNZ+1+R'");
	const struct node *n = unb_segment_of(unb_must_parse(four), 2);

	cr_expect_str_eq(trees_json(n), "{\"tag\":\"COM\",\"1\":{\"repeated\":[[\"a\",\"AA\"],[\"b\",\"AA\"],\"*c\"]},"
					"\"2\":{\"repeated\":[\"d\",null,\"e\"]},\"3\":\"f\"}");
	cr_expect(str_equal(edifact_element(n, 1, 2), STR("AA")));
	unb_must_come_back(four);
	cr_expect(str_equal(edifact_element(unb_segment_of(unb_must_parse(unb_order_with("COM+a*b'", 4)), 2), 1, 1),
			    STR("a*b")));
}

Test(edifact, syntax_4_without_repetition_in_its_una_has_none)
{
	unb_must_come_back(
	    STR("UNA:+,? 'UNB+UNOA:4+A+B+260101:1200+R'UNH+1+ORDERS:D:01B:UN'BGM+220+P*Q'UNT+3+1'UNZ+1+R'"));
	cr_expect_str_eq(
	    trees_json(node_get(unb_interchange_of(unb_must_parse(STR("UNA:+,? 'UNB+UNOA:4+A+B+1:1+R'UNZ+0+R'")), 0),
				"separators")),
	    "{\"component\":\":\",\"element\":\"+\",\"decimal\":\",\",\"release\":\"?\",\"segment\":\"'\"}");
}

/* --- what is tolerated --- */

struct text_case {
	char text[400];
};

ParameterizedTestParameters(edifact, same_order_however_it_is_laid_out)
{
	static struct text_case cases[] = {
	    {UNB_HEAD UNB_ONE_LINE UNB_TAIL},
	    {"\xEF\xBB\xBF" UNB_HEAD UNB_ONE_LINE UNB_TAIL "\r\n"},
	    {" \r\n\t" UNB_HEAD "\r\n" UNB_ONE_LINE "\n\n" UNB_TAIL "   \n"},
	    {"UNA:+.? '" UNB_HEAD UNB_ONE_LINE UNB_TAIL},
	    {"UNA:+.? '\n" UNB_HEAD UNB_ONE_LINE UNB_TAIL},
	    {"UNA:+,?*'" UNB_HEAD UNB_ONE_LINE UNB_TAIL},
	    {"UNA#|.  "
	     "~UNB|UNOC#3|BUYER#14|SELLER#14|260101#1200|REF1~UNH|1|ORDERS#D#96A#UN~BGM|220|PO1|9~LIN|1~UNT|4|1~"
	     "UNZ|1|REF1~"},
	    {"UNA:+.? \nUNB+UNOC:3+BUYER:14+SELLER:14+260101:1200+REF1\nUNH+1+ORDERS:D:96A:UN\nBGM+220+PO1+9\nLIN+1\n"
	     "UNT+4+1\nUNZ+1+REF1\n"},
	};

	return cr_make_param_array(struct text_case, cases, COUNT_OF(cases));
}

ParameterizedTest(struct text_case *c, edifact, same_order_however_it_is_laid_out)
{
	const struct node *usual = unb_must_parse(STR(UNB_HEAD UNB_ONE_LINE UNB_TAIL));

	cr_expect_str_eq(trees_json(unb_message_of(unb_must_parse(str_of(c->text)), 0)),
			 trees_json(unb_message_of(usual, 0)));
	cr_expect_str_eq(unb_faults(unb_interchange_of(unb_must_parse(str_of(c->text)), 0)), "");
	unb_must_come_back(str_of(c->text));
}

Test(edifact, information_separators_of_level_b_are_separators)
{
	static const char usual[] = ":+'", marks[] = "\x1F\x1D\x1C";
	struct str document = arena_str(arena, STR("UNA:+.? '" UNB_HEAD UNB_ONE_LINE UNB_TAIL));
	const char *before = trees_json(unb_message_of(unb_must_parse(document), 0));

	for (size_t i = 0; i < document.n; i++) {
		const char *at = strchr(usual, document.p[i]);

		if (at)
			((char *)document.p)[i] = marks[at - usual];
	}
	cr_expect_str_eq(trees_json(unb_message_of(unb_must_parse(document), 0)), before);
	unb_must_come_back(document);
}

Test(edifact, many_interchanges_each_with_its_separators)
{
	struct str document = STR(UNB_HEAD UNB_ONE_LINE UNB_TAIL
				  "\n\xEF\xBB\xBF"
				  "UNA#|.  ~UNB|UNOB#1|A|B|260101#1200|R~UNZ|0|R~\n" UNB_HEAD UNB_ONE_LINE UNB_TAIL);
	const struct node *root = unb_must_parse(document);

	cr_expect_eq(node_get(root, "interchanges")->children_count, 3);
	for (size_t i = 0; i < 3; i++)
		cr_expect_str_eq(unb_faults(unb_interchange_of(root, i)), "");
	unb_must_come_back(document);
}

Test(edifact, groups_hold_their_messages_and_unz_counts_groups)
{
	struct str document = STR(UNB_HEAD "UNG+ORDERS+A+B+260101:1200+G1+UN+D:96A'" UNB_ONE_LINE "UNE+1+G1'"
					   "UNG+ORDERS+A+B+260101:1200+G2+UN+D:96A'" UNB_ONE_LINE
					   "UNH+2+ORDERS:D:96A:UN'BGM+220+PO2'UNT+3+2'UNE+2+G2'UNZ+2+REF1'");
	const struct node *root = unb_must_parse(document), *groups = node_get(unb_interchange_of(root, 0), "groups");

	cr_expect_eq(groups->children_count, 2);
	cr_expect_eq(node_get(node_at(groups, 1), "messages")->children_count, 2);
	cr_expect_eq(node_get(unb_interchange_of(root, 0), "messages")->children_count, 0);
	cr_expect_str_eq(unb_faults(unb_interchange_of(root, 0)), "");
	cr_expect_str_eq(unb_faults(node_at(groups, 0)), "");
	unb_must_come_back(document);
}

/* --- character sets --- */

struct charset_case {
	char identifier[8], bytes[16], text[16], charset[16];
};

ParameterizedTestParameters(edifact, text_becomes_utf8_whatever_the_set)
{
	static struct charset_case cases[] = {
	    {"UNOC", "K\xE4lte", "K\xC3\xA4lte", ""},
	    {"UNOD", "\xA3\xF3\x64\xBC", "\xC5\x81\xC3\xB3\x64\xC5\xBA", ""},
	    {"UNOE", "\xBC\xDE", "\xD0\x9C\xD0\xBE", ""},
	    {"UNOF", "\xC1\xE8", "\xCE\x91\xCE\xB8", ""},
	    {"UNOY", "K\xC3\xA4lte", "K\xC3\xA4lte", ""},
	    {"UNOC", "K\xC3\xA4lte", "K\xC3\xA4lte", "UTF-8"},
	    {"UNOA", "K\xC3\xA4lte", "K\xC3\xA4lte", "UTF-8"},
	    {"UNOB", "K\xE4lte", "K\xC3\xA4lte", "ISO-8859-1"},
	    {"UNOY", "K\xE4lte", "K\xC3\xA4lte", "ISO-8859-1"},
	    {"UNOC", "5 \x80", "5 \xE2\x82\xAC", "WINDOWS-1252"},
	    {"XXXX", "\xE4", "\xC3\xA4", "ISO-8859-1"},
	    {"UNOC", "?\xE4?'", "\xC3\xA4'", ""},
	};

	return cr_make_param_array(struct charset_case, cases, COUNT_OF(cases));
}

ParameterizedTest(struct charset_case *c, edifact, text_becomes_utf8_whatever_the_set)
{
	struct str document = arena_printf(arena,
					   "UNB+%s:3+A+B+260101:1200+R'UNH+1+ORDERS:D:96A:UN'BGM+220+P'FTX+%s'UNT+4+1'"
					   "UNZ+1+R'",
					   c->identifier, c->bytes);
	const struct node *root = unb_must_parse(document);

	cr_expect(str_equal(edifact_element(unb_segment_of(root, 2), 1, 1), str_of(c->text)));
	cr_expect(str_equal(node_text(node_get(unb_interchange_of(root, 0), "charset")), str_of(c->charset)));
	cr_expect_str_eq(unb_faults(unb_message_of(root, 0)), "");
	unb_must_come_back(document);
}

Test(edifact, each_interchange_is_decoded_by_its_own_set)
{
	const struct node *root = unb_must_parse(
	    STR("UNB+UNOC:3+A+B+260101:1200+\xC3\xA4'UNZ+0+\xC3\xA4'UNB+UNOC:3+A+B+260101:1200+\xE4'UNZ+0+\xE4'"));

	cr_expect(str_equal(edifact_element(node_get(unb_interchange_of(root, 0), "UNB"), 5, 1), STR("\xC3\xA4")));
	cr_expect(str_equal(edifact_element(node_get(unb_interchange_of(root, 1), "UNB"), 5, 1), STR("\xC3\xA4")));
	unb_must_come_back(
	    STR("UNB+UNOC:3+A+B+260101:1200+\xC3\xA4'UNZ+0+\xC3\xA4'UNB+UNOD:3+A+B+1:1+\xB3'UNZ+0+\xB3'"));
}

Test(edifact, byte_that_the_set_has_not_is_refused_with_its_place)
{
	unb_must_refuse(STR("UNB+UNOF:3+A+B+260101:1200+R'UNH+1+ORDERS:D:96A:UN'BGM+220+\xD2'UNT+3+1'UNZ+1+R'"),
			"edifact-charset");
	cr_expect_not_null(strstr(why.text, "segment 3 at byte 59"), "%s", why.text);
	unb_must_refuse(STR("UNB+UNOC:3+A+B+260101:1200+R'UNH+1+ORDERS:D:96A:UN'BGM+220+\x81'UNT+3+1'UNZ+1+R'"),
			"edifact-charset");
}

/* --- numbers --- */

struct number_case {
	char text[24], expected[24]; /* expected "" is none */
};

ParameterizedTestParameters(edifact, number_has_either_mark_and_never_a_thousands_mark)
{
	static struct number_case cases[] = {
	    {"12", "12"},
	    {"19,9", "19.9"},
	    {"-75.000", "-75.000"},
	    {"0,5", "0.5"},
	    {",5", "0.5"},
	    {"-.5", "-0.5"},
	    {"007", "7"},
	    {"0", "0"},
	    {"000", "0"},
	    {"00,10", "0.10"},
	    {"1.234,5", ""},
	    {"1,234.5", ""},
	    {"1 234", ""},
	    {"12,", ""},
	    {".", ""},
	    {"", ""},
	    {"-", ""},
	    {"+5", ""},
	    {"1E3", ""},
	    {"5-", ""},
	    {" 5", ""},
	    {"12a", ""},
	    {"--5", ""},
	    {"1..2", ""},
	    {"1,234", "1.234"},
	    {"1234567890123456789.12", "1234567890123456789.12"},
	};

	return cr_make_param_array(struct number_case, cases, COUNT_OF(cases));
}

ParameterizedTest(struct number_case *c, edifact, number_has_either_mark_and_never_a_thousands_mark)
{
	char out[32] = "untouched";
	bool is_number = edifact_number(str_of(c->text), out, sizeof out);

	cr_expect_eq(is_number, c->expected[0] != '\0', "%s", c->text);
	cr_expect_str_eq(out, c->expected[0] ? c->expected : "untouched");
	if (is_number) {
		cr_expect(edifact_number(str_of(c->text), out, strlen(c->expected) + 1));
		cr_expect_not(edifact_number(str_of(c->text), out, strlen(c->expected)));
	}
}
