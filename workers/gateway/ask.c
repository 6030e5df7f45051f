/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/ask.h"

#include "base/instant.h"
#include "formats/json.h"
#include "formats/json_say.h"
#include "gateway/ask_words.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const struct tree_limits body_limits = {.bytes = (size_t)4 << 20, .depth = 8, .nodes = 20000};

enum outcome
ask_in_groups(struct lane_work *work, struct call **calls, size_t n, size_t group, ask_fn answer, struct why *why)
{
	enum outcome outcome = OUTCOME_OK;

	for (size_t i = 0; i < n && outcome == OUTCOME_OK; i += group)
		outcome = answer(work, calls + i, n - i < group ? n - i : group, why);
	return outcome;
}

struct str
ask_sees(const struct call *call)
{
	return call_may_see_all(call) ? (struct str){NULL, 0} : str_of(call->caller.party);
}

const struct party *
ask_party(struct lane_work *work, struct call *call)
{
	struct str named = web_query(call->web, work->arena, "party");
	const struct party *party;

	if (!named.n)
		return call->party;
	if (!call_may_see_all(call) && !str_equal(named, str_of(call->caller.party))) {
		call_problem(call, 403, "party-other", "the key is another party's");
		return NULL;
	}
	party = party_list_find(work->parties, named);
	if (!party)
		call_problem(call, 404, "party-unknown", "there is no party of this name");
	return party;
}

/* --- the path --------------------------------------------------------------------------------------------------------- */

void
ask_order_unknown(struct call *call)
{
	call_problem(call, 404, "order-unknown", "there is no order of this id");
}

bool
ask_order_id(struct call *call, struct uuid *id)
{
	if (uuid_parse(call->args[0], id))
		return true;
	ask_order_unknown(call);
	return false;
}

/* --- the query -------------------------------------------------------------------------------------------------------- */

void
ask_argument_wrong(struct call *call, const char *name, const char *text)
{
	struct why why;

	(void)why_at(&why, OUTCOME_DEAD, "argument-invalid", name, "%s", text);
	call_errors(call, 400, "an argument of the query is not as it should be", &why, 1);
}

bool
ask_limit(struct lane_work *work, struct call *call, int64_t max, int64_t *limit)
{
	struct str given = web_query(call->web, work->arena, "limit");
	char text[64];
	int64_t v = *limit;

	if ((!given.n || str_to_int(given, &v)) && v >= 1 && v <= max) {
		*limit = v;
		return true;
	}
	snprintf(text, sizeof text, "wants a number from 1 to %" PRId64, max);
	ask_argument_wrong(call, "limit", text);
	return false;
}

bool
ask_instant(struct lane_work *work, struct call *call, const char *name, int64_t *us)
{
	struct str given = web_query(call->web, work->arena, name);
	char text[INSTANT_TEXT_BYTES * 2];
	int64_t v;

	if (!given.n)
		return true;
	/* Whoever did not encode the + of an offset has sent a blank. */
	snprintf(text, sizeof text, "%.*s", STR_ARGS(given));
	for (char *c = text; *c; c++)
		if (*c == ' ')
			*c = '+';
	if (given.n < sizeof text && instant_parse(str_of(text), &v) && v >= CONTRACT_INSTANT_MIN &&
	    v <= CONTRACT_INSTANT_MAX) {
		*us = v;
		return true;
	}
	ask_argument_wrong(call, name, "wants an instant as RFC 3339 has it: 2026-11-25T10:00:00Z");
	return false;
}

bool
ask_after(struct lane_work *work, struct call *call, char list, struct cursor *cursor)
{
	struct str given = web_query(call->web, work->arena, "after");

	if (!given.n || (cursor_decode(given, list, cursor) && cursor->at_us >= CONTRACT_INSTANT_MIN &&
			 cursor->at_us <= CONTRACT_INSTANT_MAX))
		return true;
	ask_argument_wrong(call, "after", "is no place of this list: take it out of `next` as it is");
	return false;
}

/* --- the body --------------------------------------------------------------------------------------------------------- */

void
ask_complain(struct complaints *complaints, const char *code, const char *path, const char *text)
{
	if (complaints->n < COMPLAINTS_MAX)
		(void)why_at(&complaints->items[complaints->n++], OUTCOME_DEAD, code, path, "%s", text);
}

/* application/json, whatever its parameters. */
static bool
is_json(const struct call *call)
{
	struct str type = web_header(call->web, "Content-Type");

	return str_equal_fold(str_trim(str_split(&type, ';')), STR("application/json"));
}

bool
ask_body(struct lane_work *work, struct call *call, const struct contract *contract, ask_check_fn check,
	 const void **document)
{
	struct complaints *all = arena_get(work->arena, sizeof *all);
	void *filled = arena_get(work->arena, contract->size);
	struct why why = {0};
	struct node *tree;

	if (!is_json(call)) {
		call_problem(call, 415, "content-type-unknown", "the question is sent as application/json");
		return false;
	}
	if (!all || !filled) {
		call_problem(call, 413, "too-large", "no memory for the question");
		return false;
	}
	if (json_parse(call->web->body, &body_limits, work->arena, &tree, &why) != OUTCOME_OK) {
		call_errors(call, 422, "the body is no JSON that is read here", &why, 1);
		return false;
	}
	if (contract_from_tree(contract, tree, work->arena, filled, &why) != OUTCOME_OK) {
		contract_complain(contract, tree, work->arena, all);
		if (!all->n)
			all->items[all->n++] = why;
	} else if (check) {
		check(filled, all);
	}
	if (all->n)
		call_errors(call, 422, "the question is not as it should be", all->items, all->n);
	*document = filled;
	return !all->n;
}

void
ask_no_say(struct buf *out, struct str code)
{
	json_say_text(out, "code", code);
	json_say_text_if(out, "detail", words_of(code));
}
