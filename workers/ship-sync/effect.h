/* SPDX-License-Identifier: Apache-2.0 */
/*
 * effect - may a request be sent, and what its answer makes of it (promise P3: unknown is not failed)
 *
 *               ┌──────────── not taken ────────────┐
 *               v                                   │
 *   (none) → prepared ── sent ──┬─ taken ────→ confirmed    for good
 *               │               ├─ refused ──→ refused      a person releases it: sent again
 *               │               └─ no answer → in_doubt
 *               └─ older than the lease ─────→ in_doubt
 *
 *   in_doubt ── looked up ──┬─ found ──→ confirmed, with the partner's number
 *      │                    ├─ absent ─→ prepared: sent again
 *      │                    └─ no answer: stays, is looked up again
 *      └─ where nothing can be looked up: a person releases it, or a confirmation proves it
 *
 * The code `not-sent` on any row but a confirmed one says that the partner certainly does not have it, or that a person
 * decided so: it may be sent again.
 */
#ifndef TRIBUTARY_SHIP_SYNC_EFFECT_H
#define TRIBUTARY_SHIP_SYNC_EFFECT_H

#include "base/outcome.h"

#define EFFECT_NOT_SENT "not-sent"

enum effect_state { EFFECT_PREPARED, EFFECT_CONFIRMED, EFFECT_REFUSED, EFFECT_IN_DOUBT };

/* A row of the ledger that was there before. */
struct effect {
	enum effect_state state;
	bool is_not_sent; /* its code is EFFECT_NOT_SENT */
	int64_t age_us;   /* since it was prepared */
	bool can_probe;   /* its partner can be asked whether it has it */
};

enum effect_step {
	EFFECT_SEND,  /* arm it again and send */
	EFFECT_DONE,  /* the partner has it: nothing to do */
	EFFECT_PROBE, /* arm it again, look whether the partner has it, and send it only if not */
	EFFECT_WAIT,  /* somebody may be sending it right now: come again          OUTCOME_RETRY effect-in-flight */
	EFFECT_HOLD,  /* a person decides                                          OUTCOME_HELD  partner-refused,
			 in-doubt */
	EFFECT_DOUBT, /* who prepared it never said how it ended: now in doubt     OUTCOME_HELD  in-doubt */
};

/*
 * effect_decide - what to do about an effect that was prepared before
 * lease_us  no request of ours lasts longer
 * why       filled for WAIT, HOLD and DOUBT
 */
enum effect_step effect_decide(const struct effect *known, int64_t lease_us, struct why *why);

/* effect_settle - the state after a request that ended so; *is_not_sent says whether it gets that code */
enum effect_state effect_settle(enum outcome answer, bool *is_not_sent);

const char *effect_state_name(enum effect_state state);
/* effect_state_parse - false for what is no state */
bool effect_state_parse(struct str text, enum effect_state *state) MUST_CHECK;

#endif
