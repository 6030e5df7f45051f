/* SPDX-License-Identifier: Apache-2.0 */
/*
 * line - what our books say about one line of an order, or of a question that is asked like one
 * Pure. The first rule that fails decides.
 */
#ifndef TRIBUTARY_PRICING_LINE_H
#define TRIBUTARY_PRICING_LINE_H

#include "pricing/price.h"
#include "model/order.h"

/*
 * item_decide - the best of those found: SKU, the party's alias, a general alias, GTIN
 * OUTCOME_HELD  codes: item-unknown item-ambiguous item-inactive
 */
enum outcome item_decide(const struct book_item *found, size_t n, const struct book_item **item,
			 struct why *why) MUST_CHECK;

/* What all lines of an order share. */
struct line_terms {
	const struct order *order;
	int64_t day;                     /* since 1970: when it was placed, in the channel's time zone */
	int64_t tolerance_percent_micro; /* a stated price may be off by so much */
};

/*
 * line_price - unit, tax, stock and our price of a line whose item is known
 * chosen  one of the books' prices; written on OUTCOME_OK only
 * OUTCOME_HELD  codes: unit-unknown unit-inexact price-unknown
 */
enum outcome line_price(const struct line_terms *terms, struct order_line *line, const struct book_item *item,
			const struct books *books, struct arena *arena, const struct book_price **chosen,
			struct why *why) MUST_CHECK;

/*
 * line_enrich - likewise, and the channel's price must be near ours
 * OUTCOME_HELD  codes: as line_price(), and tax-unknown price-off
 */
enum outcome line_enrich(const struct line_terms *terms, struct order_line *line, const struct book_item *item,
			 const struct books *books, struct arena *arena, struct why *why) MUST_CHECK;

#endif
