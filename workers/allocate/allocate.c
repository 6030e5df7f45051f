/* SPDX-License-Identifier: Apache-2.0 */
/*
 * NAME         allocate
 * CONSUMES     allocate: order.enriched, shipment.confirmed, backorder.due
 * PUBLISHES    order.allocated.<channel>, backorder.filled.<channel>, shipment.requested.<partner>, and
 *              shipment.confirmed.none for what needs no shipping (gift cards, services), which is delivered at once
 * WRITES       stock (reserved; on hand when goods left), allocation_lines, reservations, shipments
 * IDEMPOTENCY  the journal; an order is allocated in the content that its channel wants now, or not at all; shipment ids
 *              are derived from order and place; reservations close once
 * FAILURES     exception: stock-short, when the channel's policy is to hold what cannot be filled
 *
 * Stock rows are locked by item and warehouse before they are read, so that any number of processes may reserve the
 * same item; the table's CHECK stands behind that.
 */
#include "allocate/allocate.h"

#include "topology_names.h"

#include "allocate/allocator.h"
#include "base/decimal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NO_PARTNER "none"

/* The batch, and which of its items are never in stock, sorted. */
struct allocation_run {
	struct allocator a;
	struct str *unstocked;
	size_t unstocked_count;
};

static int
by_text(const void *a, const void *b)
{
	return str_compare(*(const struct str *)a, *(const struct str *)b);
}

static bool
is_shipped(const struct allocation_run *run, const struct order_line *line)
{
	/* Whether goods move is the ERP's to say, not the channel's: a stocked item that is picked up leaves stock too.
	 */
	return !bsearch(&line->enriched.item_no, run->unstocked, run->unstocked_count, sizeof *run->unstocked, by_text);
}

/* Every item the batch's orders want, once. */
static enum outcome
items_collect(struct batch *batch, struct str **item_nos, size_t *n, struct why *why)
{
	size_t all = 0;
	struct str *list;

	for (size_t i = 0; i < batch->n; i++)
		all += ((const struct order *)batch->items[i]->document)->lines.n;
	list = arena_array(batch->arena, all, sizeof *list);
	if (!list)
		return why_set(why, OUTCOME_DEAD, "too-large", "no memory for %zu lines", all);
	all = 0;
	for (size_t i = 0; i < batch->n; i++) {
		const struct order *o = batch->items[i]->document;

		for (size_t l = 0; l < o->lines.n; l++)
			list[all++] = order_line_at(o, l)->enriched.item_no;
	}
	*item_nos = list;
	*n = item_nos_unique(list, all);
	return OUTCOME_OK;
}

static enum outcome
run_open(struct allocation_run *run, struct batch *batch, struct why *why)
{
	struct str *item_nos = NULL;
	size_t n = 0;
	enum outcome outcome = items_collect(batch, &item_nos, &n, why);

	if (outcome == OUTCOME_OK)
		outcome = stock_unstocked(batch->store, batch->arena, item_nos, n, &run->unstocked,
					  &run->unstocked_count, why);
	return outcome == OUTCOME_OK ? allocator_open(&run->a, batch, item_nos, n, &allocate_lines_insert, why)
				     : outcome;
}

static enum outcome
order_wanted(const struct allocation_run *run, const struct order *o, struct wanted *w, struct why *why)
{
	enum outcome outcome = wanted_new(&run->a, o->lines.n, w, why);

	for (size_t i = 0; outcome == OUTCOME_OK && i < o->lines.n; i++) {
		const struct order_line *line = order_line_at(o, i);

		if (!is_shipped(run, line))
			continue;
		w->needs[w->n] = (struct plan_need){line->enriched.item_no, line->enriched.base_quantity_micro};
		w->of[w->n++] = i;
	}
	return outcome;
}

static void
short_fail(struct item *item, const struct order *o, const struct wanted *w, const struct plan *plan)
{
	char ordered[DECIMAL_TEXT_BYTES], there[DECIMAL_TEXT_BYTES], path[32];
	struct why why = {0};

	for (size_t i = 0; i < plan->n; i++) {
		const struct order_line *line = order_line_at(o, w->of[i]);
		int64_t available = 0;

		for (size_t c = 0; c < plan->lines[i].candidates_count; c++)
			available += plan->lines[i].candidates[c].available_micro;
		if (available >= plan->lines[i].ordered_micro)
			continue;
		decimal_format(plan->lines[i].ordered_micro, ordered);
		decimal_format(available, there);
		snprintf(path, sizeof path, "lines[%zu].quantity", w->of[i]);
		item_fail(item,
			  why_at(&why, OUTCOME_HELD, "stock-short", path,
				 "%.*s: %s wanted, %s available, and party %.*s takes no backorders: restock and "
				 "release it, or dismiss it",
				 STR_ARGS(line->enriched.item_no), ordered, there, STR_ARGS(o->party)),
			  &why);
		return;
	}
	item_fail(
	    item,
	    why_set(&why, OUTCOME_HELD, "stock-short",
		    "its lines want more of one item together than there is: restock and release it, or dismiss it"),
	    &why);
}

/* What needs no shipping is a shipment of its own that is confirmed at once, so that it is billed like the rest. */
static enum outcome
delivery_say(struct allocation_run *run, struct item *item, const struct order *o, int64_t place, struct why *why)
{
	struct allocator *a = &run->a;
	struct shipment *s = shipment_new(a, o, place, STR(NO_PARTNER), STR(NO_PARTNER));
	struct shipment_line *lines;

	if (!s)
		return why_set(why, OUTCOME_DEAD, "too-large", "no memory for a shipment");
	s->partner_ref = STR(NO_PARTNER);
	s->shipped_at_us = a->batch->now_us;
	lines = s->lines.items;
	for (size_t i = 0; i < o->lines.n; i++) {
		const struct order_line *line = order_line_at(o, i);
		int64_t quantity = line->enriched.base_quantity_micro;
		struct plan_line all = {.ordered_micro = quantity, .allocated_micro = quantity};

		if (is_shipped(run, line))
			continue;
		shipment_line_add(s, o, i, quantity);
		lines[s->lines.n - 1].shipped_micro = quantity;
		allocate_line_put(a->lines, a->batch->arena, o, i, &all, false);
	}
	if (s->lines.n == 0)
		return OUTCOME_OK;
	shipment_record(a, item, s, true);
	item_say(a->batch, item, EVENT_SHIPMENT_CONFIRMED, shipment_scope(s, a->batch->arena), shipment_part(a, s), s);
	return OUTCOME_OK;
}

static enum outcome
plan_say(struct allocator *a, struct item *item, const struct order *o, const struct wanted *w, const struct plan *plan,
	 struct why *why)
{
	struct allocation_line *lines = arena_array(a->batch->arena, plan->n, sizeof *lines);

	for (size_t i = 0; lines && i < plan->n; i++)
		if (!allocation_line_of(a->batch->arena, order_line_at(o, w->of[i]), &plan->lines[i], &lines[i]))
			lines = NULL;
	if (!lines)
		return why_set(why, OUTCOME_DEAD, "too-large", "no memory for the allocation");
	allocation_say(a, item, EVENT_ORDER_ALLOCATED, o, lines, plan->n, plan->warehouses_count);
	return OUTCOME_OK;
}

static void
allocation_status(struct allocator *a, struct item *item, const struct plan *plan)
{
	int64_t allocated = 0;

	for (size_t i = 0; i < plan->n; i++)
		allocated += plan->lines[i].allocated_micro > 0;
	if (plan->is_whole)
		item_status(item, ORDER_ALLOCATED);
	else
		item_status(item, allocated ? ORDER_PART_ALLOCATED : ORDER_BACKORDERED);
	item_note(a->batch, item, "allocated", NULL, "%zu of %zu lines have stock, %zu warehouses%s", (size_t)allocated,
		  plan->n, plan->warehouses_count, plan->is_whole ? "" : ", the rest is backordered");
}

static enum outcome
order_allocate(struct allocation_run *run, struct item *item, struct why *why)
{
	struct allocator *a = &run->a;
	const struct order *o = item->document;
	const struct party *party = party_list_find(a->batch->parties, o->party);
	bool take_partly = party && party->policies.backorder != PARTY_BACKORDER_HOLD;
	bool waits = party && party->policies.backorder == PARTY_BACKORDER_FILL;
	struct wanted wanted;
	struct plan plan;
	enum outcome outcome = order_wanted(run, o, &wanted, why);

	if (outcome == OUTCOME_OK)
		outcome = plan_decide(wanted.needs, wanted.n, &a->table, take_partly, a->batch->arena, &plan, why);
	if (outcome != OUTCOME_OK)
		return outcome;
	if (!plan.is_whole && !take_partly) {
		short_fail(item, o, &wanted, &plan);
		return OUTCOME_OK;
	}
	for (size_t i = 0; i < plan.n; i++)
		allocate_line_put(a->lines, a->batch->arena, o, wanted.of[i], &plan.lines[i], waits);
	allocation_status(a, item, &plan);
	outcome = plan_say(a, item, o, &wanted, &plan, why);
	if (outcome == OUTCOME_OK)
		outcome = shipments_ask(a, item, o, &wanted, &plan, 1, why);
	if (outcome == OUTCOME_OK)
		outcome = delivery_say(run, item, o, (int64_t)plan.warehouses_count + 1, why);
	return outcome;
}

/*
 * Is this still what the channel wants? What was cancelled, or changed since, is not allocated: of a change the later
 * content comes by itself. Leaves in the batch what is to be allocated.
 */
static void
wanted_keep(struct batch *batch, const struct result *wanted, struct rows *again)
{
	size_t kept = 0;

	for (size_t i = 0; i < batch->n; i++) {
		struct item *item = batch->items[i];
		const struct order *o = item->document;
		size_t row = 0;

		while (row < result_count(wanted) && !uuid_equal(result_uuid(wanted, row, 0), item->order_id))
			row++;
		if (row < result_count(wanted) && result_bool(wanted, row, 2)) {
			item_note(batch, item, "cancelled", NULL, "the channel cancelled it: nothing is reserved");
			continue;
		}
		if (row < result_count(wanted) && result_instant(wanted, row, 1) != o->received_at_us) {
			item_note(batch, item, "superseded", NULL,
				  "the channel changed it: the later content is allocated");
			continue;
		}
		if (row < result_count(wanted) && result_bool(wanted, row, 3))
			rows_uuid(again, item->order_id);
		batch->items[kept++] = item;
	}
	batch->n = kept;
}

static enum outcome
wanted_select(struct batch *batch, struct why *why)
{
	struct rows *locks = rows_new(&allocate_orders_lock, batch->arena),
		    *ids = rows_new(&allocate_orders_wanted, batch->arena),
		    *again = rows_new(&allocate_lines_delete, batch->arena);
	struct result *wanted;
	enum outcome outcome;

	for (size_t i = 0; i < batch->n; i++) {
		rows_uuid(locks, batch->items[i]->order_id);
		rows_uuid(ids, batch->items[i]->order_id);
	}
	store_send(batch->store, locks);
	outcome = store_query(batch->store, ids, &wanted, why);
	if (outcome != OUTCOME_OK)
		return outcome;
	wanted_keep(batch, wanted, again);
	store_send(batch->store, again);
	return OUTCOME_OK;
}

static enum outcome
orders_allocate(struct batch *batch, struct why *why)
{
	struct allocation_run run;
	enum outcome outcome = run_open(&run, batch, why);

	items_by_arrival(batch);
	for (size_t i = 0; i < batch->n && outcome == OUTCOME_OK; i++)
		outcome = order_allocate(&run, batch->items[i], why);
	if (outcome != OUTCOME_OK)
		return outcome;
	allocator_close(&run.a);
	return OUTCOME_OK;
}

enum outcome
allocate_order(struct batch *batch, struct why *why)
{
	enum outcome outcome = wanted_select(batch, why);

	return outcome == OUTCOME_OK && batch->n ? orders_allocate(batch, why) : outcome;
}
