/* SPDX-License-Identifier: Apache-2.0 */
#include "broker/inbox.h"

#include "broker/broker_internal.h"

#include "base/instant.h"

#include <stdlib.h>
#include <string.h>

#define BODY_MAX_BYTES ((uint64_t)512 << 20) /* RabbitMQ's own limit is 128 MiB by default, 512 MiB at most */

/* The properties stay as they came: the turn's arena is where they are unpacked. */
struct letter {
	struct letter *next;
	uint64_t tag;
	bool is_redelivered, has_header;
	int64_t received_us;
	size_t exchange_n, key_n, properties_n, body_n; /* of bytes[], in this order */
	size_t received_n;                              /* of the body */
	char bytes[];
};

static size_t
letter_bytes(const struct letter *l)
{
	return sizeof *l + l->exchange_n + l->key_n + l->properties_n + l->body_n;
}

static char *
letter_properties(struct letter *l)
{
	return l->bytes + l->exchange_n + l->key_n;
}

static char *
letter_body(struct letter *l)
{
	return letter_properties(l) + l->properties_n;
}

static void
bytes_put(char *to, amqp_bytes_t from)
{
	if (from.len)
		memcpy(to, from.bytes, from.len);
}

const char *
inbox_deliver(struct inbox *inbox, const amqp_basic_deliver_t *deliver)
{
	struct letter *l;

	if (inbox->open)
		return "a delivery within another";
	l = calloc(1, sizeof *l + deliver->exchange.len + deliver->routing_key.len);
	if (!l)
		return "no memory for a delivery";
	l->tag = deliver->delivery_tag;
	l->is_redelivered = deliver->redelivered;
	l->exchange_n = deliver->exchange.len;
	l->key_n = deliver->routing_key.len;
	bytes_put(l->bytes, deliver->exchange);
	bytes_put(l->bytes + l->exchange_n, deliver->routing_key);
	inbox->sum->bytes += letter_bytes(l);
	inbox->open = l;
	return NULL;
}

static void
open_end(struct inbox *inbox)
{
	struct letter *l = inbox->open;

	if (l->received_n < l->body_n)
		return;
	if (inbox->last)
		inbox->last->next = l;
	else
		inbox->first = l;
	inbox->last = l;
	inbox->open = NULL;
	inbox->sum->whole_count++;
}

const char *
inbox_header(struct inbox *inbox, const amqp_frame_t *frame)
{
	amqp_bytes_t properties = frame->payload.properties.raw;
	uint64_t body_n = frame->payload.properties.body_size;
	struct letter *l = inbox->open;

	if (!l || l->has_header || body_n > BODY_MAX_BYTES)
		return "a delivery's header out of place or too large";
	l = realloc(l, letter_bytes(l) + properties.len + (size_t)body_n);
	if (!l)
		return "no memory for a delivery's body";
	inbox->open = l;
	l->has_header = true;
	l->properties_n = properties.len;
	l->body_n = (size_t)body_n;
	l->received_us = monotonic_us();
	bytes_put(letter_properties(l), properties);
	inbox->sum->bytes += l->properties_n + l->body_n;
	open_end(inbox);
	return NULL;
}

const char *
inbox_body(struct inbox *inbox, amqp_bytes_t part)
{
	struct letter *l = inbox->open;

	if (!l || !l->has_header || part.len > l->body_n - l->received_n)
		return "a delivery's body out of place or too long";
	bytes_put(letter_body(l) + l->received_n, part);
	l->received_n += part.len;
	open_end(inbox);
	return NULL;
}

bool
inbox_has_whole(const struct inbox *inbox)
{
	return inbox->first != NULL;
}

/* False when the arena is full. */
static bool
letter_open(struct letter *l, struct inbox_scratch *scratch, struct arena *arena, struct delivery *d)
{
	amqp_bytes_t packed = {l->properties_n, letter_properties(l)};
	void *properties;
	bool is_read;

	d->tag = l->tag;
	d->redelivered = l->is_redelivered;
	d->received_us = l->received_us;
	d->exchange = arena_str(arena, (struct str){l->bytes, l->exchange_n});
	d->routing_key = arena_str(arena, (struct str){l->bytes + l->exchange_n, l->key_n});
	d->body = arena_str(arena, (struct str){letter_body(l), l->body_n});
	if (!d->exchange.p || !d->routing_key.p || !d->body.p)
		return false;
	/* The same bytes were read when the frame came, so only memory can be missing. */
	is_read = amqp_decode_properties(AMQP_BASIC_CLASS, &scratch->pool, packed, &properties) >= 0 &&
		  envelope_decode(properties, arena, &scratch->json, &d->envelope);
	recycle_amqp_pool(&scratch->pool);
	return is_read;
}

static void
first_drop(struct inbox *inbox)
{
	struct letter *l = inbox->first;

	inbox->sum->bytes -= letter_bytes(l);
	inbox->sum->whole_count--;
	inbox->first = l->next;
	if (!inbox->first)
		inbox->last = NULL;
	free(l);
}

enum outcome
inbox_hand_out(struct inbox *inbox, struct inbox_scratch *scratch, struct arena *arena, struct delivery *delivery,
	       struct why *why)
{
	struct arena_mark mark = arena_mark(arena);
	struct delivery d = {0};

	if (!letter_open(inbox->first, scratch, arena, &d)) {
		arena_rewind(arena, mark);
		return why_set(why, OUTCOME_DEAD, "too-large", "no room for a message of %zu bytes",
			       inbox->first->body_n);
	}
	*delivery = d;
	first_drop(inbox);
	return OUTCOME_OK;
}

uint64_t
inbox_open_tag(const struct inbox *inbox)
{
	return inbox->open && !inbox->open->has_header ? inbox->open->tag : 0;
}

void
inbox_clear(struct inbox *inbox)
{
	while (inbox->first)
		first_drop(inbox);
	if (inbox->open)
		inbox->sum->bytes -= letter_bytes(inbox->open);
	free(inbox->open);
	inbox->open = NULL;
}
