/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The publish link: messages out, confirms and returns in.
 * The broker numbers what it gets on a channel; a slot remembers which message a number stands for. A return has no
 * number: it is told by exchange, routing key and message id, and comes before its message's confirm.
 */
#include "broker/broker_internal.h"

#include "base/instant.h"
#include "base/log.h"

#include <inttypes.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#define PUBLISH_CHANNEL 1
#define PROBE_CHANNEL 2                /* where asking for a queue that is missing closes nothing else */
#define ROUTING_MAX_BYTES 255          /* of an exchange's name or a routing key, by AMQP */
#define BURST_BYTES ((size_t)16 << 10) /* written before looking again whether the socket takes more */
#define READ_EVERY_US INT64_C(1000000) /* rabbitmq-c hangs in a publish when it has read nothing for two heartbeats */

/* --- what comes in ---------------------------------------------------------------------------------------------- */

static struct slot *
slot_of(struct publisher *p, uint64_t tag)
{
	return &p->slots[tag % PUBLISH_WINDOW];
}

static void
slot_settle(struct publisher *p, struct slot *slot, bool is_confirmed)
{
	if (slot->is_settled)
		return;
	slot->is_settled = true;
	if (is_confirmed)
		p->states[slot->index] = slot->is_returned ? PUBLISH_RETURNED : PUBLISH_CONFIRMED;
	else
		p->nacked_count++;
}

/* Numbers below low_tag belong to an earlier call that did not wait for them. */
static void
tag_settle(struct publisher *p, uint64_t tag, bool is_multiple, bool is_confirmed)
{
	if (tag < p->low_tag || tag >= p->next_tag)
		return;
	for (uint64_t t = is_multiple ? p->low_tag : tag; t <= tag; t++)
		slot_settle(p, slot_of(p, t), is_confirmed);
	while (p->low_tag < p->next_tag && slot_of(p, p->low_tag)->is_settled)
		p->low_tag++;
}

static void
text_keep(char *to, amqp_bytes_t from)
{
	size_t n = from.len < ROUTING_MAX_BYTES ? from.len : ROUTING_MAX_BYTES;

	memcpy(to, from.bytes, n);
	to[n] = '\0';
}

static void
returned_begin(struct publisher *p, const amqp_basic_return_t *method)
{
	p->returned = (struct returned){.is_open = true};
	text_keep(p->returned.exchange, method->exchange);
	text_keep(p->returned.routing_key, method->routing_key);
}

static void
returned_header(struct publisher *p, const amqp_frame_t *frame)
{
	const amqp_basic_properties_t *properties = frame->payload.properties.decoded;
	struct returned *r = &p->returned;
	struct str id = {NULL, 0};

	if (properties->_flags & AMQP_BASIC_MESSAGE_ID_FLAG)
		id = (struct str){properties->message_id.bytes, properties->message_id.len};
	r->left_bytes = frame->payload.properties.body_size;
	r->is_open = r->left_bytes > 0;
	for (uint64_t t = p->low_tag; t < p->next_tag; t++) {
		struct slot *slot = slot_of(p, t);
		const struct outgoing *m = &p->messages[slot->index];

		if (slot->is_settled || slot->is_returned || !str_equal(m->routing_key, str_of(r->routing_key)) ||
		    !str_equal(m->exchange, str_of(r->exchange)) || !str_equal(m->envelope.message_id, id))
			continue;
		slot->is_returned = true;
		return;
	}
}

static void
returned_body(struct publisher *p, amqp_bytes_t part)
{
	struct returned *r = &p->returned;

	r->left_bytes -= part.len < r->left_bytes ? part.len : r->left_bytes;
	r->is_open = r->left_bytes > 0;
}

/* An exchange that is not there, or not for us. Everything unconfirmed is unknown now. */
static void
channel_closed(struct publisher *p, const amqp_channel_close_t *closed)
{
	link_close_channel_ok(&p->link, PUBLISH_CHANNEL, closed, &p->refused);
	p->is_channel_open = false;
	if (strcmp(p->logged, p->refused.text) == 0)
		return;
	snprintf(p->logged, sizeof p->logged, "%s", p->refused.text);
	log_why(LOG_LEVEL_ERROR, "amqp-refused", &p->refused);
}

static void
publish_method(struct publisher *p, const amqp_method_t *method)
{
	const amqp_basic_ack_t *ack = method->decoded;
	const amqp_basic_nack_t *nack = method->decoded;

	switch (method->id) {
	case AMQP_BASIC_ACK_METHOD:
		tag_settle(p, ack->delivery_tag, ack->multiple, true);
		break;
	case AMQP_BASIC_NACK_METHOD:
		tag_settle(p, nack->delivery_tag, nack->multiple, false);
		break;
	case AMQP_BASIC_RETURN_METHOD:
		returned_begin(p, method->decoded);
		break;
	case AMQP_CHANNEL_CLOSE_METHOD:
		channel_closed(p, method->decoded);
		break;
	default:
		break;
	}
}

/* By itself that channel says only that it is closing. */
static void
probe_frame(struct publisher *p, const amqp_frame_t *frame)
{
	if (frame->frame_type != AMQP_FRAME_METHOD || frame->payload.method.id != AMQP_CHANNEL_CLOSE_METHOD)
		return;
	link_close_channel_ok(&p->link, PROBE_CHANNEL, frame->payload.method.decoded, NULL);
	p->is_probe_open = false;
}

static void
publish_frame(struct publisher *p, const amqp_frame_t *frame)
{
	if (frame->channel == PROBE_CHANNEL)
		probe_frame(p, frame);
	else if (frame->frame_type == AMQP_FRAME_METHOD)
		publish_method(p, &frame->payload.method);
	else if (frame->frame_type == AMQP_FRAME_HEADER && p->returned.is_open)
		returned_header(p, frame);
	else if (frame->frame_type == AMQP_FRAME_BODY && p->returned.is_open)
		returned_body(p, frame->payload.body_fragment);
}

void
publish_pump(struct publisher *p)
{
	amqp_frame_t frame;

	while (link_is_up(&p->link)) {
		if (link_read(&p->link, 0, &frame) != LINK_FRAME)
			return;
		publish_frame(p, &frame);
		link_release(&p->link, frame.channel);
	}
}

static enum outcome
probe(struct publisher *p, const char *queue, int64_t *depth)
{
	struct link *l = &p->link;
	const amqp_queue_declare_ok_t *told;
	enum outcome outcome;

	if (!p->is_probe_open) {
		(void)amqp_channel_open(l->state, PROBE_CHANNEL);
		outcome = link_check(l, amqp_get_rpc_reply(l->state), PROBE_CHANNEL, "open a channel", NULL);
		if (outcome != OUTCOME_OK)
			return outcome;
		p->is_probe_open = true;
	}
	told = amqp_queue_declare(l->state, PROBE_CHANNEL, amqp_cstring_bytes(queue), 1, 0, 0, 0, amqp_empty_table);
	*depth = told ? (int64_t)told->message_count : 0;
	outcome = link_check(l, amqp_get_rpc_reply(l->state), PROBE_CHANNEL, queue, NULL);
	if (outcome != OUTCOME_OK)
		p->is_probe_open = false;
	return outcome;
}

int64_t
publish_depth(struct publisher *p, const char *queue)
{
	int64_t depth = -1;

	publish_pump(p);
	if (!link_is_up(&p->link) || !p->is_channel_open || p->link.is_blocked)
		return -1;
	link_limit_rpc(&p->link, monotonic_us() + p->link.settings->rpc_timeout_ms * 1000);
	if (probe(p, queue, &depth) != OUTCOME_OK)
		depth = -1;
	/* Confirms that stood before the answer were read from the socket with it. */
	publish_pump(p);
	return depth;
}

/* --- the link --------------------------------------------------------------------------------------------------- */

static void
channel_open(struct publisher *p, int64_t deadline_us)
{
	struct link *l = &p->link;

	link_limit_rpc(l, deadline_us);
	p->returned = (struct returned){0};
	(void)amqp_channel_open(l->state, PUBLISH_CHANNEL);
	if (link_check(l, amqp_get_rpc_reply(l->state), PUBLISH_CHANNEL, "open a channel", NULL) != OUTCOME_OK)
		return;
	(void)amqp_confirm_select(l->state, PUBLISH_CHANNEL);
	if (link_check(l, amqp_get_rpc_reply(l->state), PUBLISH_CHANNEL, "confirms", NULL) != OUTCOME_OK)
		return;
	p->is_channel_open = true;
	p->channels_count++;
	p->low_tag = p->next_tag = 1;
}

/* Down when it is not due, or when it failed again. */
static void
publish_connect(struct publisher *p, int64_t deadline_us)
{
	int64_t budget_us;

	if (link_is_due(&p->link)) {
		budget_us = link_budget_us(&p->link, deadline_us);
		deadline_us = monotonic_us() + budget_us;
		p->is_channel_open = p->is_probe_open = false;
		link_open(&p->link, budget_us);
		if (link_is_up(&p->link))
			channel_open(p, deadline_us);
	} else if (link_is_up(&p->link) && !p->is_channel_open) {
		channel_open(p, monotonic_us() + link_budget_us(&p->link, deadline_us));
	}
}

void
publish_serve(struct publisher *p, int64_t deadline_us)
{
	if (!link_is_up(&p->link) && monotonic_us() < deadline_us)
		publish_connect(p, deadline_us);
	publish_pump(p);
}

/* Waits for the socket, at most until the deadline and never so long that the consume link would starve. */
static void
publish_wait(struct broker *b, short events, int64_t deadline_us)
{
	struct pollfd fd = {.fd = link_fd(&b->publisher.link), .events = events};
	int64_t left_us = deadline_us - monotonic_us();

	if (left_us > SLICE_US)
		left_us = SLICE_US;
	if (left_us > 0)
		(void)poll(&fd, 1, (int)((left_us + 999) / 1000));
	consume_pump(&b->consumer);
}

static enum outcome
publish_trouble(const struct publisher *p, struct why *why)
{
	if (!link_is_up(&p->link)) {
		*why = p->link.away;
		return OUTCOME_AWAY;
	}
	if (!p->is_channel_open) {
		*why = p->refused;
		return OUTCOME_AWAY;
	}
	return why_set(why, OUTCOME_AWAY, "amqp-blocked", "the broker takes no messages: memory or disk alarm");
}

enum outcome
publish_ready(struct broker *b, int64_t deadline_us, struct why *why)
{
	struct publisher *p = &b->publisher;

	for (;;) {
		int64_t until_us = deadline_us;

		publish_connect(p, deadline_us);
		publish_pump(p);
		if (link_is_up(&p->link) && p->is_channel_open && !p->link.is_blocked)
			return OUTCOME_OK;
		if (monotonic_us() >= deadline_us)
			return publish_trouble(p, why);
		if (!link_is_up(&p->link) && p->link.next_try_us < until_us)
			until_us = p->link.next_try_us;
		publish_wait(b, POLLIN, until_us);
	}
}

/* --- what goes out ---------------------------------------------------------------------------------------------- */

static void
cork(struct link *l, int is_on)
{
	if (link_is_up(l))
		(void)setsockopt(link_fd(l), IPPROTO_TCP, TCP_CORK, &is_on, sizeof is_on);
}

static bool
is_writable(const struct link *l)
{
	struct pollfd fd = {.fd = link_fd(l), .events = POLLOUT};

	return poll(&fd, 1, 0) == 1;
}

static amqp_bytes_t
bytes_of(struct str s)
{
	return (amqp_bytes_t){.len = s.n, .bytes = (void *)(uintptr_t)s.p};
}

static void
message_send(struct publisher *p, size_t index)
{
	const struct outgoing *m = &p->messages[index];
	struct envelope_wire wire;
	int status;

	envelope_encode(&m->envelope, &wire);
	status = amqp_basic_publish(p->link.state, PUBLISH_CHANNEL, bytes_of(m->exchange), bytes_of(m->routing_key),
				    m->mandatory, 0, &wire.properties, bytes_of(m->body));
	if (status != AMQP_STATUS_OK) {
		link_lost(&p->link, "amqp-away", "publish: %s", amqp_error_string2(status));
		return;
	}
	*slot_of(p, p->next_tag++) = (struct slot){.index = index};
}

/* The next message that is still to be sent in this round. A name too long for AMQP can be nobody's. */
static bool
cursor_advance(struct publisher *p)
{
	for (; p->cursor < p->n; p->cursor++) {
		const struct outgoing *m = &p->messages[p->cursor];

		if (p->states[p->cursor] != PUBLISH_PENDING)
			continue;
		if (m->exchange.n <= ROUTING_MAX_BYTES && m->routing_key.n <= ROUTING_MAX_BYTES)
			return true;
		p->states[p->cursor] = PUBLISH_RETURNED;
	}
	return false;
}

static bool
may_send(const struct publisher *p)
{
	return link_is_up(&p->link) && p->is_channel_open && !p->link.is_blocked &&
	       p->next_tag - p->low_tag < PUBLISH_WINDOW;
}

/* As much as window and socket take. Corked: three writes a message become one packet for many. */
static void
burst_send(struct publisher *p)
{
	size_t unchecked = BURST_BYTES;
	int64_t read_by_us = monotonic_us() + READ_EVERY_US;

	if (!may_send(p) || !cursor_advance(p))
		return;
	cork(&p->link, 1);
	while (may_send(p) && cursor_advance(p)) {
		if (unchecked >= BURST_BYTES) {
			if (!is_writable(&p->link) || monotonic_us() >= read_by_us)
				break;
			unchecked = 0;
		}
		unchecked += p->messages[p->cursor].body.n;
		message_send(p, p->cursor);
		p->cursor++;
	}
	cork(&p->link, 0);
}

void
publish_round_begin(struct publisher *p)
{
	p->low_tag = p->next_tag;
	p->round_channel = p->channels_count;
	p->cursor = p->nacked_count = 0;
}

bool
publish_is_broken(const struct publisher *p)
{
	return !link_is_up(&p->link) || !p->is_channel_open || p->round_channel != p->channels_count;
}

static bool
is_sent(struct publisher *p)
{
	return !cursor_advance(p);
}

bool
publish_is_stuck(struct publisher *p)
{
	return p->is_busy && (publish_is_broken(p) || !is_sent(p));
}

bool
publish_is_answered(struct publisher *p)
{
	return p->is_busy && !publish_is_broken(p) && is_sent(p) && p->low_tag == p->next_tag;
}

static enum outcome
round_timeout(struct publisher *p, struct why *why)
{
	/* In a short alarm the broker still holds what we wrote: a new connection would only add to its load. */
	if (!p->link.is_blocked)
		link_lost(&p->link, "amqp-confirm-timeout", "no confirm in time for %" PRIu64 " messages",
			  p->next_tag - p->low_tag);
	return publish_trouble(p, why);
}

static enum outcome
round_run(struct broker *b, bool (*is_done)(struct publisher *p), int64_t deadline_us, struct why *why)
{
	struct publisher *p = &b->publisher;

	for (;;) {
		uint64_t low_tag = p->low_tag;

		burst_send(p);
		publish_pump(p);
		if (publish_is_broken(p))
			return publish_trouble(p, why);
		if (is_done(p))
			return OUTCOME_OK;
		if (monotonic_us() >= deadline_us)
			return round_timeout(p, why);
		if (p->low_tag == low_tag)
			publish_wait(b, is_sent(p) || !may_send(p) ? POLLIN : POLLIN | POLLOUT, deadline_us);
	}
}

enum outcome
publish_round_send(struct broker *b, int64_t deadline_us, struct why *why)
{
	return round_run(b, is_sent, deadline_us, why);
}

enum outcome
publish_round_end(struct broker *b, int64_t deadline_us, struct why *why)
{
	return round_run(b, publish_is_answered, deadline_us, why);
}
