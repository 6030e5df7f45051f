/* SPDX-License-Identifier: Apache-2.0 */
/*
 * returns - the batch's requests to send goods of an order back
 * A request is taken when its order is there, is its party's, and has shipped at least what it asks for, beside what was
 * asked for before. It gets a number and is said as return.requested. Another party's order is as unknown as none.
 *
 *   returns_find --which orders?--> returns_lock_put --nobody else looks at them--> returns_store
 */
#ifndef TRIBUTARY_INGEST_RETURNS_H
#define TRIBUTARY_INGEST_RETURNS_H

#include "model/return_request.h"
#include "worker/worker.h"

/* An order's line, and what of it may come back. Quantities are millionths; texts are views. */
struct returnable {
	int64_t line_no;
	struct str line_ref, sku, gtin, unit; /* as ordered; unit empty: the base unit */
	struct str item_no, base_unit;        /* empty: the order is not enriched */
	int64_t quantity_micro, base_quantity_micro;
	int64_t shipped_micro, returned_micro; /* in the base unit; returned: asked for before */
	int64_t asked_micro;                   /* return_apply()'s own */
};

/*
 * return_apply - pure; fill in our own words for a request's lines, and count what they ask for as returned
 * lines  all of the order's, n of them; returned_micro grows on OUTCOME_OK only
 * OUTCOME_HELD  codes: return-line-unknown return-line-ambiguous return-unit unit-inexact return-over
 */
enum outcome return_apply(struct return_request *request, struct returnable *lines, size_t n,
			  struct why *why) MUST_CHECK;

/* returns_find - the orders of all requests among the batch's items; items fail one by one */
enum outcome returns_find(struct batch *batch, struct why *why) MUST_CHECK;
/* returns_lock_put - what must be locked before returns_store(), for ingest_orders_lock */
void returns_lock_put(struct rows *locks, const struct batch *batch);
/* returns_store - all requests whose orders were found, each to its end */
enum outcome returns_store(struct batch *batch, struct why *why) MUST_CHECK;

#endif
