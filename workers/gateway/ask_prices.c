/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/ask_prices.h"

#include "base/decimal.h"
#include "formats/json_say.h"
#include "gateway/ask.h"
#include "gateway/ask_buyers.h"

#include <stdio.h>

const char *const prices_query[] = {"party", NULL};

/* A call that is understood. */
struct quote_asked {
	struct call *call;
	struct str party;
	const struct quote_body *body;
	int64_t at_us;
};

static void
body_check(const void *document, struct complaints *complaints)
{
	const struct quote_body *q = document;
	const struct asked_line *lines = q->lines.items;
	char path[32];

	buyer_check(&q->buyer, complaints);
	if (currency_places(q->currency) < 0)
		ask_complain(complaints, "currency-unknown", "currency", "is no ISO 4217 code");
	for (size_t i = 0; i < q->lines.n; i++) {
		snprintf(path, sizeof path, "lines[%zu]", i);
		if (!lines[i].sku.n && !lines[i].gtin.n)
			ask_complain(complaints, "field-missing", path, "needs a sku or a gtin");
	}
}

/* --- the answers ------------------------------------------------------------------------------------------------------ */

static void
price_say(struct buf *out, const struct quoted_line *l)
{
	static const char *const kinds[] = {
	    [PRICE_CONTRACT] = "contract", [PRICE_GROUP] = "group", [PRICE_LIST] = "list"};

	json_say_decimal(out, "unit_price", l->found.price_micro);
	json_say_text(out, "kind", str_of(kinds[l->kind]));
	json_say_text_if(out, "contract_no", l->contract_no);
}

static void
line_say(struct buf *out, size_t line_no, const struct asked_line *asked, const struct quoted_line *l)
{
	const struct line_enrichment *found = &l->found;

	json_open(out, NULL, '{');
	json_say_int(out, "line_no", (int64_t)line_no);
	json_say_text_if(out, "sku", asked->sku);
	json_say_text_if(out, "gtin", asked->gtin);
	if (found->item_no.n) {
		json_say_text(out, "item_no", found->item_no);
		json_say_text_if(out, "base_unit", found->base_unit);
		json_say_decimal(out, "available", found->available_micro);
	}
	if (found->unit_source.n)
		json_say_decimal(out, "base_quantity", found->base_quantity_micro);
	json_say_text_if(out, "unit", l->unit);
	if (l->why)
		ask_no_say(out, str_of(l->why->code));
	else
		price_say(out, l);
	if (found->tax_source.n) {
		json_say_decimal(out, "tax_percent", found->tax_rate_micro);
		json_say_text(out, "tax_source", found->tax_source);
	}
	json_close(out, '}');
}

static void
quote_say(const struct quote_asked *asked, const struct quote_answer *answer)
{
	const struct asked_line *lines = asked->body->lines.items;
	struct buf out;

	buf_init(&out, ASK_ANSWER_BYTES);
	json_open(&out, NULL, '{');
	json_open(&out, "customer", '{');
	customer_say(&out, &answer->customer);
	json_close(&out, '}');
	json_say_text(&out, "currency", asked->body->currency);
	json_say_instant_if(&out, "at", asked->at_us);
	json_open(&out, "lines", '[');
	for (size_t i = 0; i < asked->body->lines.n; i++)
		line_say(&out, i + 1, &lines[i], &answer->lines[i]);
	json_close(&out, ']');
	json_close(&out, '}');
	call_say(asked->call, 200, &out);
}

/* --- asking ----------------------------------------------------------------------------------------------------------- */

static bool
question_fill(struct lane_work *work, const struct quote_asked *asked, const struct quote_buyer *buyer,
	      struct quote_question *question)
{
	const struct quote_body *q = asked->body;
	const struct asked_line *given = q->lines.items;
	struct quote_line *lines = arena_array(work->arena, q->lines.n, sizeof *lines);

	for (size_t i = 0; lines && i < q->lines.n; i++)
		lines[i] = (struct quote_line){.sku = given[i].sku,
					       .gtin = given[i].gtin,
					       .unit = given[i].unit,
					       .quantity_micro = given[i].quantity_micro};
	*question = (struct quote_question){.party = asked->party,
					    .buyer = *buyer,
					    .currency = q->currency,
					    .country = q->ship_to.country,
					    .region = q->ship_to.region,
					    .at_us = asked->at_us,
					    .lines = lines,
					    .lines_count = q->lines.n};
	return lines != NULL;
}

/* Calls of at most QUOTE_LINES_MAX lines in all. */
static enum outcome
quotes_answer(struct lane_work *work, const struct quote_asked *asked, size_t n, struct why *why)
{
	struct quote_question *questions = arena_array(work->arena, n, sizeof *questions);
	struct quote_answer *answers = arena_array(work->arena, n, sizeof *answers);
	struct buyer_asked *buyers = arena_array(work->arena, n, sizeof *buyers);
	enum outcome outcome;

	if (!questions || !answers || !buyers)
		return why_set(why, OUTCOME_DEAD, "too-large", "no memory for %zu quotes", n);
	for (size_t i = 0; i < n; i++)
		buyers[i] = (struct buyer_asked){asked[i].call, asked[i].party, buyer_of(&asked[i].body->buyer)};
	store_begin(work->store);
	outcome = buyers_own(work, buyers, n, why);
	for (size_t i = 0; outcome == OUTCOME_OK && i < n; i++)
		if (!question_fill(work, &asked[i], &buyers[i].buyer, &questions[i]))
			outcome = why_set(why, OUTCOME_DEAD, "too-large", "no memory for %zu quotes", n);
	if (outcome == OUTCOME_OK)
		outcome = quote(work->store, work->arena, work->parties, questions, n, answers, why);
	for (size_t i = 0; outcome == OUTCOME_OK && i < n; i++)
		quote_say(&asked[i], &answers[i]);
	store_rollback(work->store);
	return outcome;
}

enum outcome
ask_quotes(struct lane_work *work, struct call **calls, size_t n, struct why *why)
{
	struct quote_asked *asked = arena_array(work->arena, n, sizeof *asked);
	size_t count = 0, lines_count = 0;
	enum outcome outcome = OUTCOME_OK;

	if (!asked)
		return why_set(why, OUTCOME_DEAD, "too-large", "no memory for %zu quotes", n);
	for (size_t i = 0; i < n && outcome == OUTCOME_OK; i++) {
		const struct party *party = ask_party(work, calls[i]);
		const struct quote_body *q;
		const void *body;

		if (!party || !ask_body(work, calls[i], &quote_question_contract, body_check, &body))
			continue;
		q = body;
		if (count == QUOTE_QUESTIONS_MAX || lines_count + q->lines.n > QUOTE_LINES_MAX) {
			outcome = quotes_answer(work, asked, count, why);
			count = lines_count = 0;
		}
		asked[count++] =
		    (struct quote_asked){calls[i], str_of(party->name), q, q->at_us ? q->at_us : work->now_us};
		lines_count += q->lines.n;
	}
	if (outcome == OUTCOME_OK && count)
		outcome = quotes_answer(work, asked, count, why);
	return outcome;
}
