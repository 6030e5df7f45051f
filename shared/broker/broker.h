/* SPDX-License-Identifier: Apache-2.0 */
/*
 * broker - RabbitMQ: take deliveries, publish with confirms, acknowledge
 * Two connections: one only consumes, one only publishes, because a broker under a memory or disk alarm stops reading
 * from whoever publishes, acknowledgements included. One thread owns a broker. Both connections come back by themselves
 * (backoff with jitter, next host of the list); what was unacknowledged then is delivered again.
 *
 *   take … take → work → publish (all confirmed) → ack (multiple)
 */
#ifndef TRIBUTARY_BROKER_BROKER_H
#define TRIBUTARY_BROKER_BROKER_H

#include "base/arena.h"
#include "base/outcome.h"
#include "base/uuid.h"

struct broker;

struct broker_config {
	const char *urls; /* amqp://user:password@host:port/vhost, or amqps://; several, separated by commas */
	const char *name; /* shown in the broker's connection list */
	int64_t heartbeat_s;
	int64_t prefetch;       /* messages of each queue on their way to us; 0: does not consume */
	int64_t inbox_bytes;    /* read and not handed out, of all queues; 0: 8 MiB */
	const char *ca_file;    /* of amqps, PEM; NULL: what AMQP_CA_FILE names in the environment, else the system's */
	int64_t rpc_timeout_ms; /* of connecting and declaring */
};

/* A person dismissed it: the worker settles it without handling it, so that what waits behind it may go on. */
#define ENVELOPE_DISMISSED "dismissed"
/* Not to be done: the worker says what it would do, to the plan's item whose id is the header `path`. */
#define ENVELOPE_PREVIEW "preview"

/* Properties and headers, received or to be sent; texts are views. */
struct envelope {
	struct str message_id, correlation_id, type, content_type, app_id;
	int64_t timestamp_s;
	int64_t said_us;    /* header `said-us`: when it was published, microseconds since 1970; 0 unknown */
	int64_t attempt;    /* header `attempt`: how often it waited for a retry, 0 at first */
	int64_t version;    /* header `v`: version of the contract */
	int64_t deliveries; /* header `x-delivery-count`: how often it was delivered before; received only */
	struct str party;   /* header `party` */
	struct str origin;  /* header `origin`: the queue it failed in */
	struct str code;    /* header `code`: of a dead letter; ENVELOPE_DISMISSED of a message on its way home */
	struct str path;    /* header `path`: of a dead letter, the field */
	struct str reason;  /* header `reason`: of a dead letter, for a person */
	struct str trace;   /* header `traceparent`, W3C */
	struct str key;     /* header `idempotency-key`, on intake */
	struct str after;   /* header `after`: id of the order's message that must be settled before this one */
	struct str death;   /* "reason queue" of the broker's own first x-death entry; received only */
	struct str headers; /* every header as one JSON object, for people; received only */
};

/* envelope_header - the i-th of the headers that are sent, for documents about them; NULL behind the last */
const char *envelope_header(size_t index);

struct delivery {
	uint64_t tag;
	uint16_t channel;    /* its queue's own */
	uint64_t generation; /* of the channel: never the same again once it was closed */
	uint64_t number;     /* of all that were handed out */
	struct str queue, exchange, routing_key, body;
	struct envelope envelope;
	bool redelivered;
	int64_t received_us; /* monotonic */
};

/* delivery_compare - in the order they were handed out, also over a reconnect: below 0 when a was first */
int delivery_compare(const struct delivery *a, const struct delivery *b);

struct outgoing {
	struct str exchange, routing_key, body;
	struct envelope envelope;
	bool mandatory; /* somebody must be bound, else `returned` */
};

enum publish_state { PUBLISH_PENDING, PUBLISH_CONFIRMED, PUBLISH_RETURNED };

/* broker_new - no connection yet; NULL with `why` filled when the config is wrong (code: amqp-url) */
struct broker *broker_new(const struct broker_config *config, struct why *why);
void broker_free(struct broker *b);

/*
 * broker_consume - one more queue to consume, from the next broker_take on; a second time is nothing. Text is copied.
 * A queue that is missing or refused is asked for again every 5 s, and does not hold up the others.
 */
void broker_consume(struct broker *b, struct str queue);
/* broker_share - so many of it (at least 1) are handed out each time it is its turn; of the others it is one */
void broker_share(struct broker *b, struct str queue, int64_t count);

/*
 * broker_take - wait for the next delivery, connecting if needed
 * timeout_us  microseconds; 0 only looks, and does not connect. A try to connect may take longer than a short timeout:
 *             500 ms, and after each failure twice that, up to rpc_timeout_ms
 * Of one queue in the order it delivers, and of all queues that have delivered something one each in turn (or as many as
 * broker_share() says), however much of another stands before it. What is read meanwhile waits in memory, up to
 * inbox_bytes and the message that goes beyond, and what stands before the answer when a queue is asked for.
 * arena       takes the copy of body, keys and headers; delivery->queue lives as long as the broker
 *
 * OUTCOME_OK     *delivery is written
 * OUTCOME_RETRY  nothing came in time, or nothing is there and broker_publish_is_answered(); no code
 * OUTCOME_AWAY   no connection now (code: amqp-away, amqp-refused), or not one of the queues is there
 *                (amqp-queue-missing); call again, it waits by itself
 * OUTCOME_DEAD   the arena is full: too-large; nothing is written, and the next call hands out the same delivery. An
 *                empty arena must hold the largest message the broker accepts (max_message_size, 128 MiB by default)
 */
enum outcome broker_take(struct broker *b, int64_t timeout_us, struct arena *arena, struct delivery *delivery,
			 struct why *why) MUST_CHECK;

/*
 * broker_pause / broker_resume - stop and go on taking new deliveries (basic.cancel and consume); both are idempotent
 * While paused broker_take hands out nothing: what was already on its way stays unacknowledged with us and is handed
 * out after broker_resume; broker_free gives it back to the queue at once.
 */
void broker_pause(struct broker *b);
void broker_resume(struct broker *b);
bool broker_is_paused(const struct broker *b);

/*
 * broker_limit - at most so many messages of this queue on their way to us; 0: none for now (basic.cancel and consume)
 * From the next broker_take on; what was on its way already is still handed out. A queue at 0 is no trouble: it counts
 * as consumed. One that is not consumed at all is left alone.
 * limit  BROKER_UNLIMITED: the prefetch, which is never exceeded
 */
#define BROKER_UNLIMITED INT64_MAX
void broker_limit(struct broker *b, struct str queue, int64_t limit);

/*
 * broker_publish - send n messages and wait until each is confirmed or returned
 * Connects by itself, within timeout_ms; n may be 0, just for that. Texts of an envelope are cut to what AMQP takes
 * (properties 255 bytes, headers 4096); a message whose exchange or routing key is longer than 255 bytes is returned.
 * timeout_ms  of the confirms; a connection that has to be made first may take up to rpc_timeout_ms instead
 * states  n results, written also on failure: what is PENDING may or may not have arrived; publish it again
 *
 * OUTCOME_OK     none is pending
 * OUTCOME_AWAY   code: amqp-away             no connection
 *                      amqp-blocked          the broker takes no messages: memory or disk alarm
 *                      amqp-confirm-timeout  sent, and not all confirmed within timeout_ms
 *                      amqp-refused          no such exchange, no permission, too large (the broker's text says which;
 *                                            any message of the call may be the cause), or a queue is full
 */
enum outcome broker_publish(struct broker *b, const struct outgoing *messages, size_t n, int64_t timeout_ms,
			    enum publish_state *states, struct why *why) MUST_CHECK;

/*
 * broker_publish_begin, broker_publish_end - the two halves of broker_publish(), for whoever has something better to do than
 * to wait: the first writes the messages, if there is a connection, and waits up to timeout_ms until it takes them; the
 * second waits for the answers, connects, and sends again what a lost connection took along. Each begin has one end. Between
 * them deliveries may be taken and acknowledged, and nothing else may be published. messages, their texts, and states are
 * the broker's until the end.
 */
void broker_publish_begin(struct broker *b, const struct outgoing *messages, size_t n, int64_t timeout_ms,
			  enum publish_state *states);
enum outcome broker_publish_end(struct broker *b, int64_t timeout_ms, struct why *why) MUST_CHECK;
/* broker_publish_is_stuck - what was begun goes on only in broker_publish_end(): its connection is gone, or takes no more */
bool broker_publish_is_stuck(struct broker *b);
/* broker_publish_is_answered - what was begun has all its answers: broker_publish_end() will not wait for any */
bool broker_publish_is_answered(struct broker *b);

/*
 * broker_hold, broker_unhold - hand out nothing of this queue for now; hand out of all of them again
 * It is consumed as ever: what comes waits, and counts in inbox_bytes, so this is for a moment only.
 */
void broker_hold(struct broker *b, struct str queue);
void broker_unhold(struct broker *b);

/*
 * broker_ack - this delivery and all of its queue that were handed out before it; nothing is sent when it is acknowledged
 * already. Ignored when its channel is gone (they come again).
 */
void broker_ack(struct broker *b, const struct delivery *delivery);

/*
 * broker_depth - how many messages are ready in the queue; one round trip on the publish link
 * -1: not known, for there is no such queue, or no connection
 */
int64_t broker_depth(struct broker *b, const char *queue);

/* broker_keep - broker_pump(), and what is away is connected again, if it is time to try: takes up to timeout_us then */
void broker_keep(struct broker *b, int64_t timeout_us);

/* broker_pump - keep heartbeats alive and notice what the broker says; call at least every second while working */
void broker_pump(struct broker *b);

bool broker_is_connected(const struct broker *b); /* both connections */
bool broker_is_consuming(const struct broker *b); /* every queue that it should, and not paused */
bool broker_is_blocked(const struct broker *b);
uint64_t broker_reconnects(const struct broker *b);

#endif
