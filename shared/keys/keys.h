/* SPDX-License-Identifier: Apache-2.0 */
/*
 * keys - remember in Redis what was already done
 * A hint, never a guard: every answer may be "not seen", and no call fails. Postgres guards. While Redis is away each
 * call returns at once; a new connection is tried at most once per second and costs at most the timeout.
 */
#ifndef TRIBUTARY_KEYS_KEYS_H
#define TRIBUTARY_KEYS_KEYS_H

#include "base/outcome.h"
#include "base/uuid.h"

struct keys;

struct keys_config {
	const char *url;     /* redis://user:password@host:port/0, rediss:// with TLS */
	const char *ca_file; /* of rediss, PEM; NULL: the system's */
	const char *prefix;  /* tributary:done:enrich: */
	int64_t timeout_ms;  /* of each call; connecting before it: the same again, four times with TLS */
	int64_t ttl_ms;      /* how long a mark lives */
};

/* keys_new - no connection yet; NULL without memory or with a URL that is none (why says so) */
struct keys *keys_new(const struct keys_config *config, struct why *why);
void keys_free(struct keys *k);
/*
 * keys_seen - stamps[i] = what ids[i] was marked with; 0: not seen. All 0 when Redis does not answer
 * Redis may remember what Postgres was taken back from: the caller compares the stamp with what Postgres says.
 */
void keys_seen(struct keys *k, const struct uuid *ids, size_t n, int64_t *stamps);
/* keys_mark - remember n ids for ttl_ms, each with a stamp other than 0 */
void keys_mark(struct keys *k, const struct uuid *ids, const int64_t *stamps, size_t n);
/* keys_recall - values[i] = what keys_remember() was told of ids[i]; nil: not known. All nil when Redis does not answer
 * Marks and these share their ids: take ids of another kind. */
void keys_recall(struct keys *k, const struct uuid *ids, size_t n, struct uuid *values);
/* keys_remember - a value other than nil for each of n ids, for ttl_ms */
void keys_remember(struct keys *k, const struct uuid *ids, const struct uuid *values, size_t n);
/*
 * keys_take - tokens out of a bucket that all processes share: it fills with rate_micro millionths of a token per second,
 * up to `burst`, and is full at first
 * bucket   its name, after the prefix; forgotten when it has been full for a while
 * granted  0 to n; false: Redis does not answer, and nothing is written
 */
bool keys_take(struct keys *k, struct str bucket, int64_t rate_micro, int64_t burst, int64_t n, int64_t *granted);
bool keys_is_connected(const struct keys *k);
/* keys_reconnects - connections made after the first */
uint64_t keys_reconnects(const struct keys *k);

#endif
