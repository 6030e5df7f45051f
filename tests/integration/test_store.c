/* SPDX-License-Identifier: Apache-2.0 */
/* The store against a real Postgres: DATABASE_ADMIN_URL, which may be a superuser's. Each test keeps to a table of its
 * own name in a schema of its own, so that tests may run side by side. */
#include "base/instant.h"
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

static bool
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

static void
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

static void
fixture_close(struct fixture *f)
{
	store_free(f->store);
	arena_free(f->arena);
}

static void
script(struct fixture *f, const char *sql)
{
	cr_assert_eq(store_script(f->store, sql, &f->why), OUTCOME_OK, "%s %s", f->why.path, f->why.text);
}

/* A fresh table in the tests' own schema. */
static void
table(struct fixture *f, const char *name, const char *columns)
{
	char sql[512];

	snprintf(sql, sizeof sql,
		 "SELECT pg_advisory_xact_lock(7411); CREATE SCHEMA IF NOT EXISTS test_store;"
		 "DROP TABLE IF EXISTS test_store.%s; CREATE TABLE test_store.%s (%s)",
		 name, name, columns);
	script(f, sql);
}

static struct result *
query(struct fixture *f, const struct rows *rows)
{
	struct result *result = NULL;

	cr_assert_eq(store_query(f->store, rows, &result, &f->why), OUTCOME_OK, "%s", f->why.text);
	return result;
}

/* The single number that a statement without parameters answers, in a transaction of its own. */
static int64_t
number(struct fixture *f, const struct statement *statement)
{
	int64_t n;

	store_begin(f->store);
	n = result_int(query(f, rows_new(statement, f->arena)), 0, 0);
	cr_assert_eq(store_commit(f->store, &f->why), OUTCOME_OK);
	return n;
}

static const struct statement backend_pid = {"backend_pid", "", "SELECT pg_backend_pid()"};
static const struct statement sleep_long = {"sleep_long", "", "SELECT 1 FROM pg_sleep(30)"};
static const struct statement patient = {"patient", "", "SELECT set_config('lock_timeout', '10s', true)"};

Test(store, every_type_comes_back_as_it_went, .timeout = 30)
{
	static const struct statement echo = {"echo_all", "UTBINOZ",
					      "SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $7)"};
	struct fixture f;
	struct uuid id = uuid_random();
	struct result *r;
	struct rows *rows;

	fixture_open(&f);
	rows = rows_new(&echo, f.arena);
	rows_uuid(rows, id);
	rows_text(rows, STR("äöü \"quoted\" \\ {,}"));
	rows_bytes(rows, STR("\0\1\377"));
	rows_int(rows, INT64_MIN);
	rows_int(rows, INT32_MIN);
	rows_bool(rows, true);
	rows_instant(rows, INT64_C(1199984400000001));
	for (int i = 0; i < 7; i++)
		rows_null(rows);
	rows_uuid_or_null(rows, (struct uuid){{0}});
	rows_text(rows, STR(""));
	rows_bytes(rows, STR(""));
	rows_int(rows, INT64_MAX);
	rows_int(rows, INT32_MAX);
	rows_bool(rows, false);
	rows_instant(rows, -1);
	store_begin(f.store);
	r = query(&f, rows);
	cr_assert_eq(result_count(r), 3);
	cr_assert(uuid_equal(result_uuid(r, 0, 0), id));
	cr_assert(str_equal(result_text(r, 0, 1), STR("äöü \"quoted\" \\ {,}")));
	cr_assert(str_equal(result_bytes(r, 0, 2), STR("\0\1\377")));
	cr_assert_eq(result_int(r, 0, 3), INT64_MIN);
	cr_assert_eq(result_int(r, 0, 4), INT32_MIN);
	cr_assert(result_bool(r, 0, 5));
	cr_assert_eq(result_instant(r, 0, 6), INT64_C(1199984400000001));
	for (size_t i = 0; i < 7; i++)
		cr_assert(result_is_null(r, 1, i));
	cr_assert(uuid_is_nil(result_uuid(r, 1, 0)));
	cr_assert_eq(result_text(r, 1, 1).n, 0);
	cr_assert_eq(result_int(r, 1, 3), 0);
	cr_assert_not(result_bool(r, 1, 5));
	cr_assert_eq(result_instant(r, 1, 6), 0);
	cr_assert(result_is_null(r, 2, 0));
	cr_assert_not(result_is_null(r, 2, 1), "an empty text is not NULL");
	cr_assert_eq(result_int(r, 2, 3), INT64_MAX);
	cr_assert_eq(result_int(r, 2, 4), INT32_MAX);
	cr_assert_eq(result_instant(r, 2, 6), -1);
	cr_assert_eq(store_commit(f.store, &f.why), OUTCOME_OK);
	fixture_close(&f);
}

Test(store, an_instant_is_the_servers_instant, .timeout = 30)
{
	static const struct statement epoch = {"epoch", "Z",
					       "SELECT (extract(epoch FROM t) * 1000000)::bigint FROM unnest($1) AS t"};
	struct fixture f;
	struct rows *rows;

	fixture_open(&f);
	rows = rows_new(&epoch, f.arena);
	rows_instant(rows, INT64_C(1763949600123456));
	store_begin(f.store);
	cr_assert_eq(result_int(query(&f, rows), 0, 0), INT64_C(1763949600123456));
	fixture_close(&f);
}

Test(store, a_row_that_the_server_refuses_is_dead_and_the_next_transaction_works, .timeout = 30)
{
	static const struct statement put = {"bad_row_put", "IT",
					     "INSERT INTO test_store.bad_row SELECT * FROM unnest($1, $2)"};
	static const struct statement count = {"bad_row_count", "", "SELECT count(*) FROM test_store.bad_row"};
	struct fixture f;
	struct rows *rows;
	size_t trips;

	fixture_open(&f);
	table(&f, "bad_row", "n bigint CONSTRAINT bad_row_positive CHECK (n > 0), t text");
	for (int i = 0; i < 2; i++) {
		rows = rows_new(&put, f.arena);
		rows_int(rows, 1);
		rows_text(rows, STR("fine"));
		rows_int(rows, -1);
		rows_text(rows, STR("secret"));
		store_begin(f.store);
		store_send(f.store, rows);
		store_send(f.store, rows);
		cr_assert_eq(store_commit(f.store, &f.why), OUTCOME_DEAD);
		cr_assert_str_eq(f.why.code, "postgres-data");
		cr_assert_str_eq(f.why.path, "bad_row_positive");
		cr_assert_not(strstr(f.why.text, "secret"), "%s", f.why.text);
		cr_assert(store_is_connected(f.store));
	}
	cr_assert_eq(number(&f, &count), 0);
	rows = rows_new(&put, f.arena);
	rows_int(rows, 1);
	rows_text(rows, STR("fine"));
	trips = store_round_trips(f.store);
	store_begin(f.store);
	store_send(f.store, rows);
	cr_assert_eq(store_commit(f.store, &f.why), OUTCOME_OK);
	cr_assert_eq(store_round_trips(f.store), trips + 1);
	cr_assert_eq(number(&f, &count), 1);
	fixture_close(&f);
}

Test(store, after_a_fault_the_rest_of_the_transaction_is_not_done, .timeout = 30)
{
	static const struct statement put = {"rest_put", "I", "INSERT INTO test_store.rest SELECT unnest($1)"};
	static const struct statement count = {"rest_count", "", "SELECT count(*) FROM test_store.rest"};
	struct fixture f;
	struct result *result = NULL;
	struct rows *one, *two;

	fixture_open(&f);
	table(&f, "rest", "n bigint PRIMARY KEY");
	one = rows_new(&put, f.arena);
	rows_int(one, 1);
	two = rows_new(&put, f.arena);
	rows_int(two, 2);
	store_begin(f.store);
	store_send(f.store, one);
	store_send(f.store, one);
	cr_assert_eq(store_query(f.store, two, &result, &f.why), OUTCOME_DEAD);
	cr_assert_null(result);
	store_send(f.store, two);
	cr_assert_eq(store_query(f.store, two, &result, &f.why), OUTCOME_DEAD);
	cr_assert_eq(store_commit(f.store, &f.why), OUTCOME_DEAD);
	cr_assert_eq(number(&f, &count), 0);

	/* A rollback with a fault still on its way must not leave the transaction open. */
	store_begin(f.store);
	store_send(f.store, one);
	store_send(f.store, one);
	store_rollback(f.store);
	store_begin(f.store);
	store_send(f.store, two);
	cr_assert_eq(store_commit(f.store, &f.why), OUTCOME_OK, "%s", f.why.text);
	cr_assert_eq(number(&f, &count), 1);
	fixture_close(&f);
}

Test(store, a_begin_rolls_back_what_was_open, .timeout = 30)
{
	static const struct statement put = {"open_put", "I", "INSERT INTO test_store.left_open SELECT unnest($1)"};
	static const struct statement count = {"open_count", "", "SELECT count(*) FROM test_store.left_open"};
	struct fixture f;
	struct rows *rows;

	fixture_open(&f);
	table(&f, "left_open", "n bigint");
	rows = rows_new(&put, f.arena);
	rows_int(rows, 1);
	store_begin(f.store);
	store_send(f.store, rows);
	cr_assert_eq(number(&f, &count), 0);
	store_begin(f.store);
	cr_assert_eq(store_commit(f.store, &f.why), OUTCOME_OK, "an empty transaction");
	fixture_close(&f);
}

Test(store, a_text_with_a_nul_byte_is_dead, .timeout = 30)
{
	static const struct statement put = {"nul_put", "T", "INSERT INTO test_store.nul SELECT unnest($1)"};
	struct fixture f;
	struct rows *rows;

	fixture_open(&f);
	table(&f, "nul", "t text");
	rows = rows_new(&put, f.arena);
	rows_text(rows, STR("a\0b"));
	store_begin(f.store);
	store_send(f.store, rows);
	cr_assert_eq(store_commit(f.store, &f.why), OUTCOME_DEAD);
	cr_assert_str_eq(f.why.code, "postgres-data");
	fixture_close(&f);
}

Test(store, a_text_too_long_for_its_index_is_dead, .timeout = 30)
{
	static const struct statement put = {"long_put", "T", "INSERT INTO test_store.too_long SELECT unnest($1)"};
	static char text[40000];
	struct fixture f;
	struct rows *rows;

	fixture_open(&f);
	table(&f, "too_long", "t text PRIMARY KEY");
	for (size_t i = 0; i < sizeof text; i++)
		text[i] = (char)('a' + uuid_random().bytes[0] % 26);
	rows = rows_new(&put, f.arena);
	rows_text(rows, (struct str){text, sizeof text});
	store_begin(f.store);
	store_send(f.store, rows);
	cr_assert_eq(store_commit(f.store, &f.why), OUTCOME_DEAD, "%s", f.why.text);
	fixture_close(&f);
}

Test(store, more_than_the_arena_holds_is_too_large, .timeout = 30)
{
	static const struct statement echo = {"large", "T", "SELECT count(*) FROM unnest($1)"};
	struct fixture f;
	struct arena *small = arena_new(2000);
	struct result *result;
	struct rows *rows;

	fixture_open(&f);
	rows = rows_new(&echo, small);
	for (int i = 0; i < 1000; i++)
		rows_text(rows, STR("more of it"));
	cr_assert_eq(rows_count(rows), 1000);
	store_begin(f.store);
	cr_assert_eq(store_query(f.store, rows, &result, &f.why), OUTCOME_DEAD);
	cr_assert_str_eq(f.why.code, "too-large");
	store_begin(f.store);
	store_send(f.store, NULL);
	cr_assert_eq(store_commit(f.store, &f.why), OUTCOME_DEAD);
	cr_assert_str_eq(f.why.code, "too-large");
	cr_assert(store_is_connected(f.store));
	arena_free(small);
	fixture_close(&f);
}

Test(store, no_rows_are_not_sent_but_may_be_asked_about, .timeout = 30)
{
	static const struct statement ask = {"ask_none", "UTBINOZ", "SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $7)"};
	struct fixture f;
	struct rows *none;

	fixture_open(&f);
	none = rows_new(&ask, f.arena);
	store_begin(f.store);
	store_send(f.store, none);
	cr_assert_eq(store_round_trips(f.store), 0);
	cr_assert_eq(result_count(query(&f, none)), 0);
	cr_assert_eq(store_commit(f.store, &f.why), OUTCOME_OK);
	fixture_close(&f);
}

Test(store, ten_thousand_rows_are_one_statement, .timeout = 60)
{
	static const struct statement put = {"many_put", "IT",
					     "INSERT INTO test_store.many SELECT * FROM unnest($1, $2) RETURNING n, t"};
	struct fixture f;
	struct result *r;
	struct rows *rows;
	char text[200];

	fixture_open(&f);
	table(&f, "many", "n bigint, t text");
	rows = rows_new(&put, f.arena);
	memset(text, 'x', sizeof text);
	for (int i = 0; i < 10000; i++) {
		rows_int(rows, i);
		rows_text(rows, (struct str){text, sizeof text});
	}
	/* So much at once that both sides fill their buffers: whoever only writes would wait for ever. */
	store_begin(f.store);
	for (int i = 0; i < 5; i++)
		store_send(f.store, rows);
	r = query(&f, rows);
	cr_assert_eq(result_count(r), 10000);
	cr_assert_eq(result_int(r, 9999, 0), 9999);
	cr_assert_eq(result_text(r, 9999, 1).n, sizeof text);
	cr_assert_eq(store_commit(f.store, &f.why), OUTCOME_OK);
	fixture_close(&f);
}

Test(store, more_statements_than_can_be_pending_are_fine, .timeout = 60)
{
	static const struct statement put = {"pending_put", "I", "INSERT INTO test_store.pending SELECT unnest($1)"};
	static const struct statement count = {"pending_count", "", "SELECT count(*) FROM test_store.pending"};
	struct fixture f;
	struct rows *rows;

	fixture_open(&f);
	table(&f, "pending", "n bigint");
	rows = rows_new(&put, f.arena);
	rows_int(rows, 1);
	store_begin(f.store);
	for (int i = 0; i < 2000; i++)
		store_send(f.store, rows);
	cr_assert_eq(store_commit(f.store, &f.why), OUTCOME_OK, "%s", f.why.text);
	cr_assert_eq(number(&f, &count), 2000);
	fixture_close(&f);
}

Test(store, results_live_until_the_next_begin, .timeout = 30)
{
	static const struct statement echo = {"live", "T", "SELECT unnest($1)"};
	struct fixture f;
	struct result *first, *second;
	struct rows *rows;

	fixture_open(&f);
	rows = rows_new(&echo, f.arena);
	rows_text(rows, STR("one"));
	store_begin(f.store);
	first = query(&f, rows);
	rows_text(rows, STR("two"));
	second = query(&f, rows);
	cr_assert_eq(store_commit(f.store, &f.why), OUTCOME_OK);
	cr_assert_eq(result_count(first), 1);
	cr_assert_eq(result_count(second), 2);
	cr_assert(str_equal(result_text(second, 1, 0), STR("two")));
	fixture_close(&f);
}

Test(store, a_killed_backend_is_away_and_a_new_connection_works, .timeout = 30)
{
	static const struct statement kill_self = {"kill_self", "", "SELECT pg_terminate_backend(pg_backend_pid())"};
	struct fixture f;
	struct result *result;

	fixture_open(&f);
	for (int i = 0; i < 3; i++) {
		store_begin(f.store);
		cr_assert_eq(store_query(f.store, rows_new(&kill_self, f.arena), &result, &f.why), OUTCOME_AWAY);
		cr_assert_str_eq(f.why.code, "postgres-away");
		cr_assert_not(store_is_connected(f.store));
		cr_assert_eq(store_commit(f.store, &f.why), OUTCOME_AWAY);
		store_begin(f.store);
		store_send(f.store, rows_new(&backend_pid, f.arena));
		cr_assert_eq(store_commit(f.store, &f.why), OUTCOME_AWAY, "no connection");
		cr_assert_eq(store_connect(f.store, &f.why), OUTCOME_OK);
		cr_assert_gt(number(&f, &backend_pid), 0);
	}
	fixture_close(&f);
}

Test(store, a_backend_killed_while_idle_is_away, .timeout = 30)
{
	struct fixture f, other;
	int64_t pid;
	struct result *result;

	fixture_open(&f);
	pid = number(&f, &backend_pid);
	cr_assert_eq(kill((int)pid, SIGTERM), 0);
	fixture_open(&other);
	for (int i = 0; i < 100; i++) {
		char sql[100];

		snprintf(sql, sizeof sql, "SELECT 1 / (1 - count(*)::int) FROM pg_stat_activity WHERE pid = %d",
			 (int)pid);
		if (store_script(other.store, sql, &other.why) == OUTCOME_OK)
			break;
	}
	store_begin(f.store);
	cr_assert_eq(store_query(f.store, rows_new(&backend_pid, f.arena), &result, &f.why), OUTCOME_AWAY);
	cr_assert_str_eq(f.why.code, "postgres-away", "%s", f.why.text);
	fixture_close(&f);
	fixture_close(&other);
}

Test(store, a_server_that_stops_during_commit_is_away, .timeout = 30)
{
	static const struct statement put = {"stop_put", "I", "INSERT INTO test_store.stop SELECT unnest($1)"};
	struct fixture f;
	struct rows *rows;
	int pid;

	fixture_open(&f);
	table(&f, "stop", "n bigint");
	pid = (int)number(&f, &backend_pid);
	rows = rows_new(&put, f.arena);
	rows_int(rows, 1);
	store_begin(f.store);
	store_send(f.store, rows);
	cr_assert_eq(kill(pid, SIGSTOP), 0);
	f.continue_pid = pid;
	cr_assert_eq(store_commit(f.store, &f.why), OUTCOME_AWAY);
	cr_assert_str_eq(f.why.code, "postgres-away");
	cr_assert_eq(store_connect(f.store, &f.why), OUTCOME_OK);
	fixture_close(&f);
}

Test(store, a_frozen_server_is_away_in_bounded_time, .timeout = 60)
{
	struct fixture f;
	int64_t start_us;
	struct result *result;
	int pid;

	fixture_open(&f);
	pid = (int)number(&f, &backend_pid);
	cr_assert_eq(kill(pid, SIGSTOP), 0);
	start_us = monotonic_us();
	store_begin(f.store);
	cr_expect_eq(store_query(f.store, rows_new(&backend_pid, f.arena), &result, &f.why), OUTCOME_AWAY);
	kill(pid, SIGCONT);
	cr_assert_str_eq(f.why.code, "postgres-away");
	/* BEGIN and the statement: twice what the server allows, and 5 s. */
	cr_assert_lt(monotonic_us() - start_us, (2 * STATEMENT_MS + 5500) * INT64_C(1000));
	cr_assert_geq(f.idle_calls, 30, "the hook was called %d times", f.idle_calls);
	fixture_close(&f);
}

Test(store, the_idle_hook_ends_a_wait_at_once, .timeout = 30)
{
	struct fixture f;
	int64_t start_us = monotonic_us();
	struct result *result;

	fixture_open(&f);
	f.idle_calls_max = 2;
	store_begin(f.store);
	cr_assert_eq(store_query(f.store, rows_new(&sleep_long, f.arena), &result, &f.why), OUTCOME_AWAY);
	cr_assert_str_eq(f.why.code, "stopping");
	cr_assert_lt(monotonic_us() - start_us, INT64_C(1000000));
	fixture_close(&f);
}

Test(store, a_statement_that_takes_too_long_is_a_retry, .timeout = 30)
{
	struct fixture f;
	struct result *result;

	fixture_open(&f);
	store_begin(f.store);
	cr_assert_eq(store_query(f.store, rows_new(&sleep_long, f.arena), &result, &f.why), OUTCOME_RETRY);
	cr_assert_str_eq(f.why.code, "postgres-conflict");
	cr_assert(store_is_connected(f.store));
	cr_assert_gt(f.idle_calls, 3);
	fixture_close(&f);
}

Test(store, a_lock_that_does_not_come_is_a_retry, .timeout = 30)
{
	static const struct statement lock = {"lock_row", "I",
					      "SELECT n FROM test_store.lock WHERE n = ANY ($1) FOR UPDATE"};
	struct fixture a, b;
	struct result *result;
	struct rows *one, *two;

	fixture_open(&a);
	fixture_open(&b);
	table(&a, "lock", "n bigint");
	script(&a, "INSERT INTO test_store.lock VALUES (1), (2)");
	one = rows_new(&lock, a.arena);
	rows_int(one, 1);
	two = rows_new(&lock, a.arena);
	rows_int(two, 2);
	store_begin(a.store);
	store_begin(b.store);
	query(&a, one);
	cr_assert_eq(store_query(b.store, one, &result, &b.why), OUTCOME_RETRY);
	cr_assert_str_eq(b.why.code, "postgres-conflict");
	cr_assert(store_is_connected(b.store));
	fixture_close(&a);
	fixture_close(&b);
}

Test(store, of_two_that_wait_for_each_other_one_is_a_retry, .timeout = 30)
{
	static const struct statement lock = {"lock_in_turn", "I",
					      "SELECT n FROM test_store.deadlock WHERE n = ANY ($1) FOR UPDATE"};
	struct fixture a, b;
	struct result *result;
	struct rows *one, *two;
	enum outcome outcome;

	fixture_open(&a);
	fixture_open(&b);
	table(&a, "deadlock", "n bigint");
	script(&a, "INSERT INTO test_store.deadlock VALUES (1), (2)");
	one = rows_new(&lock, a.arena);
	rows_int(one, 1);
	two = rows_new(&lock, a.arena);
	rows_int(two, 2);
	store_begin(a.store);
	store_begin(b.store);
	store_send(a.store, rows_new(&patient, a.arena));
	store_send(b.store, rows_new(&patient, b.arena));
	query(&a, one);
	query(&b, two);
	a.rival = &b;
	a.rival_rows = one;
	outcome = store_query(a.store, two, &result, &a.why);
	cr_assert_neq(outcome == OUTCOME_RETRY, a.rival_outcome == OUTCOME_RETRY, "%d and %d", outcome,
		      a.rival_outcome);
	cr_assert(strstr(outcome == OUTCOME_RETRY ? a.why.text : b.why.text, "40P01"));
	fixture_close(&a);
	fixture_close(&b);
}

Test(store, a_missing_table_is_away_and_not_the_messages_fault, .timeout = 30)
{
	static const struct statement missing = {"missing", "", "SELECT n FROM test_store.appears_later"};
	struct fixture f;
	struct result *result;

	fixture_open(&f);
	table(&f, "appears_later", "n bigint");
	script(&f, "DROP TABLE test_store.appears_later");
	store_begin(f.store);
	cr_assert_eq(store_query(f.store, rows_new(&missing, f.arena), &result, &f.why), OUTCOME_AWAY);
	cr_assert_str_eq(f.why.code, "postgres-schema");
	cr_assert_eq(store_connect(f.store, &f.why), OUTCOME_OK);
	script(&f, "CREATE TABLE test_store.appears_later (n bigint); INSERT INTO test_store.appears_later VALUES (5)");
	cr_assert_eq(number(&f, &missing), 5);

	/* A changed table makes prepared statements useless; a new connection prepares them again. */
	script(&f, "ALTER TABLE test_store.appears_later ALTER n TYPE integer");
	store_begin(f.store);
	cr_assert_eq(store_query(f.store, rows_new(&missing, f.arena), &result, &f.why), OUTCOME_AWAY);
	cr_assert_str_eq(f.why.code, "postgres-schema");
	cr_assert_eq(store_connect(f.store, &f.why), OUTCOME_OK);
	cr_assert_eq(number(&f, &missing), 5);
	fixture_close(&f);
}

Test(store, a_script_is_all_or_nothing_and_names_its_line, .timeout = 30)
{
	struct fixture f;

	fixture_open(&f);
	table(&f, "script", "n bigint");
	cr_assert_eq(store_script(f.store, "INSERT INTO test_store.script VALUES (1);\n-- ä\nSELECT nonsense", &f.why),
		     OUTCOME_AWAY);
	cr_assert_str_eq(f.why.path, "line 3", "%s: %s", f.why.path, f.why.text);
	cr_assert_eq(store_connect(f.store, &f.why), OUTCOME_OK);
	script(&f, "DO $$BEGIN ASSERT (SELECT count(*) FROM test_store.script) = 0; END$$");
	cr_assert_eq(store_script(f.store, "COPY test_store.script FROM STDIN", &f.why), OUTCOME_DEAD);
	cr_assert_eq(store_connect(f.store, &f.why), OUTCOME_OK);
	cr_assert_eq(store_script(f.store, "BEGIN", &f.why), OUTCOME_DEAD);
	cr_assert_not(store_is_connected(f.store));
	cr_assert_eq(store_script(f.store, "SELECT 1", &f.why), OUTCOME_AWAY);
	fixture_close(&f);
}

Test(store, nobody_at_home_is_away_and_the_next_host_is_asked, .timeout = 30)
{
	struct fixture f;
	struct store *store;
	struct why why;
	char url[512];
	int64_t start_us = monotonic_us();
	struct store_config config = {.url = "postgresql://u:hush@127.0.0.1:1/x", .application_name = "test_store"};

	store = store_new(&config);
	cr_assert_eq(store_connect(store, &why), OUTCOME_AWAY);
	cr_assert_str_eq(why.code, "postgres-away");
	cr_assert_not(strstr(why.text, "hush"), "%s", why.text);
	cr_assert_lt(monotonic_us() - start_us, INT64_C(1000000));
	store_free(store);

	config.url = "not a url";
	store = store_new(&config);
	cr_assert_eq(store_connect(store, &why), OUTCOME_AWAY);
	store_free(store);

	fixture_open(&f);
	snprintf(url, sizeof url, "%.*s192.0.2.1:9,%s", (int)(strchr(f.config.url, '@') + 1 - f.config.url),
		 f.config.url, strchr(f.config.url, '@') + 1); /* 192.0.2.1 is nobody's (RFC 5737): silence */
	config.url = url;
	store = store_new(&config);
	cr_assert_eq(store_connect(store, &why), OUTCOME_OK, "%s", why.text);
	store_free(store);
	fixture_close(&f);
}

static void
speed_round(struct fixture *f, const struct statement *put, int64_t n)
{
	struct rows *rows = rows_new(put, f->arena);

	for (int64_t i = 0; i < 100; i++) {
		rows_uuid(rows, uuid_random());
		rows_text(rows, STR("shopify-us"));
		rows_int(rows, n * 100 + i);
		rows_int(rows, i);
		rows_bool(rows, true);
		rows_instant(rows, instant_now_us());
	}
	store_begin(f->store);
	store_send(f->store, rows);
	cr_assert_eq(store_commit(f->store, &f->why), OUTCOME_OK);
	arena_clear(f->arena);
}

Test(store, a_batch_is_one_round_trip, .timeout = 60)
{
	static const struct statement put = {
	    "speed_put", "UTINOZ", "INSERT INTO test_store.speed SELECT * FROM unnest($1, $2, $3, $4, $5, $6)"};
	struct fixture f;
	int64_t start_us;
	size_t trips;

	fixture_open(&f);
	table(&f, "speed", "u uuid PRIMARY KEY, t text, i bigint, n integer, o boolean, z timestamptz");
	speed_round(&f, &put, 0);
	trips = store_round_trips(f.store);
	start_us = monotonic_us();
	for (int64_t n = 1; n <= 100; n++)
		speed_round(&f, &put, n);
	cr_assert_eq(store_round_trips(f.store) - trips, 100);
	cr_log_info("100 transactions of 100 rows x 6 columns: %.2f us per row\n",
		    (double)(monotonic_us() - start_us) / 10000);
	fixture_close(&f);
}
