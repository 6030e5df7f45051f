/* SPDX-License-Identifier: Apache-2.0 */
#include "store/connection.h"

#include "base/instant.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CONNECT_MS 5000
#define IDLE_MS 200
#define IDLE_IN_TRANSACTION_MS 60000
#define TCP_USER_TIMEOUT_MS "15000"
#define OPTIONS_BYTES 1024
#define HOSTS_MAX 16
/* A join by hash or merge, or with a table kept aside, reads all there is of it, which is cheap only while that is little.
 * One plan for all batches, or those of few rows would each be planned anew. */
#define BY_KEY                                                                                         \
	" -c enable_seqscan=off -c enable_hashjoin=off -c enable_mergejoin=off -c enable_material=off" \
	" -c max_parallel_workers_per_gather=0 -c plan_cache_mode=force_generic_plan"

/* Where to connect, as the URL says. */
struct target {
	char *hosts, *ports;         /* comma lists; NULL: libpq's default */
	char options[OPTIONS_BYTES]; /* for the server: the URL's and ours */
	size_t hosts_count;
};

enum outcome
connection_broke(const struct connection *c, struct why *why)
{
	char text[200];

	snprintf(text, sizeof text, "%s", c->pg ? PQerrorMessage(c->pg) : "no connection");
	for (char *p = text; *p; p++)
		if (*p == '\n' || *p == '\t')
			*p = ' ';
	return why_set(why, OUTCOME_AWAY, "postgres-away", "%.*s", STR_ARGS(str_trim(str_of(text))));
}

/* One slice of waiting, until the socket is ready or the hook's time has come. */
static enum outcome
wait_slice(struct connection *c, short events, int64_t deadline_us, bool *is_ready, struct why *why)
{
	struct pollfd fd = {.fd = PQsocket(c->pg), .events = events};
	int64_t now_us = monotonic_us();
	int64_t idle_in_ms = IDLE_MS - (now_us - c->idle_at_us) / 1000;

	if (deadline_us && now_us >= deadline_us)
		return why_set(why, OUTCOME_AWAY, "postgres-away", "no answer in time");
	if (idle_in_ms <= 0) {
		c->idle_at_us = now_us;
		if (c->config->idle && !c->config->idle(c->config->idle_context))
			return why_set(why, OUTCOME_AWAY, "stopping", "stopped while waiting for Postgres");
		idle_in_ms = IDLE_MS;
	}
	*is_ready = poll(&fd, 1, (int)idle_in_ms) > 0;
	return OUTCOME_OK;
}

static int64_t
deadline_of(int64_t timeout_ms)
{
	return timeout_ms ? monotonic_us() + timeout_ms * 1000 : 0;
}

void
connection_idle_start(struct connection *c)
{
	c->idle_at_us = monotonic_us();
}

enum outcome
connection_wait(struct connection *c, int64_t timeout_ms, struct why *why)
{
	int64_t deadline_us = deadline_of(timeout_ms);

	for (;;) {
		/* A write that failed is no end: the server's last words may stand in the socket. */
		bool is_flushing = PQflush(c->pg) == 1, is_ready;
		enum outcome outcome;

		if (!PQisBusy(c->pg))
			return OUTCOME_OK;
		outcome = wait_slice(c, is_flushing ? POLLIN | POLLOUT : POLLIN, deadline_us, &is_ready, why);
		if (outcome != OUTCOME_OK)
			return outcome;
		if (!PQconsumeInput(c->pg) && PQisBusy(c->pg))
			return connection_broke(c, why);
	}
}

static char *
text_copy(const char *text)
{
	return text && *text ? strdup(text) : NULL;
}

static void
options_set(struct target *t, const struct store_config *config, const char *given)
{
	snprintf(t->options, sizeof t->options,
		 "%s -c statement_timeout=%lld -c lock_timeout=%lld -c idle_in_transaction_session_timeout=%d"
		 " -c search_path=tributary%s",
		 given ? given : "", (long long)config->statement_timeout_ms, (long long)config->lock_timeout_ms,
		 IDLE_IN_TRANSACTION_MS, config->by_key ? BY_KEY : "");
}

static bool
target_init(struct target *t, const struct store_config *config)
{
	PQconninfoOption *options = PQconninfoParse(config->url, NULL);
	const char *given = NULL;
	bool has_addresses = false;

	*t = (struct target){.hosts_count = 1};
	if (!options)
		return false;
	for (const PQconninfoOption *o = options; o->keyword; o++) {
		if (strcmp(o->keyword, "host") == 0)
			t->hosts = text_copy(o->val);
		else if (strcmp(o->keyword, "port") == 0)
			t->ports = text_copy(o->val);
		else if (strcmp(o->keyword, "options") == 0)
			given = o->val;
		else if (strcmp(o->keyword, "hostaddr") == 0)
			has_addresses = o->val != NULL;
	}
	options_set(t, config, given);
	PQconninfoFree(options);
	for (const char *p = t->hosts; p && *p && !has_addresses; p++)
		t->hosts_count += *p == ',' && t->hosts_count < HOSTS_MAX;
	return true;
}

static void
target_release(struct target *t)
{
	free(t->hosts);
	free(t->ports);
}

/* The i-th of a comma list, or its only one, as allocated text; NULL when there is none. */
static char *
list_get(const char *list, size_t i)
{
	struct str rest = str_of(list), part = str_split(&rest, ',');

	for (; i > 0 && rest.n > 0; i--)
		part = str_split(&rest, ',');
	return part.n ? strndup(part.p, part.n) : NULL;
}

/* libpq itself goes to the next host only when one refuses, not when it is silent: so each host is one attempt. */
static PGconn *
attempt_start(const struct target *t, const struct store_config *config, size_t i)
{
	bool has_many = t->hosts_count > 1;
	char *host = has_many ? list_get(t->hosts, i) : NULL, *port = has_many ? list_get(t->ports, i) : NULL;
	/* What stands before dbname, the URL, may be set otherwise there; empty values count as absent. */
	const char *const keywords[] = {"client_encoding",
					"application_name",
					"keepalives_idle",
					"keepalives_interval",
					"keepalives_count",
					"tcp_user_timeout",
					"target_session_attrs",
					"dbname",
					"options",
					"host",
					"port",
					NULL};
	const char *const values[] = {"UTF8",
				      config->application_name,
				      "10",
				      "3",
				      "3",
				      TCP_USER_TIMEOUT_MS,
				      has_many ? "read-write" : NULL,
				      config->url,
				      t->options,
				      host,
				      port,
				      NULL};
	PGconn *pg = PQconnectStartParams(keywords, values, 1);

	free(host);
	free(port);
	return pg;
}

static enum outcome
attempt_wait(struct connection *c, int64_t deadline_us, struct why *why)
{
	PostgresPollingStatusType state = PGRES_POLLING_WRITING;

	while (state != PGRES_POLLING_OK) {
		enum outcome outcome;
		bool is_ready;

		if (PQstatus(c->pg) == CONNECTION_BAD || state == PGRES_POLLING_FAILED)
			return connection_broke(c, why);
		outcome = wait_slice(c, state == PGRES_POLLING_READING ? POLLIN : POLLOUT, deadline_us, &is_ready, why);
		if (outcome != OUTCOME_OK)
			return outcome;
		if (is_ready)
			state = PQconnectPoll(c->pg);
	}
	return OUTCOME_OK;
}

static void
notice_ignore(void *context, const PGresult *pg)
{
	(void)context;
	(void)pg;
}

/* One attempt at host i; what it leaves in c->pg after a failure is the caller's to close. */
static enum outcome
attempt(struct connection *c, const struct target *t, size_t i, struct why *why)
{
	enum outcome outcome;

	c->pg = attempt_start(t, c->config, i);
	connection_idle_start(c);
	outcome = attempt_wait(c, deadline_of(CONNECT_MS / (int64_t)t->hosts_count), why);
	if (outcome != OUTCOME_OK)
		return outcome;
	PQsetNoticeReceiver(c->pg, notice_ignore, NULL);
	if (PQsetnonblocking(c->pg, 1) != 0 || !PQenterPipelineMode(c->pg))
		return connection_broke(c, why);
	return OUTCOME_OK;
}

enum outcome
connection_open(struct connection *c, struct why *why)
{
	struct target t;
	enum outcome outcome = OUTCOME_AWAY;

	if (!target_init(&t, c->config))
		return why_set(why, OUTCOME_AWAY, "postgres-away", "the URL cannot be read");
	for (size_t i = 0; i < t.hosts_count && outcome != OUTCOME_OK; i++) {
		connection_close(c);
		outcome = attempt(c, &t, i, why);
	}
	if (outcome != OUTCOME_OK)
		connection_close(c);
	target_release(&t);
	return outcome;
}

void
connection_close(struct connection *c)
{
	PQfinish(c->pg);
	c->pg = NULL;
}

bool
connection_is_open(const struct connection *c)
{
	return c->pg && PQstatus(c->pg) == CONNECTION_OK;
}

bool
connection_lives(struct connection *c)
{
	struct pollfd fd = {.fd = PQsocket(c->pg), .events = POLLIN};

	if (poll(&fd, 1, 0) > 0 && !PQconsumeInput(c->pg))
		return false;
	return PQstatus(c->pg) == CONNECTION_OK;
}

enum outcome
store_check_url(const char *url, struct why *why)
{
	char *said = NULL;
	PQconninfoOption *options = PQconninfoParse(url, &said);
	enum outcome outcome = OUTCOME_OK;

	/* What libpq says may quote the URL, and with it a password. */
	if (!options)
		outcome = why_at(why, OUTCOME_DEAD, "database-url", "DATABASE_URL",
				 "is neither postgresql://user:password@host:port/database nor key=value pairs");
	PQconninfoFree(options);
	PQfreemem(said);
	return outcome;
}
