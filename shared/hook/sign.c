/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/sign.h"

#include "base/base64.h"
#include "hook/claim.h"

#include <string.h>

static void
digest_put(struct buf *out, const struct hook_secret *secret, const struct str *parts, size_t parts_count,
	   enum party_encoding encoding)
{
	unsigned char digest[CLAIM_DIGEST_BYTES];
	struct str bytes = {(const char *)digest, sizeof digest};

	claim_digest(secret, parts, parts_count, digest);
	if (encoding == PARTY_HEX)
		hex_put(out, bytes);
	else
		base64_put(out, bytes);
}

/* The value of the header that proves it. */
static void
proof_put(struct buf *out, const struct party_hook *hook, const struct hook_secret *secret,
	  const struct hook_sending *s, struct str seconds)
{
	const struct str timed[] = {seconds, STR("."), s->body};
	const struct str standard[] = {s->id, STR("."), seconds, STR("."), s->body};
	const struct str key = {(const char *)secret->bytes, secret->n};

	switch (hook->scheme) {
	case PARTY_SCHEME_STRIPE:
		buf_printf(out, "t=%.*s,v1=", STR_ARGS(seconds));
		digest_put(out, secret, timed, COUNT_OF(timed), PARTY_HEX);
		break;
	case PARTY_SCHEME_STANDARD_WEBHOOKS:
		buf_put_str(out, STR("v1,"));
		digest_put(out, secret, standard, COUNT_OF(standard), PARTY_BASE64);
		break;
	case PARTY_SCHEME_BASIC:
		buf_put_str(out, STR("Basic "));
		base64_put(out, key);
		break;
	case PARTY_SCHEME_TOKEN:
		buf_put_str(out, str_of(hook->prefix));
		buf_put_str(out, key);
		break;
	default:
		buf_put_str(out, str_of(hook->prefix));
		digest_put(out, secret, &s->body, 1, hook->encoding);
	}
}

static bool
has_control(struct str text)
{
	for (size_t i = 0; i < text.n; i++)
		if ((unsigned char)text.p[i] < ' ' || text.p[i] == 0x7f)
			return true;
	return false;
}

static enum outcome
sending_check(const struct party_hook *hook, const struct hook_secrets *secrets, const struct hook_sending *s,
	      struct why *why)
{
	if (hook->scheme == PARTY_SCHEME_NONE || secrets->n == 0)
		return why_at(why, OUTCOME_DEAD, "signature-unset", "hook", "no webhooks are declared, or no secret");
	if (has_control(s->topic) || has_control(s->id))
		return why_at(why, OUTCOME_DEAD, "hook-sending", "", "no header's value has control characters");
	if (s->topic.n && !hook->topic_header)
		return why_at(why, OUTCOME_DEAD, "hook-sending", "topic", "has no header: %s",
			      hook->topic_pointer ? hook->topic_pointer : "there is no topic");
	if (s->id.n && !hook->id_header)
		return why_at(why, OUTCOME_DEAD, "hook-sending", "id", "has no header: %s",
			      hook->id_pointer ? hook->id_pointer : "there is no id");
	if (hook->scheme == PARTY_SCHEME_STANDARD_WEBHOOKS && (s->id.n == 0 || memchr(s->id.p, '.', s->id.n)))
		return why_at(why, OUTCOME_DEAD, "hook-sending", "id", "is needed, and has no full stop");
	return OUTCOME_OK;
}

enum outcome
hook_sign(const struct party_hook *hook, const struct hook_secrets *secrets, const struct hook_sending *sending,
	  struct buf *out, struct why *why)
{
	const bool is_standard = hook->scheme == PARTY_SCHEME_STANDARD_WEBHOOKS;
	enum outcome outcome = sending_check(hook, secrets, sending, why);
	char seconds[24];
	int n = snprintf(seconds, sizeof seconds, "%lld", (long long)(sending->at_us / 1000000));

	if (outcome != OUTCOME_OK)
		return outcome;
	buf_printf(out, "%s: ", hook->header);
	proof_put(out, hook, &secrets->at[0], sending, (struct str){seconds, (size_t)n});
	buf_put_char(out, '\n');
	if (is_standard)
		buf_printf(out, "webhook-timestamp: %s\nwebhook-id: %.*s\n", seconds, STR_ARGS(sending->id));
	if (sending->id.n && !(is_standard && strcmp(hook->id_header, "webhook-id") == 0))
		buf_printf(out, "%s: %.*s\n", hook->id_header, STR_ARGS(sending->id));
	if (sending->topic.n)
		buf_printf(out, "%s: %.*s\n", hook->topic_header, STR_ARGS(sending->topic));
	return OUTCOME_OK;
}
