/* SPDX-License-Identifier: Apache-2.0 */
/*
 * flow - how much may go to each partner now: its circuit (breaker.h) and its rate (rate.h)
 * Two places ask: the window of its queue, so that what waits for a partner waits in its queue, and each request before
 * it begins, for what was on its way when the window closed. Of one process; each learns for itself.
 *
 *   circuit        window of the queue
 *   open           0, until its time is over
 *   half-open      1; on probation 1, 2, 4 …
 *   closed         no limit; with a rate as many as the bucket is good for when it is full, 0 while it fills. So what is
 *                  on its way has its token, and nothing comes that would have to be returned
 */
#ifndef TRIBUTARY_SHIP_SYNC_FLOW_H
#define TRIBUTARY_SHIP_SYNC_FLOW_H

#include "ship-sync/breaker.h"
#include "ship-sync/partners.h"
#include "worker/worker.h"

struct flows;

/* flows_new - all circuits closed, all buckets full; partners and skeleton are borrowed. NULL without memory */
struct flows *flows_new(const struct partners *partners, const struct breaker_terms *terms, struct skeleton *skeleton);
void flows_free(struct flows *f); /* NULL is fine */

/* flows_window - of the queue of the partner at this place among the parties */
struct queue_window flows_window(struct flows *f, size_t lane, int64_t now_us);

/* flows_begin - may a request begin? Then it has, and flows_end() must follow. */
bool flows_begin(struct flows *f, size_t lane) MUST_CHECK;
/* flows_end - a request has ended so; retry_after_s 0: the partner did not say. Changes are logged and counted. */
void flows_end(struct flows *f, size_t lane, enum breaker_end end, int64_t retry_after_s);

/* flows_is_closed - the circuit is closed: what fails, fails on its own account */
bool flows_is_closed(const struct flows *f, size_t lane);

#endif
