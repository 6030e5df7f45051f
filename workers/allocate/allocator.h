/* SPDX-License-Identifier: Apache-2.0 */
/*
 * allocator - one batch's stock, locked, and what is taken from it for orders: reservations, shipments, and what is said
 * of them
 *
 *   allocator_open → for each order: wanted_new, plan_decide, allocation_say, shipments_ask → allocator_close
 */
#ifndef TRIBUTARY_ALLOCATE_ALLOCATOR_H
#define TRIBUTARY_ALLOCATE_ALLOCATOR_H

#include "allocate/allocate_sql.h"
#include "model/order.h"
#include "worker/worker.h"

struct allocator {
	struct batch *batch;
	struct stock_table table;
	int64_t *before; /* available per row of the table, before the batch */
	struct rows *lines, *reservations, *shipments;
	bool fills_backorders; /* the message of each shipment is written down with it */
};

/* What an order wants from stock: plan line i belongs to order line `of[i]`. */
struct wanted {
	struct plan_need *needs;
	size_t *of;
	size_t n;
};

/* items_by_arrival - first come, first served */
void items_by_arrival(struct batch *batch);
/* item_nos_unique - sorts them and drops the repeats; returns how many are left */
size_t item_nos_unique(struct str *item_nos, size_t n);
/*
 * allocator_open - lock the stock of the items
 * item_nos  n distinct ones
 * lines     the rows in which the caller writes down what he decides of each line
 * OUTCOME_DEAD  code: too-large; others as the store's
 */
enum outcome allocator_open(struct allocator *a, struct batch *batch, const struct str *item_nos, size_t n,
			    const struct statement *lines, struct why *why) MUST_CHECK;
/* wanted_new - with room for n needs, none yet; OUTCOME_DEAD  code: too-large */
enum outcome wanted_new(const struct allocator *a, size_t n, struct wanted *w, struct why *why) MUST_CHECK;

/* shipment_new - the order's shipment at that place (from 1), without lines yet; NULL without memory */
struct shipment *shipment_new(struct allocator *a, const struct order *o, int64_t place, struct str partner,
			      struct str warehouse);
/* shipment_line_add - of the order's line at that index, in its base unit */
void shipment_line_add(struct shipment *s, const struct order *o, size_t index, int64_t quantity_micro);
/* shipment_record - its row, and those of its reservations; is_delivered: as allocate_reservation_put() */
void shipment_record(struct allocator *a, const struct item *item, const struct shipment *s, bool is_delivered);
/* shipment_part - what tells it from the order's others, for item_say() */
struct str shipment_part(struct allocator *a, const struct shipment *s);
/*
 * shipments_ask - one shipment per warehouse of the plan, in the order in which its lines first use them
 * place  of the first
 * OUTCOME_DEAD  code: too-large
 */
enum outcome shipments_ask(struct allocator *a, struct item *item, const struct order *o, const struct wanted *w,
			   const struct plan *plan, int64_t place, struct why *why) MUST_CHECK;

/* allocation_line_of - what a plan decided of an order's line, to be said; false without memory */
bool allocation_line_of(struct arena *arena, const struct order_line *line, const struct plan_line *from,
			struct allocation_line *out) MUST_CHECK;
/* allocation_say - the order as it is allocated now */
void allocation_say(struct allocator *a, struct item *item, const char *event, const struct order *o,
		    struct allocation_line *lines, size_t n, size_t shipments_count);

/* allocator_close - write down all of it */
void allocator_close(struct allocator *a);

#endif
