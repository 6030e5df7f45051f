/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/submit.h"

#include "topology_names.h"

#include "base/instant.h"
#include "formats/json_say.h"
#include "gateway/ask.h"
#include "gateway/foresee.h"
#include "gateway/gateway.h"
#include "gateway/remembered.h"
#include "intake/intake.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define UNITS_SHOWN_MAX 100 /* of one document; ingest takes more */
#define ANSWER_BYTES ((size_t)1 << 20)
#define DRY_BYTES ((size_t)16 << 20)
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
is_kind(struct str kind)
{
	static const char *const kinds[] = {"order",     "change",   "cancel",          "return",
					    "inventory", "shipment", "acknowledgement", "document"};

	for (size_t i = 0; i < COUNT_OF(kinds); i++)
		if (str_equal(kind, str_of(kinds[i])))
			return true;
	return false;
}

/* False when it was answered. */
static bool
key_take(struct call *call, struct submission *s)
{
	s->key = str_trim(web_header(call->web, "Idempotency-Key"));
	if (s->key.n > KEY_BYTES_MAX) {
		call_problem(call, 400, "idempotency-key-invalid", "Idempotency-Key has at most %d bytes",
			     KEY_BYTES_MAX);
		return false;
	}
	for (size_t i = 0; i < s->key.n; i++)
		if (s->key.p[i] < 0x21 || s->key.p[i] > 0x7e) {
			call_problem(call, 400, "idempotency-key-invalid",
				     "Idempotency-Key is of visible ASCII characters");
			return false;
		}
	return true;
}

/* False when it was answered. */
static bool
submission_begin(struct lane_work *work, struct call *call, struct submission *s)
{
	struct str type = str_trim(web_header(call->web, "Content-Type"));
	bool is_own = !intake_contract(type).n;

	*s = (struct submission){.call = call, .content_type = type, .body = call->web->body, .status = 202};
	s->kind = web_query(call->web, work->arena, "kind");
	if (!s->kind.n)
		s->kind = STR("document");
	if (!is_kind(s->kind)) {
		call_problem(
		    call, 400, "kind-unknown",
		    "kind is one of order, change, cancel, return, inventory, shipment, acknowledgement, document");
		return false;
	}
	if (is_own && !type_fits(call->party->format, type)) {
		call_problem(call, 415, "content-type-unknown",
			     "party %s sends %s, or our own documents as application/vnd.tributary.order+json",
			     call->party->name, call->party->format);
		return false;
	}
	if (!s->body.n) {
		call_problem(call, 400, "body-empty", "the document is the body, and there is none");
		return false;
	}
	return key_take(call, s);
}

/* --- understanding it ------------------------------------------------------------------------------------------------- */

/* What became of a document's units, gathered for an answer. */
struct understanding {
	struct buf out;
	bool is_dry;
	bool is_any_good; /* something of it goes on: an order, what is ignored, what a person looks at */
	size_t units;
	struct complaints complaints;
};

/* It would be taken in; would it wait for a person then? Not said when nobody can know it now. */
static void
foreseen_say(struct lane_work *work, const struct submission *s, struct understanding *u, struct order *order)
{
	struct why why = {0};

	u->complaints.n = 0;
	if (foresee(work, s->call->party, order, &u->complaints, &why) != OUTCOME_OK)
		return;
	json_open(&u->out, "held_for", '[');
	for (size_t i = 0; i < u->complaints.n; i++) {
		json_open(&u->out, NULL, '{');
		json_say_text(&u->out, "path", str_of(u->complaints.items[i].path));
		ask_no_say(&u->out, str_of(u->complaints.items[i].code));
		json_close(&u->out, '}');
	}
	json_close(&u->out, ']');
}

static void
unit_say(struct lane_work *work, const struct submission *s, struct understanding *u, const struct intake *in,
	 enum outcome outcome, const struct why *why)
{
	char id[UUID_TEXT_BYTES], url[64];

	u->units++;
	u->is_any_good |= outcome != OUTCOME_DEAD;
	json_open(&u->out, NULL, '{');
	json_say_int(&u->out, "unit", (int64_t)u->units);
	json_say_text(&u->out, "result", str_of(intake_result_name(in->result)));
	if (in->order && in->order->source_id.n) {
		uuid_format(in->order->order_id, id);
		snprintf(url, sizeof url, "/v1/orders/%s", id);
		json_say_text(&u->out, "order_id", str_of(id));
		json_say_text_if(&u->out, "number", in->order->source_number);
		json_say_text(&u->out, "status_url", str_of(url));
	}
	if (in->result == INTAKE_RETURN && in->fact) {
		uuid_format(in->return_request->return_id, id);
		snprintf(url, sizeof url, "/v1/returns/%s", id);
		json_say_text(&u->out, "return_id", str_of(id));
		json_say_text(&u->out, "status_url", str_of(url));
	}
	if (in->result == INTAKE_IGNORED)
		json_say_text(&u->out, "code", str_of(in->ignored));
	if (outcome != OUTCOME_OK) {
		size_t n = u->complaints.n;

		json_open(&u->out, "errors", '[');
		for (size_t i = 0; i < (n ? n : 1); i++) {
			const struct why *e = n ? &u->complaints.items[i] : why;

			json_open(&u->out, NULL, '{');
			json_say_text(&u->out, "path", str_of(e->path));
			json_say_text(&u->out, "code", str_of(e->code));
			json_say_text(&u->out, "detail", str_of(e->text));
			json_close(&u->out, '}');
		}
		json_close(&u->out, ']');
	}
	if (u->is_dry && outcome == OUTCOME_OK && (in->order || in->fact)) {
		json_say_raw(&u->out, "document", STR(""));
		contract_put_json(in->order ? &order_contract : in->fact_contract,
				  in->order ? (const void *)in->order : in->fact, &u->out, 0);
	}
	if (u->is_dry && in->result == INTAKE_ORDER && outcome == OUTCOME_OK)
		foreseen_say(work, s, u, in->order);
	json_close(&u->out, '}');
}

/* All of it refused: the errors of all units, with their number before the path when there are several. */
static void
refusal_answer(struct call *call, const struct why *why, const struct complaints *all)
{
	call_errors(
	    call, 422,
	    "the document was not taken: nothing of it was kept, and nothing will become of it. Mend it and send "
	    "it again",
	    all->n ? all->items : why, all->n ? all->n : 1);
}

/* Understands the whole document into u; OUTCOME_DEAD with `why` when it is none. */
static enum outcome
document_understand(struct lane_work *work, struct submission *s, struct understanding *u, struct complaints *all,
		    struct why *why)
{
	struct intake_source source = {.kind = s->kind,
				       .body = s->body,
				       .contract = intake_contract(s->content_type),
				       .party = s->call->party,
				       .received_at_us = work->now_us,
				       .max_bytes = (size_t)s->call->party->door.body_bytes,
				       .complaints = &u->complaints};
	struct node *tree, **units;
	struct why last = {0};
	size_t n = 0;
	enum outcome outcome = OUTCOME_OK;

	if (!source.contract.n)
		outcome = gateway_mapping(work->gateway, s->call->party, &source.mapping, why);
	/* Ours to mend: the document is taken, and waits for a better mapping. */
	if (outcome != OUTCOME_OK) {
		u->is_any_good = true;
		return OUTCOME_OK;
	}
	outcome = intake_parse(&source, work->arena, &tree, why);
	if (outcome == OUTCOME_OK)
		outcome = intake_split(&source, tree, work->arena, &units, &n, why);
	if (outcome == OUTCOME_DEAD && str_starts(str_of(why->code), STR("mapping-"))) {
		u->is_any_good = true;
		return OUTCOME_OK;
	}
	for (size_t i = 0; outcome == OUTCOME_OK && i < n && i < UNITS_SHOWN_MAX; i++) {
		struct intake in = {0};
		enum outcome unit;

		u->complaints.n = 0;
		unit = intake_map(&source, units[i], work->arena, &in, &last);
		unit_say(work, s, u, &in, unit, &last);
		if (unit == OUTCOME_OK)
			continue;
		if (u->complaints.n == 0)
			u->complaints.items[u->complaints.n++] = last;
		for (size_t k = 0; k < u->complaints.n && all->n < COMPLAINTS_MAX; k++)
			all->items[all->n++] = u->complaints.items[k];
	}
	/* What was not looked at is ingest's to judge. */
	u->is_any_good |= n > UNITS_SHOWN_MAX;
	return outcome;
}

/* The answer of a 202, or of a dry run; false when it was answered with a refusal. What was needed to understand it is
 * given back to the arena: a set of large documents would hold all their trees at a time. */
static bool
submission_understand(struct lane_work *work, struct submission *s, bool is_dry)
{
	struct arena_mark mark = arena_mark(work->arena);
	struct understanding *u = arena_get(work->arena, sizeof *u);
	struct complaints *all = arena_get(work->arena, sizeof *all);
	struct str routing_key = arena_printf(work->arena, "%s.%.*s", s->call->party->name, STR_ARGS(s->kind));
	struct buf out;
	struct why why = {0};
	char id[UUID_TEXT_BYTES], url[64];
	enum outcome outcome;

	if (!u || !all || !routing_key.p) {
		call_problem(s->call, 413, "too-large", "no memory for the document");
		return false;
	}
	buf_init(&u->out, is_dry ? DRY_BYTES : ANSWER_BYTES);
	u->is_dry = is_dry;
	s->document_id = uuid_of_document(str_of(s->call->party->name), s->key, routing_key, s->body);
	uuid_format(s->document_id, id);
	snprintf(url, sizeof url, "/v1/documents/%s", id);
	json_open(&u->out, NULL, '{');
	if (is_dry) {
		json_say_bool(&u->out, "dry_run", true);
	} else {
		json_say_text(&u->out, "document_id", str_of(id));
		json_say_text(&u->out, "status_url", str_of(url));
	}
	json_open(&u->out, "units", '[');
	outcome = document_understand(work, s, u, all, &why);
	json_close(&u->out, ']');
	json_close(&u->out, '}');
	if (outcome != OUTCOME_OK || (!u->is_any_good && !is_dry))
		refusal_answer(s->call, &why, all);
	else if (is_dry)
		call_say(s->call, 200, &u->out);
	else if (!buf_is_ok(&u->out))
		call_problem(s->call, 413, "too-large", "no room for the answer: send less in one document");
	out = u->out;
	arena_rewind(work->arena, mark);
	if (!s->call->is_answered)
		s->answer = arena_str(work->arena, buf_str(&out));
	buf_release(&out);
	if (!s->call->is_answered && !s->answer.p)
		call_problem(s->call, 413, "too-large", "no memory for the answer: send less in one document");
	return !s->call->is_answered;
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

/* The keys of those that have one; what is answered here is out. */
static enum outcome
keys_take_all(struct lane_work *work, struct submission *list, size_t n, struct why *why)
{
	struct remembered *rows, **asked;
	struct submission **of;
	size_t keyed = 0, count = 0;
	enum outcome outcome;

	for (size_t i = 0; i < n; i++)
		keyed += !list[i].is_out && list[i].key.n;
	if (keyed == 0)
		return OUTCOME_OK;
	rows = arena_array(work->arena, keyed, sizeof *rows);
	asked = arena_array(work->arena, keyed, sizeof(struct remembered *));
	of = arena_array(work->arena, keyed, sizeof(struct submission *));
	if (!rows || !asked || !of)
		return why_set(why, OUTCOME_DEAD, "too-large", "no memory for %zu submissions", n);
	for (size_t i = 0; i < n; i++) {
		struct submission *s = &list[i];

		if (s->is_out || !s->key.n)
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
	outcome = remembered_take(work, asked, count, why);
	for (size_t i = 0; outcome == OUTCOME_OK && i < count; i++) {
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

/* Not known whether it arrived: said again it is the same message. */
static void
unconfirmed_answer(struct submission *s, const struct why *why)
{
	call_away(s->call, why);
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
		outcome = keys_take_all(work, list, n, why);
	if (outcome != OUTCOME_OK)
		return outcome;
	for (size_t i = 0; i < n; i++) {
		if (list[i].is_out)
			continue;
		message_fill(work, &list[i], &messages[count]);
		of[count++] = &list[i];
	}
	(void)!batch_say(work->gateway->batch, messages, count, timeout_ms, states, &publish_why);
	for (size_t i = 0; i < count; i++)
		if (states[i] == PUBLISH_CONFIRMED)
			accepted_answer(of[i]);
		else
			unconfirmed_answer(of[i], &publish_why);
	return OUTCOME_OK;
}

/* --- the routes ------------------------------------------------------------------------------------------------------- */

static bool
is_dry_run(struct lane_work *work, const struct call *call)
{
	struct str asked = web_query(call->web, work->arena, "dry_run");

	return asked.n && !str_equal(asked, STR("0")) && !str_equal(asked, STR("false"));
}

enum outcome
submit_documents(struct lane_work *work, struct call **calls, size_t n, struct why *why)
{
	struct submission *list = arena_array(work->arena, n, sizeof *list);
	size_t count = 0;

	if (!list)
		return why_set(why, OUTCOME_DEAD, "too-large", "no memory for %zu submissions", n);
	for (size_t i = 0; i < n; i++) {
		struct submission *s = &list[count];

		if (submission_begin(work, calls[i], s) && submission_understand(work, s, is_dry_run(work, calls[i])))
			count++;
	}
	return submissions_publish(work, list, count, true, work->gateway->config->publish_ms, why);
}

/* Our own document as JSON, of the key's party. */
static enum outcome
canonical_submit(struct lane_work *work, struct call **calls, size_t n, struct str kind, struct str type,
		 struct why *why)
{
	struct submission *list = arena_array(work->arena, n, sizeof *list);
	size_t count = 0;

	if (!list)
		return why_set(why, OUTCOME_DEAD, "too-large", "no memory for %zu submissions", n);
	for (size_t i = 0; i < n; i++) {
		struct call *call = calls[i];
		struct submission *s = &list[count];

		*s = (struct submission){
		    .call = call, .kind = kind, .content_type = type, .body = call->web->body, .status = 202};
		if (!type_fits("json", web_header(call->web, "Content-Type"))) {
			call_problem(call, 415, "content-type-unknown", "this is sent as application/json");
			continue;
		}
		if (!s->body.n) {
			call_problem(call, 400, "body-empty", "the document is the body, and there is none");
			continue;
		}
		if (key_take(call, s) && submission_understand(work, s, is_dry_run(work, call)))
			count++;
	}
	return submissions_publish(work, list, count, true, work->gateway->config->publish_ms, why);
}

enum outcome
submit_orders(struct lane_work *work, struct call **calls, size_t n, struct why *why)
{
	return canonical_submit(work, calls, n, STR("order"), STR(CANONICAL_TYPE("order")), why);
}

enum outcome
submit_returns(struct lane_work *work, struct call **calls, size_t n, struct why *why)
{
	return canonical_submit(work, calls, n, STR("return"), STR(CANONICAL_TYPE("return")), why);
}
