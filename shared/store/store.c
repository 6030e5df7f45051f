/* SPDX-License-Identifier: Apache-2.0 */
#include "store/store.h"

#include "store/bug.h"
#include "store/connection.h"
#include "store/prepared.h"
#include "store/result.h"
#include "store/rows.h"
#include "store/sqlstate.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PENDING_MAX 256
#define PENDING_PER_STATEMENT 3 /* BEGIN, prepare, the statement */
#define UNDO_ATTEMPTS 2
#define ANSWER_GRACE_MS 5000 /* beyond what the server itself allows its statements */

enum pending_kind { PENDING_CONTROL, PENDING_PREPARE, PENDING_SEND, PENDING_QUERY, PENDING_COMMIT };

/* What the server owes an answer to, in order. */
struct pending {
	enum pending_kind kind;
	const struct statement *statement;
};

struct store {
	struct store_config config;
	struct connection connection;
	struct prepared prepared;
	struct pending pending[PENDING_MAX];
	size_t pending_count;
	struct result *results; /* of this transaction, the newest first */
	size_t round_trips;
	bool is_open;       /* between store_begin and store_commit or store_rollback */
	bool is_begun;      /* the server has a transaction, or BEGIN is on its way */
	enum outcome fault; /* the first of this transaction: from then on nothing is sent */
	struct why why;     /* of the fault */
};

struct store *
store_new(const struct store_config *config)
{
	struct store *s = calloc(1, sizeof *s);

	if (!s)
		return NULL;
	s->config = *config;
	s->connection.config = &s->config;
	return s;
}

void
store_free(struct store *s)
{
	if (!s)
		return;
	result_free_all(&s->results);
	connection_close(&s->connection);
	free(s);
}

bool
store_is_connected(const struct store *s)
{
	return connection_is_open(&s->connection);
}

size_t
store_round_trips(const struct store *s)
{
	return s->round_trips;
}

/* The connection and all that the server knew of us are gone. */
static void
disconnect(struct store *s)
{
	connection_close(&s->connection);
	prepared_clear(&s->prepared);
	s->pending_count = 0;
	s->is_begun = false;
}

void
store_look(struct store *s)
{
	if (!s->is_open && connection_is_open(&s->connection) && !connection_lives(&s->connection))
		disconnect(s);
}

enum outcome
store_connect(struct store *s, struct why *why)
{
	if (store_is_connected(s))
		return OUTCOME_OK;
	disconnect(s);
	return connection_open(&s->connection, why);
}

static void
fail(struct store *s, enum outcome outcome, const struct why *why)
{
	if (s->fault != OUTCOME_OK)
		return;
	s->fault = outcome;
	s->why = *why;
}

static void
fail_disconnected(struct store *s)
{
	struct why why;

	fail(s, connection_broke(&s->connection, &why), &why);
	disconnect(s);
}

static void
pending_add(struct store *s, enum pending_kind kind, const struct statement *statement, int sent)
{
	if (sent)
		s->pending[s->pending_count++] = (struct pending){kind, statement};
	else
		fail_disconnected(s);
}

static void
queue_control(struct store *s, const char *sql)
{
	enum pending_kind kind = strcmp(sql, "COMMIT") == 0 ? PENDING_COMMIT : PENDING_CONTROL;

	pending_add(s, kind, NULL, PQsendQueryParams(s->connection.pg, sql, 0, NULL, NULL, NULL, NULL, 0));
}

static void
queue_prepare(struct store *s, const struct statement *statement)
{
	Oid types[ROWS_COLUMNS_MAX];
	size_t n = strlen(statement->types);

	for (size_t i = 0; i < n; i++)
		types[i] = rows_array_oid(statement->types[i]);
	pending_add(s, PENDING_PREPARE, statement,
		    PQsendPrepare(s->connection.pg, statement->name, statement->sql, (int)n, types));
}

static void
queue_statement(struct store *s, const struct rows *rows, enum pending_kind kind)
{
	const char *values[ROWS_COLUMNS_MAX];
	int lengths[ROWS_COLUMNS_MAX], formats[ROWS_COLUMNS_MAX];

	for (size_t i = 0; i < rows->columns_count; i++) {
		struct str array = rows_array(rows, i);

		values[i] = array.p;
		lengths[i] = (int)array.n;
		formats[i] = 1;
	}
	pending_add(s, kind, rows->statement,
		    PQsendQueryPrepared(s->connection.pg, rows->statement->name, (int)rows->columns_count, values,
					lengths, formats, 1));
}

static bool
is_success(ExecStatusType status)
{
	return status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;
}

/* One answer; takes pg. After the first fault the server skips the rest, and so do we. */
static void
answer_take(struct store *s, const struct pending *p, PGresult *pg)
{
	ExecStatusType status = PQresultStatus(pg);
	struct why why;

	if (p->kind == PENDING_PREPARE && !is_success(status))
		prepared_forget(&s->prepared, p->statement);
	if (status == PGRES_PIPELINE_ABORTED || s->fault != OUTCOME_OK) {
		PQclear(pg);
	} else if (!is_success(status)) {
		fail(s, sqlstate_why(pg, &why), &why);
		PQclear(pg);
	} else if (p->kind == PENDING_COMMIT && strcmp(PQcmdStatus(pg), "COMMIT") != 0) {
		fail(s, why_set(&why, OUTCOME_RETRY, "postgres-conflict", "COMMIT was answered by %s", PQcmdStatus(pg)),
		     &why);
		PQclear(pg);
	} else if (p->kind != PENDING_QUERY) {
		PQclear(pg);
	} else if (!result_push(&s->results, pg)) {
		fail(s, why_set(&why, OUTCOME_RETRY, "postgres-conflict", "no memory for a result"), &why);
	}
}

/* What all that is pending may take: the server bounds each statement. 0 is no limit. */
static int64_t
answer_timeout_ms(const struct store *s)
{
	int64_t each_ms = s->config.statement_timeout_ms;

	return each_ms ? each_ms * (int64_t)s->pending_count + ANSWER_GRACE_MS : 0;
}

/* The next answer, NULL when the connection is lost (the fault is set then). */
static PGresult *
answer_next(struct store *s)
{
	struct why why;

	/* libpq tells the end of each command by a NULL. */
	for (int nulls = 0; nulls < 3; nulls++) {
		enum outcome outcome = connection_wait(&s->connection, answer_timeout_ms(s), &why);
		PGresult *pg;

		if (outcome != OUTCOME_OK) {
			fail(s, outcome, &why);
			disconnect(s);
			return NULL;
		}
		pg = PQgetResult(s->connection.pg);
		if (pg)
			return pg;
	}
	fail_disconnected(s);
	return NULL;
}

/* Send all that is queued and read all answers. */
static void
exchange(struct store *s)
{
	if (!PQpipelineSync(s->connection.pg)) {
		fail_disconnected(s);
		return;
	}
	s->round_trips++;
	connection_idle_start(&s->connection);
	for (size_t i = 0;; i++) {
		PGresult *pg = answer_next(s);

		if (!pg)
			return;
		if (PQresultStatus(pg) == PGRES_PIPELINE_SYNC) {
			PQclear(pg);
			s->pending_count = 0;
			return;
		}
		if (i >= s->pending_count) {
			/* A connection that breaks says so once more than was asked. */
			PQclear(pg);
			fail_disconnected(s);
			return;
		}
		answer_take(s, &s->pending[i], pg);
	}
}

/* End the server's transaction, if the connection still lives. When something pending fails, the server skips the first
 * ROLLBACK with it. */
static void
undo(struct store *s)
{
	s->is_begun = false;
	for (int i = 0; i < UNDO_ATTEMPTS && store_is_connected(s); i++) {
		queue_control(s, "ROLLBACK");
		if (store_is_connected(s))
			exchange(s);
		if (store_is_connected(s) && PQtransactionStatus(s->connection.pg) == PQTRANS_IDLE)
			return;
	}
	disconnect(s);
}

/* exchange, and after a fault leave nothing open on the server. */
static enum outcome
settle(struct store *s)
{
	if (s->fault == OUTCOME_OK)
		exchange(s);
	if (s->fault == OUTCOME_OK || !s->is_begun)
		return s->fault;
	if (s->fault == OUTCOME_AWAY)
		disconnect(s);
	else
		undo(s);
	return s->fault;
}

void
store_begin(struct store *s)
{
	if (s->is_open)
		store_rollback(s);
	result_free_all(&s->results);
	s->is_open = true;
	s->fault = OUTCOME_OK;
	if (!store_is_connected(s))
		fail_disconnected(s);
}

/* The statement, prepared when it is new to the server. */
static void
queue_prepared(struct store *s, const struct rows *rows, enum pending_kind kind)
{
	if (s->fault == OUTCOME_OK && !prepared_put(&s->prepared, rows->statement))
		queue_prepare(s, rows->statement);
	if (s->fault == OUTCOME_OK)
		queue_statement(s, rows, kind);
}

/* Queue the statement and what must stand before it. */
static void
queue(struct store *s, const struct rows *rows, enum pending_kind kind)
{
	if (s->pending_count + PENDING_PER_STATEMENT >= PENDING_MAX && settle(s) != OUTCOME_OK)
		return;
	if (!s->is_begun) {
		s->is_begun = true;
		queue_control(s, "BEGIN ISOLATION LEVEL READ COMMITTED");
	}
	queue_prepared(s, rows, kind);
}

/* May the rows be sent? Their own fault becomes the transaction's. */
static bool
is_sendable(struct store *s, const struct rows *rows)
{
	struct why why;

	if (!s->is_open)
		store_bug("a statement outside of a transaction");
	if (!rows)
		fail(s, why_set(&why, OUTCOME_DEAD, "too-large", "more bytes than one batch may hold"), &why);
	else if (rows->fault != OUTCOME_OK)
		fail(s, rows->fault, &rows->why);
	else if (rows->next != 0)
		store_bug("statement %s: the last row ends after parameter %zu", rows->statement->name, rows->next);
	return s->fault == OUTCOME_OK;
}

void
store_send(struct store *s, const struct rows *rows)
{
	if (is_sendable(s, rows) && (rows->count > 0 || rows->columns_count == 0))
		queue(s, rows, PENDING_SEND);
}

static enum outcome
fault_tell(const struct store *s, struct why *why)
{
	if (why && s->fault != OUTCOME_OK)
		*why = s->why;
	return s->fault;
}

enum outcome
store_query(struct store *s, const struct rows *rows, struct result **result, struct why *why)
{
	if (is_sendable(s, rows))
		queue(s, rows, PENDING_QUERY);
	if (settle(s) == OUTCOME_OK)
		*result = s->results;
	return fault_tell(s, why);
}

enum outcome
store_ask(struct store *s, const struct rows *rows, struct result **result, struct why *why)
{
	store_begin(s);
	if (is_sendable(s, rows)) {
		queue_prepared(s, rows, PENDING_QUERY);
		if (settle(s) == OUTCOME_OK)
			*result = s->results;
	}
	s->is_open = false;
	return fault_tell(s, why);
}

enum outcome
store_commit(struct store *s, struct why *why)
{
	if (!s->is_open)
		store_bug("a commit outside of a transaction");
	if (s->is_begun && s->fault == OUTCOME_OK)
		queue_control(s, "COMMIT");
	if (s->is_begun)
		settle(s);
	if (s->fault == OUTCOME_OK)
		s->is_begun = false;
	s->is_open = false;
	return fault_tell(s, why);
}

void
store_rollback(struct store *s)
{
	if (s->is_begun)
		undo(s);
	s->is_open = false;
	s->fault = OUTCOME_OK;
}

/* Where in the script the server found its fault: PG_DIAG_STATEMENT_POSITION counts characters from 1. */
static size_t
script_line(const char *sql, const char *position)
{
	int64_t characters = 0;
	size_t line = 1;

	if (!position || !str_to_int(str_of(position), &characters))
		return 0;
	for (; *sql && characters > 1; sql++) {
		line += *sql == '\n';
		characters -= (sql[1] & 0xC0) != 0x80;
	}
	return line;
}

/* One answer of a script; takes pg. */
static void
script_answer(struct store *s, const char *sql, PGresult *pg)
{
	ExecStatusType status = PQresultStatus(pg);
	struct why why;

	if (status == PGRES_COPY_IN || status == PGRES_COPY_OUT || status == PGRES_COPY_BOTH) {
		fail(s, why_set(&why, OUTCOME_DEAD, "postgres-data", "a script cannot copy from or to its client"),
		     &why);
		disconnect(s);
	} else if (!is_success(status) && status != PGRES_EMPTY_QUERY) {
		enum outcome outcome = sqlstate_why(pg, &why);
		size_t line = script_line(sql, PQresultErrorField(pg, PG_DIAG_STATEMENT_POSITION));

		if (line)
			snprintf(why.path, sizeof why.path, "line %zu", line);
		fail(s, outcome, &why);
	}
	PQclear(pg);
}

static void
script_exchange(struct store *s, const char *sql)
{
	struct why why;

	s->pending_count = 1;
	for (const char *p = sql; *p; p++)
		s->pending_count += *p == ';';
	connection_idle_start(&s->connection);
	while (store_is_connected(s)) {
		enum outcome outcome = connection_wait(&s->connection, answer_timeout_ms(s), &why);
		PGresult *pg;

		if (outcome != OUTCOME_OK) {
			fail(s, outcome, &why);
			disconnect(s);
			return;
		}
		pg = PQgetResult(s->connection.pg);
		if (!pg)
			break;
		script_answer(s, sql, pg);
	}
	s->pending_count = 0;
}

enum outcome
store_script(struct store *s, const char *sql, struct why *why)
{
	struct why left_open;
	PGconn *pg;

	store_begin(s);
	s->is_open = false;
	pg = s->connection.pg;
	if (s->fault != OUTCOME_OK)
		return fault_tell(s, why);
	s->round_trips++;
	if (PQexitPipelineMode(pg) && PQsendQuery(pg, sql))
		script_exchange(s, sql);
	else
		fail_disconnected(s);
	if (store_is_connected(s) && PQtransactionStatus(pg) != PQTRANS_IDLE) {
		fail(s, why_set(&left_open, OUTCOME_DEAD, "postgres-data", "the script left a transaction open"),
		     &left_open);
		disconnect(s);
	}
	if (s->fault == OUTCOME_AWAY || (store_is_connected(s) && !PQenterPipelineMode(pg)))
		disconnect(s);
	return fault_tell(s, why);
}
