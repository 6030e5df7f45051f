/* SPDX-License-Identifier: Apache-2.0 */
#include "audit/checks.h"

/* Subjects, and how old what is not of one commit must be, in seconds. */
#define ORDERS " FROM unnest($1) w(order_id)"
#define DOCUMENTS " FROM unnest($1) w(document_id) JOIN tributary.documents d USING (document_id)"
#define OLD(at) at " < now() - ($2)[1] * interval '1 second'"
#define SELECT(table, key) "SELECT w.order_id::text, '" table "', " key "::text, "
#define MOST " LIMIT 200"
/* ingest writes down what it read of a document that it tries again in a moment. */
#define IS_SETTLED " EXISTS (SELECT FROM tributary.journal j WHERE j.message_id = d.document_id AND j.stage = 'ingest')"
/* Of one without an order the timeline tells nothing. */
#define IS_TOLD                                                                                         \
	"(d.order_id IS NULL OR EXISTS (SELECT FROM tributary.timeline t WHERE t.order_id = d.order_id" \
	" AND t.message_id = d.document_id))"
#define IS_RETRIED                                                                                                 \
	" EXISTS (SELECT FROM tributary.timeline t WHERE t.order_id = d.order_id AND t.message_id = d.document_id" \
	" AND t.event IN ('retry', 'returned') AND t.at > now() - interval '2 hours')"
/* OFFSET 0: else it may become a hash of the whole table, if that was small once. */
#define HAS(table) "EXISTS (SELECT FROM tributary." table " x WHERE x.order_id = w.order_id OFFSET 0)"
#define NAME_OF(table) "SELECT '" table "' WHERE " HAS(table) " UNION ALL "
#define LINE_KEY(x) x ".order_id || '/' || " x ".line_no"

#define ORDER_CHECK(name_, says_, sql)                                                                     \
	{                                                                                                  \
		.name = name_, .says = says_, .scope = AUDIT_ORDER, .statement = { name_, "UI", sql MOST } \
	}
/* All of it is in told.c */
#define TOLD_CHECK(name_, says_)                                   \
	{                                                          \
		.name = name_, .says = says_, .scope = AUDIT_ORDER \
	}
#define DOCUMENT_CHECK(name_, says_, sql)                                                                     \
	{                                                                                                     \
		.name = name_, .says = says_, .scope = AUDIT_DOCUMENT, .statement = { name_, "UI", sql MOST } \
	}

/* SQL between macros, laid out by hand */
/* clang-format off */
const struct audit_check audit_checks[] = {
    /* --- documents ---------------------------------------------------------------------------------------------- */
    DOCUMENT_CHECK("document-hash", "a document's bytes are the bytes that came",
        "SELECT d.document_id::text, 'documents', d.document_id::text, 'its bytes are not those of its sha256'"
        DOCUMENTS " WHERE sha256(coalesce(d.body, (SELECT b.body FROM tributary.documents b WHERE b.document_id ="
        " d.body_of))) IS DISTINCT FROM d.sha256"),
    DOCUMENT_CHECK("document-settled", "a document was settled by ingest, once, as its outcome says",
        "SELECT d.document_id::text, CASE WHEN j.message_id IS NULL AND " IS_TOLD " THEN 'journal' ELSE 'documents'"
        " END, CASE WHEN j.message_id IS NULL AND " IS_TOLD " THEN d.document_id || '/ingest' ELSE"
        " d.document_id::text END, 'the document is ' || d.outcome || ', and its row of the journal ' ||"
        " coalesce('says ' || j.outcome, 'is not there')" DOCUMENTS " LEFT JOIN tributary.journal j ON j.message_id ="
        " d.document_id AND j.stage = 'ingest' WHERE CASE WHEN j.message_id IS NULL THEN NOT " IS_RETRIED " AND NOT"
        " EXISTS (SELECT FROM tributary.exceptions x WHERE x.message_id = d.document_id AND x.stage = 'ingest' AND"
        " x.state <> 'open') AND NOT EXISTS (SELECT FROM tributary.dead_letters l WHERE l.message_id ="
        " d.document_id::text AND l.state <> 'open') WHEN d.outcome = 'exception' THEN j.outcome = 'dead' WHEN"
        " d.outcome = 'refused' THEN j.outcome = 'held' ELSE j.outcome <> 'done' END"),
    DOCUMENT_CHECK("document-exception", "a document that waits for a person has its exception",
        "SELECT d.document_id::text, 'exceptions', d.document_id || '/ingest', 'the document is an exception, and"
        " there is none of it'" DOCUMENTS " WHERE d.outcome = 'exception' AND NOT EXISTS (SELECT FROM"
        " tributary.exceptions x WHERE x.message_id = d.document_id AND x.stage = 'ingest')"
        " UNION ALL SELECT d.document_id::text, 'exceptions', x.exception_id::text, 'it is open, and its document is"
        " ' || d.outcome" DOCUMENTS " JOIN tributary.exceptions x ON x.message_id = d.document_id AND x.stage ="
        " 'ingest' WHERE x.state = 'open' AND d.outcome <> 'exception'"),
    DOCUMENT_CHECK("document-refused", "a document that was refused has its dead letter",
        "SELECT d.document_id::text, 'dead_letters', d.document_id || '/ingest', 'the document was refused, and there"
        " is no dead letter of it'" DOCUMENTS " WHERE d.outcome = 'refused' AND " OLD("d.received_at") " AND NOT"
        " EXISTS (SELECT FROM tributary.dead_letters l WHERE l.message_id = d.document_id::text) AND EXISTS (SELECT"
        " FROM tributary.journal j WHERE j.message_id = d.document_id AND j.stage = 'ingest' AND j.outcome = 'dead')"
        " UNION ALL SELECT d.document_id::text, 'dead_letters', min(l.dead_letter_id::text), 'is there ' || count(*)"
        " || ' times for one document'" DOCUMENTS " JOIN tributary.dead_letters l ON l.message_id ="
        " d.document_id::text GROUP BY d.document_id, l.origin HAVING count(*) > 1"),
    DOCUMENT_CHECK("document-order", "a document that became an order, or a part of one, has it",
        "SELECT d.document_id::text, CASE WHEN o.order_id IS NULL THEN 'orders' ELSE 'documents' END, CASE WHEN"
        " o.order_id IS NULL THEN coalesce(d.order_id::text, '') ELSE d.document_id::text END, CASE WHEN o.order_id"
        " IS NULL THEN 'document ' || d.document_id || ' is ' || d.outcome || ' of it, and it is not there' ELSE 'it"
        " is ' || d.outcome || ', and the order knows nothing of it' END" DOCUMENTS " LEFT JOIN tributary.orders o"
        " USING (order_id) WHERE d.outcome IN ('order', 'change', 'cancel', 'shipment', 'return') AND CASE WHEN"
        " o.order_id IS NULL OR CASE d.outcome WHEN 'cancel' THEN o.cancelled_at IS NULL WHEN 'shipment' THEN NOT"
        " EXISTS (SELECT FROM tributary.confirmations c WHERE c.order_id = d.order_id AND c.document_id ="
        " d.document_id) WHEN 'return' THEN NOT EXISTS (SELECT FROM tributary.returns r WHERE r.order_id = d.order_id AND"
        " r.document_id = d.document_id AND r.state = 'requested') ELSE o.document_id <> d.document_id AND NOT EXISTS (SELECT FROM tributary.order_revisions r"
        " WHERE r.order_id = d.order_id AND r.document_id = d.document_id) END THEN " IS_SETTLED " END"
        " UNION ALL SELECT d.document_id::text, 'orders', d.order_id::text, 'document ' || d.document_id || ' is a"
        " duplicate of it, and it is not there'" DOCUMENTS " WHERE d.outcome = 'duplicate' AND NOT EXISTS (SELECT"
        " FROM tributary.orders o WHERE o.order_id = d.order_id)"),
    DOCUMENT_CHECK("document-split", "the units of a document that was split came, each as a document of its own",
        "SELECT d.document_id::text, 'documents', d.document_id::text, 'it was split into ' || d.units_count || ',"
        " and ' || (SELECT count(*) FROM tributary.documents u WHERE u.parent_id = d.document_id) || ' of them are"
        " there'" DOCUMENTS " WHERE d.outcome = 'split' AND " OLD("d.received_at") " AND d.units_count <> (SELECT"
        " count(*) FROM tributary.documents u WHERE u.parent_id = d.document_id)"
        " UNION ALL SELECT d.document_id::text, 'documents', d.parent_id::text, 'document ' || d.document_id || ' is"
        " a unit of it, and it was not split'" DOCUMENTS " WHERE d.parent_id IS NOT NULL AND NOT EXISTS (SELECT FROM"
        " tributary.documents p WHERE p.document_id = d.parent_id AND p.outcome = 'split')"),
    DOCUMENT_CHECK("document-missing", "a document that the fleet settled is there",
        "SELECT w.document_id::text, 'documents', w.document_id::text, 'ingest settled it, and it is not there' FROM"
        " unnest($1) w(document_id) WHERE NOT EXISTS (SELECT FROM tributary.documents d WHERE d.document_id ="
        " w.document_id) AND EXISTS (SELECT FROM tributary.journal j WHERE j.message_id = w.document_id AND j.stage ="
        " 'ingest')"),
    /* --- orders ------------------------------------------------------------------------------------------------- */
    ORDER_CHECK("order-missing", "what is about an order has its order",
        SELECT("orders", "w.order_id") "'is missing, and there are rows of it in ' || y.tables" ORDERS " CROSS JOIN"
        " LATERAL (SELECT string_agg(t, ', ') AS tables FROM (SELECT 'order_status' WHERE EXISTS (SELECT FROM"
        " tributary.order_status x WHERE x.order_id = w.order_id AND x.rank > 0)"
        " UNION ALL " NAME_OF("order_lines") NAME_OF("order_revisions") NAME_OF("enrichments")
        NAME_OF("line_enrichments") NAME_OF("allocation_lines") NAME_OF("reservations") NAME_OF("shipments")
        NAME_OF("effects") NAME_OF("confirmations") NAME_OF("invoices") NAME_OF("invoice_lines") NAME_OF("returns")
        NAME_OF("return_lines") " SELECT"
        " 'outbound_documents' WHERE " HAS("outbound_documents") ") x(t)) y WHERE y.tables IS NOT NULL AND NOT "
        HAS("orders")),
    ORDER_CHECK("order-document", "an order came of documents that are there",
        SELECT("documents", "d.id") "'the order''s revision ' || d.revision || ' came of it, and it is ' ||"
        " coalesce(t.outcome, 'not there')" ORDERS " CROSS JOIN LATERAL (SELECT document_id AS id, revision_no AS"
        " revision FROM tributary.orders o WHERE o.order_id = w.order_id"
        " UNION ALL SELECT document_id, revision_no FROM tributary.order_revisions r WHERE r.order_id = w.order_id) d"
        " LEFT JOIN tributary.documents t ON t.document_id = d.id AND t.order_id = w.order_id WHERE t.outcome IS"
        " DISTINCT FROM CASE WHEN d.revision = 1 THEN 'order' ELSE 'change' END"),
    ORDER_CHECK("order-twice", "a channel's order is one order",
        SELECT("orders", "o.order_id") "'document ' || o.document_id || ' came to be another order, too'" ORDERS
        " JOIN tributary.orders o USING (order_id) JOIN tributary.documents d USING (document_id) WHERE d.order_id IS"
        " DISTINCT FROM o.order_id"
        " UNION ALL " SELECT("orders", "w.order_id") "'is also there as ' || o.order_id" ORDERS
        " JOIN tributary.former_order_ids f USING (order_id) JOIN tributary.orders o ON o.order_id = f.derived_id"),
    ORDER_CHECK("order-revisions", "every revision of an order before the present one is kept",
        SELECT("order_revisions", "(w.order_id || '/' || coalesce(n, r.revision_no))") "CASE WHEN r.order_id IS NULL"
        " THEN 'is missing, and the order is at revision ' || o.revision_no ELSE 'is there, and the order is at"
        " revision ' || o.revision_no END" ORDERS " JOIN tributary.orders o USING (order_id) CROSS JOIN LATERAL"
        " (SELECT n, r.* FROM generate_series(1, o.revision_no - 1) n FULL JOIN (SELECT * FROM"
        " tributary.order_revisions r WHERE r.order_id = o.order_id) r ON r.revision_no = n) r WHERE r.order_id IS"
        " NULL OR n IS NULL"
        " UNION ALL " SELECT("orders", "w.order_id") "'it is at revision ' || o.revision_no || CASE WHEN o.changed_at"
        " IS NULL THEN ' and was never changed' ELSE ' and was changed' END" ORDERS " JOIN tributary.orders o USING"
        " (order_id) WHERE (o.changed_at IS NULL) <> (o.revision_no = 1)"),
    ORDER_CHECK("order-lines", "an order has the lines that came",
        SELECT("order_lines", "(w.order_id || '/' || coalesce(n, l.line_no))") "CASE WHEN n IS NULL THEN 'is one too"
        " many: the order has ' ELSE 'is missing: the order has ' END || o.lines_count" ORDERS " JOIN"
        " tributary.orders o USING (order_id) CROSS JOIN LATERAL (SELECT n, l.line_no FROM generate_series(1,"
        " o.lines_count) n FULL JOIN (SELECT line_no FROM tributary.order_lines l WHERE l.order_id = o.order_id) l ON"
        " l.line_no = n) l WHERE n IS NULL OR l.line_no IS NULL"),
    /* The lowest and the highest state that what is there allows: of what is in flight some is booked before the rest. */
    ORDER_CHECK("order-status", "an order's state is what its rows say",
        SELECT("order_status", "w.order_id") "CASE WHEN s.rank IS NULL THEN 'is missing' WHEN t.state IS NULL THEN"
        " 'is ' || s.rank || ', which order_states has not' ELSE 'says ' || t.state || ', and what is there is"
        " between ' || coalesce((SELECT state FROM tributary.order_states WHERE rank = f.least), f.least::text) || '"
        " and ' || coalesce((SELECT state FROM tributary.order_states WHERE rank = f.most), f.most::text) END" ORDERS
        " JOIN tributary.orders o USING (order_id) LEFT JOIN tributary.order_status s USING (order_id) LEFT JOIN"
        " tributary.order_states t ON t.rank = s.rank CROSS JOIN LATERAL (SELECT " HAS("enrichments") " AS enriched,"
        " (SELECT sum(base_quantity_micro) FROM tributary.line_enrichments x WHERE x.order_id = w.order_id) AS"
        " wanted, a.ordered, a.backordered, r.shipped, r.left_warehouse, i.invoiced FROM (SELECT sum(ordered_micro)"
        " AS ordered, sum(backordered_micro) AS backordered FROM tributary.allocation_lines x WHERE x.order_id ="
        " w.order_id) a, (SELECT coalesce(sum(shipped_micro), 0) AS shipped, coalesce(sum(shipped_micro) FILTER"
        " (WHERE warehouse <> 'none'), 0) AS left_warehouse FROM tributary.reservations x WHERE x.order_id ="
        " w.order_id) r, (SELECT coalesce(sum(base_quantity_micro), 0) AS invoiced FROM tributary.invoice_lines x"
        " WHERE x.order_id = w.order_id) i) y CROSS JOIN LATERAL (SELECT CASE WHEN o.cancelled_at IS NOT NULL THEN 90"
        " WHEN y.invoiced > 0 AND y.invoiced >= y.wanted THEN 80 WHEN y.invoiced > 0 THEN 70 WHEN y.left_warehouse >"
        " 0 AND y.shipped >= y.ordered THEN 60 WHEN y.left_warehouse > 0 THEN 50 WHEN y.backordered = 0 THEN 30 WHEN"
        " y.backordered > 0 THEN 25 WHEN y.enriched THEN 20 ELSE 10 END AS least, CASE WHEN o.cancelled_at IS NOT"
        " NULL THEN 90 WHEN y.invoiced > 0 AND y.invoiced >= y.wanted THEN 80 WHEN y.invoiced > 0 THEN 70 WHEN"
        " y.shipped > 0 AND y.shipped >= y.ordered THEN 60 WHEN y.shipped > 0 THEN 50 WHEN y.backordered = 0 THEN 30"
        " WHEN y.backordered > 0 THEN 28 WHEN o.changed_at IS NOT NULL THEN 28 WHEN y.enriched THEN 20 ELSE 10 END AS"
        " most) f WHERE s.rank IS NULL OR t.state IS NULL OR s.rank < f.least OR s.rank > f.most"),
    ORDER_CHECK("order-hold", "what holds an order up is there",
        SELECT("order_status", "w.order_id") "'is ' || s.hold_reason || ' at ' || s.hold_stage || ', and no gate is"
        " closed'" ORDERS " JOIN tributary.order_status s USING (order_id) WHERE s.hold_reason IS NOT NULL AND s.rank"
        " <> 90 AND NOT " HAS("gates")),
    ORDER_CHECK("line-enriched", "every line of an enriched order is enriched",
        SELECT("line_enrichments", "("LINE_KEY("l")")") "'is missing, and the order is enriched'" ORDERS " JOIN"
        " tributary.enrichments e USING (order_id) JOIN tributary.orders o USING (order_id) JOIN"
        " tributary.order_lines l USING (order_id) LEFT JOIN tributary.line_enrichments n USING (order_id, line_no)"
        " WHERE n.line_no IS NULL AND e.content_at IS NOT DISTINCT FROM coalesce(o.changed_at, o.received_at)"
        " UNION ALL " SELECT("enrichments", "w.order_id") "'is missing, and its lines are enriched'" ORDERS " WHERE "
        HAS("line_enrichments") " AND NOT " HAS("enrichments")),
    ORDER_CHECK("line-allocated", "ordered = allocated + backordered, and what is allocated is reserved",
        SELECT("allocation_lines", "("LINE_KEY("n")")") "CASE WHEN a.line_no IS NULL THEN 'is missing, and the order"
        " is allocated' ELSE 'decides on ' || a.ordered_micro / 1e6 || ' of ' || a.item_no || ', and ' ||"
        " n.base_quantity_micro / 1e6 || ' of ' || n.item_no || ' is wanted' END" ORDERS " JOIN tributary.orders o"
        " USING (order_id) JOIN tributary.line_enrichments n USING (order_id) LEFT JOIN tributary.allocation_lines a"
        " USING (order_id, line_no) WHERE o.changed_at IS NULL AND (a.ordered_micro, a.item_no) IS DISTINCT FROM"
        " (n.base_quantity_micro, n.item_no) AND (" HAS("allocation_lines") " OR " HAS("reservations") ")"
        " UNION ALL " SELECT("allocation_lines", "("LINE_KEY("a")")") "'allocates ' || a.allocated_micro / 1e6 || ',"
        " and ' || r.quantity / 1e6 || ' is reserved for it'" ORDERS " JOIN tributary.allocation_lines a USING"
        " (order_id) CROSS JOIN LATERAL (SELECT coalesce(sum(quantity_micro), 0) AS quantity FROM"
        " tributary.reservations r WHERE r.order_id = a.order_id AND r.line_no = a.line_no AND r.item_no = a.item_no)"
        " r WHERE r.quantity <> a.allocated_micro"
        " UNION ALL " SELECT("reservations", "("LINE_KEY("r")" || '/' || r.warehouse)") "'reserves what nobody"
        " decided on'" ORDERS " JOIN tributary.reservations r USING (order_id) LEFT JOIN tributary.allocation_lines a"
        " USING (order_id, line_no) WHERE a.line_no IS NULL"),
    ORDER_CHECK("line-shipped", "shipped <= allocated, and only what a partner confirmed",
        SELECT("reservations", "("LINE_KEY("r")" || '/' || r.warehouse)") "'is ' || r.state || ', ' ||"
        " r.shipped_micro / 1e6 || ' of ' || r.quantity_micro / 1e6 || ' shipped'" ORDERS " JOIN"
        " tributary.reservations r USING (order_id) WHERE (r.state = 'closed') <> (r.shipped_micro ="
        " r.quantity_micro)"
        " UNION ALL " SELECT("confirmations", "s.shipment_id") "'is missing, and the shipment is booked as shipped'"
        ORDERS " JOIN tributary.shipments s USING (order_id) WHERE s.partner <> 'none' AND NOT EXISTS (SELECT FROM"
        " tributary.confirmations c WHERE c.shipment_id = s.shipment_id) AND (EXISTS (SELECT FROM"
        " tributary.reservations r WHERE r.order_id = s.order_id AND r.shipment_id = s.shipment_id AND r.shipped_micro >"
        " 0) OR EXISTS (SELECT"
        " FROM tributary.invoices i WHERE i.shipment_id = s.shipment_id))"),
    ORDER_CHECK("shipment", "an order's shipments are numbered from 1, are reserved for, and were asked for",
        SELECT("shipments", "(w.order_id || '/' || n)") "'place ' || n || ' of ' || p.places || ' is missing'" ORDERS
        " CROSS JOIN LATERAL (SELECT max(place) AS places FROM tributary.shipments s WHERE s.order_id = w.order_id) p"
        " CROSS JOIN LATERAL generate_series(1, p.places) n WHERE NOT EXISTS (SELECT FROM tributary.shipments s WHERE"
        " s.order_id = w.order_id AND s.place = n)"
        " UNION ALL " SELECT("shipments", "x.id") "'is missing, and ' || x.of || ' is about it'" ORDERS " CROSS JOIN"
        " LATERAL (SELECT shipment_id AS id, 'reservation ' || line_no || '/' || warehouse AS of FROM"
        " tributary.reservations r WHERE r.order_id = w.order_id"
        " UNION ALL SELECT reference, 'effect ' || effect_id FROM tributary.effects f WHERE f.order_id = w.order_id"
        " UNION ALL SELECT shipment_id, 'a confirmation' FROM tributary.confirmations c WHERE c.order_id = w.order_id"
        " UNION ALL SELECT shipment_id, 'invoice ' || number FROM tributary.invoices i WHERE i.order_id = w.order_id)"
        " x LEFT JOIN tributary.shipments s ON s.shipment_id = x.id AND s.order_id = w.order_id WHERE s.shipment_id"
        " IS NULL"
        " UNION ALL " SELECT("shipments", "s.shipment_id") "'place ' || s.place || ' is there twice'" ORDERS " JOIN"
        " tributary.shipments s USING (order_id) JOIN tributary.shipments t ON t.order_id = s.order_id AND t.place ="
        " s.place AND t.shipment_id <> s.shipment_id"
        " UNION ALL " SELECT("effects", "s.shipment_id") "'nobody asked ' || s.partner || ' for the shipment'" ORDERS
        " JOIN tributary.shipments s USING (order_id) WHERE s.partner <> 'none' AND " OLD("s.requested_at") " AND NOT"
        " EXISTS (SELECT FROM tributary.effects f WHERE f.order_id = s.order_id AND f.reference = s.shipment_id) AND"
        " NOT " HAS("gates")),
    ORDER_CHECK("effect", "what was asked of the outside is settled, or it is known why not",
        SELECT("effects", "f.effect_id") "'is ' || f.state || CASE WHEN f.settled_at IS NULL THEN ', prepared at ' ||"
        " f.prepared_at ELSE ', settled at ' || f.settled_at END" ORDERS " JOIN tributary.effects f USING (order_id)"
        " WHERE CASE WHEN f.state IN ('confirmed', 'refused') THEN f.settled_at IS NULL ELSE f.settled_at IS NOT NULL"
        " OR (" OLD("f.prepared_at") " AND NOT EXISTS (SELECT FROM tributary.gates g WHERE g.order_id = f.order_id"
        " AND g.queue = 'ship-sync.' || f.partner) AND NOT EXISTS (SELECT FROM tributary.exceptions x WHERE"
        " x.order_id = f.order_id AND x.stage = f.stage AND x.state = 'open')) END"
        " UNION ALL " SELECT("effects", "f.effect_id") "'asks again for shipment ' || f.reference" ORDERS " JOIN"
        " tributary.effects f USING (order_id) JOIN tributary.effects g ON g.order_id = f.order_id AND g.reference ="
        " f.reference AND g.stage = f.stage AND g.effect_id <> f.effect_id"
        " UNION ALL " SELECT("effects", "f.effect_id") "'asks ' || f.partner || ', and the shipment is ' || s.partner"
        " || '''s'" ORDERS " JOIN tributary.effects f USING (order_id) JOIN tributary.shipments s ON s.shipment_id ="
        " f.reference WHERE s.partner <> f.partner"),
    ORDER_CHECK("confirmation", "a confirmation is a document that is there",
        SELECT("confirmations", "c.shipment_id") "'its document ' || c.document_id || ' is ' || coalesce(d.outcome,"
        " 'not there, or of another order')" ORDERS " JOIN tributary.confirmations c USING (order_id) LEFT JOIN"
        " tributary.documents d ON d.document_id = c.document_id AND d.order_id = c.order_id WHERE d.outcome IS"
        " DISTINCT FROM 'shipment'"
        " UNION ALL " SELECT("confirmations", "c.shipment_id") "'the shipment is of another order'" ORDERS " JOIN"
        " tributary.confirmations c USING (order_id) JOIN tributary.shipments s USING (shipment_id) WHERE s.order_id"
        " <> c.order_id"),
    ORDER_CHECK("line-invoiced", "invoiced <= shipped, and what is billed of a shipment is what left",
        SELECT("invoice_lines", "(i.number || '/' || l.line_no)") "'bills ' || l.base_quantity_micro / 1e6 || ', and"
        " ' || coalesce(r.shipped_micro, 0) / 1e6 || ' was shipped'" ORDERS " JOIN tributary.invoices i USING"
        " (order_id) JOIN tributary.invoice_lines l ON l.invoice_id = i.invoice_id AND l.order_id = i.order_id CROSS"
        " JOIN LATERAL (SELECT bool_or(r.shipped_micro > 0) AS is_booked FROM tributary.reservations r WHERE"
        " r.order_id = i.order_id AND r.shipment_id = i.shipment_id) b LEFT JOIN tributary.reservations r ON r.order_id ="
        " i.order_id AND r.shipment_id = i.shipment_id AND"
        " r.line_no = l.line_no WHERE (b.is_booked OR " OLD("i.issued_at") ") AND l.base_quantity_micro IS DISTINCT"
        " FROM r.shipped_micro"
        " UNION ALL " SELECT("invoice_lines", "(i.number || '/' || r.line_no)") "'is missing, and ' ||"
        " r.shipped_micro / 1e6 || ' was shipped'" ORDERS " JOIN tributary.invoices i USING (order_id) JOIN"
        " tributary.reservations r USING (order_id, shipment_id) WHERE r.shipped_micro > 0 AND NOT EXISTS (SELECT FROM"
        " tributary.invoice_lines l WHERE l.invoice_id = i.invoice_id AND l.line_no = r.line_no)"
        " UNION ALL " SELECT("invoice_lines", "(l.invoice_id || '/' || l.line_no)") "'belongs to no invoice of the"
        " order'" ORDERS " JOIN tributary.invoice_lines l USING (order_id) LEFT JOIN tributary.invoices i ON"
        " i.invoice_id = l.invoice_id AND i.order_id = l.order_id WHERE i.invoice_id IS NULL"
        " UNION ALL " SELECT("invoices", "s.shipment_id") "'is missing: ' || c.shipped_at || ' the shipment left, and"
        " it is not billed'" ORDERS " JOIN tributary.confirmations c USING (order_id) JOIN tributary.shipments s"
        " USING (shipment_id) WHERE " OLD("c.confirmed_at") " AND EXISTS (SELECT FROM tributary.reservations r WHERE"
        " r.order_id = s.order_id AND r.shipment_id = s.shipment_id AND r.shipped_micro > 0) AND NOT EXISTS (SELECT FROM"
        " tributary.invoices i"
        " WHERE i.shipment_id = s.shipment_id) AND NOT EXISTS (SELECT FROM tributary.gates g WHERE g.order_id ="
        " w.order_id AND g.queue = 'invoice')"),
    ORDER_CHECK("invoice-sum", "an invoice is the sum of its lines, and an order's invoices are its total",
        SELECT("invoices", "i.number") "'says gross ' || i.gross_minor || ', discount ' || i.discount_minor || ', and"
        " its lines ' || coalesce(l.gross, 0) || ', ' || coalesce(l.discount, 0)" ORDERS " JOIN tributary.invoices i"
        " USING (order_id) CROSS JOIN LATERAL (SELECT sum(gross_minor) AS gross, sum(discount_minor) AS discount,"
        " sum(net_minor) AS net FROM tributary.invoice_lines l WHERE l.invoice_id = i.invoice_id) l WHERE"
        " (i.gross_minor, i.discount_minor, i.gross_minor - i.discount_minor) IS DISTINCT FROM (l.gross, l.discount,"
        " l.net)"
        " UNION ALL " SELECT("orders", "w.order_id") "'its total is ' || o.total_minor || ', and its invoices come to"
        " ' || i.total" ORDERS " JOIN tributary.orders o USING (order_id) JOIN tributary.order_status s USING"
        " (order_id) CROSS JOIN LATERAL (SELECT sum(total_minor) AS total FROM tributary.invoices i WHERE i.order_id"
        " = w.order_id) i WHERE s.rank = 80 AND i.total <> o.total_minor"),
    /* The number's row is locked until the invoice commits: numbers appear in their order. */
    ORDER_CHECK("invoice-numbers", "invoice numbers have no gaps",
        SELECT("invoices", "n.name") "'is missing: ' || i.number || ' is there'" ORDERS " JOIN tributary.invoices i"
        " USING (order_id) JOIN tributary.invoice_numbers s ON s.series = split_part(i.number, '-', 1) CROSS JOIN"
        " LATERAL (SELECT s.series || '-' || lpad(m::text, greatest(8, length(m::text)), '0') FROM (VALUES"
        " (substr(i.number, length(s.series) + 2)::bigint - 1), (substr(i.number, length(s.series) + 2)::bigint + 1))"
        " v(m) WHERE m BETWEEN 1 AND s.last_number) n(name) WHERE i.number ~ '^[A-Z]+-[0-9]{8,18}$' AND NOT EXISTS"
        " (SELECT FROM tributary.invoices x WHERE x.number = n.name)"
        " UNION ALL " SELECT("invoice_numbers", "split_part(i.number, '-', 1)") "CASE WHEN s.series IS NULL THEN 'is"
        " missing' ELSE 'says ' || s.last_number END || ', and ' || i.number || ' is there'" ORDERS " JOIN"
        " tributary.invoices i USING (order_id) LEFT JOIN tributary.invoice_numbers s ON s.series ="
        " split_part(i.number, '-', 1) WHERE s.series IS NULL OR i.number !~ '^[A-Z]+-[0-9]{8,18}$' OR"
        " substr(i.number, length(s.series) + 2)::bigint > s.last_number"),
    /* --- returns ------------------------------------------------------------------------------------------------ */
    ORDER_CHECK("return", "a return came of a document that is there, and has the lines that were asked for",
        SELECT("returns", "r.return_id") "'is ' || r.state || ', and its document ' || r.document_id || ' is ' ||"
        " coalesce(d.outcome, 'not there, or of another order')" ORDERS " JOIN tributary.returns r USING (order_id) LEFT"
        " JOIN tributary.documents d ON d.document_id = r.document_id AND d.order_id = r.order_id WHERE d.outcome IS"
        " DISTINCT FROM CASE r.state WHEN 'requested' THEN 'return' ELSE 'exception' END"
        " UNION ALL " SELECT("return_lines", "(r.return_id || '/' || coalesce(l.n, l.place))") "CASE WHEN l.n IS NULL"
        " THEN 'is one too many: the return is ' || r.state || ' and has ' ELSE 'is missing: the return has ' END ||"
        " r.lines_count" ORDERS " JOIN tributary.returns r USING (order_id) CROSS JOIN LATERAL (SELECT n, l.place FROM"
        " generate_series(1, CASE r.state WHEN 'requested' THEN r.lines_count ELSE 0 END) n FULL JOIN (SELECT place"
        " FROM tributary.return_lines l WHERE l.return_id = r.return_id) l ON l.place = n) l WHERE l.n IS NULL OR"
        " l.place IS NULL"
        " UNION ALL " SELECT("return_lines", "(l.return_id || '/' || l.place)") "'belongs to no return of the order'"
        ORDERS " JOIN tributary.return_lines l USING (order_id) LEFT JOIN tributary.returns r ON r.return_id ="
        " l.return_id AND r.order_id = l.order_id WHERE r.return_id IS NULL"),
    ORDER_CHECK("line-returned", "returned <= shipped",
        SELECT("return_lines", "(w.order_id || '/' || b.line_no)") "b.returned / 1e6 || ' is asked back of the line,"
        " and ' || s.shipped / 1e6 || ' was shipped'" ORDERS " CROSS JOIN LATERAL (SELECT line_no,"
        " sum(base_quantity_micro) AS returned FROM tributary.return_lines l WHERE l.order_id = w.order_id GROUP BY"
        " line_no) b CROSS JOIN LATERAL (SELECT coalesce(sum(shipped_micro), 0) AS shipped FROM tributary.reservations"
        " r WHERE r.order_id = w.order_id AND r.line_no = b.line_no) s WHERE b.returned > s.shipped"),
    ORDER_CHECK("return-numbers", "return numbers have no gaps",
        SELECT("returns", "n.name") "'is missing: ' || r.number || ' is there'" ORDERS " JOIN tributary.returns r USING"
        " (order_id) JOIN tributary.return_numbers s ON s.series = split_part(r.number, '-', 1) CROSS JOIN LATERAL"
        " (SELECT s.series || '-' || lpad(m::text, greatest(8, length(m::text)), '0') FROM (VALUES (substr(r.number,"
        " length(s.series) + 2)::bigint - 1), (substr(r.number, length(s.series) + 2)::bigint + 1)) v(m) WHERE m"
        " BETWEEN 1 AND s.last_number) n(name) WHERE r.number ~ '^[A-Z]+-[0-9]{8,18}$' AND NOT EXISTS (SELECT FROM"
        " tributary.returns x WHERE x.number = n.name)"
        " UNION ALL " SELECT("return_numbers", "split_part(r.number, '-', 1)") "CASE WHEN s.series IS NULL THEN 'is"
        " missing' ELSE 'says ' || s.last_number END || ', and ' || r.number || ' is there'" ORDERS " JOIN"
        " tributary.returns r USING (order_id) LEFT JOIN tributary.return_numbers s ON s.series ="
        " split_part(r.number, '-', 1) WHERE r.number IS NOT NULL AND (s.series IS NULL OR r.number !~"
        " '^[A-Z]+-[0-9]{8,18}$' OR substr(r.number, length(s.series) + 2)::bigint > s.last_number)"),
    TOLD_CHECK("return-requested", "the timeline tells of every return that was taken, and of no other"),
    /* --- what waits --------------------------------------------------------------------------------------------- */
    ORDER_CHECK("gate", "a gate has a head that is really held up",
        SELECT("gates", "(g.queue || '/' || g.order_id)") "'is ' || g.reason || ' since ' || g.since || ', and its"
        " head ' || g.head || ' is not'" ORDERS " JOIN tributary.gates g USING (order_id) WHERE CASE g.reason WHEN"
        " 'held' THEN NOT EXISTS (SELECT FROM tributary.exceptions x WHERE x.message_id = g.head AND x.queue ="
        " g.queue) WHEN 'dead' THEN " OLD("g.since") " AND NOT EXISTS (SELECT FROM tributary.dead_letters l WHERE"
        " l.message_id = g.head::text) ELSE " OLD("g.since") " AND NOT EXISTS (SELECT FROM tributary.timeline t WHERE"
        " t.order_id = g.order_id AND t.message_id = g.head AND t.event IN ('retry', 'parked', 'returned')) END"
        " UNION ALL " SELECT("gates", "(p.queue || '/' || p.order_id)") "'is missing, and message ' || p.message_id"
        " || ' waits behind it'" ORDERS " JOIN tributary.parked p USING (order_id) WHERE NOT EXISTS (SELECT FROM"
        " tributary.gates g WHERE g.order_id = p.order_id AND g.queue = p.queue)"),
    ORDER_CHECK("parked", "what waits behind a gate was put there, and not settled",
        SELECT("parked", "(p.queue || '/' || p.message_id)") "'waits, and the timeline knows nothing of it, or more'"
        ORDERS " JOIN tributary.parked p USING (order_id) WHERE NOT EXISTS (SELECT FROM tributary.timeline t WHERE"
        " t.order_id = p.order_id AND t.message_id = p.message_id AND t.event = 'parked')"),
    ORDER_CHECK("exception", "an exception that is open holds its order up, once",
        SELECT("gates", "(x.queue || '/' || x.order_id)") "'is missing, and exception ' || x.exception_id || ' is"
        " open'" ORDERS " JOIN tributary.exceptions x USING (order_id) LEFT JOIN tributary.order_status s USING"
        " (order_id) WHERE x.state = 'open' AND x.stage <> 'ingest' AND x.type <> 'document.acknowledged' AND s.rank"
        " IS DISTINCT FROM 90 AND NOT EXISTS (SELECT FROM tributary.gates g WHERE g.order_id = x.order_id AND g.queue"
        " = x.queue)"
        " UNION ALL " SELECT("exceptions", "x.exception_id") "'is of the same message as ' || y.exception_id" ORDERS
        " JOIN tributary.exceptions x USING (order_id) JOIN tributary.exceptions y ON y.message_id = x.message_id AND"
        " y.stage = x.stage AND y.exception_id <> x.exception_id"
        " UNION ALL " SELECT("exceptions", "x.exception_id") "'is ' || x.state || CASE WHEN x.closed_at IS NULL THEN"
        " ' and was never closed' ELSE ' and was closed' END" ORDERS " JOIN tributary.exceptions x USING (order_id)"
        " WHERE (x.state IN ('open', 'releasing')) <> (x.closed_at IS NULL)"),
    ORDER_CHECK("dead-letter", "what died is kept, once",
        SELECT("dead_letters", "l.dead_letter_id") "'is of the same message as ' || m.dead_letter_id"
        ORDERS " JOIN tributary.dead_letters l USING (order_id) JOIN tributary.dead_letters m ON m.message_id ="
        " l.message_id AND m.origin = l.origin AND m.dead_letter_id <> l.dead_letter_id"
        " UNION ALL " SELECT("dead_letters", "l.dead_letter_id") "'is ' || l.state || CASE WHEN l.closed_at IS NULL"
        " THEN ' and was never closed' ELSE ' and was closed' END" ORDERS " JOIN tributary.dead_letters l USING"
        " (order_id) WHERE (l.state IN ('open', 'replaying')) <> (l.closed_at IS NULL)"),
    /* --- what was done ------------------------------------------------------------------------------------------ */
    TOLD_CHECK("journal", "what the timeline says was done stands in the journal"),
    TOLD_CHECK("timeline", "what was done stands in the timeline, once"),
    ORDER_CHECK("timeline-dropped", "of an order of which retention dropped days, every other row that was sealed is there",
        SELECT("timeline", "w.order_id") "'has ' || l.there || ' of the rows that were sealed, ' || g.gone || ' were dropped"
        " by retention, and ' || l.sealed || ' were sealed'" ORDERS " CROSS JOIN LATERAL (SELECT sum(x.rows_count) AS gone"
        " FROM tributary.timeline_dropped x JOIN tributary.timeline_days p USING (part_no) WHERE x.subject_id = w.order_id AND"
        " p.detached_at IS NOT NULL OFFSET 0) g CROSS JOIN LATERAL (SELECT (SELECT sum(h.rows_count) FROM"
        " tributary.timeline_heads h WHERE h.subject_id = w.order_id) AS sealed, (SELECT count(*) FROM tributary.timeline t"
        " WHERE t.order_id = w.order_id AND t.place <= s.last_place) + (SELECT count(*) FROM tributary.audit_log a WHERE"
        " a.order_id = w.order_id AND a.place <= s.last_place) AS there FROM (SELECT last_place FROM tributary.timeline_seals"
        " ORDER BY batch_no DESC LIMIT 1) s WHERE g.gone > 0 OFFSET 0) l WHERE l.sealed <> l.there + g.gone"),
    TOLD_CHECK("invoice-issued", "an invoice that the timeline tells of is there"),
    ORDER_CHECK("outbound", "what a party was sent is kept, once, under a control number of its own",
        SELECT("outbound_documents", "(d.party || '/' || d.control)") "'is ' || d.state || CASE WHEN"
        " d.acknowledged_at IS NULL THEN ', and no answer came' ELSE ', and was answered' END" ORDERS " JOIN"
        " tributary.outbound_documents d USING (order_id) WHERE (d.state = 'sent') <> (d.acknowledged_at IS NULL)"
        " UNION ALL " SELECT("control_numbers", "d.party") "CASE WHEN c.party IS NULL THEN 'is missing' ELSE 'says '"
        " || c.last_number END || ', and number ' || d.control || ' was used'" ORDERS " JOIN"
        " tributary.outbound_documents d USING (order_id) LEFT JOIN tributary.control_numbers c ON c.party = d.party"
        " WHERE c.party IS NULL OR d.control > c.last_number"),
    /* --- stock ---------------------------------------------------------------------------------------------------- */
    {.name = "stock",
     .says = "reserved = sum of open reservations <= on hand",
     .scope = AUDIT_STOCK,
     .statement =
	 {"stock", "T",
	  "SELECT i.item_no, 'stock', i.item_no || '/' || coalesce(s.warehouse, r.warehouse), CASE WHEN s.item_no IS "
	  "NULL "
	  "THEN 'is missing, and ' || r.open / 1e6 || ' are reserved of it' ELSE 'says ' || s.reserved_micro / 1e6 || "
	  "' of ' "
	  "|| s.on_hand_micro / 1e6 || ' reserved, and open reservations come to ' || coalesce(r.open, 0) / 1e6 END"
	  " FROM unnest($1) i(item_no) CROSS JOIN LATERAL (SELECT x.warehouse FROM tributary.stock x WHERE x.item_no = "
	  "i.item_no UNION SELECT x.warehouse FROM tributary.reservations x WHERE x.item_no = i.item_no AND x.state = "
	  "'open') "
	  "h(warehouse) LEFT JOIN tributary.stock s ON s.item_no = i.item_no AND s.warehouse = h.warehouse CROSS JOIN "
	  "LATERAL "
	  "(SELECT max(x.warehouse) AS warehouse, sum(x.quantity_micro - x.shipped_micro) AS open FROM "
	  "tributary.reservations x WHERE x.item_no = i.item_no AND x.warehouse = h.warehouse AND x.state = 'open') r"
	  " WHERE s.item_no IS NULL OR s.reserved_micro <> coalesce(r.open, 0) OR s.reserved_micro > "
	  "s.on_hand_micro" MOST}},
    /* --- numbers ------------------------------------------------------------------------------------------------ */
    {.name = "numbers",
     .says = "the last number of each series was used, and none after it",
     .scope = AUDIT_NUMBERS,
     .statement =
	 {"numbers", "I",
	  "SELECT s.series, CASE WHEN i.number IS NULL THEN 'invoices' ELSE 'invoice_numbers' END, CASE WHEN i.number "
	  "IS NULL THEN n.name ELSE s.series END, 'the series is at ' || s.last_number || CASE WHEN i.number IS NULL "
	  "THEN ', and there is no such invoice' ELSE '' END FROM unnest($1) w(one), tributary.invoice_numbers s CROSS "
	  "JOIN LATERAL (SELECT s.series || '-' || lpad(s.last_number::text, greatest(8, "
	  "length(s.last_number::text)), '0') AS name) n LEFT JOIN tributary.invoices i ON i.number = n.name WHERE "
	  "s.last_number > 0 AND i.number IS NULL"
	  " UNION ALL SELECT s.series, CASE WHEN r.number IS NULL THEN 'returns' ELSE 'return_numbers' END, CASE WHEN "
	  "r.number IS NULL THEN n.name ELSE s.series END, 'the series is at ' || s.last_number || ', and there is no "
	  "such return' FROM unnest($1) w(one), tributary.return_numbers s CROSS JOIN LATERAL (SELECT s.series || '-' || "
	  "lpad(s.last_number::text, greatest(8, length(s.last_number::text)), '0') AS name) n LEFT JOIN "
	  "tributary.returns r ON r.number = n.name WHERE s.last_number > 0 AND r.number IS NULL" MOST}},
};
/* clang-format on */

const size_t audit_checks_count = COUNT_OF(audit_checks);

/* --- totals --------------------------------------------------------------------------------------------------------- */

#define SUM(what, column, table)                                                                   \
	" UNION ALL SELECT '" what "', coalesce(sum(" column "), 0)::bigint FROM tributary." table \
	" x WHERE x.order_id "                                                                     \
	"= ANY ($1)"

static const struct statement orders_total = {
    "audit_orders_total", "U",
    "SELECT 'orders', count(*) FROM tributary.orders x WHERE x.order_id = ANY ($1)" SUM(
	"order lines", "lines_count", "orders") SUM("quantity ordered", "ordered_micro", "allocation_lines")
	SUM("quantity allocated", "allocated_micro", "allocation_lines")
	    SUM("quantity backordered", "backordered_micro", "allocation_lines")
		SUM("quantity shipped", "shipped_micro", "reservations")
		    SUM("quantity invoiced", "base_quantity_micro", "invoice_lines") SUM("invoices", "1", "invoices")
			SUM("returns", "1", "returns")
			    SUM("shipments", "1",
				"shipments") " UNION ALL SELECT 'money ordered ' || currency, sum(total_minor)::bigint "
					     "FROM tributary.orders WHERE order_id = ANY ($1) GROUP BY currency"
					     " UNION ALL SELECT 'money invoiced ' || currency, "
					     "sum(total_minor)::bigint FROM tributary.invoices WHERE order_id = ANY "
					     "($1) GROUP BY currency"
					     " UNION ALL SELECT 'orders ' || st.state, count(*) FROM "
					     "tributary.order_status s JOIN tributary.order_states st USING (rank) "
					     "WHERE s.order_id = ANY ($1) GROUP BY st.state"
					     " UNION ALL SELECT 'effects ' || state, count(*) FROM "
					     "tributary.effects WHERE order_id = ANY ($1) GROUP BY state"};

static const struct statement documents_total = {
    "audit_documents_total", "U",
    "SELECT 'documents', count(*) FROM tributary.documents WHERE document_id = ANY ($1) UNION ALL"
    " SELECT 'documents ' || outcome, count(*) FROM tributary.documents WHERE document_id = ANY ($1) GROUP BY outcome"};

static const struct statement stock_total = {
    "audit_stock_total", "T",
    "SELECT 'stock rows', count(*) FROM tributary.stock WHERE item_no = ANY ($1) UNION ALL"
    " SELECT 'quantity on hand', coalesce(sum(on_hand_micro), 0)::bigint FROM tributary.stock WHERE item_no = ANY ($1)"
    " UNION ALL SELECT 'quantity reserved', coalesce(sum(reserved_micro), 0)::bigint FROM tributary.stock"
    " WHERE item_no = ANY ($1)"};

const struct statement *const audit_totals[AUDIT_SCOPES] = {
    [AUDIT_ORDER] = &orders_total, [AUDIT_DOCUMENT] = &documents_total, [AUDIT_STOCK] = &stock_total};

const char *
audit_scope_name(enum audit_scope scope)
{
	static const char *const names[AUDIT_SCOPES] = {"order", "document", "stock", "numbers"};

	return names[scope];
}
