/* SPDX-License-Identifier: Apache-2.0 */
#include "access/access.h"

#include "base/uuid.h"

#include <openssl/crypto.h>

#include <stdlib.h>
#include <string.h>

struct access_keys {
	size_t n;
	struct access_key keys[]; /* by id */
};

/* What a token of an unknown key is compared with, so that it costs the same. */
static const struct access_key nobody;

static int
key_compare(const void *a, const void *b)
{
	return memcmp(((const struct access_key *)a)->id, ((const struct access_key *)b)->id, API_KEY_ID_CHARS);
}

struct access_keys *
access_keys_new(const struct access_key *keys, size_t n)
{
	struct access_keys *made = n <= ACCESS_KEYS_MAX ? malloc(sizeof *made + n * sizeof *keys) : NULL;

	if (!made)
		return NULL;
	made->n = n;
	if (n) {
		memcpy(made->keys, keys, n * sizeof *keys);
		qsort(made->keys, n, sizeof *keys, key_compare);
	}
	return made;
}

void
access_keys_free(struct access_keys *keys)
{
	free(keys);
}

size_t
access_keys_count(const struct access_keys *keys)
{
	return keys->n;
}

/* As many steps for an id that is there as for one that is not: it never ends early. */
const struct access_key *
access_keys_get(const struct access_keys *keys, struct str id)
{
	const struct access_key *at = keys->keys;

	if (keys->n == 0 || id.n != API_KEY_ID_CHARS)
		return NULL;
	for (size_t n = keys->n; n > 1;) {
		size_t half = n / 2;

		at += memcmp(at[half].id, id.p, API_KEY_ID_CHARS) <= 0 ? half : 0;
		n -= half;
	}
	return memcmp(at->id, id.p, API_KEY_ID_CHARS) == 0 ? at : NULL;
}

/* Of one form for all, so that not even the text takes another time. */
static enum outcome
refuse(struct why *why, const char *code, struct str id, const char *text)
{
	return why_set(why, OUTCOME_DEAD, code, "key %.*s: %s", STR_ARGS(id), text);
}

enum outcome
access_check(const struct access_keys *keys, struct str token, int64_t now_us, struct access_caller *caller,
	     struct why *why)
{
	unsigned char hash[API_KEY_HASH_BYTES];
	const struct access_key *found, *key;
	struct api_key_parts parts;
	bool is_current, is_previous;

	if (token.n == 0)
		return why_set(why, OUTCOME_DEAD, "key-missing", "no key was given");
	if (!api_key_parse(token, &parts))
		return why_set(why, OUTCOME_DEAD, "key-malformed", "what was given is no key");
	found = access_keys_get(keys, parts.id);
	key = found ? found : &nobody;
	sha256(parts.secret, hash);
	is_current = CRYPTO_memcmp(hash, key->hash, sizeof hash) == 0;
	is_previous = CRYPTO_memcmp(hash, key->previous_hash, sizeof hash) == 0;

	if (!found)
		return refuse(why, "key-unknown", parts.id, "there is none with this id");
	if (!is_current && !is_previous)
		return refuse(why, "key-wrong", parts.id, "another secret than its own");
	if (key->revoked_us)
		return refuse(why, "key-revoked", parts.id, "it was revoked");
	if (key->expires_us && now_us >= key->expires_us)
		return refuse(why, "key-expired", parts.id, "its time is over");
	if (!is_current && now_us >= key->previous_until_us)
		return refuse(why, "key-expired", parts.id, "the time of the secret before its rotation is over");
	*caller =
	    (struct access_caller){.scopes = key->scopes, .expires_us = key->expires_us, .has_old_secret = !is_current};
	memcpy(caller->key_id, key->id, sizeof caller->key_id);
	memcpy(caller->party, key->party, sizeof caller->party);
	return OUTCOME_OK;
}
