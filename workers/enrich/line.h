/* SPDX-License-Identifier: Apache-2.0 */
/*
 * line - what our books say about one line of an order
 * Pure. The first rule that fails decides.
 */
#ifndef TRIBUTARY_ENRICH_LINE_H
#define TRIBUTARY_ENRICH_LINE_H

#include "enrich/price.h"
#include "model/order.h"
#include "party/party.h"

/* What was loaded for the whole batch. */
struct books {
	const struct book_unit *units;
	const struct book_price *prices; /* sorted by item */
	const struct book_tax *taxes;
	const struct book_stock *stock; /* sorted by item */
	size_t units_count, prices_count, taxes_count, stock_count;
};

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
	int64_t tolerance_percent_micro; /* a price may be off by so much */
};

/*
 * line_enrich - unit, price, tax and stock of a line whose item is known
 * OUTCOME_HELD  codes: unit-unknown unit-inexact tax-unknown price-unknown price-off
 */
enum outcome line_enrich(const struct line_terms *terms, struct order_line *line, const struct book_item *item,
			 const struct books *books, struct arena *arena, struct why *why) MUST_CHECK;

#endif
