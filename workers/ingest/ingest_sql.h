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
/* ingest_repeat_put - for ingest_repeats_known; in->reading is not 0 */
void ingest_repeat_put(struct rows *repeats, const struct item *item, const struct intake *in);
/* said  the order as it is published */
void ingest_order_put(struct rows *orders, const struct item *item, const struct intake *in, struct str said);
void ingest_lines_put(struct rows *lines, const struct order *order);
void ingest_confirmation_put(struct rows *confirmations, const struct batch *batch, const struct item *item,
			     const struct intake *in, struct uuid order_id);

extern const struct statement ingest_documents_put;
/* party, how many control numbers → party, its last one now */
extern const struct statement ingest_answer_numbers;
/* → order_id of each that was new */
extern const struct statement ingest_orders_insert;
/* order_id: nobody else looks at these orders until the transaction ends */
extern const struct statement ingest_orders_lock;
/* order_id, party, kind, content type, sha256, reading → from 1 which of them, and where the bytes are: of those whose order
 * is as the very same bytes, read in the same way, made it */
extern const struct statement ingest_repeats_known;
/* order_id, revision, is its document wanted, sha256 → order_id, content_sha256, revision, revision_no, is cancelled, shipments,
 * first requested_at, partner, document or NULL, was it of that revision before, the message that said it last, where the
 * bytes are if that one had those of sha256, when what it is now came */
extern const struct statement ingest_orders_known;
/* order_id, now: what was wanted before is kept */
extern const struct statement ingest_revisions_keep;
extern const struct statement ingest_orders_change;
void ingest_change_put(struct rows *orders, struct arena *arena, const struct item *item, const struct intake *in);
/* order_id, now */
extern const struct statement ingest_orders_cancel;
/* order_id: their open exceptions need nobody any more */
extern const struct statement ingest_exceptions_close;
/* order_id: before the changed ones are written */
extern const struct statement ingest_lines_delete;
extern const struct statement ingest_lines_insert;
/* order_id: what of it waits for stock waits no more */
extern const struct statement ingest_backorders_end;
/* party, the channel's number: likewise */
extern const struct statement ingest_backorders_end_named;
/* order_id, the id it would have had before, the time before which a cancellation no longer counts → of those for which one
 * waits the order_id, and the one that it stands under */
extern const struct statement ingest_orders_cancelled;
/* shipment_id → shipment_id, order_id, partner, document, was it asked for for certain */
extern const struct statement ingest_shipments_known;
/* → shipment_id of each that was new */
extern const struct statement ingest_confirmations_insert;
/* shipment_id → shipment_id, content_sha256 */
extern const struct statement ingest_confirmations_known;

#endif
