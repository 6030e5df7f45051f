/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ask_orders - where orders stand: GET /v1/orders/{order_id}, GET /v1/orders
 *
 * An order: {order_id, party, number, external_id, state, step, hold? {reason, stage, code, detail?}, customer_no?,
 * currency, total_minor, invoiced_minor, lines_count, shipments_count, invoices_count, revision, placed_at, received_at,
 * changed_at?, cancelled_at?, updated_at}. States are those of report.orders; amounts are minor units of `currency`.
 *
 * The list is newest first: {orders: [...], next?: URL of the following page, after?: its cursor}. A page of a search by
 * state may be short of its limit, or empty, and have a next one: so many orders were looked at in vain.
 */
#ifndef TRIBUTARY_GATEWAY_ASK_ORDERS_H
#define TRIBUTARY_GATEWAY_ASK_ORDERS_H

#include "gateway/route.h"

#define ORDERS_LIMIT_DEFAULT 50
#define ORDERS_LIMIT_MAX 200
#define ORDERS_LOOKED_AT_MAX 2000 /* of a page, whatever its filters */

extern const char *const orders_query[]; /* number party state since until limit after */

enum outcome ask_order(struct lane_work *work, struct call **calls, size_t n, struct why *why) MUST_CHECK;
enum outcome ask_orders(struct lane_work *work, struct call **calls, size_t n, struct why *why) MUST_CHECK;

#endif
