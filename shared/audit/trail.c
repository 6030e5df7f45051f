/* SPDX-License-Identifier: Apache-2.0 */
#include "audit/trail.h"

#include "audit/said.h"

#include "topology_names.h"

#include "worker/outputs.h"

#include <string.h>

#define LEVELS_MAX 16 /* a document's trail has about six */
#define DOUBLINGS_MAX 8
#define INGEST "ingest"
#define ALLOCATE "allocate"

/* A message on its way to a stage. */
struct hop {
	struct uuid message_id, order_id, parent_id;
	const char *parent_stage;
	const struct route *route; /* NULL of the document itself */
	size_t document;           /* its place in the set */
	int64_t said_us;
	bool is_held; /* the journal has it, and a person must decide */
};

struct hops {
	struct hop *items;
	size_t n, max;
};

struct walk {
	struct audit *a;
	const struct audit_set *documents;
	struct hops level, next, open; /* open: not settled, or not for good */
	bool *is_unfinished;           /* by document */
};

/* Ingest has no gates: of what it tries again the timeline tells. */
static const struct statement clues_select = {
    "audit_trail_clues", "UTTU",
    "SELECT u.n, CASE WHEN u.stage = 'dead-letter' THEN l.is_there ELSE EXISTS (SELECT FROM tributary.journal j"
    " WHERE j.message_id = u.message_id AND j.stage = u.stage AND j.outcome = 'done') END,"
    " EXISTS (SELECT FROM tributary.timeline t WHERE t.order_id = u.order_id AND t.message_id = u.message_id"
    " AND t.stage = u.stage AND t.event = 'done'),"
    " coalesce(l.is_open, false) OR coalesce(x.state IN ('open', 'releasing'), false)"
    " OR EXISTS (SELECT FROM tributary.parked p WHERE p.queue = u.queue AND p.message_id = u.message_id),"
    " coalesce(g.reason = 'retry', i.at IS NOT NULL), coalesce(g.since, i.at), greatest(x.closed_at, l.closed_at),"
    " b.last_at, coalesce(b.times, 0)::bigint"
    " FROM unnest($1, $2, $3, $4) WITH ORDINALITY u(message_id, stage, queue, order_id, n)"
    " CROSS JOIN LATERAL (SELECT count(*) > 0 AS is_there, bool_or(state IN ('open', 'replaying')) AS is_open,"
    " max(closed_at) AS closed_at FROM tributary.dead_letters l WHERE l.message_id = u.message_id::text) l"
    " CROSS JOIN LATERAL (SELECT max(t.at) AS at FROM tributary.documents d JOIN tributary.timeline t USING (order_id)"
    " WHERE u.stage = 'ingest' AND d.document_id = u.message_id AND t.message_id = u.message_id AND t.event = 'retry') "
    "i"
    " LEFT JOIN tributary.exceptions x ON x.message_id = u.message_id AND x.stage = u.stage"
    " LEFT JOIN tributary.gates g ON g.queue = u.queue AND g.order_id = u.order_id AND g.head = u.message_id"
    " LEFT JOIN tributary.audit_put_backs b ON b.message_id = u.message_id AND b.queue = u.queue ORDER BY u.n"};

static const struct statement outputs_select = {
    "audit_trail_outputs", "UT",
    "SELECT coalesce(outputs, '') FROM tributary.journal_known WHERE message_id = ($1)[1] AND stage = ($2)[1]"};

/* What was told of stock for an order's backorders, by no document: the trail of the order's document goes on from there, too. */
static const struct statement fills_select = {
    "audit_trail_fills", "U",
    "SELECT DISTINCT u.n, h.caused_by, h.order_id FROM unnest($1) WITH ORDINALITY u(document_id, n) JOIN "
    "tributary.documents d"
    " USING (document_id) JOIN tributary.orders o ON o.order_id = d.order_id AND o.document_id = d.document_id"
    " JOIN tributary.shipments h ON h.order_id = o.order_id AND h.caused_by IS NOT NULL"};

static const struct statement queues_select = {"audit_queues", "",
					       "SELECT queue, known_since FROM tributary.audit_queues"};

enum outcome
trail_queues_read(struct store *store, struct arena *arena, struct routes *routes, struct why *why)
{
	struct result *r;
	enum outcome outcome;

	store_begin(store);
	outcome = store_query(store, rows_new(&queues_select, arena), &r, why);
	for (size_t row = 0; outcome == OUTCOME_OK && row < result_count(r); row++)
		for (size_t i = 0; i < routes->n; i++)
			if (str_equal(str_of(routes->items[i].queue), result_text(r, row, 0)))
				routes->items[i].known_us = result_instant(r, row, 1);
	store_rollback(store);
	return outcome;
}

static int64_t
retry_longest_us(void)
{
	return topology_retry_tiers_count ? topology_retry_tiers[topology_retry_tiers_count - 1].delay_ms * 1000 : 0;
}

static int64_t
later(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

enum trail_step
trail_decide(const struct trail_clue *clue, int64_t now_us, int64_t grace_us)
{
	int64_t since_us = later(clue->said_us, clue->released_us);

	if (clue->is_settled)
		return TRAIL_SETTLED;
	if (clue->is_waiting)
		return TRAIL_WAITS;
	if (clue->is_done_said)
		return TRAIL_UNRECORDED;
	if (clue->is_retried)
		since_us = later(since_us, clue->retried_us + retry_longest_us());
	if (clue->times > 0)
		since_us = later(
		    since_us,
		    clue->put_back_us +
			grace_us * ((INT64_C(1) << (clue->times < DOUBLINGS_MAX ? clue->times : DOUBLINGS_MAX)) - 1));
	return now_us - since_us >= grace_us ? TRAIL_LOST : TRAIL_WAITS;
}

/* Room for one more; NULL without memory. The old array stays in the arena. */
static struct hop *
hop_add(struct hops *hops, struct arena *arena)
{
	if (hops->n == hops->max) {
		size_t max = hops->max ? hops->max * 2 : 256;
		struct hop *more = arena_array(arena, max, sizeof *more);

		if (!more)
			return NULL;
		if (hops->n)
			memcpy(more, hops->items, hops->n * sizeof *more);
		hops->items = more;
		hops->max = max;
	}
	return &hops->items[hops->n++];
}

static const char *
stage_of(const struct hop *h)
{
	return h->route ? h->route->stage : INGEST;
}

static struct str
key_of(struct walk *w, const struct hop *h)
{
	char text[UUID_TEXT_BYTES];

	uuid_format(h->message_id, text);
	return arena_printf(w->a->arena, "%s/%s", text, stage_of(h));
}

static void
report(struct walk *w, const struct hop *h, const char *check, const char *says)
{
	char subject[UUID_TEXT_BYTES];

	uuid_format(w->documents->ids[h->document], subject);
	audit_report(w->a, AUDIT_DOCUMENT, check, str_of(subject), STR("journal"), key_of(w, h), str_of(says));
}

/* What the message said goes on to each queue that is bound for it; false without memory. */
static bool
output_follow(struct walk *w, const struct hop *from, const struct outgoing *m, int64_t said_us)
{
	const struct route *route;
	struct hop *h;
	size_t at = 0;

	while ((route = routes_find(w->a->routes, m->exchange, m->routing_key, &at))) {
		struct uuid id, order_id = {{0}};

		if (said_us < route->known_us || !uuid_parse(m->envelope.message_id, &id))
			continue;
		/* a unit's is the document it is a part of */
		if (strcmp(route->stage, INGEST) == 0 || !uuid_parse(m->envelope.correlation_id, &order_id))
			order_id = (struct uuid){{0}};
		h = hop_add(&w->next, w->a->arena);
		if (!h)
			return false;
		*h = (struct hop){.message_id = id,
				  .order_id = order_id,
				  .parent_id = from->message_id,
				  .parent_stage = stage_of(from),
				  .route = route,
				  .document = from->document,
				  .said_us = said_us};
	}
	return true;
}

static enum outcome
no_memory(struct why *why)
{
	return why_set(why, OUTCOME_DEAD, "too-large", "no memory for the trails of a set of documents");
}

/* A level on its way through the journal. */
struct step {
	struct walk *w;
	bool *is_known; /* by message of the level */
	bool is_full;   /* no memory: so until a row is through */
};

/* One of the level that the journal knows: what it said is the next level. */
static bool
said_follow(void *context, const struct said *said)
{
	struct step *step = context;
	struct walk *w = step->w;
	const struct hop *from = &w->level.items[said->place];
	struct output *outputs;
	struct hop *held;

	step->is_known[said->place] = true;
	step->is_full = true;
	if (!said->is_done) {
		held = hop_add(&w->open, w->a->arena);
		if (!held)
			return false;
		*held = *from;
		held->is_held = true;
	}
	if (said->is_lost)
		report(w, from, "trail", "what it said is not there");
	else if (!outputs_unpack(said->outputs, w->a->arena, &outputs))
		report(w, from, "trail", "what it said cannot be read");
	else
		for (; outputs; outputs = outputs->next)
			if (!output_follow(w, from, &outputs->message, said->settled_us))
				return false;
	step->is_full = false;
	return true;
}

/* One step further for every message of the level. */
static enum outcome
level_follow(struct walk *w, struct why *why)
{
	struct rows *asked = rows_new(&said_asked, w->a->arena);
	struct step step = {.w = w, .is_known = arena_array(w->a->arena, w->level.n, sizeof *step.is_known)};
	enum outcome outcome;

	if (!step.is_known)
		return no_memory(why);
	for (size_t i = 0; i < w->level.n; i++) {
		rows_uuid(asked, w->level.items[i].message_id);
		rows_text(asked, str_of(stage_of(&w->level.items[i])));
	}
	outcome = said_each(w->a->store, w->a->arena, asked, said_follow, &step, why);
	for (size_t i = 0; outcome == OUTCOME_OK && !step.is_full && i < w->level.n; i++) {
		struct hop *open = step.is_known[i] ? NULL : hop_add(&w->open, w->a->arena);

		if (open)
			*open = w->level.items[i];
		step.is_full = !step.is_known[i] && !open;
	}
	w->level = w->next;
	w->next = (struct hops){0};
	return outcome == OUTCOME_OK && step.is_full ? no_memory(why) : outcome;
}

static struct trail_clue
clue_read(const struct result *r, size_t row, const struct hop *h)
{
	return (struct trail_clue){
	    .is_settled = result_bool(r, row, 1),
	    .is_done_said = result_bool(r, row, 2),
	    .is_waiting = result_bool(r, row, 3),
	    .is_retried = result_bool(r, row, 4),
	    .retried_us = result_is_null(r, row, 5) ? 0 : result_instant(r, row, 5),
	    .said_us = h->said_us,
	    .released_us = result_is_null(r, row, 6) ? 0 : result_instant(r, row, 6),
	    .put_back_us = result_is_null(r, row, 7) ? 0 : result_instant(r, row, 7),
	    .times = result_int(r, row, 8),
	};
}

/* The message as its parent said it. False when the parent's row is gone meanwhile, or without memory. */
static bool
lost_load(struct walk *w, const struct hop *h, struct trail_lost *lost)
{
	struct rows *rows = rows_new(&outputs_select, w->a->arena);
	struct output *o = NULL;
	struct result *r;
	struct why ignored = {0};
	struct str packed;

	rows_uuid(rows, h->parent_id);
	rows_text(rows, str_of(h->parent_stage));
	store_begin(w->a->store);
	if (store_query(w->a->store, rows, &r, &ignored) != OUTCOME_OK || result_count(r) == 0)
		return false;
	packed = arena_str(w->a->arena, result_bytes(r, 0, 0));
	if (!packed.p || !outputs_unpack(packed, w->a->arena, &o))
		return false;
	for (; o; o = o->next) {
		struct uuid id;

		if (uuid_parse(o->message.envelope.message_id, &id) && uuid_equal(id, h->message_id))
			break;
	}
	if (!o)
		return false;
	lost->message = o->message;
	lost->message.exchange = STR(EXCHANGE_HOME);
	lost->message.routing_key = arena_printf(w->a->arena, "now.%s", h->route->queue);
	lost->message.mandatory = true;
	return lost->message.routing_key.p != NULL;
}

static void
step_take(struct walk *w, const struct hop *h, const struct trail_clue *clue, int64_t now_us, struct trail *trail)
{
	enum trail_step step = trail_decide(clue, now_us, w->a->grace_s * 1000000);
	struct trail_lost *lost = &trail->lost[trail->lost_count];

	if (h->is_held || !h->route) { /* the journal has it; or its own check tells of it */
		w->is_unfinished[h->document] |= clue->is_waiting;
		return;
	}
	w->is_unfinished[h->document] |= step == TRAIL_WAITS || step == TRAIL_LOST;
	if (step == TRAIL_UNRECORDED)
		report(w, h, "trail", "is missing, and the timeline says done");
	if (clue->times >= TRAIL_TIMES_MAX && (step == TRAIL_WAITS || step == TRAIL_LOST))
		report(w, h, "silent", "was put back again and again, and does not settle");
	if (step != TRAIL_LOST)
		return;
	for (size_t i = 0; i < trail->lost_count; i++) /* it was come to on two ways */
		if (uuid_equal(trail->lost[i].message_id, h->message_id) &&
		    strcmp(trail->lost[i].queue, h->route->queue) == 0)
			return;
	*lost = (struct trail_lost){.message_id = h->message_id,
				    .order_id = h->order_id,
				    .queue = h->route->queue,
				    .stage = h->route->stage,
				    .times = clue->times};
	if (lost_load(w, h, lost))
		trail->lost_count++;
}

/* What is known of those that did not settle. */
static enum outcome
open_judge(struct walk *w, int64_t now_us, struct trail *trail, struct why *why)
{
	struct rows *rows = rows_new(&clues_select, w->a->arena);
	struct trail_clue *clues = arena_array(w->a->arena, w->open.n, sizeof *clues);
	struct result *r;
	enum outcome outcome;

	trail->lost = arena_array(w->a->arena, w->open.n + 1, sizeof *trail->lost);
	if (!clues || !trail->lost)
		return no_memory(why);
	for (size_t i = 0; i < w->open.n; i++) {
		const struct hop *h = &w->open.items[i];

		rows_uuid(rows, h->message_id);
		rows_text(rows, str_of(stage_of(h)));
		rows_text(rows, str_of(h->route ? h->route->queue : ""));
		rows_uuid_or_null(rows, h->order_id);
	}
	store_begin(w->a->store);
	outcome = store_query(w->a->store, rows, &r, why);
	/* An exception is one per stage and message; of two, which is a finding, the first counts. */
	for (size_t row = 0; outcome == OUTCOME_OK && row < result_count(r); row++)
		clues[result_int(r, row, 0) - 1] = clue_read(r, row, &w->open.items[result_int(r, row, 0) - 1]);
	for (size_t i = 0; outcome == OUTCOME_OK && i < w->open.n; i++)
		step_take(w, &w->open.items[i], &clues[i], now_us, trail);
	return outcome;
}

static enum outcome
unfinished_list(struct walk *w, struct trail *trail, struct why *why)
{
	trail->unfinished = arena_array(w->a->arena, w->documents->n, sizeof *trail->unfinished);
	if (!trail->unfinished)
		return no_memory(why);
	for (size_t i = 0; i < w->documents->n; i++)
		if (w->is_unfinished[i])
			trail->unfinished[trail->unfinished_count++] = w->documents->ids[i];
	return OUTCOME_OK;
}

static enum outcome
fills_begin(struct walk *w, struct why *why)
{
	struct rows *rows = rows_new(&fills_select, w->a->arena);
	const struct route *route = NULL;
	struct result *r;
	enum outcome outcome;

	for (size_t i = 0; !route && i < w->a->routes->n; i++)
		if (strcmp(w->a->routes->items[i].stage, ALLOCATE) == 0)
			route = &w->a->routes->items[i];
	if (!route)
		return OUTCOME_OK;
	for (size_t i = 0; i < w->documents->n; i++)
		rows_uuid(rows, w->documents->ids[i]);
	store_begin(w->a->store);
	outcome = store_query(w->a->store, rows, &r, why);
	for (size_t row = 0; outcome == OUTCOME_OK && row < result_count(r); row++) {
		struct hop *h = hop_add(&w->level, w->a->arena);

		if (!h)
			return no_memory(why);
		*h = (struct hop){.message_id = result_uuid(r, row, 1),
				  .order_id = result_uuid(r, row, 2),
				  .route = route,
				  .document = (size_t)result_int(r, row, 0) - 1};
	}
	store_rollback(w->a->store);
	return outcome;
}

enum outcome
trail_follow(struct audit *a, const struct audit_set *documents, int64_t now_us, struct trail *trail, struct why *why)
{
	struct walk w = {.a = a, .documents = documents};
	enum outcome outcome = OUTCOME_OK;

	*trail = (struct trail){0};
	if (documents->n == 0)
		return OUTCOME_OK;
	w.is_unfinished = arena_array(a->arena, documents->n, sizeof *w.is_unfinished);
	for (size_t i = 0; w.is_unfinished && i < documents->n; i++) {
		struct hop *h = hop_add(&w.level, a->arena);

		if (!h)
			return no_memory(why);
		*h = (struct hop){.message_id = documents->ids[i], .document = i};
	}
	if (!w.is_unfinished)
		return no_memory(why);
	outcome = fills_begin(&w, why);
	for (size_t level = 0; outcome == OUTCOME_OK && w.level.n && level < LEVELS_MAX; level++)
		outcome = level_follow(&w, why);
	if (outcome == OUTCOME_OK && w.open.n)
		outcome = open_judge(&w, now_us, trail, why);
	if (outcome == OUTCOME_OK)
		outcome = unfinished_list(&w, trail, why);
	store_rollback(a->store);
	return outcome;
}
