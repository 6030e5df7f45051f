/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The statement that loads the keys, and the only place here that knows columns. One row more than may be tells that
 * there are too many.
 */
#include "access/access.h"

#include <stdio.h>
#include <string.h>

#define LIMIT_TEXT(n) #n
#define LIMIT_OF(n) LIMIT_TEXT(n)

static const struct statement keys_select = {
    "access_keys", "",
    "SELECT key_id, party, array_to_string(scopes, ','), secret_sha256, previous_sha256, previous_until, expires_at,"
    " revoked_at FROM tributary.api_keys WHERE least(revoked_at, expires_at) IS NULL"
    " OR least(revoked_at, expires_at) > now() - interval '90 days' LIMIT " LIMIT_OF(ACCESS_KEYS_MAX) " + 1"};

static void
hash_read(const struct result *r, size_t row, size_t column, unsigned char out[static API_KEY_HASH_BYTES])
{
	struct str hash = result_bytes(r, row, column);

	if (hash.n == API_KEY_HASH_BYTES)
		memcpy(out, hash.p, API_KEY_HASH_BYTES);
}

static unsigned
scopes_read(struct str names)
{
	unsigned scopes = 0;

	while (names.n)
		scopes |= scope_get(str_split(&names, ','));
	return scopes;
}

/* The table's own checks see to the lengths; what breaks them is found by nobody. */
static void
key_read(const struct result *r, size_t row, struct access_key *key)
{
	snprintf(key->id, sizeof key->id, "%.*s", STR_ARGS(result_text(r, row, 0)));
	snprintf(key->party, sizeof key->party, "%.*s", STR_ARGS(result_text(r, row, 1)));
	key->scopes = scopes_read(result_text(r, row, 2));
	hash_read(r, row, 3, key->hash);
	hash_read(r, row, 4, key->previous_hash);
	key->previous_until_us = result_instant(r, row, 5);
	key->expires_us = result_instant(r, row, 6);
	key->revoked_us = result_instant(r, row, 7);
}

enum outcome
access_keys_load(struct store *store, struct arena *arena, struct access_keys **keys, struct why *why)
{
	struct access_keys *made = NULL;
	struct access_key *rows;
	struct result *found;
	enum outcome outcome;
	size_t n;

	store_begin(store);
	outcome = store_query(store, rows_new(&keys_select, arena), &found, why);
	if (outcome != OUTCOME_OK) {
		store_rollback(store);
		return outcome;
	}
	n = result_count(found);
	rows = n <= ACCESS_KEYS_MAX ? arena_array(arena, n + 1, sizeof *rows) : NULL;
	for (size_t i = 0; rows && i < n; i++)
		key_read(found, i, &rows[i]);
	store_rollback(store);
	if (rows)
		made = access_keys_new(rows, n);
	if (!made)
		return why_set(why, OUTCOME_DEAD, "too-large", "%zu keys or more: there is no room for them", n);
	*keys = made;
	return OUTCOME_OK;
}
