/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ledger - who asked for what, and how it was answered
 * Any thread notes. The main loop tells the metrics; another thread, which may wait for Postgres, writes what has gathered:
 * api_usage and the audit log (refusals). Equal ones are counted together: of refusals the first makes a row at once, those that
 * follow one a minute, with their number. What a killed process had not written yet (LEDGER_WRITE_MS, or the minute) is missing;
 * nothing of orders depends on it.
 */
#ifndef TRIBUTARY_GATEWAY_LEDGER_H
#define TRIBUTARY_GATEWAY_LEDGER_H

#include "gateway/call.h"
#include "worker/worker.h"

#define LEDGER_WRITE_MS 1000

struct ledger;

struct ledger *ledger_new(void);    /* NULL without memory */
void ledger_free(struct ledger *l); /* NULL is fine */
/* ledger_note - the call was answered with this status */
void ledger_note(struct ledger *l, const struct call *call, int status);
/* ledger_tell - when it is due (or `now`): figures into the metrics; main loop */
void ledger_tell(struct ledger *l, struct batch *batch, bool now);
/* ledger_write - what was told, into Postgres, with `all` also refusals whose minute is not over. When it is away or does not take
 * it, it is kept for the next time. */
enum outcome ledger_write(struct ledger *l, struct store *store, struct arena *arena, bool all,
			  struct why *why) MUST_CHECK;

#endif
