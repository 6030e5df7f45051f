/* SPDX-License-Identifier: Apache-2.0 */
/*
 * NAME         gateway
 * CONSUMES     nothing: HTTP comes in
 * PUBLISHES    to intake: documents of parties, as they came
 * WRITES       gateway_requests, api_usage, audit_log (refusals)
 * IDEMPOTENCY  by the caller's Idempotency-Key (gateway_requests), by the document's own keys behind it (ingest)
 * FAILURES     problems (RFC 9457) to the caller; nothing of its own
 */
#include "gateway/gateway.h"

#include "base/instant.h"
#include "base/log.h"
#include "gateway/contract_file.h"
#include "gateway/remembered.h"
#include "gateway/sets.h"
#include "gateway/trace.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define TICK_WAIT_MS 100
#define TEND_US INT64_C(1000000)
#define ARENA_MAX_BYTES ((size_t)256 << 20)
#define PUMP_WAIT_MS 50
#define RECONNECT_US INT64_C(1000000)
#define FORGET_US INT64_C(5000000)     /* between two looks for keys that are too old */
#define START_WAIT_US INT64_C(5000000) /* for the keys, before anybody is let in */

/* --- requests: the server's thread ------------------------------------------------------------------------------------ */

static bool
is_compressed(const struct call *call)
{
	struct str encoding = str_trim(web_header(call->web, "Content-Encoding"));

	return encoding.n && !str_equal_fold(encoding, STR("identity"));
}

/* Everything that can be said before the body is read; false when it was said. */
static bool
call_begin(struct gateway *g, struct call *call)
{
	char allowed[64];
	int refusal;

	if (!web_path_is_plain(call->web->path)) {
		call_problem(call, 400, "path-invalid",
			     "a path has no empty part, no . or .., and no encoded slash or control byte");
		return false;
	}
	refusal = route_find(call, allowed, sizeof allowed);
	if (refusal == 404) {
		call_problem(call, 404, "route-unknown", "there is nothing here; /v1/openapi.yaml says what there is");
		return false;
	}
	if (refusal == 405) {
		call_header(call, "Allow", str_of(allowed));
		call_problem(call, 405, "method-unknown", "this path takes %s", allowed);
		return false;
	}
	if (atomic_load(&g->mode) == GATEWAY_OVER) {
		struct why why;

		(void)why_set(&why, OUTCOME_AWAY, "stopping", "this gateway is about to stop");
		call->answer.closes = true;
		call_away(call, &why);
		return false;
	}
	if (!door_enter(g->door, call))
		return false;
	if (is_compressed(call)) {
		call_problem(call, 415, "encoding-unknown", "send the body without Content-Encoding");
		return false;
	}
	return true;
}

static bool
on_head(void *context, struct web_request *r)
{
	struct gateway *g = context;
	struct call *call = call_new(r);

	r->user = call;
	if (!call) {
		struct web_answer none = {.status = 503, .closes = true};

		web_answer(r, &none);
		return false;
	}
	trace_begin(web_header(r, "Traceparent"), call->trace);
	if (!call_begin(g, call))
		return false;
	if (str_equal(r->method, STR("GET")) || str_equal(r->method, STR("HEAD")))
		r->body_limit = 0;
	else if (call->party)
		r->body_limit = call->party->door.body_bytes;
	return true;
}

static void
on_too_large(void *context, struct web_request *r)
{
	(void)context;
	call_problem(r->user, 413, "body-too-large", "at most %" PRId64 " bytes are taken here", r->body_limit);
}

static void
on_full(void *context, struct web_request *r)
{
	const struct why why = {.code = "busy"};

	(void)context;
	call_away(r->user, &why);
}

static void
on_whole(void *context, struct web_request *r)
{
	struct gateway *g = context;
	struct call *call = r->user;
	struct why why = {0};

	if (web_query_check(r, call->route->query, &why) != OUTCOME_OK) {
		call_errors(call, 400, "an argument of the query is not as it should be", &why, 1);
		return;
	}
	call->waits_since_us = monotonic_us();
	if (lane_put(&g->lanes[call->route->lane], call))
		return;
	(void)why_set(&why, OUTCOME_AWAY, "busy", "too many requests are waiting");
	call_away(call, &why);
}

static void
on_ended(void *context, struct web_request *r)
{
	struct gateway *g = context;
	struct call *call = r->user;
	char name[ROUTE_NAME_BYTES];

	if (!call)
		return;
	/* Never the path as it came, nor the query: numbers of orders and people stand there. */
	log_line(r->status < 500 ? LOG_LEVEL_INFO : LOG_LEVEL_WARN, "access",
		 "status=%d code=%s route=\"%s\" party=%s key=%s trace=%s address=%s in_bytes=%zu out_bytes=%zu "
		 "took_us=%" PRId64 "%s",
		 r->status, call->code ? call->code : "-", call->route ? route_name(call->route, name) : "-",
		 call->party ? call->party->name : "-", call->caller.key_id[0] ? call->caller.key_id : "-", call->trace,
		 r->address, r->body.n, r->answer_bytes, monotonic_us() - r->begun_us, r->is_cut ? " cut=yes" : "");
	ledger_note(g->ledger, call, r->status);
	call_release(call);
	r->user = NULL;
}

/* --- questions: a thread of its own ------------------------------------------------------------------------------------ */

static size_t
batch_max_of(const struct gateway *g)
{
	return g->config->batch_max < SETS_CALLS_MAX ? (size_t)g->config->batch_max : SETS_CALLS_MAX;
}

static bool
on_ask_idle(void *context)
{
	struct gateway *g = context;

	return !atomic_load(&g->asker_stops);
}

/* Connected, if that can be had; not tried for every call while Postgres is away. */
static void
store_keep(struct store *store, int64_t *tried_us)
{
	struct why why = {0};

	store_look(store);
	if (store_is_connected(store) || monotonic_us() - *tried_us < RECONNECT_US)
		return;
	*tried_us = monotonic_us();
	if (store_connect(store, &why) != OUTCOME_OK)
		log_why(LOG_LEVEL_WARN, "away", &why);
}

static enum outcome
old_forget(struct gateway *g, struct why *why)
{
	if (monotonic_us() - g->forgot_us < FORGET_US)
		return OUTCOME_OK;
	g->forgot_us = monotonic_us();
	return remembered_forget(g->ask_store, g->ask_arena, why);
}

/* Trouble with Postgres is not the calls', nor the other records'. */
static void
record_end(struct gateway *g, enum outcome outcome, const struct why *why)
{
	arena_clear(g->ask_arena);
	if (outcome == OUTCOME_OK)
		return;
	store_rollback(g->ask_store);
	log_why(LOG_LEVEL_WARN, "records", why);
}

/* What is read and written beside the calls. Here, because whoever asks waits for Postgres anyway, and who submits need
 * not. */
static void
records_keep(struct gateway *g)
{
	struct why why = {0};

	record_end(g, door_renew(g->door, g->ask_store, g->ask_arena, &why), &why);
	record_end(g, ledger_write(g->ledger, g->ask_store, g->ask_arena, false, &why), &why);
	record_end(g, old_forget(g, &why), &why);
}

static void *
asker_run(void *context)
{
	struct gateway *g = context;
	struct call *calls[SETS_CALLS_MAX];
	int64_t tried_us = 0;

	while (!atomic_load(&g->asker_stops)) {
		size_t n = lane_take(&g->lanes[LANE_ASK], calls, batch_max_of(g), TICK_WAIT_MS);
		struct lane_work work = {.gateway = g,
					 .lane = LANE_ASK,
					 .arena = g->ask_arena,
					 .store = g->ask_store,
					 .parties = g->parties,
					 .now_us = instant_now_us()};

		store_keep(g->ask_store, &tried_us);
		if (n)
			sets_answer(&work, g->ask_keys, calls, n);
		if (store_is_connected(g->ask_store))
			records_keep(g);
	}
	return NULL;
}

/* --- the main loop ---------------------------------------------------------------------------------------------------- */

enum outcome
gateway_mapping(struct gateway *g, const struct party *party, struct mapping **mapping, struct why *why)
{
	size_t index = party_list_index(g->parties, str_of(party->name));
	enum outcome outcome = OUTCOME_OK;

	if (!g->mappings[index])
		outcome = mapping_open(g->parties_dir, party, &g->mappings[index], why);
	*mapping = g->mappings[index];
	return outcome;
}

/* What is due now and then and waits for nobody. */
static void
chores_do(struct gateway *g, struct batch *batch)
{
	ledger_tell(g->ledger, batch, atomic_load(&g->mode) >= GATEWAY_SHUT);
	if (monotonic_us() - g->tended_us < TEND_US)
		return;
	g->tended_us = monotonic_us();
	web_tend(g->web);
	worker_figure(g->skeleton, "connections", "", NULL, (int64_t)web_connections(g->web));
	worker_figure(g->skeleton, "requests_under_way", "", NULL, (int64_t)web_requests(g->web));
	worker_figure(g->skeleton, "waiting", "", "submit", (int64_t)lane_length(&g->lanes[LANE_SUBMIT]));
	worker_figure(g->skeleton, "waiting", "", "ask", (int64_t)lane_length(&g->lanes[LANE_ASK]));
}

/* Not before the keys are known: one that starts beside others would only say 503 in their place. */
static void
door_open(struct gateway *g)
{
	struct why why = {0};

	if (atomic_load(&g->mode) != GATEWAY_OPEN || g->is_started || monotonic_us() < g->start_at_us)
		return;
	if (!door_is_ready(g->door) && monotonic_us() - g->opened_us < START_WAIT_US)
		return;
	g->start_at_us = monotonic_us() + RECONNECT_US;
	g->is_started = web_start(g->web, &why) == OUTCOME_OK;
	if (!g->is_started)
		log_why(LOG_LEVEL_ERROR, "deaf", &why);
}

enum outcome
gateway_tick(struct batch *batch, int64_t *next_ms, struct why *why)
{
	struct gateway *g = batch->state;
	struct call *calls[SETS_CALLS_MAX];
	struct lane_work work = {
	    .gateway = g, .lane = LANE_SUBMIT, .arena = batch->arena, .store = batch->store, .parties = batch->parties};
	size_t n;

	(void)why;
	*next_ms = 0;
	g->batch = batch;
	chores_do(g, batch);
	door_open(g);
	n = lane_take(&g->lanes[LANE_SUBMIT], calls, batch_max_of(g), PUMP_WAIT_MS);
	work.now_us = batch->now_us = instant_now_us();
	if (n)
		sets_answer(&work, g->keys, calls, n);
	g->batch = NULL;
	return OUTCOME_OK;
}

bool
gateway_drain(void *state)
{
	struct gateway *g = state;

	switch (atomic_load(&g->mode)) {
	case GATEWAY_OPEN:
		/* Whoever deals out connections sees that we are not ready, and stops; what comes meanwhile is answered. */
		g->notice_until_us = monotonic_us() + g->config->notice_ms * 1000;
		web_leave(g->web);
		atomic_store(&g->mode, GATEWAY_NOTICE);
		log_line(LOG_LEVEL_INFO, "drain", "mode=notice ms=%" PRId64, g->config->notice_ms);
		return false;
	case GATEWAY_NOTICE:
		if (monotonic_us() < g->notice_until_us)
			return false;
		web_quiesce(g->web);
		atomic_store(&g->mode, GATEWAY_SHUT);
		log_line(LOG_LEVEL_INFO, "drain", "mode=shut requests=%zu connections=%zu", web_requests(g->web),
			 web_connections(g->web));
		return false;
	default:
		web_tend(g->web);
		return web_connections(g->web) == 0;
	}
}

/* --- open and close --------------------------------------------------------------------------------------------------- */

static enum outcome
asker_open(struct gateway *g, const struct setup *setup, struct why *why)
{
	g->ask_store = store_new(&(struct store_config){.url = setup->database_url,
							.application_name = "tributary gateway ask",
							.by_key = true,
							.statement_timeout_ms = g->config->statement_ms,
							.lock_timeout_ms = g->config->statement_ms,
							.idle = on_ask_idle,
							.idle_context = g});
	g->ask_arena = arena_new(ARENA_MAX_BYTES);
	if (!g->ask_store || !g->ask_arena)
		return why_set(why, OUTCOME_DEAD, "config", "no memory");
	g->has_asker = pthread_create(&g->asker, NULL, asker_run, g) == 0;
	return g->has_asker ? OUTCOME_OK : why_set(why, OUTCOME_DEAD, "config", "no thread");
}

static enum outcome
keys_open(struct gateway *g, const struct setup *setup, struct why *why)
{
	struct keys_config config = {.url = setup->redis_url,
				     .ca_file = setup->redis_ca_file,
				     .prefix = "tributary:quota:",
				     .timeout_ms = 50,
				     .ttl_ms = 60000};

	g->keys = keys_new(&config, why);
	g->ask_keys = keys_new(&config, why);
	return g->keys && g->ask_keys ? OUTCOME_OK : OUTCOME_DEAD;
}

/* A party whose secret is missing has no webhooks; the others are not to blame. */
static void
secrets_open(struct gateway *g)
{
	struct why why = {0};

	for (size_t i = 0; i < party_list_count(g->parties); i++) {
		const struct party *party = party_list_at(g->parties, i);

		if (party->hook.scheme != PARTY_SCHEME_NONE &&
		    hook_secrets_load(&party->hook, &g->hook_secrets[i], &why) != OUTCOME_OK)
			log_line(LOG_LEVEL_WARN, "hook-closed", "party=%s code=%s variable=%s", party->name, why.code,
				 party->hook.secret_env);
	}
}

static enum outcome
server_open(struct gateway *g, struct why *why)
{
	const struct gateway_config *c = g->config;
	struct web_config web = {.address = c->address,
				 .port = c->port,
				 .connections_max = c->connections_max,
				 .per_address_max = c->per_address_max,
				 .head_bytes = c->head_bytes,
				 .body_bytes = PARTY_BODY_BYTES_MAX,
				 .idle_s = c->idle_s,
				 .request_s = c->request_s,
				 .certificate_file = c->tls_certificate_file,
				 .key_file = c->tls_key_file,
				 .bodies_bytes = c->bodies_bytes,
				 .hooks = {.head = on_head,
					   .too_large = on_too_large,
					   .full = on_full,
					   .whole = on_whole,
					   .ended = on_ended,
					   .context = g}};

	return web_open(&web, &g->web, why);
}

enum outcome
gateway_open(const struct setup *setup, void **state, struct why *why)
{
	struct gateway *g = calloc(1, sizeof *g);
	size_t parties = party_list_count(setup->parties);
	enum outcome outcome;

	if (!g)
		return why_set(why, OUTCOME_DEAD, "config", "no memory");
	*state = g;
	g->config = setup->config;
	g->parties = setup->parties;
	g->parties_dir = setup->parties_dir;
	g->skeleton = setup->skeleton;
	g->opened_us = monotonic_us();
	for (size_t i = 0; i < LANES; i++)
		lane_init(&g->lanes[i], (size_t)g->config->waiting_max);
	g->door = door_new(g->parties);
	g->ledger = ledger_new();
	g->mappings = calloc(parties + 1, sizeof(struct mapping *));
	g->hook_secrets = calloc(parties + 1, sizeof *g->hook_secrets);
	if (!g->door || !g->ledger || !g->mappings || !g->hook_secrets)
		return why_set(why, OUTCOME_DEAD, "config", "no memory");
	outcome = routes_mark(g->config->openapi_file, why);
	secrets_open(g);
	if (outcome == OUTCOME_OK)
		outcome = keys_open(g, setup, why);
	if (outcome == OUTCOME_OK)
		outcome = asker_open(g, setup, why);
	return outcome == OUTCOME_OK ? server_open(g, why) : outcome;
}

/* What was not answered in the time to drain is cut, and its sender asks again. */
static void
lanes_refuse(struct gateway *g)
{
	struct call *calls[SETS_CALLS_MAX];
	struct why why;
	size_t n;

	(void)why_set(&why, OUTCOME_AWAY, "stopping", "this gateway stops");
	for (size_t i = 0; i < LANES; i++)
		while ((n = lane_take(&g->lanes[i], calls, SETS_CALLS_MAX, 0)) > 0)
			for (size_t k = 0; k < n; k++) {
				call_away(calls[k], &why);
				call_release(calls[k]);
			}
}

void
gateway_close(void *state)
{
	struct gateway *g = state;

	atomic_store(&g->mode, GATEWAY_OVER);
	if (g->web)
		web_quiesce(g->web);
	atomic_store(&g->asker_stops, true);
	lane_wake(&g->lanes[LANE_ASK]);
	if (g->has_asker)
		pthread_join(g->asker, NULL);
	/* What is written last may take as long as any statement; what was cut off before is written now. */
	atomic_store(&g->asker_stops, false);
	if (g->ask_store && store_connect(g->ask_store, &(struct why){0}) == OUTCOME_OK)
		(void)!ledger_write(g->ledger, g->ask_store, g->ask_arena, true, &(struct why){0});
	for (size_t i = 0; i < LANES; i++)
		lane_close(&g->lanes[i]);
	lanes_refuse(g);
	web_close(g->web);
	for (size_t i = 0; g->mappings && i < party_list_count(g->parties); i++)
		mapping_close(g->mappings[i]);
	for (size_t i = 0; g->hook_secrets && i < party_list_count(g->parties); i++)
		hook_secrets_clear(&g->hook_secrets[i]);
	free(g->mappings);
	free(g->hook_secrets);
	keys_free(g->keys);
	keys_free(g->ask_keys);
	store_free(g->ask_store);
	arena_free(g->ask_arena);
	ledger_free(g->ledger);
	door_free(g->door);
	routes_forget();
	for (size_t i = 0; i < LANES; i++)
		lane_destroy(&g->lanes[i]);
	free(g);
}
