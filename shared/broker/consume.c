/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The consume link: queues, deliveries, acknowledgements.
 * Each queue has a channel of its own. One that is missing concerns only itself: the answer "no" closes the channel it came
 * on, the others go on, and it is asked for again and again.
 */
#include "broker/broker_internal.h"

#include "base/instant.h"
#include "base/log.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define MISSING_RETRY_US INT64_C(5000000)
#define WARY_US INT64_C(500000)
#define CANCELLED_RETRY_US INT64_C(1000000) /* a queue's leader that comes and goes must not make us spin */
#define LOOK_EVERY_US \
	INT64_C(1000) /* with something to hand out, the socket is asked no more often: two system calls */

static amqp_bytes_t
queue_bytes(const struct queue *q)
{
	return amqp_cstring_bytes(q->name);
}

static amqp_channel_t
queue_channel(const struct consumer *c, const struct queue *q)
{
	return (amqp_channel_t)(q - c->queues + 1);
}

/* What it delivered and was not acknowledged comes again. */
static void
queue_lost(struct queue *q)
{
	inbox_clear(&q->inbox);
	q->is_channel_open = q->is_consumed = false;
	q->is_stale = true;
}

static void
link_gone(struct consumer *c)
{
	for (size_t i = 0; i < c->queues_count; i++) {
		queue_lost(&c->queues[i]);
		c->queues[i].is_stale = false;
	}
}

/* --- queues ----------------------------------------------------------------------------------------------------- */

/* Of many queues few are busy at a time, and a share of what is wanted in all would let batches be small, and have none on its
 * way while one is worked on: each would cost several times as much per message. What is not read yet waits in the socket. */
static uint16_t
queue_prefetch(const struct consumer *c, const struct queue *q)
{
	int64_t wanted = c->wary_channel == queue_channel(c, q) ? 1 : c->prefetch < q->limit ? c->prefetch : q->limit;

	return wanted < 1 ? 1 : wanted > UINT16_MAX ? UINT16_MAX : (uint16_t)wanted;
}

static enum outcome
queue_open(struct consumer *c, struct queue *q, struct why *why)
{
	struct link *l = &c->link;
	amqp_channel_t channel = queue_channel(c, q);
	int most = amqp_get_channel_max(l->state);
	enum outcome outcome;

	if (q->is_channel_open)
		return OUTCOME_OK;
	if (most > 0 && channel > most)
		return why_set(why, OUTCOME_HELD, "amqp-refused", "%s: a connection may have %d channels, one a queue",
			       q->name, most);
	(void)amqp_channel_open(l->state, channel);
	outcome = link_check(l, amqp_get_rpc_reply(l->state), channel, "open a channel", why);
	if (outcome != OUTCOME_OK)
		return outcome;
	q->is_channel_open = true;
	q->generation = ++c->channels_count;
	q->acked_tag = 0;
	return OUTCOME_OK;
}

static enum outcome
queue_subscribe(struct consumer *c, struct queue *q, struct why *why)
{
	struct link *l = &c->link;
	amqp_channel_t channel = queue_channel(c, q);
	enum outcome outcome = queue_open(c, q, why);

	if (outcome != OUTCOME_OK)
		return outcome;
	snprintf(q->tag, sizeof q->tag, "%zu.%" PRIu64, (size_t)(q - c->queues), c->serial++);
	(void)amqp_basic_qos(l->state, channel, 0, queue_prefetch(c, q), 0);
	outcome = link_check(l, amqp_get_rpc_reply(l->state), channel, "prefetch", why);
	if (outcome != OUTCOME_OK)
		return outcome;
	(void)amqp_basic_consume(l->state, channel, queue_bytes(q), amqp_cstring_bytes(q->tag), 0, 0, 0,
				 amqp_empty_table);
	return link_check(l, amqp_get_rpc_reply(l->state), channel, q->name, why);
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
	enum outcome outcome = queue_subscribe(c, q, &why);

	if (outcome == OUTCOME_HELD) {
		queue_lost(q);
		queue_missing(q, &why);
	}
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

		if (q->is_consumed || q->is_stale || q->limit == 0 || q->next_check_us > now ||
		    (c->wary_channel && c->wary_channel != queue_channel(c, q)) || (i && now > deadline_us))
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
	(void)amqp_basic_cancel(l->state, queue_channel(c, q), amqp_cstring_bytes(q->tag));
	if (link_check(l, amqp_get_rpc_reply(l->state), queue_channel(c, q), "cancel", NULL) == OUTCOME_HELD)
		queue_lost(q);
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

/* --- what comes in ---------------------------------------------------------------------------------------------- */

/* The broker ended the consumer: its queue was deleted, or lost its leader. What it delivered before is still handed out. */
static void
queue_cancelled(struct queue *q, const amqp_basic_cancel_t *cancel)
{
	if (!q->is_consumed ||
	    !str_equal(str_of(q->tag), (struct str){cancel->consumer_tag.bytes, cancel->consumer_tag.len}))
		return;
	q->is_consumed = false;
	q->next_check_us = q->consumed_us + CANCELLED_RETRY_US;
	log_line(LOG_LEVEL_WARN, "amqp-cancelled", "queue=%s", q->name);
}

/* The queue's channel alone. */
static void
queue_closed(struct consumer *c, struct queue *q, const amqp_channel_close_t *closed)
{
	struct why why = {0};

	link_close_channel_ok(&c->link, queue_channel(c, q), closed, &why);
	queue_lost(q);
	q->next_check_us = q->consumed_us + CANCELLED_RETRY_US;
	log_line(LOG_LEVEL_WARN, "amqp-channel-lost", "queue=%s text=\"%s\"", q->name, why.text);
}

/* NULL, or what is wrong with it. */
static const char *
queue_method(struct consumer *c, struct queue *q, const amqp_method_t *method)
{
	switch (method->id) {
	case AMQP_BASIC_DELIVER_METHOD:
		return inbox_deliver(&q->inbox, method->decoded);
	case AMQP_BASIC_CANCEL_METHOD:
		queue_cancelled(q, method->decoded);
		break;
	case AMQP_CHANNEL_CLOSE_METHOD:
		queue_closed(c, q, method->decoded);
		break;
	default:
		break;
	}
	return NULL;
}

static void
consume_frame(struct consumer *c, const amqp_frame_t *frame)
{
	size_t index = (size_t)frame->channel - 1;
	const char *problem = NULL;

	/* Of a channel that is closed by now. */
	if (index >= c->queues_count || !c->queues[index].is_channel_open)
		return;
	if (frame->frame_type == AMQP_FRAME_METHOD)
		problem = queue_method(c, &c->queues[index], &frame->payload.method);
	else if (frame->frame_type == AMQP_FRAME_HEADER)
		problem = inbox_header(&c->queues[index].inbox, frame);
	else if (frame->frame_type == AMQP_FRAME_BODY)
		problem = inbox_body(&c->queues[index].inbox, frame->payload.body_fragment);
	if (problem)
		link_lost(&c->link, "amqp-away", "%s", problem);
}

/*
 * A message with headers that rabbitmq-c will not read (nested more than 100 deep, since 0.14) ends the connection, and would do
 * so each time it comes again, and stop its queue. RabbitMQ never sends anything between a delivery and its header, so the
 * delivery whose header is missing now is the one: it is rejected unread, which dead-letters it. The link is lost all the same.
 * There may be more like it, and each would send back all that is on its way of all queues, which counts against that. So until
 * something of this queue can be read it is consumed alone, one message at a time.
 */
static void
unreadable_reject(void *context)
{
	struct consumer *c = context;
	amqp_frame_t frame;

	while (link_read_kept(&c->link, &frame))
		consume_frame(c, &frame);
	for (size_t i = 0; i < c->queues_count && link_is_up(&c->link); i++) {
		struct queue *q = &c->queues[i];
		uint64_t tag = inbox_open_tag(&q->inbox);

		if (!tag)
			continue;
		log_line(LOG_LEVEL_ERROR, "amqp-unreadable",
			 "queue=%s text=\"a message with headers that cannot be read is "
			 "rejected\"",
			 q->name);
		(void)amqp_basic_reject(c->link.state, queue_channel(c, q), tag, 0);
		link_finish(&c->link);
		c->wary_channel = queue_channel(c, q);
		c->wary_until_us = monotonic_us() + WARY_US;
		return;
	}
}

void
consume_prepare(struct consumer *c)
{
	c->link.unreadable = unreadable_reject;
	c->link.unreadable_context = c;
}

/* What an RPC read on its way is what may be of a channel that is closed by now: when it is read, nothing is stale. */
static void
stale_forget(struct consumer *c)
{
	if (amqp_frames_enqueued(c->link.state))
		return;
	for (size_t i = 0; i < c->queues_count; i++)
		c->queues[i].is_stale = false;
}

static void
consume_read(struct consumer *c)
{
	while (link_is_up(&c->link) && !consume_is_full(c)) {
		amqp_frame_t frame;
		enum link_read came = link_read(&c->link, 0, &frame);

		if (came == LINK_NOTHING)
			c->looked_us = monotonic_us();
		if (came != LINK_FRAME)
			break;
		consume_frame(c, &frame);
		link_release(&c->link, frame.channel);
	}
	if (link_is_up(&c->link))
		stale_forget(c);
	else
		link_gone(c);
}

/* Something came of it that can be read, or nothing came: now all queues again, and this one as the others. */
static void
wary_end(struct consumer *c)
{
	struct queue *q = c->wary_channel ? &c->queues[c->wary_channel - 1] : NULL;

	if (!q || (!inbox_has_whole(&q->inbox) && monotonic_us() < c->wary_until_us))
		return;
	c->wary_channel = 0;
	queue_cancel(c, q);
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
	wary_end(c);
	if (link_is_up(&c->link) && !c->is_paused && now < deadline_us)
		queues_consume(c, deadline_us);
	if (!link_is_up(&c->link))
		link_gone(c);
	if (now - c->looked_us >= LOOK_EVERY_US || !consume_is_ready(c))
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

/* The queue whose turn it is, and which has something; NULL: none. */
static struct queue *
queue_next(const struct consumer *c)
{
	for (size_t i = 0; i < c->queues_count && c->sum.whole_count; i++) {
		struct queue *q = &c->queues[(c->turn + i) % c->queues_count];

		if (!q->is_held && inbox_has_whole(&q->inbox))
			return q;
	}
	return NULL;
}

/* It has handed out one more. */
static void
turn_go_on(struct consumer *c, const struct queue *q)
{
	size_t index = (size_t)(q - c->queues);

	if (c->turn != index)
		c->turn_count = 0;
	c->turn = index;
	if (++c->turn_count < q->share)
		return;
	c->turn_count = 0;
	c->turn = index + 1;
}

bool
consume_is_ready(const struct consumer *c)
{
	return !c->is_paused && queue_next(c);
}

bool
consume_is_full(const struct consumer *c)
{
	return c->sum.whole_count && c->sum.bytes >= c->inbox_max_bytes;
}

enum outcome
consume_hand_out(struct consumer *c, struct arena *arena, struct delivery *delivery, struct why *why)
{
	struct queue *q = queue_next(c);
	enum outcome outcome = inbox_hand_out(&q->inbox, &c->scratch, arena, delivery, why);

	if (outcome != OUTCOME_OK)
		return outcome;
	delivery->queue = str_of(q->name);
	delivery->channel = queue_channel(c, q);
	delivery->generation = q->generation;
	delivery->number = c->handed_count++;
	turn_go_on(c, q);
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
	if (c->wary_channel)
		return c->wary_until_us;
	for (size_t i = 0; i < c->queues_count && !c->is_paused; i++)
		if (!c->queues[i].is_consumed && !c->queues[i].is_stale && c->queues[i].limit &&
		    c->queues[i].next_check_us < next)
			next = c->queues[i].next_check_us;
	return next;
}

void
consume_ack(struct consumer *c, const struct delivery *delivery)
{
	struct queue *q = &c->queues[delivery->channel - 1];
	int status;

	if (!link_is_up(&c->link) || !q->is_channel_open || delivery->generation != q->generation ||
	    delivery->tag <= q->acked_tag)
		return;
	q->acked_tag = delivery->tag;
	status = amqp_basic_ack(c->link.state, delivery->channel, delivery->tag, 1);
	if (status == AMQP_STATUS_OK)
		return;
	link_lost(&c->link, "amqp-away", "acknowledge: %s", amqp_error_string2(status));
	link_gone(c);
}

void
consume_release(struct consumer *c)
{
	link_close(&c->link);
	for (size_t i = 0; i < c->queues_count; i++) {
		inbox_clear(&c->queues[i].inbox);
		free(c->queues[i].name);
	}
	free(c->queues);
	empty_amqp_pool(&c->scratch.pool);
	buf_release(&c->scratch.json);
}
