/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/ask_documents_sql.h"

const struct statement documents_get = {
    "ask_documents_get", "UTUI",
    "SELECT u.n - 1, d.kind, d.content_type, d.received_at, d.parent_id, d.units_count,"
    " d.document_id, d.outcome, d.code, d.path, o.order_id, o.number, o.external_id,"
    " k.document_id, k.outcome, k.code, k.path, k.order_id, k.number, k.external_id"
    " FROM unnest($1, $2, $3, $4) WITH ORDINALITY u(id, party, after, wanted, n)"
    " JOIN tributary.documents d ON d.document_id = u.id AND (u.party IS NULL OR d.party = u.party)"
    " LEFT JOIN tributary.orders o ON o.order_id = d.order_id AND o.party = d.party"
    " LEFT JOIN LATERAL (SELECT c.document_id, c.outcome, c.code, c.path, p.order_id, p.number, p.external_id"
    " FROM tributary.documents c LEFT JOIN tributary.orders p ON p.order_id = c.order_id AND p.party = c.party"
    " WHERE d.outcome = 'split' AND c.parent_id = d.document_id AND c.document_id > u.after"
    " ORDER BY c.document_id LIMIT u.wanted) k ON true ORDER BY u.n, k.document_id"};
