/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/ask_stock.h"

#include "formats/json_say.h"
#include "gateway/ask.h"
#include "model/question.h"
#include "pricing/quote.h"

#include <stdio.h>

const char *const stock_query[] = {"sku", "warehouse", "party", NULL};
const char *const stock_body_query[] = {"party", NULL};

static const struct statement warehouses_known = {
    "ask_warehouses", "T",
    "SELECT u.n - 1 FROM unnest($1) WITH ORDINALITY u(warehouse, n)"
    " JOIN tributary.warehouses w ON w.warehouse = u.warehouse AND w.active"};

/* A call that is understood. */
struct stock_asked {
	struct call *call;
	struct str party, warehouse; /* warehouse empty: all */
	const struct availability_item *items;
	size_t n;
};

/* --- what is asked ---------------------------------------------------------------------------------------------------- */

/* A,B,C of the query; false when it was answered. */
static bool
skus_read(struct lane_work *work, struct call *call, struct stock_asked *asked)
{
	struct str list = web_query(call->web, work->arena, "sku");
	struct availability_item *items = arena_array(work->arena, STOCK_SKUS_MAX, sizeof *items);
	char text[96];

	snprintf(text, sizeof text, "wants 1 to %d item numbers with commas between them; POST takes more",
		 STOCK_SKUS_MAX);
	asked->n = 0;
	while (list.n && items) {
		struct str sku = str_trim(str_split(&list, ','));

		if (!sku.n || asked->n == STOCK_SKUS_MAX) {
			asked->n = 0;
			break;
		}
		items[asked->n++].sku = sku;
	}
	if (!asked->n) {
		ask_argument_wrong(call, "sku", text);
		return false;
	}
	asked->items = items;
	asked->warehouse = web_query(call->web, work->arena, "warehouse");
	return true;
}

static void
items_check(const void *document, struct complaints *complaints)
{
	const struct availability_question *q = document;
	const struct availability_item *items = q->items.items;
	char path[32];

	for (size_t i = 0; i < q->items.n; i++) {
		snprintf(path, sizeof path, "items[%zu]", i);
		if (!items[i].sku.n && !items[i].gtin.n)
			ask_complain(complaints, "field-missing", path, "needs a sku or a gtin");
	}
}

static bool
body_read(struct lane_work *work, struct call *call, struct stock_asked *asked)
{
	const struct availability_question *q;
	const void *body;

	if (!ask_body(work, call, &availability_question_contract, items_check, &body))
		return false;
	q = body;
	asked->warehouse = q->warehouse;
	asked->items = q->items.items;
	asked->n = q->items.n;
	return true;
}

/* --- the answers ------------------------------------------------------------------------------------------------------ */

static void
places_say(struct buf *out, const struct stock_answer *answer, struct str warehouse)
{
	int64_t available_micro = warehouse.n ? 0 : answer->available_micro;

	for (size_t i = 0; warehouse.n && i < answer->places_count; i++)
		if (str_equal(answer->places[i].warehouse, warehouse))
			available_micro += answer->places[i].available_micro;
	json_say_decimal(out, "available", available_micro);
	json_open(out, "warehouses", '[');
	for (size_t i = 0; i < answer->places_count; i++) {
		const struct stock_place *place = &answer->places[i];

		if (warehouse.n && !str_equal(place->warehouse, warehouse))
			continue;
		json_open(out, NULL, '{');
		json_say_text(out, "warehouse", place->warehouse);
		json_say_decimal(out, "on_hand", place->on_hand_micro);
		json_say_decimal(out, "reserved", place->reserved_micro);
		json_say_decimal(out, "available", place->available_micro);
		json_close(out, '}');
	}
	json_close(out, ']');
}

static void
stock_say(const struct stock_asked *asked, const struct stock_answer *answers)
{
	struct buf out;

	buf_init(&out, ASK_ANSWER_BYTES);
	json_open(&out, NULL, '{');
	json_open(&out, "items", '[');
	for (size_t i = 0; i < asked->n; i++) {
		const struct stock_answer *a = &answers[i];

		json_open(&out, NULL, '{');
		json_say_text_if(&out, "sku", asked->items[i].sku);
		json_say_text_if(&out, "gtin", asked->items[i].gtin);
		if (a->why) {
			ask_no_say(&out, str_of(a->why->code));
		} else {
			json_say_text(&out, "item_no", a->item_no);
			json_say_text(&out, "base_unit", a->base_unit);
			places_say(&out, a, asked->warehouse);
		}
		json_close(&out, '}');
	}
	json_close(&out, ']');
	json_close(&out, '}');
	call_say(asked->call, 200, &out);
}

/* A misspelt warehouse has no stock of anything: better said than answered with zeros. */
static enum outcome
warehouses_check(struct lane_work *work, const struct stock_asked *asked, size_t n, bool *is_known, struct why *why)
{
	struct rows *rows = rows_new(&warehouses_known, work->arena);
	struct result *found;
	bool is_any = false;
	enum outcome outcome;

	for (size_t i = 0; i < n; i++) {
		rows_text(rows, asked[i].warehouse);
		is_known[i] = !asked[i].warehouse.n;
		is_any |= !is_known[i];
	}
	if (!is_any)
		return OUTCOME_OK;
	outcome = store_query(work->store, rows, &found, why);
	for (size_t row = 0; outcome == OUTCOME_OK && row < result_count(found); row++)
		is_known[result_int(found, row, 0)] = true;
	return outcome;
}

/* Calls that ask for at most QUOTE_QUESTIONS_MAX items in all. */
static enum outcome
stock_answer(struct lane_work *work, const struct stock_asked *asked, size_t n, size_t items_count, struct why *why)
{
	struct stock_question *questions = arena_array(work->arena, items_count, sizeof *questions);
	struct stock_answer *answers = arena_array(work->arena, items_count, sizeof *answers);
	bool *is_known = arena_array(work->arena, n, sizeof *is_known);
	size_t filled = 0;
	enum outcome outcome;

	if (!questions || !answers || !is_known)
		return why_set(why, OUTCOME_DEAD, "too-large", "no memory for %zu items", items_count);
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < asked[i].n; k++)
			questions[filled++] =
			    (struct stock_question){asked[i].party, asked[i].items[k].sku, asked[i].items[k].gtin};
	store_begin(work->store);
	outcome = warehouses_check(work, asked, n, is_known, why);
	if (outcome == OUTCOME_OK)
		outcome = stock_ask(work->store, work->arena, questions, items_count, answers, why);
	for (size_t i = 0; outcome == OUTCOME_OK && i < n; i++) {
		if (is_known[i])
			stock_say(&asked[i], answers);
		else
			call_problem(asked[i].call, 422, "warehouse-unknown", "no warehouse that ships has this name");
		answers += asked[i].n;
	}
	store_rollback(work->store);
	return outcome;
}

typedef bool (*stock_read_fn)(struct lane_work *work, struct call *call, struct stock_asked *asked);

static enum outcome
stock_calls(struct lane_work *work, struct call **calls, size_t n, stock_read_fn read, struct why *why)
{
	struct stock_asked *asked = arena_array(work->arena, n, sizeof *asked);
	size_t count = 0, items_count = 0;
	enum outcome outcome = OUTCOME_OK;

	if (!asked)
		return why_set(why, OUTCOME_DEAD, "too-large", "no memory for %zu questions", n);
	for (size_t i = 0; i < n && outcome == OUTCOME_OK; i++) {
		const struct party *party = ask_party(work, calls[i]);
		struct stock_asked one = {.call = calls[i]};

		if (!party || !read(work, calls[i], &one))
			continue;
		one.party = str_of(party->name);
		if (items_count + one.n > QUOTE_QUESTIONS_MAX) {
			outcome = stock_answer(work, asked, count, items_count, why);
			count = items_count = 0;
		}
		asked[count++] = one;
		items_count += one.n;
	}
	if (outcome == OUTCOME_OK && count)
		outcome = stock_answer(work, asked, count, items_count, why);
	return outcome;
}

enum outcome
ask_stock_query(struct lane_work *work, struct call **calls, size_t n, struct why *why)
{
	return stock_calls(work, calls, n, skus_read, why);
}

enum outcome
ask_stock_body(struct lane_work *work, struct call **calls, size_t n, struct why *why)
{
	return stock_calls(work, calls, n, body_read, why);
}
