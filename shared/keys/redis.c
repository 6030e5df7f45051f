/* SPDX-License-Identifier: Apache-2.0 */
#include "keys/redis.h"

#include "base/instant.h"
#include "base/log.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PORT_DEFAULT 6379
#define DATABASE_MAX 65535
#define TIMEOUT_DEFAULT_MS 200
#define RETRY_US INT64_C(1000000)
#define COMMANDS_MAX_BYTES ((size_t)1 << 20) /* of one call */
#define READ_BYTES 16384
#define TLS_TIMES 4 /* as long as a call may connecting take: it is more round trips, and reckoning */

void
redis_lost(struct redis *r, const char *text)
{
	struct why why;

	if (strncmp(r->logged, text, sizeof r->logged - 1) != 0) {
		snprintf(r->logged, sizeof r->logged, "%s", text);
		(void)why_set(&why, OUTCOME_AWAY, "redis-away", "%s: %s", r->url.host, text);
		log_why(LOG_LEVEL_WARN, "redis-away", &why);
	}
	wire_close(r->wire);
	r->wire = NULL;
	if (r->reader)
		redisReaderFree(r->reader);
	r->reader = NULL;
	buf_clear(&r->out);
	r->next_try_us = monotonic_us() + RETRY_US;
}

bool
redis_command(struct redis *r, size_t n, const char *const *words, const size_t *lengths)
{
	char *bytes = NULL;
	long long length = redisFormatCommandArgv(&bytes, (int)n, (const char **)words, lengths);

	if (length > 0)
		buf_put(&r->out, bytes, (size_t)length);
	if (bytes)
		redisFreeCommand(bytes);
	if (length > 0 && buf_is_ok(&r->out))
		return true;
	redis_lost(r, "no memory");
	return false;
}

/* The next reply of those that were read; the rest is read as it comes. */
static redisReply *
reply_read(struct redis *r)
{
	char bytes[READ_BYTES];

	for (;;) {
		void *reply = NULL;
		size_t n;

		if (redisReaderGetReply(r->reader, &reply) != REDIS_OK) {
			redis_lost(r, r->reader->errstr);
			return NULL;
		}
		if (reply)
			return reply;
		n = wire_receive(r->wire, bytes, sizeof bytes, r->deadline_us);
		if (!n) {
			redis_lost(r, wire_trouble(r->wire));
			return NULL;
		}
		if (redisReaderFeed(r->reader, bytes, n) != REDIS_OK) {
			redis_lost(r, r->reader->errstr);
			return NULL;
		}
	}
}

redisReply *
redis_reply(struct redis *r)
{
	redisReply *reply;

	if (r->out.n && !wire_send(r->wire, buf_str(&r->out), r->deadline_us)) {
		redis_lost(r, wire_trouble(r->wire));
		return NULL;
	}
	buf_clear(&r->out);
	reply = reply_read(r);
	if (!reply || reply->type != REDIS_REPLY_ERROR)
		return reply;
	redis_lost(r, reply->str);
	freeReplyObject(reply);
	return NULL;
}

bool
redis_skip(struct redis *r, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		redisReply *reply = redis_reply(r);

		if (!reply)
			return false;
		freeReplyObject(reply);
	}
	return true;
}

static bool
say(struct redis *r, size_t n, const char *const *words)
{
	size_t lengths[3];

	for (size_t i = 0; i < n; i++)
		lengths[i] = strlen(words[i]);
	return redis_command(r, n, words, lengths);
}

static bool
login(struct redis *r)
{
	const char *const named[] = {"AUTH", r->url.user, r->url.password},
			  *const unnamed[] = {"AUTH", r->url.password}, *const select[] = {"SELECT", r->database};

	size_t n = 1;

	if (r->url.password[0]) {
		if (r->url.user[0] ? !say(r, COUNT_OF(named), named) : !say(r, COUNT_OF(unnamed), unnamed))
			return false;
		n++;
	}
	return say(r, COUNT_OF(select), select) && redis_skip(r, n);
}

static bool
is_tls(const struct redis *r)
{
	return strcmp(r->url.scheme, "rediss") == 0;
}

static void
connect_again(struct redis *r)
{
	const struct wire_config config = {.host = r->url.host,
					   .port = r->url.port ? r->url.port : PORT_DEFAULT,
					   .is_tls = is_tls(r),
					   .ca_file = r->ca_file};
	char text[WIRE_TEXT_BYTES];

	r->wire = wire_open(&config, r->deadline_us, text);
	if (!r->wire) {
		redis_lost(r, text);
		return;
	}
	r->reader = redisReaderCreate();
	if (!r->reader) {
		redis_lost(r, "no memory");
		return;
	}
	if (!login(r))
		return;
	r->logged[0] = '\0';
	r->connections_count++;
	log_line(LOG_LEVEL_INFO, "redis-connected", "host=%s connection=%" PRIu64, r->url.host, r->connections_count);
}

bool
redis_begin(struct redis *r)
{
	int64_t now = monotonic_us();

	if (!r->wire && now >= r->next_try_us) {
		r->deadline_us = now + r->timeout_ms * 1000 * (is_tls(r) ? TLS_TIMES : 1);
		connect_again(r);
		now = monotonic_us();
	}
	r->deadline_us = now + r->timeout_ms * 1000;
	return r->wire != NULL;
}

static bool
database_parse(const char *path, char *database, size_t bytes)
{
	int64_t number = 0;

	if (path[0] && (!str_to_int(str_of(path), &number) || number < 0 || number > DATABASE_MAX))
		return false;
	snprintf(database, bytes, "%d", (int)number);
	return true;
}

enum outcome
redis_open(struct redis *r, const char *url, const char *ca_file, int64_t timeout_ms, struct why *why)
{
	const char *problem;

	buf_init(&r->out, COMMANDS_MAX_BYTES);
	if (!url_parse(str_trim(str_of(url)), &r->url, &problem))
		return why_set(why, OUTCOME_DEAD, "redis-url", "%s", problem);
	if (strcmp(r->url.scheme, "redis") != 0 && strcmp(r->url.scheme, "rediss") != 0)
		return why_set(why, OUTCOME_DEAD, "redis-url", "the scheme is neither redis nor rediss");
	if (!database_parse(r->url.path, r->database, sizeof r->database))
		return why_set(why, OUTCOME_DEAD, "redis-url", "the database is not a number");
	if (ca_file && !(r->ca_file = strdup(ca_file)))
		return why_set(why, OUTCOME_DEAD, "no-memory", "no memory");
	r->timeout_ms = timeout_ms > 0 ? timeout_ms : TIMEOUT_DEFAULT_MS;
	return OUTCOME_OK;
}

void
redis_close(struct redis *r)
{
	wire_close(r->wire);
	if (r->reader)
		redisReaderFree(r->reader);
	buf_release(&r->out);
	url_release(&r->url);
	free(r->ca_file);
}
