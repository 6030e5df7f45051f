/* SPDX-License-Identifier: Apache-2.0 */
#include "mirror_tables.h"

/* Each answers the lines of $2 whose value in $1 is not known. */
#define UNKNOWN(table, column)                                         \
	"SELECT f.line, f.value FROM unnest($1, $2) AS f(value, line)" \
	" WHERE NOT EXISTS (SELECT FROM tributary." table " t WHERE t." column " = f.value) ORDER BY f.line LIMIT 100"

static const struct statement warehouse_unknown = {"mirror_warehouse_unknown", "TI",
						   UNKNOWN("warehouses", "warehouse")};
static const struct statement customer_unknown = {"mirror_customer_unknown", "TI", UNKNOWN("customers", "customer_no")};
static const struct statement item_unknown = {"mirror_item_unknown", "TI", UNKNOWN("items", "item_no")};

/* What a put answers, from its steps `put` (is_new: inserted, else updated) and `gone`. */
#define COUNTS                                                                                          \
	" SELECT (SELECT count(*) FROM put WHERE is_new), (SELECT count(*) FROM put WHERE NOT is_new)," \
	" (SELECT count(*) FROM gone)"
/* An inserted row has no xmax; one that was there already has. */
#define IS_NEW " RETURNING t.xmax = 0 AS is_new), "

static const struct mirror_column warehouses_columns[] = {
    {"warehouse", MIRROR_TEXT, true, NULL}, {"name", MIRROR_TEXT, false, NULL},
    {"partner", MIRROR_TEXT, false, NULL},  {"priority", MIRROR_PRIORITY, false, NULL},
    {"active", MIRROR_BOOL, false, NULL},
};
static const struct statement warehouses_put = {
    "mirror_warehouses", "TTTNOI",
    "WITH put AS (INSERT INTO tributary.warehouses AS t (warehouse, name, partner, priority, active)"
    " SELECT w, n, p, i, a FROM unnest($1, $2, $3, $4, $5, $6) AS f(w, n, p, i, a, line)"
    " ON CONFLICT (warehouse) DO UPDATE SET name = excluded.name, partner = excluded.partner,"
    " priority = excluded.priority, active = excluded.active"
    " WHERE (t.name, t.partner, t.priority, t.active)"
    " IS DISTINCT FROM (excluded.name, excluded.partner, excluded.priority, excluded.active)" IS_NEW
    "gone AS (UPDATE tributary.warehouses t SET active = false"
    " WHERE active AND NOT EXISTS (SELECT FROM unnest($1) f(w) WHERE f.w = t.warehouse) RETURNING 1)" COUNTS};

static const struct mirror_column customers_columns[] = {
    {"customer_no", MIRROR_TEXT, true, NULL},
    {"name", MIRROR_TEXT, false, NULL},
    {"email", MIRROR_EMAIL_OR_NULL, false, NULL},
    {"gln", MIRROR_GLN_OR_NULL, false, NULL},
    {"price_group", MIRROR_TEXT_OR_NULL, false, NULL},
    {"currency", MIRROR_CURRENCY, false, NULL},
    {"active", MIRROR_BOOL, false, NULL},
};
static const struct statement customers_put = {
    "mirror_customers", "TTTTTTOI",
    "WITH put AS (INSERT INTO tributary.customers AS t (customer_no, name, email, gln, price_group, currency, active)"
    " SELECT c, n, e, g, p, u, a FROM unnest($1, $2, $3, $4, $5, $6, $7, $8) AS f(c, n, e, g, p, u, a, line)"
    " ON CONFLICT (customer_no) DO UPDATE SET name = excluded.name, email = excluded.email, gln = excluded.gln,"
    " price_group = excluded.price_group, currency = excluded.currency, active = excluded.active"
    " WHERE (t.name, t.email, t.gln, t.price_group, t.currency, t.active) IS DISTINCT FROM (excluded.name,"
    " excluded.email, excluded.gln, excluded.price_group, excluded.currency, excluded.active)" IS_NEW
    "gone AS (UPDATE tributary.customers t SET active = false"
    " WHERE active AND NOT EXISTS (SELECT FROM unnest($1) f(c) WHERE f.c = t.customer_no) RETURNING 1)" COUNTS};

static const struct mirror_column customer_accounts_columns[] = {
    {"party", MIRROR_TEXT, true, NULL},
    {"account", MIRROR_TEXT, true, NULL},
    {"customer_no", MIRROR_TEXT, false, &customer_unknown},
};
static const struct statement customer_accounts_put = {
    "mirror_customer_accounts", "TTTI",
    "WITH put AS (INSERT INTO tributary.customer_accounts AS t (party, account, customer_no)"
    " SELECT p, a, c FROM unnest($1, $2, $3, $4) AS f(p, a, c, line)"
    " ON CONFLICT (party, account) DO UPDATE SET customer_no = excluded.customer_no"
    " WHERE t.customer_no <> excluded.customer_no" IS_NEW
    "gone AS (DELETE FROM tributary.customer_accounts t WHERE NOT EXISTS"
    " (SELECT FROM unnest($1, $2) f(p, a) WHERE f.p = t.party AND f.a = t.account) RETURNING 1)" COUNTS};

static const struct mirror_column items_columns[] = {
    {"item_no", MIRROR_TEXT, true, NULL},       {"description", MIRROR_TEXT, false, NULL},
    {"gtin", MIRROR_GTIN_OR_NULL, false, NULL}, {"base_unit", MIRROR_TEXT, false, NULL},
    {"tax_code", MIRROR_TEXT, false, NULL},     {"stocked", MIRROR_BOOL, false, NULL},
    {"active", MIRROR_BOOL, false, NULL},
};
static const struct statement items_put = {
    "mirror_items", "TTTTTOOI",
    "WITH put AS (INSERT INTO tributary.items AS t (item_no, description, gtin, base_unit, tax_code, stocked, active)"
    " SELECT i, d, g, b, c, s, a FROM unnest($1, $2, $3, $4, $5, $6, $7, $8) AS f(i, d, g, b, c, s, a, line)"
    " ON CONFLICT (item_no) DO UPDATE SET description = excluded.description, gtin = excluded.gtin,"
    " base_unit = excluded.base_unit, tax_code = excluded.tax_code, stocked = excluded.stocked,"
    " active = excluded.active"
    " WHERE (t.description, t.gtin, t.base_unit, t.tax_code, t.stocked, t.active) IS DISTINCT FROM"
    " (excluded.description, excluded.gtin, excluded.base_unit, excluded.tax_code, excluded.stocked,"
    " excluded.active)" IS_NEW "gone AS (UPDATE tributary.items t SET active = false"
    " WHERE active AND NOT EXISTS (SELECT FROM unnest($1) f(i) WHERE f.i = t.item_no) RETURNING 1)" COUNTS};

static const struct mirror_column item_aliases_columns[] = {
    {"alias", MIRROR_TEXT, true, NULL},
    {"party", MIRROR_TEXT_OR_EMPTY, true, NULL},
    {"item_no", MIRROR_TEXT, false, &item_unknown},
};
static const struct statement item_aliases_put = {
    "mirror_item_aliases", "TTTI",
    "WITH put AS (INSERT INTO tributary.item_aliases AS t (alias, party, item_no)"
    " SELECT a, p, i FROM unnest($1, $2, $3, $4) AS f(a, p, i, line)"
    " ON CONFLICT (party, alias) DO UPDATE SET item_no = excluded.item_no"
    " WHERE t.item_no <> excluded.item_no" IS_NEW "gone AS (DELETE FROM tributary.item_aliases t WHERE NOT EXISTS"
    " (SELECT FROM unnest($1, $2) f(a, p) WHERE f.a = t.alias AND f.p = t.party) RETURNING 1)" COUNTS};

static const struct mirror_column item_units_columns[] = {
    {"item_no", MIRROR_TEXT, true, &item_unknown},
    {"unit", MIRROR_TEXT, true, NULL},
    {"factor", MIRROR_DECIMAL_POSITIVE, false, NULL},
};
static const struct statement item_units_put = {
    "mirror_item_units", "TTII",
    "WITH put AS (INSERT INTO tributary.item_units AS t (item_no, unit, factor_micro)"
    " SELECT i, u, m FROM unnest($1, $2, $3, $4) AS f(i, u, m, line)"
    " ON CONFLICT (item_no, unit) DO UPDATE SET factor_micro = excluded.factor_micro"
    " WHERE t.factor_micro <> excluded.factor_micro" IS_NEW
    "gone AS (DELETE FROM tributary.item_units t WHERE NOT EXISTS"
    " (SELECT FROM unnest($1, $2) f(i, u) WHERE f.i = t.item_no AND f.u = t.unit) RETURNING 1)" COUNTS};

enum { PRICE_ITEM, PRICE_KIND, PRICE_CUSTOMER, PRICE_GROUP, PRICE_CONTRACT, PRICE_FROM = 9, PRICE_TO };
static const struct mirror_column prices_columns[] = {
    {"item_no", MIRROR_TEXT, true, &item_unknown},
    {"kind", MIRROR_KIND, true, NULL},
    {"customer_no", MIRROR_TEXT_OR_NULL, true, &customer_unknown},
    {"price_group", MIRROR_TEXT_OR_NULL, true, NULL},
    {"contract_no", MIRROR_TEXT_OR_NULL, false, NULL},
    {"currency", MIRROR_CURRENCY, true, NULL},
    {"unit", MIRROR_TEXT, true, NULL},
    {"min_quantity", MIRROR_DECIMAL, true, NULL},
    {"price", MIRROR_DECIMAL, false, NULL},
    {"valid_from", MIRROR_DATE, true, NULL},
    {"valid_to", MIRROR_DATE_OR_NULL, false, NULL},
};

/* Prices have no key of their own in the table: a row stays if the file has its equal, else it goes. */
static const struct statement prices_put = {
    "mirror_prices", "TTTTTTTIITTI",
    "WITH f AS (SELECT i, k, c, g, n, u, m, q, p, a::date, z::date"
    " FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) AS f(i, k, c, g, n, u, m, q, p, a, z, line)),"
    " was AS (SELECT t.price_id, f.i IS NULL AS is_gone, t.item_no, t.kind, t.customer_no, t.price_group,"
    " t.contract_no, t.currency, t.unit, t.min_quantity_micro, t.price_micro, t.valid_from, t.valid_to"
    " FROM tributary.prices t LEFT JOIN f ON f.i = t.item_no AND f.k = t.kind"
    " AND coalesce(f.c, '') = coalesce(t.customer_no, '') AND coalesce(f.g, '') = coalesce(t.price_group, '')"
    " AND coalesce(f.n, '') = coalesce(t.contract_no, '') AND f.u = t.currency AND f.m = t.unit"
    " AND f.q = t.min_quantity_micro AND f.p = t.price_micro AND f.a = t.valid_from"
    " AND coalesce(f.z, 'infinity') = coalesce(t.valid_to, 'infinity')),"
    " put AS (INSERT INTO tributary.prices AS t (item_no, kind, customer_no, price_group, contract_no, currency, unit,"
    " min_quantity_micro, price_micro, valid_from, valid_to)"
    " SELECT * FROM f EXCEPT SELECT item_no, kind, customer_no, price_group, contract_no, currency, unit,"
    " min_quantity_micro, price_micro, valid_from, valid_to FROM was WHERE NOT is_gone RETURNING true AS is_new),"
    " gone AS (DELETE FROM tributary.prices WHERE price_id IN (SELECT price_id FROM was WHERE is_gone) RETURNING "
    "1)" COUNTS};

static void
prices_check(const struct mirror_table *table, const struct mirror_row *row, struct problems *problems)
{
	const struct str *v = row->values;
	bool is_contract = str_equal(v[PRICE_KIND], STR("contract")), is_group = str_equal(v[PRICE_KIND], STR("group"));

	if (is_contract != (v[PRICE_CUSTOMER].n > 0))
		problems_add(problems, table->file, row->line, "customer_no",
			     "must stand with kind contract, and only there");
	if (is_group != (v[PRICE_GROUP].n > 0))
		problems_add(problems, table->file, row->line, "price_group",
			     "must stand with kind group, and only there");
	if (!is_contract && v[PRICE_CONTRACT].n > 0)
		problems_add(problems, table->file, row->line, "contract_no", "may stand only with kind contract");
	if (v[PRICE_TO].n > 0 && str_compare(v[PRICE_TO], v[PRICE_FROM]) < 0)
		problems_add(problems, table->file, row->line, "valid_to", "%.*s is before valid_from, %.*s",
			     STR_ARGS(v[PRICE_TO]), STR_ARGS(v[PRICE_FROM]));
}

static const struct mirror_column tax_rates_columns[] = {
    {"tax_code", MIRROR_TEXT, true, NULL},
    {"country", MIRROR_COUNTRY, true, NULL},
    {"region", MIRROR_TEXT_OR_EMPTY, true, NULL},
    {"rate", MIRROR_DECIMAL, false, NULL},
};
static const struct statement tax_rates_put = {
    "mirror_tax_rates", "TTTII",
    "WITH put AS (INSERT INTO tributary.tax_rates AS t (tax_code, country, region, rate_micro)"
    " SELECT c, l, r, m FROM unnest($1, $2, $3, $4, $5) AS f(c, l, r, m, line)"
    " ON CONFLICT (tax_code, country, region) DO UPDATE SET rate_micro = excluded.rate_micro"
    " WHERE t.rate_micro <> excluded.rate_micro" IS_NEW
    "gone AS (DELETE FROM tributary.tax_rates t WHERE NOT EXISTS (SELECT FROM unnest($1, $2, $3) f(c, l, r)"
    " WHERE f.c = t.tax_code AND f.l = t.country AND f.r = t.region) RETURNING 1)" COUNTS};

static const struct mirror_column stock_columns[] = {
    {"item_no", MIRROR_TEXT, true, &item_unknown},
    {"warehouse", MIRROR_TEXT, true, &warehouse_unknown},
    {"on_hand", MIRROR_DECIMAL, false, NULL},
};

/* Takes the locks that allocate takes, in allocate's order, before anything of stock is changed. What is reserved was promised: an
 * ERP that books a shipment before the warehouse confirms it here has less on hand for a while. */
static const struct statement stock_keep = {
    "mirror_stock_keep", "TTII",
    "WITH s AS (SELECT item_no, warehouse, on_hand_micro, reserved_micro FROM tributary.stock"
    " ORDER BY item_no, warehouse FOR UPDATE)"
    " SELECT coalesce(f.line, 0), CASE WHEN f.i IS NULL THEN '' ELSE 'on_hand' END,"
    " CASE WHEN f.i IS NULL THEN s.item_no || ' in ' || s.warehouse || ' is missing, but has '"
    " || trim_scale(s.reserved_micro / 1000000.0) || ' reserved' ELSE 'on_hand ' || trim_scale(f.m / 1000000.0)"
    " || ' is below the ' || trim_scale(s.reserved_micro / 1000000.0) || ' reserved' END"
    " || ': taken as that, none of it is free'"
    " FROM s LEFT JOIN unnest($1, $2, $3, $4) AS f(i, w, m, line) ON f.i = s.item_no AND f.w = s.warehouse"
    " WHERE coalesce(f.m, 0) < s.reserved_micro ORDER BY 1, s.item_no, s.warehouse"};
static const struct statement stock_put = {
    "mirror_stock", "TTII",
    "WITH put AS (INSERT INTO tributary.stock AS t (item_no, warehouse, on_hand_micro)"
    " SELECT i, w, m FROM unnest($1, $2, $3, $4) AS f(i, w, m, line) ORDER BY i, w"
    " ON CONFLICT (item_no, warehouse) DO UPDATE SET on_hand_micro = greatest(excluded.on_hand_micro, t.reserved_micro)"
    " WHERE t.on_hand_micro <> greatest(excluded.on_hand_micro, t.reserved_micro)" IS_NEW
    "gone AS (UPDATE tributary.stock t SET on_hand_micro = reserved_micro WHERE on_hand_micro > reserved_micro AND NOT "
    "EXISTS"
    " (SELECT FROM unnest($1, $2) f(i, w) WHERE f.i = t.item_no AND f.w = t.warehouse) RETURNING 1)" COUNTS};

static const struct statement stock_since = {
    "mirror_stock_since", "Z",
    "WITH gone AS (SELECT r.item_no, r.warehouse, sum(r.shipped_micro)::bigint AS micro FROM tributary.confirmations c"
    " JOIN tributary.reservations r ON r.order_id = c.order_id AND r.shipment_id = c.shipment_id"
    " WHERE c.confirmed_at >= ($1)[1] AND r.shipped_micro > 0 GROUP BY 1, 2), less AS (UPDATE tributary.stock s"
    " SET on_hand_micro = greatest(s.on_hand_micro - g.micro, s.reserved_micro) FROM gone g"
    " WHERE s.item_no = g.item_no AND s.warehouse = g.warehouse RETURNING 1) SELECT count(*) FROM less"};

const struct mirror_table mirror_tables[] = {
    {.file = "warehouses.csv",
     .columns = warehouses_columns,
     .columns_count = COUNT_OF(warehouses_columns),
     .put = &warehouses_put},
    {.file = "customers.csv",
     .columns = customers_columns,
     .columns_count = COUNT_OF(customers_columns),
     .put = &customers_put},
    {.file = "customer_accounts.csv",
     .columns = customer_accounts_columns,
     .columns_count = COUNT_OF(customer_accounts_columns),
     .put = &customer_accounts_put},
    {.file = "items.csv", .columns = items_columns, .columns_count = COUNT_OF(items_columns), .put = &items_put},
    {.file = "item_aliases.csv",
     .columns = item_aliases_columns,
     .columns_count = COUNT_OF(item_aliases_columns),
     .put = &item_aliases_put},
    {.file = "item_units.csv",
     .columns = item_units_columns,
     .columns_count = COUNT_OF(item_units_columns),
     .put = &item_units_put},
    {.file = "prices.csv",
     .columns = prices_columns,
     .columns_count = COUNT_OF(prices_columns),
     .check = prices_check,
     .put = &prices_put},
    {.file = "tax_rates.csv",
     .columns = tax_rates_columns,
     .columns_count = COUNT_OF(tax_rates_columns),
     .put = &tax_rates_put},
    {.file = "stock.csv",
     .columns = stock_columns,
     .columns_count = COUNT_OF(stock_columns),
     .keep = &stock_keep,
     .put = &stock_put,
     .since = &stock_since},
};
const size_t mirror_tables_count = COUNT_OF(mirror_tables);
