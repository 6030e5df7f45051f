/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ask_orders_sql - the statements of ask_orders, and their rows
 */
#ifndef TRIBUTARY_GATEWAY_ASK_ORDERS_SQL_H
#define TRIBUTARY_GATEWAY_ASK_ORDERS_SQL_H

#include "store/store.h"

/* The parameters: order ids, parties that may see them (NULL: any). */
extern const struct statement orders_get;
/* Number of the call (from 0), party, number, id of the order with this external id. */
extern const struct statement orders_by_number;
/*
 * Number of the call, state (NULL: any), since, instant and id that all are before, rows wanted, and, of the first, the
 * party. The last row that may be looked at is there even when its state is another one (is_last).
 */
extern const struct statement orders_of_party;
extern const struct statement orders_of_all;

/* A row of any of them. Texts are views into the result. */
struct order_row {
	size_t call; /* from 0 */
	struct uuid order_id;
	struct str party, external_id, number;
	struct str state, step; /* of report.orders */
	struct str hold_reason; /* held, failed; empty: it is not held up */
	struct str hold_stage, hold_code, customer_no, currency;
	int64_t total_minor, invoiced_minor, lines_count, shipments_count, invoices_count, revision;
	int64_t placed_us, received_us, changed_us, cancelled_us, updated_us; /* 0: never */
	bool is_last;
};

struct order_row order_row_read(const struct result *r, size_t row);

#endif
