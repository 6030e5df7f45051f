/* SPDX-License-Identifier: Apache-2.0 */
/*
 * NAME         ship-sync
 * CONSUMES     ship-sync.<partner>: shipment.requested, shipment.confirmed
 * PUBLISHES    nothing: the partner's confirmation returns through intake
 * WRITES       effects
 * IDEMPOTENCY  the effect's id is the message's, and the key that the partner sees. Its row is committed before the
 *              request is sent; what has no certain answer is looked up, and sent again only if it is not there
 * WINDOW       flow.h: a partner that is out, or wants to be asked less often, is not consumed. What was on its way goes
 *              back to the queue, with no attempt counted
 * FAILURES     retry: partner-away partner-busy partner-denied partner-slow partner-paused effect-in-flight stopping
 *              exceptions: partner-refused in-doubt partner-unknown
 *              dead: mapping-* too-large
 *              retry, in the ledger in doubt: partner-timeout partner-error partner-answer partner-conflict
 */
#include "ship-sync/ship_sync.h"

#include "base/instant.h"
#include "ship-sync/flow.h"
#include "ship-sync/partners.h"
#include "ship-sync/ship_sync_sql.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What the partner is asked next. */
enum ask { ASK_NOTHING, ASK_SEND, ASK_PROBE };

/* An item's request, from prepare to handle. */
struct sending {
	const struct partner *partner;
	size_t lane; /* the partner's place among the parties */
	enum ask ask;
	bool is_done;         /* the partner has it already */
	bool is_asked;        /* a request was made, so the answer is the partner's */
	bool is_found;        /* it was looked up, and is there */
	bool is_unanswerable; /* it cannot be looked up */
	int64_t attempts;     /* how often it was armed, with this time */
	int64_t prepared_us;  /* monotonic; not later than its row says */
	enum outcome answer;
	struct why why;
	struct str partner_ref;
	int64_t latency_us;
};

struct ship_sync_state {
	struct partners partners;
	struct flows *flows;
	struct http *http;
};

/* The requests of one round, each with its item until its answer is read. */
struct round {
	struct batch *batch;
	struct http_call *calls;
	struct item **called;
	size_t n;
};

void
ship_sync_close(void *state)
{
	struct ship_sync_state *st = state;

	flows_free(st->flows);
	partners_release(&st->partners);
	http_free(st->http);
	free(st);
}

enum outcome
ship_sync_open(const struct setup *setup, void **state, struct why *why)
{
	const struct ship_sync_config *config = setup->config;
	struct partners_terms terms = {setup->parties_dir, config->call_timeout_ms, config->lease_ms};
	struct ship_sync_state *st = calloc(1, sizeof *st);
	enum outcome outcome;

	if (!st)
		return why_set(why, OUTCOME_DEAD, "config", "no memory");
	*state = st;
	if (config->partner_ca_file[0] && access(config->partner_ca_file, R_OK) != 0)
		return why_at(why, OUTCOME_DEAD, "config", "PARTNER_CA_FILE", "%s cannot be read: %s",
			      config->partner_ca_file, strerror(errno));
	st->http = http_new(&(struct http_config){.concurrency = config->call_concurrency,
						  .connect_timeout_ms = config->connect_timeout_ms,
						  .ca_file = config->partner_ca_file});
	if (!st->http)
		return why_set(why, OUTCOME_DEAD, "config", "no memory");
	outcome = partners_open(&st->partners, setup->parties, &terms, why);
	if (outcome != OUTCOME_OK)
		return outcome;
	st->flows = flows_new(&st->partners,
			      &(struct breaker_terms){.failures_max = config->breaker_failures,
						      .rate_percent = config->breaker_rate_percent,
						      .window_count = config->breaker_window,
						      .backoff_us = config->breaker_backoff_ms * 1000,
						      .backoff_max_us = config->breaker_backoff_max_ms * 1000,
						      .wait_max_us = config->retry_after_max_s * 1000000},
			      setup->skeleton);
	return st->flows ? OUTCOME_OK : why_set(why, OUTCOME_DEAD, "config", "no memory");
}

struct queue_window
ship_sync_window(void *state, struct str queue, int64_t now_us)
{
	struct ship_sync_state *st = state;
	size_t index;

	str_split(&queue, '.');
	if (!partners_find(&st->partners, queue, &index))
		return (struct queue_window){BROKER_UNLIMITED, INT64_MAX};
	return flows_window(st->flows, index, now_us);
}

/* Which of the items' shipments may be asked for at all. NULL: not this one, and it has its outcome. */
static struct sending *
sending_open(struct batch *batch, struct item *item)
{
	const struct ship_sync_state *st = batch->state;
	const struct shipment *shipment = item->document;
	size_t index;
	struct sending *s = arena_get(batch->arena, sizeof *s);
	struct why why = {0};

	if (!s) {
		item_fail(item, why_set(&why, OUTCOME_DEAD, "too-large", "no memory for the request"), &why);
		return NULL;
	}
	if (!partners_find(&st->partners, shipment->partner, &index)) {
		item_fail(item,
			  why_at(&why, OUTCOME_HELD, "partner-unknown", "partner",
				 "%.*s is no partner that ships; add its folder under topology/parties",
				 STR_ARGS(shipment->partner)),
			  &why);
		return NULL;
	}
	s->partner = &st->partners.items[index];
	s->lane = index;
	s->ask = ASK_SEND;
	s->attempts = 1;
	s->prepared_us = monotonic_us();
	s->answer = why_set(&s->why, OUTCOME_RETRY, "too-large", "nothing was sent: no memory for the request");
	item->scratch = s;
	return s;
}

/* What a person needs to know to decide. */
static void
item_hold(struct item *item, const struct sending *s, const char *code, const char *reason)
{
	const struct shipment *shipment = item->document;
	char id[UUID_TEXT_BYTES];
	struct why why = {0};

	uuid_format(shipment->shipment_id, id);
	if (strcmp(code, "in-doubt") == 0)
		(void)why_set(&why, OUTCOME_HELD, code,
			      "%s: %.80s. Look there for reference %s: if it is missing, `tributary exceptions "
			      "release` sends it again; if not, wait for its confirmation",
			      s->partner->name, reason, id);
	else
		(void)why_set(&why, OUTCOME_HELD, code, "%s: %.120s (reference %s)", s->partner->name, reason, id);
	item_fail(item, OUTCOME_HELD, &why);
}

static void
known_apply(struct batch *batch, struct item *item, const struct effect_row *known, struct rows *arm,
	    struct rows *doubt)
{
	const struct ship_sync_config *config = batch->config;
	struct sending *s = item->scratch;
	struct effect effect = known->effect;
	struct why why = {0};

	effect.can_probe = s->partner->can_probe;
	switch (effect_decide(&effect, config->lease_ms * 1000, &why)) {
	case EFFECT_PROBE:
		/* Until the partner has answered it is in doubt, whatever hinders us. */
		s->ask = ASK_PROBE;
		s->is_asked = true;
		s->answer = why_set(&s->why, OUTCOME_UNSURE, "too-large", "not looked up: no memory for the request");
		/* fall through */
	case EFFECT_SEND:
		s->attempts = known->attempts + 1;
		rows_uuid(arm, item->message_id);
		rows_int(arm, s->attempts);
		break;
	case EFFECT_DONE:
		s->is_done = true;
		break;
	case EFFECT_WAIT:
		item_fail(item, OUTCOME_RETRY, &why);
		break;
	case EFFECT_DOUBT:
		rows_uuid(doubt, item->message_id);
		item_hold(item, s, why.code, why.text);
		break;
	case EFFECT_HOLD:
		item_hold(item, s, why.code, why.text);
		break;
	}
}

static bool
is_among(const struct result *ids, struct uuid id)
{
	for (size_t row = 0; row < result_count(ids); row++)
		if (uuid_equal(result_uuid(ids, row, 0), id))
			return true;
	return false;
}

static struct item *
item_find(const struct batch *batch, struct uuid message_id)
{
	for (size_t i = 0; i < batch->n; i++)
		if (uuid_equal(batch->items[i]->message_id, message_id))
			return batch->items[i];
	return NULL;
}

/* Those that were in the ledger before: sent, not sent, or nobody knows. */
static enum outcome
known_decide(struct batch *batch, const struct rows *asked, struct why *why)
{
	struct rows *arm = rows_new(&ship_sync_effects_arm, batch->arena);
	struct rows *doubt = rows_new(&ship_sync_effects_doubt, batch->arena);
	struct result *known;
	enum outcome outcome = store_query(batch->store, asked, &known, why);

	if (outcome != OUTCOME_OK)
		return outcome;
	for (size_t row = 0; row < result_count(known); row++) {
		struct effect_row effect = ship_sync_effect_read(known, row);
		struct item *item = item_find(batch, effect.effect_id);

		if (item)
			known_apply(batch, item, &effect, arm, doubt);
	}
	store_send(batch->store, arm);
	store_send(batch->store, doubt);
	return OUTCOME_OK;
}

enum outcome
ship_sync_prepare(struct batch *batch, struct why *why)
{
	struct rows *insert = rows_new(&ship_sync_effects_insert, batch->arena);
	struct rows *repeats = rows_new(&ship_sync_effects_known, batch->arena);
	struct result *fresh;
	enum outcome outcome;

	for (size_t i = 0; i < batch->n; i++)
		if (sending_open(batch, batch->items[i]))
			ship_sync_effect_put(insert, batch->items[i]->message_id, batch->items[i]->document);
	if (rows_count(insert) == 0)
		return OUTCOME_OK;
	outcome = store_query(batch->store, insert, &fresh, why);
	if (outcome != OUTCOME_OK)
		return outcome;
	for (size_t i = 0; i < batch->n; i++)
		if (batch->items[i]->scratch && !is_among(fresh, batch->items[i]->message_id))
			rows_uuid(repeats, batch->items[i]->message_id);
	return rows_count(repeats) ? known_decide(batch, repeats, why) : OUTCOME_OK;
}

static bool
on_idle(void *context)
{
	return batch_pump(context);
}

static void
answer_read(struct batch *batch, const struct http_call *call, struct sending *s)
{
	bool is_absent = false, is_probe = s->ask == ASK_PROBE;

	s->latency_us = call->latency_us;
	if (is_probe)
		s->answer =
		    partner_found(call, batch->arena, &s->partner_ref, &is_absent, &s->is_unanswerable, &s->why);
	else
		s->answer = partner_answer(call, batch->arena, &s->partner_ref, &s->why);
	s->is_found = is_probe && s->answer == OUTCOME_OK;
	s->ask = is_absent ? ASK_SEND : ASK_NOTHING;
}

static bool
may_begin(void *context, size_t lane)
{
	const struct round *r = context;
	const struct ship_sync_state *st = r->batch->state;

	return flows_begin(st->flows, lane);
}

/* An answer is understood as soon as it is there: the next request may depend on it. */
static void
on_ended(void *context, const struct http_call *call)
{
	struct round *r = context;
	const struct ship_sync_state *st = r->batch->state;
	size_t i = (size_t)(call - r->calls);
	struct sending *s = r->called[i]->scratch;

	answer_read(r->batch, call, s);
	r->called[i] = NULL;
	flows_end(st->flows, call->lane, partner_health(call, s->answer == OUTCOME_OK ? NULL : s->why.code),
		  call->retry_after_s);
}

/*
 * What is left of the first half of the lease. It began when the row was prepared: a commit that took long, or a
 * process that was stopped, counts too, because meanwhile another process may have called the effect in doubt.
 */
static int64_t
begin_within_ms(const struct batch *batch, int64_t lease_ms)
{
	int64_t oldest_us = INT64_MAX, left_ms;

	for (size_t i = 0; i < batch->n; i++) {
		const struct sending *s = batch->items[i]->scratch;

		if (!s->is_done && s->prepared_us < oldest_us)
			oldest_us = s->prepared_us;
	}
	if (oldest_us == INT64_MAX)
		return lease_ms / 2;
	left_ms = lease_ms / 2 - (monotonic_us() - oldest_us) / 1000;
	return left_ms > 0 ? left_ms : -1;
}

/* The request that the item needs next; false when it needs none or has its answer without one. */
static bool
call_make(struct batch *batch, struct item *item, struct http_call *call)
{
	struct sending *s = item->scratch;

	if (s->is_done || s->ask == ASK_NOTHING)
		return false;
	if (s->ask == ASK_PROBE)
		s->answer = partner_probe(s->partner, item->document, batch->arena, call, &s->why);
	else {
		s->answer = partner_request(s->partner, item->document, item->message_id, batch->arena, call, &s->why);
		s->is_asked = s->answer == OUTCOME_OK;
	}
	if (s->answer != OUTCOME_OK)
		s->ask = ASK_NOTHING;
	call->lane = s->lane;
	return s->answer == OUTCOME_OK;
}

static enum outcome
round_call(struct batch *batch, struct why *why)
{
	const struct ship_sync_state *st = batch->state;
	const struct ship_sync_config *config = batch->config;
	struct round r = {.batch = batch,
			  .calls = arena_array(batch->arena, batch->n, sizeof *r.calls),
			  .called = arena_array(batch->arena, batch->n, sizeof(struct item *))};
	struct http_hooks hooks = {may_begin, on_ended, &r};
	struct http_terms terms = {.arena = batch->arena,
				   .begin_within_ms = begin_within_ms(batch, config->lease_ms),
				   .lane_limits = st->partners.concurrencies,
				   .lanes_count = st->partners.n,
				   .hooks = &hooks,
				   .idle = on_idle,
				   .idle_context = batch};

	if (!r.calls || !r.called)
		return why_set(why, OUTCOME_RETRY, "too-large", "the batch needs more memory than it may have");
	for (size_t i = 0; i < batch->n; i++)
		if (call_make(batch, batch->items[i], &r.calls[r.n]))
			r.called[r.n++] = batch->items[i];
	if (r.n)
		http_run(st->http, r.calls, r.n, &terms);
	for (size_t i = 0; i < r.n; i++) /* what was not begun */
		if (r.called[i])
			answer_read(batch, &r.calls[i], r.called[i]->scratch);
	return OUTCOME_OK;
}

/*
 * Sends what is new and looks up what is in doubt; then sends what was found missing. The items' outcomes are given by
 * handle(), which may be run more than once; here the answers are gathered.
 */
enum outcome
ship_sync_call(struct batch *batch, struct why *why)
{
	enum outcome outcome = round_call(batch, why);

	return outcome == OUTCOME_OK ? round_call(batch, why) : outcome;
}

static void
found_note(struct batch *batch, struct item *item, const struct sending *s)
{
	if (s->is_done)
		item_note(batch, item, "partner-asked", NULL, "%s has it already", s->partner->name);
	else if (s->is_found)
		item_note(batch, item, "partner-found", NULL, "%s has it as %.*s: nothing would be sent",
			  s->partner->name, STR_ARGS(s->partner_ref));
	else if (s->ask == ASK_SEND)
		item_note(batch, item, "partner-asked", NULL, "%s %s: it would be sent", s->partner->name,
			  s->partner->can_probe ? "does not have it" : "cannot be asked whether it has it");
	else
		item_note(batch, item, "partner-asked", s->why.code, "%s could not be asked: %.160s", s->partner->name,
			  s->why.text);
}

/* For a preview: looks up what would be sent, and sends nothing. */
enum outcome
ship_sync_look(struct batch *batch, struct why *why)
{
	enum outcome outcome;

	for (size_t i = 0; i < batch->n; i++) {
		struct sending *s = batch->items[i]->scratch;

		if (s && !s->is_done)
			s->ask = s->partner->can_probe ? ASK_PROBE : ASK_NOTHING;
	}
	outcome = round_call(batch, why);
	for (size_t i = 0; outcome == OUTCOME_OK && i < batch->n; i++) {
		struct sending *s = batch->items[i]->scratch;

		if (s && !s->is_done && !s->partner->can_probe)
			s->ask = ASK_SEND;
		if (s)
			found_note(batch, batch->items[i], s);
	}
	return outcome;
}

/*
 * What a partner's outage did to a message is not counted against it: it goes back to the queue, which waits until the
 * circuit closes. While it is closed a failure is the message's own, and has its tiers.
 */
static void
item_again(struct batch *batch, struct item *item, const struct sending *s, const struct why *why)
{
	const struct ship_sync_state *st = batch->state;

	if (flows_is_closed(st->flows, s->lane) && strcmp(why->code, "partner-paused") != 0)
		item_fail(item, OUTCOME_RETRY, why);
	else
		item_return(item, why);
}

/* Nobody knows whether the partner has it: it is looked up when it comes again, or a person must. */
static void
doubt_end(struct batch *batch, struct item *item, const struct sending *s)
{
	struct why why = {0};

	if (!s->partner->can_probe || s->is_unanswerable) {
		item_hold(item, s, "in-doubt", s->why.text);
		return;
	}
	(void)why_set(&why, OUTCOME_RETRY, s->why.code, "%s: %.160s; it is looked up before anything is sent again",
		      s->partner->name, s->why.text);
	item_again(batch, item, s, &why);
}

static void
item_end(struct batch *batch, struct item *item)
{
	const struct sending *s = item->scratch;
	struct why why = {0};

	switch (s->answer) {
	case OUTCOME_OK:
		if (s->is_found)
			item_note(batch, item, "partner-found", NULL, "%s has it as %.*s: it was looked up",
				  s->partner->name, STR_ARGS(s->partner_ref));
		else
			item_note(batch, item, "partner-asked", NULL, "%s took it as %.*s, after %" PRId64 " ms",
				  s->partner->name, STR_ARGS(s->partner_ref), s->latency_us / 1000);
		break;
	case OUTCOME_UNSURE:
		doubt_end(batch, item, s);
		break;
	case OUTCOME_HELD:
		item_hold(item, s, s->why.code, s->why.text);
		break;
	case OUTCOME_RETRY:
		(void)why_set(&why, OUTCOME_RETRY, s->why.code, "%s: %.200s", s->partner->name, s->why.text);
		item_again(batch, item, s, &why);
		break;
	default:
		item_fail(
		    item,
		    why_at(&why, s->answer, s->why.code, s->why.path, "%s: %.200s", s->partner->name, s->why.text),
		    &why);
	}
}

/* While we asked, the partner's confirmation came in, or somebody else armed the effect again. */
static enum outcome
overtaken_decide(struct batch *batch, const struct rows *asked, struct why *why)
{
	struct result *known;
	enum outcome outcome = store_query(batch->store, asked, &known, why);

	if (outcome != OUTCOME_OK)
		return outcome;
	for (size_t row = 0; row < result_count(known); row++) {
		struct effect_row effect = ship_sync_effect_read(known, row);
		struct item *item = item_find(batch, effect.effect_id);
		struct why item_why = {0};

		if (!item)
			continue;
		if (effect.effect.state == EFFECT_CONFIRMED) {
			item->outcome = OUTCOME_OK;
			item_note(batch, item, "partner-proven", NULL, "its confirmation came before its answer");
			continue;
		}
		item_fail(item,
			  why_set(&item_why, OUTCOME_RETRY, "effect-in-flight",
				  "it was released while it was still being sent"),
			  &item_why);
	}
	return OUTCOME_OK;
}

enum outcome
ship_sync_handle(struct batch *batch, struct why *why)
{
	struct rows *ends = rows_new(&ship_sync_effects_record, batch->arena);
	struct rows *overtaken = rows_new(&ship_sync_effects_known, batch->arena);
	struct result *recorded;
	enum outcome outcome;

	for (size_t i = 0; i < batch->n; i++) {
		struct item *item = batch->items[i];
		const struct sending *s = item->scratch;

		if (s->is_done)
			continue;
		item_end(batch, item);
		ship_sync_end_put(ends, &(struct effect_end){.effect_id = item->message_id,
							     .answer = s->is_asked ? s->answer : OUTCOME_RETRY,
							     .code = s->why.code,
							     .partner_ref = s->partner_ref,
							     .attempts = s->attempts});
	}
	if (rows_count(ends) == 0)
		return OUTCOME_OK;
	outcome = store_query(batch->store, ends, &recorded, why);
	if (outcome != OUTCOME_OK)
		return outcome;
	for (size_t i = 0; i < batch->n; i++) {
		const struct sending *s = batch->items[i]->scratch;

		if (!s->is_done && !is_among(recorded, batch->items[i]->message_id))
			rows_uuid(overtaken, batch->items[i]->message_id);
	}
	return rows_count(overtaken) ? overtaken_decide(batch, overtaken, why) : OUTCOME_OK;
}

enum outcome
ship_sync_confirmed(struct batch *batch, struct why *why)
{
	struct rows *proofs = rows_new(&ship_sync_effects_prove, batch->arena);
	struct result *proven;
	enum outcome outcome;

	for (size_t i = 0; i < batch->n; i++) {
		const struct shipment *shipment = batch->items[i]->document;

		rows_uuid(proofs, batch->items[i]->order_id);
		rows_uuid(proofs, shipment->shipment_id);
		rows_text_or_null(proofs, shipment->partner_ref);
	}
	outcome = store_query(batch->store, proofs, &proven, why);
	if (outcome != OUTCOME_OK)
		return outcome;
	for (size_t row = 0; row < result_count(proven); row++)
		for (size_t i = 0; i < batch->n; i++) {
			const struct shipment *shipment = batch->items[i]->document;

			if (!uuid_equal(shipment->shipment_id, result_uuid(proven, row, 0)))
				continue;
			item_settles(batch->items[i], result_uuid(proven, row, 1));
			item_note(batch, batch->items[i], "partner-proven", NULL,
				  "the confirmation proves that the request arrived");
		}
	return OUTCOME_OK;
}
