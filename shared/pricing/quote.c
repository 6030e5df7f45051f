/* SPDX-License-Identifier: Apache-2.0 */
#include "pricing/quote.h"

#include "pricing/findings.h"
#include "pricing/line.h"
#include "pricing/pricing_sql.h"

static enum outcome
too_large(struct why *why, const char *what, size_t n)
{
	return why_set(why, OUTCOME_DEAD, "too-large", "%zu %s are more than can be answered at once", n, what);
}

/* What an answer keeps of a no; without memory for it only the code and the text are lost, not that it is one. */
static const struct why *
why_keep(struct arena *arena, const struct why *why)
{
	static const struct why no_memory = {.code = "too-large", .text = "no memory for the reason"};
	struct why *kept = arena_get(arena, sizeof *kept);

	if (!kept)
		return &no_memory;
	*kept = *why;
	return kept;
}

/* A question as the order that it would become. */
static bool
question_order(const struct quote_question *q, struct arena *arena, struct order *order)
{
	struct order_line *lines = arena_array(arena, q->lines_count, sizeof *lines);

	if (!lines)
		return false;
	*order = (struct order){.party = q->party,
				.placed_at_us = q->at_us,
				.currency = q->currency,
				.buyer = {.account = q->buyer.account, .gln = q->buyer.gln, .email = q->buyer.email},
				.ship_to = {.country = q->country, .region = q->region},
				.lines = {lines, q->lines_count}};
	for (size_t i = 0; i < q->lines_count; i++)
		lines[i] = (struct order_line){.sku = q->lines[i].sku,
					       .gtin = q->lines[i].gtin,
					       .unit = q->lines[i].unit,
					       .quantity_micro = q->lines[i].quantity_micro};
	return true;
}

static void
line_answer(const struct findings *f, size_t index, const struct order *order, size_t l,
	    const struct quoted_customer *customer, struct arena *arena, struct quoted_line *answer)
{
	struct line_terms terms = {.order = order, .day = f->days[index]};
	struct order_line *line = order_line_at(order, l);
	const struct book_price *chosen = NULL;
	const struct book_item *item;
	struct why why = {0};
	enum outcome outcome = findings_item(f, index, l, &item, &why);

	if (outcome == OUTCOME_OK)
		outcome = line_price(&terms, line, item, &f->books, arena, &chosen, &why);
	*answer =
	    (struct quoted_line){.found = line->enriched, .unit = line->unit.n ? line->unit : line->enriched.base_unit};
	if (outcome != OUTCOME_OK) {
		answer->why = why_keep(arena, &why);
	} else if (customer->why) {
		/* A price for nobody in particular would be a promise to somebody. */
		answer->why = customer->why;
		answer->found.price_micro = 0;
		answer->found.price_source = (struct str){NULL, 0};
	} else {
		answer->kind = chosen->kind;
		answer->contract_no = chosen->contract_no;
	}
}

static void
customer_answer(const struct order *order, enum outcome outcome, const struct why *why, struct arena *arena,
		struct quoted_customer *answer)
{
	if (outcome != OUTCOME_OK)
		*answer = (struct quoted_customer){.why = why_keep(arena, why)};
	else
		*answer = (struct quoted_customer){.customer_no = order->enriched.customer_no,
						   .source = order->enriched.customer_source,
						   .price_group = order->enriched.price_group};
}

static void
question_answer(const struct findings *f, size_t index, struct order *order, struct arena *arena,
		struct quoted_line *lines, struct quote_answer *answer)
{
	struct why why = {0};
	enum outcome outcome = findings_customer(f, index, order, &why);

	customer_answer(order, outcome, &why, arena, &answer->customer);
	answer->lines = lines;
	for (size_t l = 0; l < order->lines.n; l++)
		line_answer(f, index, order, l, &answer->customer, arena, &lines[l]);
}

enum outcome
quote(struct store *store, struct arena *arena, const struct party_list *parties,
      const struct quote_question *questions, size_t n, struct quote_answer *answers, struct why *why)
{
	struct subject *subjects = arena_array(arena, n, sizeof *subjects);
	struct order *orders = arena_array(arena, n, sizeof *orders);
	struct quoted_line *lines;
	struct findings findings = {0};
	size_t lines_count = 0;
	enum outcome outcome;

	for (size_t i = 0; i < n && lines_count <= QUOTE_LINES_MAX; i++)
		lines_count += questions[i].lines_count;
	if (n > QUOTE_QUESTIONS_MAX || lines_count > QUOTE_LINES_MAX)
		return too_large(why, "questions and lines", n + lines_count);
	lines = arena_array(arena, lines_count, sizeof *lines);
	if (!subjects || !orders || !lines)
		return too_large(why, "questions", n);
	for (size_t i = 0; i < n; i++) {
		if (!question_order(&questions[i], arena, &orders[i]))
			return too_large(why, "questions", n);
		subjects[i] = (struct subject){&orders[i], questions[i].buyer.customer_no};
	}
	outcome = findings_load(store, arena, parties, subjects, n, &findings, why);
	for (size_t i = 0; outcome == OUTCOME_OK && i < n; i++) {
		question_answer(&findings, i, &orders[i], arena, lines, &answers[i]);
		lines += questions[i].lines_count;
	}
	return outcome;
}

enum outcome
customers_ask(struct store *store, struct arena *arena, const struct customer_question *questions, size_t n,
	      struct quoted_customer *answers, struct why *why)
{
	struct subject *subjects = arena_array(arena, n, sizeof *subjects);
	struct order *orders = arena_array(arena, n, sizeof *orders);
	struct findings findings = {0};
	enum outcome outcome;

	if (n > QUOTE_QUESTIONS_MAX || !subjects || !orders)
		return too_large(why, "customers", n);
	for (size_t i = 0; i < n; i++) {
		const struct quote_buyer *b = &questions[i].buyer;

		orders[i] = (struct order){.party = questions[i].party,
					   .buyer = {.account = b->account, .gln = b->gln, .email = b->email}};
		subjects[i] = (struct subject){&orders[i], b->customer_no};
	}
	outcome = findings_customers_load(store, arena, subjects, n, &findings, why);
	for (size_t i = 0; outcome == OUTCOME_OK && i < n; i++) {
		struct why no = {0};
		enum outcome decided = findings_customer(&findings, i, &orders[i], &no);

		customer_answer(&orders[i], decided, &no, arena, &answers[i]);
	}
	return outcome;
}

/* --- stock ---------------------------------------------------------------------------------------------------------- */

/* The places of all items, sorted by item. */
struct stock_found {
	struct str *item_nos; /* of each place */
	struct stock_place *places;
	size_t n;
};

static enum outcome
places_find(struct store *store, struct arena *arena, const struct book_item *const *items, size_t n,
	    struct stock_found *stock, struct why *why)
{
	struct rows *rows = rows_new(&pricing_stock_find, arena);
	struct result *found;
	enum outcome outcome;

	for (size_t i = 0; i < n; i++)
		if (items[i])
			rows_text(rows, items[i]->item_no);
	outcome = store_query(store, rows, &found, why);
	if (outcome != OUTCOME_OK)
		return outcome;
	stock->n = result_count(found);
	stock->places = arena_array(arena, stock->n, sizeof *stock->places);
	stock->item_nos = arena_array(arena, stock->n, sizeof *stock->item_nos);
	if (!stock->places || !stock->item_nos)
		return too_large(why, "items", n);
	for (size_t row = 0; row < stock->n; row++) {
		int64_t on_hand = result_int(found, row, 2), reserved = result_int(found, row, 3);

		stock->item_nos[row] = result_text(found, row, 0);
		stock->places[row] =
		    (struct stock_place){result_text(found, row, 1), on_hand, reserved, on_hand - reserved};
	}
	return OUTCOME_OK;
}

/* The places of one item stand together. */
static void
places_answer(const struct stock_found *stock, struct stock_answer *answer)
{
	size_t low = 0, high = stock->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (str_compare(stock->item_nos[middle], answer->item_no) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	answer->places = stock->places + low;
	for (; low < stock->n && str_equal(stock->item_nos[low], answer->item_no); low++) {
		answer->available_micro += stock->places[low].available_micro;
		answer->places_count++;
	}
}

enum outcome
stock_ask(struct store *store, struct arena *arena, const struct stock_question *questions, size_t n,
	  struct stock_answer *answers, struct why *why)
{
	struct order *orders = arena_array(arena, n, sizeof *orders);
	struct order_line *lines = arena_array(arena, n, sizeof *lines);
	struct subject *subjects = arena_array(arena, n, sizeof *subjects);
	const struct book_item **items = arena_array(arena, n, sizeof *items);
	struct why *whys = arena_array(arena, n, sizeof *whys);
	struct stock_found stock = {0};
	struct findings findings = {0};
	enum outcome outcome;

	if (n > QUOTE_QUESTIONS_MAX || !orders || !lines || !subjects || !items || !whys)
		return too_large(why, "items", n);
	for (size_t i = 0; i < n; i++) {
		lines[i] = (struct order_line){.sku = questions[i].sku, .gtin = questions[i].gtin};
		orders[i] = (struct order){.party = questions[i].party, .lines = {&lines[i], 1}};
		subjects[i] = (struct subject){.order = &orders[i]};
	}
	outcome = findings_items_load(store, arena, subjects, n, &findings, why);
	for (size_t i = 0; outcome == OUTCOME_OK && i < n; i++)
		if (findings_item(&findings, i, 0, &items[i], &whys[i]) != OUTCOME_OK)
			items[i] = NULL;
	if (outcome == OUTCOME_OK)
		outcome = places_find(store, arena, items, n, &stock, why);
	for (size_t i = 0; outcome == OUTCOME_OK && i < n; i++) {
		answers[i] = (struct stock_answer){.why = &whys[i]};
		if (!items[i])
			continue;
		answers[i] = (struct stock_answer){.item_no = items[i]->item_no, .base_unit = items[i]->base_unit};
		places_answer(&stock, &answers[i]);
	}
	return outcome;
}
