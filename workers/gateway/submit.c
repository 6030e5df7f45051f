/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/submit.h"

#include "topology_names.h"

#include "base/instant.h"
#include "base/log.h"
#include "gateway/gateway.h"
#include "gateway/remembered.h"
#include "gateway/understand.h"
#include "intake/intake.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CONTENT_TYPE_BYTES_MAX 255 /* of a message's property */
#define CANONICAL_TYPE(contract) "application/vnd.tributary." contract "+json"

/* --- what came -------------------------------------------------------------------------------------------------------- */

/* The media type without its parameters, for formats that have several names. */
static bool
type_fits(const char *format, struct str type)
{
	static const struct {
		const char *format, *types[6];
	} rows[] = {
	    {"json", {"application/json", "text/json"}},
	    {"xml", {"application/xml", "text/xml"}},
	    {"csv", {"text/csv", "text/plain", "application/csv"}},
	    {"x12", {"application/EDI-X12", "application/X12", "text/plain", "application/octet-stream"}},
	    {"edifact", {"application/EDIFACT", "text/plain", "application/octet-stream"}},
	    {"msgpack", {"application/msgpack", "application/x-msgpack"}},
	};
	const char *suffix = strcmp(format, "json") == 0 ? "+json" : strcmp(format, "xml") == 0 ? "+xml" : NULL;

	type = str_trim(str_split(&type, ';'));
	if (suffix && str_ends(type, str_of(suffix)))
		return true;
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		for (size_t k = 0; strcmp(rows[i].format, format) == 0 && k < 6 && rows[i].types[k]; k++)
			if (str_equal_fold(type, str_of(rows[i].types[k])))
				return true;
	return false;
}

static bool
is_visible(struct str text, char from)
{
	for (size_t i = 0; i < text.n; i++)
		if (text.p[i] < from || text.p[i] > 0x7e)
			return false;
	return true;
}

/* What all have in common: a body, a key, a dry run. False when it was answered. */
static bool
submission_begin(struct lane_work *work, struct call *call, struct submission *s)
{
	struct str dry = web_query(call->web, work->arena, "dry_run");

	*s = (struct submission){.call = call, .body = call->web->body, .status = 202};
	s->is_dry = dry.n && !str_equal(dry, STR("0")) && !str_equal(dry, STR("false"));
	s->key = str_trim(web_header(call->web, "Idempotency-Key"));
	if (!s->body.n)
		call_problem(call, 400, "body-empty", "the document is the body, and there is none");
	else if (s->key.n > KEY_BYTES_MAX || !is_visible(s->key, '!'))
		call_problem(call, 400, "idempotency-key-invalid",
			     "Idempotency-Key is of visible ASCII characters, at most %d", KEY_BYTES_MAX);
	return !call->is_answered;
}

/* A document of the party's, in its own format or in ours. */
static bool
document_read(struct lane_work *work, struct call *call, struct submission *s)
{
	struct str type = str_trim(web_header(call->web, "Content-Type"));
	struct str kind = web_query(call->web, work->arena, "kind");
	bool is_ours = intake_contract(type).n > 0;

	if (kind.n && !intake_is_kind(kind)) {
		call_problem(call, 400, "kind-unknown", "kind is " INTAKE_KINDS);
		return false;
	}
	if (type.n > CONTENT_TYPE_BYTES_MAX || !is_visible(type, ' ') ||
	    (!is_ours && !type_fits(call->party->format, type))) {
		call_problem(call, 415, "content-type-unknown",
			     "party %s sends %s, or our own documents as application/vnd.tributary.order+json",
			     call->party->name, call->party->format);
		return false;
	}
	if (!submission_begin(work, call, s))
		return false;
	s->content_type = type;
	s->kind = kind.n ? kind : STR("document");
	return true;
}

/* Our own document as JSON, of the key's party. */
static bool
canonical_read(struct lane_work *work, struct call *call, struct submission *s, struct str kind, struct str type)
{
	if (!type_fits("json", web_header(call->web, "Content-Type"))) {
		call_problem(call, 415, "content-type-unknown", "this is sent as application/json");
		return false;
	}
	if (!submission_begin(work, call, s))
		return false;
	s->content_type = type;
	s->kind = kind;
	return true;
}

static bool
order_read(struct lane_work *work, struct call *call, struct submission *s)
{
	return canonical_read(work, call, s, STR("order"), STR(CANONICAL_TYPE("order")));
}

static bool
return_read(struct lane_work *work, struct call *call, struct submission *s)
{
	return canonical_read(work, call, s, STR("return"), STR(CANONICAL_TYPE("return")));
}

/* --- sending it on ---------------------------------------------------------------------------------------------------- */

static void
message_fill(struct lane_work *work, const struct submission *s, struct outgoing *m)
{

	/* Without a key of the caller's the same bytes are the same message. */
	*m = (struct outgoing){.exchange = STR(EXCHANGE_INTAKE),
			       .routing_key =
				   arena_printf(work->arena, "%s.%.*s", s->call->party->name, STR_ARGS(s->kind)),
			       .body = s->body,
			       .mandatory = true,
			       .envelope = {.message_id = s->key,
					    .content_type = s->content_type,
					    .app_id = STR("tributary-gateway"),
					    .type = s->topic,
					    .timestamp_s = work->now_us / 1000000,
					    .said_us = instant_now_us(),
					    .party = str_of(s->call->party->name),
					    .trace = str_of(s->call->trace),
					    .key = s->key}};
}

typedef enum outcome (*remembered_fn)(struct lane_work *work, struct remembered **asked, size_t n, struct why *why);

static bool
has_key(const struct submission *s)
{
	return s->key.n && !s->is_out && !s->is_dry;
}

/* The keys of those that have one; what is answered here is out. */
static enum outcome
keys_ask(struct lane_work *work, struct submission *list, size_t n, remembered_fn ask, struct why *why)
{
	struct remembered *rows, **asked;
	struct submission **of;
	size_t keyed = 0, count = 0;
	enum outcome outcome;

	for (size_t i = 0; i < n; i++)
		keyed += has_key(&list[i]) && !list[i].is_known;
	if (keyed == 0)
		return OUTCOME_OK;
	rows = arena_array(work->arena, keyed, sizeof *rows);
	asked = arena_array(work->arena, keyed, sizeof(struct remembered *));
	of = arena_array(work->arena, keyed, sizeof(struct submission *));
	if (!rows || !asked || !of)
		return why_set(why, OUTCOME_DEAD, "too-large", "no memory for %zu submissions", n);
	for (size_t i = 0; i < n; i++) {
		struct submission *s = &list[i];

		if (!has_key(s) || s->is_known)
			continue;
		rows[count] = (struct remembered){
		    .party = str_of(s->call->party->name),
		    .key = s->key,
		    .routing_key = arena_printf(work->arena, "%s.%.*s", s->call->party->name, STR_ARGS(s->kind)),
		    .content_type = s->content_type,
		    .body = s->body,
		    .document_id = s->document_id,
		    .answer = s->answer};
		asked[count] = &rows[count];
		of[count++] = s;
	}
	outcome = ask(work, asked, count, why);
	for (size_t i = 0; outcome == OUTCOME_OK && i < count; i++) {
		of[i]->is_known = rows[i].is_known;
		of[i]->answer = rows[i].answer;
		of[i]->document_id = rows[i].document_id;
		if (rows[i].differs) {
			of[i]->is_out = true;
			call_errors(
			    of[i]->call, 409,
			    "this Idempotency-Key came before with another document; take a new key for a new one",
			    rows[i].errors, rows[i].errors_n);
		}
	}
	return outcome;
}

/* The same; while Postgres is away those with a key are sent away, and the others are not to blame. */
static enum outcome
keys_settle(struct lane_work *work, struct submission *list, size_t n, remembered_fn ask, struct why *why)
{
	enum outcome outcome = keys_ask(work, list, n, ask, why);

	if (outcome == OUTCOME_OK || outcome == OUTCOME_DEAD)
		return outcome;
	store_rollback(work->store);
	log_why(LOG_LEVEL_WARN, "keys-refused", why);
	for (size_t i = 0; i < n; i++)
		if (has_key(&list[i])) {
			call_away(list[i].call, why);
			list[i].is_out = true;
		}
	return OUTCOME_OK;
}

static void
accepted_answer(struct submission *s)
{
	char id[UUID_TEXT_BYTES], url[64];
	struct buf json;

	uuid_format(s->document_id, id);
	snprintf(url, sizeof url, "/v1/documents/%s", id);
	call_header(s->call, "Location", str_of(url));
	buf_init(&json, s->answer.n + 1);
	buf_put_str(&json, s->answer);
	call_say(s->call, s->status, &json);
}

enum outcome
submissions_publish(struct lane_work *work, struct submission *list, size_t n, bool remembers, int64_t timeout_ms,
		    struct why *why)
{
	struct outgoing *messages = arena_array(work->arena, n, sizeof *messages);
	struct submission **of = arena_array(work->arena, n, sizeof *of);
	enum publish_state *states = arena_array(work->arena, n, sizeof *states);
	struct why publish_why = {0};
	size_t count = 0;
	enum outcome outcome = OUTCOME_OK;

	if (!messages || !of || !states)
		return why_set(why, OUTCOME_DEAD, "too-large", "no memory for %zu submissions", n);
	if (remembers)
		outcome = keys_settle(work, list, n, remembered_take, why);
	if (outcome != OUTCOME_OK)
		return outcome;
	for (size_t i = 0; i < n; i++) {
		if (list[i].is_out)
			continue;
		message_fill(work, &list[i], &messages[count]);
		of[count++] = &list[i];
	}
	/* Of nothing to send it would wait as well for a broker that is away. */
	if (count)
		(void)!batch_say(work->gateway->batch, messages, count, timeout_ms, states, &publish_why);
	for (size_t i = 0; i < count; i++)
		if (states[i] == PUBLISH_CONFIRMED)
			accepted_answer(of[i]);
		else
			call_unsure(of[i]->call, &publish_why);
	return OUTCOME_OK;
}

/* --- the routes ------------------------------------------------------------------------------------------------------- */

/* A key that came before has its answer of then, whatever a changed mapping would make of the document now. */
static enum outcome
submissions_take(struct lane_work *work, struct submission *list, size_t n, struct why *why)
{
	enum outcome outcome = keys_settle(work, list, n, remembered_find, why);

	if (outcome != OUTCOME_OK)
		return outcome;
	for (size_t i = 0; i < n; i++)
		if (!list[i].is_out && !list[i].is_known)
			list[i].is_out = !submission_understand(work, &list[i]);
	return submissions_publish(work, list, n, true, work->gateway->config->publish_ms, why);
}

typedef bool (*submission_read_fn)(struct lane_work *work, struct call *call, struct submission *s);

static enum outcome
calls_submit(struct lane_work *work, struct call **calls, size_t n, submission_read_fn read, struct why *why)
{
	struct submission *list = arena_array(work->arena, n, sizeof *list);
	size_t count = 0;

	if (!list)
		return why_set(why, OUTCOME_DEAD, "too-large", "no memory for %zu submissions", n);
	for (size_t i = 0; i < n; i++)
		if (read(work, calls[i], &list[count]))
			count++;
	return submissions_take(work, list, count, why);
}

enum outcome
submit_documents(struct lane_work *work, struct call **calls, size_t n, struct why *why)
{
	return calls_submit(work, calls, n, document_read, why);
}

enum outcome
submit_orders(struct lane_work *work, struct call **calls, size_t n, struct why *why)
{
	return calls_submit(work, calls, n, order_read, why);
}

enum outcome
submit_returns(struct lane_work *work, struct call **calls, size_t n, struct why *why)
{
	return calls_submit(work, calls, n, return_read, why);
}
