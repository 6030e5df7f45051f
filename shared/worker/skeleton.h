/* SPDX-License-Identifier: Apache-2.0 */
/*
 * skeleton - what the files of worker/ share with each other and with nobody else
 *
 * The way of a batch, and what a death right after each step leads to:
 *   take      deliveries are unacknowledged                → delivered again
 *   decode    nothing is written                           → delivered again
 *   handle    a transaction is open                        → rolled back, delivered again
 *   commit    the journal holds outcome and outputs        → delivered again, answered from the journal
 *   publish   outputs are confirmed                        → delivered again, the same outputs with the same ids
 *   mark      Redis knows that it was published            → delivered again, answered without publishing
 *   ack       done
 *
 * Two turns overlap: while the confirms of one batch are on their way the next is taken and settled, up to its commit. Then
 * the first is confirmed and acknowledged before anything of the second is said, so that what one order's messages say keeps
 * its order, and at most two batches are unacknowledged.
 */
#ifndef TRIBUTARY_WORKER_SKELETON_H
#define TRIBUTARY_WORKER_SKELETON_H

#include "keys/keys.h"
#include "worker/metrics.h"
#include "worker/outputs.h"
#include "worker/worker.h"

enum step {
	STEP_TAKE,
	STEP_DECODE,
	STEP_HANDLE,
	STEP_PREPARE,
	STEP_CALL,
	STEP_COMMIT,
	STEP_PUBLISH,
	STEP_MARK,
	STEP_ACK
};

struct skeleton_config {
	const char *amqp_url, *amqp_ca_file, *database_url, *redis_url, *redis_ca_file, *parties_dir, *queues,
	    *http_address, *http_tls_certificate_file, *http_tls_key_file, *log_level, *fault_file;
	int64_t batch_max, batch_wait_ms, batch_bytes, backlog_max, backlog_wait_ms, heartbeat_s, confirm_timeout_ms,
	    statement_timeout_ms, lock_timeout_ms, redis_timeout_ms, done_ttl_s, drain_ms, http_port;
};

extern const struct param skeleton_params[];
extern const size_t skeleton_params_count;

/* A line for the order's timeline. */
struct note {
	struct note *next;
	const char *event, *code;
	struct str detail;
};

/* Where an item is on its way through its transaction. */
enum item_state {
	ITEM_OPEN,     /* to be handled */
	ITEM_FORCED,   /* its outcome stands before the handler: it could not be decoded, or it spoiled its batch */
	ITEM_SKIPPED,  /* a person dismissed it: done without the handler */
	ITEM_ANSWERED, /* the journal knows it */
	ITEM_GATED,    /* an earlier message of its order has not settled */
	ITEM_CALLED,   /* the outside was asked; only the record is to be written */
};

struct item_private {
	const struct handler *handler;
	enum item_state state;
	enum item_state entry_state; /* and the outcome (and why) to start from when a transaction is run again */
	enum outcome entry_outcome;
	struct why entry_why;
	struct str entry_party; /* what a handler may have changed in the run before */
	struct uuid entry_order;
	int64_t lock_key;
	size_t round;    /* 0 for the first message of its order in the batch */
	bool has_gate;   /* its order's earlier messages in this queue may hold it up */
	bool was_called; /* the outside was asked: never go back behind that */
	bool is_preview; /* only to be told what would become of it */
	bool is_suspect; /* delivered again and again: it may be what kills us */
	int64_t seen_us; /* of a repeat: Redis says what its transaction said then was published; 0: it does not know */
	struct uuid outputs_id; /* of all that its transaction said; nil: it said nothing, or before there were ids */
	int64_t settled_us;     /* when it was settled, as the journal has it; 0: not yet, or not for good */
	bool is_returned;       /* RETRY, but straight to its queue, and not counted */
	bool gives_way;         /* RETRY, but its order's other messages go on */
	bool is_head;           /* its order's gate lets it pass */
	bool opens_gate;  /* what it comes after has not come yet: it waits behind that, and so does all that follows */
	struct uuid gate; /* head of its order's gate; nil when there is none */
	struct uuid after;   /* nil: it comes after nothing that we know of */
	struct str recorded; /* packed outputs out of the journal */
	bool is_torn;        /* they are not there, and too young to have gone by retention */
	struct output *outputs, **outputs_end;
	struct note *notes, **notes_end;
	int rank; /* enum order_rank, 0: none reached */
	struct str subject;
	struct uuid settles;
};

/* One batch on its way, in memory of its own. */
struct turn {
	struct arena *arena;
	struct item **items;
	size_t n;
	struct outgoing *messages; /* said and not confirmed yet */
	enum publish_state *states;
	size_t messages_count;
	int64_t taken_us, committed_us; /* monotonic */
	int64_t taken_at_us;            /* since 1970 */
};

struct skeleton {
	const struct worker *worker;
	struct skeleton_config config;
	void *worker_config, *state;
	char name[64];        /* in the servers' lists of connections */
	char keys_prefix[64]; /* of its keys in Redis */
	struct party_list *parties;
	struct broker *broker;
	struct store *store;
	struct keys *keys;
	struct turn turns[2], *said; /* said: committed, and its confirms are on their way; NULL: none is */
	int64_t work_us; /* what the last transaction took that was committed; nothing that was asked of the outside */
	struct arena *arena; /* of the turn that is being settled */
	struct metrics *metrics;
	struct {
		bool is_set;
		enum step step;
		int64_t countdown;
	} fault;
	int64_t windows_until_us; /* monotonic: ask the worker for its queues' windows again */
	/* monotonic: no queue waits longer for what comes later, 0 when none does; and when to look whether it still must */
	int64_t backlog_until_us, backlog_look_us;
	int64_t store_tried_us; /* monotonic: the last try to connect while idle */
	int64_t log_until_us;   /* monotonic: lines are held no longer than this, 0 when none are */
	int64_t stop_at_us;     /* monotonic; 0: not asked to stop */
};

/* stop flag, set by SIGTERM and SIGINT */
bool skeleton_is_stopping(void);
/* skeleton_may_go_on - false when the time to drain is used up; keeps connections alive meanwhile */
bool skeleton_may_go_on(struct skeleton *s);
/* skeleton_sleep - bounded pause that keeps connections alive; false as above */
bool skeleton_sleep(struct skeleton *s, int64_t ms);
/* fault_point - dies here by SIGKILL when a drill asked for it (parameter FAULT_FILE) */
void fault_point(struct skeleton *s, enum step step);
void fault_load(struct skeleton *s);

/* windows_apply - how much of each queue the worker wants now; at most one round trip to the broker for each change */
void windows_apply(struct skeleton *s);

/* backlog.c */
/* backlog_begin - after a turn that said something: the long doors of a large one wait now, if what comes later is long */
void backlog_begin(struct skeleton *s, const struct turn *t);
/* backlog_look - before a turn: if it is time to look, does anybody have to wait still? */
void backlog_look(struct skeleton *s);

/* loop.c */
int loop_run(struct skeleton *s);
/* log_release - write the lines that were held long enough; also while something is waited for */
void log_release(struct skeleton *s);
/* gauges_update - what is there right now; also while something is waited for */
void gauges_update(struct skeleton *s);

/* item.c: from a delivery to an item; never fails: what cannot be decoded is an item whose outcome is DEAD */
struct item *item_open(struct skeleton *s, struct delivery *delivery);
/* item_reset - forget what a handler did, before it is called again */
void item_reset(struct item *item);
void item_force(struct item *item, enum outcome outcome, const struct why *why);
/* item_end_name - the outcome's name, or `returned` for a retry that is not counted */
const char *item_end_name(const struct item *item);
struct uuid item_gate_order(const struct item *item); /* nil: no gate concerns it */
void item_add_output(struct skeleton *s, struct item *item, const struct outgoing *message);
void item_add_note(struct skeleton *s, struct item *item, const char *event, const char *code, struct str detail);

/* transaction.c: brings every item to a committed end; false when the process must stop first */
bool items_settle(struct skeleton *s, struct item **items, size_t n);

/* preview.c: asks a message's fate, and tells it; false when the process must stop first */
bool preview_is_asked(const struct delivery *d);
bool preview_run(struct skeleton *s, struct item *item);
/* transaction.c, for it: what the journal and the gates know of the item, in the open transaction, locked as ever */
enum outcome known_look(struct skeleton *s, struct item *item, struct why *why);
struct batch batch_of(struct skeleton *s, struct item **items, size_t n);
/* away_wait - a server is away: wait until it may be back, growing slower; false when the process must stop first */
bool away_wait(struct skeleton *s, const struct why *why, int64_t *backoff_ms);

/* settle.c: writes what the items came to, inside the open transaction */
enum outcome settle_write(struct skeleton *s, struct item **items, size_t n, struct why *why);

/* deliver.c: both false when the process must stop first */
/* turn_say - begin to publish what the items of a committed turn say */
bool turn_say(struct skeleton *s, struct turn *t);
/* turn_confirm - wait until all of it is confirmed, mark and acknowledge */
bool turn_confirm(struct skeleton *s, struct turn *t);

/* http.c: /healthz /readyz /metrics in a thread of its own; does nothing without HTTP_PORT */
struct http_server;
enum outcome http_server_open(const struct skeleton *s, struct http_server **server, struct why *why) MUST_CHECK;
void http_server_close(struct http_server *server);

#endif
