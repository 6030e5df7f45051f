/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pricing_sql - how the mirror is read; the only place of this folder that knows columns
 * Asked by whoever has SELECT on the mirror's tables: enrich, gateway.
 */
#ifndef TRIBUTARY_PRICING_SQL_H
#define TRIBUTARY_PRICING_SQL_H

#include "pricing/books.h"
#include "store/store.h"

/* party, customer number, account, gln, e-mail per buyer → ordinal from 1, by, customer_no, price_group, active */
extern const struct statement pricing_customers_find;
/* instant, time zone → the day it was there, since 1970, in the same order */
extern const struct statement pricing_days_find;
/* party, sku, gtin per line → ordinal from 1, by, item_no, base_unit, tax_code, active */
extern const struct statement pricing_items_find;
/* item_no → item_no, warehouse, on hand, reserved; of the warehouses that ship; by item and warehouse */
extern const struct statement pricing_stock_find;

struct book_customer pricing_customer_read(const struct result *r, size_t row);
struct book_item pricing_item_read(const struct result *r, size_t row);

/*
 * pricing_books_load - units, prices, taxes and stock of the items
 * OUTCOME_DEAD  code: too-large; else as the store
 */
enum outcome pricing_books_load(struct store *store, struct arena *arena, const struct str *item_nos, size_t n,
				struct books *books, struct why *why) MUST_CHECK;

#endif
