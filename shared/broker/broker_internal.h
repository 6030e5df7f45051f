/* SPDX-License-Identifier: Apache-2.0 */
/*
 * broker_internal - what the files of this folder share
 *   url.c       one URL
 *   link.c      one connection; connect.c how it is made
 *   envelope.c  properties and headers, both ways
 *   consume.c   queues, their channels, acknowledgements: on the consume link only
 *   inbox.c     what came and was not handed out yet
 *   publish.c   messages, confirms, returns: on the publish link only
 *   broker.c    the two together
 */
#ifndef TRIBUTARY_BROKER_INTERNAL_H
#define TRIBUTARY_BROKER_INTERNAL_H

#include "broker/broker.h"
#include "broker/inbox.h"
#include "broker/link.h"

#define BROKER_TAG_BYTES 32
#define PUBLISH_WINDOW 512       /* messages sent and not confirmed yet */
#define SLICE_US INT64_C(500000) /* longest wait on one link without looking after the other */

/*
 * A queue has a channel of its own, numbered as it stands in the list, from 1: delivery tags count per channel, so one
 * acknowledgement may cover all of a queue up to one of them whatever else was handed out between, and a "no" closes nothing else.
 */
struct queue {
	char *name;
	char tag[BROKER_TAG_BYTES]; /* consumer tag "<index>.<serial>", never the same twice */
	bool is_channel_open;
	bool is_stale;       /* the channel was closed, and frames of it may still stand unread */
	uint64_t generation; /* of the channel: channels_count when it was opened */
	uint64_t acked_tag;  /* all up to it are acknowledged */
	bool is_consumed;
	bool is_held;           /* its inbox hands out nothing now */
	int64_t share;          /* how many it hands out in a turn */
	int64_t limit;          /* messages on their way, most; 0: it is not to be consumed now */
	int64_t consumed_limit; /* what it is consumed with */
	bool was_missing;       /* said so in the log */
	int64_t next_check_us;  /* monotonic; when it is not consumed */
	int64_t consumed_us;    /* monotonic: since when, or last time */
	struct inbox inbox;
};

struct consumer {
	struct link link;
	struct queue *queues;
	size_t queues_count;
	int64_t prefetch;
	size_t inbox_max_bytes;
	uint64_t serial;         /* of the next consumer tag */
	uint64_t channels_count; /* opened so far, of all connections */
	uint64_t handed_count;   /* deliveries handed out so far */
	size_t turn;             /* index of the queue that is asked first for the next delivery */
	int64_t turn_count;      /* how many it has handed out in this turn */
	bool is_paused;
	/* Of the queue that is consumed alone, one by one, as something of it could not be read; 0: none. */
	amqp_channel_t wary_channel;
	int64_t wary_until_us; /* monotonic: nothing came by then: it is empty, or others have it */
	int64_t looked_us;     /* monotonic: when there was nothing more to read */
	struct inbox_sum sum;
	struct inbox_scratch scratch;
};

/* One message sent and not confirmed yet; it stands at its delivery tag modulo PUBLISH_WINDOW. */
struct slot {
	size_t index; /* of the message in its call */
	bool is_settled, is_returned;
};

/* A returned message on its way in: method, header, body frames. */
struct returned {
	bool is_open, has_header;
	uint64_t left_bytes;
	char exchange[256], routing_key[256];
};

struct publisher {
	struct link link;
	bool is_channel_open, is_probe_open;
	struct why refused; /* why the broker closed the channel */
	char logged[sizeof(((struct why *)0)->text)];
	uint64_t channels_count;    /* opened so far: numbers of one channel mean nothing on the next */
	uint64_t low_tag, next_tag; /* low_tag .. next_tag-1 are of this call and not all confirmed */
	struct slot slots[PUBLISH_WINDOW];
	struct returned returned;
	bool is_busy; /* a call is under way, of these: */
	const struct outgoing *messages;
	enum publish_state *states;
	size_t n;
	/* Its round: each pending message is sent once. */
	uint64_t round_channel; /* channels_count when it began */
	size_t cursor, nacked_count;
};

struct broker {
	struct link_settings settings;
	struct consumer consumer;
	struct publisher publisher;
};

/* consume.c */
/* consume_prepare - once, before the link is opened first; the consumer is not moved afterwards */
void consume_prepare(struct consumer *c);
/* consume_serve - connect and consume what is due (not after deadline_us), then read what came into the inboxes */
void consume_serve(struct consumer *c, int64_t deadline_us);
/* consume_pump - read what came, keep the heartbeat; does not wait and does not connect */
void consume_pump(struct consumer *c);
bool consume_is_ready(const struct consumer *c); /* a delivery can be handed out */
bool consume_is_full(const struct consumer *c);  /* nothing more is read until one was */
/* consume_hand_out - of the queues that have something, in turn; only when consume_is_ready() */
enum outcome consume_hand_out(struct consumer *c, struct arena *arena, struct delivery *delivery,
			      struct why *why) MUST_CHECK;
/* consume_trouble - why there can be no delivery now; OUTCOME_RETRY when there could be one */
enum outcome consume_trouble(const struct consumer *c, struct why *why) MUST_CHECK;
void consume_cancel(struct consumer *c); /* basic.cancel for every queue */
void consume_limit(struct consumer *c, struct queue *q, int64_t limit);
void consume_ack(struct consumer *c, const struct delivery *delivery);
int64_t consume_next_us(const struct consumer *c); /* when consume_serve has something due; INT64_MAX: never */
void consume_release(struct consumer *c);

/* publish.c */
void publish_serve(struct publisher *p, int64_t deadline_us); /* connect when due, read what came */
void publish_pump(struct publisher *p);
/* publish_depth - ready messages of a queue; -1: not known. Here no delivery stands before the answer */
int64_t publish_depth(struct publisher *p, const char *queue);
/* publish_ready - connected, channel open, not blocked; waits for it, keeping the consumer alive */
enum outcome publish_ready(struct broker *b, int64_t deadline_us, struct why *why) MUST_CHECK;
/*
 * A round: publish_round_begin, then publish_round_send as often as there is time, then publish_round_end until each message
 * is answered; nacked_count says how many were refused.
 */
void publish_round_begin(struct publisher *p);
/* publish_round_send - hand every message to the socket; answers are not waited for */
enum outcome publish_round_send(struct broker *b, int64_t deadline_us, struct why *why) MUST_CHECK;
enum outcome publish_round_end(struct broker *b, int64_t deadline_us, struct why *why) MUST_CHECK;
/* publish_is_broken - the round's channel is gone: what was sent may or may not have arrived */
bool publish_is_broken(const struct publisher *p);
/* publish_is_stuck - the call needs its end to go on: its channel is gone, or something of it is not sent yet */
bool publish_is_stuck(struct publisher *p);
/* publish_is_answered - every message of the call's round was sent and answered */
bool publish_is_answered(struct publisher *p);

/* envelope.c */
struct envelope_wire {
	amqp_basic_properties_t properties;
	amqp_table_entry_t entries[16];
};

/* envelope_encode - views into `from`; the result must not be moved */
void envelope_encode(const struct envelope *from, struct envelope_wire *wire);
/* envelope_decode - copies to the arena; false when it is full. json is scratch */
bool envelope_decode(const amqp_basic_properties_t *from, struct arena *arena, struct buf *json,
		     struct envelope *envelope) MUST_CHECK;

#endif
