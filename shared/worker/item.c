/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a delivery to an item. What cannot be understood is an item too: its outcome is DEAD before any handler sees it.
 */
#include "worker/skeleton.h"

#include "topology_names.h"

#include "base/instant.h"
#include "base/log.h"
#include "model/model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SUSPECT_DELIVERIES 3

void
item_force(struct item *item, enum outcome outcome, const struct why *why)
{
	item->private->state = item->private->entry_state = ITEM_FORCED;
	item->private->entry_outcome = outcome;
	item->private->entry_why = *why;
	item->outcome = outcome;
	item->why = *why;
}

void
item_reset(struct item *item)
{
	struct item_private *p = item->private;

	p->state = p->entry_state;
	if (!p->was_called)
		item->scratch = NULL;
	item->outcome = p->entry_outcome;
	item->why = p->entry_why;
	item->party = p->entry_party;
	item->order_id = p->entry_order;
	p->outputs = NULL;
	p->outputs_end = &p->outputs;
	p->notes = NULL;
	p->notes_end = &p->notes;
	p->rank = 0;
	p->subject = (struct str){NULL, 0};
	p->settles = (struct uuid){{0}};
	p->is_head = p->opens_gate = p->is_returned = p->gives_way = false;
	p->gate = (struct uuid){{0}};
	p->recorded = (struct str){NULL, 0};
	p->is_torn = false;
	p->settled_us = 0;
	p->outputs_id = (struct uuid){{0}};
}

static enum outcome
ids_read(struct skeleton *s, struct item *item, struct why *why)
{
	const struct delivery *d = item->delivery;
	const struct envelope *e = &d->envelope;
	bool has_id = uuid_parse(e->message_id, &item->message_id);
	bool has_order = !s->worker->from_outside && uuid_parse(e->correlation_id, &item->order_id);

	item->kind = e->type;
	if (s->worker->from_outside) {
		struct str rest = d->queue;

		str_split(&rest, '.');
		item->party = rest;
		/* What comes home from a retry or a release has our id, and its kind as type. */
		if (str_equal(d->exchange, STR(EXCHANGE_HOME)) && has_id)
			return OUTCOME_OK;
		item->message_id = uuid_of_document(rest, d->envelope.message_id, d->routing_key, d->body);
		rest = d->routing_key;
		str_split(&rest, '.');
		item->kind = rest;
		return OUTCOME_OK;
	}
	item->party = e->party;
	if (!has_id)
		item->message_id = uuid_of_document(d->queue, d->envelope.message_id, d->routing_key, d->body);
	if (s->worker->is_final)
		return OUTCOME_OK;
	if (!has_id)
		return why_at(why, OUTCOME_DEAD, "envelope-message-id", "message_id",
			      "a message of the fleet has a UUID as message_id");
	if (!has_order)
		return why_at(why, OUTCOME_DEAD, "envelope-order-id", "correlation_id",
			      "a message of the fleet has its order's UUID as correlation_id");
	return OUTCOME_OK;
}

static enum outcome
handler_find(struct skeleton *s, struct item *item, struct why *why)
{
	const struct worker *w = s->worker;
	const struct envelope *e = &item->delivery->envelope;

	for (size_t i = 0; i < w->handlers_count; i++)
		if (!w->handlers[i].type || str_equal(e->type, str_of(w->handlers[i].type))) {
			item->private->handler = &w->handlers[i];
			return OUTCOME_OK;
		}
	return why_at(why, OUTCOME_DEAD, "type-unknown", "type", "worker %s does not know this type of message",
		      w->name);
}

static enum outcome
document_decode(struct skeleton *s, struct item *item, struct why *why)
{
	const struct contract *c = item->private->handler->contract;
	void *document;
	enum outcome outcome;

	if (!c)
		return OUTCOME_OK;
	if (item->delivery->envelope.version != c->version)
		return why_at(why, OUTCOME_DEAD, "version-unknown", "v", "contract %s has version %d, the message %lld",
			      c->name, c->version, (long long)item->delivery->envelope.version);
	document = arena_get(s->arena, c->size);
	if (!document)
		return why_set(why, OUTCOME_DEAD, "too-large", "no memory for the document");
	outcome = contract_decode(c, item->delivery->body, s->arena, document, why);
	if (outcome == OUTCOME_OK)
		item->document = document;
	return outcome;
}

/* W3C Trace Context: version 00 and what is written like it. */
static bool
is_traceparent(struct str s)
{
	static const char form[] = "xx-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx-xxxxxxxxxxxxxxxx-xx";

	if (s.n != sizeof form - 1)
		return false;
	for (size_t i = 0; i < s.n; i++)
		if (form[i] == '-' ? s.p[i] != '-' : !memchr("0123456789abcdef", s.p[i], 16))
			return false;
	return true;
}

static void
text_clean(struct str *s)
{
	if (!str_is_utf8(*s) || (s->n && memchr(s->p, 0, s->n)))
		*s = STR("(no text)");
}

/* What only the fleet may say is not taken from strangers, and what they say is text or nothing. */
static void
stranger_clean(struct envelope *e)
{
	e->attempt = e->version = 0;
	e->origin = e->code = e->path = e->reason = e->death = (struct str){NULL, 0};
	if (!is_traceparent(e->trace))
		e->trace = (struct str){NULL, 0};
	text_clean(&e->content_type);
	text_clean(&e->app_id);
	text_clean(&e->correlation_id);
	text_clean(&e->key);
}

/* Understand the message as far as the skeleton needs it. */
static enum outcome
item_read(struct skeleton *s, struct item *item, struct why *why)
{
	const struct delivery *d = item->delivery;
	enum outcome outcome = ids_read(s, item, why);

	if (outcome != OUTCOME_OK)
		return outcome;
	text_clean(&item->kind);
	text_clean(&item->party);
	if (str_equal(d->exchange, STR(EXCHANGE_HOME)) && str_equal(d->envelope.code, STR(ENVELOPE_DISMISSED))) {
		item->private->state = item->private->entry_state = ITEM_SKIPPED;
		return OUTCOME_OK;
	}
	outcome = handler_find(s, item, why);
	return outcome == OUTCOME_OK ? document_decode(s, item, why) : outcome;
}

struct item *
item_open(struct skeleton *s, struct delivery *delivery)
{
	struct item *item = arena_get(s->arena, sizeof *item);
	struct item_private *p = arena_get(s->arena, sizeof *p);
	struct why why = {0};
	enum outcome outcome;

	if (!item || !p)
		return NULL;
	item->delivery = delivery;
	item->private = p;
	p->is_preview = preview_is_asked(delivery);
	if (!uuid_parse(delivery->envelope.after, &p->after))
		p->after = (struct uuid){{0}};
	p->is_suspect = delivery->envelope.deliveries >= SUSPECT_DELIVERIES && !s->worker->is_final && !p->is_preview;
	if (s->worker->from_outside && !str_equal(delivery->exchange, STR(EXCHANGE_HOME)))
		stranger_clean(&delivery->envelope);
	outcome = item_read(s, item, &why);
	p->entry_party = item->party;
	p->entry_order = item->order_id;
	if (outcome != OUTCOME_OK)
		item_force(item, outcome, &why);
	/* On intake nobody knows the order yet, and a final worker stops for nobody. */
	p->has_gate = !s->worker->from_outside && !s->worker->is_final && !(p->handler && p->handler->passes_gates) &&
		      !uuid_is_nil(item->order_id);
	p->lock_key =
	    uuid_lock_key(s->worker->from_outside || uuid_is_nil(item->order_id) ? item->message_id : item->order_id) ^
	    (int64_t)str_hash(delivery->queue);
	item_reset(item);
	return item;
}

const char *
item_end_name(const struct item *item)
{
	bool is_returned = item->outcome == OUTCOME_RETRY && item->private->is_returned;

	return is_returned ? "returned" : outcome_name(item->outcome);
}

struct uuid
item_gate_order(const struct item *item)
{
	return item->private->has_gate ? item->order_id : (struct uuid){{0}};
}

void
item_fail(struct item *item, enum outcome outcome, const struct why *why)
{
	item->outcome = outcome;
	item->why = *why;
	item->private->is_returned = false;
	item->private->gives_way = false;
}

void
item_return(struct item *item, const struct why *why)
{
	item_fail(item, OUTCOME_RETRY, why);
	item->private->is_returned = true;
}

void
item_give_way(struct item *item, const struct why *why)
{
	item_fail(item, OUTCOME_RETRY, why);
	item->private->gives_way = true;
}

void
item_order(struct item *item, struct uuid order_id)
{
	item->order_id = order_id;
}

void
item_subject(struct item *item, struct str subject)
{
	item->private->subject = subject;
}

void
item_status(struct item *item, enum order_rank rank)
{
	item->private->rank = (int)rank;
}

void
item_settles(struct item *item, struct uuid id)
{
	item->private->settles = id;
}

void
item_add_output(struct skeleton *s, struct item *item, const struct outgoing *message)
{
	struct output *o = arena_get(s->arena, sizeof *o);
	struct why why = {0};

	/* The arena's cap is many times a batch's largest; without its outputs the item must not be settled. */
	if (!o) {
		(void)why_set(&why, OUTCOME_DEAD, "too-large", "no memory for what a message says");
		log_why(LOG_LEVEL_ERROR, "bug", &why);
		abort();
	}
	o->message = *message;
	*item->private->outputs_end = o;
	item->private->outputs_end = &o->next;
}

void
item_add_note(struct skeleton *s, struct item *item, const char *event, const char *code, struct str detail)
{
	struct note *n = arena_get(s->arena, sizeof *n);

	if (!n)
		return;
	*n = (struct note){.event = event, .code = code, .detail = detail};
	*item->private->notes_end = n;
	item->private->notes_end = &n->next;
}

void
item_note(struct batch *batch, struct item *item, const char *event, const char *code, const char *format, ...)
{
	char text[1024];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	item_add_note(batch->skeleton, item, event, code, arena_str(batch->arena, str_of(text)));
}

static const struct topology_event *
event_find(const char *event)
{
	for (size_t i = 0; i < topology_events_count; i++)
		if (strcmp(topology_events[i].name, event) == 0)
			return &topology_events[i];
	return NULL;
}

static struct str
uuid_str(struct arena *arena, struct uuid id)
{
	char text[UUID_TEXT_BYTES];

	uuid_format(id, text);
	return arena_str(arena, str_of(text));
}

struct str
batch_encode(struct batch *batch, const struct contract *contract, const void *document)
{
	struct buf body;
	struct str copy = {NULL, 0};

	buf_init(&body, (size_t)64 << 20);
	contract_encode(contract, document, &body);
	if (buf_is_ok(&body))
		copy = arena_str(batch->arena, buf_str(&body));
	buf_release(&body);
	return copy;
}

static struct str
trace_of(struct batch *batch, const struct item *item)
{
	const unsigned char *b = item->message_id.bytes;
	struct str given = item->delivery->envelope.trace;

	if (given.n)
		return given;
	return arena_printf(batch->arena,
			    "00-%02x%02x%02x%02x%02x%02x%02x%02x%02x%02x%02x%02x%02x%02x%02x%02x-"
			    "%02x%02x%02x%02x%02x%02x%02x%02x-01",
			    b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12], b[13],
			    b[14], b[15], b[8], b[9], b[10], b[11], b[12], b[13], b[14], b[15]);
}

static struct str
said_name(struct arena *arena, const char *event, struct str scope, struct str part)
{
	return arena_printf(arena, "%s:%.*s:%.*s", event, STR_ARGS(scope), STR_ARGS(part));
}

static const struct contract *
event_contract(const char *event)
{
	const struct topology_event *row = event_find(event);

	return row ? model_contract(row->contract) : NULL;
}

static void
event_say(struct batch *batch, struct item *item, const char *event, struct str scope, struct str part, struct str body,
	  struct uuid after)
{
	const struct topology_event *row = event_find(event);
	const struct contract *c = event_contract(event);
	struct why why = {0};
	struct outgoing m = {.exchange = STR(EXCHANGE_EVENTS), .mandatory = row && row->subscribed, .body = body};
	struct str what = said_name(batch->arena, event, scope, part);

	if (!c) {
		item_fail(item, why_set(&why, OUTCOME_DEAD, "event-unknown", "topology.yaml has no event %s", event),
			  &why);
		return;
	}
	m.routing_key = arena_printf(batch->arena, "%s.%.*s", event, STR_ARGS(scope));
	m.envelope = (struct envelope){
	    .message_id =
		uuid_str(batch->arena, uuid_derive_near(UUID_MESSAGE, item->message_id, what, item->order_id)),
	    .correlation_id = uuid_str(batch->arena, item->order_id),
	    .type = str_of(event),
	    .content_type = STR("application/msgpack"),
	    .app_id = str_of(batch->skeleton->worker->name),
	    .timestamp_s = batch->now_us / 1000000,
	    .said_us = batch->now_us,
	    .version = c->version,
	    .party = item->party,
	    .trace = trace_of(batch, item),
	    .after = uuid_is_nil(after) ? (struct str){NULL, 0} : uuid_str(batch->arena, after),
	};
	if (!m.body.p || !m.routing_key.p || !m.envelope.message_id.p || !m.envelope.trace.p) {
		item_fail(item, why_set(&why, OUTCOME_DEAD, "too-large", "no memory for event %s", event), &why);
		return;
	}
	item_add_output(batch->skeleton, item, &m);
}

void
item_say(struct batch *batch, struct item *item, const char *event, struct str scope, struct str part,
	 const void *document)
{
	const struct contract *c = event_contract(event);

	event_say(batch, item, event, scope, part, c ? batch_encode(batch, c, document) : (struct str){NULL, 0},
		  (struct uuid){{0}});
}

void
item_say_bytes(struct batch *batch, struct item *item, const char *event, struct str scope, struct str part,
	       struct str bytes)
{
	event_say(batch, item, event, scope, part, bytes, (struct uuid){{0}});
}

void
item_say_after(struct batch *batch, struct item *item, const char *event, struct str scope, const void *document,
	       struct uuid before_id, const char *before_event)
{
	struct str what = said_name(batch->arena, before_event, scope, (struct str){NULL, 0});
	const struct contract *c = event_contract(event);

	event_say(batch, item, event, scope, (struct str){NULL, 0},
		  c ? batch_encode(batch, c, document) : (struct str){NULL, 0},
		  uuid_derive_near(UUID_MESSAGE, before_id, what, item->order_id));
}

/* Bytes that are no document of ours; `m` says where they go, `name` tells them apart. */
static void
bytes_send(struct batch *batch, struct item *item, struct outgoing *m, struct str name, struct str type,
	   const char *content_type)
{
	struct why why = {0};

	m->mandatory = true;
	m->envelope = (struct envelope){
	    .message_id = uuid_str(batch->arena, uuid_derive_from(UUID_MESSAGE, item->message_id, name)),
	    .correlation_id = uuid_str(batch->arena, item->message_id),
	    .type = type,
	    .content_type = str_of(content_type),
	    .app_id = str_of(batch->skeleton->worker->name),
	    .timestamp_s = batch->now_us / 1000000,
	    .said_us = batch->now_us,
	    .party = item->party,
	    .trace = trace_of(batch, item),
	};
	if (m->routing_key.p && m->envelope.message_id.p && m->envelope.trace.p)
		item_add_output(batch->skeleton, item, m);
	else
		item_fail(item, why_set(&why, OUTCOME_DEAD, "too-large", "no memory for %.*s", STR_ARGS(name)), &why);
}

void
item_divide(struct batch *batch, struct item *item, size_t part, const char *content_type, struct str body)
{
	struct outgoing m = {.exchange = STR(EXCHANGE_HOME),
			     .routing_key = arena_printf(batch->arena, "now.%.*s", STR_ARGS(item->delivery->queue)),
			     .body = body};

	bytes_send(batch, item, &m, arena_printf(batch->arena, "part:%zu", part), item->kind, content_type);
}

void
item_reply(struct batch *batch, struct item *item, const char *event, size_t part, const char *content_type,
	   struct str body)
{
	struct outgoing m = {.exchange = STR(EXCHANGE_EVENTS),
			     .routing_key = arena_printf(batch->arena, "%s.%.*s", event, STR_ARGS(item->party)),
			     .body = body};

	bytes_send(batch, item, &m, arena_printf(batch->arena, "%s:%zu", event, part), str_of(event), content_type);
}
