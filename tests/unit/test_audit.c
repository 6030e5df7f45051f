/* SPDX-License-Identifier: Apache-2.0 */
#include "audit/trail.h"
#include "auditor/auditor.h"

#include <criterion/criterion.h>
#include <string.h>

#define MINUTE_US (INT64_C(60) * 1000000)
#define GRACE_US (15 * MINUTE_US)
#define NOW_US (INT64_C(1000) * 60 * MINUTE_US)

TestSuite(audit, .timeout = 20);
TestSuite(auditor, .timeout = 20);

Test(audit, topic_words_match_as_the_broker_matches_them)
{
	cr_expect(topic_matches(STR("order.accepted.#"), STR("order.accepted.shopify")));
	cr_expect(topic_matches(STR("order.accepted.#"), STR("order.accepted")));
	cr_expect(topic_matches(STR("shipment.confirmed.*.edi-acme"), STR("shipment.confirmed.none.edi-acme")));
	cr_expect(topic_matches(STR("#.b.#"), STR("a.b.c.d")));
	cr_expect(topic_matches(STR("#"), STR("anything.at.all")));
	cr_expect(topic_matches(STR("*.ingest.shopify"), STR("now.ingest.shopify")));
	cr_expect_not(topic_matches(STR("order.accepted.*"), STR("order.accepted")));
	cr_expect_not(topic_matches(STR("order.accepted.*"), STR("order.accepted.a.b")));
	cr_expect_not(topic_matches(STR("order.accepted.#"), STR("order.enriched.shopify")));
	cr_expect_not(topic_matches(STR("shipment.requested.a"), STR("shipment.requested.ab")));
}

Test(audit, what_settled_meanwhile_is_not_lost)
{
	struct trail_clue clue = {.is_settled = true, .said_us = 1};

	cr_expect_eq(trail_decide(&clue, NOW_US, GRACE_US), TRAIL_SETTLED);
}

Test(audit, a_message_is_lost_when_it_was_said_long_ago_and_nothing_holds_it_up)
{
	struct trail_clue clue = {.said_us = NOW_US - GRACE_US};

	cr_expect_eq(trail_decide(&clue, NOW_US, GRACE_US), TRAIL_LOST);
	clue.said_us++;
	cr_expect_eq(trail_decide(&clue, NOW_US, GRACE_US), TRAIL_WAITS);
}

Test(audit, what_is_parked_or_with_a_person_waits_however_long)
{
	struct trail_clue clue = {.said_us = 1, .is_waiting = true};

	cr_expect_eq(trail_decide(&clue, NOW_US, GRACE_US), TRAIL_WAITS);
}

Test(audit, what_waits_for_its_retry_has_the_longest_delay_and_the_grace_period)
{
	struct trail_clue clue = {.said_us = 1, .is_retried = true, .retried_us = NOW_US - 70 * MINUTE_US};

	cr_expect_eq(trail_decide(&clue, NOW_US, GRACE_US), TRAIL_WAITS);
	clue.retried_us = NOW_US - 75 * MINUTE_US;
	cr_expect_eq(trail_decide(&clue, NOW_US, GRACE_US), TRAIL_LOST);
}

Test(audit, what_a_person_released_has_the_grace_period_again)
{
	struct trail_clue clue = {.said_us = 1, .released_us = NOW_US - MINUTE_US};

	cr_expect_eq(trail_decide(&clue, NOW_US, GRACE_US), TRAIL_WAITS);
}

Test(audit, from_one_putting_back_to_the_next_the_time_doubles)
{
	struct trail_clue clue = {.said_us = 1, .times = 1, .put_back_us = NOW_US - 2 * GRACE_US + 1};

	cr_expect_eq(trail_decide(&clue, NOW_US, GRACE_US), TRAIL_WAITS);
	clue.put_back_us--;
	cr_expect_eq(trail_decide(&clue, NOW_US, GRACE_US), TRAIL_LOST);
	clue.times = 2;
	cr_expect_eq(trail_decide(&clue, NOW_US, GRACE_US), TRAIL_WAITS);
	clue.put_back_us = NOW_US - 4 * GRACE_US;
	cr_expect_eq(trail_decide(&clue, NOW_US, GRACE_US), TRAIL_LOST);
}

Test(audit, what_was_done_by_the_timeline_and_not_by_the_journal_is_told_not_put_back)
{
	struct trail_clue clue = {.said_us = 1, .is_done_said = true};

	cr_expect_eq(trail_decide(&clue, NOW_US, GRACE_US), TRAIL_UNRECORDED);
}

Test(audit, every_check_has_a_name_of_its_own_that_fits_its_metric)
{
	for (size_t i = 0; i < audit_checks_count; i++) {
		cr_expect_lt(strlen(audit_checks[i].name), 32);
		for (size_t j = 0; j < i; j++)
			cr_expect_str_neq(audit_checks[i].name, audit_checks[j].name);
	}
}

Test(auditor, it_rests_three_times_as_long_as_it_worked_and_nine_times_while_orders_come)
{
	cr_expect_eq(auditor_rest_ms(100000, 0, 1000000), 300);
	cr_expect_eq(auditor_rest_ms(100000, 499, 1000000), 300);
	cr_expect_eq(auditor_rest_ms(100000, 500, 1000000), 900);
	cr_expect_eq(auditor_rest_ms(100000, 50, 100000), 900);
	cr_expect_eq(auditor_rest_ms(100000, 500, 10000000), 300);
}

Test(auditor, a_rest_has_an_end)
{
	cr_expect_eq(auditor_rest_ms(60000000, 0, 1000000), 5000);
	cr_expect_eq(auditor_rest_ms(60000000, 20000, 1000000), 5000);
}
