/* SPDX-License-Identifier: Apache-2.0 */
/*
 * notify_sql - notify's statements; the only place of this worker that knows columns
 */
#ifndef TRIBUTARY_NOTIFY_SQL_H
#define TRIBUTARY_NOTIFY_SQL_H

#include "party/party.h"
#include "store/store.h"

/* order_id → order_id, document: the order with what our books say */
extern const struct statement notify_orders_known;
/* order_id → order_id, document_id, what: all that was issued about these orders before, or omitted */
extern const struct statement notify_documents_issued;
/* party, count → party, the last of so many consecutive numbers */
extern const struct statement notify_numbers_take;

struct issued {
	struct uuid document_id, order_id;
	struct str party, body;
	enum party_sends what;
	int64_t control, issued_at_us;
	const char *content_type;
};
extern const struct statement notify_document_insert;
/* document_id, party, what, order_id, code, when */
extern const struct statement notify_omitted_insert;
void notify_document_put(struct rows *rows, const struct issued *issued);

/* party, control → party, control, document_id, order_id, what, state; what nobody sent is not among them */
extern const struct statement notify_documents_answered;
/* document_id, state, reason, when */
extern const struct statement notify_document_answer;

#endif
