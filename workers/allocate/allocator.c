/* SPDX-License-Identifier: Apache-2.0 */
#include "allocate/allocator.h"

#include "topology_names.h"

#include <stdlib.h>

static int
by_text(const void *a, const void *b)
{
	return str_compare(*(const struct str *)a, *(const struct str *)b);
}

static int
by_arrival(const void *a, const void *b)
{
	return delivery_compare((*(struct item *const *)a)->delivery, (*(struct item *const *)b)->delivery);
}

void
items_by_arrival(struct batch *batch)
{
	qsort(batch->items, batch->n, sizeof(struct item *), by_arrival);
}

size_t
item_nos_unique(struct str *item_nos, size_t n)
{
	size_t kept = 0;

	qsort(item_nos, n, sizeof *item_nos, by_text);
	for (size_t i = 0; i < n; i++)
		if (i == 0 || !str_equal(item_nos[i], item_nos[kept - 1]))
			item_nos[kept++] = item_nos[i];
	return kept;
}

enum outcome
allocator_open(struct allocator *a, struct batch *batch, const struct str *item_nos, size_t n,
	       const struct statement *lines, struct why *why)
{
	enum outcome outcome;

	*a = (struct allocator){
	    .batch = batch,
	    .lines = rows_new(lines, batch->arena),
	    .reservations = rows_new(&allocate_reservations_insert, batch->arena),
	    .shipments = rows_new(&allocate_shipments_insert, batch->arena),
	};
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

enum outcome
wanted_new(const struct allocator *a, size_t n, struct wanted *w, struct why *why)
{
	*w = (struct wanted){
	    .needs = arena_array(a->batch->arena, n, sizeof *w->needs),
	    .of = arena_array(a->batch->arena, n, sizeof *w->of),
	};
	if (!w->needs || !w->of)
		return why_set(why, OUTCOME_DEAD, "too-large", "no memory for the order's lines");
	return OUTCOME_OK;
}

struct shipment *
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

void
shipment_line_add(struct shipment *s, const struct order *o, size_t index, int64_t quantity_micro)
{
	const struct order_line *line = order_line_at(o, index);

	((struct shipment_line *)s->lines.items)[s->lines.n++] = (struct shipment_line){
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

struct str
shipment_part(struct allocator *a, const struct shipment *s)
{
	return arena_printf(a->batch->arena, "%lld", (long long)s->place);
}

void
shipment_record(struct allocator *a, const struct item *item, const struct shipment *s, bool is_delivered)
{
	for (size_t i = 0; i < s->lines.n; i++)
		allocate_reservation_put(a->reservations, s, &((const struct shipment_line *)s->lines.items)[i],
					 is_delivered);
	allocate_shipment_put(a->shipments, a->batch->arena, s,
			      a->fills_backorders ? item->message_id : (struct uuid){{0}});
}

enum outcome
shipments_ask(struct allocator *a, struct item *item, const struct order *o, const struct wanted *w,
	      const struct plan *plan, int64_t place, struct why *why)
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
				list[n] = shipment_new(a, o, place + (int64_t)n, candidate->row->partner,
						       candidate->row->warehouse);
				if (!list[n++])
					return why_set(why, OUTCOME_DEAD, "too-large", "no memory for a shipment");
			}
			shipment_line_add(list[s], o, w->of[i], candidate->taken_micro);
		}
	for (size_t s = 0; s < n; s++) {
		shipment_record(a, item, list[s], false);
		item_say(a->batch, item, EVENT_SHIPMENT_REQUESTED, list[s]->partner, shipment_part(a, list[s]),
			 list[s]);
	}
	return OUTCOME_OK;
}

bool
allocation_line_of(struct arena *arena, const struct order_line *line, const struct plan_line *from,
		   struct allocation_line *out)
{
	struct allocation_candidate *candidates = arena_array(arena, from->candidates_count, sizeof *candidates);

	if (!candidates)
		return false;
	for (size_t c = 0; c < from->candidates_count; c++)
		candidates[c] = (struct allocation_candidate){
		    .warehouse = from->candidates[c].row->warehouse,
		    .available_micro = from->candidates[c].available_micro,
		    .taken_micro = from->candidates[c].taken_micro,
		    .reason = str_of(from->candidates[c].reason),
		};
	*out = (struct allocation_line){
	    .line_ref = line->line_ref,
	    .item_no = line->enriched.item_no,
	    .ordered_micro = from->ordered_micro,
	    .allocated_micro = from->allocated_micro,
	    .backordered_micro = from->ordered_micro - from->allocated_micro,
	    .candidates = {candidates, from->candidates_count},
	};
	return true;
}

void
allocation_say(struct allocator *a, struct item *item, const char *event, const struct order *o,
	       struct allocation_line *lines, size_t n, size_t shipments_count)
{
	const struct allocation said = {
	    .order_id = o->order_id,
	    .party = o->party,
	    .source_number = o->source_number,
	    .allocated_at_us = a->batch->now_us,
	    .shipments_count = (int64_t)shipments_count,
	    .lines = {lines, n},
	};

	item_say(a->batch, item, event, o->party, (struct str){NULL, 0}, &said);
}

void
allocator_close(struct allocator *a)
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
	store_send(a->batch->store, a->lines);
	store_send(a->batch->store, a->reservations);
	store_send(a->batch->store, a->shipments);
}
