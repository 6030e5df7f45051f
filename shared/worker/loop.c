/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The loop: take a batch, settle it, deliver it, one line of log per message.
 */
#include "worker/skeleton.h"

#include "base/instant.h"
#include "base/log.h"

#include <inttypes.h>
#include <stdlib.h>

#define IDLE_US INT64_C(500000)
#define STORE_RETRY_US INT64_C(5000000)
#define LINGER_PART 2 /* of what the last transaction took */
#define LINGER_MAX_US INT64_C(15000)
#define LINGER_TIMES 2             /* so long in all */
#define LOG_HELD_US INT64_C(50000) /* a line each for many messages a second: whoever takes them is woken less often */

/* On a quiet day too it must be known whether the database is there. */
static void
store_look_after(struct skeleton *s)
{
	struct why why = {0};
	int64_t now_us = monotonic_us();

	store_look(s->store);
	if (!store_is_connected(s->store) && now_us - s->store_tried_us >= STORE_RETRY_US) {
		s->store_tried_us = now_us;
		if (store_connect(s->store, &why) == OUTCOME_OK)
			metrics_count(s->metrics, COUNTER_POSTGRES_RECONNECTS, 1);
	}
	metrics_gauge(s->metrics, GAUGE_POSTGRES_UP, store_is_connected(s->store));
}

void
gauges_update(struct skeleton *s)
{
	metrics_gauge(s->metrics, GAUGE_AMQP_CONSUMING,
		      s->worker->tick ? broker_is_connected(s->broker) : broker_is_consuming(s->broker));
	metrics_gauge(s->metrics, GAUGE_LOOP_AT_US, monotonic_us());
	metrics_gauge(s->metrics, GAUGE_DRAINING, skeleton_is_stopping());
	metrics_gauge(s->metrics, GAUGE_AMQP_UP, broker_is_connected(s->broker));
	metrics_gauge(s->metrics, GAUGE_AMQP_BLOCKED, broker_is_blocked(s->broker));
	metrics_gauge(s->metrics, GAUGE_AMQP_RECONNECTS, (int64_t)broker_reconnects(s->broker));
	metrics_gauge(s->metrics, GAUGE_REDIS_UP, keys_is_connected(s->keys));
	metrics_gauge(s->metrics, GAUGE_REDIS_RECONNECTS, (int64_t)keys_reconnects(s->keys));
}

/* A window that opens ends the wait, and so do the next look at what a queue waits for, and lines to be written. */
static int64_t
idle_us(const struct skeleton *s)
{
	int64_t until_us = s->windows_until_us, left_us;

	if (s->backlog_until_us && s->backlog_look_us < until_us)
		until_us = s->backlog_look_us;
	if (s->log_until_us && s->log_until_us < until_us)
		until_us = s->log_until_us;
	if (until_us == INT64_MAX)
		return IDLE_US;
	left_us = until_us - monotonic_us();
	return left_us < IDLE_US ? left_us : IDLE_US;
}

/* One line per message and attempt, always the same keys in the same order. */
static void
settled_log(struct skeleton *s, const struct turn *t, const struct item *item, int64_t published_us)
{
	char id[UUID_TEXT_BYTES], order[UUID_TEXT_BYTES];
	const struct delivery *d = item->delivery;
	bool is_answered = item->private->state == ITEM_ANSWERED;
	int64_t wait_us = d->envelope.said_us ? t->taken_at_us - d->envelope.said_us : 0;

	uuid_format(item->message_id, id);
	uuid_format(item->order_id, order);
	log_line(item->outcome == OUTCOME_OK ? LOG_LEVEL_INFO : LOG_LEVEL_WARN, "settle",
		 "outcome=%s code=%s path=%s queue=%.*s message=%s order=%s attempt=%" PRId64 " wait_us=%" PRId64
		 " work_us=%" PRId64 " publish_us=%" PRId64,
		 is_answered ? "answered" : item_end_name(item), item->outcome == OUTCOME_OK ? "-" : item->why.code,
		 item->outcome == OUTCOME_OK || !item->why.path[0] ? "-" : item->why.path, STR_ARGS(d->queue), id,
		 uuid_is_nil(item->order_id) ? "-" : order, d->envelope.attempt, wait_us > 0 ? wait_us : 0,
		 t->committed_us - t->taken_us, published_us - t->committed_us);
	if (is_answered)
		metrics_count(s->metrics, COUNTER_ANSWERED, 1);
	else
		metrics_outcome(s->metrics, item->outcome);
	if (wait_us > 0)
		metrics_observe(s->metrics, HISTOGRAM_WAIT, wait_us);
}

void
log_release(struct skeleton *s)
{
	if (!s->log_until_us || monotonic_us() < s->log_until_us)
		return;
	log_flush();
	s->log_until_us = 0;
}

static void
turn_log(struct skeleton *s, const struct turn *t)
{
	int64_t published_us = monotonic_us();

	log_hold();
	for (size_t i = 0; i < t->n; i++)
		if (!t->items[i]->private->is_preview)
			settled_log(s, t, t->items[i], published_us);
	if (!s->log_until_us)
		s->log_until_us = published_us + LOG_HELD_US;
	metrics_count(s->metrics, COUNTER_BATCHES, 1);
	metrics_observe(s->metrics, HISTOGRAM_BATCH, (int64_t)t->n);
	metrics_observe(s->metrics, HISTOGRAM_WORK, t->committed_us - t->taken_us);
	metrics_observe(s->metrics, HISTOGRAM_PUBLISH, published_us - t->committed_us);
}

/* The end of the turn that was said, if there is one. False when the process must stop first: its messages come again. */
static bool
said_end(struct skeleton *s)
{
	struct turn *t = s->said;

	if (!t)
		return true;
	if (!turn_confirm(s, t))
		return false;
	turn_log(s, t);
	arena_clear(t->arena);
	s->said = NULL;
	return true;
}

/*
 * How long a batch waits for one more. A transaction of few costs nearly what one of many does, so while they take long (the
 * machine is busy, and what comes next is on its way) the next message is waited for in proportion, since the last one: what
 * was said in one batch comes bit by bit.
 */
static int64_t
linger_us(const struct skeleton *s)
{
	int64_t wait_us = s->config.batch_wait_ms * 1000, more_us = s->work_us / LINGER_PART;

	if (more_us > LINGER_MAX_US)
		more_us = LINGER_MAX_US;
	return wait_us == 0 || wait_us > more_us ? wait_us : more_us;
}

/* Up to BATCH_MAX messages or BATCH_BYTES bytes, or what came within linger_us() of each other, and within LINGER_TIMES as
 * much of the first. None also when there is nothing to take, and what was said has its answers. False as said_end(). */
static bool
turn_take(struct skeleton *s, struct turn *t)
{
	size_t max = (size_t)s->config.batch_max;
	int64_t gap_us = linger_us(s), last_us = 0, deadline_us = 0;

	t->n = 0;
	t->items = arena_array(t->arena, max, sizeof *t->items);
	while (t->items && t->n < max && arena_used_bytes(t->arena) < (size_t)s->config.batch_bytes) {
		struct delivery *d = arena_get(t->arena, sizeof *d);
		int64_t left_us = t->n ? deadline_us - monotonic_us() : idle_us(s);
		struct why why = {0};

		if (!d)
			break;
		if (broker_take(s->broker, left_us > 0 ? left_us : 0, t->arena, d, &why) != OUTCOME_OK) {
			if (!t->n || !broker_publish_is_answered(s->broker))
				break;
			if (!said_end(s))
				return false;
			continue;
		}
		t->items[t->n] = item_open(s, d);
		/* It was taken, so a later acknowledgement would cover it: only going away gives it back. */
		if (!t->items[t->n]) {
			log_line(LOG_LEVEL_ERROR, "bug", "code=too-large queue=%.*s bytes=%zu", STR_ARGS(d->queue),
				 d->body.n);
			abort();
		}
		metrics_count(s->metrics, COUNTER_DELIVERIES, 1);
		metrics_count(s->metrics, COUNTER_REDELIVERIES, d->redelivered);
		deadline_us = monotonic_us() + gap_us;
		if (t->n++ == 0)
			last_us = deadline_us + (LINGER_TIMES - 1) * gap_us;
		if (deadline_us > last_us)
			deadline_us = last_us;
	}
	return true;
}

/* Up to the commit, and what was said before is done. False when the process must stop with the turn unsettled: its
 * messages are delivered again, to whoever comes next. */
static bool
turn_run(struct skeleton *s, struct turn *t)
{
	t->taken_us = monotonic_us();
	t->taken_at_us = instant_now_us();
	fault_point(s, STEP_DECODE);
	if (!items_settle(s, t->items, t->n))
		return false;
	fault_point(s, STEP_COMMIT);
	t->committed_us = monotonic_us();
	/* Before anything is acknowledged or returned: a window that closed lets nothing more come. */
	windows_apply(s);
	if (!said_end(s) || !turn_say(s, t))
		return false;
	s->said = t;
	return t->messages_count > 0 || said_end(s);
}

/* One tick; returns when the next is due. */
static int64_t
tick_run(struct skeleton *s)
{
	struct batch batch = {.arena = s->arena,
			      .store = s->store,
			      .state = s->state,
			      .config = s->worker_config,
			      .parties = s->parties,
			      .now_us = instant_now_us(),
			      .skeleton = s};
	struct why why = {0};
	int64_t next_ms = TICK_RETRY_MS;
	enum outcome outcome = s->worker->tick(&batch, &next_ms, &why);

	if (outcome != OUTCOME_OK) {
		store_rollback(s->store);
		log_why(LOG_LEVEL_WARN, "tick", &why);
		next_ms = TICK_RETRY_MS;
	}
	metrics_outcome(s->metrics, outcome);
	arena_clear(s->arena);
	return monotonic_us() + next_ms * 1000;
}

/* A worker without a queue. */
static int
ticks_run(struct skeleton *s)
{
	int64_t next_us = monotonic_us();

	while (!skeleton_is_stopping() || (s->worker->drain && !s->worker->drain(s->state) && skeleton_may_go_on(s))) {
		int64_t left_us = next_us - monotonic_us();
		struct delivery none;
		struct why why = {0};

		gauges_update(s);
		store_look_after(s);
		if (left_us <= 0 && (s->worker->ticks_without_store || store_is_connected(s->store))) {
			next_us = tick_run(s);
			/* Whoever ticks without a pause, and has nothing to say, must still be there for what comes. */
			broker_keep(s->broker, IDLE_US);
			continue;
		}
		/* Nothing will come: this keeps the connection to the broker, and waits. */
		(void)!broker_take(s->broker, left_us > 0 && left_us < IDLE_US ? left_us : IDLE_US, s->arena, &none,
				   &why);
	}
	return 0;
}

int
loop_run(struct skeleton *s)
{
	bool is_settled = true;

	if (s->worker->tick)
		return ticks_run(s);
	while (!skeleton_is_stopping() && is_settled) {
		struct turn *next = &s->turns[s->said == &s->turns[0]];

		s->arena = next->arena;
		windows_apply(s);
		gauges_update(s);
		log_release(s);
		backlog_look(s);
		is_settled = turn_take(s, next);
		/* Also what would wait for the end of the next turn, however long that takes. */
		if (is_settled && ((next->n == 0 && !s->backlog_until_us) || broker_publish_is_answered(s->broker) ||
				   broker_publish_is_stuck(s->broker)))
			is_settled = said_end(s);
		if (next->n == 0) {
			store_look_after(s);
			arena_clear(next->arena);
		} else if (is_settled) {
			fault_point(s, STEP_TAKE);
			is_settled = turn_run(s, next);
			if (is_settled && s->said)
				backlog_begin(s, next);
		}
	}
	/* A turn that could not be settled is no reason to leave the one before without its acknowledgement. */
	if (!is_settled && broker_publish_is_answered(s->broker))
		(void)!said_end(s);
	is_settled = is_settled && said_end(s);
	log_flush();
	return is_settled ? 0 : 1;
}
