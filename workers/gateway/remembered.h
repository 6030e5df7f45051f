/* SPDX-License-Identifier: Apache-2.0 */
/*
 * remembered - the Idempotency-Keys of submissions, in Postgres: a key, what came with it, and the answer
 * A key is remembered for REMEMBERED_DAYS.
 */
#ifndef TRIBUTARY_GATEWAY_REMEMBERED_H
#define TRIBUTARY_GATEWAY_REMEMBERED_H

#include "gateway/route.h"

#define REMEMBERED_DAYS 30
#define KEY_BYTES_MAX 255

struct remembered {
	/* given */
	struct str party, key, routing_key, content_type, body;
	struct uuid document_id; /* and answer: of the first time, when it was there */
	struct str answer;
	/* written by remembered_find() and remembered_take(): */
	bool is_known;         /* the key is there */
	bool differs;          /* and came with something else */
	struct why errors[20]; /* what differs */
	size_t errors_n;
};

/* remembered_find - which keys are there? n of them */
enum outcome remembered_find(struct lane_work *work, struct remembered **asked, size_t n, struct why *why) MUST_CHECK;

/*
 * remembered_take - in one transaction, committed: each key is taken by the first that comes with it
 * n of them; of two with the same key in one set the first has it
 */
enum outcome remembered_take(struct lane_work *work, struct remembered **asked, size_t n, struct why *why) MUST_CHECK;

/* remembered_forget - of those that are older than REMEMBERED_DAYS at most 10,000: call it again and again */
enum outcome remembered_forget(struct store *store, struct arena *arena, struct why *why) MUST_CHECK;

#endif
