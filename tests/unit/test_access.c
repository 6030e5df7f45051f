/* SPDX-License-Identifier: Apache-2.0 */
#include "access/access.h"

#include "base/uuid.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <string.h>

#define NOW_US INT64_C(1800000000000000)
#define SECRET "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define OLD "ff112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define TOKEN(id, secret) API_KEY_PREFIX id "_" secret

static struct access_key
key_make(const char *id, const char *secret)
{
	struct access_key key = {.scopes = SCOPE_ORDERS};

	snprintf(key.id, sizeof key.id, "%s", id);
	snprintf(key.party, sizeof key.party, "shop-%s", id);
	sha256(str_of(secret), key.hash);
	return key;
}

/* live, expired, revoked, rotating, rotated; and many that nobody asks for */
static struct access_keys *
keys_make(void)
{
	struct access_key keys[40];
	struct access_keys *made;
	char id[API_KEY_ID_BYTES];

	keys[0] = key_make("liveliveliv2", SECRET);
	keys[1] = key_make("expiredexpir", SECRET);
	keys[1].expires_us = NOW_US;
	keys[2] = key_make("revokedrevok", SECRET);
	keys[2].revoked_us = NOW_US + 1; /* by a clock that is ahead */
	keys[3] = key_make("rotatingrota", SECRET);
	sha256(STR(OLD), keys[3].previous_hash);
	keys[3].previous_until_us = NOW_US + 1;
	keys[4] = keys[3];
	memcpy(keys[4].id, "rotatedrotat", API_KEY_ID_CHARS);
	keys[4].previous_until_us = NOW_US;
	keys[5] = key_make("expiringexpi", SECRET);
	keys[5].expires_us = NOW_US + 1;
	for (size_t i = 6; i < COUNT_OF(keys); i++) {
		snprintf(id, sizeof id, "%c%cfillerfill", (char)('a' + i % 26), (char)('a' + i % 17));
		keys[i] = key_make(id, SECRET);
	}
	made = access_keys_new(keys, COUNT_OF(keys));
	cr_assert(made);
	return made;
}

struct check {
	char token[API_KEY_TOKEN_BYTES + 8];
	char code[16]; /* "": it is one */
};

ParameterizedTestParameters(access, each_token_has_its_answer)
{
	static struct check checks[] = {
	    {TOKEN("liveliveliv2", SECRET), ""},
	    {TOKEN("expiringexpi", SECRET), ""},
	    {TOKEN("rotatingrota", SECRET), ""},
	    {TOKEN("rotatingrota", OLD), ""},
	    {TOKEN("rotatedrotat", SECRET), ""},
	    {TOKEN("rotatedrotat", OLD), "key-expired"},
	    {TOKEN("expiredexpir", SECRET), "key-expired"},
	    {TOKEN("revokedrevok", SECRET), "key-revoked"},
	    {"", "key-missing"},
	    {"trb_", "key-malformed"},
	    {TOKEN("liveliveliv2", SECRET) "0", "key-malformed"},
	    {TOKEN("liveliveliv1", SECRET), "key-malformed"},
	    {"trx_liveliveliv2_" SECRET, "key-malformed"},
	    {"trb_liveliveliv2-" SECRET, "key-malformed"},
	    {TOKEN("liveliveliv2", "00112233445566778899AABBCCDDEEFF00112233445566778899aabbccddeeff"),
	     "key-malformed"},
	    {TOKEN("liveliveliv2", OLD), "key-wrong"},
	    {TOKEN("expiredexpir", OLD), "key-wrong"},
	    {TOKEN("revokedrevok", OLD), "key-wrong"},
	    {TOKEN("aaaaaaaaaaaa", SECRET), "key-unknown"},
	    {TOKEN("zzzzzzzzzzzz", SECRET), "key-unknown"},
	    {TOKEN("liveliveliv3", SECRET), "key-unknown"},
	};
	return cr_make_param_array(struct check, checks, COUNT_OF(checks));
}

ParameterizedTest(struct check *check, access, each_token_has_its_answer)
{
	struct access_keys *keys = keys_make();
	struct access_caller caller = {.scopes = 77};
	struct why why = {.code = ""};
	enum outcome outcome = access_check(keys, str_of(check->token), NOW_US, &caller, &why);

	cr_assert_str_eq(outcome == OUTCOME_OK ? "" : why.code, check->code, "%s", check->token);
	cr_assert_eq(caller.scopes, outcome == OUTCOME_OK ? SCOPE_ORDERS : 77u, "written on success only");
	cr_assert(!strstr(why.text, "00112233") && !strstr(why.text, "ff112233"), "no secret: %s", why.text);
	access_keys_free(keys);
}

Test(access, the_caller_is_who_the_key_says_and_outlives_the_snapshot)
{
	struct access_keys *keys = keys_make();
	struct access_caller caller;
	struct why why;

	cr_assert_eq(access_check(keys, STR(TOKEN("rotatingrota", OLD)), NOW_US, &caller, &why), OUTCOME_OK);
	access_keys_free(keys);
	cr_assert_str_eq(caller.key_id, "rotatingrota");
	cr_assert_str_eq(caller.party, "shop-rotatingrota");
	cr_assert(caller.has_old_secret);
}

Test(access, every_key_is_found_among_any_number)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz234567";
	struct access_key all[64];

	for (size_t n = 0; n <= COUNT_OF(all); n++) {
		struct access_keys *keys;

		for (size_t i = 0; i < n; i++) {
			char id[API_KEY_ID_BYTES] = "0mmmmmmmmmmm";

			id[0] = letters[(i * 7) % 32];
			id[1] = letters[i / 32];
			all[i] = key_make(id, SECRET);
		}
		keys = access_keys_new(all, n);
		cr_assert_eq(access_keys_count(keys), n);
		for (size_t i = 0; i < n; i++)
			cr_assert_str_eq(access_keys_get(keys, str_of(all[i].id))->party, all[i].party);
		cr_assert_null(access_keys_get(keys, STR("222222222222")));
		cr_assert_null(access_keys_get(keys, STR("mmm")));
		access_keys_free(keys);
	}
}

Test(access, nobody_comes_in_where_there_is_no_key)
{
	struct access_keys *keys = access_keys_new(NULL, 0);
	struct access_caller caller;
	struct why why;

	cr_assert_eq(access_check(keys, STR(TOKEN("liveliveliv2", SECRET)), NOW_US, &caller, &why), OUTCOME_DEAD);
	cr_assert_str_eq(why.code, "key-unknown");
	access_keys_free(keys);
}

Test(api_key, a_new_one_is_a_token_with_its_hash_and_no_other)
{
	struct api_key a, b;
	struct api_key_parts parts;
	unsigned char hash[API_KEY_HASH_BYTES];
	struct why why;

	cr_assert_eq(api_key_new(&a, NULL, &why), OUTCOME_OK);
	cr_assert_eq(api_key_new(&b, a.id, &why), OUTCOME_OK);
	cr_assert_str_eq(a.id, b.id);
	cr_assert_str_neq(a.token, b.token);
	cr_assert(api_key_parse(str_of(a.token), &parts), "%s", a.token);
	cr_assert(str_equal(parts.id, str_of(a.id)));
	sha256(parts.secret, hash);
	cr_assert_arr_eq(hash, a.hash, sizeof hash);
	cr_assert_eq(api_key_new(&b, NULL, &why), OUTCOME_OK);
	cr_assert_str_neq(a.id, b.id);
}

Test(scope, names_there_and_back)
{
	char text[SCOPES_TEXT_BYTES];
	unsigned scopes;
	struct why why;

	cr_assert_eq(scopes_parse(STR("prices, submit ,submit"), &scopes, &why), OUTCOME_OK);
	cr_assert_eq(scopes, SCOPE_SUBMIT | SCOPE_PRICES);
	scopes_format(scopes, text);
	cr_assert_str_eq(text, "submit,prices");
	cr_assert_eq(scopes_parse(STR("submit,admin"), &scopes, &why), OUTCOME_DEAD);
	cr_assert_str_eq(why.code, "scope-unknown");
	cr_assert(strstr(why.text, "\"admin\""), "%s", why.text);
	cr_assert_eq(scopes_parse(STR(""), &scopes, &why), OUTCOME_DEAD);
	cr_assert_eq(scopes_parse(STR("submit,,orders"), &scopes, &why), OUTCOME_DEAD);
	cr_assert_eq(scopes, SCOPE_SUBMIT | SCOPE_PRICES, "written on success only");
	cr_assert_eq(scopes_format(SCOPES_ALL, text), strlen("submit,orders,stock,prices,operate"));
}
