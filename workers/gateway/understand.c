/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/understand.h"

#include "formats/json_say.h"
#include "gateway/ask.h"
#include "gateway/foresee.h"
#include "gateway/gateway.h"
#include "intake/intake.h"

#include <stdio.h>
#include <string.h>

#define UNITS_SHOWN_MAX 100 /* of one document; ingest takes more */
#define ANSWER_BYTES ((size_t)1 << 20)
#define DRY_BYTES ((size_t)16 << 20)

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
	if (foresee(work, s->call, order, &u->complaints, &why) != OUTCOME_OK)
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

/* What is held is for a person of ours, and so is its text; what is refused is the sender's to mend. */
static void
errors_say(struct understanding *u, enum outcome outcome, const struct why *why)
{
	size_t n = u->complaints.n;

	json_open(&u->out, "errors", '[');
	for (size_t i = 0; i < (n ? n : 1); i++) {
		const struct why *e = n ? &u->complaints.items[i] : why;

		json_open(&u->out, NULL, '{');
		json_say_text(&u->out, "path", str_of(e->path));
		if (outcome == OUTCOME_HELD) {
			ask_no_say(&u->out, str_of(e->code));
		} else {
			json_say_text(&u->out, "code", str_of(e->code));
			json_say_text(&u->out, "detail", str_of(e->text));
		}
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
	if (outcome != OUTCOME_OK)
		errors_say(u, outcome, why);
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

/* What was needed to understand it is given back to the arena: a set of large documents would hold all their trees at a
 * time. */
bool
submission_understand(struct lane_work *work, struct submission *s)
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
	buf_init(&u->out, s->is_dry ? DRY_BYTES : ANSWER_BYTES);
	u->is_dry = s->is_dry;
	s->document_id = uuid_of_document(str_of(s->call->party->name), s->key, routing_key, s->body);
	uuid_format(s->document_id, id);
	snprintf(url, sizeof url, "/v1/documents/%s", id);
	json_open(&u->out, NULL, '{');
	if (s->is_dry) {
		json_say_bool(&u->out, "dry_run", true);
	} else {
		json_say_text(&u->out, "document_id", str_of(id));
		json_say_text(&u->out, "status_url", str_of(url));
	}
	json_open(&u->out, "units", '[');
	outcome = document_understand(work, s, u, all, &why);
	json_close(&u->out, ']');
	json_close(&u->out, '}');
	if (outcome != OUTCOME_OK || (!u->is_any_good && !s->is_dry))
		refusal_answer(s->call, &why, all);
	else if (s->is_dry)
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
