/* SPDX-License-Identifier: Apache-2.0 */
#include "pricing/findings.h"

#include "pricing/customer.h"
#include "pricing/line.h"
#include "pricing/pricing_sql.h"

#include <stdlib.h>

/* The rows of a result by their ordinal, which they are sorted by: first[i] to first[i + 1] are those of the i-th. */
static size_t *
rows_divide(const struct result *r, size_t n, struct arena *arena)
{
	size_t *first = arena_array(arena, n + 1, sizeof *first);
	size_t row = 0;

	for (size_t i = 0; first && i <= n; i++) {
		while (row < result_count(r) && result_int(r, row, 0) <= (int64_t)i)
			row++;
		first[i] = row;
	}
	return first;
}

static enum outcome
no_memory(struct why *why)
{
	return why_set(why, OUTCOME_DEAD, "too-large", "no memory for what was found");
}

enum outcome
findings_customers_load(struct store *store, struct arena *arena, const struct subject *subjects, size_t n,
			struct findings *f, struct why *why)
{
	struct rows *rows = rows_new(&pricing_customers_find, arena);
	struct book_customer *customers;
	struct result *found;
	enum outcome outcome;

	for (size_t i = 0; i < n; i++) {
		const struct order *o = subjects[i].order;

		rows_text(rows, o->party);
		rows_text(rows, subjects[i].customer_no);
		rows_text(rows, o->buyer.account);
		rows_text(rows, o->buyer.gln);
		rows_text(rows, o->buyer.email);
	}
	outcome = store_query(store, rows, &found, why);
	if (outcome != OUTCOME_OK)
		return outcome;
	customers = arena_array(arena, result_count(found), sizeof *customers);
	f->customers_first = rows_divide(found, n, arena);
	if (!customers || !f->customers_first)
		return no_memory(why);
	for (size_t row = 0; row < result_count(found); row++)
		customers[row] = pricing_customer_read(found, row);
	f->customers = customers;
	return OUTCOME_OK;
}

/* The day on which each order was placed, where its channel is: prices are valid by that day. */
static enum outcome
days_find(struct store *store, struct arena *arena, const struct party_list *parties, const struct subject *subjects,
	  size_t n, struct findings *f, struct why *why)
{
	struct rows *rows = rows_new(&pricing_days_find, arena);
	struct result *found;
	enum outcome outcome;

	for (size_t i = 0; i < n; i++) {
		const struct party *party = party_list_find(parties, subjects[i].order->party);

		rows_instant(rows, subjects[i].order->placed_at_us);
		rows_text(rows, party ? str_of(party->time_zone) : STR("UTC"));
	}
	outcome = store_query(store, rows, &found, why);
	if (outcome != OUTCOME_OK)
		return outcome;
	f->days = arena_array(arena, n, sizeof *f->days);
	if (!f->days)
		return no_memory(why);
	for (size_t i = 0; i < n; i++)
		f->days[i] = result_int(found, i, 0);
	return OUTCOME_OK;
}

/* What a line calls its item. */
struct name {
	struct str party, sku, gtin;
	size_t line;
};

static int
by_name(const void *a, const void *b)
{
	const struct name *x = a, *y = b;
	int order = str_compare(x->sku, y->sku);

	if (order == 0)
		order = str_compare(x->gtin, y->gtin);
	return order ? order : str_compare(x->party, y->party);
}

/* All names of all lines; NULL without memory. */
static struct name *
names_list(const struct subject *subjects, size_t n, struct findings *f, struct arena *arena, size_t *count)
{
	struct name *names;

	*count = 0;
	for (size_t i = 0; i < n; i++) {
		f->lines_first[i] = *count;
		*count += subjects[i].order->lines.n;
	}
	names = arena_array(arena, *count + 1, sizeof *names);
	for (size_t i = 0; names && i < n; i++)
		for (size_t l = 0; l < subjects[i].order->lines.n; l++) {
			const struct order_line *line = order_line_at(subjects[i].order, l);

			names[f->lines_first[i] + l] =
			    (struct name){subjects[i].order->party, line->sku, line->gtin, f->lines_first[i] + l};
		}
	return names;
}

/* Many lines of a batch want the same items: each is asked for once. */
static struct rows *
names_ask(const struct subject *subjects, size_t n, struct findings *f, struct arena *arena)
{
	struct rows *rows = rows_new(&pricing_items_find, arena);
	struct name *names;
	size_t count;

	f->lines_first = arena_array(arena, n, sizeof *f->lines_first);
	names = f->lines_first ? names_list(subjects, n, f, arena, &count) : NULL;
	f->line_names = names ? arena_array(arena, count + 1, sizeof *f->line_names) : NULL;
	if (!f->line_names)
		return NULL;
	qsort(names, count, sizeof *names, by_name);
	for (size_t i = 0; i < count; i++) {
		if (i == 0 || by_name(&names[i], &names[i - 1]) != 0) {
			rows_text(rows, names[i].party);
			rows_text(rows, names[i].sku);
			rows_text(rows, names[i].gtin);
		}
		f->line_names[names[i].line] = rows_count(rows) - 1;
	}
	return rows;
}

enum outcome
findings_items_load(struct store *store, struct arena *arena, const struct subject *subjects, size_t n,
		    struct findings *f, struct why *why)
{
	struct rows *rows = names_ask(subjects, n, f, arena);
	struct book_item *items;
	struct result *found;
	enum outcome outcome;

	if (!rows)
		return no_memory(why);
	outcome = store_query(store, rows, &found, why);
	if (outcome != OUTCOME_OK)
		return outcome;
	items = arena_array(arena, result_count(found), sizeof *items);
	f->items_first = rows_divide(found, rows_count(rows), arena);
	if (!items || !f->items_first)
		return no_memory(why);
	for (size_t row = 0; row < result_count(found); row++)
		items[row] = pricing_item_read(found, row);
	f->items = items;
	f->items_count = result_count(found);
	return OUTCOME_OK;
}

static int
by_text(const void *a, const void *b)
{
	return str_compare(*(const struct str *)a, *(const struct str *)b);
}

static enum outcome
books_find(struct store *store, struct arena *arena, struct findings *f, struct why *why)
{
	size_t n = f->items_count;
	struct str *list = arena_array(arena, n, sizeof *list);
	size_t kept = 0;

	if (!list)
		return no_memory(why);
	for (size_t i = 0; i < n; i++)
		list[i] = f->items[i].item_no;
	qsort(list, n, sizeof *list, by_text);
	for (size_t i = 0; i < n; i++)
		if (i == 0 || !str_equal(list[i], list[kept - 1]))
			list[kept++] = list[i];
	return pricing_books_load(store, arena, list, kept, &f->books, why);
}

enum outcome
findings_load(struct store *store, struct arena *arena, const struct party_list *parties,
	      const struct subject *subjects, size_t n, struct findings *findings, struct why *why)
{
	enum outcome outcome = findings_customers_load(store, arena, subjects, n, findings, why);

	if (outcome == OUTCOME_OK)
		outcome = days_find(store, arena, parties, subjects, n, findings, why);
	if (outcome == OUTCOME_OK)
		outcome = findings_items_load(store, arena, subjects, n, findings, why);
	return outcome == OUTCOME_OK ? books_find(store, arena, findings, why) : outcome;
}

enum outcome
findings_customer(const struct findings *findings, size_t index, struct order *order, struct why *why)
{
	size_t first = findings->customers_first[index], end = findings->customers_first[index + 1];
	const struct book_customer *c;
	enum outcome outcome = customer_decide(findings->customers + first, end - first, order->party, &c, why);

	if (outcome == OUTCOME_OK)
		order->enriched = (struct order_enrichment){c->customer_no, customer_source(c), c->price_group,
							    c->price_group.n ? STR("customer") : (struct str){NULL, 0}};
	return outcome;
}

enum outcome
findings_item(const struct findings *findings, size_t index, size_t line, const struct book_item **item,
	      struct why *why)
{
	size_t name = findings->line_names[findings->lines_first[index] + line];
	const size_t *first = &findings->items_first[name];

	return item_decide(findings->items + first[0], first[1] - first[0], item, why);
}

enum outcome
findings_line(const struct findings *findings, size_t index, struct order *order, size_t line,
	      int64_t tolerance_percent_micro, struct arena *arena, struct why *why)
{
	const struct line_terms terms = {order, findings->days[index], tolerance_percent_micro};
	const struct book_item *item;
	enum outcome outcome = findings_item(findings, index, line, &item, why);

	if (outcome == OUTCOME_OK)
		outcome = line_enrich(&terms, order_line_at(order, line), item, &findings->books, arena, why);
	if (outcome != OUTCOME_OK && why->path[0] == '\0')
		snprintf(why->path, sizeof why->path, "lines[%zu].%s", line,
			 str_starts(str_of(why->code), STR("item"))    ? "sku"
			 : str_starts(str_of(why->code), STR("price")) ? "unit_price"
								       : "unit");
	return outcome;
}
