/* SPDX-License-Identifier: Apache-2.0 */
/*
 * allocate - reserves stock for orders and takes out what has left
 */
#ifndef TRIBUTARY_ALLOCATE_H
#define TRIBUTARY_ALLOCATE_H

#include "worker/worker.h"

/* allocate_order - order.enriched: reserve, split into shipments, ask for them */
enum outcome allocate_order(struct batch *batch, struct why *why);
/* allocate_backorder - backorder.due: what the order waits for, as far as it is there now */
enum outcome allocate_backorder(struct batch *batch, struct why *why);
/* allocate_shipped - shipment.confirmed: close the reservations, lower the stock */
enum outcome allocate_shipped(struct batch *batch, struct why *why);

#endif
