/* SPDX-License-Identifier: Apache-2.0 */
#include "ship-sync/rate.h"

#define MICRO INT64_C(1000000)

bool
rate_is_limited(const struct rate *r)
{
	return r->per_second_micro > 0;
}

static int64_t
room_micro(const struct rate *r)
{
	return r->per_second_micro < MICRO ? MICRO : r->per_second_micro;
}

int64_t
rate_burst(const struct rate *r)
{
	return room_micro(r) / MICRO;
}

void
rate_init(struct rate *r, int64_t per_second_micro, int64_t now_us)
{
	*r = (struct rate){.per_second_micro = per_second_micro, .at_us = now_us};
	r->tokens_micro = room_micro(r);
}

/* Time moves on only by what became a whole millionth of a token, so that nothing is lost by asking often. */
static void
rate_fill(struct rate *r, int64_t now_us)
{
	__int128 more = (__int128)(now_us - r->at_us) * r->per_second_micro / MICRO;

	if (now_us <= r->at_us)
		return;
	if (more >= room_micro(r) - r->tokens_micro) {
		r->tokens_micro = room_micro(r);
		r->at_us = now_us;
		return;
	}
	r->tokens_micro += (int64_t)more;
	r->at_us += (int64_t)(more * MICRO / r->per_second_micro);
}

int64_t
rate_wait_us(struct rate *r, int64_t n, int64_t now_us)
{
	int64_t missing_micro;

	if (!rate_is_limited(r))
		return 0;
	rate_fill(r, now_us);
	missing_micro = n * MICRO - r->tokens_micro;
	if (missing_micro <= 0)
		return 0;
	return (int64_t)(((__int128)missing_micro * MICRO + r->per_second_micro - 1) / r->per_second_micro);
}

bool
rate_take(struct rate *r, int64_t now_us)
{
	if (rate_wait_us(r, 1, now_us) > 0)
		return false;
	r->tokens_micro -= rate_is_limited(r) ? MICRO : 0;
	return true;
}
