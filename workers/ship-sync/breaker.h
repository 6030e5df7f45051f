/* SPDX-License-Identifier: Apache-2.0 */
/*
 * breaker - is a partner to be asked now? Its outage is a queue, not a storm (promise P5)
 *
 *           ┌──────────────── the trial went well ─────────────────┐
 *           v                                                      │
 *        closed ── failures_max in a row, or rate_percent ──→ open ── its time is over ──→ half-open
 *           │      of the last window_count failed             ^                             │
 *           └─── busy (429, 503) or denied (401, 403): ────────┤                             │
 *                at once                                       └──── the trial failed ───────┘
 *
 * Open lasts backoff_us, twice that after each failed trial, backoff_max_us at most; the later half of it is chance, so
 * that processes do not come back in step. It never ends before the partner's own Retry-After. Half-open, one request
 * is under way at a time. What ends while it is open was begun before, and closes nothing.
 *
 * Closed by a trial, it is on probation for BREAKER_PROBATION good ends, or for as long as it was open: more and more
 * requests at a time, the first failure opens it again, and the backoff goes on from where it was. One answer is not yet a partner that is back: it may
 * look things up well and take nothing.
 *
 * No I/O, no clock, no allocation: time is handed in, chance comes from a seed.
 */
#ifndef TRIBUTARY_SHIP_SYNC_BREAKER_H
#define TRIBUTARY_SHIP_SYNC_BREAKER_H

#include "base/outcome.h"

#define BREAKER_WINDOW_MAX 64
#define BREAKER_PROBATION 4
#define BREAKER_UNLIMITED INT64_MAX

struct breaker_terms {
	int64_t failures_max; /* in a row; 0: does not count */
	int64_t rate_percent; /* of the window; 0: does not count */
	int64_t window_count; /* 1..BREAKER_WINDOW_MAX last requests; the rate counts once there are so many */
	int64_t backoff_us, backoff_max_us;
	int64_t wait_max_us; /* longest Retry-After that is believed */
};

/* The numbers are those of the metric. */
enum breaker_state { BREAKER_CLOSED = 0, BREAKER_HALF_OPEN = 1, BREAKER_OPEN = 2 };

/* How a request ended, seen from the partner's health. */
enum breaker_end {
	BREAKER_GOOD,   /* it works, whatever it said */
	BREAKER_BAD,    /* no answer, or none that makes sense */
	BREAKER_BUSY,   /* it asks us to slow down */
	BREAKER_DENIED, /* it does not accept who we are */
};

struct breaker {
	enum breaker_state state;
	enum breaker_end reason; /* of the last opening */
	int64_t until_us;        /* of open */
	int64_t failures_count;  /* in a row */
	uint64_t window;         /* a bit per request, 1: failed; the latest is bit 0 */
	int64_t window_filled;   /* how many of its bits say something */
	int64_t doublings;       /* openings since it was closed for good */
	int64_t probation_count; /* good ends that are still missing to that */
	int64_t open_us;         /* how long it was to be open the last time */
	int64_t closed_us;       /* when the last trial went well */
	bool is_trial_under_way;
	uint64_t seed;
};

/* breaker_init - closed; processes that shall not come back in step have different seeds */
void breaker_init(struct breaker *b, uint64_t seed);

/* breaker_turn - open becomes half-open, and probation ends, when its time is over; the state then */
enum breaker_state breaker_turn(struct breaker *b, int64_t now_us);

/* breaker_room - how many requests may be under way; BREAKER_UNLIMITED: as many as you like */
int64_t breaker_room(const struct breaker *b);

/* breaker_begin - may a request begin? Then it has, and breaker_end() must follow. */
bool breaker_begin(struct breaker *b) MUST_CHECK;

/*
 * breaker_end - a request has ended so
 * wait_us  what the partner asked us to wait (Retry-After); 0: it did not say
 * True when the circuit opened by it, or is open for longer now.
 */
bool breaker_end(struct breaker *b, const struct breaker_terms *terms, enum breaker_end end, int64_t wait_us,
		 int64_t now_us);

const char *breaker_state_name(enum breaker_state state);
/* breaker_end_name - good, failing, busy, denied */
const char *breaker_end_name(enum breaker_end end);

#endif
