/* SPDX-License-Identifier: Apache-2.0 */
/*
 * worker - the skeleton that every worker of the fleet stands on
 * A worker is a descriptor and a few handlers; everything else (the loop, batches, the journal, retries, gates, dead
 * letters, confirms, reconnects, draining, metrics) happens here. A handler gets messages as a set, inside one
 * transaction, decodes nothing, acknowledges nothing, and may be called again with the same messages: what it did
 * before was rolled back then.
 *
 *   take → decode → lock, journal, gates → handle (sets) → journal, timeline, status → commit → publish → ack
 *
 * An item ends with the outcome a handler gave it by item_fail(), or OUTCOME_OK.
 */
#ifndef TRIBUTARY_WORKER_WORKER_H
#define TRIBUTARY_WORKER_WORKER_H

#include "base/arena.h"
#include "base/outcome.h"
#include "base/params.h"
#include "base/uuid.h"
#include "broker/broker.h"
#include "contract/contract.h"
#include "party/party.h"
#include "store/store.h"

/* How far an order has come; order_status keeps the furthest. The names stand in table order_states. */
enum order_rank {
	ORDER_ACCEPTED = 10,
	ORDER_ENRICHED = 20,
	ORDER_BACKORDERED = 25,
	ORDER_PART_ALLOCATED = 28,
	ORDER_ALLOCATED = 30,
	ORDER_PART_SHIPPED = 50,
	ORDER_SHIPPED = 60,
	ORDER_PART_INVOICED = 70,
	ORDER_INVOICED = 80,
	ORDER_CANCELLED = 90, /* only while nothing was asked of a warehouse */
};

/* One message. The handler reads the first part, and writes through the functions below. */
struct item {
	const struct delivery *delivery; /* what came, as it came */
	struct uuid message_id;
	struct uuid order_id; /* nil on intake until item_order() */
	struct str party;     /* the order's channel; on intake the sender */
	struct str kind;      /* the event's type; on intake what the routing key says after the party */
	void *document;       /* decoded by the handler's contract; NULL when it has none */
	void *scratch;        /* for the handler, from prepare to handle; NULL at first */
	enum outcome outcome;
	struct why why;
	struct item_private *private;
};

struct batch {
	struct item **items;
	size_t n; /* no two of them concern the same order */
	struct arena *arena;
	struct store *store; /* a transaction is open, but not in call() */
	void *state;         /* what the worker's open() made */
	const void *config;  /* the worker's own parameters */
	const struct party_list *parties;
	int64_t now_us;
	struct skeleton *skeleton; /* for batch_pump() */
};

/*
 * handler - what to do with one type of message, as a set
 * The functions return OUTCOME_OK, or why nothing of the set could be done (the store's outcome, handed on); one item's
 * trouble is item_fail() and OUTCOME_OK.
 */
struct handler {
	const char *type;                /* the event; NULL takes whatever comes */
	const struct contract *contract; /* its document; NULL leaves the bytes alone */
	bool passes_gates;               /* it may settle what holds its order up: see item_settles() */
	bool closes_no_gate;             /* its order's other messages go on when it fails: somebody says it again */
	/* Inside the transaction whose commit settles the items. */
	enum outcome (*handle)(struct batch *batch, struct why *why);
	/*
	 * For calls to the outside, both or none: prepare() runs in a transaction of its own, committed before call(),
	 * which runs in none and gives each item an outcome; then handle() gets all that call() got, to record how they
	 * ended.
	 */
	enum outcome (*prepare)(struct batch *batch, struct why *why);
	enum outcome (*call)(struct batch *batch, struct why *why);
	/* In place of call() when somebody only wants to know what would become of a message: after a prepare() that was
	 * rolled back, in no transaction. It may ask the outside what there is, changes nothing, and notes what it found.
	 * NULL: nothing can be looked up. */
	enum outcome (*look)(struct batch *batch, struct why *why);
	/* What handle() did has committed: for what the process remembers of it. May be NULL. Not called when the answer
	 * to COMMIT was lost. */
	void (*committed)(void *state);
};

struct setup {
	const void *config;
	const struct party_list *parties;
	const char *parties_dir;
	const char *database_url, *redis_url, *redis_ca_file; /* for connections of its own, in a thread of its own */
	struct skeleton *skeleton;                            /* for worker_figure() */
};

/* How much of a queue may be on its way to us now. */
struct queue_window {
	int64_t count;    /* messages: 0 none, BROKER_UNLIMITED as many as the skeleton likes */
	int64_t until_us; /* monotonic: ask again then; INT64_MAX: after the next batch is soon enough */
};

struct worker {
	const char
	    *name; /* also of its queues' row in topology/topology.yaml and of its Postgres role and RabbitMQ user */
	const char *summary;
	const struct param *params; /* its own, beside the skeleton's */
	size_t params_count;
	size_t config_size; /* bytes of the struct they fill */
	const struct handler *handlers;
	size_t handlers_count;
	/*
	 * tick - of a worker without a queue, instead of handlers: its work, again and again. batch->n is 0, and no
	 * transaction is open. Bounded work: between two ticks the process may be stopped.
	 * next_ms  when to be called again; after another outcome than OUTCOME_OK that is TICK_RETRY_MS
	 */
	enum outcome (*tick)(struct batch *batch, int64_t *next_ms, struct why *why);
	bool ticks_without_store; /* it has something to say while Postgres is away */
	/*
	 * drain - of a worker with tick(): asked again and again once the process is to stop; true when nothing is under
	 * way any more. Ticks go on until then, or until DRAIN_MS are over. NULL: it stops at once.
	 */
	bool (*drain)(void *state);
	/* open - makes `state`, before anything is consumed; NULL when there is none */
	enum outcome (*open)(const struct setup *setup, void **state, struct why *why);
	void (*close)(void *state);
	/* window - asked before each batch and after it, before its messages are acknowledged; NULL: no limit. What was on
	 * its way when a window closed still comes: see item_return(). */
	struct queue_window (*window)(void *state, struct str queue, int64_t now_us);
	/*
	 * behind - the queues that what it says comes to, next or later; ends with NULL, or is NULL
	 * Who takes from one door as fast as it can would fill them, and whatever comes by the other doors would wait behind it
	 * at each. So after a batch of half of BATCH_MAX or more, while one of them has more than BACKLOG_MAX messages, each door
	 * that this batch came by, and that has more than BACKLOG_MAX itself beyond what was fetched, waits: until all of them are
	 * below it, or BACKLOG_WAIT_MS are over. What comes by the other doors is taken and settled meanwhile.
	 */
	const char *const *behind;
	bool from_outside; /* reads intake: any bytes, message ids of strangers */
	bool is_final;     /* takes what others gave up on: no journal, no gates, and nothing dies here */
};

/* worker_main - all of main(); returns the exit status (sysexits) */
int worker_main(const struct worker *worker, int argc, char **argv);

/* item_fail - the item does not get OUTCOME_OK; `why` is copied. For RETRY, HELD and DEAD. */
void item_fail(struct item *item, enum outcome outcome, const struct why *why);
/*
 * item_return - it goes back to its queue as it was, and no attempt is counted: not its turn, and not its fault
 * For what comes while the queue's window is closed, else it comes again at once, and again. Its order's later messages
 * wait behind it.
 */
void item_return(struct item *item, const struct why *why);
/*
 * item_give_way - RETRY, and its order's other messages go on meanwhile: what it waits for is one of them, which another
 * process may still have in hand. Behind a gate of its own it would hold up what it waits for. One that is the head of a
 * gate already stays it. This and item_return() are for handle(): what prepare() says of them is forgotten.
 */
void item_give_way(struct item *item, const struct why *why);
/* item_order - on intake: which order the message turned out to be about */
void item_order(struct item *item, struct uuid order_id);
/* item_subject - what people know the message by (a number of the channel's), for its exception; a view, kept until the
 * batch is settled */
void item_subject(struct item *item, struct str subject);
/* item_status - the order has come so far */
void item_status(struct item *item, enum order_rank rank);
/* item_settles - this message proves that the earlier message `id` of the order, held in this queue, is settled: its
 * exception is closed and the order goes on behind it */
void item_settles(struct item *item, struct uuid id);

/*
 * item_say - publish an event when the batch has committed
 * event     one of topology_names.h; its row there names the contract of `document`, which is encoded at once
 * scope     what follows the event in the routing key: a channel, a partner
 * part      tells several of the same event by one item apart, else empty
 */
void item_say(struct batch *batch, struct item *item, const char *event, struct str scope, struct str part,
	      const void *document);
/* item_say_bytes - likewise, of a document that is encoded already by the event's contract: batch_encode() */
void item_say_bytes(struct batch *batch, struct item *item, const char *event, struct str scope, struct str part,
		    struct str bytes);
/* batch_encode - a document's bytes, in the batch's arena, for who stores what he says; .p NULL without memory */
struct str batch_encode(struct batch *batch, const struct contract *contract, const void *document);
/*
 * item_say_after - likewise, of an order that had something said before: whoever reads it waits until that is settled
 * before_id, before_event  the message that said the last such thing, and what it said, with the same scope
 */
void item_say_after(struct batch *batch, struct item *item, const char *event, struct str scope, const void *document,
		    struct uuid before_id, const char *before_event);
/*
 * item_divide - a part of this message goes through this queue as a message of its own; for documents that hold several
 * part          from 0; the part's id is derived from it, so that a repeat divides into the same ones
 * content_type  of body, a literal; both live until the batch is settled
 * The part's delivery names this message: item->delivery->envelope.correlation_id.
 */
void item_divide(struct batch *batch, struct item *item, size_t part, const char *content_type, struct str body);
/*
 * item_reply - bytes for the party that sent this message: published as `event`, with the party as its scope
 * part          from 0; as above
 * content_type  of body, a literal; both live until the batch is settled
 */
void item_reply(struct batch *batch, struct item *item, const char *event, size_t part, const char *content_type,
		struct str body);
/* item_note - one more line in the order's timeline; detail is text for a person, without personal data */
void item_note(struct batch *batch, struct item *item, const char *event, const char *code, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

/* worker_figure - a figure of the worker's own, as metrics_own() */
void worker_figure(struct skeleton *skeleton, const char *name, const char *party, const char *what, int64_t value);
/* batch_count - a figure of the worker's own, as metrics_own(); at once, whatever becomes of the batch */
void batch_count(struct batch *batch, const char *name, const char *party, const char *what, int64_t value);

/* batch_recall - values[i] = what batch_remember() was told of ids[i] by any process of this worker, lately; nil when Redis
 * does not know it. A hint, never a guard: Postgres decides. ids are derived, of a kind of their own (enum uuid_kind) */
void batch_recall(struct batch *batch, const struct uuid *ids, size_t n, struct uuid *values);
/* batch_remember - at once, whatever becomes of the batch */
void batch_remember(struct batch *batch, const struct uuid *ids, const struct uuid *values, size_t n);

/*
 * batch_publish - in tick(): messages now, confirmed when it returns OUTCOME_OK; what nobody is bound for is counted and
 * dropped. OUTCOME_AWAY  code: as broker_publish()
 */
#define TICK_RETRY_MS 5000
enum outcome batch_publish(struct batch *batch, const struct outgoing *messages, size_t n, struct why *why) MUST_CHECK;
/* batch_say - the same, with a time of its own, and what became of each (broker_publish()) */
enum outcome batch_say(struct batch *batch, const struct outgoing *messages, size_t n, int64_t timeout_ms,
		       enum publish_state *states, struct why *why) MUST_CHECK;

/* batch_pump - in call(): keep the connections alive; at least every second. False when the process must stop. */
bool batch_pump(struct batch *batch);
/* batch_rest - in tick(), outside of a transaction: leave the machine to the others for so long. False as above. */
bool batch_rest(struct batch *batch, int64_t ms);

#endif
