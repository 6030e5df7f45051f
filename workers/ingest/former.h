/* SPDX-License-Identifier: Apache-2.0 */
/*
 * former - orders that were accepted when ids were derived in another way (migration 0022) keep theirs
 */
#ifndef TRIBUTARY_INGEST_FORMER_H
#define TRIBUTARY_INGEST_FORMER_H

#include "worker/worker.h"

/* former_ids_apply - gives the items of such orders, also those that Redis named, and the orders in them, the ids that these
 * have */
enum outcome former_ids_apply(struct batch *batch, struct why *why);

#endif
