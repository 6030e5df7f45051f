/* SPDX-License-Identifier: Apache-2.0 */
/*
 * After the commit: publish what the items say, remember them in Redis, acknowledge. Everything here may be repeated.
 */
#include "worker/skeleton.h"

#include "topology_names.h"

#include "base/instant.h"
#include "base/log.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define BACKOFF_MS 500

struct pending {
	struct outgoing *messages;
	enum publish_state *states;
	size_t n;
};

/*
 * A repeat that Redis knows was published before: it was marked after its confirms, with the time at which the journal
 * settled it. A mark of another time is of an earlier life of the message (held, then released). Any other repeat says
 * everything again, with the same ids.
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
	if (!outputs_unpack(item->private->recorded, s->arena, &recorded)) {
		(void)why_set(&why, OUTCOME_DEAD, "journal-corrupt", "a journal row's outputs cannot be read");
		log_why(LOG_LEVEL_ERROR, "bug", &why);
		abort();
	}
	return recorded;
}

static bool
pending_open(struct skeleton *s, struct item **items, size_t n, struct pending *p)
{
	const struct output **firsts = arena_array(s->arena, n, sizeof *firsts);
	size_t count = 0;

	if (!firsts)
		return false;
	for (size_t i = 0; i < n; i++) {
		firsts[i] = outputs_of(s, items[i]);
		for (const struct output *o = firsts[i]; o; o = o->next)
			count++;
	}
	p->messages = arena_array(s->arena, count, sizeof *p->messages);
	p->states = arena_array(s->arena, count, sizeof *p->states);
	p->n = 0;
	if (!p->messages || !p->states)
		return false;
	for (size_t i = 0; i < n; i++)
		for (const struct output *o = firsts[i]; o; o = o->next)
			p->messages[p->n++] = o->message;
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
pending_compact(struct skeleton *s, struct pending *p)
{
	size_t kept = 0;

	for (size_t i = 0; i < p->n; i++) {
		if (p->states[i] == PUBLISH_CONFIRMED) {
			metrics_count(s->metrics, COUNTER_PUBLISHED, 1);
			continue;
		}
		p->messages[kept] = p->messages[i];
		if (p->states[i] == PUBLISH_RETURNED)
			returned_bury(s, &p->messages[kept]);
		kept++;
	}
	p->n = kept;
}

static bool
pending_publish(struct skeleton *s, struct pending *p)
{
	bool is_away = false;

	while (p->n) {
		struct why why = {0};
		size_t before = p->n;
		enum outcome outcome =
		    broker_publish(s->broker, p->messages, p->n, s->config.confirm_timeout_ms, p->states, &why);

		if (outcome != OUTCOME_OK && !is_away)
			log_why(LOG_LEVEL_WARN, "away", &why);
		is_away = outcome != OUTCOME_OK;
		pending_compact(s, p);
		if (p->n && (is_away || p->n == before) && !skeleton_sleep(s, BACKOFF_MS))
			return false;
	}
	return true;
}

static void
done_mark(struct skeleton *s, struct item **items, size_t n)
{
	struct uuid *ids = arena_array(s->arena, n, sizeof *ids);
	int64_t *stamps = arena_array(s->arena, n, sizeof *stamps);
	size_t count = 0;

	if (!ids || !stamps || s->worker->is_final)
		return;
	for (size_t i = 0; i < n; i++) {
		const struct item_private *p = items[i]->private;

		if (p->settled_us == 0 || p->seen_us == p->settled_us || p->is_preview)
			continue;
		ids[count] = items[i]->message_id;
		stamps[count++] = p->settled_us;
	}
	if (count)
		keys_mark(s->keys, ids, stamps, count);
}

bool
items_deliver(struct skeleton *s, struct item **items, size_t n)
{
	struct pending pending;
	const struct delivery *last = items[0]->delivery;

	if (!pending_open(s, items, n, &pending) || !pending_publish(s, &pending))
		return false;
	fault_point(s, STEP_PUBLISH);
	done_mark(s, items, n);
	fault_point(s, STEP_MARK);
	for (size_t i = 1; i < n; i++)
		if (items[i]->delivery->generation > last->generation ||
		    (items[i]->delivery->generation == last->generation && items[i]->delivery->tag > last->tag))
			last = items[i]->delivery;
	broker_ack(s->broker, last);
	fault_point(s, STEP_ACK);
	return true;
}
