/* SPDX-License-Identifier: Apache-2.0 */
/*
 * retention_sql - the statements of `tributary retention` (migrations/0024_retention.sql has the functions)
 */
#ifndef TRIBUTARY_CLI_RETENTION_SQL_H
#define TRIBUTARY_CLI_RETENTION_SQL_H

#include "store/store.h"

#define RETENTION_HOLDERS_MAX 20 /* orders that are named, of those that hold a day back */

/* A day of the timeline that is old enough. */
struct retention_day {
	int64_t part_no, rows, bytes;
	struct str name;
	int64_t from_us, until_us;
	bool is_decided, is_detached;
};

/* retention_lock - one run at a time; the lock ends with the connection */
enum outcome retention_lock(struct store *store, struct arena *arena, bool *is_ours, struct why *why) MUST_CHECK;
/* retention_days_read - days older than so many, the oldest first, at most max; from the arena */
enum outcome retention_days_read(struct store *store, struct arena *arena, int64_t keep_days, int64_t max,
				 struct retention_day **days, size_t *n, struct why *why) MUST_CHECK;
/* retention_holders_read - who holds the day back, as text; empty: nobody. Fills in how many rows it has. */
enum outcome retention_holders_read(struct store *store, struct arena *arena, struct retention_day *day,
				    struct str *holders, struct why *why) MUST_CHECK;

/* Steps of one day, each in a transaction of its own. OUTCOME_DEAD: the day stays, why.text says why. */
enum outcome retention_record(struct store *store, struct arena *arena, int64_t part_no, struct uuid *after,
			      bool *is_end, struct why *why) MUST_CHECK;
enum outcome retention_decide(struct store *store, struct arena *arena, struct retention_day *day, const char *reason,
			      struct why *why) MUST_CHECK;
/* OUTCOME_RETRY: the lock is not to be had; *is_gone false: rows came since, so it must be recorded and decided again */
enum outcome retention_detach(struct store *store, struct arena *arena, int64_t part_no, int64_t wait_ms, bool *is_gone,
			      struct why *why) MUST_CHECK;
/* of a day that is detached, the next rows of what its messages said, at most max; fewer: these were the last */
enum outcome retention_outputs_drop(struct store *store, struct arena *arena, int64_t part_no, int64_t max,
				    int64_t *dropped, struct why *why) MUST_CHECK;
enum outcome retention_drop(struct store *store, struct arena *arena, int64_t part_no, struct why *why) MUST_CHECK;

/* retention_rows_delete - of a table, the next rows older than so many days, at most max; *deleted says how many */
enum outcome retention_rows_delete(struct store *store, struct arena *arena, const char *table, int64_t keep_days,
				   int64_t max, int64_t *deleted, struct why *why) MUST_CHECK;
/* retention_rows_count - how many such rows there are */
enum outcome retention_rows_count(struct store *store, struct arena *arena, const char *table, int64_t keep_days,
				  int64_t *count, struct why *why) MUST_CHECK;

/* retention_show_rows - the query of `retention show`, a list of objects */
struct rows *retention_show_rows(struct arena *arena, int64_t keep_days);

#endif
