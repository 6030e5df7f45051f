/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The third part of allocate: an order that waits for stock is due, for there is some. What it waits for is taken as far as it
 * is there, in shipments of their own behind those that were asked for. It is not said to be allocated anew: a partner would be sent
 * a second answer to his order for each pallet that arrives.
 *
 * The message says which order, and nothing else: what it waits for is read under the order's lock, so that a message that
 * comes twice, or late, takes nothing that is not wanted. An order that its channel changed waits for its new content to be
 * allocated; one of which it said anything else, such as a cancellation when a part was shipped, waits for nothing: ingest ends
 * that, and a person decides. So does an order that is not wanted any more after a day that is over.
 */
#include "allocate/allocate.h"

#include "topology_names.h"

#include "allocate/allocator.h"

/* One order that waits, and its item. */
struct backorder {
	struct item *item;
	struct order *order;
	int64_t last_place, asked_count; /* of its shipments */
	size_t first, end;               /* its rows in `lines` */
	bool is_other;                   /* they are not of its document */
};

struct backorders {
	struct backorder *list;
	size_t n;
	struct rows *ended;   /* order_id */
	struct result *lines; /* order_id, line_no, ordered, allocated, waits, item_no */
};

static int64_t
waiting_of(const struct backorders *b, size_t row)
{
	return result_bool(b->lines, row, 4) ? result_int(b->lines, row, 2) - result_int(b->lines, row, 3) : 0;
}

static size_t
index_of(const struct backorders *b, size_t row)
{
	return (size_t)result_int(b->lines, row, 1) - 1;
}

/* The row is of this line of the document: else it is of another content, and nothing is taken for it. */
static bool
is_of_line(const struct backorders *b, size_t row, const struct order *o)
{
	const struct order_line *line;

	if (index_of(b, row) >= o->lines.n)
		return false;
	line = order_line_at(o, index_of(b, row));
	return str_equal(line->enriched.item_no, result_text(b->lines, row, 5)) &&
	       line->enriched.base_quantity_micro == result_int(b->lines, row, 2);
}

static enum outcome
lines_find(struct batch *batch, struct backorders *b, struct why *why)
{
	struct rows *ids = rows_new(&allocate_backorder_lines_select, batch->arena);
	enum outcome outcome;

	for (size_t i = 0; i < b->n; i++)
		rows_uuid(ids, b->list[i].order->order_id);
	outcome = store_query(batch->store, ids, &b->lines, why);
	for (size_t i = 0; outcome == OUTCOME_OK && i < b->n; i++) {
		struct backorder *order = &b->list[i];
		struct uuid id = order->order->order_id;

		while (order->first < result_count(b->lines) && !uuid_equal(result_uuid(b->lines, order->first, 0), id))
			order->first++;
		order->end = order->first;
		while (order->end < result_count(b->lines) && uuid_equal(result_uuid(b->lines, order->end, 0), id))
			order->is_other |= !is_of_line(b, order->end++, order->order);
		if (order->is_other) {
			rows_uuid(b->ended, id);
			item_note(batch, order->item, "differs", NULL,
				  "what waits for stock is not of the order as it is now: nothing is reserved");
			order->end = order->first;
		}
	}
	return outcome;
}

static enum outcome
order_read(struct batch *batch, struct item *item, const struct result *found, size_t row, struct backorder *out,
	   struct why *why)
{
	*out = (struct backorder){
	    .item = item,
	    .order = arena_get(batch->arena, sizeof(struct order)),
	    .last_place = result_int(found, row, 2),
	    .asked_count = result_int(found, row, 3),
	};
	if (!out->order)
		return why_set(why, OUTCOME_DEAD, "too-large", "no memory for an order");
	return contract_decode(&order_contract, result_bytes(found, row, 1), batch->arena, out->order, why);
}

/* Days have hours, and a channel's day may be meant to its end. */
#define DAY_US (INT64_C(86400) * 1000000)

static bool
too_late_end(struct batch *batch, struct backorders *b, struct item *item, const struct order *o)
{
	if (!o->cancel_after_at_us || batch->now_us <= o->cancel_after_at_us + DAY_US)
		return false;
	rows_uuid(b->ended, o->order_id);
	item_note(batch, item, "too-late", NULL,
		  "there is stock, and the channel does not want it any more: nothing is reserved");
	return true;
}

/* Those of the batch that still wait for something. */
static enum outcome
backorders_find(struct batch *batch, struct backorders *b, struct why *why)
{
	struct rows *locks = rows_new(&allocate_orders_lock, batch->arena),
		    *ids = rows_new(&allocate_backorders_select, batch->arena);
	struct result *found;
	enum outcome outcome;

	for (size_t i = 0; i < batch->n; i++) {
		rows_uuid(locks, batch->items[i]->order_id);
		rows_uuid(ids, batch->items[i]->order_id);
	}
	store_send(batch->store, locks);
	outcome = store_query(batch->store, ids, &found, why);
	if (outcome != OUTCOME_OK)
		return outcome;
	b->ended = rows_new(&allocate_backorders_end, batch->arena);
	b->list = arena_array(batch->arena, result_count(found), sizeof *b->list);
	if (!b->list)
		return why_set(why, OUTCOME_DEAD, "too-large", "no memory for the orders");
	for (size_t i = 0; i < batch->n; i++) {
		struct item *item = batch->items[i];
		struct why broken = {0};
		size_t row = 0;

		while (row < result_count(found) && !uuid_equal(result_uuid(found, row, 0), item->order_id))
			row++;
		if (row == result_count(found))
			continue;
		outcome = order_read(batch, item, found, row, &b->list[b->n], &broken);
		if (outcome != OUTCOME_OK)
			item_fail(item, outcome, &broken);
		else if (!too_late_end(batch, b, item, b->list[b->n].order))
			b->n++;
	}
	outcome = lines_find(batch, b, why);
	if (outcome == OUTCOME_OK)
		store_send(batch->store, b->ended);
	return outcome;
}

static enum outcome
stock_open(struct allocator *a, struct batch *batch, const struct backorders *b, struct why *why)
{
	size_t n = 0;
	struct str *item_nos = arena_array(batch->arena, result_count(b->lines), sizeof *item_nos);

	if (!item_nos)
		return why_set(why, OUTCOME_DEAD, "too-large", "no memory for %zu lines", result_count(b->lines));
	for (size_t i = 0; i < b->n; i++)
		for (size_t row = b->list[i].first; row < b->list[i].end; row++)
			if (waiting_of(b, row) > 0)
				item_nos[n++] = order_line_at(b->list[i].order, index_of(b, row))->enriched.item_no;
	return allocator_open(a, batch, item_nos, item_nos_unique(item_nos, n), &allocate_lines_fill, why);
}

/* The order's lines as they are now; plan line i is of the i-th of its lines that waited. */
static enum outcome
fill_say(struct allocator *a, const struct backorder *order, const struct backorders *b, const struct plan *plan,
	 struct why *why)
{
	struct arena *arena = a->batch->arena;
	struct allocation_line *lines = arena_array(arena, order->end - order->first, sizeof *lines);
	size_t next = 0;

	for (size_t row = order->first; lines && row < order->end; row++) {
		struct plan_line now = {0};

		if (waiting_of(b, row) > 0)
			now = plan->lines[next++];
		now.ordered_micro = result_int(b->lines, row, 2);
		now.allocated_micro += result_int(b->lines, row, 3);
		if (!allocation_line_of(arena, order_line_at(order->order, index_of(b, row)), &now,
					&lines[row - order->first]))
			lines = NULL;
	}
	if (!lines)
		return why_set(why, OUTCOME_DEAD, "too-large", "no memory for the allocation");
	allocation_say(a, order->item, EVENT_BACKORDER_FILLED, order->order, lines, order->end - order->first,
		       (size_t)order->asked_count + plan->warehouses_count);
	return OUTCOME_OK;
}

static enum outcome
order_fill(struct allocator *a, const struct backorder *order, const struct backorders *b, struct why *why)
{
	struct wanted w;
	struct plan plan;
	size_t filled = 0;
	enum outcome outcome = wanted_new(a, order->end - order->first, &w, why);

	for (size_t row = order->first; outcome == OUTCOME_OK && row < order->end; row++) {
		size_t index = index_of(b, row);

		if (waiting_of(b, row) <= 0)
			continue;
		w.needs[w.n] =
		    (struct plan_need){order_line_at(order->order, index)->enriched.item_no, waiting_of(b, row)};
		w.of[w.n++] = index;
	}
	if (outcome == OUTCOME_OK)
		outcome = plan_decide(w.needs, w.n, &a->table, true, a->batch->arena, &plan, why);
	if (outcome != OUTCOME_OK || plan.warehouses_count == 0)
		return outcome;
	for (size_t i = 0; i < plan.n; i++) {
		if (plan.lines[i].allocated_micro == 0)
			continue;
		filled++;
		allocate_line_fill_put(a->lines, a->batch->arena, order->order->order_id, (int64_t)w.of[i] + 1,
				       &plan.lines[i]);
	}
	item_status(order->item, plan.is_whole ? ORDER_ALLOCATED : ORDER_PART_ALLOCATED);
	item_note(a->batch, order->item, "filled", NULL, "%zu of %zu lines that waited have stock, %zu warehouses%s",
		  filled, plan.n, plan.warehouses_count, plan.is_whole ? "" : ", the rest is backordered");
	outcome = fill_say(a, order, b, &plan, why);
	return outcome == OUTCOME_OK
		   ? shipments_ask(a, order->item, order->order, &w, &plan, order->last_place + 1, why)
		   : outcome;
}

enum outcome
allocate_backorder(struct batch *batch, struct why *why)
{
	struct backorders b = {0};
	struct allocator a;
	enum outcome outcome;

	items_by_arrival(batch);
	outcome = backorders_find(batch, &b, why);
	if (outcome != OUTCOME_OK || b.n == 0)
		return outcome;
	outcome = stock_open(&a, batch, &b, why);
	a.fills_backorders = true;
	for (size_t i = 0; outcome == OUTCOME_OK && i < b.n; i++)
		outcome = order_fill(&a, &b.list[i], &b, why);
	if (outcome == OUTCOME_OK)
		allocator_close(&a);
	return outcome;
}
