/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/ask_orders.h"

#include "base/instant.h"
#include "formats/json_say.h"
#include "gateway/ask.h"
#include "gateway/ask_orders_sql.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define NUMBER_BYTES_MAX 256

const char *const orders_query[] = {"number", "party", "state", "since", "until", "limit", "after", NULL};

/* As report.orders has them. */
static const char *const states[] = {"accepted",  "enriched",     "backordered", "part-allocated",
				     "allocated", "part-shipped", "shipped",     "part-invoiced",
				     "invoiced",  "cancelled",    "held",        "failed"};

static void
order_say(struct buf *out, const struct order_row *o)
{
	json_open(out, NULL, '{');
	json_say_uuid(out, "order_id", o->order_id);
	json_say_text(out, "party", o->party);
	json_say_text(out, "number", o->number);
	json_say_text(out, "external_id", o->external_id);
	json_say_text(out, "state", o->state);
	json_say_text(out, "step", o->step);
	if (o->hold_reason.n) {
		json_open(out, "hold", '{');
		json_say_text(out, "reason", o->hold_reason);
		json_say_text_if(out, "stage", o->hold_stage);
		ask_no_say(out, o->hold_code);
		json_close(out, '}');
	}
	json_say_text_if(out, "customer_no", o->customer_no);
	json_say_text(out, "currency", o->currency);
	json_say_int(out, "total_minor", o->total_minor);
	json_say_int(out, "invoiced_minor", o->invoiced_minor);
	json_say_int(out, "lines_count", o->lines_count);
	json_say_int(out, "shipments_count", o->shipments_count);
	json_say_int(out, "invoices_count", o->invoices_count);
	json_say_int(out, "revision", o->revision);
	json_say_instant_if(out, "placed_at", o->placed_us);
	json_say_instant_if(out, "received_at", o->received_us);
	json_say_instant_if(out, "changed_at", o->changed_us);
	json_say_instant_if(out, "cancelled_at", o->cancelled_us);
	json_say_instant_if(out, "updated_at", o->updated_us);
	json_close(out, '}');
}

/* --- one -------------------------------------------------------------------------------------------------------------- */

static enum outcome
order_group(struct lane_work *work, struct call **calls, size_t n, struct why *why)
{
	struct rows *rows = rows_new(&orders_get, work->arena);
	struct call *asked[ASK_GROUP_ROWS];
	struct result *found;
	struct uuid id;
	size_t count = 0;
	enum outcome outcome;

	for (size_t i = 0; i < n; i++) {
		if (!ask_order_id(calls[i], &id))
			continue;
		asked[count++] = calls[i];
		rows_uuid(rows, id);
		rows_text_or_null(rows, ask_sees(calls[i]));
	}
	if (count == 0)
		return OUTCOME_OK;
	outcome = store_ask(work->store, rows, &found, why);
	if (outcome != OUTCOME_OK)
		return outcome;
	for (size_t row = 0; row < result_count(found); row++) {
		struct order_row o = order_row_read(found, row);
		struct buf out;

		buf_init(&out, ASK_ANSWER_BYTES);
		order_say(&out, &o);
		call_say_tagged(asked[o.call], &out);
	}
	for (size_t i = 0; i < count; i++)
		if (!asked[i]->is_answered)
			ask_order_unknown(asked[i]);
	return OUTCOME_OK;
}

enum outcome
ask_order(struct lane_work *work, struct call **calls, size_t n, struct why *why)
{
	return ask_in_groups(work, calls, n, ASK_GROUP_ROWS, order_group, why);
}

/* --- many ------------------------------------------------------------------------------------------------------------- */

struct search {
	struct call *call;
	const struct party *party; /* NULL: all of them */
	struct str number, state;
	int64_t since_us, until_us, limit;
	struct cursor after;
	struct buf out;
	size_t shown;
	bool has_more;
	struct cursor last; /* the place behind which the next page begins */
};

static bool
is_state(struct str state)
{
	for (size_t i = 0; i < COUNT_OF(states); i++)
		if (str_equal(state, str_of(states[i])))
			return true;
	return false;
}

/* A number finds few: it is not searched for among others. */
static bool
is_number_alone(struct lane_work *work, const struct call *call)
{
	static const char *const others[] = {"state", "since", "until", "limit", "after"};

	for (size_t i = 0; i < COUNT_OF(others); i++)
		if (web_query(call->web, work->arena, others[i]).n)
			return false;
	return true;
}

/* False when it was answered. */
static bool
search_begin(struct lane_work *work, struct call *call, struct search *s)
{
	*s = (struct search){.call = call,
			     .since_us = CONTRACT_INSTANT_MIN,
			     .until_us = CONTRACT_INSTANT_MAX,
			     .limit = ORDERS_LIMIT_DEFAULT,
			     .after = {.at_us = CONTRACT_INSTANT_MAX},
			     .number = web_query(call->web, work->arena, "number"),
			     .state = web_query(call->web, work->arena, "state")};
	memset(s->after.id.bytes, 0xff, sizeof s->after.id.bytes);
	if (!call_may_see_all(call) || web_query(call->web, work->arena, "party").n) {
		s->party = ask_party(work, call);
		if (!s->party)
			return false;
	}
	if (s->number.n > NUMBER_BYTES_MAX) {
		ask_argument_wrong(call, "number", "is longer than any order's");
		return false;
	}
	if (s->number.n && !is_number_alone(work, call)) {
		ask_argument_wrong(call, "number", "stands alone, or with party");
		return false;
	}
	if (s->state.n && !is_state(s->state)) {
		ask_argument_wrong(call, "state", "is no state of an order");
		return false;
	}
	if (!ask_limit(work, call, ORDERS_LIMIT_MAX, &s->limit) || !ask_instant(work, call, "since", &s->since_us) ||
	    !ask_instant(work, call, "until", &s->until_us) || !ask_after(work, call, 'o', &s->after))
		return false;
	buf_init(&s->out, ASK_ANSWER_BYTES);
	json_open(&s->out, NULL, '{');
	json_open(&s->out, "orders", '[');
	return true;
}

static void
search_row(struct search *s, const struct order_row *o)
{
	/* One more than was wanted says that there is one; the last that was looked at, that there may be. */
	if (s->shown == (size_t)s->limit) {
		s->has_more = true;
		return;
	}
	s->last = (struct cursor){.list = 'o', .at_us = o->received_us, .id = o->order_id};
	s->has_more = o->is_last;
	if (s->state.n && !str_equal(o->state, s->state))
		return;
	order_say(&s->out, o);
	s->shown++;
}

static void
argument_put(struct buf *url, const char *name, struct str value)
{
	if (value.n)
		buf_printf(url, "%s=%.*s&", name, STR_ARGS(value));
}

/* All of these values are of plain letters, digits and .:- */
static void
next_say(struct search *s)
{
	char cursor[CURSOR_TEXT_BYTES], instant[INSTANT_TEXT_BYTES];
	struct buf url;

	cursor_encode(&s->last, cursor);
	buf_init(&url, 1024);
	buf_put_str(&url, STR("/v1/orders?"));
	if (s->party && call_may_see_all(s->call))
		argument_put(&url, "party", str_of(s->party->name));
	argument_put(&url, "state", s->state);
	if (s->since_us != CONTRACT_INSTANT_MIN) {
		instant_format(s->since_us, instant);
		argument_put(&url, "since", str_of(instant));
	}
	if (s->until_us != CONTRACT_INSTANT_MAX) {
		instant_format(s->until_us, instant);
		argument_put(&url, "until", str_of(instant));
	}
	buf_printf(&url, "limit=%" PRId64 "&after=%s", s->limit, cursor);
	json_say_text(&s->out, "next", buf_str(&url));
	json_say_text(&s->out, "after", str_of(cursor));
	buf_release(&url);
}

static void
search_end(struct search *s)
{
	json_close(&s->out, ']');
	if (s->has_more && !s->number.n)
		next_say(s);
	json_close(&s->out, '}');
	call_say(s->call, 200, &s->out);
}

static void
number_put(struct rows *rows, size_t index, struct str party, struct str number)
{
	rows_int(rows, (int64_t)index);
	rows_text(rows, party);
	rows_text(rows, number);
	rows_uuid(rows, uuid_of_order(party, number));
}

static void
list_put(struct rows *rows, size_t index, const struct search *s)
{
	bool ends_earlier = s->until_us <= s->after.at_us;

	rows_int(rows, (int64_t)index);
	rows_text_or_null(rows, s->state);
	rows_instant(rows, s->since_us);
	rows_instant(rows, ends_earlier ? s->until_us : s->after.at_us);
	rows_uuid(rows, ends_earlier ? (struct uuid){{0}} : s->after.id);
	rows_int(rows, s->limit + 1);
	if (s->party)
		rows_text(rows, str_of(s->party->name));
}

static enum outcome
rows_ask(struct lane_work *work, const struct rows *rows, struct search *searches, struct why *why)
{
	struct result *found;
	enum outcome outcome;

	if (rows && rows_count(rows) == 0)
		return OUTCOME_OK;
	outcome = store_ask(work->store, rows, &found, why);
	for (size_t row = 0; outcome == OUTCOME_OK && row < result_count(found); row++) {
		struct order_row o = order_row_read(found, row);

		search_row(&searches[o.call], &o);
	}
	return outcome;
}

static enum outcome
orders_group(struct lane_work *work, struct call **calls, size_t n, struct why *why)
{
	struct rows *numbers = rows_new(&orders_by_number, work->arena), *own = rows_new(&orders_of_party, work->arena),
		    *all = rows_new(&orders_of_all, work->arena);
	struct search searches[ASK_GROUP_LISTS];
	size_t count = 0;
	enum outcome outcome;

	for (size_t i = 0; i < n; i++) {
		struct search *s = &searches[count];

		if (!search_begin(work, calls[i], s))
			continue;
		if (!s->number.n)
			list_put(s->party ? own : all, count, s);
		else if (s->party)
			number_put(numbers, count, str_of(s->party->name), s->number);
		for (size_t k = 0; s->number.n && !s->party && k < party_list_count(work->parties); k++)
			number_put(numbers, count, str_of(party_list_at(work->parties, k)->name), s->number);
		if (s->number.n)
			s->limit = ORDERS_LIMIT_MAX;
		count++;
	}
	outcome = rows_ask(work, numbers, searches, why);
	if (outcome == OUTCOME_OK)
		outcome = rows_ask(work, own, searches, why);
	if (outcome == OUTCOME_OK)
		outcome = rows_ask(work, all, searches, why);
	for (size_t i = 0; i < count; i++) {
		if (outcome == OUTCOME_OK)
			search_end(&searches[i]);
		else
			buf_release(&searches[i].out);
	}
	return outcome;
}

enum outcome
ask_orders(struct lane_work *work, struct call **calls, size_t n, struct why *why)
{
	return ask_in_groups(work, calls, n, ASK_GROUP_LISTS, orders_group, why);
}
