/* SPDX-License-Identifier: Apache-2.0 */
/*
 * audit_log - what a person did, in the audit log (migrations/0014_audit_log.sql)
 * Written in the transaction of the act itself: there is no act without its row.
 */
#ifndef TRIBUTARY_CLI_AUDIT_LOG_H
#define TRIBUTARY_CLI_AUDIT_LOG_H

#include "base/arena.h"
#include "base/uuid.h"
#include "store/store.h"

struct audit_act {
	const char *act;      /* dead-letter.replay */
	struct str target_id; /* of what it was done to */
	struct uuid order_id; /* nil: of none */
	const char *reason;   /* the person's words; NULL: none */
	struct str before;    /* JSON; empty: nothing to tell */
	struct str after;
};

/* audit_log_who - the person: TRIBUTARY_USER, else the login name */
const char *audit_log_who(void);

/* audit_log_put - one act, queued into the open transaction */
void audit_log_put(struct store *store, struct arena *arena, const struct audit_act *act);

#endif
