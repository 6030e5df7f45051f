/* SPDX-License-Identifier: Apache-2.0 */
#include "pricing/pricing_sql.h"

#include <stdlib.h>

const struct statement pricing_customers_find = {
    "pricing_customers_find", "TTTTT",
    "WITH u AS MATERIALIZED (SELECT * FROM unnest($1, $2, $3, $4, $5) WITH ORDINALITY"
    " AS u(party, number, account, gln, email, n)),"
    " f AS (SELECT u.n, 1::bigint AS by, c.customer_no FROM u JOIN tributary.customers c"
    " ON c.customer_no = u.number WHERE u.number <> ''"
    " UNION ALL SELECT u.n, 2, a.customer_no FROM u JOIN tributary.customer_accounts a"
    " ON a.party = u.party AND a.account = u.account WHERE u.account <> ''"
    " UNION ALL SELECT u.n, 3, c.customer_no FROM u JOIN tributary.customers c ON c.gln = u.gln WHERE u.gln <> ''"
    " UNION ALL SELECT u.n, 4, c.customer_no FROM u JOIN tributary.customers c ON lower(c.email) = lower(u.email)"
    " WHERE u.email <> '')"
    " SELECT f.n, f.by, c.customer_no, c.price_group, c.active FROM f JOIN tributary.customers c USING (customer_no)"
    " ORDER BY f.n, f.by"};

const struct statement pricing_days_find = {
    "pricing_days_find", "ZT",
    "SELECT ((u.placed_at AT TIME ZONE u.zone)::date - date '1970-01-01')::bigint"
    " FROM unnest($1, $2) WITH ORDINALITY u(placed_at, zone, n) ORDER BY n"};

const struct statement pricing_items_find = {
    "pricing_items_find", "TTT",
    "WITH u AS MATERIALIZED (SELECT *, tributary.gtin14(CASE WHEN gtin <> '' THEN gtin ELSE sku END) AS gtin14"
    " FROM unnest($1, $2, $3) WITH ORDINALITY AS u(party, sku, gtin, n)),"
    " f AS (SELECT u.n, 1::bigint AS by, i.item_no FROM u JOIN tributary.items i ON i.item_no = u.sku"
    " UNION ALL SELECT u.n, CASE WHEN a.party = '' THEN 3 ELSE 2 END, a.item_no FROM u JOIN tributary.item_aliases a"
    " ON a.alias = u.sku AND a.party IN (u.party, '')"
    " UNION ALL SELECT u.n, 4, i.item_no FROM u JOIN tributary.items i"
    " ON i.gtin14 = u.gtin14)"
    " SELECT f.n, f.by, i.item_no, i.base_unit, i.tax_code, i.active FROM f JOIN tributary.items i USING (item_no)"
    " ORDER BY f.n, f.by"};

static const struct statement units_select = {
    "pricing_units", "T", "SELECT item_no, unit, factor_micro FROM tributary.item_units WHERE item_no = ANY ($1)"};

static const struct statement prices_select = {
    "pricing_prices", "T",
    "SELECT item_no, customer_no, price_group, contract_no, currency, unit, kind, min_quantity_micro, price_micro,"
    " (valid_from - date '1970-01-01')::bigint, (valid_to - date '1970-01-01')::bigint"
    " FROM tributary.prices WHERE item_no = ANY ($1)"};

static const struct statement taxes_select = {
    "pricing_taxes", "T", "SELECT tax_code, country, region, rate_micro FROM tributary.tax_rates WHERE ($1)[1] = ''"};

static const struct statement stock_select = {
    "pricing_stock", "T",
    "SELECT s.item_no, sum(s.on_hand_micro - s.reserved_micro)::bigint FROM tributary.stock s"
    " JOIN tributary.warehouses w USING (warehouse) WHERE w.active AND s.item_no = ANY ($1) GROUP BY s.item_no"};

const struct statement pricing_stock_find = {
    "pricing_stock_find", "T",
    "SELECT s.item_no, s.warehouse, s.on_hand_micro, s.reserved_micro FROM tributary.stock s"
    " JOIN tributary.warehouses w USING (warehouse) WHERE w.active AND s.item_no = ANY ($1)"
    " ORDER BY s.item_no COLLATE \"C\", s.warehouse COLLATE \"C\""};

struct book_customer
pricing_customer_read(const struct result *r, size_t row)
{
	return (struct book_customer){result_int(r, row, 1), result_text(r, row, 2), result_text(r, row, 3),
				      result_bool(r, row, 4)};
}

struct book_item
pricing_item_read(const struct result *r, size_t row)
{
	return (struct book_item){result_int(r, row, 1), result_text(r, row, 2), result_text(r, row, 3),
				  result_text(r, row, 4), result_bool(r, row, 5)};
}

static int
price_by_item(const void *a, const void *b)
{
	return str_compare(((const struct book_price *)a)->item_no, ((const struct book_price *)b)->item_no);
}

static int
stock_by_item(const void *a, const void *b)
{
	return str_compare(((const struct book_stock *)a)->item_no, ((const struct book_stock *)b)->item_no);
}

static enum price_kind
kind_of(struct str text)
{
	if (str_equal(text, STR("contract")))
		return PRICE_CONTRACT;
	return str_equal(text, STR("group")) ? PRICE_GROUP : PRICE_LIST;
}

static enum outcome
items_query(struct store *store, struct arena *arena, const struct statement *statement, const struct str *item_nos,
	    size_t n, struct result **result, struct why *why)
{
	struct rows *rows = rows_new(statement, arena);

	for (size_t i = 0; i < n; i++)
		rows_text(rows, item_nos[i]);
	return store_query(store, rows, result, why);
}

static bool
prices_read(const struct result *r, struct arena *arena, struct books *books)
{
	struct book_price *prices = arena_array(arena, result_count(r), sizeof *prices);

	for (size_t i = 0; prices && i < result_count(r); i++)
		prices[i] = (struct book_price){
		    .item_no = result_text(r, i, 0),
		    .customer_no = result_text(r, i, 1),
		    .price_group = result_text(r, i, 2),
		    .contract_no = result_text(r, i, 3),
		    .currency = result_text(r, i, 4),
		    .unit = result_text(r, i, 5),
		    .kind = kind_of(result_text(r, i, 6)),
		    .min_quantity_micro = result_int(r, i, 7),
		    .price_micro = result_int(r, i, 8),
		    .from_day = result_int(r, i, 9),
		    .to_day = result_is_null(r, i, 10) ? INT64_MAX : result_int(r, i, 10),
		};
	if (prices)
		qsort(prices, result_count(r), sizeof *prices, price_by_item);
	books->prices = prices;
	books->prices_count = result_count(r);
	return prices;
}

static bool
rest_read(const struct result *units, const struct result *taxes, const struct result *stock, struct arena *arena,
	  struct books *books)
{
	struct book_unit *u = arena_array(arena, result_count(units), sizeof *u);
	struct book_tax *t = arena_array(arena, result_count(taxes), sizeof *t);
	struct book_stock *s = arena_array(arena, result_count(stock), sizeof *s);

	if (!u || !t || !s)
		return false;
	for (size_t i = 0; i < result_count(units); i++)
		u[i] = (struct book_unit){result_text(units, i, 0), result_text(units, i, 1), result_int(units, i, 2)};
	for (size_t i = 0; i < result_count(taxes); i++)
		t[i] = (struct book_tax){result_text(taxes, i, 0), result_text(taxes, i, 1), result_text(taxes, i, 2),
					 result_int(taxes, i, 3)};
	for (size_t i = 0; i < result_count(stock); i++)
		s[i] = (struct book_stock){result_text(stock, i, 0), result_int(stock, i, 1)};
	qsort(s, result_count(stock), sizeof *s, stock_by_item);
	books->units = u;
	books->units_count = result_count(units);
	books->taxes = t;
	books->taxes_count = result_count(taxes);
	books->stock = s;
	books->stock_count = result_count(stock);
	return true;
}

enum outcome
pricing_books_load(struct store *store, struct arena *arena, const struct str *item_nos, size_t n, struct books *books,
		   struct why *why)
{
	struct result *units, *prices, *taxes, *stock;
	struct str all = {"", 0};
	enum outcome outcome = items_query(store, arena, &units_select, item_nos, n, &units, why);

	if (outcome == OUTCOME_OK)
		outcome = items_query(store, arena, &prices_select, item_nos, n, &prices, why);
	if (outcome == OUTCOME_OK)
		outcome = items_query(store, arena, &taxes_select, &all, 1, &taxes, why);
	if (outcome == OUTCOME_OK)
		outcome = items_query(store, arena, &stock_select, item_nos, n, &stock, why);
	if (outcome == OUTCOME_OK &&
	    (!prices_read(prices, arena, books) || !rest_read(units, taxes, stock, arena, books)))
		outcome = why_set(why, OUTCOME_DEAD, "too-large", "no memory for the books of %zu items", n);
	return outcome;
}
