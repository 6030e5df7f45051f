/* SPDX-License-Identifier: Apache-2.0 */
/*
 * revise - what a channel says again about an order that it sent before: nothing new, a change, or a cancellation
 */
#ifndef TRIBUTARY_INGEST_REVISE_H
#define TRIBUTARY_INGEST_REVISE_H

#include "ingest/ingest_sql.h"

/* What is known of the order, and what was asked of warehouses for it. Texts are views. */
struct known_order {
	struct str content_sha256, revision;
	struct str document;     /* contract order; only for a change of some lines */
	struct uuid document_id; /* the message that said it last */
	struct uuid body_of;     /* where its bytes are, when they are those that came now; else nil */
	bool is_first;           /* it was never changed: said as accepted */
	bool is_cancelled;
	bool had_revision; /* what came now was taken before */
	int64_t shipments_count;
	int64_t requested_at_us; /* of the first shipment; 0: none */
	int64_t content_at_us;   /* when what it is now came */
	char partner[64];        /* of one of them */
};

enum revise_step {
	REVISE_DUPLICATE, /* the same again */
	REVISE_OLD,       /* an earlier revision than the one we have: recorded, nothing more */
	REVISE_CHANGE,    /* wanted now */
	REVISE_CANCEL,    /* not wanted any more */
	REVISE_LATE, /* a warehouse was asked already: a person decides   OUTCOME_HELD order-changed order-cancelled */
};

/*
 * revise_decide - pure
 * in   INTAKE_ORDER or INTAKE_CANCEL, as it came now, with its hash; INTAKE_CHANGE, after it was merged
 * why  filled for REVISE_OLD and REVISE_LATE
 */
enum revise_step revise_decide(const struct known_order *known, const struct intake *in, struct why *why);

/* revision_compare - as times when both are, as numbers when both are, else as text; < 0: a is earlier */
int revision_compare(struct str a, struct str b);

/*
 * revisions_apply - the items whose orders are there, each to its end; the caller holds the orders' locks
 * repeats  sorted by order id, those of one order as they came. The order itself may have come in this same batch.
 */
enum outcome revisions_apply(struct batch *batch, struct item **repeats, size_t n, struct why *why) MUST_CHECK;

#endif
