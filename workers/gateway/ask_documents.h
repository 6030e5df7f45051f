/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ask_documents - what became of a document: GET /v1/documents/{document_id}
 *
 * {document_id, kind, content_type, received_at, outcome, code?, path?, detail?, parent_id?, units_count?,
 *  orders: [{order_id, number, external_id, status_url}], units?: [{document_id, outcome, code?, path?, detail?, orders}],
 *  next?, after?}
 * outcome: order, change, cancel, shipment, acknowledgement, inventory, duplicate, exception (waits for a person), refused,
 * ignored, split (its units stand or fall alone; those that came so far, in order of their ids).
 */
#ifndef TRIBUTARY_GATEWAY_ASK_DOCUMENTS_H
#define TRIBUTARY_GATEWAY_ASK_DOCUMENTS_H

#include "gateway/route.h"

#define DOCUMENT_UNITS_MAX 500 /* of one page */

extern const char *const documents_query[]; /* after */

enum outcome ask_document(struct lane_work *work, struct call **calls, size_t n, struct why *why) MUST_CHECK;

#endif
