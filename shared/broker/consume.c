/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The consume link: queues, deliveries, acknowledgements.
 * A queue that is missing concerns only itself: the others go on, and it is asked for again and again. The asking
 * happens on a channel of its own, because the answer "no" closes the channel it came on.
 */
#include "broker/broker_internal.h"

#include "base/instant.h"
#include "base/log.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MISSING_RETRY_US INT64_C(5000000)
#define CANCELLED_RETRY_US INT64_C(1000000)  /* a queue's leader that comes and goes must not make us spin */
#define BODY_MAX_BYTES ((uint64_t)512 << 20) /* RabbitMQ's own limit is 128 MiB by default, 512 MiB at most */

static amqp_bytes_t
queue_bytes(const struct queue *q)
{
	return amqp_cstring_bytes(q->name);
}

static void
parcel_release(struct parcel *parcel)
{
	if (parcel->owns_body)
		free(parcel->body);
	*parcel = (struct parcel){0};
}

/* A link that went down takes its half-received delivery along; it comes again. */
static void
link_gone(struct consumer *c)
{
	parcel_release(&c->parcel);
	for (size_t i = 0; i < c->queues_count; i++)
		c->queues[i].is_consumed = false;
}

/* --- queues ----------------------------------------------------------------------------------------------------- */

/* Of many queues few are busy at a time, and a share of what is wanted in all would let batches be small, and have none on its
 * way while one is worked on: each would cost several times as much per message. What is not read yet waits in the socket. */
static uint16_t
queue_prefetch(const struct consumer *c, const struct queue *q)
{
	int64_t wanted = c->prefetch < q->limit ? c->prefetch : q->limit;

	return wanted < 1 ? 1 : wanted > UINT16_MAX ? UINT16_MAX : (uint16_t)wanted;
}

static enum outcome
queue_subscribe(struct consumer *c, struct queue *q, struct why *why)
{
	struct link *l = &c->link;
	enum outcome outcome;

	snprintf(q->tag, sizeof q->tag, "%zu.%" PRIu64, (size_t)(q - c->queues), c->serial++);
	(void)amqp_basic_qos(l->state, LINK_CHANNEL, 0, queue_prefetch(c, q), 0);
	outcome = link_check(l, amqp_get_rpc_reply(l->state), LINK_CHANNEL, "prefetch", why);
	if (outcome != OUTCOME_OK)
		return outcome;
	(void)amqp_basic_consume(l->state, LINK_CHANNEL, queue_bytes(q), amqp_cstring_bytes(q->tag), 0, 0, 0,
				 amqp_empty_table);
	return link_check(l, amqp_get_rpc_reply(l->state), LINK_CHANNEL, q->name, why);
}

static void
queue_missing(struct queue *q, const struct why *why)
{
	struct why missing;

	q->next_check_us = monotonic_us() + MISSING_RETRY_US;
	if (q->was_missing)
		return;
	q->was_missing = true;
	(void)why_set(&missing, OUTCOME_AWAY, "amqp-queue-missing", "%s", why->text);
	log_why(LOG_LEVEL_WARN, "amqp-queue-missing", &missing);
}

static void
queue_consume(struct consumer *c, struct queue *q)
{
	struct why why = {0};
	int64_t depth;
	enum outcome outcome = link_probe(&c->link, q->name, &depth, &why);

	if (outcome == OUTCOME_OK) {
		outcome = queue_subscribe(c, q, &why);
		/* The channel of all the deliveries is closed: begin again, this queue later than the others. */
		if (outcome == OUTCOME_HELD)
			link_lost(&c->link, "amqp-away", "%s", why.text);
	}
	if (outcome == OUTCOME_HELD)
		queue_missing(q, &why);
	if (outcome != OUTCOME_OK)
		return;
	q->is_consumed = true;
	q->consumed_limit = q->limit;
	q->was_missing = false;
	q->consumed_us = monotonic_us();
}

static void
queues_consume(struct consumer *c, int64_t deadline_us)
{
	int64_t limit_us = monotonic_us() + c->link.settings->rpc_timeout_ms * 1000;

	for (size_t i = 0; i < c->queues_count && link_is_up(&c->link); i++) {
		struct queue *q = &c->queues[i];
		int64_t now = monotonic_us();

		if (q->is_consumed || q->limit == 0 || q->next_check_us > now || (i && now > deadline_us))
			continue;
		link_limit_rpc(&c->link, limit_us);
		queue_consume(c, q);
	}
}

static void
queue_cancel(struct consumer *c, struct queue *q)
{
	struct link *l = &c->link;

	if (!q->is_consumed || !link_is_up(l))
		return;
	q->is_consumed = false;
	q->next_check_us = 0;
	link_limit_rpc(l, monotonic_us() + l->settings->rpc_timeout_ms * 1000);
	(void)amqp_basic_cancel(l->state, LINK_CHANNEL, amqp_cstring_bytes(q->tag));
	if (link_check(l, amqp_get_rpc_reply(l->state), LINK_CHANNEL, "cancel", NULL) == OUTCOME_HELD)
		link_lost(l, "amqp-away", "cancel refused");
	if (!link_is_up(l))
		link_gone(c);
}

void
consume_cancel(struct consumer *c)
{
	for (size_t i = 0; i < c->queues_count; i++)
		queue_cancel(c, &c->queues[i]);
}

/* A consumer's prefetch stands when it begins: another one is another consumer. */
void
consume_limit(struct consumer *c, struct queue *q, int64_t limit)
{
	q->limit = limit;
	if (q->consumed_limit != limit)
		queue_cancel(c, q);
}

/* The broker ended a consumer: its queue was deleted, or lost its leader. */
static void
queue_cancelled(struct consumer *c, amqp_bytes_t tag)
{
	for (size_t i = 0; i < c->queues_count; i++) {
		struct queue *q = &c->queues[i];

		if (!q->is_consumed || !str_equal(str_of(q->tag), (struct str){tag.bytes, tag.len}))
			continue;
		q->is_consumed = false;
		q->next_check_us = q->consumed_us + CANCELLED_RETRY_US;
		log_line(LOG_LEVEL_WARN, "amqp-cancelled", "queue=%s", q->name);
	}
}

/* --- deliveries ------------------------------------------------------------------------------------------------- */

/* The index before the dot, also of a consumer cancelled meanwhile. */
static bool
tag_queue(const struct consumer *c, amqp_bytes_t tag, size_t *queue)
{
	struct str rest = {tag.bytes, tag.len};
	int64_t index;

	if (!str_to_int(str_split(&rest, '.'), &index) || index < 0 || (uint64_t)index >= c->queues_count)
		return false;
	*queue = (size_t)index;
	return true;
}

static void
parcel_begin(struct consumer *c, const amqp_basic_deliver_t *deliver)
{
	struct parcel *parcel = &c->parcel;

	if (parcel->state != PARCEL_NONE || !tag_queue(c, deliver->consumer_tag, &parcel->queue)) {
		link_lost(&c->link, "amqp-away", "a delivery nobody asked for");
		return;
	}
	parcel->state = PARCEL_HEADER;
	parcel->tag = deliver->delivery_tag;
	parcel->is_redelivered = deliver->redelivered;
	parcel->exchange = deliver->exchange;
	parcel->routing_key = deliver->routing_key;
}

static void
parcel_header(struct consumer *c, const amqp_frame_t *frame)
{
	struct parcel *parcel = &c->parcel;

	if (parcel->state != PARCEL_HEADER || frame->payload.properties.body_size > BODY_MAX_BYTES) {
		link_lost(&c->link, "amqp-away", "a delivery's header out of place or too large");
		return;
	}
	parcel->properties = frame->payload.properties.decoded;
	parcel->body_bytes = (size_t)frame->payload.properties.body_size;
	parcel->state = parcel->body_bytes ? PARCEL_BODY : PARCEL_READY;
	parcel->received_us = monotonic_us();
}

/* A body of one frame stays in the frame; a longer one is gathered. */
static void
parcel_body(struct consumer *c, amqp_bytes_t part)
{
	struct parcel *parcel = &c->parcel;

	if (parcel->state != PARCEL_BODY || part.len > parcel->body_bytes - parcel->received_bytes) {
		link_lost(&c->link, "amqp-away", "a delivery's body out of place or too long");
		return;
	}
	if (!parcel->body && part.len == parcel->body_bytes) {
		parcel->body = part.bytes;
	} else {
		if (!parcel->body) {
			parcel->body = malloc(parcel->body_bytes);
			parcel->owns_body = true;
		}
		if (!parcel->body) {
			link_lost(&c->link, "amqp-away", "no memory for a body of %zu bytes", parcel->body_bytes);
			return;
		}
		memcpy(parcel->body + parcel->received_bytes, part.bytes, part.len);
	}
	parcel->received_bytes += part.len;
	if (parcel->received_bytes == parcel->body_bytes)
		parcel->state = PARCEL_READY;
}

static void
consume_method(struct consumer *c, const amqp_method_t *method)
{
	struct why why;

	switch (method->id) {
	case AMQP_BASIC_DELIVER_METHOD:
		parcel_begin(c, method->decoded);
		break;
	case AMQP_BASIC_CANCEL_METHOD:
		queue_cancelled(c, ((const amqp_basic_cancel_t *)method->decoded)->consumer_tag);
		break;
	case AMQP_CHANNEL_CLOSE_METHOD:
		link_close_channel_ok(&c->link, LINK_CHANNEL, method->decoded, &why);
		link_lost(&c->link, "amqp-away", "%s", why.text);
		break;
	default:
		break;
	}
}

static void
consume_frame(struct consumer *c, const amqp_frame_t *frame)
{
	if (link_probe_frame(&c->link, frame))
		return;
	if (frame->frame_type == AMQP_FRAME_METHOD)
		consume_method(c, &frame->payload.method);
	else if (frame->frame_type == AMQP_FRAME_HEADER)
		parcel_header(c, frame);
	else if (frame->frame_type == AMQP_FRAME_BODY)
		parcel_body(c, frame->payload.body_fragment);
}

static void
consume_read(struct consumer *c)
{
	amqp_frame_t frame;

	while (link_is_up(&c->link) && c->parcel.state != PARCEL_READY) {
		if (c->parcel.state == PARCEL_NONE)
			link_release(&c->link);
		if (link_read(&c->link, 0, &frame) != LINK_FRAME)
			break;
		consume_frame(c, &frame);
	}
	if (!link_is_up(&c->link))
		link_gone(c);
}

/* --- what the others call --------------------------------------------------------------------------------------- */

void
consume_serve(struct consumer *c, int64_t deadline_us)
{
	int64_t now = monotonic_us();

	if (c->prefetch == 0)
		return;
	if (now < deadline_us && link_is_due(&c->link))
		link_open(&c->link, link_budget_us(&c->link, deadline_us));
	if (link_is_up(&c->link) && !c->is_paused && now < deadline_us)
		queues_consume(c, deadline_us);
	consume_read(c);
}

void
consume_pump(struct consumer *c)
{
	consume_read(c);
	link_beat(&c->link);
	if (!link_is_up(&c->link))
		link_gone(c);
}

bool
consume_is_ready(const struct consumer *c)
{
	return c->parcel.state == PARCEL_READY;
}

enum outcome
consume_hand_out(struct consumer *c, struct arena *arena, struct delivery *delivery, struct why *why)
{
	const struct parcel *p = &c->parcel;
	struct arena_mark mark = arena_mark(arena);
	struct delivery d = {.tag = p->tag,
			     .generation = c->link.opened_count,
			     .queue = str_of(c->queues[p->queue].name),
			     .redelivered = p->is_redelivered,
			     .received_us = p->received_us};

	d.exchange = arena_str(arena, (struct str){p->exchange.bytes, p->exchange.len});
	d.routing_key = arena_str(arena, (struct str){p->routing_key.bytes, p->routing_key.len});
	d.body = arena_str(arena, (struct str){p->body, p->body_bytes});
	if (!d.exchange.p || !d.routing_key.p || !d.body.p ||
	    !envelope_decode(p->properties, arena, &c->headers, &d.envelope)) {
		arena_rewind(arena, mark);
		return why_set(why, OUTCOME_DEAD, "too-large", "no room for a message of %zu bytes", p->body_bytes);
	}
	*delivery = d;
	parcel_release(&c->parcel);
	return OUTCOME_OK;
}

enum outcome
consume_trouble(const struct consumer *c, struct why *why)
{
	if (c->prefetch == 0 || c->is_paused)
		return OUTCOME_RETRY;
	if (!link_is_up(&c->link)) {
		*why = c->link.away;
		return OUTCOME_AWAY;
	}
	for (size_t i = 0; i < c->queues_count; i++)
		if (c->queues[i].is_consumed || c->queues[i].limit == 0 || !c->queues[i].was_missing)
			return OUTCOME_RETRY;
	if (c->queues_count == 0)
		return OUTCOME_RETRY;
	return why_set(why, OUTCOME_AWAY, "amqp-queue-missing", "none of the %zu queues is there: %s", c->queues_count,
		       c->queues[0].name);
}

int64_t
consume_next_us(const struct consumer *c)
{
	int64_t next = INT64_MAX;

	if (c->prefetch == 0)
		return INT64_MAX;
	if (!link_is_up(&c->link))
		return c->link.next_try_us;
	for (size_t i = 0; i < c->queues_count && !c->is_paused; i++)
		if (!c->queues[i].is_consumed && c->queues[i].limit && c->queues[i].next_check_us < next)
			next = c->queues[i].next_check_us;
	return next;
}

void
consume_ack(struct consumer *c, const struct delivery *delivery)
{
	int status;

	if (!link_is_up(&c->link) || delivery->generation != c->link.opened_count)
		return;
	status = amqp_basic_ack(c->link.state, LINK_CHANNEL, delivery->tag, 1);
	if (status == AMQP_STATUS_OK)
		return;
	link_lost(&c->link, "amqp-away", "acknowledge: %s", amqp_error_string2(status));
	link_gone(c);
}

void
consume_release(struct consumer *c)
{
	link_close(&c->link);
	parcel_release(&c->parcel);
	for (size_t i = 0; i < c->queues_count; i++)
		free(c->queues[i].name);
	free(c->queues);
	buf_release(&c->headers);
}
