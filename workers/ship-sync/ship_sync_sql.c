/* SPDX-License-Identifier: Apache-2.0 */
#include "ship-sync/ship_sync_sql.h"

const struct statement ship_sync_effects_insert = {
    "ship_sync_effects_insert", "UTUU",
    "INSERT INTO tributary.effects (effect_id, stage, partner, order_id, reference, state, prepared_at)"
    " SELECT a, 'ship-sync', b, c, d, 'prepared', clock_timestamp() FROM unnest($1, $2, $3, $4) u(a, b, c, d)"
    " ON CONFLICT DO NOTHING RETURNING effect_id"};

const struct statement ship_sync_effects_known = {
    "ship_sync_effects_known", "U",
    "SELECT effect_id, state, code, (extract(epoch FROM clock_timestamp() - prepared_at) * 1000000)::bigint,"
    " attempts, partner_ref FROM tributary.effects WHERE effect_id = ANY ($1)"};

const struct statement ship_sync_effects_arm = {
    "ship_sync_effects_arm", "UN",
    "UPDATE tributary.effects e SET state = 'prepared', code = NULL, attempts = u.attempts, settled_at = NULL,"
    " prepared_at = clock_timestamp() FROM unnest($1, $2) u(effect_id, attempts) WHERE e.effect_id = u.effect_id"};

const struct statement ship_sync_effects_doubt = {
    "ship_sync_effects_doubt", "U",
    "UPDATE tributary.effects SET state = 'in_doubt', code = 'in-doubt' WHERE effect_id = ANY ($1)"};

const struct statement ship_sync_effects_record = {
    "ship_sync_effects_record", "UTTTN",
    "UPDATE tributary.effects e SET state = u.state, code = u.code, partner_ref = coalesce(u.partner_ref, "
    "e.partner_ref),"
    " settled_at = CASE WHEN u.state IN ('confirmed', 'refused') THEN clock_timestamp() END"
    " FROM unnest($1, $2, $3, $4, $5) u(effect_id, state, code, partner_ref, attempts)"
    " WHERE e.effect_id = u.effect_id AND e.state <> 'confirmed'"
    " AND (u.state = 'confirmed' OR e.attempts = u.attempts) RETURNING e.effect_id"};

const struct statement ship_sync_effects_prove = {
    "ship_sync_effects_prove", "UUT",
    "UPDATE tributary.effects e SET state = 'confirmed', code = NULL,"
    " partner_ref = coalesce(u.partner_ref, e.partner_ref), settled_at = clock_timestamp()"
    " FROM unnest($1, $2, $3) u(order_id, reference, partner_ref)"
    " WHERE e.order_id = u.order_id AND e.reference = u.reference AND e.stage = 'ship-sync'"
    " AND e.state <> 'confirmed' RETURNING e.reference, e.effect_id"};

void
ship_sync_effect_put(struct rows *rows, struct uuid effect_id, const struct shipment *shipment)
{
	rows_uuid(rows, effect_id);
	rows_text(rows, shipment->partner);
	rows_uuid(rows, shipment->order_id);
	rows_uuid(rows, shipment->shipment_id);
}

struct effect_row
ship_sync_effect_read(const struct result *known, size_t row)
{
	struct effect_row r = {
	    .effect_id = result_uuid(known, row, 0),
	    .effect = {.state = EFFECT_IN_DOUBT, /* what we do not know we do not send */
		       .is_not_sent = str_equal(result_text(known, row, 2), STR(EFFECT_NOT_SENT)),
		       .age_us = result_int(known, row, 3)},
	    .attempts = result_int(known, row, 4),
	    .partner_ref = result_text(known, row, 5),
	};

	if (!effect_state_parse(result_text(known, row, 1), &r.effect.state))
		r.effect.is_not_sent = false;
	return r;
}

void
ship_sync_end_put(struct rows *rows, const struct effect_end *end)
{
	bool is_not_sent;
	enum effect_state state = effect_settle(end->answer, &is_not_sent);
	const char *code = is_not_sent ? EFFECT_NOT_SENT : end->code;

	rows_uuid(rows, end->effect_id);
	rows_text(rows, str_of(effect_state_name(state)));
	rows_text_or_null(rows, state == EFFECT_CONFIRMED ? (struct str){NULL, 0} : str_of(code));
	rows_text_or_null(rows, end->partner_ref);
	rows_int(rows, end->attempts);
}
