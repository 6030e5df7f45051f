/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/ask_buyers.h"

#include "formats/json_say.h"
#include "gateway/ask.h"

#include <string.h>

const char *const buyers_query[] = {"party", NULL};

/* Which of these name a customer who has no account at the party. */
static const struct statement buyers_foreign = {
    "ask_buyers_foreign", "ITTT",
    "WITH u AS MATERIALIZED (SELECT * FROM unnest($1, $2, $3, $4) AS u(n, party, what, value)),"
    " f AS (SELECT u.n, u.what, u.party, c.customer_no FROM u JOIN tributary.customers c ON c.customer_no = u.value"
    " WHERE u.what = 'customer_no'"
    " UNION ALL SELECT u.n, u.what, u.party, c.customer_no FROM u JOIN tributary.customers c ON c.gln = u.value"
    " WHERE u.what = 'gln'"
    " UNION ALL SELECT u.n, u.what, u.party, c.customer_no FROM u JOIN tributary.customers c"
    " ON lower(c.email) = lower(u.value) WHERE u.what = 'email')"
    " SELECT DISTINCT f.n, f.what FROM f WHERE NOT EXISTS (SELECT FROM tributary.customer_accounts a"
    " WHERE a.customer_no = f.customer_no AND a.party = f.party)"};

static void
name_put(struct rows *rows, size_t index, const struct buyer_asked *b, struct str what, struct str value)
{
	if (!value.n)
		return;
	rows_int(rows, (int64_t)index);
	rows_text(rows, b->party);
	rows_text(rows, what);
	rows_text(rows, value);
}

static void
name_clear(struct quote_buyer *b, struct str what)
{
	struct str none = {NULL, 0};

	if (str_equal(what, STR("customer_no")))
		b->customer_no = none;
	else if (str_equal(what, STR("gln")))
		b->gln = none;
	else
		b->email = none;
}

enum outcome
buyers_own(struct lane_work *work, struct buyer_asked *buyers, size_t n, struct why *why)
{
	struct rows *rows = rows_new(&buyers_foreign, work->arena);
	struct result *found;
	enum outcome outcome;

	for (size_t i = 0; i < n; i++) {
		const struct buyer_asked *b = &buyers[i];

		if (call_may_see_all(b->call))
			continue;
		name_put(rows, i, b, STR("customer_no"), b->buyer.customer_no);
		name_put(rows, i, b, STR("gln"), b->buyer.gln);
		name_put(rows, i, b, STR("email"), b->buyer.email);
	}
	if (rows && rows_count(rows) == 0)
		return OUTCOME_OK;
	outcome = store_query(work->store, rows, &found, why);
	for (size_t row = 0; outcome == OUTCOME_OK && row < result_count(found); row++)
		name_clear(&buyers[result_int(found, row, 0)].buyer, result_text(found, row, 1));
	return outcome;
}

void
buyer_check(const struct asked_buyer *b, struct complaints *complaints)
{
	if (!b->customer_no.n && !b->account.n && !b->gln.n && !b->email.n)
		ask_complain(complaints, "field-missing", "buyer", "needs a customer_no, account, gln or email");
}

struct quote_buyer
buyer_of(const struct asked_buyer *b)
{
	return (struct quote_buyer){
	    .customer_no = b->customer_no, .account = b->account, .gln = b->gln, .email = b->email};
}

void
customer_say(struct buf *out, const struct quoted_customer *customer)
{
	if (customer->why) {
		ask_no_say(out, str_of(customer->why->code));
		return;
	}
	json_say_text(out, "customer_no", customer->customer_no);
	json_say_text(out, "source", customer->source);
	json_say_text_if(out, "price_group", customer->price_group);
}

/* --- validation ------------------------------------------------------------------------------------------------------- */

static void
body_check(const void *document, struct complaints *complaints)
{
	buyer_check(&((const struct customer_body *)document)->buyer, complaints);
}

static void
validation_say(struct call *call, const struct quoted_customer *customer)
{
	bool is_valid = !customer->why;
	struct buf out;

	buf_init(&out, ASK_ANSWER_BYTES);
	json_open(&out, NULL, '{');
	json_say_bool(&out, "valid", is_valid);
	customer_say(&out, customer);
	if (is_valid || strcmp(customer->why->code, "customer-inactive") == 0)
		json_say_bool(&out, "active", is_valid);
	json_close(&out, '}');
	call_say(call, 200, &out);
}

static enum outcome
customers_answer(struct lane_work *work, struct call **calls, struct buyer_asked *buyers, size_t n, struct why *why)
{
	struct customer_question questions[ASK_GROUP_ROWS];
	struct quoted_customer answers[ASK_GROUP_ROWS];
	enum outcome outcome;

	store_begin(work->store);
	outcome = buyers_own(work, buyers, n, why);
	for (size_t i = 0; i < n; i++)
		questions[i] = (struct customer_question){buyers[i].party, buyers[i].buyer};
	if (outcome == OUTCOME_OK)
		outcome = customers_ask(work->store, work->arena, questions, n, answers, why);
	for (size_t i = 0; outcome == OUTCOME_OK && i < n; i++)
		validation_say(calls[i], &answers[i]);
	store_rollback(work->store);
	return outcome;
}

static enum outcome
customers_group(struct lane_work *work, struct call **calls, size_t n, struct why *why)
{
	struct buyer_asked buyers[ASK_GROUP_ROWS];
	struct call *asked[ASK_GROUP_ROWS];
	size_t count = 0;

	for (size_t i = 0; i < n; i++) {
		const struct party *party = ask_party(work, calls[i]);
		const struct customer_body *q;
		const void *body;

		if (!party || !ask_body(work, calls[i], &customer_question_contract, body_check, &body))
			continue;
		q = body;
		asked[count] = calls[i];
		buyers[count++] = (struct buyer_asked){calls[i], str_of(party->name), buyer_of(&q->buyer)};
	}
	return count ? customers_answer(work, asked, buyers, count, why) : OUTCOME_OK;
}

enum outcome
ask_customers(struct lane_work *work, struct call **calls, size_t n, struct why *why)
{
	return ask_in_groups(work, calls, n, ASK_GROUP_ROWS, customers_group, why);
}
