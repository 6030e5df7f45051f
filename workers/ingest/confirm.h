/* SPDX-License-Identifier: Apache-2.0 */
/*
 * confirm - the partners' confirmations of a batch
 * A confirmation names a shipment of ours; it is stored once and said as shipment.confirmed with the whole shipment.
 */
#ifndef TRIBUTARY_INGEST_CONFIRM_H
#define TRIBUTARY_INGEST_CONFIRM_H

#include "model/shipment.h"
#include "worker/worker.h"

/*
 * confirmation_apply - fill in what was shipped
 * Without lines everything was shipped as asked.
 * OUTCOME_HELD  codes: shipment-line-unknown shipment-over
 */
enum outcome confirmation_apply(const struct confirmation *c, struct shipment *shipment, struct why *why) MUST_CHECK;

/* confirmations_store - all confirmations among the batch's items; items fail one by one */
enum outcome confirmations_store(struct batch *batch, struct why *why) MUST_CHECK;

#endif
