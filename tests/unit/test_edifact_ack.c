/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/edifact_ack.h"

#include "base/instant.h"

#include "support/unb.h"

#include <criterion/criterion.h>

TestSuite(edifact, .init = trees_setup, .fini = trees_teardown, .timeout = 20);

#define SENT_AT "2026-03-04T05:06:07Z"
#define ANSWER_HEAD "UNB+UNOC:3+SELLER:14+BUYER:14+260304:0506+C1'UNH+1+CONTRL:D:3:UN'UCI+REF1+BUYER:14+SELLER:14+"

static struct edifact_ack
answer_to(const struct node *root, const struct edifact_verdict *verdicts, size_t count)
{
	struct edifact_ack ack = {.interchange = unb_interchange_of(root, 0),
				  .whole = {.action = EDIFACT_ACKNOWLEDGED}};

	ack.verdicts = verdicts;
	ack.verdicts_count = count;
	ack.control = STR("C1");
	cr_assert(instant_parse(STR(SENT_AT), &ack.sent_at_us));
	return ack;
}

/* The bytes of the answer; its tree is what they are parsed to. */
static const char *
answered(const struct edifact_ack *ack)
{
	struct node *root;
	struct str bytes;

	cr_assert_eq(edifact_ack_build(ack, arena, &root, &why), OUTCOME_OK, "%s: %s", why.code, why.text);
	bytes = unb_written(root);
	cr_expect_str_eq(trees_json(unb_must_parse(bytes)), trees_json(root));
	return bytes.p;
}

Test(edifact, contrl_tells_each_message_its_verdict)
{
	const struct edifact_verdict verdicts[] = {
	    {.action = EDIFACT_ACKNOWLEDGED},
	    {.action = EDIFACT_REJECTED, .error = STR("13"), .segment = 2},
	    {.action = EDIFACT_REJECTED, .error = STR("29"), .tag = STR("UNT"), .element = 1},
	    {.action = EDIFACT_REJECTED, .error = STR("12"), .segment = 3, .element = 3, .component = 2},
	    {.action = EDIFACT_REJECTED, .error = STR("26")},
	};
	const struct node *root = unb_must_parse(
	    STR(UNB_HEAD UNB_ONE_LINE "UNH+2+ORDERS:D:96A:UN:EAN008'UNT+2+2'UNH+3+ORDERS:D:96A:UN'BGM'UNT+9+3'"
				      "UNH+4+ORDERS:D:96A:UN'BGM'LIN+1++a:b'UNT+4+4'" UNB_ONE_LINE "UNZ+5+REF1'"));
	struct edifact_ack ack = answer_to(root, verdicts, COUNT_OF(verdicts));

	cr_expect_str_eq(answered(&ack),
			 ANSWER_HEAD "7'UCM+1+ORDERS:D:96A:UN+7'UCM+2+ORDERS:D:96A:UN:EAN008+4'UCS+2+13'"
				     "UCM+3+ORDERS:D:96A:UN+4+29+UNT+1'UCM+4+ORDERS:D:96A:UN+4'UCS+3'UCD+12+3:2'"
				     "UCM+1+ORDERS:D:96A:UN+4+26'UNT+11+1'UNZ+1+C1'");
}

Test(edifact, contrl_of_the_whole_interchange_needs_no_verdicts)
{
	struct edifact_ack ack = answer_to(unb_must_parse(STR(UNB_HEAD UNB_ONE_LINE UNB_TAIL)), NULL, 0);

	ack.whole.action = EDIFACT_RECEIVED;
	cr_expect_str_eq(answered(&ack), ANSWER_HEAD "8'UNT+3+1'UNZ+1+C1'");
	ack.whole =
	    (struct edifact_verdict){.action = EDIFACT_REJECTED, .error = STR("28"), .tag = STR("UNZ"), .element = 2};
	cr_expect_str_eq(answered(&ack), ANSWER_HEAD "4+28+UNZ+2'UNT+3+1'UNZ+1+C1'");
}

Test(edifact, contrl_answers_in_the_syntax_and_test_mode_of_the_interchange)
{
	const struct edifact_verdict verdict = {.action = EDIFACT_ACKNOWLEDGED};
	struct edifact_ack ack = answer_to(
	    unb_must_parse(STR(
		"UNA#+.?*'UNB+UNOC#4+A+B#14+20260101#1200+R?'1++++++1'UNH+1+ORDERS#D#01B#UN'BGM'UNT+3+1'UNZ+1+R?'1'")),
	    &verdict, 1);

	cr_expect_str_eq(answered(&ack),
			 "UNB+UNOC:4+B:14+A+20260304:0506+C1++++++1'UNH+1+CONTRL:4:1:UN'UCI+R?'1+A+B:14+7'"
			 "UCM+1+ORDERS:D:01B:UN+7'UNT+4+1'UNZ+1+C1'");
}

Test(edifact, contrl_tells_messages_of_groups_below_their_group)
{
	const struct edifact_verdict verdicts[] = {{.action = EDIFACT_ACKNOWLEDGED},
						   {.action = EDIFACT_REJECTED, .error = STR("18")}};
	struct edifact_ack ack =
	    answer_to(unb_must_parse(STR(UNB_HEAD "UNG+ORDERS+A:1+B+1:1+G'" UNB_ONE_LINE
						  "UNE+1+G'UNG+ORDERS+A+B+1:1+H'" UNB_ONE_LINE "UNE+1+H'UNZ+2+REF1'")),
		      verdicts, 2);

	cr_expect_str_eq(answered(&ack), ANSWER_HEAD "7'UCF+G+A:1+B+7'UCM+1+ORDERS:D:96A:UN+7'UCF+H+A+B+7'"
						     "UCM+1+ORDERS:D:96A:UN+4+18'UNT+7+1'UNZ+1+C1'");
}

static void
must_not_answer(const struct edifact_ack *ack)
{
	struct node *root = NULL;

	cr_expect_eq(edifact_ack_build(ack, arena, &root, &why), OUTCOME_DEAD);
	cr_expect_str_eq(why.code, "edifact-ack");
	cr_expect_null(root);
}

Test(edifact, contrl_is_never_answered)
{
	const struct edifact_verdict verdict = {.action = EDIFACT_ACKNOWLEDGED};
	const struct node *root = unb_must_parse(STR(UNB_HEAD "UNH+1+CONTRL:D:3:UN'UCI+1+A+B+8'UNT+3+1'" UNB_TAIL));
	struct edifact_ack ack = answer_to(root, &verdict, 1);

	must_not_answer(&ack);
	ack.whole.action = EDIFACT_RECEIVED;
	must_not_answer(&ack);
}

Test(edifact, contrl_is_refused_when_it_cannot_be_right)
{
	const struct edifact_verdict received = {.action = EDIFACT_RECEIVED}, fine = {.action = EDIFACT_ACKNOWLEDGED};
	const struct node *root = unb_must_parse(STR(UNB_HEAD UNB_ONE_LINE UNB_TAIL));
	const struct node *nobody = unb_must_parse(STR("UNB+UNOC:3++B+260101:1200+R'" UNB_ONE_LINE "UNZ+1+R'"));
	struct edifact_ack wrong[] = {answer_to(root, &fine, 0), answer_to(root, &received, 1),
				      answer_to(nobody, &fine, 1), answer_to(root, &fine, 1),
				      answer_to(root, &fine, 1)};

	wrong[3].control = STR("");
	wrong[4].control = STR("123456789012345");
	for (size_t i = 0; i < COUNT_OF(wrong); i++)
		must_not_answer(&wrong[i]);
}
