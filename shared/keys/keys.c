/* SPDX-License-Identifier: Apache-2.0 */
#include "keys/keys.h"

#include "base/instant.h"
#include "base/log.h"
#include "broker/url.h"

#include <errno.h>
#include <hiredis/hiredis.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PORT_DEFAULT 6379
#define DATABASE_MAX 65535
#define TIMEOUT_DEFAULT_MS 200
#define RETRY_US INT64_C(1000000)
#define KEY_BYTES 160 /* prefix, id and NUL */
#define CHUNK 256     /* ids asked or marked in one round trip */

struct keys {
	struct url url;
	char *prefix;
	char database[8], ttl_ms[24];
	int64_t timeout_ms;
	redisContext *context; /* NULL while away; never used again after an error: its replies would shift */
	int64_t next_try_us;   /* monotonic */
	int64_t deadline_us;   /* of the call under way */
	uint64_t connections_count;
	char logged[128]; /* the last trouble that was logged; empty while all is well */
	char keys[CHUNK][KEY_BYTES];
	size_t lengths[CHUNK];
};

static void
keys_lost(struct keys *k, const char *text)
{
	struct why why;

	if (strncmp(k->logged, text, sizeof k->logged - 1) != 0) {
		snprintf(k->logged, sizeof k->logged, "%s", text);
		(void)why_set(&why, OUTCOME_AWAY, "redis-away", "%s: %s", k->url.host, text);
		log_why(LOG_LEVEL_WARN, "redis-away", &why);
	}
	if (k->context)
		redisFree(k->context);
	k->context = NULL;
	k->next_try_us = monotonic_us() + RETRY_US;
}

static void
context_lost(struct keys *k)
{
	/* hiredis calls a time-out "Resource temporarily unavailable". */
	keys_lost(k, k->context->err == REDIS_ERR_IO && (errno == EAGAIN || errno == EINPROGRESS) ? "no answer in time"
												  : k->context->errstr);
}

/* What is left of the call, for each read and write of it. */
static bool
context_limit(struct keys *k)
{
	int64_t left_us = k->deadline_us - monotonic_us();

	if (left_us < 1000) {
		keys_lost(k, "no answer in time");
		return false;
	}
	if (redisSetTimeout(k->context, (struct timeval){left_us / 1000000, left_us % 1000000}) != REDIS_OK) {
		context_lost(k);
		return false;
	}
	return true;
}

/* The next reply, which the caller frees; NULL with the context gone when there is none, or an error reply. */
static redisReply *
reply_get(struct keys *k)
{
	void *reply = NULL;

	if (redisGetReply(k->context, &reply) != REDIS_OK || !reply) {
		context_lost(k);
		return NULL;
	}
	if (((redisReply *)reply)->type != REDIS_REPLY_ERROR)
		return reply;
	keys_lost(k, ((redisReply *)reply)->str);
	freeReplyObject(reply);
	return NULL;
}

static bool
replies_skip(struct keys *k, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		redisReply *reply;

		/* Nearly always all replies come in one read; a peer that trickles must not take n time-outs. */
		if (monotonic_us() >= k->deadline_us) {
			keys_lost(k, "no answer in time");
			return false;
		}
		reply = reply_get(k);
		if (!reply)
			return false;
		freeReplyObject(reply);
	}
	return true;
}

static bool
keys_login(struct keys *k)
{
	size_t n = 0;

	if (k->url.password[0] && k->url.user[0])
		n += redisAppendCommand(k->context, "AUTH %s %s", k->url.user, k->url.password) == REDIS_OK;
	else if (k->url.password[0])
		n += redisAppendCommand(k->context, "AUTH %s", k->url.password) == REDIS_OK;
	n += redisAppendCommand(k->context, "SELECT %s", k->database) == REDIS_OK;
	return context_limit(k) && replies_skip(k, n);
}

static void
keys_connect(struct keys *k)
{
	struct timeval limit = {k->timeout_ms / 1000, k->timeout_ms % 1000 * 1000};

	k->context = redisConnectWithTimeout(k->url.host, k->url.port ? (int)k->url.port : PORT_DEFAULT, limit);
	if (!k->context) {
		keys_lost(k, "no memory");
		return;
	}
	if (k->context->err) {
		context_lost(k);
		return;
	}
	(void)redisEnableKeepAlive(k->context);
	if (!keys_login(k))
		return;
	k->logged[0] = '\0';
	k->connections_count++;
	log_line(LOG_LEVEL_INFO, "redis-connected", "host=%s connection=%" PRIu64, k->url.host, k->connections_count);
}

/* Begins a call: false when Redis is away, or was found to be so now. */
static bool
keys_begin(struct keys *k)
{
	int64_t now = monotonic_us();

	k->deadline_us = now + k->timeout_ms * 1000;
	if (!k->context && now >= k->next_try_us)
		keys_connect(k);
	return k->context && context_limit(k);
}

static void
chunk_name(struct keys *k, const struct uuid *ids, size_t n)
{
	char id[UUID_TEXT_BYTES];

	for (size_t i = 0; i < n; i++) {
		uuid_format(ids[i], id);
		k->lengths[i] = (size_t)snprintf(k->keys[i], KEY_BYTES, "%s%s", k->prefix, id);
	}
}

/* The values of n keys, which the caller frees; NULL with the context gone. */
static redisReply *
chunk_get(struct keys *k, const struct uuid *ids, size_t n)
{
	const char *words[CHUNK + 1] = {"MGET"};
	size_t lengths[CHUNK + 1] = {4};
	redisReply *reply;

	chunk_name(k, ids, n);
	for (size_t i = 0; i < n; i++) {
		words[i + 1] = k->keys[i];
		lengths[i + 1] = k->lengths[i];
	}
	if (redisAppendCommandArgv(k->context, (int)n + 1, words, lengths) != REDIS_OK) {
		context_lost(k);
		return NULL;
	}
	reply = reply_get(k);
	if (!reply || (reply->type == REDIS_REPLY_ARRAY && reply->elements == n))
		return reply;
	freeReplyObject(reply);
	keys_lost(k, "an answer of another shape");
	return NULL;
}

/* Empty when there is none. */
static struct str
value_at(const redisReply *reply, size_t i)
{
	const redisReply *value = reply->element[i];

	return value->type == REDIS_REPLY_STRING ? (struct str){value->str, value->len} : (struct str){NULL, 0};
}

static bool
chunk_seen(struct keys *k, const struct uuid *ids, size_t n, int64_t *stamps)
{
	redisReply *reply = chunk_get(k, ids, n);

	for (size_t i = 0; reply && i < n; i++)
		if (!str_to_int(value_at(reply, i), &stamps[i]))
			stamps[i] = 0;
	freeReplyObject(reply);
	return reply != NULL;
}

static bool
chunk_recall(struct keys *k, const struct uuid *ids, size_t n, struct uuid *values)
{
	redisReply *reply = chunk_get(k, ids, n);

	for (size_t i = 0; reply && i < n; i++)
		if (!uuid_parse(value_at(reply, i), &values[i]))
			values[i] = (struct uuid){{0}};
	freeReplyObject(reply);
	return reply != NULL;
}

/* One more of the commands that are sent together; the key is the i-th that was named. */
static bool
mark_append(struct keys *k, size_t i, const char *value)
{
	const char *words[] = {"SET", k->keys[i], value, "PX", k->ttl_ms};
	const size_t lengths[] = {3, k->lengths[i], strlen(value), 2, strlen(k->ttl_ms)};

	if (redisAppendCommandArgv(k->context, (int)COUNT_OF(words), words, lengths) == REDIS_OK)
		return true;
	context_lost(k);
	return false;
}

static bool
chunk_mark(struct keys *k, const struct uuid *ids, const int64_t *stamps, size_t n)
{
	char stamp[24];

	chunk_name(k, ids, n);
	for (size_t i = 0; i < n; i++) {
		snprintf(stamp, sizeof stamp, "%" PRId64, stamps[i]);
		if (!mark_append(k, i, stamp))
			return false;
	}
	return replies_skip(k, n);
}

static bool
chunk_remember(struct keys *k, const struct uuid *ids, const struct uuid *values, size_t n)
{
	char value[UUID_TEXT_BYTES];

	chunk_name(k, ids, n);
	for (size_t i = 0; i < n; i++) {
		uuid_format(values[i], value);
		if (!mark_append(k, i, value))
			return false;
	}
	return replies_skip(k, n);
}

void
keys_seen(struct keys *k, const struct uuid *ids, size_t n, int64_t *stamps)
{
	bool is_up;

	memset(stamps, 0, n * sizeof *stamps);
	if (n == 0)
		return;
	is_up = keys_begin(k);
	for (size_t at = 0; at < n && is_up; at += CHUNK) {
		size_t part = n - at < CHUNK ? n - at : CHUNK;

		is_up = chunk_seen(k, ids + at, part, stamps + at) && (at + CHUNK >= n || context_limit(k));
	}
}

void
keys_mark(struct keys *k, const struct uuid *ids, const int64_t *stamps, size_t n)
{
	bool is_up = n > 0 && keys_begin(k);

	for (size_t at = 0; at < n && is_up; at += CHUNK) {
		size_t part = n - at < CHUNK ? n - at : CHUNK;

		is_up = chunk_mark(k, ids + at, stamps + at, part) && (at + CHUNK >= n || context_limit(k));
	}
}

void
keys_recall(struct keys *k, const struct uuid *ids, size_t n, struct uuid *values)
{
	bool is_up = n > 0 && keys_begin(k);

	memset(values, 0, n * sizeof *values);
	for (size_t at = 0; at < n && is_up; at += CHUNK) {
		size_t part = n - at < CHUNK ? n - at : CHUNK;

		is_up = chunk_recall(k, ids + at, part, values + at) && (at + CHUNK >= n || context_limit(k));
	}
}

void
keys_remember(struct keys *k, const struct uuid *ids, const struct uuid *values, size_t n)
{
	bool is_up = n > 0 && keys_begin(k);

	for (size_t at = 0; at < n && is_up; at += CHUNK) {
		size_t part = n - at < CHUNK ? n - at : CHUNK;

		is_up = chunk_remember(k, ids + at, values + at, part) && (at + CHUNK >= n || context_limit(k));
	}
}

/* By Redis' own clock, which is the same for all who ask. A clock set back fills nothing. */
static const char take_script[] =
    "local t = redis.call('TIME') "
    "local now = t[1] * 1000000 + t[2] "
    "local rate, burst, n = ARGV[1] / 1000000, tonumber(ARGV[2]), tonumber(ARGV[3]) "
    "local b = redis.call('HMGET', KEYS[1], 'tokens', 'at') "
    "local tokens = math.min(burst, (tonumber(b[1]) or burst) + math.max(0, now - (tonumber(b[2]) or now)) * rate / "
    "1000000) "
    "local granted = math.min(n, math.floor(tokens)) "
    "redis.call('HSET', KEYS[1], 'tokens', tostring(tokens - granted), 'at', tostring(now)) "
    "redis.call('PEXPIRE', KEYS[1], math.ceil(burst / rate * 1000) + 1000) "
    "return granted";

bool
keys_take(struct keys *k, struct str bucket, int64_t rate_micro, int64_t burst, int64_t n, int64_t *granted)
{
	redisReply *reply;
	bool is_number;

	if (!keys_begin(k))
		return false;
	if (redisAppendCommand(k->context, "EVAL %s 1 %s%b %lld %lld %lld", take_script, k->prefix, bucket.p, bucket.n,
			       (long long)rate_micro, (long long)burst, (long long)n) != REDIS_OK) {
		context_lost(k);
		return false;
	}
	reply = reply_get(k);
	if (!reply)
		return false;
	is_number = reply->type == REDIS_REPLY_INTEGER;
	if (is_number)
		*granted = reply->integer;
	freeReplyObject(reply);
	if (!is_number)
		keys_lost(k, "an answer of another shape");
	return is_number;
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

static enum outcome
keys_configure(struct keys *k, const struct keys_config *config, struct why *why)
{
	const char *problem;

	if (!url_parse(str_trim(str_of(config->url)), &k->url, &problem))
		return why_set(why, OUTCOME_DEAD, "redis-url", "%s", problem);
	if (strcmp(k->url.scheme, "redis") != 0)
		return why_set(why, OUTCOME_DEAD, "redis-url", "the scheme is not redis");
	if (!database_parse(k->url.path, k->database, sizeof k->database))
		return why_set(why, OUTCOME_DEAD, "redis-url", "the database is not a number");
	if (config->ttl_ms < 1)
		return why_set(why, OUTCOME_DEAD, "redis-url", "ttl_ms is not positive");
	if (strlen(config->prefix) > KEY_BYTES - UUID_TEXT_BYTES)
		return why_set(why, OUTCOME_DEAD, "redis-url", "the prefix is longer than %d bytes",
			       KEY_BYTES - UUID_TEXT_BYTES);
	k->prefix = strdup(config->prefix);
	if (!k->prefix)
		return why_set(why, OUTCOME_DEAD, "no-memory", "no memory");
	k->timeout_ms = config->timeout_ms > 0 ? config->timeout_ms : TIMEOUT_DEFAULT_MS;
	snprintf(k->ttl_ms, sizeof k->ttl_ms, "%" PRId64, config->ttl_ms);
	return OUTCOME_OK;
}

struct keys *
keys_new(const struct keys_config *config, struct why *why)
{
	struct keys *k = calloc(1, sizeof *k);

	if (!k) {
		(void)why_set(why, OUTCOME_DEAD, "no-memory", "no memory");
		return NULL;
	}
	if (keys_configure(k, config, why) != OUTCOME_OK) {
		keys_free(k);
		return NULL;
	}
	return k;
}

void
keys_free(struct keys *k)
{
	if (!k)
		return;
	if (k->context)
		redisFree(k->context);
	url_release(&k->url);
	free(k->prefix);
	free(k);
}

bool
keys_is_connected(const struct keys *k)
{
	return k->context != NULL;
}

uint64_t
keys_reconnects(const struct keys *k)
{
	return k->connections_count > 1 ? k->connections_count - 1 : 0;
}
