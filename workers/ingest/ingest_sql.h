/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ingest_sql - ingest's statements; the only place of this worker that knows columns
 */
#ifndef TRIBUTARY_INGEST_SQL_H
#define TRIBUTARY_INGEST_SQL_H

#include "intake/intake.h"
#include "worker/worker.h"

/* ingest_document_put - the raw document and what it came to */
void ingest_document_put(struct rows *documents, const struct batch *batch, const struct item *item,
			 const struct intake *in);
void ingest_order_put(struct rows *orders, struct arena *arena, const struct item *item, const struct intake *in);
void ingest_lines_put(struct rows *lines, const struct order *order);
void ingest_confirmation_put(struct rows *confirmations, const struct batch *batch, const struct item *item,
			     const struct intake *in, struct uuid order_id);

extern const struct statement ingest_documents_put;
/* → order_id of each that was new */
extern const struct statement ingest_orders_insert;
/* order_id → order_id, content_sha256 */
extern const struct statement ingest_orders_known;
extern const struct statement ingest_lines_insert;
/* order_id → those for which a cancellation waits */
extern const struct statement ingest_orders_cancelled;
/* shipment_id → shipment_id, order_id, partner, document */
extern const struct statement ingest_shipments_known;
/* → shipment_id of each that was new */
extern const struct statement ingest_confirmations_insert;
/* shipment_id → shipment_id, content_sha256 */
extern const struct statement ingest_confirmations_known;

#endif
