/* SPDX-License-Identifier: Apache-2.0 */
/* The keys as the gateway's own role reads them; the owner makes them. */
#include "access/access.h"
#include "base/instant.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SECRET "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define OLD "ff112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define ARENA_BYTES ((size_t)64 << 20)
#define TIMEOUT_MS 10000

static struct store *
store_as(const char *role, char url[static 512])
{
	struct store_config config = {.url = url,
				      .application_name = "test_access_load",
				      .statement_timeout_ms = TIMEOUT_MS,
				      .lock_timeout_ms = TIMEOUT_MS,
				      .by_key = true};
	const char *var = getenv("TRIBUTARY_VAR");
	char path[512];
	struct why why;
	struct store *store;
	FILE *in;

	cr_assert(var, "TRIBUTARY_VAR is not set");
	snprintf(path, sizeof path, "%s/secrets/%s.database-url", var, role);
	in = fopen(path, "re");
	cr_assert(in && fgets(url, 512, in), "%s", path);
	fclose(in);
	url[strcspn(url, "\n")] = '\0';
	store = store_new(&config);
	cr_assert_eq(store_connect(store, &why), OUTCOME_OK, "%s", why.text);
	return store;
}

static void
is_answered(const struct access_keys *keys, const char *id, const char *secret, const char *code)
{
	struct access_caller caller;
	struct why why = {.code = ""};
	char token[API_KEY_TOKEN_BYTES];
	enum outcome outcome;

	snprintf(token, sizeof token, API_KEY_PREFIX "%s_%s", id, secret);
	outcome = access_check(keys, str_of(token), instant_now_us(), &caller, &why);
	cr_assert_str_eq(outcome == OUTCOME_OK ? "" : why.code, code, "%s", token);
	if (outcome != OUTCOME_OK)
		return;
	cr_assert_str_eq(caller.party, "loadtest");
	cr_assert_eq(caller.scopes, SCOPE_SUBMIT | SCOPE_STOCK);
}

Test(access_load, what_the_table_has_is_what_the_check_says, .timeout = 30)
{
	char owner_url[512], gateway_url[512];
	struct store *owner = store_as("owner", owner_url), *gateway = store_as("gateway", gateway_url);
	struct arena *arena = arena_new(ARENA_BYTES);
	struct access_keys *keys;
	struct why why;

	cr_assert_eq(
	    store_script(
		owner,
		"DELETE FROM tributary.api_keys WHERE party = 'loadtest';"
		"INSERT INTO tributary.api_keys (key_id, party, scopes, secret_sha256, created_by, previous_sha256,"
		" previous_until, expires_at, revoked_at) SELECT id, 'loadtest', '{stock,submit}', sha256('" SECRET
		"'), 'test', CASE WHEN u IS NOT NULL THEN sha256('" OLD "'::bytea) END, u, e, r FROM (VALUES"
		"('aaaaaaaaaaaa', now() + interval '1 h', NULL::timestamptz, NULL::timestamptz),"
		"('bbbbbbbbbbbb', now() - interval '1 h', now() + interval '1 h', NULL),"
		"('cccccccccccc', NULL, now() - interval '1 s', NULL),"
		"('dddddddddddd', NULL, NULL, now()),"
		"('eeeeeeeeeeee', NULL, now() - interval '91 d', NULL),"
		"('ffffffffffff', NULL, now() + interval '1 h', now() - interval '91 d')) v(id, u, e, r)",
		&why),
	    OUTCOME_OK, "%s", why.text);
	cr_assert_eq(access_keys_load(gateway, arena, &keys, &why), OUTCOME_OK, "%s", why.text);
	arena_clear(arena);
	is_answered(keys, "aaaaaaaaaaaa", SECRET, "");
	is_answered(keys, "aaaaaaaaaaaa", OLD, "");
	is_answered(keys, "bbbbbbbbbbbb", SECRET, "");
	is_answered(keys, "bbbbbbbbbbbb", OLD, "key-expired");
	is_answered(keys, "cccccccccccc", SECRET, "key-expired");
	is_answered(keys, "dddddddddddd", SECRET, "key-revoked");
	is_answered(keys, "eeeeeeeeeeee", SECRET, "key-unknown");
	is_answered(keys, "ffffffffffff", SECRET, "key-unknown");
	access_keys_free(keys);
	cr_assert_eq(access_keys_load(gateway, arena, &keys, &why), OUTCOME_OK, "again: %s", why.text);
	access_keys_free(keys);
	cr_assert_eq(store_script(owner, "DELETE FROM tributary.api_keys WHERE party = 'loadtest'", &why), OUTCOME_OK);
	store_free(owner);
	store_free(gateway);
	arena_free(arena);
}
