/* SPDX-License-Identifier: Apache-2.0 */
#include "pricing/line.h"

#include "base/decimal.h"

enum outcome
item_decide(const struct book_item *found, size_t n, const struct book_item **item, struct why *why)
{
	const struct book_item *best = NULL;

	/* Of those found in the same way one that is sold comes before one that no longer is. */
	for (size_t i = 0; i < n; i++)
		if (!best || found[i].by < best->by || (found[i].by == best->by && found[i].active && !best->active))
			best = &found[i];
	if (!best)
		return why_set(why, OUTCOME_HELD, "item-unknown",
			       "no item has this SKU, alias or GTIN: add it to items.csv or item_aliases.csv, load the "
			       "mirror and release it");
	for (size_t i = 0; i < n; i++)
		if (found[i].by == best->by && found[i].active == best->active &&
		    !str_equal(found[i].item_no, best->item_no))
			return why_set(why, OUTCOME_HELD, "item-ambiguous", "both %.*s and %.*s answer to it",
				       STR_ARGS(best->item_no), STR_ARGS(found[i].item_no));
	if (!best->active)
		return why_set(why, OUTCOME_HELD, "item-inactive", "%.*s is no longer sold", STR_ARGS(best->item_no));
	*item = best;
	return OUTCOME_OK;
}

static enum outcome
unit_decide(struct order_line *line, const struct book_item *item, const struct books *books, struct arena *arena,
	    int64_t *factor_micro, struct why *why)
{
	struct line_enrichment *e = &line->enriched;

	e->base_unit = item->base_unit;
	*factor_micro = DECIMAL_ONE;
	if (line->unit.n == 0 || str_equal(line->unit, item->base_unit)) {
		e->unit_source = STR("item");
		e->base_quantity_micro = line->quantity_micro;
		return OUTCOME_OK;
	}
	for (size_t i = 0; i < books->units_count; i++) {
		const struct book_unit *u = &books->units[i];

		if (!str_equal(u->item_no, item->item_no) || !str_equal(u->unit, line->unit))
			continue;
		*factor_micro = u->factor_micro;
		e->unit_source = arena_printf(arena, "conversion:%.*s", STR_ARGS(u->unit));
		if (decimal_mul(line->quantity_micro, u->factor_micro, &e->base_quantity_micro) &&
		    (__int128)line->quantity_micro * u->factor_micro % DECIMAL_ONE == 0)
			return OUTCOME_OK;
		return why_set(why, OUTCOME_HELD, "unit-inexact", "the quantity in %.*s has more than six places",
			       STR_ARGS(item->base_unit));
	}
	return why_set(why, OUTCOME_HELD, "unit-unknown",
		       "%.*s is not known in unit %.*s: add it to item_units.csv, load the mirror and release it",
		       STR_ARGS(item->item_no), STR_ARGS(line->unit));
}

static struct str
price_source(const struct book_price *p, struct arena *arena)
{
	switch (p->kind) {
	case PRICE_CONTRACT:
		return arena_printf(arena, "contract:%.*s", STR_ARGS(p->contract_no));
	case PRICE_GROUP:
		return arena_printf(arena, "group:%.*s", STR_ARGS(p->price_group));
	default:
		return STR("list");
	}
}

/* The prices of one item stand together. */
static const struct book_price *
prices_of(const struct books *books, struct str item_no, size_t *n)
{
	size_t low = 0, high = books->prices_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (str_compare(books->prices[middle].item_no, item_no) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	for (*n = 0; low + *n < books->prices_count && str_equal(books->prices[low + *n].item_no, item_no);)
		++*n;
	return books->prices + low;
}

/* The region's rate before the country's. */
static void
tax_decide(const struct order *order, struct order_line *line, const struct book_item *item, const struct books *books,
	   struct arena *arena)
{
	const struct book_tax *best = NULL;

	for (size_t i = 0; i < books->taxes_count; i++) {
		const struct book_tax *t = &books->taxes[i];

		if (str_equal(t->tax_code, item->tax_code) && str_equal(t->country, order->ship_to.country) &&
		    (t->region.n == 0 || str_equal(t->region, order->ship_to.region)) && (!best || t->region.n))
			best = t;
	}
	line->enriched.tax_rate_micro = best ? best->rate_micro : 0;
	line->enriched.tax_source = best ? arena_printf(arena, "rate:%.*s", STR_ARGS(best->tax_code)) : STR("channel");
}

static int64_t
stock_of(const struct books *books, struct str item_no)
{
	for (size_t low = 0, high = books->stock_count; low < high;) {
		size_t middle = low + (high - low) / 2;
		int order = str_compare(books->stock[middle].item_no, item_no);

		if (order == 0)
			return books->stock[middle].available_micro;
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return 0;
}

static enum outcome
price_find(const struct line_terms *terms, struct order_line *line, const struct books *books, int64_t factor_micro,
	   const struct book_price **chosen, struct why *why)
{
	const struct order *order = terms->order;
	struct line_enrichment *e = &line->enriched;
	struct price_question q = {
	    .customer_no = order->enriched.customer_no,
	    .price_group = order->enriched.price_group,
	    .currency = order->currency,
	    .unit = line->unit.n ? line->unit : e->base_unit,
	    .base_unit = e->base_unit,
	    .factor_micro = factor_micro,
	    .quantity_micro = line->quantity_micro,
	    .day = terms->day,
	};
	size_t n;
	const struct book_price *prices = prices_of(books, e->item_no, &n);

	return price_decide(&q, prices, n, &e->price_micro, chosen, why);
}

enum outcome
line_price(const struct line_terms *terms, struct order_line *line, const struct book_item *item,
	   const struct books *books, struct arena *arena, const struct book_price **chosen, struct why *why)
{
	static const char *const sources[] = {"", "sku", "alias", "alias", "gtin"};
	int64_t factor_micro;
	enum outcome outcome;

	line->enriched = (struct line_enrichment){.item_no = item->item_no, .item_source = str_of(sources[item->by])};
	outcome = unit_decide(line, item, books, arena, &factor_micro, why);
	if (outcome != OUTCOME_OK)
		return outcome;
	tax_decide(terms->order, line, item, books, arena);
	line->enriched.available_micro = stock_of(books, item->item_no);
	line->enriched.stock_source = STR("stock");
	outcome = price_find(terms, line, books, factor_micro, chosen, why);
	if (outcome == OUTCOME_OK)
		line->enriched.price_source = price_source(*chosen, arena);
	return outcome;
}

static enum outcome
price_compare(const struct line_terms *terms, const struct order_line *line, struct why *why)
{
	const struct order *order = terms->order;
	const struct line_enrichment *e = &line->enriched;
	char stated[DECIMAL_TEXT_BYTES], ours[DECIMAL_TEXT_BYTES];
	int64_t compared = e->price_micro;

	if (order->prices_include_tax && e->tax_rate_micro == 0 && line->tax_minor != 0)
		return why_set(
		    why, OUTCOME_HELD, "tax-unknown",
		    "the price includes tax, and tax_rates.csv has no rate of %.*s for where it goes: add one, load "
		    "the mirror and release it",
		    STR_ARGS(e->item_no));
	if (order->prices_include_tax)
		compared += (int64_t)divide_half_even((__int128)compared * e->tax_rate_micro, 100 * DECIMAL_ONE);
	if (price_is_near(line->unit_price_micro, compared, terms->tolerance_percent_micro) ||
	    price_is_rounded(line->unit_price_micro, compared, currency_places(order->currency)))
		return OUTCOME_OK;
	decimal_format(line->unit_price_micro, stated);
	decimal_format(compared, ours);
	return why_set(
	    why, OUTCOME_HELD, "price-off",
	    "the channel's price is %s, ours is %s (%.*s): correct one of them, load the mirror and release it", stated,
	    ours, STR_ARGS(e->price_source));
}

enum outcome
line_enrich(const struct line_terms *terms, struct order_line *line, const struct book_item *item,
	    const struct books *books, struct arena *arena, struct why *why)
{
	const struct book_price *chosen;
	enum outcome outcome = line_price(terms, line, item, books, arena, &chosen, why);

	return outcome == OUTCOME_OK ? price_compare(terms, line, why) : outcome;
}
