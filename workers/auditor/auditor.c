/* SPDX-License-Identifier: Apache-2.0 */
/*
 * NAME         auditor
 * CONSUMES     nothing: it works by the clock
 * PUBLISHES    to home: messages that were said and never came to a queue, as the journal has them
 * WRITES       audit_cursor, audit_rounds, audit_findings, audit_trails, audit_queues, audit_put_backs; the timeline; the
 *              seals and the days ahead of the timeline, by their functions
 * IDEMPOTENCY  a round that was not saved is done again; a message that is put back has its old id, so that its worker
 *              answers it from the journal when it was only slow. One auditor acts at a time, by a lock of Postgres
 * FAILURES     none of its own: what breaks a book is a finding (names of checks: shared/audit/checks.c, and facts,
 *              trail, silent)
 *
 * A round is bounded: it checks what changed since the last one and came to rest, up to AUDIT_CHANGED_MAX, and AUDIT_SLICE of
 * all that is there, so that every row is seen in a known time. It works a quarter of the time, and a tenth while orders come
 * fast (BUSY_ROWS_S): then it may fall behind, and makes up for that when they do not.
 */
#include "auditor/auditor.h"

#include "auditor/auditor_sql.h"
#include "auditor/waiting.h"
#include "base/instant.h"
#include "base/log.h"
#include "proof/seal.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define ARENA_MAX_BYTES ((size_t)512 << 20)
#define SET_MAX 500                      /* subjects that are checked at a time */
#define STEP_US (INT64_C(600) * 1000000) /* time is read in steps, so that a long absence is made up for bit by bit */
#define STEPS_MAX 100
#define REOPEN_MAX 500
#define SEALS_MAX 10 /* batches of one tick */
/* The fleet needs the machine too: after each step it rests so much longer than it worked. While orders come it takes a tenth
 * of a core, and may fall behind; it makes up for that with a quarter when the fleet is quiet. */
#define RESTS 3
#define RESTS_BUSY 9
#define BUSY_ROWS_S 500 /* rows of the timeline and documents per second; an order makes some 13 of them */
#define REST_MAX_MS 5000
#define BEHIND_MS 100     /* from the end of a round that was not enough to the next */
#define DOCUMENTS_PART 10 /* a document makes about so many lines of the timeline */

struct auditor_state {
	struct arena *arena; /* of one set */
	struct routes *routes;
	bool knows_queues;
	int64_t place, place_us; /* rows written so far, and when that was asked: monotonic_us(), 0: never */
};

/* One round. */
struct round {
	struct batch *batch;
	struct auditor_state *state;
	const struct auditor_config *config;
	struct audit find;  /* finds the sets: its arena lives as long as the round */
	struct audit check; /* checks one of them at a time */
	struct audit_cursor cursor;
	struct audit_round did;
	bool has_more;
};

void
auditor_close(void *state)
{
	struct auditor_state *st = state;

	routes_free(st->routes);
	arena_free(st->arena);
	free(st);
}

enum outcome
auditor_open(const struct setup *setup, void **state, struct why *why)
{
	struct auditor_state *st = calloc(1, sizeof *st);

	if (!st)
		return why_set(why, OUTCOME_DEAD, "config", "no memory");
	*state = st;
	st->arena = arena_new(ARENA_MAX_BYTES);
	st->routes = routes_new(setup->parties);
	return st->arena && st->routes ? OUTCOME_OK : why_set(why, OUTCOME_DEAD, "config", "no memory");
}

static const struct statement queues_put = {
    "auditor_queues", "T",
    "INSERT INTO tributary.audit_queues (queue) SELECT DISTINCT q FROM unnest($1) q ON CONFLICT DO NOTHING"};

/* A queue that is seen for the first time is new. */
static enum outcome
queues_know(struct round *r, struct why *why)
{
	struct rows *rows = rows_new(&queues_put, r->batch->arena);
	enum outcome outcome;

	if (r->state->knows_queues)
		return OUTCOME_OK;
	for (size_t i = 0; i < r->state->routes->n; i++)
		rows_text(rows, str_of(r->state->routes->items[i].queue));
	store_begin(r->batch->store);
	store_send(r->batch->store, rows);
	outcome = store_commit(r->batch->store, why);
	if (outcome == OUTCOME_OK)
		outcome = trail_queues_read(r->batch->store, r->batch->arena, r->state->routes, why);
	r->state->knows_queues = outcome == OUTCOME_OK;
	return outcome;
}

/* --- one set ---------------------------------------------------------------------------------------------------------- */

static enum outcome
lost_put_back(struct round *r, struct trail *trail, struct why *why)
{
	int64_t room = r->config->put_back_max - r->did.put_back;
	size_t n = trail->lost_count < (size_t)room ? trail->lost_count : (size_t)room;
	struct outgoing *messages = arena_array(r->check.arena, n, sizeof *messages);
	enum outcome outcome;

	if (n == 0)
		return OUTCOME_OK;
	if (!messages)
		return why_set(why, OUTCOME_DEAD, "too-large", "no memory for %zu messages", n);
	for (size_t i = 0; i < n; i++) {
		messages[i] = trail->lost[i].message;
		messages[i].envelope.said_us = r->cursor.now_us;
	}
	outcome = batch_publish(r->batch, messages, n, why);
	if (outcome == OUTCOME_OK)
		outcome = audit_put_backs_save(&r->check, trail->lost, n, instant_now_us(), why);
	if (outcome != OUTCOME_OK)
		return outcome;
	for (size_t i = 0; i < n; i++) {
		log_line(LOG_LEVEL_WARN, "put-back", "queue=%s type=%.*s message=%.*s order=%.*s times=%" PRId64,
			 trail->lost[i].queue, STR_ARGS(messages[i].envelope.type),
			 STR_ARGS(messages[i].envelope.message_id), STR_ARGS(messages[i].envelope.correlation_id),
			 trail->lost[i].times + 1);
		batch_count(r->batch, "put_back_total", "", trail->lost[i].stage, 1);
	}
	r->did.put_back += (int64_t)n;
	return OUTCOME_OK;
}

static enum outcome
trails_follow(struct round *r, const struct audit_set *documents, struct why *why)
{
	struct trail trail;
	int64_t now_us = r->cursor.now_us;
	enum outcome outcome = trail_follow(&r->check, documents, now_us, &trail, why);

	if (outcome == OUTCOME_OK)
		outcome = lost_put_back(r, &trail, why);
	if (outcome == OUTCOME_OK)
		outcome = audit_trails_save(&r->check, documents, &trail, now_us + r->config->grace_s * 1000000, why);
	return outcome;
}

static void
did_count(struct round *r, const struct audit_set *set)
{
	r->did.orders += set->scope == AUDIT_ORDER ? (int64_t)set->n : 0;
	r->did.documents += set->scope == AUDIT_DOCUMENT ? (int64_t)set->n : 0;
	r->did.items += set->scope == AUDIT_STOCK ? (int64_t)set->n : 0;
	r->did.findings += (int64_t)r->check.findings_count;
	batch_count(r->batch, "checked_total", "", audit_scope_name(set->scope), (int64_t)set->n);
}

static enum outcome
part_check(struct round *r, const struct audit_set *part, struct why *why)
{
	int64_t began_us = instant_now_us();
	enum outcome outcome;

	audit_clear(&r->check);
	outcome = audit_check(&r->check, part, why);
	if (outcome == OUTCOME_OK && part->scope == AUDIT_DOCUMENT)
		outcome = trails_follow(r, part, why);
	for (const struct audit_finding *f = r->check.findings; f; f = f->next)
		log_line(LOG_LEVEL_WARN, "finding", "check=%s table=%.*s key=\"%.*s\"", f->check, STR_ARGS(f->table),
			 STR_ARGS(f->key));
	if (outcome == OUTCOME_OK)
		outcome = audit_findings_save(&r->check, part, began_us, why);
	if (outcome == OUTCOME_OK)
		did_count(r, part);
	return outcome;
}

int64_t
auditor_rest_ms(int64_t worked_us, int64_t rows, int64_t elapsed_us)
{
	bool is_busy = rows * 1000000 >= elapsed_us * BUSY_ROWS_S;
	int64_t ms = worked_us * (is_busy ? RESTS_BUSY : RESTS) / 1000;

	return ms < REST_MAX_MS ? ms : REST_MAX_MS;
}

/* After a step that began then, for as long as what was written since the step before allows. */
static enum outcome
rest(struct batch *batch, int64_t began_us, struct why *why)
{
	struct auditor_state *st = batch->state;
	struct arena_mark mark = arena_mark(batch->arena);
	int64_t place, rows, elapsed_us, now_us = monotonic_us();
	enum outcome outcome = audit_place_read(batch->store, batch->arena, &place, why);

	arena_rewind(batch->arena, mark);
	if (outcome != OUTCOME_OK)
		return outcome;
	rows = st->place_us ? place - st->place : 0;
	elapsed_us = now_us - st->place_us;
	st->place = place;
	st->place_us = now_us;
	if (batch_rest(batch, auditor_rest_ms(now_us - began_us, rows, elapsed_us)) && batch_pump(batch))
		return OUTCOME_OK;
	return why_set(why, OUTCOME_AWAY, "stopping", "stopped within a round");
}

/* In parts; after each one the process may be stopped. */
static enum outcome
set_check(struct round *r, const struct audit_set *set, struct why *why)
{
	enum outcome outcome = OUTCOME_OK;

	for (size_t at = 0; outcome == OUTCOME_OK && at < set->n; at += SET_MAX) {
		struct audit_set part = *set;
		int64_t began_us = monotonic_us();

		part.ids += at;
		part.items += at;
		part.n = set->n - at < SET_MAX ? set->n - at : SET_MAX;
		outcome = part_check(r, &part, why);
		if (outcome == OUTCOME_OK)
			outcome = rest(r->batch, began_us, why);
	}
	return outcome;
}

/* --- which sets ------------------------------------------------------------------------------------------------------- */

/* Nothing older than the horizon commits any more: all that were under way when it was set have ended. */
static void
horizon_move(struct round *r)
{
	struct audit_cursor *c = &r->cursor;

	if (c->oldest_xid < c->next_horizon_xid)
		return;
	c->horizon_us = c->next_horizon_us;
	c->next_horizon_us = c->now_us - r->config->lag_s * 1000000;
	c->next_horizon_xid = c->next_xid;
}

typedef enum outcome (*changed_fn)(struct audit *a, const struct audit_span *span, struct audit_set *set,
				   int64_t *read_us, struct why *why);

/* Steps over the time in which nothing happened. An order that goes on changing is left to the round that reads its last
 * change: that is written already, behind what this round reads, and no round leaves anything of the timeline out. */
static enum outcome
changed_read(struct round *r, changed_fn changed, int64_t *since_us, int64_t max, struct audit_set *set,
	     struct why *why)
{
	int64_t step_us = STEP_US;
	enum outcome outcome = OUTCOME_OK;

	set->n = 0;
	for (int i = 0; outcome == OUTCOME_OK && set->n == 0 && i < STEPS_MAX && *since_us < r->cursor.horizon_us;
	     i++) {
		struct audit_span span = {*since_us, *since_us + step_us, r->cursor.now_us, max};
		int64_t began_us = monotonic_us(), read_us;

		span.until_us = span.until_us < r->cursor.horizon_us ? span.until_us : r->cursor.horizon_us;
		outcome = changed(&r->find, &span, set, &read_us, why);
		if (outcome == OUTCOME_OK)
			*since_us = read_us;
		/* In a burst whole windows have no order that came to rest. */
		if (outcome == OUTCOME_OK && set->n == 0)
			outcome = rest(r->batch, began_us, why);
		step_us *= 2;
	}
	r->has_more |= *since_us < r->cursor.horizon_us;
	return outcome;
}

static enum outcome
changed_check(struct round *r, struct why *why)
{
	struct audit_cursor *c = &r->cursor;
	int64_t max = r->config->changed_max;
	struct audit_set orders = {.scope = AUDIT_ORDER}, documents = {.scope = AUDIT_DOCUMENT}, items;
	enum outcome outcome = changed_read(r, audit_changed_orders, &c->orders_since_us, max, &orders, why);

	if (outcome == OUTCOME_OK)
		outcome = set_check(r, &orders, why);
	if (outcome == OUTCOME_OK)
		outcome = audit_trails_reopen(&r->find, &orders, why);
	if (outcome == OUTCOME_OK)
		outcome = audit_items_of(&r->find, &orders, &items, why);
	if (outcome == OUTCOME_OK)
		outcome = set_check(r, &items, why);
	if (outcome == OUTCOME_OK)
		outcome = changed_read(r, audit_changed_documents, &c->documents_since_us, max / DOCUMENTS_PART,
				       &documents, why);
	return outcome == OUTCOME_OK ? set_check(r, &documents, why) : outcome;
}

static enum outcome
again_check(struct round *r, struct why *why)
{
	struct audit_set set;
	enum outcome outcome = OUTCOME_OK;

	for (int scope = AUDIT_ORDER; outcome == OUTCOME_OK && scope <= AUDIT_STOCK; scope++) {
		outcome = audit_findings_open(&r->find, (enum audit_scope)scope, REOPEN_MAX, &set, why);
		if (outcome == OUTCOME_OK)
			outcome = set_check(r, &set, why);
	}
	if (outcome == OUTCOME_OK)
		outcome =
		    audit_trails_due(&r->find, r->cursor.now_us, r->config->changed_max / DOCUMENTS_PART, &set, why);
	return outcome == OUTCOME_OK ? set_check(r, &set, why) : outcome;
}

/* When the last were seen it goes on with the first. */
static struct uuid
slice_end(const struct audit_set *set, int64_t max)
{
	return (int64_t)set->n < max ? (struct uuid){{0}} : set->ids[set->n - 1];
}

static enum outcome
slice_check(struct round *r, struct why *why)
{
	struct audit_cursor *c = &r->cursor;
	int64_t max = r->config->slice;
	struct audit_set set;
	enum outcome outcome = audit_next_orders(&r->find, c->orders_after, max, &set, why);

	if (outcome == OUTCOME_OK)
		outcome = set_check(r, &set, why);
	if (outcome != OUTCOME_OK)
		return outcome;
	c->orders_after = slice_end(&set, max);
	if (uuid_is_nil(c->orders_after)) {
		c->orders_passed_us = c->pass_began_us;
		c->pass_seconds = (c->now_us - c->pass_began_us) / 1000000;
		c->pass_began_us = c->now_us;
	}
	outcome = audit_next_documents(&r->find, c->documents_after, max, &set, why);
	if (outcome == OUTCOME_OK)
		outcome = set_check(r, &set, why);
	if (outcome != OUTCOME_OK)
		return outcome;
	c->documents_after = slice_end(&set, max);
	outcome = audit_next_items(&r->find, c->stock_after, max, &set, why);
	if (outcome == OUTCOME_OK)
		outcome = set_check(r, &set, why);
	if (outcome == OUTCOME_OK)
		c->stock_after = (int64_t)set.n < max ? STR("") : set.items[set.n - 1];
	return outcome;
}

/* The series are few: all of them, and what was found of one before. */
static enum outcome
numbers_check(struct round *r, struct why *why)
{
	struct audit_set set;
	int64_t began_us = instant_now_us();
	enum outcome outcome = audit_findings_open(&r->find, AUDIT_NUMBERS, REOPEN_MAX, &set, why);

	audit_clear(&r->check);
	if (outcome == OUTCOME_OK)
		outcome = audit_check(&r->check, &set, why);
	r->did.findings += (int64_t)r->check.findings_count;
	return outcome == OUTCOME_OK ? audit_findings_save(&r->check, &set, began_us, why) : outcome;
}

/* --- the round -------------------------------------------------------------------------------------------------------- */

static enum outcome
figures_tell(struct round *r, struct why *why)
{
	static const char *const others[] = {"facts", "trail", "silent"};
	const struct audit_cursor *c = &r->cursor;
	int64_t since_us = c->orders_since_us < c->documents_since_us ? c->orders_since_us : c->documents_since_us;
	struct audit_count *counts;
	size_t n = 0;
	enum outcome outcome = audit_findings_count(r->batch->store, r->batch->arena, &counts, &n, why);

	if (outcome != OUTCOME_OK)
		return outcome;
	for (size_t i = 0; i < audit_checks_count; i++)
		batch_count(r->batch, "findings", "", audit_checks[i].name, 0);
	for (size_t i = 0; i < COUNT_OF(others); i++)
		batch_count(r->batch, "findings", "", others[i], 0);
	for (size_t i = 0; i < n; i++)
		batch_count(r->batch, "findings", "", arena_text(r->batch->arena, counts[i].check), counts[i].n);
	batch_count(r->batch, "rounds_total", "", NULL, 1);
	batch_count(r->batch, "round_milliseconds", "", NULL, r->did.took_ms);
	batch_count(r->batch, "unchecked_seconds", "", "changed", (c->now_us - since_us) / 1000000);
	batch_count(r->batch, "unchecked_seconds", "", "slice",
		    (c->now_us - (c->orders_passed_us ? c->orders_passed_us : c->pass_began_us)) / 1000000);
	return OUTCOME_OK;
}

static enum outcome
round_run(struct round *r, struct why *why)
{
	int64_t began_us = monotonic_us();
	enum outcome outcome = audit_session(&r->find, why);

	if (outcome == OUTCOME_OK)
		outcome = audit_cursor_read(r->batch->store, r->batch->arena, &r->cursor, why);
	if (outcome == OUTCOME_OK)
		outcome = queues_know(r, why);
	if (outcome != OUTCOME_OK)
		return outcome;
	r->did.began_us = r->cursor.now_us;
	horizon_move(r);
	outcome = changed_check(r, why);
	if (outcome == OUTCOME_OK)
		outcome = again_check(r, why);
	if (outcome == OUTCOME_OK)
		outcome = slice_check(r, why);
	if (outcome == OUTCOME_OK)
		outcome = numbers_check(r, why);
	if (outcome != OUTCOME_OK)
		return outcome;
	r->cursor.rounds++;
	r->did.took_ms = (monotonic_us() - began_us) / 1000;
	outcome = audit_round_save(r->batch->store, r->batch->arena, &r->cursor, &r->did, why);
	log_line(LOG_LEVEL_INFO, "round",
		 "round=%" PRId64 " took_ms=%" PRId64 " orders=%" PRId64 " documents=%" PRId64 " items=%" PRId64
		 " findings=%" PRId64 " put_back=%" PRId64,
		 r->cursor.rounds, r->did.took_ms, r->did.orders, r->did.documents, r->did.items, r->did.findings,
		 r->did.put_back);
	if (outcome == OUTCOME_OK)
		outcome = figures_tell(r, why);
	return outcome == OUTCOME_OK ? waiting_tell(r->batch, why) : outcome;
}

/* What was written down since the last time is sealed; what is much is sealed over several ticks. */
static enum outcome
rows_seal(struct batch *batch, struct why *why)
{
	enum outcome outcome = OUTCOME_OK;
	int64_t sealed = SEAL_ROWS_MAX;

	for (int i = 0; i < SEALS_MAX && outcome == OUTCOME_OK && sealed >= SEAL_ROWS_MAX / 2; i++) {
		int64_t began_us = monotonic_us();

		outcome = seal_run(batch->store, SEAL_ROWS_MAX, &sealed, why);
		if (outcome == OUTCOME_OK) {
			batch_count(batch, "sealed_rows_total", "", NULL, sealed);
			outcome = rest(batch, began_us, why);
		}
	}
	return outcome;
}

/* What cannot be made now is made by a later tick; until then its rows are taken by timeline_default. */
static enum outcome
days_make(struct batch *batch, struct why *why)
{
	int64_t made = 0;
	struct why not_now = {0};
	enum outcome outcome = audit_days_make(batch->store, batch->arena, &made, &not_now);

	if (outcome == OUTCOME_AWAY) {
		*why = not_now;
		return outcome;
	}
	if (outcome != OUTCOME_OK)
		log_line(LOG_LEVEL_WARN, "days-ahead", "code=%s text=\"%s\"", not_now.code, not_now.text);
	else if (made)
		log_line(LOG_LEVEL_INFO, "days-ahead", "made=%" PRId64, made);
	return OUTCOME_OK;
}

enum outcome
auditor_tick(struct batch *batch, int64_t *next_ms, struct why *why)
{
	struct auditor_state *st = batch->state;
	const struct auditor_config *config = batch->config;
	struct round r = {.batch = batch, .state = st, .config = config};
	bool is_ours = false;
	enum outcome outcome = audit_lock(batch->store, batch->arena, &is_ours, why);

	if (outcome != OUTCOME_OK)
		return outcome;
	*next_ms = config->every_ms;
	if (!is_ours)
		return OUTCOME_OK;
	outcome = rows_seal(batch, why);
	if (outcome == OUTCOME_OK)
		outcome = days_make(batch, why);
	if (outcome != OUTCOME_OK) {
		audit_unlock(batch->store, batch->arena);
		return outcome;
	}
	audit_init(&r.find, batch->store, batch->arena, st->routes, config->grace_s);
	audit_init(&r.check, batch->store, st->arena, st->routes, config->grace_s);
	outcome = round_run(&r, why);
	audit_unlock(batch->store, batch->arena);
	if (outcome == OUTCOME_OK && r.has_more && BEHIND_MS < config->every_ms)
		*next_ms = BEHIND_MS;
	return outcome;
}
