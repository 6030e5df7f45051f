/* SPDX-License-Identifier: Apache-2.0 */
#include "clock/clock_sql.h"

/*
 * Of each item that somebody waits for and that is there: whoever came first comes first, so those are due for whom something is
 * left when all before them have taken theirs. An order that is held up at allocate, or of which a message died there, is not
 * asked for: it could not take its share, and would keep it from the others.
 */
const struct statement clock_backorders_due = {
    "clock_backorders_due", "I",
    "WITH free AS MATERIALIZED (SELECT i.item_no, f.there FROM (SELECT DISTINCT item_no FROM tributary.allocation_lines"
    " WHERE waits) i CROSS JOIN LATERAL (SELECT sum(s.on_hand_micro - s.reserved_micro) AS there"
    " FROM tributary.stock s JOIN tributary.warehouses w USING (warehouse) WHERE s.item_no = i.item_no AND w.active "
    "OFFSET 0) f"
    " WHERE f.there > 0),"
    " served AS MATERIALIZED (SELECT a.order_id, o.party, a.content_at, f.there, a.backordered_micro AS wants,"
    " sum(a.backordered_micro) OVER (PARTITION BY a.item_no ORDER BY a.content_at, a.order_id, a.line_no"
    " ROWS UNBOUNDED PRECEDING) AS with_those_before FROM free f JOIN tributary.allocation_lines a"
    " ON a.item_no = f.item_no AND a.waits JOIN tributary.orders o USING (order_id)"
    " WHERE o.cancelled_at IS NULL AND a.content_at = coalesce(o.changed_at, o.received_at) AND NOT EXISTS"
    " (SELECT FROM tributary.gates g WHERE g.order_id = a.order_id AND g.queue = 'allocate') AND NOT EXISTS"
    " (SELECT FROM tributary.dead_letters l WHERE l.order_id = a.order_id AND l.state IN ('open', 'replaying')"
    " AND l.origin = 'allocate'))"
    " SELECT d.order_id, d.party, (SELECT sum(x.backordered_micro)::bigint FROM tributary.allocation_lines x"
    " WHERE x.order_id = d.order_id AND x.waits), d.there FROM (SELECT order_id, party, "
    "min(content_at) AS since,"
    " sum(there)::bigint AS there FROM served"
    " WHERE with_those_before - wants < there GROUP BY order_id, party ORDER BY since, order_id LIMIT ($1)[1]) d"
    " ORDER BY d.since, d.order_id"};

#define LINES_COUNTED_MAX "20000"

const struct statement clock_backorders_waiting = {
    "clock_backorders_waiting", "",
    "SELECT count(DISTINCT a.order_id), coalesce(extract(epoch FROM clock_timestamp() - min(o.received_at)), 0)::bigint"
    " FROM (SELECT order_id FROM tributary.allocation_lines WHERE waits LIMIT " LINES_COUNTED_MAX ") a"
    " JOIN tributary.orders o USING (order_id) WHERE o.cancelled_at IS NULL"};
