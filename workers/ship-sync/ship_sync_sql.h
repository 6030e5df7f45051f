/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ship_sync_sql - ship-sync's statements; the only place of this worker that knows columns
 * The database's clock is the only one: processes on several machines share the ledger.
 */
#ifndef TRIBUTARY_SHIP_SYNC_SQL_H
#define TRIBUTARY_SHIP_SYNC_SQL_H

#include "model/shipment.h"
#include "ship-sync/effect.h"
#include "worker/worker.h"

/* What is known of one effect; `attempts` counts how often it was armed and fences off whoever armed it before. */
struct effect_row {
	struct uuid effect_id;
	struct effect effect;
	int64_t attempts;
	struct str partner_ref;
};

/* How a request ended, on its way into the ledger. */
struct effect_end {
	struct uuid effect_id;
	enum outcome answer;
	const char *code;
	struct str partner_ref;
	int64_t attempts;
};

/* → effect_id of each that was new */
extern const struct statement ship_sync_effects_insert;
void ship_sync_effect_put(struct rows *rows, struct uuid effect_id, const struct shipment *shipment);

/* effect_id → see ship_sync_effect_read() */
extern const struct statement ship_sync_effects_known;
struct effect_row ship_sync_effect_read(const struct result *known, size_t row);

/* effect_id, attempts: may be sent (again) */
extern const struct statement ship_sync_effects_arm;
/* effect_id: nobody knows how it ended */
extern const struct statement ship_sync_effects_doubt;

/* → effect_id of each that took it: not one that is confirmed, nor one that was armed again meanwhile */
extern const struct statement ship_sync_effects_record;
void ship_sync_end_put(struct rows *rows, const struct effect_end *end);

/* order_id, shipment_id, partner_ref → shipment_id, effect_id of each that was not confirmed before */
extern const struct statement ship_sync_effects_prove;

#endif
