/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/x12.h"

#include "support/edi.h"

#include <criterion/criterion.h>
#include <string.h>

TestSuite(x12_refused, .init = trees_setup, .fini = trees_teardown, .timeout = 20);

struct refusal {
	char text[420];
	char code[24];
};

static const struct refusal refusal_cases[] = {
    {"", "x12-no-isa"},
    {"SA*00*", "x12-no-isa"},
    {"GS*SH*1*2~", "x12-no-isa"},
    {"UNB+UNOA:1'", "x12-no-isa"},
    {"{\"a\":1}", "x12-no-isa"},
    {"ISA", "x12-header"},
    {"ISA*00*", "x12-header"},
    {"ISA*00*          *00*          *ZZ*SENDER         *ZZ*RECEIVER       "
     "*240131*1100*U*00401*000000011*0*P*>",
     "x12-header"},
    {"ISA*00*          *00*          *ZZ*SENDER         *ZZ*RECEIVER       "
     "*240131*1100*U*00401*000000011*0*P>~" GS ORDER END,
     "x12-header"},
    {"ISAA00A          A00A          AZZASENDER", "x12-separators"},
    {"ISA 00 ", "x12-separators"},
    {"ISA*00*          *00*          *ZZ*SENDER         *ZZ*RECEIVER       "
     "*240131*1100*U*00401*000000011*0*P*A~",
     "x12-separators"},
    {"ISA*00*          *00*          *ZZ*SENDER         *ZZ*RECEIVER       "
     "*240131*1100*U*00401*000000011*0*P*>G",
     "x12-separators"},
    {"ISA*00*          *00*          *ZZ*SENDER         *ZZ*RECEIVER       "
     "*240131*1100*U*00401*000000011*0*P*>*",
     "x12-separators"},
    {"ISA*00*          *00*          *ZZ*SENDER         *ZZ*RECEIVER       "
     "*240131*1100*U*00401*000000011*0*P*~~",
     "x12-separators"},
    {"ISA*00*          *00*          *ZZ*SENDER         *ZZ*RECEIVER       "
     "*240131*1100*>*00501*000000011*0*P*>~",
     "x12-separators"},
    {"ISA*00*          *00*          *ZZ*SENDER         *ZZ*RECEIVER       "
     "*240131*1100*U*00401*000000011*0*P*\r\n",
     "x12-separators"},
    {ISA GS ORDER "~" END, "x12-segment"},
    {ISA GS "ST*850*0001~TOOLONG*1~" END, "x12-segment"},
    {ISA GS "ST*850*0001~beg*1~" END, "x12-segment"},
    {ISA GS "ST*850*0001~1AB*1~" END, "x12-segment"},
    {ISA GS "ST*850*0001~A*1~" END, "x12-segment"},
    {ISA GS "ST*850*0001~*1~" END, "x12-segment"},
    {ISA GS "BEG*00~" END, "x12-segment"},
    {ISA "ST*850*0001~" END, "x12-segment"},
    {ISA GS "SE*1*1~" END, "x12-segment"},
    {ISA "GE*1*7~" END, "x12-segment"},
    {ISA GS "GE*0*7~TA1*1~" END, "x12-segment"},
    {ISA GS ORDER END "GS*PO~", "x12-segment"},
    {ISA GS ORDER END "and some text", "x12-segment"},
    {ISA GS ORDER END "IEA*1*000000011~", "x12-segment"},
};

Test(x12_refused, hopeless_file_is_refused)
{
	for (size_t i = 0; i < COUNT_OF(refusal_cases); i++) {
		const struct refusal *c = &refusal_cases[i];
		struct node *root = (struct node *)&why;

		cr_expect_eq(x12_parse(str_of(c->text), &tree_default_limits, arena, &root, &why), OUTCOME_DEAD);
		cr_expect_str_eq(why.code, c->code, "%s", why.text);
		cr_expect_not_null(strstr(why.text, "byte "), "no position: %s", why.text);
		cr_expect_eq((void *)root, (void *)&why, "written on failure");
	}
}

Test(x12_refused, refused_segment_is_named_by_number_and_byte)
{
	cr_expect_null(edi_parse(STR(ISA GS "ST*850*0001~BEG*00~?*1~" END)));
	cr_expect_not_null(strstr(why.text, "segment 5, byte 166"), "%s", why.text);
}

Test(x12_refused, endless_segment_and_too_many_elements_are_refused)
{
	cr_expect_null(edi_parse(edi_repeated(ISA GS, "x", 1000000, "")));
	cr_expect_str_eq(why.code, "x12-segment");
	cr_expect_null(edi_parse(edi_repeated(ISA GS "ST*850*1~REF", "*1", 100, "~")));
	cr_expect_str_eq(why.code, "x12-segment");
	cr_expect_null(edi_parse(edi_repeated(ISA GS "ST*850*1~REF*", "1>", 100, "~")));
	cr_expect_str_eq(why.code, "x12-segment");
	cr_expect_not_null(edi_parse(edi_repeated(ISA GS "ST*850*1~REF", "*1", 99, "~")));
	cr_expect_not_null(edi_parse(edi_repeated(ISA GS "ST*850*1~REF*", "1>", 99, "~")));
	cr_expect_not_null(edi_parse(edi_repeated(ISA GS "ST*850*1~MSG*", "x", 60000, "~")));
}

Test(x12_refused, limits_are_kept)
{
	struct str text = STR(ISA GS ORDER END);
	struct tree_limits limits = tree_default_limits;
	struct node *root;

	limits.bytes = text.n - 1;
	cr_expect_eq(x12_parse(text, &limits, arena, &root, &why), OUTCOME_DEAD);
	cr_expect_str_eq(why.code, "document-too-large");
	limits = (struct tree_limits){.bytes = 4096, .depth = X12_TREE_DEPTH - 1, .nodes = 4096};
	cr_expect_eq(x12_parse(text, &limits, arena, &root, &why), OUTCOME_DEAD);
	cr_expect_str_eq(why.code, "document-too-deep");
	limits.depth = X12_TREE_DEPTH;
	cr_expect_eq(x12_parse(text, &limits, arena, &root, &why), OUTCOME_OK);
}

/* With every number of nodes and of bytes less than enough it ends in an outcome, not in a fault of ours. */
Test(x12_refused, too_few_nodes_or_bytes_are_an_outcome)
{
	struct str text = STR(ISA_5010 "TA1*1~" GS "ST*850*0001~REF*A^B>C*caf\xE9~SE*9*2~" END ISA_5010 GS ORDER END);
	struct tree_limits limits = tree_default_limits;
	enum outcome outcome = OUTCOME_DEAD;
	struct node *root;

	for (limits.nodes = 0; outcome != OUTCOME_OK; limits.nodes++) {
		cr_assert_lt(limits.nodes, 500);
		outcome = x12_parse(text, &limits, arena, &root, &why);
		if (outcome != OUTCOME_OK)
			cr_expect_str_eq(why.code, "document-too-many-nodes");
	}
	cr_expect_gt(limits.nodes, 100);
	outcome = OUTCOME_DEAD;
	for (size_t bytes = 0; outcome != OUTCOME_OK; bytes += 16) {
		struct arena *small = arena_new(bytes);

		cr_assert_lt(bytes, 100000);
		outcome = x12_parse(text, &tree_default_limits, small, &root, &why);
		if (outcome != OUTCOME_OK)
			cr_expect_str_eq(why.code, "document-too-large");
		arena_free(small);
	}
}

Test(x12_refused, hundred_thousand_transactions_of_one_number_take_no_quadratic_time, .timeout = 5)
{
	struct tree_limits limits = {.bytes = (size_t)16 << 20, .depth = 64, .nodes = 4000000};
	struct node *root;

	cr_assert_eq(x12_parse(edi_repeated(ISA GS, "ST*850*1~SE*2*1~", 100000, END), &limits, arena, &root, &why),
		     OUTCOME_OK, "%s", why.text);
	cr_expect_null(edi_at(root, TRANSACTION ".faults"));
	cr_expect_str_eq(edi_text(root, "interchanges.0.groups.0.transactions.99999.faults.0.code"),
			 "x12-st-duplicate");
}
