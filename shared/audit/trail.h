/* SPDX-License-Identifier: Apache-2.0 */
/*
 * trail - what became of a document: each message that was said because of it, at each worker it goes to
 * The journal has what each message came to and what was said because of it; routes.h has who hears that. A message that
 * no journal knows, that nothing holds up and that was said long ago is lost: it can be said again as it was recorded,
 * with the same id, and does no harm when it was only slow, for its worker answers it from the journal then.
 *
 *   document → ingest → order.accepted → enrich → order.enriched → allocate → …
 */
#ifndef TRIBUTARY_AUDIT_TRAIL_H
#define TRIBUTARY_AUDIT_TRAIL_H

#include "audit/audit.h"
#include "broker/broker.h"

/* What is known of a message that its stage's journal does not have. Times in microseconds, 0: never. */
struct trail_clue {
	bool is_settled;   /* it is there after all */
	bool is_done_said; /* the timeline says that it was done */
	bool is_waiting;   /* parked, or with a person: an exception or dead letter is open */
	bool is_retried;   /* it waits for its retry since … */
	int64_t retried_us;
	int64_t said_us;
	int64_t released_us; /* a person sent it on its way again */
	int64_t put_back_us; /* we did */
	int64_t times;       /* so often */
};

enum trail_step { TRAIL_SETTLED, TRAIL_WAITS, TRAIL_LOST, TRAIL_UNRECORDED };

#define TRAIL_TIMES_MAX 5 /* after that it is a finding, "silent", whether or not it is put back again */

/* trail_decide - pure; from one putting back to the next the time doubles */
enum trail_step trail_decide(const struct trail_clue *clue, int64_t now_us, int64_t grace_us);

struct trail_lost {
	struct outgoing message; /* as it was said, on its way to the one queue that misses it */
	struct uuid message_id, order_id;
	const char *queue, *stage;
	int64_t times; /* it was put back before */
};

struct trail {
	struct trail_lost *lost;
	size_t lost_count;
	struct uuid *unfinished; /* documents of which something has not settled yet */
	size_t unfinished_count;
};

/* trail_queues_read - since when each queue is there, as the auditor wrote it down; of the others nothing is missed */
enum outcome trail_queues_read(struct store *store, struct arena *arena, struct routes *routes,
			       struct why *why) MUST_CHECK;

/* trail_follow - of each document of the set; from the audit's arena. What is lost for good (TRAIL_UNRECORDED, or an
 * output that cannot be read) is a finding. */
enum outcome trail_follow(struct audit *a, const struct audit_set *documents, int64_t now_us, struct trail *trail,
			  struct why *why) MUST_CHECK;

#endif
