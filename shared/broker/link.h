/* SPDX-License-Identifier: Apache-2.0 */
/*
 * link - one AMQP connection that comes back
 * Owns rabbitmq-c's connection state. A link that fails is destroyed at once (never closed politely: the close would
 * wait for an answer) and may be tried again at `next_try_us`, with the next host. Every failure is logged once.
 *
 *   down --link_open--> up --link_lost / link_close--> down
 */
#ifndef TRIBUTARY_BROKER_LINK_H
#define TRIBUTARY_BROKER_LINK_H

#include "broker/rabbitmq_c.h"
#include "broker/url.h"

#define LINK_HOSTS_MAX 16
#define LINK_END_MS 1000

/* What both links of a broker share; outlives them. */
struct link_settings {
	struct url hosts[LINK_HOSTS_MAX];
	size_t hosts_count;
	char *name, *ca_file;
	int64_t heartbeat_s, rpc_timeout_ms;
};

struct link {
	const struct link_settings *settings;
	const char *side;              /* "consume" or "publish" */
	amqp_connection_state_t state; /* NULL while down */
	size_t host;                   /* of the next try */
	bool is_blocked;               /* the broker reads nothing from us: memory or disk alarm */
	bool is_finished;              /* by link_finish() */
	uint64_t opened_count;         /* connections so far: the generation */
	unsigned failures;             /* in a row */
	int64_t next_try_us;           /* monotonic */
	int64_t opened_us;             /* monotonic */
	int64_t beat_us;               /* monotonic: last time a read or link_beat() looked after the heartbeat */
	int64_t write_limit_ms;        /* TCP_USER_TIMEOUT as it stands */
	/* Called with the link still up, before it is lost to bytes that rabbitmq-c cannot read; may be NULL. */
	void (*unreadable)(void *context);
	void *unreadable_context;
	struct why away;                              /* why it is down */
	char logged[sizeof(((struct why *)0)->text)]; /* the last failure that was logged */
};

enum link_read { LINK_FRAME, LINK_NOTHING, LINK_LOST };

/* link_budget_us - how long the next try to connect may take: until the deadline, longer after failures */
int64_t link_budget_us(const struct link *l, int64_t deadline_us);
/* link_open - try the next host; bounded by budget_us. Down afterwards: `away` and next_try_us are set */
void link_open(struct link *l, int64_t budget_us);
/* link_lost - end it where it stands: code is a literal, the rest says what happened */
void link_lost(struct link *l, const char *code, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* link_finish - what was said has been done by the broker, or LINK_END_MS are over; whatever it says is not looked at.
 * link_lost() must follow; the next try is at once, at the same host, and no failure is counted. */
void link_finish(struct link *l);
/* link_close - say goodbye to the broker, so that it gives unacknowledged messages to others at once */
void link_close(struct link *l);

bool link_is_up(const struct link *l);
/* link_is_due - down, and may be tried again now */
bool link_is_due(const struct link *l);
int link_fd(const struct link *l); /* -1 while down */

/*
 * link_read - the next frame of a channel other than 0, waiting at most wait_us; heartbeats, blocked, unblocked and
 * connection.close are dealt with here
 * frame  valid until link_release() of its channel, or a synchronous call on it
 */
enum link_read link_read(struct link *l, int64_t wait_us, amqp_frame_t *frame) MUST_CHECK;
/* link_read_kept - the next frame of those that were read while an answer was waited for; false: none is left */
bool link_read_kept(struct link *l, amqp_frame_t *frame);
/* link_release - give back the memory of the channel's frames; nothing points into them any more. Does nothing while frames of
 * it stand unread behind an answer that was waited for. */
void link_release(struct link *l, amqp_channel_t channel);
/* link_beat - send a heartbeat when nothing else looked after it lately */
void link_beat(struct link *l);

/*
 * link_limit_rpc - the next synchronous calls end by deadline_us; link_limit_writes - so does a write into a full
 * socket, by TCP_USER_TIMEOUT: rabbitmq-c itself would wait for ever
 */
void link_limit_rpc(struct link *l, int64_t deadline_us);
void link_limit_writes(struct link *l, int64_t deadline_us);

/*
 * link_check - the outcome of the synchronous call just made; nothing points into its answer any more
 * OUTCOME_OK    done
 * OUTCOME_HELD  the broker refused and closed the channel (answered here: it may be opened again)    code: amqp-refused
 * OUTCOME_AWAY  the link is down now                                                     codes: amqp-away, amqp-refused
 */
enum outcome link_check(struct link *l, amqp_rpc_reply_t reply, amqp_channel_t channel, const char *what,
			struct why *why) MUST_CHECK;
/* link_close_channel_ok - answer a channel.close that came by itself; why (may be NULL) gets its text */
void link_close_channel_ok(struct link *l, amqp_channel_t channel, const amqp_channel_close_t *closed, struct why *why);

#endif
