/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store - Postgres: transactions of set-based, prepared, pipelined statements
 * Every statement works on sets: each parameter is an array, and a `struct rows` fills them row by row. Statements are
 * sent without waiting (store_send) until an answer is needed (store_query, store_commit), so a batch costs a handful
 * of round trips whatever its size. While waiting, the store calls the idle hook, so that the broker's heartbeats live.
 *
 *   static const struct statement orders_insert = {
 *           "orders_insert", "UT", "INSERT INTO orders SELECT * FROM unnest($1, $2)"};
 *   struct rows *rows = rows_new(&orders_insert, arena);
 *   rows_uuid(rows, order_id); rows_text(rows, party);       one row: a put per parameter, in order
 *   store_send(store, rows);
 *
 * Outcomes of everything here, classified by SQLSTATE (codes: the first word):
 *   OUTCOME_AWAY   postgres-away      no connection, or it broke: nothing or, during commit, perhaps all was done
 *   OUTCOME_RETRY  postgres-conflict  deadlock, serialization, lock or statement timeout, out of resources
 *   OUTCOME_DEAD   postgres-data      a value or a constraint says no: the fault of one of the rows
 *   OUTCOME_AWAY   postgres-schema    a table, column or right is missing: a deployment's fault, never the message's
 */
#ifndef TRIBUTARY_STORE_STORE_H
#define TRIBUTARY_STORE_STORE_H

#include "base/arena.h"
#include "base/outcome.h"
#include "base/uuid.h"

struct store;
struct rows;

/*
 * statement - one prepared statement
 * types  one letter per parameter, each an array in SQL ($1::uuid[] and so on; the casts are added by nobody, the types
 *        are declared when preparing):
 *        U uuid  T text  B bytea  I bigint  N integer  O boolean  Z timestamptz (given in microseconds)
 */
struct statement {
	const char *name;
	const char *types;
	const char *sql;
};

/* Called at least every 200 ms while the store waits; false ends the wait with OUTCOME_AWAY (code stopping). */
typedef bool (*store_idle_fn)(void *context);

struct store_config {
	const char *url;              /* postgresql://… ; several hosts are libpq's own */
	const char *application_name; /* seen in pg_stat_activity */
	int64_t statement_timeout_ms;
	int64_t lock_timeout_ms;
	/* All rows are found by key: plans are made once, on tables that may be empty then, and must still do when these
	 * have millions of rows: so no joins but by an index, row by row, and one generic plan. Whole tables are read only
	 * where no index can be used. An EXISTS outside of WHERE may still become a hash of a whole table: use a subquery
	 * with LIMIT 1. */
	bool by_key;
	store_idle_fn idle; /* may be NULL */
	void *idle_context;
};

/* store_new - no connection yet; NULL without memory. The config's texts are borrowed for its life. */
struct store *store_new(const struct store_config *config);
void store_free(struct store *s);
/* store_check_url - can libpq read it? Connects to nothing.      OUTCOME_DEAD code: database-url */
enum outcome store_check_url(const char *url, struct why *why) MUST_CHECK;
/* store_connect - connect if there is no live connection; bounded by 5 s */
enum outcome store_connect(struct store *s, struct why *why) MUST_CHECK;
bool store_is_connected(const struct store *s);
/* store_look - between transactions: notice that the server hung up, without asking it anything */
void store_look(struct store *s);

/* store_round_trips - how often the store has waited for the server since store_new */
size_t store_round_trips(const struct store *s);

/* store_begin - starts a transaction (READ COMMITTED); frees the results of the one before */
void store_begin(struct store *s);
/* store_send - queue a statement; nothing is sent when it has no rows. A fault shows at the next query or commit. */
void store_send(struct store *s, const struct rows *rows);
/* store_query - send and wait for this one's result; it stays valid until the next store_begin */
struct result;
enum outcome store_query(struct store *s, const struct rows *rows, struct result **result, struct why *why) MUST_CHECK;
/*
 * store_ask - one statement that only reads, as a transaction of its own: what is one round trip, without BEGIN and COMMIT.
 * A transaction that is open is rolled back. The result stays valid until the next store_ask or store_begin.
 */
enum outcome store_ask(struct store *s, const struct rows *rows, struct result **result, struct why *why) MUST_CHECK;
/* store_commit - everything queued, then COMMIT. On anything but OK the transaction is rolled back, or, when the
 * connection broke, perhaps done: repeat it, all of it is written to be repeatable. */
enum outcome store_commit(struct store *s, struct why *why) MUST_CHECK;
/* store_rollback - forget the transaction; the connection stays, if it lives */
void store_rollback(struct store *s);
/* store_script - plain SQL text of any number of statements in one implicit transaction (migrations). A fault of the
 * text has "line N" as why.path. */
enum outcome store_script(struct store *s, const char *sql, struct why *why) MUST_CHECK;

/* rows_new - no rows yet; arena memory, NULL-safe: when the arena's cap is reached the puts do nothing and the
 * statement fails with OUTCOME_DEAD, code too-large */
struct rows *rows_new(const struct statement *statement, struct arena *arena);
/* rows_as - the rows so far for another statement with the same types; put no more into either, they share memory */
struct rows *rows_as(const struct rows *rows, const struct statement *statement);
void rows_uuid(struct rows *r, struct uuid v);
void rows_uuid_or_null(struct rows *r, struct uuid v); /* nil is NULL */
void rows_text(struct rows *r, struct str v);          /* NUL bytes are refused by Postgres: postgres-data */
void rows_text_or_null(struct rows *r, struct str v);  /* empty is NULL */
void rows_bytes(struct rows *r, struct str v);
void rows_int(struct rows *r, int64_t v); /* for I and N */
void rows_bool(struct rows *r, bool v);
void rows_instant(struct rows *r, int64_t us);
void rows_instant_or_null(struct rows *r, int64_t us); /* 0 is NULL */
void rows_null(struct rows *r);
size_t rows_count(const struct rows *r);

size_t result_count(const struct result *r); /* rows */
/* The cell's value; NULL gives nil, empty, 0 or false. Types as in the statement's letters; asking for another type
 * than the column's is a bug and aborts. Texts and bytes are views into the result. */
bool result_is_null(const struct result *r, size_t row, size_t column);
struct uuid result_uuid(const struct result *r, size_t row, size_t column);
struct str result_text(const struct result *r, size_t row, size_t column);
struct str result_bytes(const struct result *r, size_t row, size_t column);
int64_t result_int(const struct result *r, size_t row, size_t column);
bool result_bool(const struct result *r, size_t row, size_t column);
int64_t result_instant(const struct result *r, size_t row, size_t column);

#endif
