/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The circuit of a partner, with a clock and a seed that are given.
 */
#include "ship-sync/breaker.h"

#include <criterion/criterion.h>

#define S INT64_C(1000000)

static const struct breaker_terms terms = {.failures_max = 5,
					   .rate_percent = 50,
					   .window_count = 20,
					   .backoff_us = S,
					   .backoff_max_us = 60 * S,
					   .wait_max_us = 3600 * S};

static bool
ends(struct breaker *b, enum breaker_end end, int64_t now_us)
{
	return breaker_begin(b) && breaker_end(b, &terms, end, 0, now_us);
}

static struct breaker
opened(uint64_t seed, int64_t now_us)
{
	struct breaker b;

	breaker_init(&b, seed);
	for (int i = 0; i < 5; i++)
		(void)ends(&b, BREAKER_BAD, now_us);
	cr_assert_eq(b.state, BREAKER_OPEN);
	return b;
}

Test(breaker, opens_after_so_many_failures_in_a_row)
{
	struct breaker b;

	breaker_init(&b, 1);
	for (int i = 0; i < 4; i++)
		cr_assert(!ends(&b, BREAKER_BAD, 0));
	cr_assert(!ends(&b, BREAKER_GOOD, 0));
	for (int i = 0; i < 4; i++)
		cr_assert(!ends(&b, BREAKER_BAD, 0));
	cr_assert(ends(&b, BREAKER_BAD, 0));
	cr_assert_eq(b.state, BREAKER_OPEN);
	cr_assert_eq(b.reason, BREAKER_BAD);
	cr_assert(!breaker_begin(&b), "nothing is sent while it is open");
}

Test(breaker, opens_when_too_many_of_the_last_requests_failed)
{
	struct breaker b;

	breaker_init(&b, 1);
	for (int i = 0; i < 9; i++) {
		cr_assert(!ends(&b, BREAKER_GOOD, 0));
		cr_assert(!ends(&b, BREAKER_BAD, 0));
	}
	cr_assert(!ends(&b, BREAKER_GOOD, 0), "19 requests are no window yet");
	cr_assert(ends(&b, BREAKER_BAD, 0), "10 of 20");
}

Test(breaker, half_open_lets_one_through_and_its_success_closes)
{
	struct breaker b = opened(7, 0);

	cr_assert_eq(breaker_turn(&b, b.until_us - 1), BREAKER_OPEN);
	cr_assert_eq(breaker_turn(&b, b.until_us), BREAKER_HALF_OPEN);
	cr_assert(breaker_begin(&b));
	cr_assert(!breaker_begin(&b), "a second one must wait for the first");
	cr_assert(!breaker_end(&b, &terms, BREAKER_GOOD, 0, 2 * S));
	cr_assert_eq(b.state, BREAKER_CLOSED);
	cr_assert(breaker_begin(&b) && breaker_begin(&b));
}

Test(breaker, each_failed_trial_doubles_the_time_up_to_the_most)
{
	struct breaker b = opened(7, 0);
	int64_t now = 0, most = S;

	for (int i = 0; i < 50; i++) {
		int64_t open_us = b.until_us - now;

		cr_assert(open_us >= most / 2 && open_us <= most, "round %d: %ld of %ld", i, (long)open_us, (long)most);
		now = b.until_us;
		cr_assert_eq(breaker_turn(&b, now), BREAKER_HALF_OPEN);
		cr_assert(ends(&b, BREAKER_BAD, now));
		most = most * 2 < 60 * S ? most * 2 : 60 * S;
	}
	(void)breaker_turn(&b, b.until_us);
	for (int i = 0; i < 1 + BREAKER_PROBATION; i++)
		cr_assert(!ends(&b, BREAKER_GOOD, now));
	for (int i = 0; i < 5; i++)
		(void)ends(&b, BREAKER_BAD, now);
	cr_assert(b.until_us - now <= S, "closed for good, the backoff begins anew");
}

Test(breaker, on_probation_one_failure_opens_it_and_the_backoff_goes_on)
{
	struct breaker b = opened(7, 0);

	(void)breaker_turn(&b, b.until_us);
	cr_assert(!ends(&b, BREAKER_GOOD, 0));
	for (int i = 1; i < BREAKER_PROBATION; i++)
		cr_assert(!ends(&b, BREAKER_GOOD, 0));
	cr_assert(ends(&b, BREAKER_BAD, 0));
	cr_assert(b.until_us >= S && b.until_us <= 2 * S, "%ld", (long)b.until_us);
}

Test(breaker, probation_ends_when_it_was_closed_as_long_as_it_was_open)
{
	struct breaker b = opened(7, 0);
	int64_t closed_us = b.until_us;

	(void)breaker_turn(&b, closed_us);
	cr_assert(!ends(&b, BREAKER_GOOD, closed_us));
	(void)breaker_turn(&b, closed_us + b.open_us - 1);
	cr_assert_neq(breaker_room(&b), BREAKER_UNLIMITED);
	(void)breaker_turn(&b, closed_us + b.open_us);
	cr_assert_eq(breaker_room(&b), BREAKER_UNLIMITED);
	cr_assert(!ends(&b, BREAKER_BAD, closed_us + b.open_us));
}

Test(breaker, room_grows_on_probation)
{
	static const int64_t rooms[] = {1, 2, 2, 4};
	struct breaker b;

	breaker_init(&b, 1);
	cr_assert_eq(breaker_room(&b), BREAKER_UNLIMITED);
	b = opened(7, 0);
	cr_assert_eq(breaker_room(&b), 0);
	(void)breaker_turn(&b, b.until_us);
	cr_assert_eq(breaker_room(&b), 1);
	for (int i = 0; i < BREAKER_PROBATION; i++) {
		cr_assert(!ends(&b, BREAKER_GOOD, 0));
		cr_assert_eq(breaker_room(&b), rooms[i], "%d: %ld", i, (long)breaker_room(&b));
	}
	cr_assert(!ends(&b, BREAKER_GOOD, 0));
	cr_assert_eq(breaker_room(&b), BREAKER_UNLIMITED);
}

Test(breaker, jitter_is_spread_over_the_later_half)
{
	int64_t least = INT64_MAX, most = 0;

	for (uint64_t seed = 0; seed < 1000; seed++) {
		struct breaker b = opened(seed, 0);

		least = b.until_us < least ? b.until_us : least;
		most = b.until_us > most ? b.until_us : most;
	}
	cr_assert(least >= S / 2 && least < S * 55 / 100);
	cr_assert(most <= S && most > S * 95 / 100);
}

Test(breaker, the_same_seed_is_the_same_time)
{
	cr_assert_eq(opened(42, 0).until_us, opened(42, 0).until_us);
	cr_assert_neq(opened(42, 0).until_us, opened(43, 0).until_us);
}

Test(breaker, busy_opens_at_once_and_not_before_retry_after)
{
	struct breaker b;

	for (uint64_t seed = 0; seed < 1000; seed++) {
		breaker_init(&b, seed);
		cr_assert(breaker_begin(&b));
		cr_assert(breaker_end(&b, &terms, BREAKER_BUSY, 7 * S, 100));
		cr_assert_eq(b.reason, BREAKER_BUSY);
		cr_assert(b.until_us >= 7 * S + 100 && b.until_us <= 7 * S + 100 + S / 4);
	}
	cr_assert(!breaker_end(&b, &terms, BREAKER_BUSY, S, 200), "asks for less: what was asked first holds");
	cr_assert(breaker_end(&b, &terms, BREAKER_BUSY, 20 * S, 200), "asks for more");
	cr_assert_eq(b.until_us, 20 * S + 200);
}

Test(breaker, retry_after_is_believed_up_to_a_limit)
{
	struct breaker b;

	breaker_init(&b, 1);
	cr_assert(breaker_begin(&b));
	cr_assert(breaker_end(&b, &terms, BREAKER_BUSY, 1000000 * S, 0));
	cr_assert(b.until_us <= 3601 * S);
}

Test(breaker, denied_opens_at_once)
{
	struct breaker b;

	breaker_init(&b, 1);
	cr_assert(ends(&b, BREAKER_DENIED, 0));
	cr_assert_eq(b.state, BREAKER_OPEN);
	cr_assert_str_eq(breaker_end_name(b.reason), "denied");
}

Test(breaker, what_was_begun_before_it_opened_closes_nothing)
{
	struct breaker b = opened(7, 0);
	int64_t until_us = b.until_us;

	cr_assert(!breaker_end(&b, &terms, BREAKER_GOOD, 0, 0));
	cr_assert(!breaker_end(&b, &terms, BREAKER_BAD, 0, 0));
	cr_assert_eq(b.state, BREAKER_OPEN);
	cr_assert_eq(b.until_us, until_us);
}

Test(breaker, limits_of_zero_do_not_count)
{
	struct breaker_terms none = terms;
	struct breaker b;

	none.failures_max = none.rate_percent = 0;
	breaker_init(&b, 1);
	for (int i = 0; i < 1000; i++)
		cr_assert(breaker_begin(&b) && !breaker_end(&b, &none, BREAKER_BAD, 0, 0));
}
