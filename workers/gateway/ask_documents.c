/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/ask_documents.h"

#include "formats/json_say.h"
#include "gateway/ask.h"
#include "gateway/ask_documents_sql.h"

#include <stdio.h>

#define DOCUMENTS_GROUP 64 /* of one query; most have no units */

const char *const documents_query[] = {"after", NULL};

static void
document_unknown(struct call *call)
{
	call_problem(call, 404, "document-unknown",
		     "there is no document of this id; one that was just accepted takes a moment");
}

/* What became of a document, or of a unit of one. */
static void
fate_say(struct buf *out, const struct result *r, size_t row, size_t first)
{
	struct str code = result_text(r, row, first + FATE_CODE);
	char id[UUID_TEXT_BYTES], url[64];

	json_say_text(out, "outcome", result_text(r, row, first + FATE_OUTCOME));
	if (code.n)
		ask_no_say(out, code);
	json_say_text_if(out, "path", result_text(r, row, first + FATE_PATH));
	json_open(out, "orders", '[');
	if (!result_is_null(r, row, first + FATE_ORDER)) {
		uuid_format(result_uuid(r, row, first + FATE_ORDER), id);
		snprintf(url, sizeof url, "/v1/orders/%s", id);
		json_open(out, NULL, '{');
		json_say_text(out, "order_id", str_of(id));
		json_say_text(out, "number", result_text(r, row, first + FATE_NUMBER));
		json_say_text(out, "external_id", result_text(r, row, first + FATE_EXTERNAL_ID));
		json_say_text(out, "status_url", str_of(url));
		json_close(out, '}');
	}
	json_close(out, ']');
}

static void
document_head_say(struct buf *out, const struct result *r, size_t row)
{
	json_say_uuid(out, "document_id", result_uuid(r, row, DOCUMENT_FATE + FATE_ID));
	json_say_text(out, "kind", result_text(r, row, DOCUMENT_KIND));
	json_say_text(out, "content_type", result_text(r, row, DOCUMENT_CONTENT_TYPE));
	json_say_instant_if(out, "received_at", result_instant(r, row, DOCUMENT_RECEIVED));
	fate_say(out, r, row, DOCUMENT_FATE);
	if (!result_is_null(r, row, DOCUMENT_PARENT))
		json_say_uuid(out, "parent_id", result_uuid(r, row, DOCUMENT_PARENT));
	if (!result_is_null(r, row, DOCUMENT_UNITS))
		json_say_int(out, "units_count", result_int(r, row, DOCUMENT_UNITS));
}

static void
units_next_say(struct buf *out, struct uuid document_id, struct uuid unit)
{
	struct cursor last = {.list = 'u', .id = unit};
	char id[UUID_TEXT_BYTES], cursor[CURSOR_TEXT_BYTES], url[128];

	uuid_format(document_id, id);
	cursor_encode(&last, cursor);
	snprintf(url, sizeof url, "/v1/documents/%s?after=%s", id, cursor);
	json_say_text(out, "next", str_of(url));
	json_say_text(out, "after", str_of(cursor));
}

/* The document whose rows begin at *row; *row becomes what follows it. */
static void
document_say(struct call *call, const struct result *r, size_t *row)
{
	int64_t place = result_int(r, *row, DOCUMENT_CALL);
	size_t first = *row, shown = 0;
	struct buf out;

	buf_init(&out, ASK_ANSWER_BYTES);
	json_open(&out, NULL, '{');
	document_head_say(&out, r, first);
	if (!result_is_null(r, first, DOCUMENT_UNITS))
		json_open(&out, "units", '[');
	for (; *row < result_count(r) && result_int(r, *row, DOCUMENT_CALL) == place; ++*row) {
		if (result_is_null(r, *row, DOCUMENT_UNIT_FATE + FATE_ID) || shown == DOCUMENT_UNITS_MAX)
			continue;
		shown++;
		json_open(&out, NULL, '{');
		json_say_uuid(&out, "document_id", result_uuid(r, *row, DOCUMENT_UNIT_FATE + FATE_ID));
		fate_say(&out, r, *row, DOCUMENT_UNIT_FATE);
		json_close(&out, '}');
	}
	if (!result_is_null(r, first, DOCUMENT_UNITS))
		json_close(&out, ']');
	if (*row - first > DOCUMENT_UNITS_MAX)
		units_next_say(&out, result_uuid(r, first, DOCUMENT_FATE + FATE_ID),
			       result_uuid(r, first + DOCUMENT_UNITS_MAX - 1, DOCUMENT_UNIT_FATE + FATE_ID));
	json_close(&out, '}');
	call_say_tagged(call, &out);
}

static enum outcome
documents_group(struct lane_work *work, struct call **calls, size_t n, struct why *why)
{
	struct rows *rows = rows_new(&documents_get, work->arena);
	struct call *asked[DOCUMENTS_GROUP];
	struct result *found;
	struct uuid id;
	size_t count = 0;
	enum outcome outcome;

	for (size_t i = 0; i < n; i++) {
		struct cursor after = {.at_us = 0};

		if (!uuid_parse(calls[i]->args[0], &id)) {
			document_unknown(calls[i]);
			continue;
		}
		if (!ask_after(work, calls[i], 'u', &after))
			continue;
		asked[count++] = calls[i];
		rows_uuid(rows, id);
		rows_text_or_null(rows, ask_sees(calls[i]));
		rows_uuid(rows, after.id);
		rows_int(rows, DOCUMENT_UNITS_MAX + 1);
	}
	if (count == 0)
		return OUTCOME_OK;
	outcome = store_ask(work->store, rows, &found, why);
	if (outcome != OUTCOME_OK)
		return outcome;
	for (size_t row = 0; row < result_count(found);)
		document_say(asked[result_int(found, row, DOCUMENT_CALL)], found, &row);
	for (size_t i = 0; i < count; i++)
		if (!asked[i]->is_answered)
			document_unknown(asked[i]);
	return OUTCOME_OK;
}

enum outcome
ask_document(struct lane_work *work, struct call **calls, size_t n, struct why *why)
{
	return ask_in_groups(work, calls, n, DOCUMENTS_GROUP, documents_group, why);
}
