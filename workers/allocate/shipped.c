/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The second half of allocate: goods have left, so their reservations close and the stock is lower. What was asked for
 * and did not leave stays reserved: perhaps it is still to come, perhaps it is not there at all; either way nobody else
 * may have it.
 */
#include "allocate/allocate.h"

#include "allocate/allocate_sql.h"

#include <stdlib.h>

/* Locks the stock of everything the shipments hold, in the common order, before anything is changed. */
static enum outcome
shipped_lock(struct batch *batch, struct why *why)
{
	struct stock_table table;
	struct str *item_nos;
	size_t n = 0;

	for (size_t i = 0; i < batch->n; i++)
		n += ((const struct shipment *)batch->items[i]->document)->lines.n;
	item_nos = arena_array(batch->arena, n, sizeof *item_nos);
	if (!item_nos)
		return why_set(why, OUTCOME_DEAD, "too-large", "no memory for %zu lines", n);
	n = 0;
	for (size_t i = 0; i < batch->n; i++) {
		const struct shipment *s = batch->items[i]->document;
		const struct shipment_line *lines = s->lines.items;

		for (size_t l = 0; l < s->lines.n; l++)
			item_nos[n++] = lines[l].item_no;
	}
	return stock_lock(batch->store, batch->arena, item_nos, n, &table, why);
}

struct gone {
	struct str item_no, warehouse;
	int64_t gone_micro;
};

static int
by_stock(const void *a, const void *b)
{
	const struct gone *x = a, *y = b;
	int order = str_compare(x->item_no, y->item_no);

	return order ? order : str_compare(x->warehouse, y->warehouse);
}

/* Several reservations may concern one row of stock: an UPDATE would see only one of them, so they are summed here. */
static enum outcome
stock_take_out(struct batch *batch, const struct result *closed, struct why *why)
{
	struct rows *rows = rows_new(&allocate_stock_take_out, batch->arena);
	size_t n = result_count(closed), kept = 0;
	struct gone *list = arena_array(batch->arena, n, sizeof *list);

	if (!list)
		return why_set(why, OUTCOME_DEAD, "too-large", "no memory for %zu reservations", n);
	for (size_t i = 0; i < n; i++)
		list[i] = (struct gone){result_text(closed, i, 0), result_text(closed, i, 1), result_int(closed, i, 2)};
	qsort(list, n, sizeof *list, by_stock);
	for (size_t i = 0; i < n; i++) {
		if (kept && by_stock(&list[kept - 1], &list[i]) == 0) {
			list[kept - 1].gone_micro += list[i].gone_micro;
		} else {
			list[kept++] = list[i];
		}
	}
	for (size_t i = 0; i < kept; i++) {
		rows_text(rows, list[i].item_no);
		rows_text(rows, list[i].warehouse);
		rows_int(rows, list[i].gone_micro);
	}
	store_send(batch->store, rows);
	return OUTCOME_OK;
}

static enum outcome
reservations_close(struct batch *batch, struct why *why)
{
	struct rows *rows = rows_new(&allocate_reservations_close, batch->arena);
	struct result *closed;
	enum outcome outcome;

	for (size_t i = 0; i < batch->n; i++) {
		const struct shipment *s = batch->items[i]->document;
		const struct shipment_line *lines = s->lines.items;

		for (size_t l = 0; l < s->lines.n; l++) {
			rows_uuid(rows, s->order_id);
			rows_uuid(rows, s->shipment_id);
			rows_int(rows, lines[l].line_no);
			rows_int(rows, lines[l].shipped_micro);
		}
	}
	outcome = store_query(batch->store, rows, &closed, why);
	return outcome == OUTCOME_OK ? stock_take_out(batch, closed, why) : outcome;
}

static bool
is_short(const struct shipment *s)
{
	const struct shipment_line *lines = s->lines.items;

	for (size_t i = 0; i < s->lines.n; i++)
		if (lines[i].shipped_micro < lines[i].quantity_micro)
			return true;
	return false;
}

static enum outcome
orders_status(struct batch *batch, struct why *why)
{
	struct rows *rows = rows_new(&allocate_orders_shipped, batch->arena);
	struct result *sums;
	enum outcome outcome;

	for (size_t i = 0; i < batch->n; i++)
		rows_uuid(rows, batch->items[i]->order_id);
	outcome = store_query(batch->store, rows, &sums, why);
	/* One row per order, in the order asked. */
	for (size_t i = 0; outcome == OUTCOME_OK && i < batch->n; i++) {
		int64_t ordered = result_int(sums, i, 1), shipped = result_int(sums, i, 2);

		if (shipped > 0)
			item_status(batch->items[i], shipped >= ordered ? ORDER_SHIPPED : ORDER_PART_SHIPPED);
		if (is_short(batch->items[i]->document))
			item_note(
			    batch, batch->items[i], "short", NULL,
			    "the warehouse shipped less than it was asked for: the rest stays reserved until the ERP "
			    "and the warehouse agree");
	}
	return outcome;
}

enum outcome
allocate_shipped(struct batch *batch, struct why *why)
{
	enum outcome outcome = shipped_lock(batch, why);

	if (outcome == OUTCOME_OK)
		outcome = reservations_close(batch, why);
	if (outcome == OUTCOME_OK)
		outcome = orders_status(batch, why);
	return outcome;
}
