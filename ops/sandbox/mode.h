/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mode - how the sandbox warehouse behaves, so that every kind of trouble can be tried out
 */
#ifndef TRIBUTARY_SANDBOX_MODE_H
#define TRIBUTARY_SANDBOX_MODE_H

#include "base/arena.h"
#include "base/outcome.h"

enum mode_kind {
	MODE_NORMAL,
	MODE_SLOW,        /* accepts, and answers after delay_ms */
	MODE_FAIL,        /* 500, and nothing was accepted */
	MODE_FAIL_LATE,   /* accepts, and answers 500 */
	MODE_BUSY,        /* 429 with Retry-After */
	MODE_DROP_ANSWER, /* accepts, and closes the connection without an answer */
	MODE_DENIED,      /* 401, and nothing was accepted */
	MODE_CUT,         /* accepts, and closes the connection after cut_at bytes of its answer */
	MODE_CUT_BEFORE,  /* closes the connection, and nothing was accepted */
};

struct mode {
	int kind;                 /* enum mode_kind */
	int64_t delay_ms;         /* of slow */
	int64_t count;            /* requests it still holds for, then normal; 0: until it is changed */
	int64_t confirm_delay_ms; /* from accepting to shipping */
	bool lookup_fails;        /* to be asked what it has answers 500 */
	int64_t cut_at;           /* bytes of the whole answer, from its status line on */
	int64_t cut_step;         /* added to it with each request */
	int64_t retry_after_s;    /* of busy; 0: it does not say */
	bool is_dated;            /* and says it as a date */
	int64_t short_micro;      /* the part of each quantity that is shipped; 1000000: all */
};

#define MODE_DELAY_MS_MAX 600000

/* mode_kind_parse - "normal", "slow" …; false for what is none */
bool mode_kind_parse(struct str text, int *kind) MUST_CHECK;
const char *mode_kind_name(int kind);

/*
 * mode_change - {"mode": "busy", "delay_ms": 2000, "count": 10, "confirm_delay_ms": 200, "short": "0.5",
 *               "lookup": "fail", "cut_at": 0, "cut_step": 1, "retry_after": 5, "retry_after_as": "date"}
 * What is left out stays as it is; but a `mode` without `count` holds until it is changed.
 *
 * OUTCOME_DEAD  not that; `mode` is as before       codes: those of json_parse, field-unknown, field-range
 */
enum outcome mode_change(struct mode *mode, struct str body, struct arena *arena, struct why *why) MUST_CHECK;

/* mode_take - how to treat the next request */
enum mode_kind mode_take(struct mode *mode);

void mode_put_json(const struct mode *mode, struct buf *out);

#endif
