/* SPDX-License-Identifier: Apache-2.0 */
#include "keys/keys.h"

#include "keys/redis.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KEY_BYTES 160 /* prefix, id and NUL */
#define CHUNK 256     /* ids asked or marked in one round trip */

struct keys {
	struct redis redis;
	char *prefix;
	char ttl_ms[24];
	char keys[CHUNK][KEY_BYTES];
	size_t lengths[CHUNK];
};

static void
chunk_name(struct keys *k, const struct uuid *ids, size_t n)
{
	char id[UUID_TEXT_BYTES];

	for (size_t i = 0; i < n; i++) {
		uuid_format(ids[i], id);
		k->lengths[i] = (size_t)snprintf(k->keys[i], KEY_BYTES, "%s%s", k->prefix, id);
	}
}

/* The values of n keys, which the caller frees; NULL with the connection gone. */
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
	reply = redis_command(&k->redis, n + 1, words, lengths) ? redis_reply(&k->redis) : NULL;
	if (!reply || (reply->type == REDIS_REPLY_ARRAY && reply->elements == n))
		return reply;
	freeReplyObject(reply);
	redis_lost(&k->redis, "an answer of another shape");
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

	return redis_command(&k->redis, COUNT_OF(words), words, lengths);
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
	return redis_skip(&k->redis, n);
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
	return redis_skip(&k->redis, n);
}

void
keys_seen(struct keys *k, const struct uuid *ids, size_t n, int64_t *stamps)
{
	bool is_up;

	memset(stamps, 0, n * sizeof *stamps);
	if (n == 0)
		return;
	is_up = redis_begin(&k->redis);
	for (size_t at = 0; at < n && is_up; at += CHUNK) {
		size_t part = n - at < CHUNK ? n - at : CHUNK;

		is_up = chunk_seen(k, ids + at, part, stamps + at);
	}
}

void
keys_mark(struct keys *k, const struct uuid *ids, const int64_t *stamps, size_t n)
{
	bool is_up = n > 0 && redis_begin(&k->redis);

	for (size_t at = 0; at < n && is_up; at += CHUNK) {
		size_t part = n - at < CHUNK ? n - at : CHUNK;

		is_up = chunk_mark(k, ids + at, stamps + at, part);
	}
}

void
keys_recall(struct keys *k, const struct uuid *ids, size_t n, struct uuid *values)
{
	bool is_up = n > 0 && redis_begin(&k->redis);

	memset(values, 0, n * sizeof *values);
	for (size_t at = 0; at < n && is_up; at += CHUNK) {
		size_t part = n - at < CHUNK ? n - at : CHUNK;

		is_up = chunk_recall(k, ids + at, part, values + at);
	}
}

void
keys_remember(struct keys *k, const struct uuid *ids, const struct uuid *values, size_t n)
{
	bool is_up = n > 0 && redis_begin(&k->redis);

	for (size_t at = 0; at < n && is_up; at += CHUNK) {
		size_t part = n - at < CHUNK ? n - at : CHUNK;

		is_up = chunk_remember(k, ids + at, values + at, part);
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
	char name[KEY_BYTES], numbers[3][24];
	const char *words[] = {"EVAL", take_script, "1", name, numbers[0], numbers[1], numbers[2]};
	size_t lengths[COUNT_OF(words)];
	redisReply *reply;
	bool is_number;

	snprintf(name, sizeof name, "%s%.*s", k->prefix, STR_ARGS(bucket));
	snprintf(numbers[0], sizeof numbers[0], "%" PRId64, rate_micro);
	snprintf(numbers[1], sizeof numbers[1], "%" PRId64, burst);
	snprintf(numbers[2], sizeof numbers[2], "%" PRId64, n);
	for (size_t i = 0; i < COUNT_OF(words); i++)
		lengths[i] = strlen(words[i]);
	reply = redis_begin(&k->redis) && redis_command(&k->redis, COUNT_OF(words), words, lengths)
		    ? redis_reply(&k->redis)
		    : NULL;
	if (!reply)
		return false;
	is_number = reply->type == REDIS_REPLY_INTEGER;
	if (is_number)
		*granted = reply->integer;
	freeReplyObject(reply);
	if (!is_number)
		redis_lost(&k->redis, "an answer of another shape");
	return is_number;
}

static enum outcome
keys_configure(struct keys *k, const struct keys_config *config, struct why *why)
{
	enum outcome outcome = redis_open(&k->redis, config->url, config->ca_file, config->timeout_ms, why);

	if (outcome != OUTCOME_OK)
		return outcome;
	if (config->ttl_ms < 1)
		return why_set(why, OUTCOME_DEAD, "redis-url", "ttl_ms is not positive");
	if (strlen(config->prefix) > KEY_BYTES - UUID_TEXT_BYTES)
		return why_set(why, OUTCOME_DEAD, "redis-url", "the prefix is longer than %d bytes",
			       KEY_BYTES - UUID_TEXT_BYTES);
	k->prefix = strdup(config->prefix);
	if (!k->prefix)
		return why_set(why, OUTCOME_DEAD, "no-memory", "no memory");
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
	redis_close(&k->redis);
	free(k->prefix);
	free(k);
}

bool
keys_is_connected(const struct keys *k)
{
	return k->redis.wire != NULL;
}

uint64_t
keys_reconnects(const struct keys *k)
{
	return k->redis.connections_count > 1 ? k->redis.connections_count - 1 : 0;
}
