/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/ask_orders_sql.h"

/* What report.orders calls it. */
#define STATE                                                                                     \
	" CASE WHEN st.state = 'cancelled' THEN st.state WHEN s.hold_reason = 'held' THEN 'held'" \
	" WHEN s.hold_reason = 'dead' THEN 'failed' ELSE coalesce(st.state, 'accepted') END"
#define COLUMNS                                                                                                  \
	" o.order_id, o.party, o.external_id, o.number," STATE ", coalesce(st.state, 'accepted'), s.hold_stage," \
	" s.hold_code, e.customer_no, o.currency, o.total_minor, o.lines_count, o.revision_no, o.placed_at,"     \
	" o.received_at, o.changed_at, o.cancelled_at, coalesce(s.updated_at, o.received_at),"                   \
	" (SELECT count(*) FROM tributary.shipments h WHERE h.order_id = o.order_id), i.n, i.total"
#define JOINS                                                                                                  \
	" LEFT JOIN tributary.order_status s ON s.order_id = o.order_id LEFT JOIN tributary.order_states st"   \
	" ON st.rank = s.rank LEFT JOIN tributary.enrichments e ON e.order_id = o.order_id CROSS JOIN LATERAL" \
	" (SELECT count(*) AS n, coalesce(sum(v.total_minor), 0)::bigint AS total FROM tributary.invoices v"   \
	" WHERE v.order_id = o.order_id) i"

const struct statement orders_get = {
    "ask_orders_get", "UT",
    "SELECT u.n - 1," COLUMNS ", false FROM unnest($1, $2) WITH ORDINALITY u(id, party, n)"
    " JOIN tributary.orders o ON o.order_id = coalesce((SELECT f.order_id FROM tributary.former_order_ids f"
    " WHERE f.derived_id = u.id), u.id) AND (u.party IS NULL OR o.party = u.party)" JOINS};

const struct statement orders_by_number = {
    "ask_orders_by_number", "ITTU",
    "SELECT u.n," COLUMNS ", false FROM unnest($1, $2, $3, $4) u(n, party, number, id)"
    " CROSS JOIN LATERAL (SELECT k.order_id FROM (SELECT a.order_id FROM tributary.orders a WHERE a.party = u.party"
    " AND a.number = u.number ORDER BY a.received_at DESC LIMIT 200) k"
    " UNION SELECT b.order_id FROM tributary.orders b WHERE b.order_id = coalesce((SELECT g.order_id FROM"
    " tributary.former_order_ids g WHERE g.derived_id = u.id), u.id) AND b.party = u.party) f"
    " JOIN tributary.orders o ON o.order_id = f.order_id" JOINS " ORDER BY u.n, o.received_at DESC, o.order_id DESC"};

/*
 * Bounded twice: by the rows wanted, and by those looked at for them (ORDERS_LOOKED_AT_MAX). A party's are ordered by the
 * expression that stands in orders_party_received and in no other index: so whatever the statistics were when the plan was
 * made, it goes through the party's orders alone.
 */
#define LIST(bounds, at)                                                                                              \
	" CROSS JOIN LATERAL (SELECT" COLUMNS ", o.looked_at = 2000"                                                  \
	" FROM (SELECT c.order_id, c.party, c.external_id, c.number, c.currency, c.total_minor, c.lines_count,"       \
	" c.revision_no, c.placed_at, c.received_at, c.changed_at, c.cancelled_at, " at " AS sorted_at,"              \
	" row_number() OVER (ORDER BY " at " DESC, c.order_id DESC) AS looked_at FROM tributary.orders c"             \
	" WHERE " bounds " ORDER BY " at " DESC, c.order_id DESC LIMIT 2000) o" JOINS                                 \
	" WHERE u.state IS NULL OR u.state =" STATE " OR o.looked_at = 2000"                                          \
	" ORDER BY o.sorted_at DESC, o.order_id DESC LIMIT u.wanted) l ORDER BY u.n, l.received_at DESC, l.order_id " \
	"DESC"
#define OWN_AT "(c.received_at AT TIME ZONE 'UTC')"

const struct statement orders_of_party = {
    "ask_orders_of_party", "ITZZUIT",
    "SELECT u.n, l.* FROM unnest($1, $2, $3, $4, $5, $6, $7) u(n, state, since, at, id, wanted, party)" LIST(
	"c.party = u.party AND " OWN_AT " >= (u.since AT TIME ZONE 'UTC')"
	" AND (" OWN_AT ", c.order_id) < (u.at AT TIME ZONE 'UTC', u.id)",
	OWN_AT)};

const struct statement orders_of_all = {
    "ask_orders_of_all", "ITZZUI",
    "SELECT u.n, l.* FROM unnest($1, $2, $3, $4, $5, $6) u(n, state, since, at, id, wanted)" LIST(
	"c.received_at >= u.since AND (c.received_at, c.order_id) < (u.at, u.id)", "c.received_at")};

struct order_row
order_row_read(const struct result *r, size_t row)
{
	struct order_row o = {.call = (size_t)result_int(r, row, 0),
			      .order_id = result_uuid(r, row, 1),
			      .party = result_text(r, row, 2),
			      .external_id = result_text(r, row, 3),
			      .number = result_text(r, row, 4),
			      .state = result_text(r, row, 5),
			      .step = result_text(r, row, 6),
			      .hold_stage = result_text(r, row, 7),
			      .hold_code = result_text(r, row, 8),
			      .customer_no = result_text(r, row, 9),
			      .currency = result_text(r, row, 10),
			      .total_minor = result_int(r, row, 11),
			      .lines_count = result_int(r, row, 12),
			      .revision = result_int(r, row, 13),
			      .placed_us = result_instant(r, row, 14),
			      .received_us = result_instant(r, row, 15),
			      .changed_us = result_instant(r, row, 16),
			      .cancelled_us = result_instant(r, row, 17),
			      .updated_us = result_instant(r, row, 18),
			      .shipments_count = result_int(r, row, 19),
			      .invoices_count = result_int(r, row, 20),
			      .invoiced_minor = result_int(r, row, 21),
			      .is_last = result_bool(r, row, 22)};

	if (str_equal(o.state, STR("held")) || str_equal(o.state, STR("failed")))
		o.hold_reason = o.state;
	return o;
}
