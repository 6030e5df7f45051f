/* SPDX-License-Identifier: Apache-2.0 */
/*
 * inbox - what a queue has delivered and nobody was handed yet, in the order it came
 * A delivery comes in frames, and frames of several channels may alternate, so each queue has an inbox of its own. What a frame
 * holds is copied at once: it can be given back after each call.
 *
 *   deliver → header → body … body → whole → handed out
 */
#ifndef TRIBUTARY_BROKER_INBOX_H
#define TRIBUTARY_BROKER_INBOX_H

#include "broker/broker.h"
#include "broker/rabbitmq_c.h"

struct letter; /* one delivery */

/* What all inboxes of a consumer hold; it outlives them. */
struct inbox_sum {
	size_t bytes; /* also of what is not whole yet, as long as its header said it will be */
	size_t whole_count;
};

struct inbox {
	struct inbox_sum *sum;
	struct letter *first, *last; /* whole */
	struct letter *open;         /* its header or some of its body is still to come; NULL: none is */
};

/* What is needed to read headers, for all inboxes of a consumer. */
struct inbox_scratch {
	amqp_pool_t pool;
	struct buf json;
};

/* inbox_deliver, inbox_header, inbox_body - the next frame of its channel; borrowed
 * NULL, or what is wrong with it, a literal: then nothing more of the channel can be understood */
const char *inbox_deliver(struct inbox *inbox, const amqp_basic_deliver_t *deliver);
const char *inbox_header(struct inbox *inbox, const amqp_frame_t *frame);
const char *inbox_body(struct inbox *inbox, amqp_bytes_t part);

bool inbox_has_whole(const struct inbox *inbox);
/*
 * inbox_hand_out - the first whole one, into the arena; delivery's queue, channel, generation and number are the caller's
 * OUTCOME_DEAD  the arena is full: too-large; nothing is written, and it is still the first
 */
enum outcome inbox_hand_out(struct inbox *inbox, struct inbox_scratch *scratch, struct arena *arena,
			    struct delivery *delivery, struct why *why) MUST_CHECK;
/* inbox_open_tag - of the delivery whose header is still to come; 0: of none */
uint64_t inbox_open_tag(const struct inbox *inbox);
void inbox_clear(struct inbox *inbox);

#endif
