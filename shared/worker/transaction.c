/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Brings a set of items to a committed end. One transaction does it for all of them; if it fails on one item's account,
 * halves are tried until that item stands alone; if a server is away, everything waits and nothing is counted against
 * anybody.
 */
#include "worker/skeleton.h"

#include "base/instant.h"
#include "base/log.h"
#include "worker/settle_sql.h"

#include <stdlib.h>

#define CONFLICT_TRIES 4
#define SUSPECT_TRIES 3
#define BACKOFF_FIRST_MS 100
#define BACKOFF_MAX_MS 5000
#define RETENTION_MIN_US (INT64_C(30) * 86400 * 1000000) /* nothing younger goes (migrations/0024_retention.sql) */

/* Which part of the way one transaction covers. */
enum phase {
	PHASE_WHOLE,   /* handle and settle */
	PHASE_PREPARE, /* only what must be written before the outside is asked */
	PHASE_RECORD,  /* the outside was asked: handle and settle */
};

static int
by_order(const void *a, const void *b)
{
	const struct item *x = *(struct item *const *)a, *y = *(struct item *const *)b;
	int order = uuid_compare(x->order_id, y->order_id);

	return order ? order : uuid_compare(x->message_id, y->message_id);
}

static int
by_key(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

/* Every process locks in the same order, so that two of them never wait for each other. */
static enum outcome
locks_take(struct skeleton *s, struct item **items, size_t n, struct why *why)
{
	struct rows *rows = rows_new(&sql_lock, s->arena);
	int64_t *keys = arena_array(s->arena, n, sizeof *keys);

	if (!keys)
		return why_set(why, OUTCOME_DEAD, "too-large", "the batch needs more memory than it may have");
	for (size_t i = 0; i < n; i++)
		keys[i] = items[i]->private->lock_key;
	qsort(keys, n, sizeof *keys, by_key);
	for (size_t i = 0; i < n; i++)
		rows_int(rows, keys[i]);
	store_send(s->store, rows);
	return OUTCOME_OK;
}

static void
known_apply(struct item *item, const struct result *known, size_t row)
{
	struct item_private *p = item->private;
	struct why why = {0};

	/* A replay makes the journal forget that it was held or dead. */
	if (!result_is_null(known, row, 1) && (!p->is_preview || str_equal(result_text(known, row, 1), STR("done")))) {
		p->state = ITEM_ANSWERED;
		p->settled_us = result_instant(known, row, 4);
		p->is_torn = result_is_null(known, row, 2) && p->settled_us > instant_now_us() - RETENTION_MIN_US;
		p->recorded = result_is_null(known, row, 2) ? STR("") : result_bytes(known, row, 2);
		p->outputs_id = result_uuid(known, row, 6);
		item->outcome = OUTCOME_OK;
		return;
	}
	p->gate = result_uuid(known, row, 3);
	if (!p->has_gate)
		return;
	/* The queue has several readers: another one may have the earlier message in hand, and not be done. */
	if (uuid_is_nil(p->gate) && result_bool(known, row, 5)) {
		p->gate = p->after;
		p->opens_gate = p->entry_state == ITEM_OPEN;
	}
	p->is_head = uuid_equal(p->gate, item->message_id);
	/* What was asked of the outside has its answer to be written down; what is dead or dismissed waits for nobody.
	 */
	if (!p->is_head && p->entry_state == ITEM_OPEN) {
		p->state = ITEM_GATED;
		item->outcome = why_set(&why, OUTCOME_PARKED, "parked",
					"waits behind an earlier message of its order that has not settled");
		item->why = why;
	}
}

/* What the journal and the gates know about each item. */
static enum outcome
known_read(struct skeleton *s, struct item **items, size_t n, struct why *why)
{
	struct rows *rows = rows_new(&sql_known, s->arena);
	struct result *known;
	enum outcome outcome;

	for (size_t i = 0; i < n; i++) {
		rows_uuid(rows, items[i]->message_id);
		rows_text(rows, str_of(s->worker->name));
		rows_text(rows, items[i]->delivery->queue);
		rows_uuid_or_null(rows, items[i]->order_id);
		rows_uuid_or_null(rows, items[i]->private->after);
	}
	outcome = store_query(s->store, rows, &known, why);
	if (outcome != OUTCOME_OK)
		return outcome;
	for (size_t row = 0; row < result_count(known); row++) {
		struct item *item = items[result_int(known, row, 0) - 1];

		known_apply(item, known, row);
		/* The row goes with the transaction's results; what is published later must outlive it. */
		item->private->recorded = arena_str(s->arena, item->private->recorded);
		if (!item->private->recorded.p)
			return why_set(why, OUTCOME_DEAD, "too-large", "no memory for what was said before");
	}
	return OUTCOME_OK;
}

enum outcome
known_look(struct skeleton *s, struct item *item, struct why *why)
{
	enum outcome outcome = locks_take(s, &item, 1, why);

	return outcome == OUTCOME_OK ? known_read(s, &item, 1, why) : outcome;
}

struct batch
batch_of(struct skeleton *s, struct item **items, size_t n)
{
	return (struct batch){
	    .items = items,
	    .n = n,
	    .arena = s->arena,
	    .store = s->store,
	    .state = s->state,
	    .config = s->worker_config,
	    .parties = s->parties,
	    .now_us = instant_now_us(),
	    .skeleton = s,
	};
}

/* Between prepare and record a gate opened: the item was not prepared, so it is not done. It comes again. */
static void
unprepared_fail(struct item **items, size_t n)
{
	struct why why = {0};

	for (size_t i = 0; i < n; i++)
		if (items[i]->private->state == ITEM_OPEN)
			item_fail(items[i], why_set(&why, OUTCOME_RETRY, "order-busy", "its order was busy elsewhere"),
				  &why);
}

/* Gives the handler those items that still need it. */
static enum outcome
handler_run(struct skeleton *s, struct item **items, size_t n, enum phase phase, struct why *why)
{
	const struct handler *h = items[0]->private->handler;
	struct batch batch = batch_of(s, arena_array(s->arena, n, sizeof(struct item *)), 0);
	enum item_state wanted = phase == PHASE_RECORD ? ITEM_CALLED : ITEM_OPEN;

	if (!batch.items)
		return why_set(why, OUTCOME_DEAD, "too-large", "the batch needs more memory than it may have");
	if (phase == PHASE_RECORD)
		unprepared_fail(items, n);
	for (size_t i = 0; i < n; i++)
		if (items[i]->private->state == wanted)
			batch.items[batch.n++] = items[i];
	if (!batch.n)
		return OUTCOME_OK;
	return phase == PHASE_PREPARE ? h->prepare(&batch, why) : h->handle(&batch, why);
}

/* Not when the handler had nothing to do: what it remembers is of a transaction before, then. */
static void
committed_tell(struct skeleton *s, struct item **items, size_t n, enum phase phase)
{
	const struct handler *h = items[0]->private->handler;
	enum item_state wanted = phase == PHASE_RECORD ? ITEM_CALLED : ITEM_OPEN;
	bool was_run = false;

	for (size_t i = 0; i < n; i++)
		was_run |= items[i]->private->state == wanted;
	if (was_run && phase != PHASE_PREPARE && h && h->committed)
		h->committed(s->state);
}

static enum outcome
transaction_run(struct skeleton *s, struct item **items, size_t n, enum phase phase, struct why *why)
{
	enum outcome outcome = store_connect(s->store, why);
	int64_t began_us = monotonic_us();

	if (outcome != OUTCOME_OK)
		return outcome;
	qsort(items, n, sizeof(struct item *), by_order);
	store_begin(s->store);
	if (!s->worker->is_final) {
		outcome = locks_take(s, items, n, why);
		if (outcome == OUTCOME_OK)
			outcome = known_read(s, items, n, why);
	}
	if (outcome == OUTCOME_OK)
		outcome = handler_run(s, items, n, phase, why);
	if (outcome == OUTCOME_OK && phase != PHASE_PREPARE) {
		outcome = settle_write(s, items, n, why);
		fault_point(s, STEP_HANDLE);
	}
	if (outcome == OUTCOME_OK)
		outcome = store_commit(s->store, why);
	else
		store_rollback(s->store);
	if (outcome == OUTCOME_OK) {
		s->work_us = monotonic_us() - began_us;
		committed_tell(s, items, n, phase);
	}
	return outcome;
}

bool
away_wait(struct skeleton *s, const struct why *why, int64_t *backoff_ms)
{
	if (*backoff_ms == 0)
		log_why(LOG_LEVEL_WARN, "away", why);
	metrics_gauge(s->metrics, GAUGE_POSTGRES_UP, 0);
	*backoff_ms = *backoff_ms ? *backoff_ms * 2 : BACKOFF_FIRST_MS;
	if (*backoff_ms > BACKOFF_MAX_MS)
		*backoff_ms = BACKOFF_MAX_MS;
	return skeleton_sleep(s, *backoff_ms / 2 + rand() % (*backoff_ms / 2 + 1));
}

/* It spoils its transaction all by itself: that is how it ends. */
static void
culprit_force(struct item *item, enum outcome outcome, const struct why *why)
{
	/* Even its dead letter cannot be written: a bug. Redelivery and the delivery limit end it. */
	if (item->private->entry_state == ITEM_FORCED && item->private->entry_outcome == OUTCOME_DEAD) {
		log_why(LOG_LEVEL_ERROR, "bug", why);
		abort();
	}
	item_force(item, outcome, why);
}

/* What is waited for instead of counted against a message. Nobody comes after a final worker: it always waits. */
static bool
is_waited_for(const struct skeleton *s, enum outcome outcome, size_t n)
{
	return outcome == OUTCOME_AWAY || (s->worker->is_final && (outcome == OUTCOME_RETRY || n == 1));
}

/* The transaction failed on account of one of the items: halves find out which, without the others paying. */
static bool
items_run(struct skeleton *s, struct item **items, size_t n, enum phase phase)
{
	struct arena_mark mark = arena_mark(s->arena);
	int64_t backoff_ms = 0;
	int conflicts = 0;

	for (;;) {
		struct why why = {0};
		enum outcome outcome;

		for (size_t i = 0; i < n; i++)
			item_reset(items[i]);
		outcome = transaction_run(s, items, n, phase, &why);
		if (outcome == OUTCOME_OK) {
			metrics_gauge(s->metrics, GAUGE_POSTGRES_UP, 1);
			return true;
		}
		metrics_count(s->metrics, COUNTER_BATCH_RERUNS, 1);
		arena_rewind(s->arena, mark);
		if (is_waited_for(s, outcome, n)) {
			if (!away_wait(s, &why, &backoff_ms))
				return false;
			if (!store_is_connected(s->store))
				metrics_count(s->metrics, COUNTER_POSTGRES_RECONNECTS, 1);
		} else if (outcome == OUTCOME_RETRY && ++conflicts < CONFLICT_TRIES) {
			if (!skeleton_sleep(s, 5 + rand() % 20))
				return false;
		} else if (n > 1) {
			return items_run(s, items, n / 2, phase) && items_run(s, items + n / 2, n - n / 2, phase);
		} else {
			culprit_force(items[0], outcome, &why);
			if (phase == PHASE_PREPARE)
				return true;
			phase = PHASE_WHOLE;
			conflicts = 0;
		}
	}
}

/* Asks the outside for the prepared items, in no transaction. */
static bool
items_call(struct skeleton *s, struct item **items, size_t n)
{
	struct batch batch = batch_of(s, arena_array(s->arena, n, sizeof(struct item *)), 0);
	struct why why = {0};
	enum outcome outcome;

	if (!batch.items)
		return false;
	for (size_t i = 0; i < n; i++)
		if (items[i]->private->state == ITEM_OPEN && items[i]->outcome == OUTCOME_OK)
			batch.items[batch.n++] = items[i];
	outcome = batch.n ? items[0]->private->handler->call(&batch, &why) : OUTCOME_OK;
	for (size_t i = 0; i < batch.n; i++) {
		struct item_private *p = batch.items[i]->private;

		if (outcome != OUTCOME_OK)
			item_fail(batch.items[i], outcome, &why);
		p->state = p->entry_state = ITEM_CALLED;
		p->was_called = true;
		p->entry_outcome = batch.items[i]->outcome;
		p->entry_why = batch.items[i]->why;
	}
	return true;
}

/* An item that prepare() refused keeps that outcome; one that is answered or gated is looked at again. */
static void
items_after_prepare(struct item **items, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (items[i]->private->state == ITEM_OPEN && items[i]->outcome != OUTCOME_OK)
			item_force(items[i], items[i]->outcome, &items[i]->why);
}

/* All of one handler, no order twice. */
static bool
set_settle(struct skeleton *s, struct item **items, size_t n)
{
	const struct handler *h = items[0]->private->handler;

	if (!h || !h->call)
		return items_run(s, items, n, PHASE_WHOLE);
	if (!items_run(s, items, n, PHASE_PREPARE))
		return false;
	fault_point(s, STEP_PREPARE);
	items_after_prepare(items, n);
	if (!items_call(s, items, n))
		return false;
	fault_point(s, STEP_CALL);
	return items_run(s, items, n, PHASE_RECORD);
}

/*
 * Each handler's items are a transaction of their own: two handlers that lock the same tables could not keep to one
 * order of locks otherwise.
 */
static bool
round_settle(struct skeleton *s, struct item **items, size_t n)
{
	struct item **set = arena_array(s->arena, n, sizeof(struct item *));

	if (!set)
		return false;
	for (size_t h = 0; h <= s->worker->handlers_count; h++) {
		const struct handler *handler = h < s->worker->handlers_count ? &s->worker->handlers[h] : NULL;
		size_t count = 0;

		for (size_t i = 0; i < n; i++)
			if (items[i]->private->handler == handler)
				set[count++] = items[i];
		if (count && !set_settle(s, set, count))
			return false;
	}
	return true;
}

/* A batch may hold several messages of one order: each goes in a round of its own, in the order they came. */
static int
by_key_and_place(const void *a, const void *b)
{
	const struct item *x = *(struct item *const *)a, *y = *(struct item *const *)b;

	if (x->private->lock_key != y->private->lock_key)
		return x->private->lock_key < y->private->lock_key ? -1 : 1;
	return delivery_compare(x->delivery, y->delivery);
}

static size_t
rounds_assign(struct item **sorted, size_t n)
{
	size_t rounds = n ? 1 : 0;

	qsort(sorted, n, sizeof(struct item *), by_key_and_place);
	for (size_t i = 1; i < n; i++) {
		struct item_private *p = sorted[i]->private, *before = sorted[i - 1]->private;

		p->round = p->lock_key == before->lock_key ? before->round + 1 : 0;
		if (p->round >= rounds)
			rounds = p->round + 1;
	}
	return rounds;
}

static bool
rounds_settle(struct skeleton *s, struct item **items, size_t n)
{
	struct item **sorted = arena_array(s->arena, n, sizeof(struct item *)),
		    **round = arena_array(s->arena, n, sizeof(struct item *));
	size_t rounds;

	if (!sorted || !round)
		return false;
	for (size_t i = 0; i < n; i++)
		sorted[i] = items[i];
	rounds = rounds_assign(sorted, n);
	for (size_t r = 0; r < rounds; r++) {
		size_t count = 0;

		for (size_t i = 0; i < n; i++)
			if (sorted[i]->private->round == r)
				round[count++] = sorted[i];
		if (!round_settle(s, round, count))
			return false;
	}
	return true;
}

/*
 * A message that came back again and again may be what kills this process. It is tried alone, after the others have
 * their end, and each try is committed before it begins: what is begun too often is dead, and its neighbours, which
 * came back as often, are not.
 */
static bool
suspect_begin(struct skeleton *s, struct item *item)
{
	int64_t backoff_ms = 0, begun = 0;

	for (;;) {
		struct rows *rows = rows_new(&sql_attempt, s->arena);
		struct why why = {0};
		struct result *counted;
		enum outcome outcome = store_connect(s->store, &why);

		rows_uuid(rows, item->message_id);
		rows_text(rows, str_of(s->worker->name));
		rows_instant(rows, instant_now_us());
		if (outcome == OUTCOME_OK) {
			store_begin(s->store);
			outcome = store_query(s->store, rows, &counted, &why);
		}
		if (outcome == OUTCOME_OK) {
			begun = result_int(counted, 0, 0);
			outcome = store_commit(s->store, &why);
		}
		if (outcome == OUTCOME_OK)
			break;
		store_rollback(s->store);
		if (!away_wait(s, &why, &backoff_ms))
			return false;
	}
	if (begun > SUSPECT_TRIES && item->private->entry_state == ITEM_OPEN) {
		struct why why = {0};

		item_force(item,
			   why_set(&why, OUTCOME_DEAD, "crash-loop",
				   "begun alone %d times and never settled: it ends the process that handles it",
				   SUSPECT_TRIES),
			   &why);
	}
	return true;
}

/* Later messages of a suspect's order must not overtake it. */
static void
suspects_spread(struct item **items, size_t n)
{
	for (size_t i = 0; i < n; i++)
		for (size_t j = i + 1; items[i]->private->is_suspect && j < n; j++)
			if (items[j]->private->lock_key == items[i]->private->lock_key)
				items[j]->private->is_suspect = true;
}

bool
items_settle(struct skeleton *s, struct item **items, size_t n)
{
	struct item **calm = arena_array(s->arena, n, sizeof(struct item *));
	size_t count = 0;

	if (!calm)
		return false;
	suspects_spread(items, n);
	for (size_t i = 0; i < n; i++)
		if (!items[i]->private->is_suspect && !items[i]->private->is_preview)
			calm[count++] = items[i];
	if (count && !rounds_settle(s, calm, count))
		return false;
	for (size_t i = 0; i < n; i++)
		if (items[i]->private->is_preview && !preview_run(s, items[i]))
			return false;
	for (size_t i = 0; i < n; i++)
		if (items[i]->private->is_suspect && !items[i]->private->is_preview &&
		    (!suspect_begin(s, items[i]) || !rounds_settle(s, &items[i], 1)))
			return false;
	return true;
}
