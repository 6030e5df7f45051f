/* SPDX-License-Identifier: Apache-2.0 */
#include "access/api_key.h"

#include "base/uuid.h"

#include <openssl/crypto.h>
#include <openssl/rand.h>

#include <stdio.h>
#include <string.h>

static const char id_letters[] = "abcdefghijklmnopqrstuvwxyz234567";
static const char hex_digits[] = "0123456789abcdef";

enum outcome
api_key_new(struct api_key *key, const char *id, struct why *why)
{
	unsigned char random[API_KEY_ID_CHARS + API_KEY_SECRET_CHARS / 2];
	char secret[API_KEY_SECRET_CHARS + 1];

	if (RAND_bytes(random, sizeof random) != 1)
		return why_set(why, OUTCOME_RETRY, "random-away", "the system has no randomness to give");
	for (size_t i = 0; i < API_KEY_ID_CHARS; i++)
		key->id[i] = id ? id[i] : id_letters[random[i] % (sizeof id_letters - 1)]; /* 256 is a multiple of 32 */
	key->id[API_KEY_ID_CHARS] = '\0';
	for (size_t i = 0; i < API_KEY_SECRET_CHARS / 2; i++) {
		secret[2 * i] = hex_digits[random[API_KEY_ID_CHARS + i] >> 4];
		secret[2 * i + 1] = hex_digits[random[API_KEY_ID_CHARS + i] & 15];
	}
	secret[API_KEY_SECRET_CHARS] = '\0';
	sha256((struct str){secret, API_KEY_SECRET_CHARS}, key->hash);
	snprintf(key->token, sizeof key->token, API_KEY_PREFIX "%s_%s", key->id, secret);
	OPENSSL_cleanse(random, sizeof random);
	OPENSSL_cleanse(secret, sizeof secret);
	return OUTCOME_OK;
}

static bool
is_made_of(struct str text, const char *letters)
{
	for (size_t i = 0; i < text.n; i++)
		if (!text.p[i] || !strchr(letters, text.p[i]))
			return false;
	return true;
}

bool
api_key_is_id(struct str text)
{
	return text.n == API_KEY_ID_CHARS && is_made_of(text, id_letters);
}

bool
api_key_parse(struct str token, struct api_key_parts *parts)
{
	struct str rest = str_after(token, sizeof API_KEY_PREFIX - 1);
	struct api_key_parts found;

	if (token.n != API_KEY_TOKEN_CHARS || !str_starts(token, STR(API_KEY_PREFIX)) ||
	    rest.p[API_KEY_ID_CHARS] != '_')
		return false;
	found.id = (struct str){rest.p, API_KEY_ID_CHARS};
	found.secret = str_after(rest, API_KEY_ID_CHARS + 1);
	if (!api_key_is_id(found.id) || !is_made_of(found.secret, hex_digits))
		return false;
	*parts = found;
	return true;
}
