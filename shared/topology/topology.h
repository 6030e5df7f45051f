/* SPDX-License-Identifier: Apache-2.0 */
/*
 * topology - what topology/topology.yaml says: exchanges, queues, delays, events, workers
 * Names are patterns still: <party> stands for every party, <partner> for every party that ships (kind wms), <answered>
 * for every party that is sent documents.
 * plan.h puts the parties in and says what a broker must hold; topology/names.c makes the C names of it.
 *
 * To add a key: a field here, a row of the schema in topology_yaml.c, its check in topology_check.c.
 */
#ifndef TRIBUTARY_TOPOLOGY_TOPOLOGY_H
#define TRIBUTARY_TOPOLOGY_TOPOLOGY_H

#include "base/outcome.h"

#include <stdio.h>

#define TOPOLOGY_PATTERN_PARTY "<party>"
#define TOPOLOGY_PATTERN_PARTNER "<partner>"
#define TOPOLOGY_PATTERN_ANSWERED "<answered>"

/* The exchanges with a part to play in who may write what; topology.yaml must declare them. */
#define TOPOLOGY_INTAKE "intake"
#define TOPOLOGY_EVENTS "events"
#define TOPOLOGY_RETRY "retry"
#define TOPOLOGY_HOME "home"
#define TOPOLOGY_DEAD_LETTER "dead-letter"
#define TOPOLOGY_UNROUTED "unrouted"
#define TOPOLOGY_REJECTED "rejected"

/* What a party itself reads: no worker's. */
#define TOPOLOGY_OUTBOUND "outbound." TOPOLOGY_PATTERN_ANSWERED

struct topology_exchange {
	const char *name;
	const char *type;      /* topic or fanout */
	const char *alternate; /* exchange that gets what no binding takes; NULL when there is none */
};

struct topology_binding {
	const char *exchange;
	const char *key;
};

struct topology_queue {
	const char *name; /* a pattern */
	const struct topology_binding *bindings;
	size_t bindings_count;
};

struct topology_retry_tier {
	const char *name;
	int64_t delay_ms;
};

struct topology_event {
	const char *name;
	const char *contract;
	bool subscribed; /* somebody must be bound for it */
};

struct topology_worker {
	const char *name;
	const char *const *reads; /* queues, patterns */
	size_t reads_count;
	const char *const *says; /* events */
	size_t says_count;
	bool enters; /* says what came from outside: documents of any party, to intake */
};

struct topology_policy {
	int64_t delivery_limit;
	int64_t max_length;       /* messages; 0 is no limit */
	int64_t max_length_bytes; /* of their bodies; 0 is no limit */
};

struct topology {
	const char *vhost;
	const struct topology_exchange *exchanges;
	size_t exchanges_count;
	const struct topology_queue *queues;
	size_t queues_count;
	const struct topology_retry_tier *retry_tiers;
	size_t retry_tiers_count;
	const struct topology_event *events;
	size_t events_count;
	const struct topology_worker *workers;
	size_t workers_count;
	struct topology_policy work, final;
};

/*
 * topology_load - read and check the file
 * errors  one line per problem, naming file and field; any problem makes it return NULL
 */
struct topology *topology_load(const char *path, FILE *errors);
void topology_free(struct topology *t); /* NULL is fine */

const struct topology_exchange *topology_exchange_get(const struct topology *t, const char *name); /* NULL: none */
const struct topology_queue *topology_queue_get(const struct topology *t, const char *name);       /* by its pattern */
const struct topology_event *topology_event_get(const struct topology *t, const char *name);

/* topology_queue_is_final - dead letters, unrouted messages and answers end here: nothing may be refused or given up on again */
bool topology_queue_is_final(const struct topology_queue *queue);
/* topology_queue_is_last - what a reader of those rejected ends here: no program reads it */
bool topology_queue_is_last(const struct topology_queue *queue);

#endif
