/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/hook.h"

#include "base/base64.h"
#include "base/uuid.h"
#include "hook/claim.h"

#include <openssl/crypto.h>
#include <string.h>

#define SECOND_US INT64_C(1000000)
#define CREDENTIALS_BYTES 1024 /* of user and password, decoded */

/* Every digest is compared with every secret's, whichever fits. */
static bool
claim_is_right(const struct claim *claim, const struct hook_secrets *secrets)
{
	unsigned char digest[CLAIM_DIGEST_BYTES];
	bool is_right = false;

	for (size_t s = 0; s < secrets->n; s++) {
		claim_digest(&secrets->at[s], claim->parts, claim->parts_count, digest);
		for (size_t d = 0; d < claim->digests_count; d++)
			is_right |= CRYPTO_memcmp(digest, claim->digests[d], sizeof digest) == 0;
	}
	OPENSSL_cleanse(digest, sizeof digest);
	return is_right;
}

/* The right signature first: who cannot sign learns nothing of our clock. */
static enum outcome
signature_check(const struct party_hook *hook, const struct hook_secrets *secrets, const struct hook_request *request,
		struct why *why)
{
	struct claim claim;
	enum outcome outcome = claim_read(hook, request, &claim, why);
	int64_t age_us;

	if (outcome != OUTCOME_OK)
		return outcome;
	if (!claim_is_right(&claim, secrets))
		return why_at(why, OUTCOME_DEAD, "signature-wrong", hook->header,
			      "is of other bytes, or made with another secret than that of %s", hook->secret_env);
	if (hook->tolerance_s == 0)
		return OUTCOME_OK;
	age_us = request->now_us - claim.at_s * SECOND_US;
	if (age_us > hook->tolerance_s * SECOND_US || age_us < -hook->tolerance_s * SECOND_US)
		return why_at(why, OUTCOME_DEAD, "signature-expired", hook->header,
			      "was made %lld seconds before our time, and %lld either way are tolerated",
			      (long long)(age_us / SECOND_US), (long long)hook->tolerance_s);
	return OUTCOME_OK;
}

/* Their SHA-256 are compared, so that neither the length nor the first difference shows. */
static bool
credential_is_right(struct str given, const struct hook_secrets *secrets)
{
	unsigned char ours[32], theirs[32];
	bool is_right = false;

	sha256(given, theirs);
	for (size_t i = 0; i < secrets->n; i++) {
		sha256((struct str){(const char *)secrets->at[i].bytes, secrets->at[i].n}, ours);
		is_right |= CRYPTO_memcmp(ours, theirs, sizeof ours) == 0;
	}
	OPENSSL_cleanse(ours, sizeof ours);
	return is_right;
}

/* "Basic BASE64" (RFC 7617). No user has a colon, so to compare user:password is to compare both. */
static bool
basic_read(struct str value, unsigned char *out, size_t *n)
{
	struct str word = str_split(&value, ' ');

	return str_equal_fold(word, STR("basic")) && base64_decode(str_trim(value), out, CREDENTIALS_BYTES, n) &&
	       memchr(out, ':', *n);
}

static enum outcome
credential_check(const struct party_hook *hook, const struct hook_secrets *secrets, const struct hook_request *request,
		 struct why *why)
{
	struct str value = str_trim(request->header(request->context, hook->header));
	unsigned char decoded[CREDENTIALS_BYTES];
	size_t n = 0;
	bool is_right;

	if (value.n == 0)
		return why_at(why, OUTCOME_DEAD, "signature-missing", hook->header,
			      "the header is not there, or empty");
	if (value.n > HOOK_HEADER_BYTES)
		return why_at(why, OUTCOME_DEAD, "signature-malformed", hook->header, "the header is too long");
	if (hook->scheme == PARTY_SCHEME_BASIC && !basic_read(value, decoded, &n))
		return why_at(why, OUTCOME_DEAD, "signature-malformed", hook->header,
			      "not Basic and the base64 of user:password");
	if (!str_starts(value, str_of(hook->prefix)))
		return why_at(why, OUTCOME_DEAD, "signature-malformed", hook->header, "without its prefix");
	value = hook->scheme == PARTY_SCHEME_BASIC ? (struct str){(const char *)decoded, n}
						   : str_after(value, strlen(hook->prefix));
	is_right = credential_is_right(value, secrets);
	OPENSSL_cleanse(decoded, sizeof decoded);
	return is_right
		   ? OUTCOME_OK
		   : why_at(why, OUTCOME_DEAD, "signature-wrong", hook->header, "is not that of %s", hook->secret_env);
}

enum outcome
hook_check(const struct party_hook *hook, const struct hook_secrets *secrets, const struct hook_request *request,
	   struct why *why)
{
	if (hook->scheme == PARTY_SCHEME_NONE)
		return why_at(why, OUTCOME_DEAD, "signature-unset", "hook", "the party declares no webhooks");
	if (secrets->n == 0)
		return why_at(why, OUTCOME_DEAD, "signature-unset", hook->secret_env, "no secret is configured");
	if (hook->scheme == PARTY_SCHEME_BASIC || hook->scheme == PARTY_SCHEME_TOKEN)
		return credential_check(hook, secrets, request, why);
	return signature_check(hook, secrets, request, why);
}

bool
hook_is_ping(const struct party_hook *hook, const struct hook_request *request)
{
	struct str number = request->body, name = str_split(&number, '=');

	if (hook->scheme != PARTY_SCHEME_WOOCOMMERCE || !str_equal(name, STR("webhook_id")) ||
	    request->header(request->context, hook->header).n)
		return false;
	for (size_t i = 0; i < number.n; i++)
		if (number.p[i] < '0' || number.p[i] > '9')
			return false;
	return number.n > 0 && number.n <= 20;
}
