/* SPDX-License-Identifier: Apache-2.0 */
#include "model/order.h"

#include "base/decimal.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

struct order_line *
order_line_at(const struct order *o, size_t index)
{
	return (struct order_line *)o->lines.items + index;
}

struct adjustment *
order_adjustment_at(const struct order *o, size_t index)
{
	return (struct adjustment *)o->adjustments.items + index;
}

bool
order_line_gross(const struct order *o, const struct order_line *line, int64_t *minor)
{
	int places = currency_places(o->currency);

	return places >= 0 && money_of(line->quantity_micro, line->unit_price_micro, places, minor);
}

bool
order_grand_total(const struct order *o, int64_t *minor)
{
	__int128 total = 0, tax = 0;

	for (size_t i = 0; i < o->lines.n; i++) {
		const struct order_line *line = order_line_at(o, i);
		int64_t gross;

		if (!order_line_gross(o, line, &gross))
			return false;
		total += gross - line->discount_minor;
		tax += line->tax_minor;
	}
	for (size_t i = 0; i < o->adjustments.n; i++) {
		total += order_adjustment_at(o, i)->amount_minor;
		tax += order_adjustment_at(o, i)->tax_minor;
	}
	total += o->prices_include_tax ? 0 : tax;
	if (total > CONTRACT_MONEY_MAX || total < -CONTRACT_MONEY_MAX)
		return false;
	*minor = (int64_t)total;
	return true;
}

static int
by_ref(const void *a, const void *b)
{
	return str_compare(*(const struct str *)a, *(const struct str *)b);
}

static enum outcome
refs_check(const struct order *o, struct why *why)
{
	struct str *refs = calloc(o->lines.n + 1, sizeof *refs);
	enum outcome outcome = OUTCOME_OK;

	if (!refs)
		return why_set(why, OUTCOME_DEAD, "too-large", "no memory for the order's lines");
	for (size_t i = 0; i < o->lines.n; i++)
		refs[i] = order_line_at(o, i)->line_ref;
	qsort(refs, o->lines.n, sizeof *refs, by_ref);
	for (size_t i = 1; i < o->lines.n && outcome == OUTCOME_OK; i++)
		if (str_equal(refs[i], refs[i - 1]))
			outcome = why_at(why, OUTCOME_DEAD, "line-ref-duplicate", "lines",
					 "two lines have the line_ref %.*s", STR_ARGS(refs[i]));
	free(refs);
	return outcome;
}

static enum outcome
lines_check(const struct order *o, struct why *why)
{
	char path[48];

	if (o->kind == ORDER_NEW && o->lines.n == 0)
		return why_at(why, OUTCOME_DEAD, "lines-missing", "lines", "an order has at least one line");
	for (size_t i = 0; i < o->lines.n; i++) {
		const struct order_line *line = order_line_at(o, i);
		int64_t gross;

		snprintf(path, sizeof path, "lines[%zu].action", i);
		if (line->action != LINE_SET)
			return why_at(why, OUTCOME_DEAD, "field-range", path, "only a line of a change has an action");
		snprintf(path, sizeof path, "lines[%zu].unit_price", i);
		if (!order_line_gross(o, line, &gross))
			return why_at(why, OUTCOME_DEAD, "money-range", path, "quantity times price does not fit");
		snprintf(path, sizeof path, "lines[%zu].discount_minor", i);
		if (line->discount_minor > gross)
			return why_at(why, OUTCOME_DEAD, "discount-range", path,
				      "the discount of %" PRId64 " is more than the line's %" PRId64 " minor units",
				      line->discount_minor, gross);
	}
	return refs_check(o, why);
}

/* Goods go to an address. */
static enum outcome
ship_to_check(const struct order *o, struct why *why)
{
	bool ships = false;

	for (size_t i = 0; i < o->lines.n; i++)
		ships = ships || order_line_at(o, i)->requires_shipping;
	if (!ships || o->kind != ORDER_NEW || (o->ship_to.line1.n && o->ship_to.country.n) || o->ship_to.gln.n)
		return OUTCOME_OK;
	return why_at(
	    why, OUTCOME_HELD, "ship-to-missing", "ship_to",
	    "it has goods to ship and no street or no country to ship to: have it completed at the channel, then "
	    "dismiss this");
}

enum outcome
order_check(const struct order *o, int64_t tolerance_minor, struct why *why)
{
	enum outcome outcome;
	int64_t total;

	if (currency_places(o->currency) < 0)
		return why_at(why, OUTCOME_DEAD, "currency-unknown", "currency", "%.*s is no ISO 4217 currency",
			      STR_ARGS(o->currency));
	outcome = lines_check(o, why);
	if (outcome != OUTCOME_OK)
		return outcome;
	if (!order_grand_total(o, &total))
		return why_at(why, OUTCOME_DEAD, "money-range", "stated.grand_minor", "the total does not fit");
	if (llabs(total - o->stated.grand_minor) > tolerance_minor)
		return why_at(why, OUTCOME_HELD, "total-mismatch", "stated.grand_minor",
			      "the channel states %" PRId64 ", its lines, adjustments and taxes add up to %" PRId64
			      " minor units: mend the mapping or the party's tolerance and release it, or dismiss it",
			      o->stated.grand_minor, total);
	return ship_to_check(o, why);
}

enum outcome
order_round(struct order *o, struct arena *arena, struct why *why)
{
	struct adjustment *more;
	int64_t total;

	if (!order_grand_total(o, &total) || total == o->stated.grand_minor)
		return OUTCOME_OK;
	if (o->adjustments.n >= ORDER_ADJUSTMENTS_MAX)
		return why_at(why, OUTCOME_DEAD, "field-range", "adjustments",
			      "%zu entries leave no place for the channel's rounding, at most %d are taken",
			      o->adjustments.n, ORDER_ADJUSTMENTS_MAX);
	more = arena_array(arena, o->adjustments.n + 1, sizeof *more);
	if (!more)
		return why_set(why, OUTCOME_DEAD, "too-large", "no memory for the order");
	for (size_t i = 0; i < o->adjustments.n; i++)
		more[i] = *order_adjustment_at(o, i);
	more[o->adjustments.n] = (struct adjustment){.kind = ADJUSTMENT_ROUNDING,
						     .reason = STR(ORDER_ROUNDING_REASON),
						     .amount_minor = o->stated.grand_minor - total};
	o->adjustments = (struct list){more, o->adjustments.n + 1};
	return OUTCOME_OK;
}
