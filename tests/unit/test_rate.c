/* SPDX-License-Identifier: Apache-2.0 */
#include "ship-sync/rate.h"

#include <criterion/criterion.h>

#define S INT64_C(1000000)

Test(rate, without_a_limit_everything_may_go)
{
	struct rate r;

	rate_init(&r, 0, 0);
	for (int i = 0; i < 10000; i++)
		cr_assert(rate_take(&r, 0));
	cr_assert_eq(rate_wait_us(&r, 1, 0), 0);
}

Test(rate, a_burst_of_one_second_then_one_by_one)
{
	struct rate r;

	rate_init(&r, 5 * S, 0);
	cr_assert_eq(rate_burst(&r), 5);
	for (int i = 0; i < 5; i++)
		cr_assert(rate_take(&r, 0));
	cr_assert(!rate_take(&r, S / 5 - 1));
	cr_assert_eq(rate_wait_us(&r, 5, S / 5), S * 4 / 5);
	cr_assert(rate_take(&r, S / 5));
	cr_assert(!rate_take(&r, S / 5));
}

Test(rate, one_in_two_seconds)
{
	struct rate r;

	rate_init(&r, S / 2, 0);
	cr_assert_eq(rate_burst(&r), 1);
	cr_assert(rate_take(&r, 0));
	cr_assert_eq(rate_wait_us(&r, 1, 0), 2 * S);
	cr_assert(!rate_take(&r, 2 * S - 1));
	cr_assert(rate_take(&r, 2 * S));
}

Test(rate, asking_often_loses_nothing)
{
	struct rate r;
	int taken = 0;

	rate_init(&r, 3 * S, 0);
	for (int64_t now = 0; now <= 100 * S; now += 7)
		taken += rate_take(&r, now);
	cr_assert(taken >= 302 && taken <= 303, "%d", taken);
}

Test(rate, what_was_not_used_is_not_saved_beyond_a_second)
{
	struct rate r;
	int taken = 0;

	rate_init(&r, 5 * S, 0);
	for (int i = 0; i < 100; i++)
		taken += rate_take(&r, 1000 * S);
	cr_assert_eq(taken, 5);
}
