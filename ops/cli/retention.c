/* SPDX-License-Identifier: Apache-2.0 */
/*
 * NAME      tributary retention - what is old enough goes
 * SYNOPSIS  tributary retention show [--keep 400d] [--json]
 *           tributary retention apply --keep 400d [--reason WORDS] [--days-max N] [--dry-run] [--json]
 * WRITES    by functions of migrations/0024_retention.sql and 0026: drops days of the timeline and what their messages said,
 *           deletes old rows of api_usage and of cleared findings; a row of audit_log for each day
 * EXIT      0 what may go is gone; 1 something was in the way: run it again
 * Whatever is given here, the functions drop nothing younger than 30 days, and no day of an order that is under way.
 */
#include "commands.h"
#include "database.h"
#include "dispatch.h"
#include "options.h"
#include "report.h"
#include "retention_sql.h"
#include "table.h"

#include "base/instant.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define TIMEOUT_MS 600000
#define LOCK_TIMEOUT_MS 2000
#define ARENA_BYTES ((size_t)16 << 20)
#define STEP_BYTES ((size_t)1 << 20)
#define KEEP_DAYS_MIN 30
#define KEEP_DAYS_MAX 36500
#define DELETE_ROWS 5000
#define REST_MIN_MS 10
#define REST_MAX_MS 1000
/* A lock that may not be waited for is tried so often, so far apart; then some times with a short wait. */
#define DETACH_TRIES 200
#define DETACH_REST_MS 25
#define DETACH_TRIES_WAITING 20
#define DETACH_WAIT_MS 50
#define DETACH_REST_WAITING_MS 500
#define DECIDE_TRIES 3 /* rows came since: once more */

struct wish {
	const char *keep, *reason;
	int64_t days_max, keep_days;
	bool is_dry, as_json;
};

struct run {
	const struct wish *wish;
	struct database db;
	struct arena *arena, *step; /* of the run; of one step */
	struct table *said;
	bool is_blocked;
};

static const char *const tables[] = {"api_usage", "audit_findings"};

/* "400d"; 0 when it is none. Days only: a partition is one. */
static int64_t
keep_read(const char *text)
{
	size_t n = strlen(text);
	int64_t days;

	if (n < 2 || text[n - 1] != 'd' || !str_to_int((struct str){text, n - 1}, &days) || days < 1 ||
	    days > KEEP_DAYS_MAX)
		return 0;
	return days;
}

static void
rest(int64_t ms)
{
	struct timespec t = {ms / 1000, ms % 1000 * 1000000};

	nanosleep(&t, NULL);
}

/* As long as it worked, so that the fleet has the other half. */
static void
rest_since(int64_t began_us)
{
	int64_t ms = (monotonic_us() - began_us) / 1000;

	rest(ms < REST_MIN_MS ? REST_MIN_MS : ms > REST_MAX_MS ? REST_MAX_MS : ms);
}

static void
say(struct run *run, struct str what, int64_t rows, int64_t bytes, const char *state, struct str because)
{
	table_text(run->said, what);
	table_int(run->said, rows);
	if (bytes >= 0)
		table_int(run->said, bytes);
	else
		table_null(run->said);
	table_text(run->said, str_of(state));
	if (because.n)
		table_text(run->said, because);
	else
		table_null(run->said);
}

/* --- a day ------------------------------------------------------------------------------------------------------------ */

static enum outcome
day_record(struct run *run, const struct retention_day *day, struct why *why)
{
	struct uuid after = {{0}};
	bool is_end = false;
	enum outcome outcome = OUTCOME_OK;

	while (outcome == OUTCOME_OK && !is_end) {
		int64_t began_us = monotonic_us();

		arena_clear(run->step);
		outcome = retention_record(run->db.store, run->step, day->part_no, &after, &is_end, why);
		if (!is_end)
			rest_since(began_us);
	}
	return outcome;
}

static enum outcome
day_detach(struct run *run, const struct retention_day *day, bool *is_gone, struct why *why)
{
	enum outcome outcome = OUTCOME_RETRY;

	for (int i = 0; outcome == OUTCOME_RETRY && i < DETACH_TRIES + DETACH_TRIES_WAITING; i++) {
		bool may_wait = i >= DETACH_TRIES;

		if (i)
			rest(may_wait ? DETACH_REST_WAITING_MS : DETACH_REST_MS);
		arena_clear(run->step);
		outcome = retention_detach(run->db.store, run->step, day->part_no, may_wait ? DETACH_WAIT_MS : 0,
					   is_gone, why);
	}
	return outcome;
}

/* What the messages of the day said. */
static enum outcome
day_outputs_drop(struct run *run, const struct retention_day *day, struct why *why)
{
	int64_t dropped = DELETE_ROWS;
	enum outcome outcome = OUTCOME_OK;

	while (outcome == OUTCOME_OK && dropped == DELETE_ROWS) {
		int64_t began_us = monotonic_us();

		arena_clear(run->step);
		outcome = retention_outputs_drop(run->db.store, run->step, day->part_no, DELETE_ROWS, &dropped, why);
		if (dropped == DELETE_ROWS)
			rest_since(began_us);
	}
	return outcome;
}

/* From wherever the last run ended. */
static enum outcome
day_go(struct run *run, struct retention_day *day, struct why *why)
{
	bool is_gone = day->is_detached;
	enum outcome outcome = OUTCOME_OK;

	for (int i = 0; outcome == OUTCOME_OK && !is_gone && i < DECIDE_TRIES; i++) {
		outcome = day_record(run, day, why);
		if (outcome == OUTCOME_OK)
			outcome = retention_decide(run->db.store, run->step, day, run->wish->reason, why);
		if (outcome == OUTCOME_OK)
			outcome = day_detach(run, day, &is_gone, why);
	}
	if (outcome == OUTCOME_OK && !is_gone)
		return why_set(why, OUTCOME_DEAD, "retention-rows-come", "rows come into it again and again");
	if (outcome == OUTCOME_OK)
		outcome = day_outputs_drop(run, day, why);
	return outcome == OUTCOME_OK ? retention_drop(run->db.store, run->step, day->part_no, why) : outcome;
}

static enum outcome
day_apply(struct run *run, struct retention_day *day, struct why *why)
{
	struct str holders = {NULL, 0};
	enum outcome outcome = OUTCOME_OK;

	if (!day->is_decided)
		outcome = retention_holders_read(run->db.store, run->arena, day, &holders, why);
	if (outcome != OUTCOME_OK)
		return outcome;
	if (holders.n || run->wish->is_dry) {
		say(run, day->name, day->rows, day->bytes, holders.n ? "stays" : "would go", holders);
		return OUTCOME_OK;
	}
	outcome = day_go(run, day, why);
	if (outcome == OUTCOME_AWAY)
		return outcome;
	if (outcome == OUTCOME_OK) {
		say(run, day->name, day->rows, day->bytes, "dropped", STR(""));
	} else {
		say(run, day->name, day->rows, day->bytes, outcome == OUTCOME_RETRY ? "in use" : "stays",
		    str_of(why->text));
		run->is_blocked = true;
	}
	return OUTCOME_OK;
}

/* --- rows of other tables ------------------------------------------------------------------------------------------------ */

static enum outcome
table_apply(struct run *run, const char *table, struct why *why)
{
	int64_t count = 0, deleted = DELETE_ROWS;
	enum outcome outcome = OUTCOME_OK;

	if (run->wish->is_dry) {
		outcome = retention_rows_count(run->db.store, run->arena, table, run->wish->keep_days, &count, why);
		if (outcome == OUTCOME_OK)
			say(run, str_of(table), count, -1, "would go", STR(""));
		return outcome;
	}
	while (outcome == OUTCOME_OK && deleted == DELETE_ROWS) {
		int64_t began_us = monotonic_us();

		arena_clear(run->step);
		outcome = retention_rows_delete(run->db.store, run->step, table, run->wish->keep_days, DELETE_ROWS,
						&deleted, why);
		count += outcome == OUTCOME_OK ? deleted : 0;
		if (deleted == DELETE_ROWS)
			rest_since(began_us);
	}
	if (outcome == OUTCOME_OK)
		say(run, str_of(table), count, -1, "deleted", STR(""));
	return outcome;
}

static enum outcome
all_apply(struct run *run, struct why *why)
{
	struct retention_day *days = NULL;
	size_t n = 0;
	enum outcome outcome =
	    retention_days_read(run->db.store, run->arena, run->wish->keep_days, run->wish->days_max, &days, &n, why);

	for (size_t i = 0; outcome == OUTCOME_OK && i < n; i++)
		outcome = day_apply(run, &days[i], why);
	for (size_t i = 0; outcome == OUTCOME_OK && i < COUNT_OF(tables); i++)
		outcome = table_apply(run, tables[i], why);
	return outcome;
}

/* --- the commands ------------------------------------------------------------------------------------------------------- */

static int
apply_run(const struct wish *wish)
{
	static const struct table_column columns[] = {
	    {"what", "WHAT", TABLE_TEXT},   {"rows", "ROWS", TABLE_NUMBER},     {"bytes", "BYTES", TABLE_NUMBER},
	    {"state", "STATE", TABLE_TEXT}, {"because", "BECAUSE", TABLE_TEXT},
	};
	struct run run = {.wish = wish,
			  .arena = arena_new(ARENA_BYTES),
			  .step = arena_new(STEP_BYTES),
			  .said = table_new(columns, COUNT_OF(columns))};
	struct why why = {0};
	bool is_ours = false, is_said = false;
	enum outcome outcome = OUTCOME_AWAY;

	if (run.arena && run.step && run.said && database_open(&run.db, "retention", TIMEOUT_MS, LOCK_TIMEOUT_MS)) {
		outcome = retention_lock(run.db.store, run.arena, &is_ours, &why);
		if (outcome == OUTCOME_OK && !is_ours)
			outcome = why_set(&why, OUTCOME_RETRY, "retention-runs", "another run is at it");
		if (outcome == OUTCOME_OK)
			outcome = all_apply(&run, &why);
		if (outcome != OUTCOME_OK)
			fprintf(stderr, "tributary retention apply: %s: %s\n", why.code, why.text);
		is_said = table_print(run.said, stdout, wish->as_json ? TABLE_JSON : TABLE_FOR_PEOPLE);
	}
	database_close(&run.db);
	table_free(run.said);
	arena_free(run.step);
	arena_free(run.arena);
	return outcome == OUTCOME_OK && is_said && !run.is_blocked ? EXIT_YES : EXIT_NO;
}

/* As options_read() does. */
static bool
line_read(const struct options *options, int argc, char **argv, struct wish *wish, int *status)
{
	if (!options_read(options, argc, argv, wish, NULL, NULL, status))
		return false;
	wish->keep_days = wish->keep ? keep_read(wish->keep) : 0;
	if (wish->keep_days >= KEEP_DAYS_MIN)
		return true;
	fprintf(stderr,
		"tributary retention: --keep is a number of days, at least %dd: a message of a younger day may "
		"come again, and needs the journal\n",
		KEEP_DAYS_MIN);
	*status = EXIT_WRONG;
	return false;
}

static int
apply_command(int argc, char **argv)
{
	static const struct option_row rows[] = {
	    {"keep", OPTION_TEXT, offsetof(struct wish, keep), "DAYS", NULL,
	     .help = "what is older goes: 400d; at least 30d, needed"},
	    {"reason", OPTION_TEXT, offsetof(struct wish, reason), "WORDS", "", .help = "for the audit log"},
	    {"days-max", OPTION_INT, offsetof(struct wish, days_max), "N", "100", .min = 1, .max = 10000,
	     .help = "days of the timeline at most, the oldest"},
	    {"dry-run", OPTION_FLAG, offsetof(struct wish, is_dry), .help = "only say what would go"},
	    {"json", OPTION_FLAG, offsetof(struct wish, as_json), .help = "for programs"},
	};
	static const struct options options = {"tributary retention apply --keep 400d [OPTION...]",
					       "Drops days of the timeline that are older and of which no order is "
					       "under way, with what their messages\n"
					       "said, and deletes old rows of api_usage and of cleared "
					       "findings. Documents, orders and books\n"
					       "stay.",
					       rows,
					       COUNT_OF(rows),
					       0,
					       0};
	struct wish wish = {0};
	int status;

	return line_read(&options, argc, argv, &wish, &status) ? apply_run(&wish) : status;
}

static int
show_command(int argc, char **argv)
{
	static const struct option_row rows[] = {
	    {"keep", OPTION_TEXT, offsetof(struct wish, keep), "DAYS", "400d",
	     .help = "count as older what is older than that; at least 30d"},
	    {"json", OPTION_FLAG, offsetof(struct wish, as_json), .help = "for programs"},
	};
	static const struct options options = {"tributary retention show [--keep 400d] [--json]",
					       "The tables that grow, how large they are, and how many days or rows "
					       "are older. What holds a day back: apply --dry-run.",
					       rows,
					       COUNT_OF(rows),
					       0,
					       0};
	struct arena *arena;
	struct database db = {0};
	struct wish wish = {0};
	int status;

	if (!line_read(&options, argc, argv, &wish, &status))
		return status;
	arena = arena_new(ARENA_BYTES);
	status = EXIT_NO;
	if (arena && database_open(&db, "retention", TIMEOUT_MS, LOCK_TIMEOUT_MS))
		status = report_print(db.store, retention_show_rows(arena, wish.keep_days), wish.as_json, "nothing");
	database_close(&db);
	arena_free(arena);
	return status;
}

int
retention_command(int argc, char **argv)
{
	static const struct command commands[] = {
	    {"show", "the tables that grow, and what of them is old", show_command},
	    {"apply", "drop what is older than a number of days", apply_command},
	};
	static const struct command_table table = {"tributary retention", "what is old enough goes", commands,
						   COUNT_OF(commands)};

	return dispatch(&table, argc, argv);
}
