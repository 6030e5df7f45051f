/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/x12_ack.h"

#include "support/edi.h"

#include <criterion/criterion.h>
#include <string.h>

TestSuite(x12_ack, .init = trees_setup, .fini = trees_teardown, .timeout = 20);

/* 2024-02-29T13:07:00Z */
static const struct x12_ack_numbers numbers = {
    .interchange = 5, .group = 6, .transaction = 7, .at_us = INT64_C(1709212020) * 1000000};

static struct node *
acknowledged(const struct node *root, const struct x12_verdict *verdicts, size_t count)
{
	struct x12_ack_group about = {edi_at(root, "interchanges.0"), edi_at(root, "interchanges.0.groups.0"), verdicts,
				      count};
	struct node *answer = NULL;

	cr_assert_eq(x12_ack_group(&about, &numbers, arena, &answer, &why), OUTCOME_OK, "%s", why.text);
	return answer;
}

#define ANSWER_ISA \
	"ISA*00*          *00*          *ZZ*RECEIVER       *ZZ*SENDER         *240229*1307*U*00401*000000005*0*P*>~"
#define ANSWER_GS "GS*FA*RAPP*SAPP*20240229*1307*6*X*004010~ST*997*0007~AK1*PO*7~"

Test(x12_ack, good_order_is_accepted)
{
	struct x12_verdict good = {.is_accepted = true};
	struct str bytes = edi_written(acknowledged(edi_must_parse(STR(ISA GS ORDER END)), &good, 1));

	cr_expect_str_eq(bytes.p,
			 ANSWER_ISA ANSWER_GS "AK2*850*0001~AK5*A~AK9*A*1*1*1~SE*6*0007~GE*1*6~IEA*1*000000005~");
	cr_expect_null(strstr(trees_json(edi_must_parse(bytes)), "faults"));
}

Test(x12_ack, refused_order_says_where_and_bad_data_comes_back_harmless)
{
	struct x12_verdict verdicts[] = {{.is_accepted = true},
					 {.code = STR("5"),
					  .segment_tag = STR("PO1"),
					  .segment_position = 3,
					  .element_position = 2,
					  .element_code = STR("6"),
					  .bad_data = STR("1*0\n~caf\xC3\xA9>")},
					 {.is_accepted = true, .code = STR("4")}};
	struct node *root =
	    edi_must_parse(STR(ISA GS "ST*850*1~SE*2*1~ST*850*2~SE*2*2~ST*850*3~SE*3*3~GE*3*7~IEA*1*000000011~"));

	cr_expect_str_eq(edi_written(acknowledged(root, verdicts, 3)).p, ANSWER_ISA ANSWER_GS
			 "AK2*850*1~AK5*A~AK2*850*2~AK3*PO1*3**8~AK4*2**6*1 0  caf\xC3\xA9~AK5*R*5~"
			 "AK2*850*3~AK5*E*4~AK9*P*3*3*2~SE*12*0007~GE*1*6~IEA*1*000000005~");
}

Test(x12_ack, group_is_answered_by_what_became_of_its_transactions)
{
	static const struct {
		struct x12_verdict first, second;
		const char *ge, *ak9;
	} cases[] = {
	    {{.is_accepted = true}, {.is_accepted = true}, "GE*2*7~", "AK9*A*2*2*2~"},
	    {{.is_accepted = true}, {.is_accepted = true, .code = {"5", 1}}, "GE*2*7~", "AK9*E*2*2*2~"},
	    {{.is_accepted = true}, {.code = {"5", 1}}, "GE*2*7~", "AK9*P*2*2*1~"},
	    {{.code = {"5", 1}}, {.code = {"5", 1}}, "GE*2*7~", "AK9*R*2*2*0~"},
	    {{.is_accepted = true}, {.is_accepted = true}, "GE*3*8~", "AK9*E*3*2*2*4*5~"},
	    {{.is_accepted = true}, {.is_accepted = true}, "", "AK9*E*2*2*2*3~"},
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct x12_verdict verdicts[] = {cases[i].first, cases[i].second};
		struct node *root = edi_must_parse(arena_printf(
		    arena, "%s%sIEA*1*000000011~", ISA GS "ST*850*1~SE*2*1~ST*850*2~SE*2*2~", cases[i].ge));

		cr_expect_not_null(strstr(edi_written(acknowledged(root, verdicts, 2)).p, cases[i].ak9), "%s",
				   cases[i].ak9);
	}
}

Test(x12_ack, answer_speaks_the_senders_separators_and_version)
{
	struct str text = edi_exchanged(ISA_5010 "GS*PO*SAPP*RAPP*240131*1100*7*X*003060UCS~" ORDER END, '*', '|');
	struct x12_verdict bad = {.code = STR("5"),
				  .segment_tag = STR("PO1"),
				  .segment_position = 3,
				  .segment_code = STR("3"),
				  .element_position = 2,
				  .component_position = 4,
				  .element_code = STR("7"),
				  .bad_data = STR("*|")};
	struct str bytes = edi_written(acknowledged(edi_must_parse(text), &bad, 1));

	cr_expect_not_null(strstr(bytes.p, "|^|00501|"), "%s", bytes.p);
	cr_expect_not_null(strstr(bytes.p, "GS|FA|RAPP|SAPP|240229|1307|6|X|003060~"), "%s", bytes.p);
	cr_expect_not_null(strstr(bytes.p, "AK3|PO1|3||3~AK4|2>4||7|*~"), "%s", bytes.p);
}

Test(x12_ack, long_bad_data_is_cut_between_characters)
{
	struct x12_verdict bad = {.code = STR("5"), .segment_tag = STR("MSG"), .element_position = 1};
	const struct node *text;

	bad.bad_data = edi_repeated("", "\xC3\xA9", 100, "");
	text = edi_at(acknowledged(edi_must_parse(STR(ISA GS ORDER END)), &bad, 1), TRANSACTION ".segments.4.AK404");
	cr_expect_eq(node_text(text).n, 98);
	cr_expect(str_is_utf8(node_text(text)));
}

Test(x12_ack, acknowledgements_are_never_acknowledged)
{
	static const char *const sets[] = {"ST*997*0001~SE*2*0001~", "ST*999*0001~SE*2*0001~"};
	struct x12_verdict good = {.is_accepted = true};
	struct x12_ack_interchange ta1 = {.answer = X12_ACK_REJECTED, .note = STR("001")};
	struct node *answer, *root;

	for (size_t i = 0; i < COUNT_OF(sets); i++) {
		root = edi_must_parse(arena_printf(arena, "%s%s%s", ISA GS, sets[i], END));
		cr_expect_null(acknowledged(root, &good, 1));
		ta1.interchange = edi_at(root, "interchanges.0");
		answer = root;
		cr_expect_eq(x12_ack_interchange(&ta1, &numbers, arena, &answer, &why), OUTCOME_OK);
		cr_expect_null(answer);
	}
	ta1.interchange = edi_at(edi_must_parse(STR(ISA "TA1*1*240131*1100*A*000~IEA*0*11~")), "interchanges.0");
	cr_expect_eq(x12_ack_interchange(&ta1, &numbers, arena, &answer, &why), OUTCOME_OK);
	cr_expect_null(answer);
	cr_expect_null(acknowledged(edi_must_parse(STR(ISA "GS*FA*A*B***7~GE*0*7~IEA*1*11~")), NULL, 0));
	cr_expect_not_null(acknowledged(edi_must_parse(STR(ISA "GS*FA*A*B***7~" ORDER END)), &good, 1), "ST01 decides");
}

Test(x12_ack, interchange_is_answered_with_a_ta1)
{
	struct x12_ack_interchange about = {.answer = X12_ACK_REJECTED, .note = STR("025")};
	struct node *answer = NULL;
	struct str bytes;

	about.interchange = edi_at(edi_must_parse(STR(ISA GS ORDER END)), "interchanges.0");
	cr_assert_eq(x12_ack_interchange(&about, &numbers, arena, &answer, &why), OUTCOME_OK);
	bytes = edi_written(answer);
	cr_expect_str_eq(bytes.p, ANSWER_ISA "TA1*000000011*240131*1100*R*025~IEA*0*000000005~");
	cr_expect_null(strstr(trees_json(edi_must_parse(bytes)), "faults"));
	about.answer = X12_ACK_ACCEPTED;
	about.note = (struct str){NULL, 0};
	cr_assert_eq(x12_ack_interchange(&about, &numbers, arena, &answer, &why), OUTCOME_OK);
	cr_expect_not_null(strstr(edi_written(answer).p, "*A*000~"));
}

Test(x12_ack, answer_without_verdicts_or_numbers_is_refused)
{
	const struct node *root = edi_must_parse(STR(ISA GS ORDER END));
	struct x12_verdict good = {.is_accepted = true};
	struct x12_ack_group about = {edi_at(root, "interchanges.0"), edi_at(root, "interchanges.0.groups.0"), &good,
				      0};
	struct x12_ack_numbers wrong = numbers;
	struct node *answer = NULL;

	cr_expect_eq(x12_ack_group(&about, &numbers, arena, &answer, &why), OUTCOME_DEAD);
	cr_expect_str_eq(why.code, "x12-ack");
	about.verdicts_count = 1;
	wrong.interchange = 1000000000;
	cr_expect_eq(x12_ack_group(&about, &wrong, arena, &answer, &why), OUTCOME_DEAD);
	cr_expect_str_eq(why.code, "x12-ack");
	cr_expect_null(answer);
}

Test(x12_ack, too_little_memory_is_an_outcome)
{
	const struct node *root = edi_must_parse(STR(ISA GS ORDER END));
	struct x12_verdict bad = {.segment_tag = STR("PO1"), .element_position = 1, .bad_data = STR("x")};
	struct x12_ack_group about = {edi_at(root, "interchanges.0"), edi_at(root, "interchanges.0.groups.0"), &bad, 1};
	enum outcome outcome = OUTCOME_DEAD;
	struct node *answer = NULL;

	for (size_t bytes = 0; outcome != OUTCOME_OK; bytes += 16) {
		struct arena *small = arena_new(bytes);

		cr_assert_lt(bytes, 100000);
		outcome = x12_ack_group(&about, &numbers, small, &answer, &why);
		if (outcome != OUTCOME_OK) {
			cr_expect_str_eq(why.code, "document-too-large");
			cr_expect_null(answer);
		}
		arena_free(small);
	}
}
