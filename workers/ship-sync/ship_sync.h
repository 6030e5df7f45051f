/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ship-sync - asks the partners' warehouses to ship
 */
#ifndef TRIBUTARY_SHIP_SYNC_H
#define TRIBUTARY_SHIP_SYNC_H

#include "worker/worker.h"

struct ship_sync_config {
	const char *partner_ca_file;
	int64_t call_concurrency, call_timeout_ms, connect_timeout_ms, lease_ms;
	int64_t breaker_failures, breaker_rate_percent, breaker_window, breaker_backoff_ms, breaker_backoff_max_ms,
	    retry_after_max_s;
};

/* ship_sync_open - addresses, secrets and mappings of every partner that ships */
enum outcome ship_sync_open(const struct setup *setup, void **state, struct why *why);
void ship_sync_close(void *state);

/* ship_sync_window - an open circuit's queue waits */
struct queue_window ship_sync_window(void *state, struct str queue, int64_t now_us);

/* shipment.requested: note what will be asked, ask, note how it ended */
enum outcome ship_sync_prepare(struct batch *batch, struct why *why);
enum outcome ship_sync_call(struct batch *batch, struct why *why);
enum outcome ship_sync_handle(struct batch *batch, struct why *why);
/* shipment.requested, in a preview: looks it up at the partner, and sends nothing */
enum outcome ship_sync_look(struct batch *batch, struct why *why);

/* shipment.confirmed: it arrived, whatever became of the answer */
enum outcome ship_sync_confirmed(struct batch *batch, struct why *why);

#endif
