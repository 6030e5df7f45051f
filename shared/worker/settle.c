/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the items came to, written inside the open transaction: one row each in the journal, the timeline and the
 * order's status, and for what did not end well an exception, a gate, a place to wait, a copy for a retry or a dead
 * letter.
 */
#include "worker/skeleton.h"

#include "topology_names.h"

#include "base/instant.h"
#include "worker/settle_sql.h"

/* The rows of one settlement, all of one transaction. */
struct ledger {
	struct skeleton *s;
	int64_t now_us;
	struct rows *outputs, *journal, *exceptions, *exceptions_settled, *gates, *parked, *reached, *held, *timeline;
	struct rows *next; /* heads that settled: who is next behind them? */
	struct item **heads;
	size_t heads_count;
};

static struct str
uuid_str(struct arena *arena, struct uuid id)
{
	char text[UUID_TEXT_BYTES];

	uuid_format(id, text);
	return arena_str(arena, str_of(text));
}

static struct uuid
exception_id(const struct skeleton *s, struct uuid message_id)
{
	struct str parts[] = {{(const char *)message_id.bytes, sizeof message_id.bytes}, str_of(s->worker->name)};

	return uuid_derive(UUID_EXCEPTION, parts, COUNT_OF(parts));
}

/* The message as it came, on its way to wait, to come home or to be buried: ours is the id, the rest is the sender's.
 */
static struct outgoing
copy_of(struct ledger *l, const struct item *item)
{
	struct outgoing m = {.envelope = item->delivery->envelope, .body = item->delivery->body};

	m.envelope.message_id = uuid_str(l->s->arena, item->message_id);
	m.envelope.type = item->kind;
	m.envelope.party = item->party;
	m.envelope.origin = item->delivery->queue;
	m.envelope.said_us = l->now_us;
	m.envelope.death = m.envelope.headers = (struct str){NULL, 0};
	m.mandatory = true;
	return m;
}

static void
retry_say(struct ledger *l, struct item *item)
{
	struct outgoing m = copy_of(l, item);
	size_t tier = (size_t)item->delivery->envelope.attempt;

	if (item->private->is_returned) {
		m.exchange = STR(EXCHANGE_HOME);
		m.routing_key = arena_printf(l->s->arena, "now.%.*s", STR_ARGS(item->delivery->queue));
		item_add_output(l->s, item, &m);
		return;
	}
	m.exchange = STR(EXCHANGE_RETRY);
	m.routing_key =
	    arena_printf(l->s->arena, "%s.%.*s", topology_retry_tiers[tier].name, STR_ARGS(item->delivery->queue));
	m.envelope.attempt++;
	item_add_output(l->s, item, &m);
}

static void
dead_letter_say(struct ledger *l, struct item *item)
{
	struct outgoing m = copy_of(l, item);

	m.exchange = STR(EXCHANGE_DEAD_LETTER);
	m.routing_key = item->delivery->queue;
	m.envelope.code = str_of(item->why.code);
	m.envelope.path = arena_str(l->s->arena, str_of(item->why.path));
	m.envelope.reason = arena_str(l->s->arena, str_of(item->why.text));
	item_add_output(l->s, item, &m);
}

static void
timeline_put(struct ledger *l, const struct item *item, const char *event, const char *code, struct str detail)
{
	if (uuid_is_nil(item->order_id))
		return;
	rows_uuid(l->timeline, item->order_id);
	rows_instant(l->timeline, l->now_us);
	rows_text(l->timeline, str_of(l->s->worker->name));
	rows_text(l->timeline, str_of(event));
	rows_text_or_null(l->timeline, str_of(code));
	rows_text_or_null(l->timeline, detail);
	rows_uuid(l->timeline, item->message_id);
}

/* Of what came in with one: where in the sender's own traces to look. All that follows from it has the same. */
static struct str
trace_text(struct ledger *l, const struct item *item)
{
	struct str trace = item->delivery->envelope.trace;

	if (!l->s->worker->from_outside || !trace.n)
		return (struct str){NULL, 0};
	return arena_printf(l->s->arena, "trace %.*s", STR_ARGS(trace));
}

static bool
is_journaled(const struct item *item)
{
	return item->private->state != ITEM_ANSWERED && item->outcome != OUTCOME_RETRY &&
	       item->outcome != OUTCOME_PARKED;
}

/* What all of them say, as one value: like each other, they pack well. NULL without memory. */
static char *
said_pack(struct ledger *l, struct item **items, size_t n, size_t *bytes)
{
	char *said, *p;

	*bytes = 0;
	for (size_t i = 0; i < n; i++)
		if (is_journaled(items[i]))
			*bytes += outputs_size(items[i]->private->outputs);
	p = said = *bytes <= INT32_MAX ? arena_get(l->s->arena, *bytes + 1) : NULL;
	for (size_t i = 0; said && i < n; i++)
		if (is_journaled(items[i]))
			p = outputs_pack(items[i]->private->outputs, p);
	return said;
}

/* False when there is no memory for the outputs, which must not be lost. */
static bool
journal_put(struct ledger *l, struct item **items, size_t n)
{
	size_t bytes, from = 0;
	char *said = said_pack(l, items, n, &bytes);
	struct uuid outputs_id = bytes ? uuid_of_time(l->now_us) : (struct uuid){{0}};

	if (!said)
		return false;
	if (bytes) {
		rows_uuid(l->outputs, outputs_id);
		rows_instant(l->outputs, l->now_us);
		rows_bytes(l->outputs, (struct str){said, bytes});
	}
	for (size_t i = 0; i < n; i++) {
		struct item_private *p = items[i]->private;
		size_t own = outputs_size(p->outputs);

		if (!is_journaled(items[i]))
			continue;
		p->settled_us = l->now_us;
		p->outputs_id = own ? outputs_id : (struct uuid){{0}};
		rows_uuid(l->journal, items[i]->message_id);
		rows_text(l->journal, str_of(l->s->worker->name));
		rows_text(l->journal, str_of(outcome_name(items[i]->outcome)));
		rows_uuid_or_null(l->journal, p->outputs_id);
		rows_int(l->journal, (int64_t)from);
		rows_int(l->journal, (int64_t)own);
		rows_instant(l->journal, l->now_us);
		from += own;
	}
	return true;
}

static void
gate_put(struct ledger *l, const struct item *item, struct uuid head, const char *reason)
{
	if (uuid_is_nil(item_gate_order(item)))
		return;
	rows_text(l->gates, item->delivery->queue);
	rows_uuid(l->gates, item->order_id);
	rows_uuid(l->gates, head);
	rows_text(l->gates, str_of(reason));
	rows_instant(l->gates, l->now_us);
}

static void
hold_put(struct ledger *l, const struct item *item)
{
	if (uuid_is_nil(item_gate_order(item)))
		return;
	rows_uuid(l->held, item->order_id);
	rows_text(l->held, str_of(outcome_name(item->outcome)));
	rows_text(l->held, str_of(l->s->worker->name));
	rows_text(l->held, str_of(item->why.code));
	rows_instant(l->held, l->now_us);
}

static void
exception_put(struct ledger *l, const struct item *item)
{
	const struct envelope *e = &item->delivery->envelope;

	rows_uuid(l->exceptions, exception_id(l->s, item->message_id));
	rows_text(l->exceptions, str_of(l->s->worker->name));
	rows_text(l->exceptions, item->delivery->queue);
	rows_uuid(l->exceptions, item->message_id);
	rows_uuid_or_null(l->exceptions, item->order_id);
	rows_text(l->exceptions, item->party);
	rows_text(l->exceptions, str_of(item->why.code));
	rows_text(l->exceptions, str_of(item->why.path));
	rows_text(l->exceptions, str_of(item->why.text));
	rows_text(l->exceptions, item->private->subject);
	rows_text(l->exceptions, item->kind);
	rows_text(l->exceptions, e->content_type);
	rows_int(l->exceptions, e->version);
	rows_text(l->exceptions, e->trace);
	rows_bytes(l->exceptions, item->delivery->body);
	rows_instant(l->exceptions, l->now_us);
}

static void
park_put(struct ledger *l, const struct item *item)
{
	const struct envelope *e = &item->delivery->envelope;

	rows_text(l->parked, item->delivery->queue);
	rows_uuid(l->parked, item->message_id);
	rows_uuid(l->parked, item->order_id);
	rows_text(l->parked, item->kind);
	rows_text(l->parked, e->content_type);
	rows_text(l->parked, item->party);
	rows_int(l->parked, e->version);
	rows_text(l->parked, e->trace);
	rows_bytes(l->parked, item->delivery->body);
	rows_instant(l->parked, l->now_us);
}

/* The head of a gate is through, by itself or by what another message proved: who waits behind it may come. */
static void
head_done(struct ledger *l, struct item *item)
{
	struct uuid settled = item->private->is_head ? item->message_id : item->private->settles;

	rows_uuid(l->exceptions_settled, exception_id(l->s, settled));
	rows_instant(l->exceptions_settled, l->now_us);
	rows_text(l->next, item->delivery->queue);
	rows_uuid(l->next, item->order_id);
	l->heads[l->heads_count++] = item;
}

static void
done_put(struct ledger *l, struct item *item)
{
	const struct item_private *p = item->private;
	bool settles_head = !uuid_is_nil(p->settles) && uuid_equal(p->settles, p->gate);

	if (p->is_head || settles_head)
		head_done(l, item);
	if (p->rank || p->is_head || settles_head) {
		rows_uuid(l->reached, item->order_id);
		rows_int(l->reached, p->rank);
		rows_text(l->reached, str_of(l->s->worker->name));
		rows_instant(l->reached, l->now_us);
	}
}

static bool
closes_no_gate(const struct item *item)
{
	return item->private->handler && item->private->handler->closes_no_gate;
}

static void
outcome_put(struct ledger *l, struct item *item)
{
	if (item->outcome == OUTCOME_RETRY && !item->private->is_returned &&
	    item->delivery->envelope.attempt >= (int64_t)topology_retry_tiers_count) {
		struct why last = item->why;

		item->outcome = why_at(&item->why, OUTCOME_DEAD, "attempts-exhausted", last.path,
				       "%zu attempts, the last ended with %s: %.160s", topology_retry_tiers_count + 1,
				       last.code, last.text);
	}
	if (item->outcome != OUTCOME_OK) { /* what it meant to say no longer holds */
		item->private->outputs = NULL;
		item->private->outputs_end = &item->private->outputs;
	}

	switch (item->outcome) {
	case OUTCOME_OK:
		done_put(l, item);
		break;
	case OUTCOME_HELD:
		exception_put(l, item);
		gate_put(l, item, item->message_id, "held");
		hold_put(l, item);
		break;
	case OUTCOME_DEAD:
		dead_letter_say(l, item);
		if (!closes_no_gate(item)) {
			gate_put(l, item, item->message_id, "dead");
			hold_put(l, item);
		} else if (item->private->is_head) {
			head_done(l, item);
		}
		break;
	case OUTCOME_PARKED:
		park_put(l, item);
		if (item->private->opens_gate)
			gate_put(l, item, item->private->gate, "parked");
		break;
	default:
		retry_say(l, item);
		if (item->private->is_head || !(item->private->gives_way || closes_no_gate(item)))
			gate_put(l, item, item->message_id, "retry");
	}
	if (item->private->state == ITEM_SKIPPED)
		timeline_put(l, item, "dismissed", NULL, STR("a person dismissed it"));
	for (const struct note *n = item->private->notes; n; n = n->next)
		timeline_put(l, item, n->event, n->code, n->detail);
	timeline_put(l, item, item_end_name(item), item->outcome == OUTCOME_OK ? NULL : item->why.code,
		     item->outcome == OUTCOME_OK ? trace_text(l, item) : str_of(item->why.text));
}

/* The next message behind each settled head goes home, and becomes the head; without one the gate goes. */
static enum outcome
gates_advance(struct ledger *l, struct why *why)
{
	struct skeleton *s = l->s;
	struct rows *advance = rows_new(&sql_gate_advance, s->arena), *open = rows_new(&sql_gate_delete, s->arena),
		    *unpark = rows_new(&sql_parked_delete, s->arena);
	struct result *next;
	size_t row = 0;
	enum outcome outcome = store_query(s->store, l->next, &next, why);

	if (outcome != OUTCOME_OK)
		return outcome;
	for (size_t i = 0; i < l->heads_count; i++) {
		struct item *item = l->heads[i];

		if (row == result_count(next) || result_int(next, row, 0) != (int64_t)i + 1) {
			rows_text(open, item->delivery->queue);
			rows_uuid(open, item->order_id);
			continue;
		}
		struct uuid head = result_uuid(next, row, 1);
		struct outgoing m = {
		    .exchange = STR(EXCHANGE_HOME),
		    .routing_key = arena_printf(s->arena, "now.%.*s", STR_ARGS(item->delivery->queue)),
		    .body = arena_str(s->arena, result_bytes(next, row, 7)),
		    .mandatory = true,
		    .envelope = {.message_id = uuid_str(s->arena, head),
				 .correlation_id = uuid_str(s->arena, item->order_id),
				 .type = arena_str(s->arena, result_text(next, row, 2)),
				 .content_type = arena_str(s->arena, result_text(next, row, 3)),
				 .party = arena_str(s->arena, result_text(next, row, 4)),
				 .version = result_int(next, row, 5),
				 .trace = arena_str(s->arena, result_text(next, row, 6)),
				 .app_id = str_of(s->worker->name),
				 .said_us = l->now_us,
				 .timestamp_s = l->now_us / 1000000},
		};

		if (!m.body.p || !m.routing_key.p || !m.envelope.message_id.p)
			return why_set(why, OUTCOME_DEAD, "too-large", "no memory for the next message of an order");
		item_add_output(s, item, &m);
		rows_text(advance, item->delivery->queue);
		rows_uuid(advance, item->order_id);
		rows_uuid(advance, head);
		rows_text(unpark, item->delivery->queue);
		rows_uuid(unpark, head);
		row++;
	}
	store_send(s->store, advance);
	store_send(s->store, open);
	store_send(s->store, unpark);
	return OUTCOME_OK;
}

static void
ledger_open(struct ledger *l, struct skeleton *s, size_t n)
{
	*l = (struct ledger){
	    .s = s,
	    .now_us = instant_now_us(),
	    .outputs = rows_new(&sql_outputs_insert, s->arena),
	    .journal = rows_new(&sql_journal_insert, s->arena),
	    .exceptions = rows_new(&sql_exception_open, s->arena),
	    .exceptions_settled = rows_new(&sql_exception_settle, s->arena),
	    .gates = rows_new(&sql_gate_put, s->arena),
	    .parked = rows_new(&sql_park, s->arena),
	    .reached = rows_new(&sql_status_reach, s->arena),
	    .held = rows_new(&sql_status_hold, s->arena),
	    .timeline = rows_new(&sql_timeline_insert, s->arena),
	    .next = rows_new(&sql_parked_next, s->arena),
	    .heads = arena_array(s->arena, n, sizeof *l->heads),
	};
}

enum outcome
settle_write(struct skeleton *s, struct item **items, size_t n, struct why *why)
{
	struct ledger l;
	enum outcome outcome = OUTCOME_OK;

	if (s->worker->is_final) /* what it wrote is all there is to write */
		return OUTCOME_OK;
	ledger_open(&l, s, n);
	if (!l.heads)
		return why_set(why, OUTCOME_DEAD, "too-large", "the batch needs more memory than BATCH_BYTES allows");
	for (size_t i = 0; i < n; i++)
		if (items[i]->private->state != ITEM_ANSWERED)
			outcome_put(&l, items[i]);
	if (l.heads_count)
		outcome = gates_advance(&l, why);
	if (outcome != OUTCOME_OK)
		return outcome;
	if (!journal_put(&l, items, n))
		return why_set(why, OUTCOME_DEAD, "too-large", "no memory for what the batch says");
	store_send(s->store, l.exceptions);
	store_send(s->store, l.exceptions_settled);
	store_send(s->store, l.gates);
	store_send(s->store, l.parked);
	store_send(s->store, l.outputs);
	store_send(s->store, l.journal);
	store_send(s->store, l.timeline);
	store_send(s->store, l.reached);
	store_send(s->store, l.held);
	return OUTCOME_OK;
}
