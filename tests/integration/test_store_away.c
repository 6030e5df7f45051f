/* SPDX-License-Identifier: Apache-2.0 */
/* The store against a Postgres that dies, freezes, waits, or is not what we thought. */
#include "base/instant.h"
#include "store_fixture.h"

Test(store_away, a_killed_backend_is_away_and_a_new_connection_works, .timeout = 30)
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

Test(store_away, a_backend_killed_while_idle_is_away, .timeout = 30)
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

Test(store_away, a_server_that_stops_during_commit_is_away, .timeout = 30)
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

Test(store_away, a_frozen_server_is_away_in_bounded_time, .timeout = 60)
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

Test(store_away, the_idle_hook_ends_a_wait_at_once, .timeout = 30)
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

Test(store_away, a_statement_that_takes_too_long_is_a_retry, .timeout = 30)
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

Test(store_away, a_lock_that_does_not_come_is_a_retry, .timeout = 30)
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

Test(store_away, of_two_that_wait_for_each_other_one_is_a_retry, .timeout = 30)
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

Test(store_away, a_missing_table_is_away_and_not_the_messages_fault, .timeout = 30)
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

Test(store_away, a_script_is_all_or_nothing_and_names_its_line, .timeout = 30)
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

Test(store_away, nobody_at_home_is_away_and_the_next_host_is_asked, .timeout = 30)
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
