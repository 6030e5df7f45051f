/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ask_prices - what it would cost: POST /v1/quotes
 *
 * The body is contract quote-question. Answer: {customer: {customer_no, source, price_group?} | {code, detail?}, currency,
 * at, lines: [{line_no (from 1), sku?, gtin?, item_no?, base_unit?, base_quantity?, available?, unit?, unit_price?, kind?,
 * contract_no?, tax_percent?, tax_source?, code?, detail?}]}. A line with a code has what was found before that.
 * unit_price is per `unit`, in `currency`, without tax unless the party's orders include it; kind: contract, group, list;
 * available and base_quantity are in the base unit. Prices and quantities are decimals as text.
 */
#ifndef TRIBUTARY_GATEWAY_ASK_PRICES_H
#define TRIBUTARY_GATEWAY_ASK_PRICES_H

#include "gateway/route.h"

extern const char *const prices_query[]; /* party */

enum outcome ask_quotes(struct lane_work *work, struct call **calls, size_t n, struct why *why) MUST_CHECK;

#endif
