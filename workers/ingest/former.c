/* SPDX-License-Identifier: Apache-2.0 */
#include "ingest/former.h"

#include "intake/intake.h"

static const struct statement former_ids_any = {"ingest_former_ids_any", "",
						"SELECT EXISTS (SELECT FROM tributary.former_order_ids)"};

static const struct statement former_ids_find = {
    "ingest_former_ids_find", "NU",
    "SELECT u.n::bigint, f.order_id FROM unnest($1, $2) u(n, id) JOIN tributary.former_order_ids f ON f.derived_id = "
    "u.id"};

static enum outcome
any_ask(struct batch *batch, enum former_ids *ids, struct why *why)
{
	struct result *any;
	enum outcome outcome = store_query(batch->store, rows_new(&former_ids_any, batch->arena), &any, why);

	if (outcome == OUTCOME_OK)
		*ids = result_bool(any, 0, 0) ? FORMER_IDS_SOME : FORMER_IDS_NONE;
	return outcome;
}

enum outcome
former_ids_apply(struct batch *batch, enum former_ids *ids, struct why *why)
{
	struct rows *rows = rows_new(&former_ids_find, batch->arena);
	struct result *found;
	enum outcome outcome = OUTCOME_OK;

	if (*ids == FORMER_IDS_UNKNOWN)
		outcome = any_ask(batch, ids, why);
	if (outcome != OUTCOME_OK || *ids == FORMER_IDS_NONE)
		return outcome;
	for (size_t i = 0; i < batch->n; i++) {
		const struct intake *in = batch->items[i]->scratch;

		if (!in->order)
			continue;
		rows_int(rows, (int64_t)i);
		rows_uuid(rows, in->order->order_id);
	}
	outcome = store_query(batch->store, rows, &found, why);
	if (outcome != OUTCOME_OK)
		return outcome;
	for (size_t row = 0; row < result_count(found); row++) {
		struct item *item = batch->items[result_int(found, row, 0)];
		const struct intake *in = item->scratch;

		in->order->order_id = result_uuid(found, row, 1);
		item_order(item, in->order->order_id);
	}
	return OUTCOME_OK;
}
