/* SPDX-License-Identifier: Apache-2.0 */
/*
 * access - who calls: the keys of the API as a snapshot, and the check of a token against it
 * A snapshot never changes after it was made, so any number of threads may read it at once. Whoever wants a newer one
 * loads it and swaps the pointer himself, and frees the old one when nobody reads it any more.
 */
#ifndef TRIBUTARY_ACCESS_ACCESS_H
#define TRIBUTARY_ACCESS_ACCESS_H

#include "access/api_key.h"
#include "access/scope.h"
#include "party/party.h"
#include "store/store.h"

#define ACCESS_KEYS_MAX 100000

/* A row of api_keys. Instants in microseconds; 0: never. */
struct access_key {
	char id[API_KEY_ID_BYTES];
	char party[PARTY_NAME_BYTES];
	unsigned scopes;
	unsigned char hash[API_KEY_HASH_BYTES];
	unsigned char previous_hash[API_KEY_HASH_BYTES]; /* good as well until previous_until_us */
	int64_t previous_until_us, expires_us, revoked_us;
};

/* Who it is; a copy, which outlives the snapshot. */
struct access_caller {
	char key_id[API_KEY_ID_BYTES];
	char party[PARTY_NAME_BYTES];
	unsigned scopes;
	int64_t expires_us;  /* 0: never */
	bool has_old_secret; /* it must change to the new one soon */
};

struct access_keys;

/* access_keys_new - copies n keys, of any order; NULL without memory. Of two with the same id one is found. */
struct access_keys *access_keys_new(const struct access_key *keys, size_t n);
void access_keys_free(struct access_keys *keys); /* NULL is fine */
size_t access_keys_count(const struct access_keys *keys);
/* access_keys_get - by its public id, for what is written down about a refusal; NULL: there is none */
const struct access_key *access_keys_get(const struct access_keys *keys, struct str id);

/*
 * access_keys_load - a snapshot of Postgres, by one statement in a transaction of its own
 * Keys that ended over 90 days ago are left out: theirs is key-unknown then. A scope that this version does not know
 * gives no right.
 * arena  for the statement; may be cleared afterwards
 * keys   taken by the caller: access_keys_free()
 *
 * OUTCOME_AWAY, OUTCOME_RETRY  the store's
 * OUTCOME_DEAD                 more than ACCESS_KEYS_MAX, or no memory      code: too-large
 */
enum outcome access_keys_load(struct store *store, struct arena *arena, struct access_keys **keys,
			      struct why *why) MUST_CHECK;

/*
 * access_check - is the token one of the keys?
 * token  as it came, without "Bearer "; empty when there was none
 *
 * Of whatever has the form of a token, one hash is computed and compared with two, in a time that depends on the number
 * of keys alone, so nobody can tell an unknown key from a wrong secret by the clock. The codes are for the audit: whoever
 * asked gets one and the same answer for all of them. Neither code nor text has anything of the secret.
 *
 * OUTCOME_DEAD  code: key-missing    no token
 *                     key-malformed  not the form of a token
 *                     key-unknown    no key has this id
 *                     key-wrong      another secret than the key's
 *                     key-expired    the right secret, but the key's time is over, or that of the secret before a rotation
 *                     key-revoked    the right secret of a key that a person took back
 */
enum outcome access_check(const struct access_keys *keys, struct str token, int64_t now_us,
			  struct access_caller *caller, struct why *why) MUST_CHECK;

#endif
