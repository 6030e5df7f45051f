/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/secret.h"

#include "base/base64.h"
#include "base/params.h"

#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

#define SEPARATORS " ,\t\r\n"

/* Standard Webhooks, "Secret serialization": whsec_ and base64, which may lack both its prefix and its padding. */
static bool
base64_read(struct str text, struct hook_secret *secret)
{
	char padded[HOOK_SECRET_BYTES + 4];
	size_t n;

	if (str_starts(text, STR("whsec_")))
		text = str_after(text, sizeof "whsec_" - 1);
	n = text.n;
	if (n > HOOK_SECRET_BYTES)
		return false;
	memcpy(padded, text.p, n);
	while (n % 4 != 0)
		padded[n++] = '=';
	bool is_ok = base64_decode((struct str){padded, n}, secret->bytes, sizeof secret->bytes, &secret->n);

	OPENSSL_cleanse(padded, sizeof padded);
	return is_ok && secret->n >= HOOK_SECRET_MIN_BYTES;
}

static bool
secret_read(enum party_scheme scheme, struct str text, struct hook_secret *secret)
{
	if (scheme == PARTY_SCHEME_STANDARD_WEBHOOKS)
		return base64_read(text, secret);
	if (text.n < HOOK_SECRET_MIN_BYTES || text.n > HOOK_SECRET_BYTES)
		return false;
	if (scheme == PARTY_SCHEME_BASIC && !memchr(text.p, ':', text.n))
		return false;
	memcpy(secret->bytes, text.p, text.n);
	secret->n = text.n;
	return true;
}

static const char *
shape_of(enum party_scheme scheme)
{
	switch (scheme) {
	case PARTY_SCHEME_BASIC:
		return "user:password, 8 to 512 bytes";
	case PARTY_SCHEME_STANDARD_WEBHOOKS:
		return "whsec_ and the base64 of at least 8 bytes";
	default:
		return "8 to 512 bytes";
	}
}

enum outcome
hook_secrets_read(const struct party_hook *hook, struct str text, struct hook_secrets *secrets, struct why *why)
{
	struct hook_secrets read = {0};
	enum outcome outcome = OUTCOME_OK;

	while (text.n && outcome == OUTCOME_OK) {
		size_t n = 0;

		while (n < text.n && !strchr(SEPARATORS, text.p[n]))
			n++;
		if (n && read.n == HOOK_SECRETS_MAX)
			outcome = why_at(why, OUTCOME_DEAD, "signature-unset", hook->secret_env,
					 "holds more than %d secrets", HOOK_SECRETS_MAX);
		else if (n && !secret_read(hook->scheme, (struct str){text.p, n}, &read.at[read.n++]))
			outcome = why_at(why, OUTCOME_DEAD, "signature-unset", hook->secret_env,
					 "a secret there is not %s", shape_of(hook->scheme));
		text = str_after(text, n + 1);
	}
	if (outcome == OUTCOME_OK && read.n == 0)
		outcome = why_at(why, OUTCOME_DEAD, "signature-unset", hook->secret_env, "is empty");
	if (outcome == OUTCOME_OK)
		*secrets = read;
	hook_secrets_clear(&read);
	return outcome;
}

enum outcome
hook_secrets_load(const struct party_hook *hook, struct hook_secrets *secrets, struct why *why)
{
	char *text;
	enum outcome outcome;

	if (hook->scheme == PARTY_SCHEME_NONE)
		return why_at(why, OUTCOME_DEAD, "signature-unset", "hook", "the party declares no webhooks");
	text = secret_env(hook->secret_env);
	if (!text)
		return why_at(why, OUTCOME_DEAD, "signature-unset", hook->secret_env,
			      "neither this variable nor %s_FILE is set", hook->secret_env);
	outcome = hook_secrets_read(hook, str_of(text), secrets, why);
	OPENSSL_cleanse(text, strlen(text));
	free(text);
	return outcome;
}

void
hook_secrets_clear(struct hook_secrets *secrets)
{
	OPENSSL_cleanse(secrets, sizeof *secrets);
}
