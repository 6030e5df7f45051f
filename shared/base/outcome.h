/* SPDX-License-Identifier: Apache-2.0 */
/*
 * outcome - how a fallible call or an item ended, and why
 * A call that can fail returns an outcome and takes a `struct why *` as its last parameter. Results are written only on
 * OUTCOME_OK. Classify where the fact is known; only the skeleton turns an outcome into ack, retry, hold or dead
 * letter.
 */
#ifndef TRIBUTARY_BASE_OUTCOME_H
#define TRIBUTARY_BASE_OUTCOME_H

#include "base/str.h"

enum outcome {
	OUTCOME_OK,     /* done */
	OUTCOME_RETRY,  /* not the message's fault, or it may pass: a conflict, a time-out of one peer */
	OUTCOME_AWAY,   /* a server we need is away: pause, reconnect, burn no attempt */
	OUTCOME_HELD,   /* the business says no: an exception waits for a person or a rule */
	OUTCOME_PARKED, /* an earlier message of this order has not settled: waits behind it */
	OUTCOME_DEAD,   /* malformed, unknown, a bug: dead letter */
	OUTCOME_UNSURE, /* sent, and the answer was lost */
};

/*
 * code  kebab-case and stable, a literal; listed in ops/error-codes.md
 * path  the field concerned, "" when there is none: lines[2].quantity
 * text  for a person; never payload, personal data or a secret
 */
struct why {
	const char *code;
	char path[96];
	char text[256];
};

#define MUST_CHECK __attribute__((warn_unused_result))

const char *outcome_name(enum outcome outcome);

/* why_set - fill `why` (which may be NULL) and hand `outcome` on, so that a failure is one statement */
enum outcome why_set(struct why *why, enum outcome outcome, const char *code, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* why_at - as why_set, with the field's path */
enum outcome why_at(struct why *why, enum outcome outcome, const char *code, const char *path, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

#endif
