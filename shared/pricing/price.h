/* SPDX-License-Identifier: Apache-2.0 */
/*
 * price - what an item costs a customer, and whether the channel's price is near it
 * Pure: no I/O, no clock, no allocation.
 */
#ifndef TRIBUTARY_PRICING_PRICE_H
#define TRIBUTARY_PRICING_PRICE_H

#include "pricing/books.h"

struct price_question {
	struct str customer_no, price_group, currency;
	struct str unit, base_unit;
	int64_t factor_micro;   /* base units in one ordered unit */
	int64_t quantity_micro; /* ordered units */
	int64_t day;            /* since 1970: when the order was placed */
};

/*
 * price_decide - contract before customer group before list; within one the largest quantity break that is reached,
 * counted in base units, then the latest valid_from
 * prices       of the item; n of them
 * price_micro  per ordered unit; written, like `chosen`, on OUTCOME_OK only
 *
 * OUTCOME_HELD  code: price-unknown
 */
enum outcome price_decide(const struct price_question *q, const struct book_price *prices, size_t n,
			  int64_t *price_micro, const struct book_price **chosen, struct why *why) MUST_CHECK;

/* price_is_rounded - stated is ours, rounded to the currency's minor unit: a shop cannot say 0.0375 USD */
bool price_is_rounded(int64_t stated_micro, int64_t ours_micro, int places);
/* price_is_near - |stated - ours| <= ours * tolerance_percent_micro / 100 */
bool price_is_near(int64_t stated_micro, int64_t ours_micro, int64_t tolerance_percent_micro);

#endif
