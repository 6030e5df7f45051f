/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hook - is a webhook really its sender's, and what is it about?
 * As the party declares it (struct party_hook). No I/O, no clock: the caller has the request's headers and raw bytes.
 *
 *   hook_secrets_load once;   hook_check on the raw bytes, then hook_event_read, which may parse them
 *
 * All comparisons with a secret or its digest take the same time for any two values. What the schemes leave open:
 *
 *   no time is signed   but by stripe and standard-webhooks: a request that somebody kept passes again, for ever
 *   no header is        but standard-webhooks' id: a topic or id that stands in a header is a hint, and only the body
 *                       says what a document is about
 *   nothing at all      by basic and token: they are as good as the TLS around them
 *
 * So what comes twice must be found again by its content, as ingest does.
 *
 * To add a scheme: a value of enum party_scheme, a row in party/hook_yaml.c, a reader in claim.c, a line in sign.c.
 */
#ifndef TRIBUTARY_HOOK_HOOK_H
#define TRIBUTARY_HOOK_HOOK_H

#include "base/arena.h"
#include "hook/secret.h"
#include "party/party.h"

#define HOOK_HEADER_BYTES 4096 /* of a header that has a signature, at most */
#define HOOK_SIGNATURES_MAX 8  /* in one header */
#define HOOK_ID_BYTES 128      /* of a sender's delivery id, at most; a longer one is none */
#define HOOK_KEY_BYTES 256     /* longest idempotency key with its NUL */

/*
 * header  a header's value by its name, whatever the case; empty when it is absent. One that was sent several times is
 *         its values joined with ", " (RFC 9110, section 5.3), never one of them: then no signature fits.
 * body    the raw bytes, before any parsing, without a transfer or content encoding
 */
struct hook_request {
	struct str (*header)(void *context, const char *name);
	void *context;
	struct str body;
	int64_t now_us;
};

/*
 * hook_check - does the request come from who knows one of the secrets?
 *
 * OUTCOME_OK    yes
 * OUTCOME_DEAD  signature-unset      ours to mend: there is no secret, or no hook. Never answer as if it were taken
 *               signature-missing    a header is not there
 *               signature-malformed  a header is not as the scheme has it, or too long
 *               signature-wrong      of other bytes, or made with another secret
 *               signature-expired    right, but more than tolerance_s before or after now
 */
enum outcome hook_check(const struct party_hook *hook, const struct hook_secrets *secrets,
			const struct hook_request *request, struct why *why) MUST_CHECK;

struct hook_event {
	struct str topic;           /* as the sender says it; empty: it says none */
	enum party_verdict verdict; /* PARTY_TAKE or PARTY_IGNORE */
	const char *kind;           /* of PARTY_TAKE: <party>.<kind> is the routing key */
	struct str delivery_id;     /* the sender's; empty: none, or one that cannot be used */
	char key[HOOK_KEY_BYTES];   /* idempotency key: "TOPIC:DELIVERY-ID", or "TOPIC:sha256:DIGEST" of the body */
};

/*
 * hook_event_read - topic, kind and delivery id of a request that hook_check() said yes to
 * arena  for the body's tree, which is parsed only when the topic or the id stands in it
 * event  topic and delivery_id point into headers, body or arena
 *
 * OUTCOME_DEAD  topic-unknown  not listed, and `otherwise` is refuse
 *               json-… document-too-…  the body is no JSON, and the topic or the id stands in it
 */
enum outcome hook_event_read(const struct party_hook *hook, const struct hook_request *request, struct arena *arena,
			     struct hook_event *event, struct why *why) MUST_CHECK;

/*
 * hook_is_ping - WooCommerce's first word to a new address: `webhook_id=1`, unsigned, which must be answered with 200
 * Says nothing and proves nothing: answer, and do nothing else.
 */
bool hook_is_ping(const struct party_hook *hook, const struct hook_request *request);

#endif
