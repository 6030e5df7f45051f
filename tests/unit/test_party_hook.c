/* SPDX-License-Identifier: Apache-2.0 */
/* The sections hook and gateway of party.yaml. */
#include "base/arena.h"
#include "party/party_yaml.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define HEAD "party: shop\nkind: channel\ntitle: Shop\nformat: json\ncurrency: USD\ntime_zone: UTC\n"
#define TOPICS "  topics:\n    - {topic: a, kind: order}\n"

static struct arena *arena;
static char *complaints;

static void
arena_open(void)
{
	arena = arena_new((size_t)1 << 20);
}

static void
arena_close(void)
{
	arena_free(arena);
	free(complaints);
}

TestSuite(party_hook, .init = arena_open, .fini = arena_close);

/* The number of problems, which stand in `complaints`. */
static size_t
yaml_read(const char *head, const char *text, struct party *party)
{
	char path[] = "/tmp/party-XXXXXX";
	int fd = mkstemp(path);
	FILE *f = fdopen(fd, "w"), *errors;
	size_t n, problems;

	cr_assert(f && fprintf(f, "%s%s", head, text) > 0 && fclose(f) == 0);
	free(complaints);
	errors = open_memstream(&complaints, &n);
	problems = party_yaml_read(path, "shop", arena, errors, party);
	fclose(errors);
	unlink(path);
	return problems;
}

static void
reads(const char *text, struct party *party)
{
	cr_assert_eq(yaml_read(HEAD, text, party), 0, "%s", complaints);
}

/* One problem, and the line names the field. */
static void
refuses(const char *text, const char *field)
{
	struct party party;
	size_t problems = yaml_read(HEAD, text, &party);

	cr_assert_eq(problems, 1, "%zu of:\n%s\n%s", problems, text, complaints);
	cr_assert(strstr(complaints, field), "%s is not in: %s", field, complaints);
}

Test(party_hook, without_the_sections_there_are_no_webhooks_and_the_door_has_its_limits)
{
	struct party p;

	reads("", &p);
	cr_assert_eq(p.hook.scheme, PARTY_SCHEME_NONE);
	cr_assert_str_eq(party_scheme_name(p.hook.scheme), "none");
	cr_assert_eq(p.door.requests_per_second_micro, 50000000);
	cr_assert_eq(p.door.burst, 100);
	cr_assert_eq(p.door.body_bytes, 1 << 20);
}

Test(party_hook, a_vendors_scheme_brings_its_headers)
{
	struct party p;

	reads("hook:\n  scheme: shopify\n  secret_env: S\n" TOPICS "    - {topic: b/c, kind: ignore}\n", &p);
	cr_assert_str_eq(p.hook.header, "X-Shopify-Hmac-Sha256");
	cr_assert_eq(p.hook.encoding, PARTY_BASE64);
	cr_assert_str_eq(p.hook.prefix, "");
	cr_assert_str_eq(p.hook.topic_header, "X-Shopify-Topic");
	cr_assert_str_eq(p.hook.id_header, "X-Shopify-Webhook-Id");
	cr_assert_null(p.hook.topic_pointer);
	cr_assert_eq(p.hook.tolerance_s, 0);
	cr_assert_eq(p.hook.answer_within_ms, 5000);
	cr_assert_eq(p.hook.topics_count, 2);
	cr_assert_str_eq(p.hook.topics[0].kind, "order");
	cr_assert_eq(p.hook.topics[1].verdict, PARTY_IGNORE);
	cr_assert_eq(p.hook.otherwise.verdict, PARTY_REFUSE);
	reads("hook:\n  scheme: stripe\n  secret_env: S\n  otherwise: ignore\n" TOPICS, &p);
	cr_assert_str_eq(p.hook.topic_pointer, "/type");
	cr_assert_str_eq(p.hook.id_pointer, "/id");
	cr_assert_eq(p.hook.tolerance_s, 300);
	cr_assert_eq(p.hook.otherwise.verdict, PARTY_IGNORE);
}

Test(party_hook, the_file_may_say_otherwise_where_topic_and_id_stand)
{
	struct party p;

	reads("hook:\n  scheme: shopify\n  secret_env: S\n  topic_pointer: /a~1b\n  id_header: X-Id\n" TOPICS, &p);
	cr_assert_null(p.hook.topic_header);
	cr_assert_str_eq(p.hook.topic_pointer, "/a~1b");
	cr_assert_str_eq(p.hook.id_header, "X-Id");
	reads("hook:\n  scheme: hmac-sha256\n  secret_env: S\n  header: X-Sig\n  encoding: base64\n  prefix: sha256=\n"
	      "  topic_header: X-Topic\n  otherwise: document\n  answer_within_ms: 10000\n" TOPICS,
	      &p);
	cr_assert_str_eq(p.hook.header, "X-Sig");
	cr_assert_str_eq(p.hook.prefix, "sha256=");
	cr_assert_eq(p.hook.encoding, PARTY_BASE64);
	cr_assert_str_eq(p.hook.otherwise.kind, "document");
	cr_assert_eq(p.hook.answer_within_ms, 10000);
	reads("hook:\n  scheme: standard-webhooks\n  secret_env: S\n  tolerance_s: 60\n  otherwise: order\n", &p);
	cr_assert_eq(p.hook.tolerance_s, 60);
	cr_assert_eq(p.hook.topics_count, 0);
}

Test(party_hook, each_wrong_value_is_named)
{
#define SHOPIFY "hook:\n  scheme: shopify\n  secret_env: S\n"
#define HMAC "hook:\n  scheme: hmac-sha256\n  secret_env: S\n  topic_header: T\n" TOPICS
	refuses("hook:\n  secret_env: S\n  otherwise: order\n", "hook.scheme");
	refuses("hook:\n  scheme: none\n  secret_env: S\n  topic_header: T\n  otherwise: order\n", "hook.scheme");
	refuses("hook:\n  scheme: shopify\n" TOPICS, "hook.secret_env");
	refuses("hook:\n  scheme: shopify\n  secret_env: s3cret\n" TOPICS, "hook.secret_env");
	refuses(SHOPIFY, "hook.topics");
	refuses(SHOPIFY "  otherwise: ignore\n", "hook.topics");
	refuses(SHOPIFY "  otherwise: maybe\n" TOPICS, "hook.otherwise");
	refuses(SHOPIFY "  header: X\n" TOPICS, "hook.header");
	refuses(SHOPIFY "  encoding: hex\n" TOPICS, "hook.header");
	refuses(SHOPIFY "  tolerance_s: 300\n" TOPICS, "hook.tolerance_s");
	refuses(SHOPIFY "  answer_within_ms: 99\n" TOPICS, "hook.answer_within_ms");
	refuses(SHOPIFY "  answer_within_ms: 5 s\n" TOPICS, "hook.answer_within_ms");
	refuses(SHOPIFY "  topic_header: \"a b\"\n" TOPICS, "hook.topic_header");
	refuses(SHOPIFY "  topic_header: a\n  topic_pointer: /b\n" TOPICS, "hook.topic_pointer");
	refuses(SHOPIFY "  id_header: a\n  id_pointer: /b\n" TOPICS, "hook.id_pointer");
	refuses(SHOPIFY "  topic_pointer: a\n" TOPICS, "hook.topic_pointer");
	refuses(SHOPIFY "  topic_pointer: /\n" TOPICS, "hook.topic_pointer");
	refuses(SHOPIFY "  topic_pointer: /a~2\n" TOPICS, "hook.topic_pointer");
	refuses(SHOPIFY "  topic_pointer: /a~\n" TOPICS, "hook.topic_pointer");
	refuses(SHOPIFY TOPICS "    - {topic: a, kind: order}\n", "hook.topics[1].topic");
	refuses(SHOPIFY TOPICS "    - {topic: \"b c\", kind: order}\n", "hook.topics[1].topic");
	refuses(SHOPIFY TOPICS "    - {topic: b, kind: return}\n", "hook.topics[1].kind");
	refuses(SHOPIFY TOPICS "    - {topic: b, kind: refuse}\n", "hook.topics[1].kind");
	refuses(SHOPIFY TOPICS "    - {topic: b}\n", "hook.topics[1].kind");
	refuses(SHOPIFY TOPICS "    - {kind: order}\n", "hook.topics[1].topic");
	refuses(SHOPIFY "  secret: abc\n" TOPICS, "secret");
	refuses(HMAC, "hook.header");
	refuses(HMAC "  header: X\n  encoding: base32\n", "hook.encoding");
	refuses(HMAC "  header: X\n  prefix: 123456789012345678901234567890123\n", "hook.prefix");
	refuses("hook:\n  scheme: token\n  secret_env: S\n  header: X\n  encoding: hex\n  otherwise: order\n",
		"hook.encoding");
	refuses("hook:\n  scheme: basic\n  secret_env: S\n" TOPICS "  otherwise: order\n", "hook.topics");
	refuses("hook:\n  scheme: stripe\n  secret_env: S\n  tolerance_s: 9\n" TOPICS, "hook.tolerance_s");
	refuses("gateway:\n  requests_per_second: \"0\"\n", "gateway.requests_per_second");
	refuses("gateway:\n  requests_per_second: many\n", "gateway.requests_per_second");
	refuses("gateway:\n  burst: 0\n", "gateway.burst");
	refuses("gateway:\n  body_bytes: 16777217\n", "gateway.body_bytes");
	refuses("gateway:\n  body_bytes: 1 MiB\n", "gateway.body_bytes");
}

Test(party_hook, all_problems_are_said_at_once)
{
	struct party p;

	cr_assert_eq(yaml_read(HEAD,
			       "hook:\n  scheme: sha1\n  secret_env: a\n  answer_within_ms: 1\n  otherwise: x\n"
			       "  topics:\n    - {topic: \"a b\", kind: x}\ngateway:\n  burst: 0\n  body_bytes: 1\n",
			       &p),
		     8, "%s", complaints);
}

Test(party_hook, a_pointer_needs_json)
{
	struct party p;

	cr_assert_eq(yaml_read("party: shop\nkind: channel\ntitle: S\nformat: xml\ncurrency: USD\ntime_zone: UTC\n",
			       "hook:\n  scheme: basic\n  secret_env: S\n  id_pointer: /id\n  otherwise: order\n", &p),
		     1);
	cr_assert(strstr(complaints, "hook.id_pointer"), "%s", complaints);
}

Test(party_hook, topics_are_bounded)
{
	char text[8192] = SHOPIFY "  topics:\n";
	struct party p;

	for (int i = 0; i < 100; i++)
		snprintf(text + strlen(text), sizeof text - strlen(text), "    - {topic: t%d, kind: order}\n", i);
	reads(text, &p);
	cr_assert_eq(p.hook.topics_count, 100);
	snprintf(text + strlen(text), sizeof text - strlen(text), "    - {topic: t100, kind: order}\n");
	refuses(text, "hook.topics");
}

Test(party_hook, the_door_may_be_wider_or_narrower)
{
	struct party p;

	reads("gateway:\n  requests_per_second: \"0.5\"\n  burst: 1\n  body_bytes: 8388608\n", &p);
	cr_assert_eq(p.door.requests_per_second_micro, 500000);
	cr_assert_eq(p.door.burst, 1);
	cr_assert_eq(p.door.body_bytes, 8388608);
}

Test(party_hook, the_ready_made_parties_declare_theirs)
{
	static const struct {
		const char *name;
		enum party_scheme scheme;
	} want[] = {{"shopify", PARTY_SCHEME_SHOPIFY}, {"woocommerce", PARTY_SCHEME_WOOCOMMERCE},
		    {"stripe", PARTY_SCHEME_STRIPE},   {"portal", PARTY_SCHEME_STANDARD_WEBHOOKS},
		    {"chargebee", PARTY_SCHEME_BASIC}, {"bigcommerce", PARTY_SCHEME_TOKEN},
		    {"amazon", PARTY_SCHEME_TOKEN},    {"ebay", PARTY_SCHEME_NONE},
		    {"magento", PARTY_SCHEME_NONE},    {"sandbox-wms", PARTY_SCHEME_NONE}};
	struct party_list *list = party_list_load("topology/parties", stderr);

	cr_assert(list);
	for (size_t i = 0; i < COUNT_OF(want); i++)
		cr_assert_eq(party_list_find(list, str_of(want[i].name))->hook.scheme, want[i].scheme, "%s",
			     want[i].name);
	party_list_free(list);
}
