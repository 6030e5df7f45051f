/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store_fixture - a store on a real Postgres: DATABASE_ADMIN_URL, which may be a superuser's
 * Each test keeps to a table of its own name in a schema of the tests' own, so that they may run side by side.
 */
#ifndef TRIBUTARY_TESTS_STORE_FIXTURE_H
#define TRIBUTARY_TESTS_STORE_FIXTURE_H

#include "store/store.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STATEMENT_MS 2500
#define LOCK_MS 700
#define ARENA_BYTES ((size_t)64 << 20)

struct fixture {
	struct store_config config;
	struct store *store;
	struct arena *arena;
	struct why why;
	int idle_calls, idle_calls_max; /* the hook stops the wait after so many; 0: never */
	int continue_pid;               /* the hook ends this stopped backend */
	struct fixture *rival;          /* the hook lets it ask for rival_rows */
	struct rows *rival_rows;
	enum outcome rival_outcome;
};

__attribute__((unused)) static bool
idle(void *context)
{
	struct fixture *f = context;

	struct fixture *rival = f->rival;
	struct result *result;

	f->idle_calls++;
	if (rival) {
		f->rival = NULL;
		f->rival_outcome = store_query(rival->store, f->rival_rows, &result, &rival->why);
	}
	if (f->continue_pid) {
		kill(f->continue_pid, SIGTERM);
		kill(f->continue_pid, SIGCONT);
		f->continue_pid = 0;
	}
	return f->idle_calls_max == 0 || f->idle_calls < f->idle_calls_max;
}

__attribute__((unused)) static void
fixture_open(struct fixture *f)
{
	const char *url = getenv("DATABASE_ADMIN_URL");

	cr_assert(url, "DATABASE_ADMIN_URL is not set");
	*f = (struct fixture){.config = {.url = url,
					 .application_name = "test_store",
					 .statement_timeout_ms = STATEMENT_MS,
					 .lock_timeout_ms = LOCK_MS,
					 .idle = idle,
					 .idle_context = f}};
	f->store = store_new(&f->config);
	f->arena = arena_new(ARENA_BYTES);
	cr_assert(f->store && f->arena);
	cr_assert_eq(store_connect(f->store, &f->why), OUTCOME_OK, "%s", f->why.text);
}

__attribute__((unused)) static void
fixture_close(struct fixture *f)
{
	store_free(f->store);
	arena_free(f->arena);
}

__attribute__((unused)) static void
script(struct fixture *f, const char *sql)
{
	cr_assert_eq(store_script(f->store, sql, &f->why), OUTCOME_OK, "%s %s", f->why.path, f->why.text);
}

/* A fresh table in the tests' own schema. */
__attribute__((unused)) static void
table(struct fixture *f, const char *name, const char *columns)
{
	char sql[512];

	snprintf(sql, sizeof sql,
		 "SELECT pg_advisory_xact_lock(7411); CREATE SCHEMA IF NOT EXISTS test_store;"
		 "DROP TABLE IF EXISTS test_store.%s; CREATE TABLE test_store.%s (%s)",
		 name, name, columns);
	script(f, sql);
}

__attribute__((unused)) static struct result *
query(struct fixture *f, const struct rows *rows)
{
	struct result *result = NULL;

	cr_assert_eq(store_query(f->store, rows, &result, &f->why), OUTCOME_OK, "%s", f->why.text);
	return result;
}

/* The single number that a statement without parameters answers, in a transaction of its own. */
__attribute__((unused)) static int64_t
number(struct fixture *f, const struct statement *statement)
{
	int64_t n;

	store_begin(f->store);
	n = result_int(query(f, rows_new(statement, f->arena)), 0, 0);
	cr_assert_eq(store_commit(f->store, &f->why), OUTCOME_OK);
	return n;
}

__attribute__((unused)) static const struct statement backend_pid = {"backend_pid", "", "SELECT pg_backend_pid()"};
__attribute__((unused)) static const struct statement sleep_long = {"sleep_long", "", "SELECT 1 FROM pg_sleep(30)"};
__attribute__((unused)) static const struct statement patient = {"patient", "",
								 "SELECT set_config('lock_timeout', '10s', true)"};

#endif
