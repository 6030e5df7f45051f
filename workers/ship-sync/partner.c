/* SPDX-License-Identifier: Apache-2.0 */
#include "ship-sync/partner.h"

#include "base/params.h"
#include "formats/json.h"
#include "model/model.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PATH "/v1/shipments"
#define REQUEST_BYTES ((size_t)8 << 20)
#define REFERENCE_BYTES 200

static const struct tree_limits answer_limits = {.bytes = 65536, .depth = 16, .nodes = 4096};

static char *
text_join(const char *a, struct str b, const char *c)
{
	char *joined = NULL;

	return asprintf(&joined, "%s%.*s%s", a, STR_ARGS(b), c) < 0 ? NULL : joined;
}

static enum outcome
url_open(struct partner *p, const struct party_connection *connection, struct why *why)
{
	const char *name = connection->url_env ? connection->url_env : "connection.url_env";
	char *base = connection->url_env ? secret_env(connection->url_env) : NULL;
	struct str rest = str_of(base);

	while (str_ends(rest, STR("/")))
		rest.n--;
	if (str_starts(rest, STR("http://")) || str_starts(rest, STR("https://")))
		p->url = text_join("", rest, PATH);
	free(base);
	if (!p->url)
		return why_at(why, OUTCOME_DEAD, "config", name, "%s: must hold its base URL, http:// or https://",
			      p->name);
	return OUTCOME_OK;
}

static enum outcome
token_open(struct partner *p, const struct party_connection *connection, struct why *why)
{
	char *token;

	if (!connection->token_env)
		return OUTCOME_OK;
	token = secret_env(connection->token_env);
	if (token && token[0])
		p->token = text_join("Authorization: Bearer ", str_of(token), "");
	free(token);
	if (!p->token)
		return why_at(why, OUTCOME_DEAD, "config", connection->token_env,
			      "%s: must hold its bearer token (or name its file with _FILE)", p->name);
	return OUTCOME_OK;
}

enum outcome
partner_open(struct partner *p, const struct party *party, const char *parties_dir, int64_t fallback_timeout_ms,
	     struct why *why)
{
	const struct party_connection *c = &party->connection;
	enum outcome outcome;

	*p = (struct partner){.name = party->name,
			      .timeout_ms = c->timeout_ms > 0 ? c->timeout_ms : fallback_timeout_ms,
			      .concurrency = c->concurrency > 0 ? c->concurrency : 1,
			      .rate_per_second_micro = c->rate_per_second_micro,
			      .can_probe = c->can_probe};
	outcome = url_open(p, c, why);
	if (outcome == OUTCOME_OK)
		outcome = token_open(p, c, why);
	if (outcome == OUTCOME_OK)
		outcome = mapping_open(parties_dir, party, &p->mapping, why);
	if (outcome == OUTCOME_OK && !mapping_has(p->mapping, "shipment_request"))
		outcome = why_at(why, OUTCOME_DEAD, "config", p->name, "its mapping has no function shipment_request");
	return outcome;
}

void
partner_release(struct partner *p)
{
	free(p->url);
	free(p->token);
	if (p->mapping)
		mapping_close(p->mapping);
	*p = (struct partner){0};
}

static enum outcome
request_body(const struct partner *p, const struct shipment *shipment, struct arena *arena, struct str *body,
	     struct why *why)
{
	struct node *tree, *mapped;
	struct buf json;
	struct str copy = {NULL, 0};
	enum outcome outcome = model_tree(&shipment_contract, shipment, arena, &tree, why);

	if (outcome == OUTCOME_OK)
		outcome = mapping_say(p->mapping, "shipment_request", tree, arena, &mapped, why);
	if (outcome != OUTCOME_OK)
		return outcome;
	if (!mapped)
		return why_set(why, OUTCOME_DEAD, "mapping-result", "the mapping has nothing to ask the partner for");
	buf_init(&json, REQUEST_BYTES);
	json_put_node(&json, mapped, 0);
	if (buf_is_ok(&json))
		copy = arena_str(arena, buf_str(&json));
	buf_release(&json);
	if (!copy.p)
		return why_set(why, OUTCOME_DEAD, "too-large", "no memory for the request");
	*body = copy;
	return OUTCOME_OK;
}

enum outcome
partner_request(const struct partner *p, const struct shipment *shipment, struct uuid effect_id, struct arena *arena,
		struct http_call *call, struct why *why)
{
	char key[UUID_TEXT_BYTES];
	struct str body = {NULL, 0}, header;
	enum outcome outcome = request_body(p, shipment, arena, &body, why);

	if (outcome != OUTCOME_OK)
		return outcome;
	uuid_format(effect_id, key);
	header = arena_printf(arena, "Idempotency-Key: %s", key);
	if (!header.p)
		return why_set(why, OUTCOME_DEAD, "too-large", "no memory for the request");
	*call = (struct http_call){
	    .method = "POST",
	    .url = p->url,
	    .headers = {"Content-Type: application/json", "Accept: application/json", header.p, p->token},
	    .body = body,
	    .timeout_ms = p->timeout_ms,
	};
	return OUTCOME_OK;
}

/* It goes into the ledger and before people's eyes. */
static bool
is_reference(struct str text)
{
	if (text.n == 0 || text.n > REFERENCE_BYTES)
		return false;
	for (size_t i = 0; i < text.n; i++)
		if ((unsigned char)text.p[i] < ' ' || text.p[i] == 0x7f)
			return false;
	return true;
}

enum outcome
partner_answer(const struct http_call *call, struct arena *arena, struct str *partner_ref, struct why *why)
{
	struct node *root;
	struct str reference;

	if (call->status == 409 && call->outcome == OUTCOME_HELD)
		return why_set(why, OUTCOME_UNSURE, "partner-conflict",
			       "answered 409: it knows this request with another content");
	if (call->outcome != OUTCOME_OK) {
		*why = call->why;
		return call->outcome;
	}
	if (json_parse(call->answer, &answer_limits, arena, &root, why) != OUTCOME_OK)
		return why_set(why, OUTCOME_UNSURE, "partner-answer", "answered %" PRId64 ", but not in JSON",
			       call->status);
	reference = node_text(node_get(root, "partner_reference"));
	if (!is_reference(reference))
		return why_set(why, OUTCOME_UNSURE, "partner-answer",
			       "answered %" PRId64 " with no partner_reference of 1 to %d bytes", call->status,
			       REFERENCE_BYTES);
	*partner_ref = reference;
	return OUTCOME_OK;
}

enum breaker_end
partner_health(const struct http_call *call, const char *code)
{
	const char *said = call->outcome == OUTCOME_OK ? "" : call->why.code;

	if (strcmp(said, "partner-busy") == 0)
		return BREAKER_BUSY;
	if (strcmp(said, "partner-denied") == 0)
		return BREAKER_DENIED;
	/* It refuses, or it says yes and we understand it. Some page that says yes is no warehouse. */
	if (call->outcome == OUTCOME_HELD ||
	    (call->outcome == OUTCOME_OK && (!code || strcmp(code, "partner-answer") != 0)))
		return BREAKER_GOOD;
	return BREAKER_BAD;
}

enum outcome
partner_probe(const struct partner *p, const struct shipment *shipment, struct arena *arena, struct http_call *call,
	      struct why *why)
{
	char id[UUID_TEXT_BYTES];
	struct str url;

	uuid_format(shipment->shipment_id, id);
	url = arena_printf(arena, "%s/%s", p->url, id);
	if (!url.p)
		return why_set(why, OUTCOME_UNSURE, "too-large", "not looked up: no memory for the request");
	*call = (struct http_call){
	    .method = "GET",
	    .url = url.p,
	    .headers = {"Accept: application/json", p->token},
	    .timeout_ms = p->timeout_ms,
	};
	return OUTCOME_OK;
}

/* Any server or proxy has a 404 for an address it does not know; only the partner's own says that it has no such shipment. */
static bool
is_not_found(const struct http_call *call, struct arena *arena)
{
	struct why why = {0};
	struct node *root;

	return call->status == 404 && json_parse(call->answer, &answer_limits, arena, &root, &why) == OUTCOME_OK &&
	       str_equal(node_text(node_get(root, "error")), STR("not-found"));
}

enum outcome
partner_found(const struct http_call *call, struct arena *arena, struct str *partner_ref, bool *is_absent,
	      bool *is_unanswerable, struct why *why)
{
	enum outcome outcome;

	*is_absent = is_not_found(call, arena);
	if (*is_absent)
		return why_set(why, OUTCOME_UNSURE, "partner-absent", "it does not have it");
	outcome = partner_answer(call, arena, partner_ref, why);
	*is_unanswerable = call->outcome == OUTCOME_HELD;
	return outcome == OUTCOME_OK ? OUTCOME_OK : OUTCOME_UNSURE;
}
