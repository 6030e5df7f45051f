/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gateway - the fleet's front door over HTTP
 *
 *   server's thread   head(): route, key, scope, party   whole(): into the lane        ended(): ledger, access log
 *   main loop         lane "submit": as a set: understood → idempotency keys → intake, confirmed → 202; the metrics
 *   thread of its own lane "ask": as a set: the mirror → answers; renews the keys, writes the ledger, forgets what is old
 *
 * It has no queue and no journal: what is not confirmed is not answered with 202, and whoever has no answer asks again
 * with the same Idempotency-Key. A 202 means that the document is in a queue on disk.
 */
#ifndef TRIBUTARY_GATEWAY_GATEWAY_H
#define TRIBUTARY_GATEWAY_GATEWAY_H

#include "gateway/door.h"
#include "gateway/lane.h"
#include "gateway/ledger.h"
#include "gateway/route.h"
#include "hook/hook.h"
#include "mapping/mapping.h"
#include "worker/worker.h"

#include <stdatomic.h>

struct gateway_config {
	const char *address, *tls_certificate_file, *tls_key_file, *openapi_file;
	int64_t port, connections_max, per_address_max, head_bytes, bodies_bytes, idle_s, request_s, waiting_max,
	    batch_max, publish_ms, statement_ms, wait_ms, notice_ms;
};

enum gateway_mode {
	GATEWAY_OPEN,
	GATEWAY_NOTICE, /* about to stop: not ready, each answer ends its connection, and new ones are let in still */
	GATEWAY_SHUT,   /* no new connections; what was begun, or comes on those that are there, is answered */
	GATEWAY_OVER,   /* refused */
};

struct gateway {
	const struct gateway_config *config;
	const struct party_list *parties;
	const char *parties_dir;
	struct skeleton *skeleton;
	struct web *web;
	struct door *door;
	struct ledger *ledger;
	struct lane lanes[LANES];
	_Atomic int mode;
	_Atomic bool asker_stops;
	int64_t opened_us, start_at_us, notice_until_us, tended_us; /* monotonic */
	bool is_started;                                            /* it listens */

	/* of the main loop */
	struct batch *batch; /* of the tick under way */
	struct keys *keys;
	struct mapping **mappings;         /* by party; NULL: not loaded yet */
	struct hook_secrets *hook_secrets; /* by party; n is 0: it has none */

	/* of the thread that answers questions */
	pthread_t asker;
	bool has_asker;
	struct store *ask_store;
	struct keys *ask_keys;
	struct arena *ask_arena;
	int64_t forgot_us; /* monotonic */
};

enum outcome gateway_open(const struct setup *setup, void **state, struct why *why) MUST_CHECK;
void gateway_close(void *state);
enum outcome gateway_tick(struct batch *batch, int64_t *next_ms, struct why *why) MUST_CHECK;
bool gateway_drain(void *state);

/* gateway_mapping - the party's, loaded when it is asked for; main loop only
 * OUTCOME_DEAD  codes: mapping-… */
enum outcome gateway_mapping(struct gateway *g, const struct party *party, struct mapping **mapping,
			     struct why *why) MUST_CHECK;

#endif
