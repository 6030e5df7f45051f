/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/x12.h"

#include "support/edi.h"

#include <criterion/criterion.h>
#include <string.h>

TestSuite(x12_faults, .init = trees_setup, .fini = trees_teardown, .timeout = 20);

struct fault_case {
	char text[420];
	char level[48];
	char code[24];
	char ack[4];
};

static const struct fault_case fault_cases[] = {
    {ISA GS "ST*850*0001~BEG*00~", TRANSACTION, "x12-se-missing", "2"},
    {ISA GS "ST*850*0001~BEG*00~GE*1*7~IEA*1*11~", TRANSACTION, "x12-se-missing", "2"},
    {ISA GS "ST*850*0001~ST*850*0002~SE*2*0002~GE*2*7~IEA*1*11~", TRANSACTION, "x12-se-missing", "2"},
    {ISA GS "ST*850*0001~SE*2*0002~" END, TRANSACTION, "x12-se-control", "3"},
    {ISA GS "ST*850*0001~SE*2~" END, TRANSACTION, "x12-se-control", "3"},
    {ISA GS "ST*850*0001~SE*2*1~" END, TRANSACTION, "x12-se-control", "3"},
    {ISA GS "ST*850*0001~SE*3*0001~" END, TRANSACTION, "x12-se-count", "4"},
    {ISA GS "ST*850*0001~SE**0001~" END, TRANSACTION, "x12-se-count", "4"},
    {ISA GS "ST*850*0001~SE*-2*0001~" END, TRANSACTION, "x12-se-count", "4"},
    {ISA GS "ST*850*0001~SE*99999999999999999999*0001~" END, TRANSACTION, "x12-se-count", "4"},
    {ISA GS "ST**0001~SE*2*0001~" END, TRANSACTION, "x12-st-set", "6"},
    {ISA GS "ST*850~SE*2~" END, TRANSACTION, "x12-st-control", "7"},
    {ISA GS "ST*850*1~SE*2*1~ST*850*1~SE*2*1~GE*2*7~IEA*1*11~", "interchanges.0.groups.0.transactions.1",
     "x12-st-duplicate", "7"},
    {ISA GS ORDER, "interchanges.0.groups.0", "x12-ge-missing", "3"},
    {ISA GS ORDER "IEA*1*11~", "interchanges.0.groups.0", "x12-ge-missing", "3"},
    {ISA GS ORDER "GE*1*8~IEA*1*11~", "interchanges.0.groups.0", "x12-ge-control", "4"},
    {ISA GS ORDER "GE*2*7~IEA*1*11~", "interchanges.0.groups.0", "x12-ge-count", "5"},
    {ISA "GS*PO~" ORDER "GE*1~IEA*1*11~", "interchanges.0.groups.0", "x12-gs-control", "6"},
    {ISA "GS*PO*A*B***7~GE*0*7~GS*PO*A*B***07~GE*0*7~IEA*2*11~", "interchanges.0.groups.1", "x12-gs-duplicate", "19"},
    {ISA GS ORDER "GE*1*7~IEA*1*000000001~", "interchanges.0", "x12-iea-control", "001"},
    {ISA GS ORDER "GE*1*7~IEA*2*000000011~", "interchanges.0", "x12-iea-count", "021"},
    {ISA GS ORDER "GE*1*7~", "interchanges.0", "x12-iea-missing", "023"},
    {ISA, "interchanges.0", "x12-iea-missing", "023"},
    {ISA GS ORDER "GE*1*7~" ISA "IEA*0*11~", "interchanges.0", "x12-iea-missing", "023"},
    {ISA "IEA*0*11~" ISA "IEA*0*11~", "interchanges.1", "x12-isa-duplicate", "025"},
};

Test(x12_faults, envelope_at_odds_is_a_fault)
{
	for (size_t i = 0; i < COUNT_OF(fault_cases); i++) {
		const struct fault_case *c = &fault_cases[i];
		const struct node *faults =
		    edi_at(edi_must_parse(str_of(c->text)), arena_printf(arena, "%s.faults", c->level).p);

		cr_assert(faults, "no %s", c->code);
		cr_expect_str_eq(edi_text(faults, "0.code"), c->code);
		cr_expect_str_eq(edi_text(faults, "0.ack"), c->ack);
		cr_expect_neq(node_text(edi_at(faults, "0.text")).n, 0);
	}
}

Test(x12_faults, isa13_that_is_no_number_is_a_fault)
{
	struct str text = edi_exchanged(ISA GS ORDER END, '0', 'O');

	cr_expect_str_eq(edi_text(edi_must_parse(text), "interchanges.0.faults.0.code"), "x12-isa-control");
	cr_expect_str_eq(edi_text(edi_must_parse(text), "interchanges.0.faults.0.ack"), "018");
}

Test(x12_faults, several_faults_are_listed_together)
{
	struct node *root = edi_must_parse(STR(ISA GS "ST*850*0001~SE*9*0002~GE*9*9~IEA*9*9~"));

	cr_expect_eq(edi_at(root, TRANSACTION ".faults")->children_count, 2);
	cr_expect_eq(edi_at(root, "interchanges.0.groups.0.faults")->children_count, 2);
	cr_expect_eq(edi_at(root, "interchanges.0.faults")->children_count, 2);
}

Test(x12_faults, same_numbers_of_other_senders_or_groups_are_no_repeats)
{
	struct str other = edi_exchanged(ISA GS ORDER END, 'S', 'T');
	struct node *root;

	memcpy(memmem(other.p, other.n, "TT*850", 6), "ST", 2);
	memcpy(memmem(other.p, other.n, "TE*3", 4), "SE", 2);
	memcpy(memmem(other.p, other.n, "GT*PO", 5), "GS", 2);
	memcpy((char *)other.p, "ISA", 3);
	root = edi_must_parse(arena_printf(arena, "%s%s", ISA GS ORDER END, other.p));
	cr_expect_null(strstr(trees_json(root), "duplicate"), "%s", trees_json(root));
}

/* Every cut of a good file is refused at its header or shows a fault, and no order without its SE looks whole. */
Test(x12_faults, truncation_anywhere_shows)
{
	struct str whole = STR(ISA GS ORDER END);

	cr_expect_null(strstr(trees_json(edi_must_parse((struct str){whole.p, whole.n - 1})), "faults"),
		       "only the last terminator is missing");
	for (size_t n = 0; n < whole.n - 1; n++) {
		struct node *root = edi_parse((struct str){whole.p, n});

		if (n < strlen(ISA))
			cr_expect(!root && (!strcmp(why.code, "x12-header") || !strcmp(why.code, "x12-no-isa")), "%zu",
				  n);
		else
			cr_expect(root && edi_at(root, "interchanges.0.faults"), "cut at %zu is not seen", n);
		if (root && n < strlen(ISA GS "ST*850*0001~BEG*00*SA*PO1**20240131~SE*3*0001"))
			cr_expect(!edi_at(root, TRANSACTION) || edi_at(root, TRANSACTION ".faults"), "cut at %zu", n);
	}
}

Test(x12_faults, cut_segment_is_left_out)
{
	struct node *root = edi_must_parse(STR(ISA GS "ST*850*0001~PO1*1*100*EA~PO1*2*10"));

	cr_expect_eq(edi_at(root, TRANSACTION ".segments")->children_count, 2);
	cr_expect_str_eq(edi_text(root, TRANSACTION ".faults.0.code"), "x12-se-missing");
}
