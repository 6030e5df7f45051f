/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/ask_parts.h"

#include "formats/json_say.h"
#include "gateway/ask.h"
#include "gateway/ask_parts_sql.h"
#include "gateway/ask_words.h"

#include <inttypes.h>

const char *const timeline_query[] = {"limit", "after", NULL};

/* The columns that every statement of rows with lines begins with. */
enum { PART_CALL, PART_ROW, PART_LINE };

/* A list of rows with lines. */
struct part {
	const char *name, *id; /* in the answer: shipments, shipment_id */
	const struct statement *statement;
	void (*say)(struct buf *out, const struct result *r, size_t row);
	void (*say_line)(struct buf *out, const struct result *r, size_t row);
};

/* Orders of the path, and the answers to them. */
struct asked {
	struct call *calls[ASK_GROUP_LISTS];
	struct uuid ids[ASK_GROUP_LISTS];
	size_t n;
};

static void
asked_begin(struct asked *asked, struct call **calls, size_t n)
{
	asked->n = 0;
	for (size_t i = 0; i < n; i++)
		if (ask_order_id(calls[i], &asked->ids[asked->n]))
			asked->calls[asked->n++] = calls[i];
}

static void
asked_end(const struct asked *asked)
{
	for (size_t i = 0; i < asked->n; i++)
		if (!asked->calls[i]->is_answered)
			ask_order_unknown(asked->calls[i]);
}

static void
answer_open(struct buf *out, struct uuid order_id, const char *list)
{
	buf_init(out, ASK_ANSWER_BYTES);
	json_open(out, NULL, '{');
	json_say_uuid(out, "order_id", order_id);
	json_open(out, list, '[');
}

/* --- rows with lines -------------------------------------------------------------------------------------------------- */

/* The row that begins at *row, with all its lines; *row becomes what follows it. */
static void
part_row_say(const struct part *part, struct buf *out, const struct result *r, size_t *row)
{
	size_t first = *row;
	struct uuid id = result_uuid(r, first, PART_ROW);

	json_open(out, NULL, '{');
	json_say_uuid(out, part->id, id);
	part->say(out, r, first);
	json_open(out, "lines", '[');
	for (; *row < result_count(r) && result_int(r, *row, PART_CALL) == result_int(r, first, PART_CALL) &&
	       uuid_equal(result_uuid(r, *row, PART_ROW), id);
	     ++*row) {
		if (result_is_null(r, *row, PART_LINE))
			continue;
		json_open(out, NULL, '{');
		part->say_line(out, r, *row);
		json_close(out, '}');
	}
	json_close(out, ']');
	json_close(out, '}');
}

static enum outcome
part_group(struct lane_work *work, const struct part *part, struct call **calls, size_t n, struct why *why)
{
	struct rows *rows = rows_new(part->statement, work->arena);
	struct asked asked;
	struct result *found;
	enum outcome outcome;

	asked_begin(&asked, calls, n);
	for (size_t i = 0; i < asked.n; i++) {
		rows_uuid(rows, asked.ids[i]);
		rows_text_or_null(rows, ask_sees(asked.calls[i]));
	}
	if (asked.n == 0)
		return OUTCOME_OK;
	outcome = store_ask(work->store, rows, &found, why);
	for (size_t row = 0; outcome == OUTCOME_OK && row < result_count(found);) {
		size_t call = (size_t)result_int(found, row, PART_CALL);
		struct buf out;

		answer_open(&out, asked.ids[call], part->name);
		while (row < result_count(found) && (size_t)result_int(found, row, PART_CALL) == call)
			if (result_is_null(found, row, PART_ROW))
				row++;
			else
				part_row_say(part, &out, found, &row);
		json_close(&out, ']');
		json_close(&out, '}');
		call_say_tagged(asked.calls[call], &out);
	}
	if (outcome == OUTCOME_OK)
		asked_end(&asked);
	return outcome;
}

static void
line_names_say(struct buf *out, const struct result *r, size_t row, size_t line_no, size_t first)
{
	json_say_int(out, "line_no", result_int(r, row, line_no));
	json_say_text_if(out, "line_ref", result_text(r, row, first));
	json_say_text_if(out, "sku", result_text(r, row, first + 1));
	json_say_text(out, "item_no", result_text(r, row, first + 2));
	json_say_text_if(out, "unit", result_text(r, row, first + 3));
	json_say_decimal(out, "quantity", result_int(r, row, first + 4));
}

static void
shipment_line_say(struct buf *out, const struct result *r, size_t row)
{
	line_names_say(out, r, row, PART_LINE, SHIPMENT_LINE_REF);
	json_say_decimal(out, "shipped", result_int(r, row, SHIPMENT_LINE_SHIPPED));
}

static void
shipment_say(struct buf *out, const struct result *r, size_t row)
{
	json_say_int(out, "place", result_int(r, row, SHIPMENT_PLACE));
	json_say_text(out, "partner", result_text(r, row, SHIPMENT_PARTNER));
	json_say_text(out, "warehouse", result_text(r, row, SHIPMENT_WAREHOUSE));
	json_say_text(out, "state", result_text(r, row, SHIPMENT_STATE));
	json_say_text_if(out, "carrier", result_text(r, row, SHIPMENT_CARRIER));
	json_say_text_if(out, "tracking_number", result_text(r, row, SHIPMENT_TRACKING));
	json_say_instant_if(out, "requested_at", result_instant(r, row, SHIPMENT_REQUESTED));
	json_say_instant_if(out, "shipped_at", result_instant(r, row, SHIPMENT_SHIPPED));
}

static void
invoice_line_say(struct buf *out, const struct result *r, size_t row)
{
	line_names_say(out, r, row, PART_LINE, INVOICE_LINE_REF);
	json_say_int(out, "gross_minor", result_int(r, row, INVOICE_LINE_GROSS));
	json_say_int(out, "discount_minor", result_int(r, row, INVOICE_LINE_DISCOUNT));
	json_say_int(out, "net_minor", result_int(r, row, INVOICE_LINE_NET));
	json_say_int(out, "tax_minor", result_int(r, row, INVOICE_LINE_TAX));
}

static void
invoice_say(struct buf *out, const struct result *r, size_t row)
{
	json_say_text(out, "number", result_text(r, row, INVOICE_NUMBER));
	json_say_uuid(out, "shipment_id", result_uuid(r, row, INVOICE_SHIPMENT));
	json_say_instant_if(out, "issued_at", result_instant(r, row, INVOICE_ISSUED));
	json_say_text(out, "currency", result_text(r, row, INVOICE_CURRENCY));
	json_say_int(out, "gross_minor", result_int(r, row, INVOICE_GROSS));
	json_say_int(out, "discount_minor", result_int(r, row, INVOICE_DISCOUNT));
	json_say_int(out, "charges_minor", result_int(r, row, INVOICE_CHARGES));
	json_say_int(out, "tax_minor", result_int(r, row, INVOICE_TAX));
	json_say_int(out, "total_minor", result_int(r, row, INVOICE_TOTAL));
}

static void
return_line_say(struct buf *out, const struct result *r, size_t row)
{
	line_names_say(out, r, row, RETURN_LINE_NO, RETURN_LINE_REF);
	json_say_text(out, "reason_code", result_text(r, row, RETURN_LINE_REASON));
	json_say_text_if(out, "reason_text", result_text(r, row, RETURN_LINE_REASON_TEXT));
}

static void
return_say(struct buf *out, const struct result *r, size_t row)
{
	struct str code = result_text(r, row, RETURN_CODE);

	json_say_text_if(out, "number", result_text(r, row, RETURN_NUMBER));
	json_say_text(out, "reference", result_text(r, row, RETURN_REFERENCE));
	json_say_text(out, "state", result_text(r, row, RETURN_STATE));
	if (code.n)
		ask_no_say(out, code);
	json_say_instant_if(out, "requested_at", result_instant(r, row, RETURN_REQUESTED));
}

static const struct part shipments_part = {"shipments", "shipment_id", &parts_shipments, shipment_say,
					   shipment_line_say};
static const struct part invoices_part = {"invoices", "invoice_id", &parts_invoices, invoice_say, invoice_line_say};
static const struct part returns_part = {"returns", "return_id", &parts_returns, return_say, return_line_say};

static enum outcome
parts_answer(struct lane_work *work, const struct part *part, struct call **calls, size_t n, struct why *why)
{
	enum outcome outcome = OUTCOME_OK;

	for (size_t i = 0; i < n && outcome == OUTCOME_OK; i += ASK_GROUP_LISTS)
		outcome = part_group(work, part, calls + i, n - i < ASK_GROUP_LISTS ? n - i : ASK_GROUP_LISTS, why);
	return outcome;
}

enum outcome
ask_shipments(struct lane_work *work, struct call **calls, size_t n, struct why *why)
{
	return parts_answer(work, &shipments_part, calls, n, why);
}

enum outcome
ask_invoices(struct lane_work *work, struct call **calls, size_t n, struct why *why)
{
	return parts_answer(work, &invoices_part, calls, n, why);
}

enum outcome
ask_returns(struct lane_work *work, struct call **calls, size_t n, struct why *why)
{
	return parts_answer(work, &returns_part, calls, n, why);
}

static void
return_alone_say(struct buf *out, const struct result *r, size_t row)
{
	json_say_uuid(out, "order_id", result_uuid(r, row, RETURN_ORDER));
	return_say(out, r, row);
}

static const struct part return_part = {NULL, "return_id", &parts_return, return_alone_say, return_line_say};

static enum outcome
return_group(struct lane_work *work, struct call **calls, size_t n, struct why *why)
{
	struct rows *rows = rows_new(&parts_return, work->arena);
	struct result *found;
	enum outcome outcome;

	for (size_t i = 0; i < n; i++) {
		struct uuid id = {{0}}; /* what is no id is nobody's */

		if (!uuid_parse(calls[i]->args[0], &id))
			id = (struct uuid){{0}};
		rows_uuid(rows, id);
		rows_text_or_null(rows, ask_sees(calls[i]));
	}
	outcome = store_ask(work->store, rows, &found, why);
	for (size_t row = 0; outcome == OUTCOME_OK && row < result_count(found);) {
		struct call *call = calls[result_int(found, row, PART_CALL)];
		struct buf out;

		buf_init(&out, ASK_ANSWER_BYTES);
		part_row_say(&return_part, &out, found, &row);
		call_say_tagged(call, &out);
	}
	for (size_t i = 0; outcome == OUTCOME_OK && i < n; i++)
		if (!calls[i]->is_answered)
			call_problem(calls[i], 404, "return-unknown",
				     "there is no return of this id; one that was just asked for takes a moment");
	return outcome;
}

enum outcome
ask_return(struct lane_work *work, struct call **calls, size_t n, struct why *why)
{
	return ask_in_groups(work, calls, n, ASK_GROUP_LISTS, return_group, why);
}

/* --- the timeline ----------------------------------------------------------------------------------------------------- */

enum { EVENT_CALL, EVENT_PLACE, EVENT_AT, EVENT_STAGE, EVENT_NAME, EVENT_CODE, EVENT_DETAIL };

static void
event_say(struct buf *out, const struct result *r, size_t row)
{
	struct str event = result_text(r, row, EVENT_NAME), code = result_text(r, row, EVENT_CODE);

	json_open(out, NULL, '{');
	json_say_instant_if(out, "at", result_instant(r, row, EVENT_AT));
	json_say_text(out, "stage", result_text(r, row, EVENT_STAGE));
	json_say_text(out, "event", event);
	if (code.n)
		ask_no_say(out, code);
	else if (words_event_is_open(event))
		json_say_text_if(out, "detail", result_text(r, row, EVENT_DETAIL));
	json_close(out, '}');
}

static void
timeline_next_say(struct buf *out, struct uuid order_id, int64_t limit, const struct cursor *last)
{
	char id[UUID_TEXT_BYTES], cursor[CURSOR_TEXT_BYTES];
	struct buf url;

	uuid_format(order_id, id);
	cursor_encode(last, cursor);
	buf_init(&url, 256);
	buf_printf(&url, "/v1/orders/%s/timeline?limit=%" PRId64 "&after=%s", id, limit, cursor);
	json_say_text(out, "next", buf_str(&url));
	json_say_text(out, "after", str_of(cursor));
	buf_release(&url);
}

/* One order's events, which begin at *row; *row becomes what follows them. */
static void
timeline_say(const struct asked *asked, size_t call, int64_t limit, const struct result *r, size_t *row)
{
	struct cursor last = {.list = 't'};
	int64_t shown = 0;
	bool has_more = false;
	struct buf out;

	answer_open(&out, asked->ids[call], "events");
	for (; *row < result_count(r) && (size_t)result_int(r, *row, EVENT_CALL) == call; ++*row) {
		has_more = shown == limit;
		if (result_is_null(r, *row, EVENT_PLACE) || has_more)
			continue;
		event_say(&out, r, *row);
		last.at_us = result_instant(r, *row, EVENT_AT);
		last.number = result_int(r, *row, EVENT_PLACE);
		shown++;
	}
	json_close(&out, ']');
	if (has_more)
		timeline_next_say(&out, asked->ids[call], limit, &last);
	json_close(&out, '}');
	call_say_tagged(asked->calls[call], &out);
}

static enum outcome
timeline_group(struct lane_work *work, struct call **calls, size_t n, struct why *why)
{
	struct rows *rows = rows_new(&parts_timeline, work->arena);
	struct asked asked = {.n = 0};
	int64_t limits[ASK_GROUP_LISTS];
	struct result *found;
	enum outcome outcome;

	for (size_t i = 0; i < n; i++) {
		int64_t *limit = &limits[asked.n];
		struct cursor after = {.at_us = CONTRACT_INSTANT_MIN};

		*limit = TIMELINE_LIMIT_DEFAULT;
		if (!ask_limit(work, calls[i], TIMELINE_LIMIT_MAX, limit) || !ask_after(work, calls[i], 't', &after) ||
		    !ask_order_id(calls[i], &asked.ids[asked.n]))
			continue;
		rows_uuid(rows, asked.ids[asked.n]);
		rows_text_or_null(rows, ask_sees(calls[i]));
		rows_instant(rows, after.at_us);
		rows_int(rows, after.number);
		rows_int(rows, *limit + 1);
		asked.calls[asked.n++] = calls[i];
	}
	if (asked.n == 0)
		return OUTCOME_OK;
	outcome = store_ask(work->store, rows, &found, why);
	for (size_t row = 0; outcome == OUTCOME_OK && row < result_count(found);) {
		size_t call = (size_t)result_int(found, row, EVENT_CALL);

		timeline_say(&asked, call, limits[call], found, &row);
	}
	if (outcome == OUTCOME_OK)
		asked_end(&asked);
	return outcome;
}

enum outcome
ask_timeline(struct lane_work *work, struct call **calls, size_t n, struct why *why)
{
	return ask_in_groups(work, calls, n, ASK_GROUP_LISTS, timeline_group, why);
}
