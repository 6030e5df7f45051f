/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ask_stock - what can be promised: GET /v1/availability?sku=A,B&warehouse=EAST, POST /v1/availability
 *
 * The body of the second is contract availability-question. Both answer, in the order of the items,
 * {items: [{sku?, gtin?, item_no, base_unit, available, warehouses: [{warehouse, on_hand, reserved, available}]}
 *        | {sku?, gtin?, code, detail?}]}
 * Quantities in the base unit, as text; available is on_hand - reserved, of the warehouses that are named beside it.
 */
#ifndef TRIBUTARY_GATEWAY_ASK_STOCK_H
#define TRIBUTARY_GATEWAY_ASK_STOCK_H

#include "gateway/route.h"

#define STOCK_SKUS_MAX 100 /* of a query */

extern const char *const stock_query[];      /* sku warehouse party */
extern const char *const stock_body_query[]; /* party */

enum outcome ask_stock_query(struct lane_work *work, struct call **calls, size_t n, struct why *why) MUST_CHECK;
enum outcome ask_stock_body(struct lane_work *work, struct call **calls, size_t n, struct why *why) MUST_CHECK;

#endif
