/* SPDX-License-Identifier: Apache-2.0 */
#include "password.h"

#include "base/uuid.h"
#include "file.h"

#include <stdio.h>
#include <string.h>

#define SALT_BYTES 4
#define SALTED_BYTES (SALT_BYTES + 32)

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

enum outcome
password_read(const char *secrets, const char *user, struct arena *arena, struct str *password, struct why *why)
{
	char name[256];
	struct str text;
	struct why reason = {0};

	snprintf(name, sizeof name, "%s.amqp-password", user);
	if (file_read(secrets, name, arena, &text, &reason) != OUTCOME_OK)
		return why_set(why, OUTCOME_HELD, "password-missing", "%.80s: %.160s", secrets, reason.text);
	text = str_trim(text);
	if (text.n == 0 || text.n > PASSWORD_MAX_BYTES)
		return why_set(why, OUTCOME_HELD, "password-missing", "%.80s/%.80s: must be 1 to %d bytes", secrets,
			       name, PASSWORD_MAX_BYTES);
	*password = text;
	return OUTCOME_OK;
}

/* The salt, then SHA-256 over salt and password. */
static void
salted_hash(const unsigned char salt[static SALT_BYTES], struct str password, unsigned char out[static SALTED_BYTES])
{
	unsigned char bytes[SALT_BYTES + PASSWORD_MAX_BYTES];
	size_t n = password.n < PASSWORD_MAX_BYTES ? password.n : PASSWORD_MAX_BYTES;

	memcpy(bytes, salt, SALT_BYTES);
	memcpy(bytes + SALT_BYTES, password.p, n);
	memcpy(out, salt, SALT_BYTES);
	sha256((struct str){(const char *)bytes, SALT_BYTES + n}, out + SALT_BYTES);
	explicit_bzero(bytes, sizeof bytes);
}

/* 36 bytes are twelve groups of three: no padding. */
static void
base64_encode(const unsigned char bytes[static SALTED_BYTES], char out[static PASSWORD_HASH_BYTES])
{
	for (size_t i = 0; i < SALTED_BYTES; i += 3) {
		uint32_t group = (uint32_t)bytes[i] << 16 | (uint32_t)bytes[i + 1] << 8 | bytes[i + 2];

		for (int shift = 18; shift >= 0; shift -= 6)
			*out++ = digits[group >> shift & 63];
	}
	*out = '\0';
}

void
password_hash(struct str user, struct str password, char out[static PASSWORD_HASH_BYTES])
{
	unsigned char bytes[PASSWORD_MAX_BYTES * 2], digest[32], hash[SALTED_BYTES];
	size_t n = password.n < PASSWORD_MAX_BYTES ? password.n : PASSWORD_MAX_BYTES;
	size_t user_bytes = user.n < PASSWORD_MAX_BYTES ? user.n : PASSWORD_MAX_BYTES;

	memcpy(bytes, password.p, n);
	memcpy(bytes + n, user.p, user_bytes);
	sha256((struct str){(const char *)bytes, n + user_bytes}, digest);
	explicit_bzero(bytes, sizeof bytes);
	salted_hash(digest, password, hash);
	base64_encode(hash, out);
}

bool
password_matches(struct str hash, struct str password)
{
	unsigned char salt[SALT_BYTES + 2], again[SALTED_BYTES];
	char text[PASSWORD_HASH_BYTES];

	if (hash.n != PASSWORD_HASH_BYTES - 1)
		return false;
	for (size_t i = 0; i < 2; i++) {
		uint32_t group = 0;

		for (size_t j = 0; j < 4; j++) {
			const char *digit = memchr(digits, hash.p[4 * i + j], sizeof digits - 1);

			if (!digit)
				return false;
			group = group << 6 | (uint32_t)(digit - digits);
		}
		salt[3 * i] = (unsigned char)(group >> 16);
		salt[3 * i + 1] = (unsigned char)(group >> 8);
		salt[3 * i + 2] = (unsigned char)group;
	}
	salted_hash(salt, password, again);
	base64_encode(again, text);
	return str_equal(str_of(text), hash);
}
