/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the timeline tells of orders, beside what the other tables have: checks that all need an order's rows of the timeline,
 * which are spread over its days and dear to find. One statement reads them once, order by order (OFFSET 0: a join would read
 * every day), and all these checks are made of what it read.
 *
 *   t  rows of the timeline; one of NULLs for an order without any
 *   m  messages of an order, by stage: what became of each
 *   o  orders: what was told of each, to look up what is missing; is_whole: retention dropped none of its days. Where it did,
 *      what is missing is looked for by the check timeline-dropped
 */
#include "audit/checks.h"

/* SQL between macros, laid out by hand */
/* clang-format off */

/* An order's rows lie between the instants of the batches in which they were sealed, or are not sealed yet, and so of the time
 * of the newest batch or later, give or take a clock. That is two ranges, or one when they meet: [since, until] and ]beyond,
 * tomorrow]. Two index scans, each of which leaves out the days that it cannot need, are faster than one with OR. */
#define CLOCK "interval '1 day'"
#define UNSEALED \
	"(SELECT coalesce((SELECT least(s.newest_at, s.sealed_at) FROM tributary.timeline_seals s WHERE s.newest_at" \
	" IS NOT NULL ORDER BY s.batch_no DESC LIMIT 1), '-infinity') - " CLOCK " AS at OFFSET 0) unsealed"
#define SEALED \
	"LATERAL (SELECT min(coalesce(s.oldest_at, '-infinity')) AS since, max(coalesce(s.newest_at, 'infinity')) AS" \
	" until FROM tributary.timeline_heads h JOIN tributary.timeline_seals s USING (batch_no) WHERE h.subject_id =" \
	" w.order_id OFFSET 0) sealed"
#define RANGES \
	"LATERAL (SELECT CASE WHEN sealed.until >= unsealed.at THEN least(sealed.since, unsealed.at) ELSE" \
	" sealed.since END AS since, sealed.until, greatest(sealed.until, unsealed.at) AS beyond OFFSET 0) r"
#define TIMELINE \
	"SELECT x.at, x.stage, x.event, x.detail, x.message_id FROM tributary.timeline x WHERE x.order_id = w.order_id" \
	" AND x.at "
#define ROWS \
	"SELECT w.order_id, x.* FROM unnest($1) w(order_id) CROSS JOIN " UNSEALED " CROSS JOIN " SEALED " CROSS JOIN " \
	RANGES " LEFT JOIN LATERAL (" TIMELINE ">= r.since AND x.at <= r.until UNION ALL " TIMELINE \
	"> r.beyond AND x.at < now() + " CLOCK " OFFSET 0) x ON true"

#define MESSAGES \
	"SELECT order_id, message_id, stage, count(*) FILTER (WHERE event = 'done') AS done, max(at) FILTER (WHERE" \
	" event = 'done') AS done_at, max(event) FILTER (WHERE event NOT IN ('done', 'put-back')) AS other FROM t" \
	" WHERE message_id IS NOT NULL GROUP BY order_id, message_id, stage"

#define IDS(where) "array_agg(message_id) FILTER (WHERE " where ")"
#define DETAILS(event_) "array_agg(detail) FILTER (WHERE event = '" event_ "')"
#define EVER(where) "coalesce(bool_or(" where "), false)"
#define IS_WHOLE \
	"NOT EXISTS (SELECT FROM tributary.timeline_dropped x JOIN tributary.timeline_days p USING (part_no) WHERE" \
	" x.subject_id = t.order_id AND p.detached_at IS NOT NULL OFFSET 0)"
#define TOLD_OF_ORDERS \
	"SELECT order_id, " IS_WHOLE " AS is_whole" \
	", " EVER("event = 'done' AND stage = 'enrich'") " AS is_enriched" \
	", " EVER("event = 'allocated' AND stage = 'allocate'") " AS is_allocated" \
	", " EVER("event = 'done' AND stage = 'allocate'") " AS is_allocate_done" \
	", " EVER("event = 'cancelled' AND stage = 'ingest'") " AS is_cancelled" \
	", " IDS("event = 'done' AND stage = 'ingest'") " AS ingested" \
	", " IDS("event = 'shipment.confirmed' AND stage = 'ingest'") " AS confirmed" \
	", " IDS("event = 'done' AND stage = 'ship-sync'") " AS asked" \
	", " DETAILS("invoice.issued") " AS invoices, " DETAILS("return.requested") " AS returns" \
	", " DETAILS("document.issued") " AS documents FROM t GROUP BY order_id"

#define OLD(at) at " < now() - ($2)[1] * interval '1 second'"
#define HAS(table) "EXISTS (SELECT FROM tributary." table " x WHERE x.order_id = o.order_id OFFSET 0)"
#define IN(value, list) "coalesce(" value " = ANY (" list "), false)"

/* Here, too, OFFSET 0 keeps it to one order at a time: of a table that was small once a join, or a hash, would read all. */
#define ITS(table, alias) \
	" FROM o CROSS JOIN LATERAL (SELECT * FROM tributary." table " x WHERE x.order_id = o.order_id OFFSET 0) " alias " "

/* of t, m or o: subject, name of the check, table, key and text of a finding */
#define FOUND(of, check, table, key) "SELECT " of ".order_id::text, '" check "', '" table "', (" key ")::text, "
/* … of an order: what its other rows say was done, and the timeline does not. What the timeline lacks is asked first */
#define UNTOLD(event, because) FOUND("o", "timeline", "timeline", "o.order_id || '/" event "'") "'is missing: ' || " because
#define AND_ " UNION ALL "

const struct statement audit_told = {"audit_told", "UI",
    "WITH t AS MATERIALIZED (" ROWS "), m AS MATERIALIZED (" MESSAGES "), o AS MATERIALIZED (" TOLD_OF_ORDERS ")"
    " SELECT f.subject, f.tbl, f.key, f.says, f.name FROM ("
    /* --- what the timeline tells of, elsewhere ------------------------------------------------------------------ */
    FOUND("t", "return-requested", "returns", "substr(t.detail, 8)") "'is missing: it was requested at ' || t.at FROM t"
    " WHERE t.event = 'return.requested' AND NOT EXISTS (SELECT FROM tributary.returns r WHERE r.order_id = t.order_id AND"
    " r.number = substr(t.detail, 8))"
    AND_
    FOUND("t", "parked", "parked", "t.message_id") "'is missing: ' || t.stage || ' parked it at ' || t.at || ', and did"
    " nothing with it since' FROM t WHERE t.event = 'parked' AND " OLD("t.at") " AND NOT EXISTS (SELECT FROM tributary.parked p"
    " WHERE p.message_id = t.message_id AND p.order_id = t.order_id) AND NOT EXISTS (SELECT FROM tributary.gates g WHERE"
    " g.head = t.message_id AND g.order_id = t.order_id) AND NOT EXISTS (SELECT FROM tributary.journal j WHERE"
    " j.message_id = t.message_id AND j.stage = t.stage)"
    AND_
    FOUND("t", "exception", "exceptions", "t.message_id || '/' || t.stage") "'is missing: it was held at ' || t.at FROM t"
    " WHERE t.event = 'held' AND NOT EXISTS (SELECT FROM tributary.exceptions x WHERE x.message_id = t.message_id AND x.stage ="
    " t.stage)"
    AND_
    FOUND("t", "dead-letter", "dead_letters", "t.message_id || '/' || t.stage") "'is missing: it died at ' || t.at FROM t"
    " WHERE t.event = 'dead' AND " OLD("t.at") " AND NOT EXISTS (SELECT FROM tributary.dead_letters l WHERE l.message_id ="
    " t.message_id::text)"
    AND_
    FOUND("t", "invoice-issued", "invoices", "substr(t.detail, 9)") "'is missing: it was issued at ' || t.at FROM t WHERE"
    " t.event = 'invoice.issued' AND NOT EXISTS (SELECT FROM tributary.invoices i WHERE i.order_id = t.order_id AND"
    " i.number = substr(t.detail, 9))"
    AND_
    FOUND("t", "outbound", "outbound_documents", "y.party || '/' || y.control") "'is missing: it was issued at ' || t.at"
    " FROM t CROSS JOIN LATERAL (SELECT substring(t.detail FROM ' to (.*), control number') AS party, substring(t.detail FROM"
    " 'control number ([0-9]+)$')::bigint AS control OFFSET 0) y WHERE t.event = 'document.issued' AND NOT EXISTS (SELECT"
    " FROM tributary.outbound_documents d WHERE d.order_id = t.order_id AND d.party = y.party AND d.control = y.control)"
    AND_
    FOUND("m", "journal", "journal", "m.message_id || '/' || m.stage") "CASE WHEN j.message_id IS NULL THEN 'is missing'"
    " ELSE 'says ' || j.outcome END || ', and the timeline says done at ' || m.done_at FROM m LEFT JOIN tributary.journal j"
    " USING (message_id, stage) WHERE m.done > 0 AND j.outcome IS DISTINCT FROM 'done'"
    AND_
    /* --- what was done, in the timeline, once ------------------------------------------------------------------- */
    FOUND("m", "timeline", "timeline", "m.order_id || '/' || m.stage || '/done/' || m.message_id") "'is there ' || m.done"
    " || ' times' FROM m WHERE m.done > 1"
    AND_
    FOUND("t", "timeline", "timeline", "order_id || '/' || stage || '/' || event || '/' || message_id") "'is there ' ||"
    " count(*) || ' times' FROM t WHERE event <> 'done' AND stage <> 'enrich' GROUP BY order_id, message_id, stage, event, at,"
    " detail HAVING count(*) > 1"
    AND_
    FOUND("m", "timeline", "timeline", "m.order_id || '/' || m.stage || '/done/' || m.message_id") "'is missing: it ' ||"
    " m.other || ', and the journal says done' FROM m WHERE m.done = 0 AND m.other IS NOT NULL AND EXISTS (SELECT FROM"
    " tributary.journal j WHERE j.message_id = m.message_id AND j.stage = m.stage AND j.outcome = 'done') AND (SELECT"
    " o.is_whole FROM o WHERE o.order_id = m.order_id)"
    AND_
    UNTOLD("ingest/done", "'document ' || d.document_id || ' is ' || d.outcome" ITS("documents", "d")
    "WHERE o.is_whole AND CASE WHEN " IN("d.document_id", "o.ingested") " OR d.outcome IN ('exception',"
    " 'refused') THEN false ELSE EXISTS (SELECT FROM tributary.journal j WHERE j.message_id = d.document_id AND j.stage ="
    " 'ingest' OFFSET 0) END")
    AND_
    UNTOLD("enrich/done", "'the order is enriched' FROM o WHERE o.is_whole AND CASE WHEN NOT o.is_enriched THEN "
    HAS("enrichments") " END")
    AND_
    UNTOLD("allocate/allocated", "'the order is allocated' FROM o WHERE o.is_whole AND CASE WHEN NOT o.is_allocated THEN "
    HAS("allocation_lines") " END")
    AND_
    UNTOLD("allocate/done", "'the order is allocated' FROM o WHERE o.is_whole AND CASE WHEN NOT o.is_allocate_done THEN "
    HAS("allocation_lines") " END")
    AND_
    UNTOLD("ingest/shipment.confirmed", "'the shipment is confirmed'" ITS("confirmations", "c")
    "WHERE o.is_whole AND NOT " IN("c.document_id", "o.confirmed"))
    AND_
    UNTOLD("ingest/cancelled", "'the order is cancelled'" ITS("orders", "x") "WHERE o.is_whole"
    " AND x.cancelled_at IS NOT NULL AND NOT o.is_cancelled")
    AND_
    UNTOLD("ship-sync/done", "'effect ' || f.effect_id || ' is settled'" ITS("effects", "f") "WHERE o.is_whole"
    " AND f.state = 'confirmed' AND " OLD("f.settled_at") " AND CASE WHEN NOT " IN("f.effect_id", "o.asked") " THEN NOT "
    HAS("gates") " END")
    AND_
    FOUND("o", "timeline", "timeline", "o.order_id || '/invoice/invoice.issued'") "'is missing for ' || i.number"
    ITS("invoices", "i") "WHERE o.is_whole AND NOT " IN("'invoice ' || i.number", "o.invoices")
    AND_
    FOUND("o", "return-requested", "timeline", "o.order_id || '/ingest/return.requested'") "'is missing for ' || r.number"
    ITS("returns", "r") "WHERE o.is_whole AND r.number IS NOT NULL AND NOT " IN("'return ' || r.number", "o.returns")
    AND_
    FOUND("o", "outbound", "outbound_documents", "d.party || '/' || d.control") "'is there, and the timeline knows nothing of"
    " it'" ITS("outbound_documents", "d") "WHERE o.is_whole AND NOT "
    IN("d.what || ' to ' || d.party || ', control number ' || d.control", "o.documents")
    ") f(subject, name, tbl, key, says) LIMIT 200"};
/* clang-format on */
