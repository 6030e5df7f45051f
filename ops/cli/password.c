/* SPDX-License-Identifier: Apache-2.0 */
#include "password.h"

#include "base/base64.h"
#include "base/uuid.h"
#include "file.h"

#include <stdio.h>
#include <string.h>

#define SALT_BYTES 4
#define SALTED_BYTES (SALT_BYTES + 32)

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

void
password_hash(struct str user, struct str password, char out[static PASSWORD_HASH_BYTES])
{
	unsigned char bytes[PASSWORD_MAX_BYTES * 2], digest[32], hash[SALTED_BYTES];
	size_t n = password.n < PASSWORD_MAX_BYTES ? password.n : PASSWORD_MAX_BYTES;
	size_t user_bytes = user.n < PASSWORD_MAX_BYTES ? user.n : PASSWORD_MAX_BYTES;
	struct buf text;

	memcpy(bytes, password.p, n);
	memcpy(bytes + n, user.p, user_bytes);
	sha256((struct str){(const char *)bytes, n + user_bytes}, digest);
	explicit_bzero(bytes, sizeof bytes);
	salted_hash(digest, password, hash);
	buf_init(&text, PASSWORD_HASH_BYTES);
	base64_put(&text, (struct str){(const char *)hash, sizeof hash});
	snprintf(out, PASSWORD_HASH_BYTES, "%s", buf_text(&text));
	buf_release(&text);
}

bool
password_matches(struct str hash, struct str password)
{
	unsigned char said[SALTED_BYTES], again[SALTED_BYTES];
	size_t n;

	if (!base64_decode(hash, said, sizeof said, &n) || n != sizeof said)
		return false;
	salted_hash(said, password, again);
	return memcmp(said, again, sizeof said) == 0;
}
