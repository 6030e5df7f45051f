/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ask_parts - what belongs to an order: GET /v1/orders/{order_id}/shipments, /invoices, /returns, /timeline
 *
 * {order_id, shipments: [{shipment_id, place, partner, warehouse, state, carrier?, tracking_number?, requested_at,
 *   shipped_at?, lines: [{line_no, line_ref?, sku?, item_no, unit?, quantity, shipped}]}]}
 *   state: requested, prepared, confirmed (the partner took it), refused, in_doubt, shipped; quantities in the base unit
 * {order_id, invoices: [{invoice_id, number, shipment_id, issued_at, currency, gross_minor, discount_minor, charges_minor,
 *   tax_minor, total_minor, lines: [{line_no, line_ref?, sku?, item_no, unit?, quantity, gross_minor, discount_minor,
 *   net_minor, tax_minor}]}]}
 * {order_id, returns: [{return_id, number?, reference, state, code?, detail?, requested_at, lines: [{line_no, line_ref?, sku?,
 *   item_no, unit, quantity, reason_code, reason_text?}]}]}
 *   state: requested (it has a number), refused (it has a code, and no lines); the quantity is in the unit beside it
 * {order_id, events: [{at, stage, event, code?, detail?}], next?, after?}
 *
 * To add a list of rows with lines: a statement of the shape below, what is said of a row and of a line, a
 * `struct part`, a handler of one line, a row in route.c.
 */
#ifndef TRIBUTARY_GATEWAY_ASK_PARTS_H
#define TRIBUTARY_GATEWAY_ASK_PARTS_H

#include "gateway/route.h"

#define TIMELINE_LIMIT_DEFAULT 200
#define TIMELINE_LIMIT_MAX 500

extern const char *const timeline_query[]; /* limit after */

enum outcome ask_shipments(struct lane_work *work, struct call **calls, size_t n, struct why *why) MUST_CHECK;
enum outcome ask_invoices(struct lane_work *work, struct call **calls, size_t n, struct why *why) MUST_CHECK;
enum outcome ask_returns(struct lane_work *work, struct call **calls, size_t n, struct why *why) MUST_CHECK;
/* ask_return - one by its own id: {return_id, order_id, …} as above */
enum outcome ask_return(struct lane_work *work, struct call **calls, size_t n, struct why *why) MUST_CHECK;
enum outcome ask_timeline(struct lane_work *work, struct call **calls, size_t n, struct why *why) MUST_CHECK;

#endif
