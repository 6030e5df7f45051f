/* SPDX-License-Identifier: Apache-2.0 */
/*
 * enrich_sql - enrich's statements; the only place of this worker that knows columns
 */
#ifndef TRIBUTARY_ENRICH_SQL_H
#define TRIBUTARY_ENRICH_SQL_H

#include "enrich/line.h"
#include "store/store.h"

/* party, account, gln, e-mail per order → ordinal from 1, by, customer_no, price_group, active */
extern const struct statement enrich_customers_find;
/* placed_at, time zone per order → the day it was there, since 1970, in the same order */
extern const struct statement enrich_days_find;
/* party, sku, gtin per line → ordinal from 1, by, item_no, base_unit, tax_code, active */
extern const struct statement enrich_items_find;
extern const struct statement enrich_insert;
/* the same for orders that were changed: a later content takes the place of an earlier one, and its lines go */
extern const struct statement enrich_replace;
extern const struct statement enrich_lines_insert;

struct book_customer enrich_customer_read(const struct result *r, size_t row);
struct book_item enrich_item_read(const struct result *r, size_t row);

/* enrich_books_load - units, prices, taxes and stock of the items */
enum outcome enrich_books_load(struct store *store, struct arena *arena, const struct str *item_nos, size_t n,
			       struct books *books, struct why *why) MUST_CHECK;

void enrich_order_put(struct rows *rows, struct arena *arena, const struct order *order, int64_t now_us);
void enrich_line_put(struct rows *rows, const struct order *order, size_t index);

#endif
