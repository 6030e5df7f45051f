/* SPDX-License-Identifier: Apache-2.0 */
/*
 * NAME         enrich
 * CONSUMES     enrich: order.accepted, order.changed
 * PUBLISHES    order.enriched.<channel>
 * WRITES       enrichments, line_enrichments
 * IDEMPOTENCY  the journal; one enrichment per order by its key; of two contents the later one stays
 * FAILURES     exceptions: customer-unknown customer-ambiguous customer-inactive item-unknown item-ambiguous
 *              item-inactive unit-unknown unit-inexact tax-unknown price-unknown price-off. The first decides, the
 *              others stand in the order's timeline
 */
#include "enrich/enrich.h"

#include "topology_names.h"

#include "enrich/enrich_sql.h"

#include <stdio.h>
#include <stdlib.h>

#define NOTES_MAX 20

/* What was found for every order and line of the batch; the rows are sorted by ordinal. */
struct findings {
	const struct result *customers, *items, *days;
	size_t customer_row, item_row; /* next to be read */
	struct books books;
};

static enum outcome
customers_find(struct batch *batch, struct result **found, struct why *why)
{
	struct rows *rows = rows_new(&enrich_customers_find, batch->arena);

	for (size_t i = 0; i < batch->n; i++) {
		const struct order *o = batch->items[i]->document;

		rows_text(rows, o->party);
		rows_text(rows, o->buyer.account);
		rows_text(rows, o->buyer.gln);
		rows_text(rows, o->buyer.email);
	}
	return store_query(batch->store, rows, found, why);
}

/* The day on which each order was placed, where its channel is: prices are valid by that day. */
static enum outcome
days_find(struct batch *batch, struct result **found, struct why *why)
{
	struct rows *rows = rows_new(&enrich_days_find, batch->arena);

	for (size_t i = 0; i < batch->n; i++) {
		const struct order *o = batch->items[i]->document;
		const struct party *party = party_list_find(batch->parties, o->party);

		rows_instant(rows, o->placed_at_us);
		rows_text(rows, party ? str_of(party->time_zone) : STR("UTC"));
	}
	return store_query(batch->store, rows, found, why);
}

static enum outcome
items_find(struct batch *batch, struct result **found, struct why *why)
{
	struct rows *rows = rows_new(&enrich_items_find, batch->arena);

	for (size_t i = 0; i < batch->n; i++) {
		const struct order *o = batch->items[i]->document;

		for (size_t l = 0; l < o->lines.n; l++) {
			rows_text(rows, o->party);
			rows_text(rows, order_line_at(o, l)->sku);
			rows_text(rows, order_line_at(o, l)->gtin);
		}
	}
	return store_query(batch->store, rows, found, why);
}

static int
by_text(const void *a, const void *b)
{
	return str_compare(*(const struct str *)a, *(const struct str *)b);
}

static enum outcome
books_load(struct batch *batch, struct findings *f, struct why *why)
{
	size_t n = result_count(f->items), kept = 0;
	struct str *list = arena_array(batch->arena, n, sizeof *list);

	if (!list)
		return why_set(why, OUTCOME_DEAD, "too-large", "no memory for %zu items", n);
	for (size_t i = 0; i < n; i++)
		list[i] = enrich_item_read(f->items, i).item_no;
	qsort(list, n, sizeof *list, by_text);
	for (size_t i = 0; i < n; i++)
		if (i == 0 || !str_equal(list[i], list[kept - 1]))
			list[kept++] = list[i];
	return enrich_books_load(batch->store, batch->arena, list, kept, &f->books, why);
}

/* The customer of the order with this ordinal; the best way of finding one decides. */
static enum outcome
customer_decide(struct findings *f, int64_t ordinal, struct order *o, struct why *why)
{
	static const char *const sources[] = {"", "account", "gln", "email"};
	struct book_customer best = {.by = 0};
	bool is_ambiguous = false;

	for (; f->customer_row < result_count(f->customers) && result_int(f->customers, f->customer_row, 0) == ordinal;
	     f->customer_row++) {
		struct book_customer c = enrich_customer_read(f->customers, f->customer_row);

		if (!best.by || (c.by == best.by && c.active && !best.active))
			best = c;
		else if (c.by == best.by && c.active == best.active && !str_equal(c.customer_no, best.customer_no))
			is_ambiguous = true;
	}
	if (!best.by)
		return why_at(why, OUTCOME_HELD, "customer-unknown", "buyer",
			      "no customer has this account at %.*s, this GLN or this e-mail: add the account to "
			      "customer_accounts.csv, run tributary mirror load, then tributary exceptions release",
			      STR_ARGS(o->party));
	if (is_ambiguous)
		return why_at(why, OUTCOME_HELD, "customer-ambiguous", "buyer",
			      "several customers have this %s: add the account to customer_accounts.csv",
			      sources[best.by]);
	if (!best.active)
		return why_at(why, OUTCOME_HELD, "customer-inactive", "buyer", "customer %.*s is blocked",
			      STR_ARGS(best.customer_no));
	o->enriched = (struct order_enrichment){best.customer_no, str_of(sources[best.by]), best.price_group,
						best.price_group.n ? STR("customer") : (struct str){NULL, 0}};
	return OUTCOME_OK;
}

static enum outcome
line_decide(struct batch *batch, struct findings *f, int64_t ordinal, struct order *o, size_t index, int64_t day,
	    struct why *why)
{
	const struct party *party = party_list_find(batch->parties, o->party);
	struct book_item found[8];
	const struct book_item *item;
	size_t n = 0;
	enum outcome outcome;

	for (; f->item_row < result_count(f->items) && result_int(f->items, f->item_row, 0) == ordinal; f->item_row++)
		if (n < COUNT_OF(found))
			found[n++] = enrich_item_read(f->items, f->item_row);
	outcome = item_decide(found, n, &item, why);
	if (outcome == OUTCOME_OK)
		outcome =
		    line_enrich(&(struct line_terms){.order = o,
						     .day = day,
						     .tolerance_percent_micro =
							 party ? party->policies.price_tolerance_percent_micro : 0},
				order_line_at(o, index), item, &f->books, batch->arena, why);
	if (outcome != OUTCOME_OK && why->path[0] == '\0')
		snprintf(why->path, sizeof why->path, "lines[%zu].%s", index,
			 str_starts(str_of(why->code), STR("item"))    ? "sku"
			 : str_starts(str_of(why->code), STR("price")) ? "unit_price"
								       : "unit");
	return outcome;
}

/* Every problem is looked for, so that a person sees all of them at once. */
static void
problem_note(struct batch *batch, struct item *item, size_t *problems, enum outcome outcome, const struct why *why)
{
	if (outcome == OUTCOME_OK)
		return;
	if (++*problems == 1)
		item_fail(item, outcome, why);
	else if (*problems <= NOTES_MAX)
		item_note(batch, item, "problem", why->code, "%s: %s", why->path, why->text);
}

static void
order_enrich(struct batch *batch, struct findings *f, struct item *item, int64_t order_ordinal, int64_t *line_ordinal,
	     struct rows *orders, struct rows *lines)
{
	struct order *o = item->document;
	size_t problems = 0;
	struct why why = {0};

	problem_note(batch, item, &problems, customer_decide(f, order_ordinal, o, &why), &why);
	for (size_t l = 0; l < o->lines.n; l++) {
		struct why line_why = {0};
		int64_t day = result_int(f->days, (size_t)order_ordinal - 1, 0);
		enum outcome outcome = line_decide(batch, f, (*line_ordinal)++, o, l, day, &line_why);

		problem_note(batch, item, &problems, outcome, &line_why);
	}
	if (problems)
		return;
	enrich_order_put(orders, batch->arena, o, batch->now_us);
	for (size_t l = 0; l < o->lines.n; l++)
		enrich_line_put(lines, o, l);
	item_status(item, ORDER_ENRICHED);
	item_say(batch, item, EVENT_ORDER_ENRICHED, o->party, (struct str){NULL, 0}, o);
}

static enum outcome
orders_enrich(struct batch *batch, const struct statement *put, struct why *why)
{
	struct rows *orders = rows_new(put, batch->arena), *lines = rows_new(&enrich_lines_insert, batch->arena);
	struct findings f = {0};
	struct result *customers, *items, *days;
	int64_t line_ordinal = 1;
	enum outcome outcome = customers_find(batch, &customers, why);

	if (outcome == OUTCOME_OK)
		outcome = days_find(batch, &days, why);
	if (outcome == OUTCOME_OK)
		outcome = items_find(batch, &items, why);
	if (outcome != OUTCOME_OK)
		return outcome;
	f.customers = customers;
	f.items = items;
	f.days = days;
	outcome = books_load(batch, &f, why);
	if (outcome != OUTCOME_OK)
		return outcome;
	for (size_t i = 0; i < batch->n; i++)
		order_enrich(batch, &f, batch->items[i], (int64_t)i + 1, &line_ordinal, orders, lines);
	store_send(batch->store, orders);
	store_send(batch->store, lines);
	return OUTCOME_OK;
}

enum outcome
enrich_accepted(struct batch *batch, struct why *why)
{
	return orders_enrich(batch, &enrich_insert, why);
}

enum outcome
enrich_changed(struct batch *batch, struct why *why)
{
	return orders_enrich(batch, &enrich_replace, why);
}
