/* SPDX-License-Identifier: Apache-2.0 */
/*
 * connection - one session with Postgres, never waited for without end, nor without the idle hook
 * In pipeline mode from the moment it is open.
 */
#ifndef TRIBUTARY_STORE_CONNECTION_H
#define TRIBUTARY_STORE_CONNECTION_H

#include "store/store.h"

#include <libpq-fe.h>

struct connection {
	const struct store_config *config; /* borrowed */
	PGconn *pg;                        /* NULL: none */
	int64_t idle_at_us;                /* when the hook was last called, monotonic */
};

/* connection_open - try each host of the URL once, 5 s for all; OUTCOME_AWAY: postgres-away, stopping */
enum outcome connection_open(struct connection *c, struct why *why) MUST_CHECK;
void connection_close(struct connection *c);
bool connection_is_open(const struct connection *c);
/* connection_lives - reads what the server may have said by itself; false when it hung up */
bool connection_lives(struct connection *c);
/* connection_idle_start - before a series of waits: the hook is called 200 ms from now, if they last so long */
void connection_idle_start(struct connection *c);
/* connection_wait - flush, and wait until PQgetResult does not block; at most timeout_ms, 0 for no limit.
 * OUTCOME_AWAY: postgres-away (broke, or no answer in time), stopping; close it then */
enum outcome connection_wait(struct connection *c, int64_t timeout_ms, struct why *why) MUST_CHECK;
/* connection_broke - why_set of what libpq says about the connection */
enum outcome connection_broke(const struct connection *c, struct why *why);

#endif
