/* SPDX-License-Identifier: Apache-2.0 */
/*
 * findings - what the mirror has on a set of orders: customers, days, items, and the books of these items
 * Orders, or questions that are asked like orders. A handful of statements, whatever the size of the set.
 *
 *   orders --findings_load--> findings --findings_customer, findings_item--> which customer, which item
 */
#ifndef TRIBUTARY_PRICING_FINDINGS_H
#define TRIBUTARY_PRICING_FINDINGS_H

#include "model/order.h"
#include "party/party.h"
#include "pricing/books.h"
#include "store/store.h"

/* Whose party, buyer, placed_at and lines' sku and gtin are looked for. */
struct subject {
	const struct order *order;
	struct str customer_no; /* our number of the buyer; empty of an order, whose channel does not know it */
};

struct findings {
	const struct book_customer *customers; /* those of one order together, and so on */
	const struct book_item *items;         /* likewise by what a line calls its item */
	size_t items_count;
	size_t *customers_first, *items_first; /* of each order, of each such name; and one behind the last */
	size_t *lines_first, *line_names; /* of each order its first line among those of all; of each line its name */
	int64_t *days; /* since 1970, of each order: when it was placed, in its channel's time zone */
	struct books books;
};

/*
 * findings_load - in the store's open transaction
 * subjects  borrowed; n of them, and their lines, at least one in all or the books stay empty
 * findings  from the arena, with views into the store's results: until the next store_begin()
 * OUTCOME_DEAD  code: too-large; else as the store
 */
enum outcome findings_load(struct store *store, struct arena *arena, const struct party_list *parties,
			   const struct subject *subjects, size_t n, struct findings *findings,
			   struct why *why) MUST_CHECK;

/* Likewise, only what findings_customer() or findings_item() asks for. */
enum outcome findings_customers_load(struct store *store, struct arena *arena, const struct subject *subjects, size_t n,
				     struct findings *findings, struct why *why) MUST_CHECK;
enum outcome findings_items_load(struct store *store, struct arena *arena, const struct subject *subjects, size_t n,
				 struct findings *findings, struct why *why) MUST_CHECK;

/*
 * findings_customer - the customer of the order `index`, into its enrichment
 * OUTCOME_HELD  codes: as customer_decide()
 */
enum outcome findings_customer(const struct findings *findings, size_t index, struct order *order,
			       struct why *why) MUST_CHECK;

/*
 * findings_item - the item of a line of the order `index`
 * OUTCOME_HELD  codes: as item_decide()
 */
enum outcome findings_item(const struct findings *findings, size_t index, size_t line, const struct book_item **item,
			   struct why *why) MUST_CHECK;

/*
 * findings_line - everything about a line of the order `index`, into its enrichment
 * tolerance_percent_micro  a stated price may be off by so much
 * OUTCOME_HELD  codes: as item_decide() and line_enrich(); the path is the line's field
 */
enum outcome findings_line(const struct findings *findings, size_t index, struct order *order, size_t line,
			   int64_t tolerance_percent_micro, struct arena *arena, struct why *why) MUST_CHECK;

#endif
