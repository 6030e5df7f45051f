/* SPDX-License-Identifier: Apache-2.0 */
/*
 * routes - which workers' queues a message comes to, as topology.yaml and the parties say
 */
#ifndef TRIBUTARY_AUDIT_ROUTES_H
#define TRIBUTARY_AUDIT_ROUTES_H

#include "base/arena.h"
#include "party/party.h"

struct route {
	const char *queue;    /* a party's own: ship-sync.sandbox-wms */
	const char *stage;    /* the worker that reads it; routes of queues that none reads are left out */
	const char *exchange; /* and the key it is bound with, of topic exchanges */
	const char *key;
	int64_t known_us; /* what was said before then never came to the queue; INT64_MAX at first */
};

struct routes {
	struct route *items;
	size_t n;
	struct arena *arena;
};

/* routes_new - NULL without memory */
struct routes *routes_new(const struct party_list *parties);
void routes_free(struct routes *routes); /* NULL is fine */

/* routes_find - the next route from *at that the message takes; NULL when there is none, else *at is behind it */
const struct route *routes_find(const struct routes *routes, struct str exchange, struct str key, size_t *at);

/* topic_matches - a binding's key as RabbitMQ reads it: words between dots, * is one word, # any number of them */
bool topic_matches(struct str pattern, struct str key);

#endif
