/* SPDX-License-Identifier: Apache-2.0 */
/* The store against a real Postgres: what goes in, comes out, and is refused. */
#include "base/instant.h"
#include "store_fixture.h"

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

Test(store, what_is_asked_alone_is_one_round_trip_and_leaves_nothing_open, .timeout = 30)
{
	static const struct statement twice = {"ask_twice", "I", "SELECT v * 2 FROM unnest($1) v"};
	static const struct statement broken = {"ask_broken", "I", "SELECT 1 / (v - v) FROM unnest($1) v"};
	struct fixture f;
	struct result *r;
	struct rows *rows;
	size_t before;

	fixture_open(&f);
	before = store_round_trips(f.store);
	for (int64_t i = 1; i <= 3; i++) {
		rows = rows_new(&twice, f.arena);
		rows_int(rows, i);
		cr_assert_eq(store_ask(f.store, rows, &r, &f.why), OUTCOME_OK, "%s", f.why.text);
		cr_assert_eq(result_int(r, 0, 0), 2 * i);
	}
	cr_assert_eq(store_round_trips(f.store) - before, 3);
	rows = rows_new(&broken, f.arena);
	rows_int(rows, 1);
	cr_assert_eq(store_ask(f.store, rows, &r, &f.why), OUTCOME_DEAD);
	rows = rows_new(&twice, f.arena);
	rows_int(rows, 21);
	cr_assert_eq(store_ask(f.store, rows, &r, &f.why), OUTCOME_OK, "%s", f.why.text);
	cr_assert_eq(result_int(r, 0, 0), 42);
	store_begin(f.store);
	cr_assert_eq(result_int(query(&f, rows), 0, 0), 42);
	cr_assert_eq(store_commit(f.store, &f.why), OUTCOME_OK);
	fixture_close(&f);
}
