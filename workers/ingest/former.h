/* SPDX-License-Identifier: Apache-2.0 */
/*
 * former - orders that were accepted when ids were derived in another way (migration 0022) keep theirs
 */
#ifndef TRIBUTARY_INGEST_FORMER_H
#define TRIBUTARY_INGEST_FORMER_H

#include "worker/worker.h"

/* Whether there are any: asked once, for none is added later. */
enum former_ids { FORMER_IDS_UNKNOWN, FORMER_IDS_NONE, FORMER_IDS_SOME };

/* former_ids_apply - gives the items of such orders, and the orders in them, the ids that these have */
enum outcome former_ids_apply(struct batch *batch, enum former_ids *ids, struct why *why);

#endif
