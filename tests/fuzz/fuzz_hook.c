/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_hook - the first byte chooses the scheme, then lines "name: value" up to an empty one, then the body
 * Nobody guesses a signature: no request may pass a scheme that signs. What a request is about is told of any.
 */
#include "hook/hook.h"

#include <stdlib.h>
#include <string.h>

static const struct party_topic topics[] = {{"orders/create", PARTY_TAKE, "order"},
					    {"invoice.paid", PARTY_IGNORE, NULL}};

#define TOPICS .topics = topics, .topics_count = COUNT_OF(topics), .secret_env = "S"

static const struct party_hook hooks[] = {
    {.scheme = PARTY_SCHEME_SHOPIFY,
     .header = "s",
     .prefix = "",
     .encoding = PARTY_BASE64,
     .topic_header = "t",
     .id_header = "i",
     TOPICS},
    {.scheme = PARTY_SCHEME_HMAC_SHA256,
     .header = "s",
     .prefix = "sha256=",
     .topic_pointer = "/a/0/~1",
     .id_header = "i",
     TOPICS},
    {.scheme = PARTY_SCHEME_STRIPE,
     .header = "s",
     .prefix = "",
     .topic_pointer = "/type",
     .id_pointer = "/id",
     .tolerance_s = 300,
     .otherwise = {.verdict = PARTY_IGNORE},
     TOPICS},
    {.scheme = PARTY_SCHEME_STANDARD_WEBHOOKS,
     .header = "webhook-signature",
     .prefix = "",
     .encoding = PARTY_BASE64,
     .tolerance_s = 300,
     .id_header = "webhook-id",
     .otherwise = {.verdict = PARTY_TAKE, .kind = "order"},
     TOPICS},
    {.scheme = PARTY_SCHEME_BASIC, .header = "s", .prefix = "", .id_pointer = "/id", .topic_header = "t", TOPICS},
    {.scheme = PARTY_SCHEME_TOKEN, .header = "s", .prefix = "Bearer ", TOPICS},
    {.scheme = PARTY_SCHEME_WOOCOMMERCE,
     .header = "s",
     .prefix = "",
     .encoding = PARTY_BASE64,
     .topic_header = "t",
     TOPICS},
};

/* context is the text of all headers */
static struct str
header_find(void *context, const char *name)
{
	struct str rest = *(struct str *)context;

	while (rest.n) {
		struct str value = str_split(&rest, '\n');

		if (str_equal_fold(str_split(&value, ':'), str_of(name)))
			return value;
	}
	return (struct str){NULL, 0};
}

static void
event_check(const struct hook_event *event)
{
	size_t n = strlen(event->key);

	if (n == 0 || n >= HOOK_KEY_BYTES || event->verdict == PARTY_REFUSE ||
	    (event->verdict == PARTY_TAKE) != (event->kind != NULL))
		abort();
	for (size_t i = 0; i < n; i++)
		if (event->key[i] <= ' ' || event->key[i] >= 0x7f)
			abort();
}

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t n);

int
LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t n)
{
	struct str rest = {(const char *)bytes, n}, headers;
	const struct party_hook *hook;
	struct hook_secrets secrets;
	struct hook_event event;
	struct arena *arena;
	const char *end;
	struct why why;

	if (n < 1)
		return 0;
	hook = &hooks[bytes[0] % COUNT_OF(hooks)];
	rest = str_after(rest, 1);
	end = memmem(rest.p, rest.n, "\n\n", 2);
	headers = (struct str){rest.p, end ? (size_t)(end - rest.p) : rest.n};
	struct hook_request request = {header_find, &headers, str_after(rest, headers.n + 2),
				       INT64_C(1614265330000000)};

	if (hook_secrets_read(hook, STR("user:6jAq7Zk2/hidden00 user:Zk26jAq7/hidden11"), &secrets, &why) !=
		OUTCOME_OK &&
	    hook_secrets_read(hook, STR("whsec_6jAq7Zk2hidden00"), &secrets, &why) != OUTCOME_OK)
		abort();
	if (hook_check(hook, &secrets, &request, &why) == OUTCOME_OK && hook->scheme != PARTY_SCHEME_BASIC &&
	    hook->scheme != PARTY_SCHEME_TOKEN)
		abort();
	arena = arena_new((size_t)64 << 20);
	if (hook_event_read(hook, &request, arena, &event, &why) == OUTCOME_OK)
		event_check(&event);
	if (hook_is_ping(hook, &request) && hook->scheme != PARTY_SCHEME_WOOCOMMERCE)
		abort();
	if (hook_secrets_read(hook, request.body, &secrets, &why) == OUTCOME_OK && secrets.n == 0)
		abort();
	arena_free(arena);
	return 0;
}
