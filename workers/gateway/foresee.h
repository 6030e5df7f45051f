/* SPDX-License-Identifier: Apache-2.0 */
/*
 * foresee - what our books would say about an order, without taking it in: enrich's own rules, for dry runs
 */
#ifndef TRIBUTARY_GATEWAY_FORESEE_H
#define TRIBUTARY_GATEWAY_FORESEE_H

#include "gateway/route.h"
#include "model/order.h"

/*
 * foresee - why the order would be held: unknown customer or items, units, prices, taxes
 * order       written into, as enrich does
 * complaints  every one, in the order's order; but not whether the price is that of a customer who is not the caller's own
 *             (ask_buyers.h)
 * Outcomes as the store: nobody knows then
 */
enum outcome foresee(struct lane_work *work, const struct call *call, struct order *order,
		     struct complaints *complaints, struct why *why) MUST_CHECK;

#endif
