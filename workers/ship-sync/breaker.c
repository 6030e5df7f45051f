/* SPDX-License-Identifier: Apache-2.0 */
#include "ship-sync/breaker.h"

#define DOUBLINGS_MAX 30

static const char *const state_names[] = {"closed", "half-open", "open"};
static const char *const end_names[] = {"good", "failing", "busy", "denied"};

const char *
breaker_state_name(enum breaker_state state)
{
	return state_names[state];
}

const char *
breaker_end_name(enum breaker_end end)
{
	return end_names[end];
}

void
breaker_init(struct breaker *b, uint64_t seed)
{
	*b = (struct breaker){.seed = seed};
}

/* splitmix64: any seed will do, also 0. */
static uint64_t
chance(struct breaker *b)
{
	uint64_t z = b->seed += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

static int64_t
backoff_us(struct breaker *b, const struct breaker_terms *terms)
{
	int64_t us = terms->backoff_us;

	for (int64_t i = 0; i < b->doublings && us < terms->backoff_max_us; i++)
		us *= 2;
	if (us > terms->backoff_max_us)
		us = terms->backoff_max_us;
	return us - (int64_t)(chance(b) % (uint64_t)(us / 2 + 1));
}

static void
circuit_open(struct breaker *b, const struct breaker_terms *terms, enum breaker_end reason, int64_t wait_us,
	     int64_t now_us)
{
	int64_t us = backoff_us(b, terms);

	if (wait_us > terms->wait_max_us)
		wait_us = terms->wait_max_us;
	/* What the partner asked for is kept to the last moment; chance comes on top. */
	if (us < wait_us)
		us = wait_us + (int64_t)(chance(b) % (uint64_t)(terms->backoff_us / 4 + 1));
	if (b->doublings < DOUBLINGS_MAX)
		b->doublings++;
	b->state = BREAKER_OPEN;
	b->reason = reason;
	b->until_us = now_us + us;
	b->open_us = us;
	b->is_trial_under_way = false;
	b->failures_count = 0;
	b->window = 0;
	b->window_filled = 0;
}

static void
circuit_close(struct breaker *b, int64_t now_us)
{
	b->state = BREAKER_CLOSED;
	b->is_trial_under_way = false;
	b->probation_count = BREAKER_PROBATION;
	b->closed_us = now_us;
}

int64_t
breaker_room(const struct breaker *b)
{
	int64_t room = 1;

	if (b->state != BREAKER_CLOSED)
		return b->state == BREAKER_HALF_OPEN;
	if (b->probation_count == 0)
		return BREAKER_UNLIMITED;
	while (room * 2 <= BREAKER_PROBATION - b->probation_count + 1)
		room *= 2;
	return room;
}

static void
probation_end(struct breaker *b)
{
	b->probation_count = 0;
	b->doublings = 0;
}

enum breaker_state
breaker_turn(struct breaker *b, int64_t now_us)
{
	if (b->state == BREAKER_OPEN && now_us >= b->until_us)
		b->state = BREAKER_HALF_OPEN;
	if (b->state == BREAKER_CLOSED && b->probation_count > 0 && now_us - b->closed_us >= b->open_us)
		probation_end(b);
	return b->state;
}

bool
breaker_begin(struct breaker *b)
{
	if (b->state == BREAKER_OPEN || b->is_trial_under_way)
		return false;
	b->is_trial_under_way = b->state == BREAKER_HALF_OPEN;
	return true;
}

static void
window_put(struct breaker *b, const struct breaker_terms *terms, bool is_failure)
{
	b->window = b->window << 1 | is_failure;
	if (b->window_filled < terms->window_count)
		b->window_filled++;
	b->failures_count = is_failure ? b->failures_count + 1 : 0;
}

static bool
is_too_much(const struct breaker *b, const struct breaker_terms *terms)
{
	uint64_t mask =
	    terms->window_count < BREAKER_WINDOW_MAX ? (UINT64_C(1) << terms->window_count) - 1 : UINT64_MAX;
	int64_t failed_count = __builtin_popcountll(b->window & mask);

	if (b->probation_count > 0)
		return true;
	if (terms->failures_max && b->failures_count >= terms->failures_max)
		return true;
	return terms->rate_percent && b->window_filled >= terms->window_count &&
	       failed_count * 100 >= terms->rate_percent * terms->window_count;
}

/* Begun before it opened: only how long we are asked to wait still counts. */
static bool
late_end(struct breaker *b, const struct breaker_terms *terms, int64_t wait_us, int64_t now_us)
{
	int64_t until_us = now_us + (wait_us < terms->wait_max_us ? wait_us : terms->wait_max_us);

	if (until_us <= b->until_us)
		return false;
	b->until_us = until_us;
	return true;
}

bool
breaker_end(struct breaker *b, const struct breaker_terms *terms, enum breaker_end end, int64_t wait_us, int64_t now_us)
{
	if (b->state == BREAKER_OPEN)
		return late_end(b, terms, wait_us, now_us);
	if (end == BREAKER_GOOD) {
		if (b->state == BREAKER_HALF_OPEN)
			circuit_close(b, now_us);
		else if (b->probation_count > 0 && --b->probation_count == 0)
			probation_end(b);
		window_put(b, terms, false);
		return false;
	}
	window_put(b, terms, true);
	if (b->state == BREAKER_CLOSED && end == BREAKER_BAD && !is_too_much(b, terms))
		return false;
	circuit_open(b, terms, end, wait_us, now_us);
	return true;
}
