/* SPDX-License-Identifier: Apache-2.0 */
/*
 * NAME         allocate
 * CONSUMES     allocate: order.enriched, shipment.confirmed
 * PUBLISHES    order.allocated.<channel>, shipment.requested.<partner>, and shipment.confirmed.none for what needs no
 *              shipping (gift cards, services), which is delivered at once
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

#include "allocate/allocate_sql.h"
#include "base/decimal.h"
#include "model/order.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NO_PARTNER "none"

struct allocator {
	struct batch *batch;
	struct stock_table table;
	int64_t *before; /* available per row of the table, before the batch */
	struct str *unstocked;
	size_t unstocked_count;
	struct rows *lines, *reservations, *shipments;
};

static int
by_text(const void *a, const void *b)
{
	return str_compare(*(const struct str *)a, *(const struct str *)b);
}

static bool
is_shipped(const struct allocator *a, const struct order_line *line)
{
	/* Whether goods move is the ERP's to say, not the channel's: a stocked item that is picked up leaves stock too.
	 */
	return !bsearch(&line->enriched.item_no, a->unstocked, a->unstocked_count, sizeof *a->unstocked, by_text);
}

/* Every item the batch's orders want, once. */
static enum outcome
items_collect(struct batch *batch, struct str **item_nos, size_t *n, struct why *why)
{
	size_t all = 0, kept = 0;
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
	qsort(list, all, sizeof *list, by_text);
	for (size_t i = 0; i < all; i++)
		if (i == 0 || !str_equal(list[i], list[kept - 1]))
			list[kept++] = list[i];
	*item_nos = list;
	*n = kept;
	return OUTCOME_OK;
}

static enum outcome
allocator_open(struct allocator *a, struct batch *batch, struct why *why)
{
	struct str *item_nos = NULL;
	size_t n = 0;
	enum outcome outcome = items_collect(batch, &item_nos, &n, why);

	*a = (struct allocator){
	    .batch = batch,
	    .lines = rows_new(&allocate_lines_insert, batch->arena),
	    .reservations = rows_new(&allocate_reservations_insert, batch->arena),
	    .shipments = rows_new(&allocate_shipments_insert, batch->arena),
	};
	if (outcome == OUTCOME_OK)
		outcome =
		    stock_unstocked(batch->store, batch->arena, item_nos, n, &a->unstocked, &a->unstocked_count, why);
	if (outcome == OUTCOME_OK)
		outcome = stock_lock(batch->store, batch->arena, item_nos, n, &a->table, why);
	if (outcome != OUTCOME_OK)
		return outcome;
	a->before = arena_array(batch->arena, a->table.n, sizeof *a->before);
	if (!a->before)
		return why_set(why, OUTCOME_DEAD, "too-large", "no memory for the stock");
	for (size_t i = 0; i < a->table.n; i++)
		a->before[i] = a->table.rows[i].available_micro;
	return OUTCOME_OK;
}

/* What an order wants from stock: plan line i belongs to order line `of[i]`. */
struct wanted {
	struct plan_need *needs;
	size_t *of;
	size_t n;
};

static enum outcome
order_wanted(const struct allocator *a, const struct order *o, struct wanted *w, struct why *why)
{
	struct arena *arena = a->batch->arena;

	*w = (struct wanted){
	    .needs = arena_array(arena, o->lines.n, sizeof *w->needs),
	    .of = arena_array(arena, o->lines.n, sizeof *w->of),
	};
	if (!w->needs || !w->of)
		return why_set(why, OUTCOME_DEAD, "too-large", "no memory for the order's lines");
	for (size_t i = 0; i < o->lines.n; i++) {
		const struct order_line *line = order_line_at(o, i);

		if (!is_shipped(a, line))
			continue;
		w->needs[w->n] = (struct plan_need){line->enriched.item_no, line->enriched.base_quantity_micro};
		w->of[w->n++] = i;
	}
	return OUTCOME_OK;
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

static struct shipment_line
shipment_line_of(const struct order *o, size_t index, int64_t quantity_micro)
{
	const struct order_line *line = order_line_at(o, index);

	return (struct shipment_line){
	    .line_no = (int64_t)index + 1,
	    .line_ref = line->line_ref,
	    .item_no = line->enriched.item_no,
	    .sku = line->sku,
	    .gtin = line->gtin,
	    .description = line->description,
	    .unit = line->enriched.base_unit,
	    .quantity_micro = quantity_micro,
	};
}

static struct shipment *
shipment_new(struct allocator *a, const struct order *o, int64_t place, struct str partner, struct str warehouse)
{
	struct shipment *s = arena_get(a->batch->arena, sizeof *s);
	struct str name = arena_printf(a->batch->arena, "shipment:%lld", (long long)place);

	if (!s || !name.p)
		return NULL;
	*s = (struct shipment){
	    .shipment_id = uuid_derive_from(UUID_SHIPMENT, o->order_id, name),
	    .order_id = o->order_id,
	    .party = o->party,
	    .source_number = o->source_number,
	    .partner = partner,
	    .warehouse = warehouse,
	    .place = place,
	    .requested_at_us = a->batch->now_us,
	    .ship_to = o->ship_to,
	    .lines.items = arena_array(a->batch->arena, o->lines.n, sizeof(struct shipment_line)),
	};
	return s->lines.items ? s : NULL;
}

static void
line_add(struct shipment *s, struct shipment_line line)
{
	((struct shipment_line *)s->lines.items)[s->lines.n++] = line;
}

static struct str
place_text(struct allocator *a, const struct shipment *s)
{
	return arena_printf(a->batch->arena, "%lld", (long long)s->place);
}

static void
shipment_record(struct allocator *a, const struct shipment *s, bool is_delivered)
{
	for (size_t i = 0; i < s->lines.n; i++)
		allocate_reservation_put(a->reservations, s, &((const struct shipment_line *)s->lines.items)[i],
					 is_delivered);
	allocate_shipment_put(a->shipments, a->batch->arena, s);
}

/* One shipment per warehouse, in the order the plan's lines first use them. */
static enum outcome
shipments_ask(struct allocator *a, struct item *item, const struct order *o, const struct wanted *w,
	      const struct plan *plan, struct why *why)
{
	struct shipment *list[PLAN_WAREHOUSES_MAX];
	size_t n = 0;

	for (size_t i = 0; i < plan->n; i++)
		for (size_t c = 0; c < plan->lines[i].candidates_count; c++) {
			const struct plan_candidate *candidate = &plan->lines[i].candidates[c];
			size_t s = 0;

			if (!candidate->taken_micro)
				continue;
			while (s < n && !str_equal(list[s]->warehouse, candidate->row->warehouse))
				s++;
			if (s == n) {
				list[n] = shipment_new(a, o, (int64_t)n + 1, candidate->row->partner,
						       candidate->row->warehouse);
				if (!list[n++])
					return why_set(why, OUTCOME_DEAD, "too-large", "no memory for a shipment");
			}
			line_add(list[s], shipment_line_of(o, w->of[i], candidate->taken_micro));
		}
	for (size_t s = 0; s < n; s++) {
		shipment_record(a, list[s], false);
		item_say(a->batch, item, EVENT_SHIPMENT_REQUESTED, list[s]->partner, place_text(a, list[s]), list[s]);
	}
	return OUTCOME_OK;
}

/* What needs no shipping is a shipment of its own that is confirmed at once, so that it is billed like the rest. */
static enum outcome
delivery_say(struct allocator *a, struct item *item, const struct order *o, int64_t place, struct why *why)
{
	struct shipment *s = shipment_new(a, o, place, STR(NO_PARTNER), STR(NO_PARTNER));

	if (!s)
		return why_set(why, OUTCOME_DEAD, "too-large", "no memory for a shipment");
	s->partner_ref = STR(NO_PARTNER);
	s->shipped_at_us = a->batch->now_us;
	for (size_t i = 0; i < o->lines.n; i++) {
		const struct order_line *line = order_line_at(o, i);
		struct shipment_line delivered = shipment_line_of(o, i, line->enriched.base_quantity_micro);
		struct plan_line all = {.ordered_micro = delivered.quantity_micro,
					.allocated_micro = delivered.quantity_micro};

		if (is_shipped(a, line))
			continue;
		delivered.shipped_micro = delivered.quantity_micro;
		line_add(s, delivered);
		allocate_line_put(a->lines, a->batch->arena, o->order_id, i + 1, line->enriched.item_no, &all);
	}
	if (s->lines.n == 0)
		return OUTCOME_OK;
	shipment_record(a, s, true);
	item_say(a->batch, item, EVENT_SHIPMENT_CONFIRMED, shipment_scope(s, a->batch->arena), place_text(a, s), s);
	return OUTCOME_OK;
}

static enum outcome
allocation_say(struct allocator *a, struct item *item, const struct order *o, const struct wanted *w,
	       const struct plan *plan, struct why *why)
{
	struct arena *arena = a->batch->arena;
	struct allocation_line *lines = arena_array(arena, plan->n, sizeof *lines);
	struct allocation said = {
	    .order_id = o->order_id,
	    .party = o->party,
	    .source_number = o->source_number,
	    .allocated_at_us = a->batch->now_us,
	    .shipments_count = (int64_t)plan->warehouses_count,
	    .lines = {lines, plan->n},
	};

	for (size_t i = 0; lines && i < plan->n; i++) {
		const struct plan_line *from = &plan->lines[i];
		struct allocation_candidate *candidates =
		    arena_array(arena, from->candidates_count, sizeof *candidates);

		if (!candidates)
			return why_set(why, OUTCOME_DEAD, "too-large", "no memory for the allocation");
		for (size_t c = 0; c < from->candidates_count; c++)
			candidates[c] = (struct allocation_candidate){
			    .warehouse = from->candidates[c].row->warehouse,
			    .available_micro = from->candidates[c].available_micro,
			    .taken_micro = from->candidates[c].taken_micro,
			    .reason = str_of(from->candidates[c].reason),
			};
		lines[i] = (struct allocation_line){
		    .line_ref = order_line_at(o, w->of[i])->line_ref,
		    .item_no = order_line_at(o, w->of[i])->enriched.item_no,
		    .ordered_micro = from->ordered_micro,
		    .allocated_micro = from->allocated_micro,
		    .backordered_micro = from->ordered_micro - from->allocated_micro,
		    .candidates = {candidates, from->candidates_count},
		};
	}
	if (!lines)
		return why_set(why, OUTCOME_DEAD, "too-large", "no memory for the allocation");
	item_say(a->batch, item, EVENT_ORDER_ALLOCATED, o->party, (struct str){NULL, 0}, &said);
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
order_allocate(struct allocator *a, struct item *item, struct why *why)
{
	const struct order *o = item->document;
	const struct party *party = party_list_find(a->batch->parties, o->party);
	bool take_partly = party && party->policies.backorder == PARTY_BACKORDER_ALLOW;
	struct wanted wanted;
	struct plan plan;
	enum outcome outcome = order_wanted(a, o, &wanted, why);

	if (outcome == OUTCOME_OK)
		outcome = plan_decide(wanted.needs, wanted.n, &a->table, take_partly, a->batch->arena, &plan, why);
	if (outcome != OUTCOME_OK)
		return outcome;
	if (!plan.is_whole && !take_partly) {
		short_fail(item, o, &wanted, &plan);
		return OUTCOME_OK;
	}
	for (size_t i = 0; i < plan.n; i++)
		allocate_line_put(a->lines, a->batch->arena, o->order_id, wanted.of[i] + 1, wanted.needs[i].item_no,
				  &plan.lines[i]);
	allocation_status(a, item, &plan);
	outcome = allocation_say(a, item, o, &wanted, &plan, why);
	if (outcome == OUTCOME_OK)
		outcome = shipments_ask(a, item, o, &wanted, &plan, why);
	if (outcome == OUTCOME_OK)
		outcome = delivery_say(a, item, o, (int64_t)plan.warehouses_count + 1, why);
	return outcome;
}

static void
stock_reserve(struct allocator *a)
{
	struct rows *taken = rows_new(&allocate_stock_reserve, a->batch->arena);

	for (size_t i = 0; i < a->table.n; i++) {
		const struct stock_row *row = &a->table.rows[i];

		if (row->available_micro == a->before[i])
			continue;
		rows_text(taken, row->item_no);
		rows_text(taken, row->warehouse);
		rows_int(taken, a->before[i] - row->available_micro);
	}
	store_send(a->batch->store, taken);
}

/* First come, first served. */
static int
by_arrival(const void *a, const void *b)
{
	return delivery_compare((*(struct item *const *)a)->delivery, (*(struct item *const *)b)->delivery);
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
	struct allocator a;
	enum outcome outcome = allocator_open(&a, batch, why);

	qsort(batch->items, batch->n, sizeof(struct item *), by_arrival);
	for (size_t i = 0; i < batch->n && outcome == OUTCOME_OK; i++)
		outcome = order_allocate(&a, batch->items[i], why);
	if (outcome != OUTCOME_OK)
		return outcome;
	stock_reserve(&a);
	store_send(batch->store, a.lines);
	store_send(batch->store, a.reservations);
	store_send(batch->store, a.shipments);
	return OUTCOME_OK;
}

enum outcome
allocate_order(struct batch *batch, struct why *why)
{
	enum outcome outcome = wanted_select(batch, why);

	return outcome == OUTCOME_OK && batch->n ? orders_allocate(batch, why) : outcome;
}
