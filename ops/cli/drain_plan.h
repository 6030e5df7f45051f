/* SPDX-License-Identifier: Apache-2.0 */
/*
 * drain_plan - what plan and apply share: a frozen set of dead letters (tables replay_plans and replay_items)
 */
#ifndef TRIBUTARY_CLI_DRAIN_PLAN_H
#define TRIBUTARY_CLI_DRAIN_PLAN_H

#include "kept.h"

#define PLAN_TIMEOUT_MS 60000

/* plan_session_open - database, broker and arena; false after saying why on stderr */
bool plan_session_open(struct kept *k, const char *command);
void plan_session_close(struct kept *k);

/* plan_run - one statement with the plan's id (and a number, when `n` is not negative) in a transaction of its own */
enum outcome plan_run(struct kept *k, const struct statement *statement, struct uuid plan, int64_t n,
		      struct why *why) MUST_CHECK;

/* plan_count - likewise, and its one number */
enum outcome plan_count(struct kept *k, const struct statement *statement, struct uuid plan, int64_t *count,
			struct why *why) MUST_CHECK;

/* plan_table - likewise, and its JSON list as a table, or as JSON */
int plan_table(struct kept *k, const struct statement *statement, struct uuid plan, const char *none);

/* plan_failed - says why on stderr; returns EXIT_NO */
int plan_failed(const struct why *why);

#endif
