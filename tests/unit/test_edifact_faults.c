/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/edifact.h"

#include "support/unb.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <stdlib.h>
#include <string.h>

TestSuite(edifact, .init = trees_setup, .fini = trees_teardown, .timeout = 20);

/* --- faults --- */

struct fault_case {
	char document[400], interchange[80], message[80];
};

ParameterizedTestParameters(edifact, fault_stands_at_the_level_concerned)
{
	static struct fault_case cases[] = {
	    {UNB_HEAD UNB_ONE_LINE UNB_TAIL, "", ""},
	    {UNB_HEAD UNB_ONE_LINE, "edifact-truncated 13", ""},
	    {UNB_HEAD UNB_ONE_LINE "UNZ+1", "edifact-truncated 13", ""},
	    {UNB_HEAD UNB_ONE_LINE "U", "edifact-truncated 13", ""},
	    {UNB_HEAD UNB_UNH "LIN+1'", "edifact-truncated 13", "edifact-truncated 13"},
	    {UNB_HEAD UNB_UNH "LIN+1++400", "edifact-truncated 13", "edifact-truncated 13"},
	    {UNB_HEAD UNB_UNH UNB_TAIL, "", "edifact-truncated 13"},
	    {UNB_HEAD UNB_UNH "UNT+2+1'UNZ+1+REF1'", "", "edifact-count 29"},
	    {UNB_HEAD UNB_UNH "UNT+x+1'UNZ+1+REF1'", "", "edifact-count 29"},
	    {UNB_HEAD UNB_UNH "UNT++1'UNZ+1+REF1'", "", "edifact-count 29"},
	    {UNB_HEAD UNB_UNH "UNT+99999999999999999999+1'UNZ+1+REF1'", "", "edifact-count 29"},
	    {UNB_HEAD UNB_UNH "UNT+0003+1'UNZ+01+REF1'", "", ""},
	    {UNB_HEAD UNB_UNH "UNT+3+2'UNZ+1+REF1'", "", "edifact-reference 28"},
	    {UNB_HEAD UNB_UNH "UNT+3'UNZ+1+REF1'", "", "edifact-reference 28"},
	    {UNB_HEAD UNB_UNH "UNT+27+17520'UNZ+1+REF1'", "", "edifact-count 29, edifact-reference 28"},
	    {UNB_HEAD UNB_ONE_LINE "UNZ+2+REF1'", "edifact-count 29", ""},
	    {UNB_HEAD UNB_ONE_LINE "UNZ+1+REF2'", "edifact-reference 28", ""},
	    {UNB_HEAD "UNH+1+ORDERS:D:96A:UN'LIN+1'UNT+3+1'" UNB_TAIL, "", "edifact-no-bgm 13"},
	    {UNB_HEAD "UNH+1+CONTRL:D:3:UN'UCI+1+A+B+8'UNT+3+1'" UNB_TAIL, "", ""},
	    {UNB_HEAD "UNH++ORDERS:D:96A:UN'BGM+220'UNT+3+'" UNB_TAIL, "", "edifact-header 13"},
	    {UNB_HEAD "UNH+1'BGM+220'UNT+3+1'" UNB_TAIL, "", "edifact-header 13"},
	    {"UNB+UNOC:3+A++260101:1200+R'" UNB_ONE_LINE "UNZ+1+R'", "edifact-header 13", ""},
	    {"UNB+UNOC:3+A+B+260101:1200'" UNB_ONE_LINE "UNZ+1'", "edifact-header 13", ""},
	    {UNB_HEAD UNB_UNH "FTX+a\nb'UNT+4+1'" UNB_TAIL, "", "edifact-character 21"},
	    {UNB_HEAD UNB_UNH "FTX+a\x7F'UNT+4+1'" UNB_TAIL, "", "edifact-character 21"},
	    {UNB_HEAD UNB_UNH "FTX+\xC2\x85'UNT+4+1'" UNB_TAIL, "", "edifact-character 21"},
	    {UNB_HEAD UNB_UNH "FTX+?\x01'UNT+4+1'" UNB_TAIL, "", "edifact-character 21"},
	    {"UNB+UNOC:3+A\r+B+260101:1200+R'" UNB_ONE_LINE "UNZ+1+R'", "edifact-character 21", ""},
	};

	return cr_make_param_array(struct fault_case, cases, COUNT_OF(cases));
}

ParameterizedTest(struct fault_case *c, edifact, fault_stands_at_the_level_concerned)
{
	const struct node *root = unb_must_parse(str_of(c->document));

	cr_expect_str_eq(unb_faults(unb_interchange_of(root, 0)), c->interchange, "%s", c->document);
	cr_expect_str_eq(unb_faults(unb_message_of(root, 0)), c->message, "%s", c->document);
	cr_expect(!c->message[0] || str_equal(unb_message_of(root, 0)->last->key, STR("faults")));
}

Test(edifact, what_is_complete_is_kept_when_the_rest_is_cut)
{
	const struct node *root =
	    unb_must_parse(STR(UNB_HEAD UNB_ONE_LINE "UNH+2+ORDERS:D:96A:UN'BGM+220+PO2'LIN+1'QTY+2"));

	cr_expect_eq(node_get(unb_interchange_of(root, 0), "messages")->children_count, 2);
	cr_expect_str_eq(unb_faults(unb_message_of(root, 0)), "");
	cr_expect_str_eq(unb_faults(unb_message_of(root, 1)), "edifact-truncated 13");
	cr_expect_eq(node_get(unb_message_of(root, 1), "segments")->children_count, 3);
	cr_expect_str_eq(unb_faults(unb_interchange_of(root, 0)), "edifact-truncated 13");
}

Test(edifact, next_header_ends_what_has_no_trailer)
{
	const struct node *root = unb_must_parse(
	    STR(UNB_HEAD UNB_UNH "UNH+2+ORDERS:D:96A:UN'BGM+220+PO2'UNT+3+2'" UNB_HEAD
				 "UNG+ORDERS+A+B+1:1+G'" UNB_ONE_LINE "UNG+ORDERS+A+B+1:1+H'UNZ+2+REF1'"));
	const struct node *groups = node_get(unb_interchange_of(root, 1), "groups");

	cr_expect_str_eq(unb_faults(unb_message_of(root, 0)), "edifact-truncated 13");
	cr_expect_str_eq(unb_faults(unb_message_of(root, 1)), "");
	cr_expect_str_eq(unb_faults(unb_interchange_of(root, 0)), "edifact-truncated 13");
	cr_expect_str_eq(unb_faults(node_at(groups, 0)), "edifact-truncated 13");
	cr_expect_str_eq(unb_faults(node_at(groups, 1)), "edifact-truncated 13");
	cr_expect_str_eq(unb_faults(unb_interchange_of(root, 1)), "");
}

Test(edifact, trailer_of_a_group_is_checked_as_the_others)
{
	const struct node *root =
	    unb_must_parse(STR(UNB_HEAD "UNG+ORDERS+A+B+1:1+G'" UNB_ONE_LINE "UNE+2+H'UNZ+1+REF1'"));

	cr_expect_str_eq(unb_faults(node_at(node_get(unb_interchange_of(root, 0), "groups"), 0)),
			 "edifact-count 29, edifact-reference 28");
}

Test(edifact, message_reference_seen_before_is_a_fault_of_the_later_one)
{
	const struct node *root = unb_must_parse(STR(
	    UNB_HEAD UNB_ONE_LINE UNB_ONE_LINE "UNH+2+ORDERS:D:96A:UN'BGM+220'UNT+3+2'" UNB_ONE_LINE "UNZ+4+REF1'"));

	cr_expect_str_eq(unb_faults(unb_message_of(root, 0)), "");
	cr_expect_str_eq(unb_faults(unb_message_of(root, 1)), "edifact-duplicate 26");
	cr_expect_str_eq(unb_faults(unb_message_of(root, 2)), "");
	cr_expect_str_eq(unb_faults(unb_message_of(root, 3)), "edifact-duplicate 26");
}

Test(edifact, same_reference_in_two_groups_is_no_duplicate)
{
	const struct node *root =
	    unb_must_parse(STR(UNB_HEAD "UNG+ORDERS+A+B+1:1+G'" UNB_ONE_LINE
					"UNE+1+G'UNG+ORDERS+A+B+1:1+H'" UNB_ONE_LINE "UNE+1+H'UNZ+2+REF1'"));
	const struct node *second = node_at(node_get(unb_interchange_of(root, 0), "groups"), 1);

	cr_expect_str_eq(unb_faults(node_at(node_get(second, "messages"), 0)), "");
}

/* --- refused whole --- */

struct refusal_case {
	char code[32], document[160];
};

ParameterizedTestParameters(edifact, what_is_no_interchange_is_refused_whole)
{
	static struct refusal_case cases[] = {
	    {"edifact-no-unb", ""},
	    {"edifact-no-unb", " \r\n"},
	    {"edifact-no-unb", "\xEF\xBB\xBF"},
	    {"edifact-no-unb", "ISA*00*          *00*"},
	    {"edifact-no-unb", "\xFF\xFEU"},
	    {"edifact-no-unb", "{\"id\":1}"},
	    {"edifact-no-unb", "NB+UNOA:3+A+B+260101:1200+1'"},
	    {"edifact-no-unb", UNB_ONE_LINE},
	    {"edifact-no-unb", "UNA:+.? 'UNH+1'"},
	    {"edifact-no-unb", "UNA:+.? '"},
	    {"edifact-tradacoms", "STX=ANA:1+5000000000000+5010000000000+070315:130233+000007'"},
	    {"edifact-separators", "UNA"},
	    {"edifact-separators", "UNA:+.?"},
	    {"edifact-separators", "UNA:+.?'UNB+UNOA:3'"},
	    {"edifact-separators", "UNA:+.?'\nUNB+UNOA:3'\n"},
	    {"edifact-separators", "UNAA+.? 'UNB+UNOAA3'"},
	    {"edifact-separators", "UNA:1.? 'UNB1UNOA:3'"},
	    {"edifact-separators", "UNA::.? 'UNB:UNOA:3'"},
	    {"edifact-separators", "UNA:+.? +UNB+UNOA:3+"},
	    {"edifact-separators", "UNA:+.+ 'UNB+UNOA:3'"},
	    {"edifact-separators", "UNA:+.?+'UNB+UNOA:4'"},
	    {"edifact-separators", "UNA:+.?!'UNB+UNOA:3'"},
	    {"edifact-separators", "UNA +.? 'UNB+UNOA 3'"},
	    {"edifact-separators", "UNA\xC3+.? 'UNB+UNOA'"},
	    {"edifact-separators", "UNB|UNOA:3|A|B'"},
	    {"edifact-separators", "UNBX+UNOA:3'"},
	    {"edifact-segment", "UNB"},
	    {"edifact-segment", "UNB+U?NOA:3+A+B'"},
	    {"edifact-segment", "UNB+UNOA*UNOB:4+A+B'"},
	    {"edifact-segment", "UNB+UNOA:3+A+B"},
	    {"edifact-segment", UNB_HEAD "LIN+1'" UNB_TAIL},
	    {"edifact-segment", UNB_HEAD UNB_ONE_LINE "UNT+4+1'" UNB_TAIL},
	    {"edifact-segment", UNB_HEAD UNB_ONE_LINE "UNE+1+1'" UNB_TAIL},
	    {"edifact-segment", UNB_HEAD UNB_ONE_LINE UNB_TAIL "UNZ+1+REF1'"},
	    {"edifact-segment", UNB_HEAD UNB_ONE_LINE UNB_TAIL "rubbish"},
	    {"edifact-segment", UNB_HEAD UNB_ONE_LINE UNB_TAIL "UNB+UN"},
	    {"edifact-segment", UNB_HEAD UNB_UNH "lin+1'" UNB_TAIL},
	    {"edifact-segment", UNB_HEAD UNB_UNH "LI+1'" UNB_TAIL},
	    {"edifact-segment", UNB_HEAD UNB_UNH "LINE+1'" UNB_TAIL},
	    {"edifact-segment", UNB_HEAD UNB_UNH "LIN:1+1'" UNB_TAIL},
	    {"edifact-segment", UNB_HEAD UNB_UNH "'" UNB_TAIL},
	};

	return cr_make_param_array(struct refusal_case, cases, COUNT_OF(cases));
}

ParameterizedTest(struct refusal_case *c, edifact, what_is_no_interchange_is_refused_whole)
{
	unb_must_refuse(str_of(c->document), c->code);
	cr_expect_eq(strncmp(why.text, "segment ", 8), 0, "no position: %s", why.text);
}

Test(edifact, place_is_the_number_of_the_segment_and_its_byte)
{
	unb_must_refuse(STR("UNB+UNOA:3+A+B+260101:1200+1'\r\nUNH+1+ORDERS:D:96A:UN'\r\nbgm'"), "edifact-segment");
	cr_expect_not_null(strstr(why.text, "segment 3 at byte 55"), "%s", why.text);
}

Test(edifact, every_cut_of_a_document_is_answered_without_a_crash)
{
	struct str whole = STR("UNA:+.?*'UNB+UNOC:4+A+B+20260101:1200+R'UNG+ORDERS+A+B+1:1+G'UNH+1+ORDERS:D:96A:UN'"
			       "BGM+220+?'P*\xE4:Q'UNT+3+1'UNE+1+G'UNZ+1+R'");

	for (size_t n = 0; n <= whole.n; n++) {
		char *copy = malloc(n + 1); /* exactly as long, so that the sanitizer sees a step too far */
		struct node *root = NULL;

		cr_assert(copy);
		memcpy(copy, whole.p, n);
		if (edifact_parse((struct str){copy, n}, &tree_default_limits, arena, &root, &why) == OUTCOME_OK)
			cr_expect(n == whole.n || strstr(unb_faults(unb_interchange_of(root, 0)), "edifact-truncated"),
				  "%zu", n);
		free(copy);
	}
}

/* --- limits --- */

Test(edifact, segment_that_does_not_end_is_refused_beyond_its_limit)
{
	struct str text = unb_repeated("a", EDIFACT_SEGMENT_BYTES);

	unb_must_refuse(arena_printf(arena, UNB_HEAD UNB_UNH "FTX+%s", text.p), "edifact-segment");
	unb_must_refuse(unb_order_with(arena_printf(arena, "FTX+%s'", text.p).p, 4), "edifact-segment");
	unb_must_parse(unb_order_with(arena_printf(arena, "FTX+%s'", text.p + 4).p, 4));
}

Test(edifact, more_elements_than_the_limit_are_refused)
{
	unb_must_refuse(unb_order_with(arena_printf(arena, "FTX%s'", unb_repeated("+", EDIFACT_ELEMENTS + 1).p).p, 4),
			"edifact-segment");
}

Test(edifact, components_are_nodes_and_their_number_is_bounded)
{
	struct tree_limits few = tree_default_limits;
	struct node *root;

	few.nodes = 60;
	cr_expect_eq(edifact_parse(STR(UNB_HEAD UNB_ONE_LINE UNB_TAIL), &few, arena, &root, &why), OUTCOME_OK);
	cr_expect_eq(edifact_parse(unb_order_with("FTX+:::::::::::::::::::::::::::::::::::::::::::x'", 4), &few, arena,
				   &root, &why),
		     OUTCOME_DEAD);
	cr_expect_str_eq(why.code, "document-too-many-nodes");
}

Test(edifact, size_and_depth_are_bounded)
{
	struct tree_limits small = {.bytes = 20, .depth = 64, .nodes = 1000};
	struct tree_limits shallow = {.bytes = 1000, .depth = EDIFACT_DEPTH - 1, .nodes = 1000};
	struct node *root;

	cr_expect_eq(edifact_parse(STR(UNB_HEAD), &small, arena, &root, &why), OUTCOME_DEAD);
	cr_expect_str_eq(why.code, "document-too-large");
	cr_expect_eq(edifact_parse(STR(UNB_HEAD), &shallow, arena, &root, &why), OUTCOME_DEAD);
	cr_expect_str_eq(why.code, "document-too-deep");
}

Test(edifact, full_arena_is_an_outcome_wherever_it_happens)
{
	struct str document = STR("UNA:+.?*'UNB+UNOC:4+A+B+20260101:1200+\xE4'UNH+1+ORDERS:D:96A:UN'"
				  "COM+?'a*\xE4:b'UNT+4+2'UNH+1+ORDERS:D:96A:UN'");
	size_t refused = 0;

	for (size_t bytes = 64; bytes < 16000; bytes += 64) {
		struct arena *small = arena_new(bytes);
		struct node *root;

		if (edifact_parse(document, &tree_default_limits, small, &root, &why) != OUTCOME_OK) {
			cr_expect_str_eq(why.code, "document-too-large");
			refused++;
		}
		arena_free(small);
	}
	cr_expect_gt(refused, 20);
	cr_expect_lt(refused, 240);
}

Test(edifact, many_messages_releases_and_interchanges_take_no_quadratic_time, .timeout = 5)
{
	unb_must_parse(arena_printf(arena, UNB_HEAD "%s", unb_repeated("UNH+1+ORDERS'UNT+2+1'", 20000).p));
	unb_must_parse(unb_order_with(arena_printf(arena, "FTX+%s'", unb_repeated("?'", 30000).p).p, 4));
	unb_must_parse(unb_repeated("UNB+UNOD:3+\xB3'", 15000));
	unb_must_refuse(arena_printf(arena, UNB_HEAD UNB_UNH "FTX+%s", unb_repeated("?'", 1000000).p),
			"edifact-segment");
}
