/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/claim.h"

#include "base/base64.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#define SECONDS_DIGITS_MAX 12

static enum outcome
malformed(struct why *why, const char *header, const char *text)
{
	return why_at(why, OUTCOME_DEAD, "signature-malformed", header, "%s", text);
}

static enum outcome
header_read(const struct hook_request *request, const char *name, struct str *value, struct why *why)
{
	*value = str_trim(request->header(request->context, name));
	if (value->n == 0)
		return why_at(why, OUTCOME_DEAD, "signature-missing", name, "the header is not there, or empty");
	if (value->n > HOOK_HEADER_BYTES)
		return malformed(why, name, "the header is too long");
	return OUTCOME_OK;
}

/* Adds a digest; false when it is none, or one too many. */
static bool
digest_add(struct claim *claim, struct str text, enum party_encoding encoding)
{
	unsigned char *digest = claim->digests[claim->digests_count];
	size_t n = CLAIM_DIGEST_BYTES;

	if (claim->digests_count == HOOK_SIGNATURES_MAX)
		return false;
	if (encoding == PARTY_HEX ? !hex_decode(text, digest, CLAIM_DIGEST_BYTES)
				  : !base64_decode(text, digest, CLAIM_DIGEST_BYTES, &n) || n != CLAIM_DIGEST_BYTES)
		return false;
	claim->digests_count++;
	return true;
}

/* Seconds of the epoch, digits only: what is signed is their text, so that no two texts mean the same. */
static bool
seconds_read(struct str text, int64_t *seconds)
{
	if (text.n == 0 || text.n > SECONDS_DIGITS_MAX)
		return false;
	for (size_t i = 0; i < text.n; i++)
		if (text.p[i] < '0' || text.p[i] > '9')
			return false;
	return str_to_int(text, seconds);
}

static void
part_add(struct claim *claim, struct str part)
{
	claim->parts[claim->parts_count++] = part;
}

/* The body's digest alone in a header. */
static enum outcome
plain_read(const struct party_hook *hook, const struct hook_request *request, struct claim *claim, struct why *why)
{
	struct str value;
	enum outcome outcome = header_read(request, hook->header, &value, why);

	if (outcome != OUTCOME_OK)
		return outcome;
	if (!str_starts(value, str_of(hook->prefix)) ||
	    !digest_add(claim, str_after(value, strlen(hook->prefix)), hook->encoding))
		return malformed(why, hook->header,
				 hook->encoding == PARTY_HEX ? "not the prefix and 64 hexadecimal digits"
							     : "not the prefix and the base64 of 32 bytes");
	part_add(claim, request->body);
	return OUTCOME_OK;
}

/* t=SECONDS,v1=HEX, with more of v1 while a secret is changed; other names are schemes of other times. */
static enum outcome
stripe_read(const struct party_hook *hook, const struct hook_request *request, struct claim *claim, struct why *why)
{
	struct str rest, time = {NULL, 0};
	enum outcome outcome = header_read(request, hook->header, &rest, why);

	if (outcome != OUTCOME_OK)
		return outcome;
	while (rest.n) {
		struct str value = str_trim(str_split(&rest, ','));
		struct str name = str_split(&value, '=');

		if (str_equal(name, STR("t"))) {
			if (time.n || !seconds_read(value, &claim->at_s))
				return malformed(why, hook->header, "t is not one number of seconds");
			time = value;
		} else if (str_equal(name, STR("v1")) && !digest_add(claim, value, PARTY_HEX)) {
			return malformed(why, hook->header, "a v1 is not 64 hexadecimal digits, or they are too many");
		}
	}
	if (time.n == 0 || claim->digests_count == 0)
		return malformed(why, hook->header, "has no t or no v1");
	part_add(claim, time);
	part_add(claim, STR("."));
	part_add(claim, request->body);
	return OUTCOME_OK;
}

/* v1,BASE64 v1,BASE64: other versions (v1a, with a public key) are none of ours. */
static bool
versions_read(struct str rest, struct claim *claim)
{
	while (rest.n) {
		struct str value = str_split(&rest, ' ');
		struct str version = str_split(&value, ',');

		if (str_equal(version, STR("v1")) && !digest_add(claim, value, PARTY_BASE64))
			return false;
	}
	return claim->digests_count > 0;
}

/* https://github.com/standard-webhooks/standard-webhooks, spec: id and time have no full stop, which parts them. */
static enum outcome
standard_read(const struct party_hook *hook, const struct hook_request *request, struct claim *claim, struct why *why)
{
	static const char id_name[] = "webhook-id", time_name[] = "webhook-timestamp";
	struct str id, time, signatures;
	enum outcome outcome = header_read(request, id_name, &id, why);

	if (outcome == OUTCOME_OK)
		outcome = header_read(request, time_name, &time, why);
	if (outcome == OUTCOME_OK)
		outcome = header_read(request, hook->header, &signatures, why);
	if (outcome != OUTCOME_OK)
		return outcome;
	if (memchr(id.p, '.', id.n))
		return malformed(why, id_name, "has a full stop");
	if (!seconds_read(time, &claim->at_s))
		return malformed(why, time_name, "is no number of seconds");
	if (!versions_read(signatures, claim))
		return malformed(why, hook->header,
				 "has no v1, or one that is not the base64 of 32 bytes, or too many");
	part_add(claim, id);
	part_add(claim, STR("."));
	part_add(claim, time);
	part_add(claim, STR("."));
	part_add(claim, request->body);
	return OUTCOME_OK;
}

enum outcome
claim_read(const struct party_hook *hook, const struct hook_request *request, struct claim *claim, struct why *why)
{
	*claim = (struct claim){0};
	switch (hook->scheme) {
	case PARTY_SCHEME_STRIPE:
		return stripe_read(hook, request, claim, why);
	case PARTY_SCHEME_STANDARD_WEBHOOKS:
		return standard_read(hook, request, claim, why);
	default:
		return plain_read(hook, request, claim, why);
	}
}

/* An algorithm that is always there: without it or memory the process is of no use. */
void
claim_digest(const struct hook_secret *secret, const struct str *parts, size_t parts_count,
	     unsigned char out[static CLAIM_DIGEST_BYTES])
{
	char name[] = "SHA256";
	const OSSL_PARAM params[] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, name, 0),
				     OSSL_PARAM_construct_end()};
	EVP_MAC *mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
	EVP_MAC_CTX *ctx = mac ? EVP_MAC_CTX_new(mac) : NULL;
	size_t n;

	if (!ctx || !EVP_MAC_init(ctx, secret->bytes, secret->n, params))
		abort();
	for (size_t i = 0; i < parts_count; i++)
		if (parts[i].n && !EVP_MAC_update(ctx, (const unsigned char *)parts[i].p, parts[i].n))
			abort();
	if (!EVP_MAC_final(ctx, out, &n, CLAIM_DIGEST_BYTES) || n != CLAIM_DIGEST_BYTES)
		abort();
	EVP_MAC_CTX_free(ctx);
	EVP_MAC_free(mac);
}
