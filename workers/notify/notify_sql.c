/* SPDX-License-Identifier: Apache-2.0 */
#include "notify/notify_sql.h"

const struct statement notify_orders_known = {
    "notify_orders_known", "U", "SELECT order_id, document FROM tributary.enrichments WHERE order_id = ANY ($1)"};

const struct statement notify_documents_issued = {
    "notify_documents_issued", "U",
    "SELECT order_id, document_id, what FROM tributary.outbound_documents WHERE order_id = ANY ($1)"
    " UNION ALL SELECT order_id, document_id, what FROM tributary.outbound_omitted WHERE order_id = ANY ($1)"};

const struct statement notify_numbers_take = {"notify_numbers_take", "TI",
					      "SELECT party, last_number FROM tributary.control_numbers_take($1, $2)"};

const struct statement notify_document_insert = {
    "notify_document_insert", "UTTUITBZ",
    "INSERT INTO tributary.outbound_documents (document_id, party, what, order_id, control, content_type, body,"
    " issued_at) SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $7, $8)"};

const struct statement notify_omitted_insert = {
    "notify_omitted_insert", "UTTUTZ",
    "INSERT INTO tributary.outbound_omitted (document_id, party, what, order_id, code, omitted_at)"
    " SELECT * FROM unnest($1, $2, $3, $4, $5, $6)"};

const struct statement notify_documents_answered = {
    "notify_documents_answered", "TI",
    "SELECT d.party, d.control, d.document_id, d.order_id, d.what, d.state FROM unnest($1, $2) u(party, control)"
    " JOIN tributary.outbound_documents d USING (party, control) ORDER BY d.document_id FOR UPDATE OF d"};

const struct statement notify_document_answer = {
    "notify_document_answer", "UTTZ",
    "UPDATE tributary.outbound_documents d SET state = u.state, reason = u.reason, acknowledged_at = u.at"
    " FROM unnest($1, $2, $3, $4) u(document_id, state, reason, at) WHERE d.document_id = u.document_id"};

void
notify_document_put(struct rows *rows, const struct issued *issued)
{
	rows_uuid(rows, issued->document_id);
	rows_text(rows, issued->party);
	rows_text(rows, str_of(party_sends_name(issued->what)));
	rows_uuid(rows, issued->order_id);
	rows_int(rows, issued->control);
	rows_text(rows, str_of(issued->content_type));
	rows_bytes(rows, issued->body);
	rows_instant(rows, issued->issued_at_us);
}
