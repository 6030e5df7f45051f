/* SPDX-License-Identifier: Apache-2.0 */
#include "ingest/former.h"

#include "intake/intake.h"

static const struct statement former_ids_find = {
    "ingest_former_ids_find", "NU",
    "SELECT u.n::bigint, f.order_id FROM unnest($1, $2) u(n, id) JOIN tributary.former_order_ids f ON f.derived_id = "
    "u.id"};

enum outcome
former_ids_apply(struct batch *batch, struct why *why)
{
	struct rows *rows = rows_new(&former_ids_find, batch->arena);
	struct result *found;
	enum outcome outcome;

	for (size_t i = 0; i < batch->n; i++)
		if (!uuid_is_nil(batch->items[i]->order_id)) {
			rows_int(rows, (int64_t)i);
			rows_uuid(rows, batch->items[i]->order_id);
		}
	if (rows_count(rows) == 0)
		return OUTCOME_OK;
	outcome = store_query(batch->store, rows, &found, why);
	if (outcome != OUTCOME_OK)
		return outcome;
	for (size_t row = 0; row < result_count(found); row++) {
		struct item *item = batch->items[result_int(found, row, 0)];
		const struct intake *in = item->scratch;

		item_order(item, result_uuid(found, row, 1));
		if (in->order)
			in->order->order_id = item->order_id;
	}
	return OUTCOME_OK;
}
