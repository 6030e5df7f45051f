/* SPDX-License-Identifier: Apache-2.0 */
#include "model/order_change.h"

#include "contract/validate.h"

#include <stdio.h>
#include <string.h>

#define PATH_BYTES 48

enum outcome
order_change_check(const struct order *change, struct why *why)
{
	char path[PATH_BYTES];

	if (!change->source_id.n)
		return why_at(why, OUTCOME_DEAD, "field-missing", "source_id", "is required: which order is changed");
	if (!change->source_number.n)
		return why_at(why, OUTCOME_DEAD, "field-missing", "source_number", "is required: the order's number");
	for (size_t i = 0; i < change->lines.n; i++) {
		const struct order_line *line = order_line_at(change, i);
		const char *missing = !line->line_ref.n                                   ? "line_ref"
				      : line->action == LINE_SET                          ? "action"
				      : line->action == LINE_ADD && !line->quantity_micro ? "quantity"
											  : NULL;

		snprintf(path, sizeof path, "lines[%zu].%s", i, missing ? missing : "");
		if (missing)
			return why_at(why, OUTCOME_DEAD, "field-missing", path, "is required of this line of a change");
	}
	return OUTCOME_OK;
}

/* What is being made: `lines` are `n` so far. */
struct merging {
	const struct order *known, *change;
	struct arena *arena;
	struct order_line *lines;
	size_t n;
	struct why *why;
};

static struct order_line *
line_find(const struct merging *m, struct str ref)
{
	for (size_t i = 0; i < m->n; i++)
		if (str_equal(m->lines[i].line_ref, ref))
			return &m->lines[i];
	return NULL;
}

/* Channels that number lines by position may mean another one than we do: the item tells. */
static bool
is_other_item(const struct order_line *a, const struct order_line *b)
{
	bool have_skus = a->sku.n && b->sku.n, have_gtins = a->gtin.n && b->gtin.n;

	if ((have_skus && str_equal(a->sku, b->sku)) || (have_gtins && str_equal(a->gtin, b->gtin)))
		return false;
	return have_skus || have_gtins;
}

static bool
is_same_line(const struct order_line *a, const struct order_line *b)
{
	return str_equal(a->sku, b->sku) && str_equal(a->gtin, b->gtin) && str_equal(a->unit, b->unit) &&
	       a->quantity_micro == b->quantity_micro && a->unit_price_micro == b->unit_price_micro &&
	       a->discount_minor == b->discount_minor && a->tax_minor == b->tax_minor &&
	       a->requires_shipping == b->requires_shipping;
}

static enum outcome
line_add(struct merging *m, const struct order_line *said, const char *path)
{
	const struct order_line *there = line_find(m, said->line_ref);

	if (there && !is_same_line(there, said))
		return why_at(m->why, OUTCOME_HELD, "change-line-known", path,
			      "it adds line %.*s, which the order has with other content: ask which holds, enter it by "
			      "hand, then dismiss this",
			      STR_ARGS(said->line_ref));
	if (there)
		return OUTCOME_OK;
	m->lines[m->n] = *said;
	m->lines[m->n++].action = LINE_SET;
	return OUTCOME_OK;
}

static void
text_merge(struct str *known, struct str said)
{
	if (said.n)
		*known = said;
}

static bool
has_qualifier(const struct list *references, struct str qualifier)
{
	const struct reference *r = references->items;

	for (size_t i = 0; i < references->n; i++)
		if (str_equal(r[i].qualifier, qualifier))
			return true;
	return false;
}

/* What is said of a qualifier takes the place of all that is known of it. */
static enum outcome
references_merge(struct merging *m, struct list *known, const struct list *said, const char *path)
{
	const struct reference *before = known->items;
	struct reference *made;
	size_t n = 0;

	if (!said->n)
		return OUTCOME_OK;
	made = arena_array(m->arena, known->n + said->n, sizeof *made);
	if (!made)
		return why_set(m->why, OUTCOME_DEAD, "too-large", "no memory for the order");
	for (size_t i = 0; i < known->n; i++)
		if (!has_qualifier(said, before[i].qualifier))
			made[n++] = before[i];
	memcpy(made + n, said->items, said->n * sizeof *made);
	n += said->n;
	if (n > ORDER_REFERENCES_MAX)
		return why_at(m->why, OUTCOME_DEAD, "field-range", path, "%zu references, at most %d are taken", n,
			      ORDER_REFERENCES_MAX);
	*known = (struct list){made, n};
	return OUTCOME_OK;
}

static enum outcome
line_change(struct merging *m, struct order_line *line, const struct order_line *said, const char *path)
{
	int64_t quantity = said->quantity_micro ? said->quantity_micro : line->quantity_micro;
	int64_t price = said->unit_price_micro ? said->unit_price_micro : line->unit_price_micro;
	bool stays = quantity == line->quantity_micro && price == line->unit_price_micro;
	bool is_other_unit = said->unit.n && !str_equal(said->unit, line->unit);

	if (is_other_unit && !(said->quantity_micro && said->unit_price_micro))
		return why_at(
		    m->why, OUTCOME_HELD, "change-open", path,
		    "line %.*s is in %.*s now, and was in %.*s: ask for quantity and price in that unit, then "
		    "dismiss this",
		    STR_ARGS(line->line_ref), STR_ARGS(said->unit), STR_ARGS(line->unit));
	if (!stays && line->tax_minor && !said->tax_minor)
		return why_at(
		    m->why, OUTCOME_HELD, "change-open", path,
		    "line %.*s has a tax, and it does not say which it has now: ask for it, then dismiss this",
		    STR_ARGS(line->line_ref));
	text_merge(&line->sku, said->sku);
	text_merge(&line->gtin, said->gtin);
	text_merge(&line->description, said->description);
	text_merge(&line->unit, said->unit);
	line->quantity_micro = quantity;
	line->unit_price_micro = price;
	if (said->discount_minor || !stays)
		line->discount_minor = said->discount_minor;
	if (said->tax_minor)
		line->tax_minor = said->tax_minor;
	return references_merge(m, &line->references, &said->references, path);
}

static void
line_remove(struct merging *m, struct order_line *line)
{
	size_t after = m->n - (size_t)(line - m->lines) - 1;

	memmove(line, line + 1, after * sizeof *line);
	m->n--;
}

static enum outcome
line_merge(struct merging *m, const struct order_line *said, const char *path)
{
	struct order_line *line = line_find(m, said->line_ref);

	if (said->action == LINE_ADD)
		return line_add(m, said, path);
	if (!line && said->action == LINE_REMOVE && m->change->revision.n &&
	    str_equal(m->change->revision, m->known->revision))
		return OUTCOME_OK;
	if (!line)
		return why_at(m->why, OUTCOME_HELD, "change-line-unknown", path,
			      "the order has no line %.*s: it is gone already, or was never there; see what is meant, "
			      "then dismiss this",
			      STR_ARGS(said->line_ref));
	if (is_other_item(line, said))
		return why_at(
		    m->why, OUTCOME_HELD, "change-line-unknown", path,
		    "line %.*s of the order is %.*s%.*s, and here %.*s%.*s: ask which is meant, then dismiss this",
		    STR_ARGS(said->line_ref), STR_ARGS(line->sku), STR_ARGS(line->sku.n ? STR("") : line->gtin),
		    STR_ARGS(said->sku), STR_ARGS(said->sku.n ? STR("") : said->gtin));
	if (said->action == LINE_CHANGE)
		return line_change(m, line, said, path);
	line_remove(m, line);
	return OUTCOME_OK;
}

static enum outcome
lines_merge(struct merging *m)
{
	const struct list *known = &m->known->lines, *said = &m->change->lines;
	enum outcome outcome = OUTCOME_OK;
	char path[PATH_BYTES];

	m->lines = arena_array(m->arena, known->n + said->n + 1, sizeof *m->lines);
	if (!m->lines)
		return why_set(m->why, OUTCOME_DEAD, "too-large", "no memory for the order");
	for (; m->n < known->n; m->n++)
		m->lines[m->n] = *order_line_at(m->known, m->n);
	for (size_t i = 0; i < said->n && outcome == OUTCOME_OK; i++) {
		snprintf(path, sizeof path, "lines[%zu]", i);
		outcome = line_merge(m, order_line_at(m->change, i), path);
	}
	if (outcome != OUTCOME_OK)
		return outcome;
	if (m->n == 0)
		return why_at(m->why, OUTCOME_HELD, "change-empty", "lines",
			      "it removes all lines: ask whether the order is cancelled, then dismiss this");
	if (m->n > ORDER_LINES_MAX)
		return why_at(m->why, OUTCOME_DEAD, "field-range", "lines", "%zu entries, at most %d are taken", m->n,
			      ORDER_LINES_MAX);
	return OUTCOME_OK;
}

/* The known order as the channel gave it: what order_round() added is made anew. */
static enum outcome
rounding_drop(struct order *o, struct arena *arena, struct why *why)
{
	struct adjustment *kept = arena_array(arena, o->adjustments.n + 1, sizeof *kept);
	size_t n = 0;

	if (!kept)
		return why_set(why, OUTCOME_DEAD, "too-large", "no memory for the order");
	for (size_t i = 0; i < o->adjustments.n; i++) {
		const struct adjustment *a = order_adjustment_at(o, i);

		if (a->kind != ADJUSTMENT_ROUNDING || !str_equal(a->reason, STR(ORDER_ROUNDING_REASON)))
			kept[n++] = *a;
	}
	o->adjustments = (struct list){kept, n};
	return OUTCOME_OK;
}

static void
instant_merge(int64_t *known, int64_t said)
{
	if (said)
		*known = said;
}

/* The number of the same place says nothing new of it. */
static void
address_merge(struct address *known, const struct address *said)
{
	bool is_number = !said->line1.n && ((said->gln.n && str_equal(said->gln, known->gln)) ||
					    (said->location.n && str_equal(said->location, known->location)));

	if (!is_number && !contract_is_zero(&address_contract, said))
		*known = *said;
}

static void
header_merge(struct order *o, const struct order *change)
{
	const struct buyer *b = &change->buyer;

	o->kind = ORDER_NEW;
	o->received_at_us = change->received_at_us;
	text_merge(&o->revision, change->revision);
	text_merge(&o->source_number, change->source_number);
	text_merge(&o->note, change->note);
	instant_merge(&o->placed_at_us, change->placed_at_us);
	instant_merge(&o->ship_after_at_us, change->ship_after_at_us);
	instant_merge(&o->deliver_after_at_us, change->deliver_after_at_us);
	instant_merge(&o->deliver_by_at_us, change->deliver_by_at_us);
	instant_merge(&o->cancel_after_at_us, change->cancel_after_at_us);
	if (b->account.n || b->gln.n || b->email.n || b->company.n || b->name.n || b->phone.n)
		o->buyer = *b;
	address_merge(&o->bill_to, &change->bill_to);
	address_merge(&o->ship_to, &change->ship_to);
	if (change->payment_status)
		o->payment_status = change->payment_status;
	if (change->adjustments.n)
		o->adjustments = change->adjustments;
}

static bool
is_taxed_as_a_whole(const struct order *o)
{
	for (size_t i = 0; i < o->adjustments.n; i++)
		if (order_adjustment_at(o, i)->kind == ADJUSTMENT_TAX)
			return true;
	return false;
}

/* What the channel stated holds as long as nothing of what it costs is changed. */
static enum outcome
stated_merge(struct order *o, int64_t before_minor, const struct order *change, struct why *why)
{
	int64_t now_minor;

	if (!order_grand_total(o, &now_minor))
		return why_at(why, OUTCOME_DEAD, "money-range", "stated.grand_minor", "the total does not fit");
	if (change->stated.grand_minor) {
		o->stated = change->stated;
		return OUTCOME_OK;
	}
	if (now_minor == before_minor)
		return OUTCOME_OK;
	if (!change->adjustments.n && is_taxed_as_a_whole(o))
		return why_at(
		    why, OUTCOME_HELD, "change-open", "stated.grand_minor",
		    "the order is taxed as a whole, and it says neither the new tax nor the new total: ask for "
		    "it, then dismiss this");
	o->stated = (struct stated_totals){.grand_minor = now_minor};
	return OUTCOME_OK;
}

enum outcome
order_merge(const struct order *known, const struct order *change, struct arena *arena, struct order *merged,
	    struct why *why)
{
	struct merging m = {.known = known, .change = change, .arena = arena, .why = why};
	struct order made = *known;
	int64_t before_minor;
	enum outcome outcome;

	if (change->currency.n && !str_equal(change->currency, known->currency))
		return why_at(why, OUTCOME_HELD, "change-open", "currency",
			      "it is in another currency than the order: ask for the whole order, then dismiss this");
	outcome = rounding_drop(&made, arena, why);
	if (outcome == OUTCOME_OK && !order_grand_total(&made, &before_minor))
		outcome = why_at(why, OUTCOME_DEAD, "money-range", "stated.grand_minor", "the total does not fit");
	if (outcome == OUTCOME_OK)
		outcome = lines_merge(&m);
	if (outcome == OUTCOME_OK)
		outcome = references_merge(&m, &made.references, &change->references, "references");
	if (outcome != OUTCOME_OK)
		return outcome;
	made.lines = (struct list){m.lines, m.n};
	header_merge(&made, change);
	outcome = stated_merge(&made, before_minor, change, why);
	if (outcome == OUTCOME_OK)
		*merged = made;
	return outcome;
}
