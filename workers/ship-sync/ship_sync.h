/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ship-sync - asks the partners' warehouses to ship
 */
#ifndef TRIBUTARY_SHIP_SYNC_H
#define TRIBUTARY_SHIP_SYNC_H

#include "worker/worker.h"

struct ship_sync_config {
	int64_t call_concurrency, call_timeout_ms, lease_ms;
};

/* ship_sync_open - addresses, secrets and mappings of every partner that ships */
enum outcome ship_sync_open(const struct setup *setup, void **state, struct why *why);
void ship_sync_close(void *state);

/* shipment.requested: note what will be asked, ask, note how it ended */
enum outcome ship_sync_prepare(struct batch *batch, struct why *why);
enum outcome ship_sync_call(struct batch *batch, struct why *why);
enum outcome ship_sync_handle(struct batch *batch, struct why *why);

/* shipment.confirmed: it arrived, whatever became of the answer */
enum outcome ship_sync_confirmed(struct batch *batch, struct why *why);

#endif
