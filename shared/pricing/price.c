/* SPDX-License-Identifier: Apache-2.0 */
#include "pricing/price.h"

#include "base/decimal.h"

static bool
concerns(const struct book_price *p, const struct price_question *q)
{
	switch (p->kind) {
	case PRICE_CONTRACT:
		return str_equal(p->customer_no, q->customer_no);
	case PRICE_GROUP:
		return q->price_group.n && str_equal(p->price_group, q->price_group);
	default:
		return true;
	}
}

/* How many of the price's units are ordered; false when the price is in another unit. */
static bool
quantity_in(const struct book_price *p, const struct price_question *q, int64_t *quantity_micro)
{
	*quantity_micro = q->quantity_micro;
	if (str_equal(p->unit, q->unit))
		return true;
	return str_equal(p->unit, q->base_unit) && decimal_mul(q->quantity_micro, q->factor_micro, quantity_micro);
}

/* A break in base units, so that five boxes and ten pieces can be compared. */
static __int128
break_of(const struct book_price *p, const struct price_question *q)
{
	return (__int128)p->min_quantity_micro * (str_equal(p->unit, q->base_unit) ? DECIMAL_ONE : q->factor_micro);
}

static bool
is_better(const struct book_price *p, const struct book_price *best, const struct price_question *q)
{
	if (!best || p->kind != best->kind)
		return !best || p->kind < best->kind;
	if (break_of(p, q) != break_of(best, q))
		return break_of(p, q) > break_of(best, q);
	return p->from_day > best->from_day;
}

enum outcome
price_decide(const struct price_question *q, const struct book_price *prices, size_t n, int64_t *price_micro,
	     const struct book_price **chosen, struct why *why)
{
	const struct book_price *best = NULL;
	int64_t quantity, price;

	for (size_t i = 0; i < n; i++) {
		const struct book_price *p = &prices[i];

		if (str_equal(p->currency, q->currency) && q->day >= p->from_day && q->day <= p->to_day &&
		    concerns(p, q) && quantity_in(p, q, &quantity) && quantity >= p->min_quantity_micro &&
		    is_better(p, best, q))
			best = p;
	}
	if (!best)
		return why_set(why, OUTCOME_HELD, "price-unknown",
			       "no contract, group or list price in %.*s is valid for this unit, quantity and day: add "
			       "one to prices.csv, load the mirror and release it",
			       STR_ARGS(q->currency));
	price = best->price_micro;
	if (!str_equal(best->unit, q->unit) && !decimal_mul(price, q->factor_micro, &price))
		return why_set(why, OUTCOME_HELD, "price-unknown", "the price per ordered unit does not fit");
	*price_micro = price;
	*chosen = best;
	return OUTCOME_OK;
}

bool
price_is_rounded(int64_t stated_micro, int64_t ours_micro, int places)
{
	int64_t stated, ours, exact = DECIMAL_ONE;

	for (int i = 0; i < places; i++)
		exact /= 10;
	return places >= 0 && stated_micro % exact == 0 && money_of(DECIMAL_ONE, stated_micro, places, &stated) &&
	       money_of(DECIMAL_ONE, ours_micro, places, &ours) && stated == ours;
}

bool
price_is_near(int64_t stated_micro, int64_t ours_micro, int64_t tolerance_percent_micro)
{
	__int128 off = (__int128)stated_micro - ours_micro;

	if (off < 0)
		off = -off;
	return off * 100 * DECIMAL_ONE <= (__int128)ours_micro * tolerance_percent_micro;
}
