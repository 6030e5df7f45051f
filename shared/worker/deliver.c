/* SPDX-License-Identifier: Apache-2.0 */
/*
 * After the commit: publish what the items say, remember them in Redis, acknowledge. Everything here may be repeated. While
 * the confirms are on their way the next batch is taken and settled.
 */
#include "worker/skeleton.h"

#include "topology_names.h"

#include "base/instant.h"
#include "base/log.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define BACKOFF_MS 500

static bool
is_repeat(const struct item *item)
{
	return item->private->state == ITEM_ANSWERED && !uuid_is_nil(item->private->outputs_id);
}

/* Whether Redis knows of the repeats that what their transaction said was published; what is done the first time was not. */
static void
repeats_ask(struct skeleton *s, struct turn *t)
{
	struct uuid *ids = arena_array(t->arena, t->n, sizeof *ids);
	int64_t *stamps = arena_array(t->arena, t->n, sizeof *stamps);
	size_t n = 0;

	if (!ids || !stamps)
		return;
	for (size_t i = 0; i < t->n; i++)
		if (is_repeat(t->items[i]))
			ids[n++] = t->items[i]->private->outputs_id;
	if (n)
		keys_seen(s->keys, ids, n, stamps);
	n = 0;
	for (size_t i = 0; i < t->n; i++)
		if (is_repeat(t->items[i]))
			t->items[i]->private->seen_us = stamps[n++];
}

/*
 * A repeat that Redis knows was published before: its transaction was marked after the confirms, with the time at which the
 * journal settled it. Any other repeat says everything again, with the same ids.
 */
static const struct output *
outputs_of(struct skeleton *s, const struct item *item)
{
	struct output *recorded = NULL;
	struct why why = {0};

	if (item->private->is_preview)
		return NULL;
	if (item->private->state != ITEM_ANSWERED)
		return item->private->outputs;
	if (item->private->seen_us && item->private->seen_us == item->private->settled_us)
		return NULL;
	if (item->private->is_torn || !outputs_unpack(item->private->recorded, s->arena, &recorded)) {
		(void)why_set(&why, OUTCOME_DEAD, "journal-corrupt", "a journal row's outputs cannot be read");
		log_why(LOG_LEVEL_ERROR, "bug", &why);
		abort();
	}
	return recorded;
}

static bool
messages_gather(struct skeleton *s, struct turn *t)
{
	const struct output **firsts = arena_array(t->arena, t->n, sizeof *firsts);
	size_t count = 0;

	if (!firsts)
		return false;
	repeats_ask(s, t);
	for (size_t i = 0; i < t->n; i++) {
		firsts[i] = outputs_of(s, t->items[i]);
		for (const struct output *o = firsts[i]; o; o = o->next)
			count++;
	}
	t->messages = arena_array(t->arena, count, sizeof *t->messages);
	t->states = arena_array(t->arena, count, sizeof *t->states);
	t->messages_count = 0;
	if (!t->messages || !t->states)
		return false;
	for (size_t i = 0; i < t->n; i++)
		for (const struct output *o = firsts[i]; o; o = o->next)
			t->messages[t->messages_count++] = o->message;
	return true;
}

bool
turn_say(struct skeleton *s, struct turn *t)
{
	if (!messages_gather(s, t))
		return false;
	if (t->messages_count)
		broker_publish_begin(s->broker, t->messages, t->messages_count, s->config.confirm_timeout_ms,
				     t->states);
	return true;
}

/* Nobody is bound for it. It becomes a dead letter; a dead letter itself must wait until the topology is repaired. */
static void
returned_bury(struct skeleton *s, struct outgoing *m)
{
	struct outgoing lost = *m;

	metrics_count(s->metrics, COUNTER_RETURNED, 1);
	if (str_equal(m->exchange, STR(EXCHANGE_DEAD_LETTER)))
		return;
	m->exchange = STR(EXCHANGE_DEAD_LETTER);
	m->routing_key = lost.routing_key;
	m->envelope.origin = lost.exchange;
	m->envelope.code = STR("unroutable");
	m->envelope.path = lost.routing_key;
	m->envelope.reason = STR("nobody is bound for this routing key; tributary topology check says what is missing");
	log_line(LOG_LEVEL_ERROR, "unroutable", "exchange=%.*s routing_key=%.*s message=%.*s", STR_ARGS(lost.exchange),
		 STR_ARGS(lost.routing_key), STR_ARGS(lost.envelope.message_id));
}

/* Keeps what is not confirmed yet; the returned are sent another way. */
static void
messages_compact(struct skeleton *s, struct turn *t)
{
	size_t kept = 0;

	for (size_t i = 0; i < t->messages_count; i++) {
		if (t->states[i] == PUBLISH_CONFIRMED) {
			metrics_count(s->metrics, COUNTER_PUBLISHED, 1);
			continue;
		}
		t->messages[kept] = t->messages[i];
		if (t->states[i] == PUBLISH_RETURNED)
			returned_bury(s, &t->messages[kept]);
		t->states[kept++] = PUBLISH_PENDING;
	}
	t->messages_count = kept;
}

/* Until each message is confirmed: what turn_say() began, then again what is left of it. */
static bool
messages_confirm(struct skeleton *s, struct turn *t)
{
	bool is_away = false;

	while (t->messages_count) {
		struct why why = {0};
		size_t before = t->messages_count;
		enum outcome outcome = broker_publish_end(s->broker, s->config.confirm_timeout_ms, &why);

		if (outcome != OUTCOME_OK && !is_away)
			log_why(LOG_LEVEL_WARN, "away", &why);
		is_away = outcome != OUTCOME_OK;
		messages_compact(s, t);
		if (!t->messages_count)
			break;
		if ((is_away || t->messages_count == before) && !skeleton_sleep(s, BACKOFF_MS))
			return false;
		broker_publish_begin(s->broker, t->messages, t->messages_count, s->config.confirm_timeout_ms,
				     t->states);
	}
	return true;
}

/* One mark for all that a transaction said. A repeat said only its own part of that. */
static void
done_mark(struct skeleton *s, struct turn *t)
{
	struct uuid *ids = arena_array(t->arena, t->n, sizeof *ids);
	int64_t *stamps = arena_array(t->arena, t->n, sizeof *stamps);
	size_t count = 0;

	if (!ids || !stamps || s->worker->is_final)
		return;
	for (size_t i = 0; i < t->n; i++) {
		const struct item_private *p = t->items[i]->private;
		size_t known = 0;

		if (p->state == ITEM_ANSWERED || uuid_is_nil(p->outputs_id))
			continue;
		while (known < count && !uuid_equal(ids[known], p->outputs_id))
			known++;
		ids[known] = p->outputs_id;
		stamps[known] = p->settled_us;
		count += known == count;
	}
	if (count)
		keys_mark(s->keys, ids, stamps, count);
}

bool
turn_confirm(struct skeleton *s, struct turn *t)
{
	if (!messages_confirm(s, t))
		return false;
	fault_point(s, STEP_PUBLISH);
	done_mark(s, t);
	fault_point(s, STEP_MARK);
	/* From the last: of each queue the first that is met covers the others. */
	for (size_t i = t->n; i-- > 0;)
		broker_ack(s->broker, t->items[i]->delivery);
	fault_point(s, STEP_ACK);
	return true;
}
