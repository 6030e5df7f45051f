/* SPDX-License-Identifier: Apache-2.0 */
/*
 * allocate_sql - allocate's statements; the only place of this worker that knows columns
 * Stock rows are always locked by item and warehouse, as `tributary mirror load` does, so that nobody waits in a
 * circle.
 */
#ifndef TRIBUTARY_ALLOCATE_SQL_H
#define TRIBUTARY_ALLOCATE_SQL_H

#include "allocate/plan.h"
#include "model/allocation.h"
#include "model/order.h"
#include "model/shipment.h"
#include "store/store.h"

/*
 * stock_lock - lock and read what all active warehouses have of the items
 * item_nos  n distinct ones
 * table     sorted for plan_decide; texts are views into the result
 */
enum outcome stock_lock(struct store *store, struct arena *arena, const struct str *item_nos, size_t n,
			struct stock_table *table, struct why *why) MUST_CHECK;

/* stock_unstocked - which of the items are never in stock (services, gift cards): those item_nos, sorted */
enum outcome stock_unstocked(struct store *store, struct arena *arena, const struct str *item_nos, size_t n,
			     struct str **unstocked, size_t *count, struct why *why) MUST_CHECK;

/* item_no, warehouse, quantity: reserve it */
extern const struct statement allocate_stock_reserve;
/* item_no, warehouse, quantity that is no longer there, and no longer reserved */
extern const struct statement allocate_stock_take_out;
extern const struct statement allocate_lines_insert;
/* what came in for lines that waited for stock */
extern const struct statement allocate_lines_fill;
/* order_id → order_id, its enriched document, place of its last shipment, shipments that a warehouse was asked for: of those that
 * wait for stock with what their channel wants now */
extern const struct statement allocate_backorders_select;
/* order_id: stock that comes is not for them any more */
extern const struct statement allocate_backorders_end;
/* order_id → order_id, line_no, ordered, allocated, waits, item_no; by order and line */
extern const struct statement allocate_backorder_lines_select;
extern const struct statement allocate_reservations_insert;
/* order_id: nobody else looks at these orders until the transaction ends */
extern const struct statement allocate_orders_lock;
/* order_id → order_id, since when what is wanted now is wanted, is cancelled, was allocated before */
extern const struct statement allocate_orders_wanted;
/* order_id: of those that are allocated anew */
extern const struct statement allocate_lines_delete;
extern const struct statement allocate_shipments_insert;
/* order_id, shipment_id, line_no, shipped → item_no, warehouse, shipped, of what was open */
extern const struct statement allocate_reservations_close;
/* order_id → order_id, ordered, shipped */
extern const struct statement allocate_orders_shipped;

/* index: of the order's line, from 0; waits: what is short of it gets stock that comes */
void allocate_line_put(struct rows *rows, struct arena *arena, const struct order *order, size_t index,
		       const struct plan_line *line, bool waits);
/* line: of the plan for what the line waited for */
void allocate_line_fill_put(struct rows *rows, struct arena *arena, struct uuid order_id, int64_t line_no,
			    const struct plan_line *line);
/* is_delivered: nothing leaves a warehouse, the reservation is closed from the start */
void allocate_reservation_put(struct rows *rows, const struct shipment *shipment, const struct shipment_line *line,
			      bool is_delivered);
/* caused_by: the message that told of stock for a backorder, else nil */
void allocate_shipment_put(struct rows *rows, struct arena *arena, const struct shipment *shipment,
			   struct uuid caused_by);

#endif
