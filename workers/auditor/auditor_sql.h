/* SPDX-License-Identifier: Apache-2.0 */
/*
 * auditor_sql - the auditor's own tables
 */
#ifndef TRIBUTARY_AUDITOR_AUDITOR_SQL_H
#define TRIBUTARY_AUDITOR_AUDITOR_SQL_H

#include "audit/trail.h"

/* Row of audit_cursor, and the clock and snapshot of when it was read. */
struct audit_cursor {
	int64_t orders_since_us, documents_since_us, horizon_us, next_horizon_us, next_horizon_xid;
	struct uuid orders_after, documents_after;
	struct str stock_after;
	int64_t pass_began_us, rounds;
	int64_t orders_passed_us, pass_seconds; /* 0: none yet */
	int64_t now_us, oldest_xid, next_xid;   /* read only */
};

enum outcome audit_lock(struct store *store, struct arena *arena, bool *is_ours, struct why *why) MUST_CHECK;
/* audit_unlock - what goes wrong ends the connection, and with it the lock */
void audit_unlock(struct store *store, struct arena *arena);

/* audit_days_make - the timeline's next days, as far as they are missing and no lock is in the way (migrations/
 * 0024_retention.sql); made: how many partitions */
enum outcome audit_days_make(struct store *store, struct arena *arena, int64_t *made, struct why *why) MUST_CHECK;

enum outcome audit_cursor_read(struct store *store, struct arena *arena, struct audit_cursor *c,
			       struct why *why) MUST_CHECK;

/* audit_place_read - how many rows were written into the timeline, audit_log and documents so far: the last place that one took
 * (migrations/0017_proof.sql), committed or not; 0: none */
enum outcome audit_place_read(struct store *store, struct arena *arena, int64_t *place, struct why *why) MUST_CHECK;

struct audit_round {
	int64_t began_us, took_ms, orders, documents, items, findings, put_back;
};

/* audit_round_save - cursor and round, in one commit */
enum outcome audit_round_save(struct store *store, struct arena *arena, const struct audit_cursor *c,
			      const struct audit_round *round, struct why *why) MUST_CHECK;

/* audit_findings_save - what the set was found to break; what it broke before, and no longer does, is cleared */
enum outcome audit_findings_save(struct audit *a, const struct audit_set *set, int64_t now_us,
				 struct why *why) MUST_CHECK;
/* audit_findings_open - subjects with open findings, at most `max` */
enum outcome audit_findings_open(struct audit *a, enum audit_scope scope, int64_t max, struct audit_set *set,
				 struct why *why) MUST_CHECK;

struct audit_count {
	struct str check;
	int64_t n;
};
/* audit_findings_count - open findings by check */
enum outcome audit_findings_count(struct store *store, struct arena *arena, struct audit_count **counts, size_t *n,
				  struct why *why) MUST_CHECK;

/* audit_trails_* - documents that are not at the end of their trail */
enum outcome audit_trails_due(struct audit *a, int64_t now_us, int64_t max, struct audit_set *set,
			      struct why *why) MUST_CHECK;
enum outcome audit_trails_save(struct audit *a, const struct audit_set *documents, const struct trail *trail,
			       int64_t next_us, struct why *why) MUST_CHECK;

/* audit_trails_reopen - of those of the orders that had stock for what was short: no document tells when something new is said */
enum outcome audit_trails_reopen(struct audit *a, const struct audit_set *orders, struct why *why) MUST_CHECK;

/* audit_put_backs_save - with their entries in the timeline */
enum outcome audit_put_backs_save(struct audit *a, const struct trail_lost *lost, size_t n, int64_t now_us,
				  struct why *why) MUST_CHECK;

#endif
