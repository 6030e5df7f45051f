/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/settle_sql.h"

const struct statement sql_lock = {"skeleton_lock", "I", "SELECT pg_advisory_xact_lock(k) FROM unnest($1) k"};

const struct statement sql_known = {
    "skeleton_known", "UTTUU",
    "SELECT i.n, j.outcome, j.outputs, g.head, j.settled_at, i.after IS NOT NULL AND b.message_id IS NULL, j.outputs_id"
    " FROM unnest($1, $2, $3, $4, $5) WITH ORDINALITY i(message_id, stage, queue, order_id, after, n)"
    " LEFT JOIN tributary.journal_known j ON j.message_id = i.message_id AND j.stage = i.stage"
    " LEFT JOIN tributary.gates g ON g.queue = i.queue AND g.order_id = i.order_id"
    " LEFT JOIN tributary.journal b ON b.message_id = i.after AND b.stage = i.stage"
    " WHERE j.message_id IS NOT NULL OR g.head IS NOT NULL OR (i.after IS NOT NULL AND b.message_id IS NULL)"};

const struct statement sql_attempt = {
    "skeleton_attempt", "UTZ",
    "INSERT INTO tributary.attempts AS a (message_id, stage, last_at) SELECT * FROM unnest($1, $2, $3)"
    " ON CONFLICT (message_id, stage) DO UPDATE SET begun = a.begun + 1, last_at = excluded.last_at"
    " RETURNING begun::bigint"};

const struct statement sql_outputs_insert = {
    "skeleton_outputs_insert", "UZB",
    "INSERT INTO tributary.journal_outputs (outputs_id, said_at, body) SELECT * FROM unnest($1, $2, $3)"};

/* Without ON CONFLICT, which costs half as much again: the message's lock is held, and it was not there (sql_known). */
const struct statement sql_journal_insert = {
    "skeleton_journal_insert", "UTTUNNZ",
    "INSERT INTO tributary.journal (message_id, stage, outcome, outputs_id, outputs_from, outputs_bytes, settled_at)"
    " SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $7)"};

const struct statement sql_exception_open = {
    "skeleton_exception_open", "UTTUUTTTTTTTNTBZ",
    "INSERT INTO tributary.exceptions AS x (exception_id, stage, queue, message_id, order_id, party, code, path, "
    "reason, state, subject, type, content_type, version, trace, body, opened_at)"
    " SELECT a, b, c, d, e, f, g, h, i, 'open', j, k, l, m, n, o, p"
    " FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)"
    " u(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p)"
    " ON CONFLICT (exception_id) DO UPDATE SET state = 'open', times = x.times + 1, code = excluded.code,"
    " path = excluded.path, reason = excluded.reason, opened_at = excluded.opened_at, closed_at = NULL"};

const struct statement sql_exception_settle = {
    "skeleton_exception_settle", "UZ",
    "UPDATE tributary.exceptions x SET state = 'released', closed_at = u.at FROM unnest($1, $2) u(id, at)"
    " WHERE x.exception_id = u.id AND x.state <> 'dismissed'"};

const struct statement sql_gate_put = {
    "skeleton_gate_put", "TUUTZ",
    "INSERT INTO tributary.gates AS g (queue, order_id, head, reason, since) SELECT * FROM unnest($1, $2, $3, $4, $5)"
    " ON CONFLICT (queue, order_id) DO UPDATE SET reason = excluded.reason, since = excluded.since"};

const struct statement sql_gate_advance = {
    "skeleton_gate_advance", "TUU",
    "UPDATE tributary.gates g SET head = u.head, reason = 'parked' FROM unnest($1, $2, $3) u(queue, order_id, head)"
    " WHERE g.queue = u.queue AND g.order_id = u.order_id"};

const struct statement sql_gate_delete = {"skeleton_gate_delete", "TU",
					  "DELETE FROM tributary.gates g USING unnest($1, $2) u(queue, order_id)"
					  " WHERE g.queue = u.queue AND g.order_id = u.order_id"};

const struct statement sql_park = {
    "skeleton_park", "TUUTTTNTBZ",
    "INSERT INTO tributary.parked (queue, message_id, order_id, type, content_type, party, version, trace, body, "
    "parked_at)"
    " SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT DO NOTHING"};

const struct statement sql_parked_next = {
    "skeleton_parked_next", "TU",
    "SELECT u.n, p.message_id, p.type, p.content_type, p.party, p.version, p.trace, p.body"
    " FROM unnest($1, $2) WITH ORDINALITY u(queue, order_id, n)"
    " CROSS JOIN LATERAL (SELECT * FROM tributary.parked p WHERE p.queue = u.queue AND p.order_id = u.order_id"
    " ORDER BY p.place LIMIT 1) p"};

const struct statement sql_parked_delete = {"skeleton_parked_delete", "TU",
					    "DELETE FROM tributary.parked p USING unnest($1, $2) u(queue, message_id)"
					    " WHERE p.queue = u.queue AND p.message_id = u.message_id"};

/* The furthest rank stays, also when ingest has several messages of an order in one batch. What holds an order up is written by the stage that held it, and cleared by the same stage.
 */
const struct statement sql_status_reach = {
    "skeleton_status_reach", "UNTZ",
    "INSERT INTO tributary.order_status AS s (order_id, rank, updated_at)"
    " SELECT a, max(b), max(d) FROM unnest($1, $2, $3, $4) u(a, b, c, d) GROUP BY a"
    " ON CONFLICT (order_id) DO UPDATE SET rank = greatest(s.rank, excluded.rank), updated_at = excluded.updated_at,"
    " hold_reason = CASE WHEN s.hold_stage <> ($3)[1] THEN s.hold_reason END,"
    " hold_code = CASE WHEN s.hold_stage <> ($3)[1] THEN s.hold_code END,"
    " hold_stage = CASE WHEN s.hold_stage <> ($3)[1] THEN s.hold_stage END"};

const struct statement sql_status_hold = {
    "skeleton_status_hold", "UTTTZ",
    "INSERT INTO tributary.order_status AS s (order_id, rank, hold_reason, hold_stage, hold_code, updated_at)"
    " SELECT DISTINCT ON (a) a, 0, b, c, d, e FROM unnest($1, $2, $3, $4, $5) WITH ORDINALITY u(a, b, c, d, e, n)"
    " ORDER BY a, n DESC"
    " ON CONFLICT (order_id) DO UPDATE SET hold_reason = excluded.hold_reason, hold_stage = excluded.hold_stage,"
    " hold_code = excluded.hold_code, updated_at = excluded.updated_at"};

const struct statement sql_timeline_insert = {
    "skeleton_timeline_insert", "UZTTTTU",
    "INSERT INTO tributary.timeline (order_id, at, stage, event, code, detail, message_id)"
    " SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $7)"};

const struct statement sql_preview = {
    "skeleton_preview", "UTTTTZ",
    "UPDATE tributary.replay_items i SET preview = u.b, preview_code = u.c, preview_path = u.d, preview_text = u.e,"
    " previewed_at = u.f FROM unnest($1, $2, $3, $4, $5, $6) u(a, b, c, d, e, f) WHERE i.item_id = u.a"};
