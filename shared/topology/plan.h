/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plan - what a broker must hold: the topology with the parties put in, and who may do what
 * Pure: two files read, no broker asked. Lists are sorted by their names, so the same sources make the same plan.
 *
 * Everything that may change is a policy, the alternate exchange too: arguments are frozen when a thing is declared.
 * The only argument is x-queue-type. A queue has one policy:
 *   work          delivery-limit, max-length(-bytes), overflow=reject-publish, dead letters to `dead-letter`, at least once
 *   retry-<tier>  message-ttl is the delay; what expires goes `home` with the key it came with, at least once
 *   final         where dead letters end: nothing refused, dropped or given up on again
 * At-least-once needs overflow=reject-publish, else RabbitMQ falls back to at-most-once with a line in its log.
 */
#ifndef TRIBUTARY_TOPOLOGY_PLAN_H
#define TRIBUTARY_TOPOLOGY_PLAN_H

#include "party/party.h"
#include "topology/topology.h"

#define PLAN_SETTINGS_MAX 6
#define PLAN_NOTHING "^$"

struct plan_exchange {
	const char *name, *type;
};

struct plan_queue {
	const char *name; /* durable, quorum */
};

struct plan_binding {
	const char *source, *queue, *key;
};

struct plan_setting {
	const char *key;
	const char *text; /* NULL: it is a number */
	int64_t number;
};

struct plan_policy {
	const char *name;
	const char *pattern;  /* regular expression over names */
	const char *apply_to; /* queues or exchanges */
	struct plan_setting settings[PLAN_SETTINGS_MAX];
	size_t settings_count;
};

struct plan_user {
	const char *name;
	const char *tag; /* NULL: none */
	const char *configure, *write, *read;
};

/* What a user may write to a topic exchange, and bind a queue to it by (read), by routing key. RabbitMQ allows all on
 * an exchange that is not listed. */
struct plan_topic {
	const char *user, *exchange;
	const char *write, *read;
};

struct plan {
	const char *vhost;
	struct plan_exchange *exchanges;
	struct plan_queue *queues;
	struct plan_binding *bindings;
	struct plan_policy *policies;
	struct plan_user *users; /* each worker, party-<party>, operator, admin */
	struct plan_topic *topics;
	size_t exchanges_count, queues_count, bindings_count, policies_count, users_count, topics_count;
};

struct plan_options {
	int64_t retry_delay_ms; /* for drills: of every tier; 0 leaves each its own */
};

/* plan_new - the texts and `t` must outlive it; NULL without memory */
struct plan *plan_new(const struct topology *t, const struct party_list *parties, const struct plan_options *options);
void plan_free(struct plan *plan); /* NULL is fine */

#endif
