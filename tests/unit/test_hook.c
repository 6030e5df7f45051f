/* SPDX-License-Identifier: Apache-2.0 */
/* Digests were made with `openssl dgst -sha256 -hmac`, or are their vendors'. */
#include "hook/hook.h"
#include "hook/sign.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define S INT64_C(1000000)
#define BODY "{\"id\":1001,\"name\":\"#1001\"}"

/* Pairs of name and value, up to a NULL. */
static struct str
header(void *context, const char *name)
{
	for (const char *const *h = context; h && *h; h += 2)
		if (str_equal_fold(str_of(h[0]), str_of(name)))
			return str_of(h[1]);
	return (struct str){NULL, 0};
}

static const char *
check_bytes(const struct party_hook *hook, const char *secrets_text, const char *const *headers, struct str body,
	    int64_t now_us)
{
	struct hook_request r = {header, (void *)(uintptr_t)headers, body, now_us};
	struct hook_secrets secrets = {0};
	struct why why = {0};

	if (secrets_text && hook_secrets_read(hook, str_of(secrets_text), &secrets, &why) != OUTCOME_OK)
		return why.code;
	if (hook_check(hook, &secrets, &r, &why) == OUTCOME_OK)
		return "ok";
	cr_assert(!secrets_text || !strstr(why.text, secrets_text), "%s", why.text);
	return why.code;
}

#define H(...) ((const char *const[]){__VA_ARGS__, NULL})
#define is(want, ...)                                        \
	do {                                                 \
		const char *got_ = check_bytes(__VA_ARGS__); \
		cr_assert_str_eq(got_, want);                \
	} while (0)

/* --- shopify, woocommerce ----------------------------------------------------------------------------------------- */

static const struct party_hook shopify = {.scheme = PARTY_SCHEME_SHOPIFY,
					  .secret_env = "S",
					  .header = "X-Shopify-Hmac-Sha256",
					  .prefix = "",
					  .encoding = PARTY_BASE64,
					  .topic_header = "X-Shopify-Topic",
					  .id_header = "X-Shopify-Webhook-Id",
					  .topics = (const struct party_topic[]){{"orders/create", PARTY_TAKE, "order"},
										 {"orders/edited", PARTY_IGNORE, NULL}},
					  .topics_count = 2};
static const char shopify_secret[] = "shpss_0123456789abcdef";
static const char shopify_right[] = "H87N/11BPxSmODuJD9a/lgnN6sx5mv5j9IEKoZyF40I=";

Test(hook, shopifys_signature_is_of_the_raw_bytes)
{
	is("ok", &shopify, shopify_secret, H("x-shopify-hmac-sha256", shopify_right), STR(BODY), 0);
	is("ok", &shopify, shopify_secret, H("X-Shopify-Hmac-SHA256", " H87N/11BPxSmODuJD9a/lgnN6sx5mv5j9IEKoZyF40I= "),
	   STR(BODY), 0);
	is("signature-wrong", &shopify, shopify_secret, H("X-Shopify-Hmac-Sha256", shopify_right), STR(BODY "\n"), 0);
	is("signature-wrong", &shopify, shopify_secret, H("X-Shopify-Hmac-Sha256", shopify_right),
	   STR("{\"id\":1002,\"name\":\"#1001\"}"), 0);
	is("signature-wrong", &shopify, "shpss_0123456789abcdeF", H("X-Shopify-Hmac-Sha256", shopify_right), STR(BODY),
	   0);
}

Test(hook, a_body_may_be_empty_or_hold_any_byte)
{
	is("ok", &shopify, shopify_secret, H("X-Shopify-Hmac-Sha256", "PNS/SHx5ZaA53eOmupUhBKVsOkpxNogrc7JQmej7RbY="),
	   ((struct str){NULL, 0}), 0);
	is("ok", &shopify, shopify_secret, H("X-Shopify-Hmac-Sha256", "sV5PqaH9KlrUq3fY/2D31VfrYNDnbCT78S4MbAazeOY="),
	   ((struct str){"a\0b", 3}), 0);
	is("signature-wrong", &shopify, shopify_secret,
	   H("X-Shopify-Hmac-Sha256", "sV5PqaH9KlrUq3fY/2D31VfrYNDnbCT78S4MbAazeOY="), ((struct str){"a\0c", 3}), 0);
}

Test(hook, woocommerce_has_headers_of_its_own_and_an_unsigned_ping)
{
	struct party_hook woo = shopify;
	const char *const *none = H("Content-Type", "application/x-www-form-urlencoded");
	struct hook_request r = {header, (void *)(uintptr_t)none, STR("webhook_id=17"), 0};

	woo.scheme = PARTY_SCHEME_WOOCOMMERCE;
	woo.header = "X-WC-Webhook-Signature";
	is("ok", &woo, "wc-secret-0123456789",
	   H("X-WC-Webhook-Signature", "QOWo6EpQwZT6qy6/vBqHC58Bmt4pRUnSMSwtlLZ6ym0="), STR(BODY), 0);
	is("signature-missing", &woo, "wc-secret-0123456789", none, STR("webhook_id=17"), 0);
	cr_assert(hook_is_ping(&woo, &r));
	cr_assert(!hook_is_ping(&shopify, &r));
	static const char *const others[] = {"",
					     "webhook_id=",
					     "webhook_id=1x",
					     "webhook_id=1&a=2",
					     "webhook_id",
					     "webhook_id=123456789012345678901",
					     "{\"webhook_id\":1}"};
	for (size_t i = 0; i < COUNT_OF(others); i++) {
		r.body = str_of(others[i]);
		cr_assert(!hook_is_ping(&woo, &r), "%s", others[i]);
	}
	r = (struct hook_request){header, (void *)(uintptr_t)H("x-wc-webhook-signature", "x"), STR("webhook_id=1"), 0};
	cr_assert(!hook_is_ping(&woo, &r));
}

Test(hook, a_missing_signature_is_told_from_a_malformed_one)
{
	static const char *const bad[] = {
	    "x",
	    "H87N/11BPxSmODuJD9a/lgnN6sx5mv5j9IEKoZyF40I",   /* without padding */
	    "H87N/11BPxSmODuJD9a/lgnN6sx5mv5j9IEKoZyF40",    /* cut */
	    "H87N/11BPxSmODuJD9a/lgnN6sx5mv5j9IEKoZyF4w==",  /* a byte short */
	    "H87N/11BPxSmODuJD9a/lgnN6sx5mv5j9IEKoZyF40IA",  /* a byte long */
	    "H87N_11BPxSmODuJD9a_lgnN6sx5mv5j9IEKoZyF40I=",  /* the other alphabet */
	    "H87N/11BPxSmODuJ D9a/lgnN6sx5mv5j9IEKoZyF40I=", /* a blank */
	    "sha256=H87N/11BPxSmODuJD9a/lgnN6sx5mv5j9IEKoZyF40I=",
	    "H87N/11BPxSmODuJD9a/lgnN6sx5mv5j9IEKoZyF40I=, H87N/11BPxSmODuJD9a/lgnN6sx5mv5j9IEKoZyF40I=", /* twice */
	    "1fcecdff5d413f14a6383b890fd6bf9609cdeacc799afe63f4810aa19c85e342", /* hexadecimal */
	};
	char *longest = malloc(HOOK_HEADER_BYTES + 2);

	is("signature-missing", &shopify, shopify_secret, H("X-Other", shopify_right), STR(BODY), 0);
	is("signature-missing", &shopify, shopify_secret, H("X-Shopify-Hmac-Sha256", "  "), STR(BODY), 0);
	for (size_t i = 0; i < COUNT_OF(bad); i++)
		is("signature-malformed", &shopify, shopify_secret, H("X-Shopify-Hmac-Sha256", bad[i]), STR(BODY), 0);
	memset(longest, 'A', HOOK_HEADER_BYTES + 1);
	longest[HOOK_HEADER_BYTES + 1] = '\0';
	is("signature-malformed", &shopify, shopify_secret, H("X-Shopify-Hmac-Sha256", longest), STR(BODY), 0);
	free(longest);
}

/* --- secrets ------------------------------------------------------------------------------------------------------- */

Test(hook, while_a_secret_is_changed_either_is_right)
{
	const char *const *h = H("X-Shopify-Hmac-Sha256", shopify_right);

	is("ok", &shopify, "shpss_0123456789abcdef new-secret-0123", h, STR(BODY), 0);
	is("ok", &shopify, "new-secret-0123,shpss_0123456789abcdef", h, STR(BODY), 0);
	is("ok", &shopify, " new-secret-0123 ,\n shpss_0123456789abcdef\n", h, STR(BODY), 0);
	is("signature-wrong", &shopify, "new-secret-0123,old-secret-0123", h, STR(BODY), 0);
}

Test(hook, a_secret_that_is_not_configured_lets_nobody_in)
{
	const char *const *h = H("X-Shopify-Hmac-Sha256", shopify_right);
	char longest[HOOK_SECRET_BYTES + 2];

	memset(longest, 'x', sizeof longest - 1);
	longest[sizeof longest - 1] = '\0';
	is("signature-unset", &shopify, NULL, h, STR(BODY), 0);
	is("signature-unset", &shopify, "", h, STR(BODY), 0);
	is("signature-unset", &shopify, " , ", h, STR(BODY), 0);
	is("signature-unset", &shopify, "short", h, STR(BODY), 0);
	is("signature-unset", &shopify, longest, h, STR(BODY), 0);
	is("signature-unset", &shopify, "secret-one secret-two secret-three", h, STR(BODY), 0);
	is("signature-unset", &(struct party_hook){0}, NULL, h, STR(BODY), 0);
}

Test(hook, a_secret_comes_from_its_variable_or_the_file_it_names)
{
	struct party_hook hook = shopify;
	struct hook_secrets secrets;
	struct why why = {0};
	char path[] = "/tmp/hook-secret-XXXXXX";
	int fd = mkstemp(path);

	cr_assert(fd >= 0 && write(fd, "from-a-file-01\n", 15) == 15 && close(fd) == 0);
	hook.secret_env = "TEST_HOOK_SECRET";
	unsetenv("TEST_HOOK_SECRET");
	cr_assert_eq(hook_secrets_load(&hook, &secrets, &why), OUTCOME_DEAD);
	cr_assert_str_eq(why.code, "signature-unset");
	cr_assert_str_eq(why.path, "TEST_HOOK_SECRET");
	setenv("TEST_HOOK_SECRET_FILE", path, 1);
	cr_assert_eq(hook_secrets_load(&hook, &secrets, &why), OUTCOME_OK);
	cr_assert(secrets.n == 1 && secrets.at[0].n == 14);
	setenv("TEST_HOOK_SECRET", "one-01234 two-01234", 1);
	cr_assert_eq(hook_secrets_load(&hook, &secrets, &why), OUTCOME_OK);
	cr_assert_eq(secrets.n, 2);
	hook_secrets_clear(&secrets);
	cr_assert_eq(secrets.n, 0);
	unlink(path);
}

/* --- stripe -------------------------------------------------------------------------------------------------------- */

#define EVENT "{\"id\":\"evt_1\",\"type\":\"invoice.paid\"}"
#define STRIPE_T "1492774577"
#define STRIPE_V1 "611e2e22c02d98e38457d5e08137658b04d209d47d028e85a447e194ed1456ab"
#define OTHER_V1 "5257a869e7ecebeda32affa62cdca3fa51cad7e77a0e56ff536d0ce8e108d8bd"
#define STRIPE_NOW (INT64_C(1492774577) * S)

static const struct party_hook stripe = {.scheme = PARTY_SCHEME_STRIPE,
					 .secret_env = "S",
					 .header = "Stripe-Signature",
					 .prefix = "",
					 .topic_pointer = "/type",
					 .id_pointer = "/id",
					 .tolerance_s = 300,
					 .topics = (const struct party_topic[]){{"invoice.paid", PARTY_TAKE, "order"}},
					 .topics_count = 1,
					 .otherwise = {.verdict = PARTY_IGNORE}};
static const char stripe_secret[] = "whsec_test_secret_0123";

Test(hook, stripe_signs_the_time_and_the_body)
{
	is("ok", &stripe, stripe_secret, H("Stripe-Signature", "t=" STRIPE_T ",v1=" STRIPE_V1), STR(EVENT), STRIPE_NOW);
	is("ok", &stripe, stripe_secret,
	   H("Stripe-Signature", "t=" STRIPE_T ",v1=" OTHER_V1 ",v1=" STRIPE_V1 ",v0=" OTHER_V1), STR(EVENT),
	   STRIPE_NOW);
	is("ok", &stripe, stripe_secret, H("Stripe-Signature", "t=" STRIPE_T ", v1=" STRIPE_V1 ", v1=" OTHER_V1),
	   STR(EVENT), STRIPE_NOW);
	is("signature-wrong", &stripe, stripe_secret, H("Stripe-Signature", "t=" STRIPE_T ",v1=" OTHER_V1), STR(EVENT),
	   STRIPE_NOW);
	is("signature-wrong", &stripe, stripe_secret, H("Stripe-Signature", "t=1492774578,v1=" STRIPE_V1), STR(EVENT),
	   STRIPE_NOW);
	is("signature-wrong", &stripe, stripe_secret, H("Stripe-Signature", "t=" STRIPE_T ",v1=" STRIPE_V1),
	   STR(EVENT " "), STRIPE_NOW);
}

Test(hook, stripes_time_holds_for_five_minutes_either_way)
{
	const char *const *h = H("Stripe-Signature", "t=" STRIPE_T ",v1=" STRIPE_V1);

	is("ok", &stripe, stripe_secret, h, STR(EVENT), STRIPE_NOW + 300 * S);
	is("ok", &stripe, stripe_secret, h, STR(EVENT), STRIPE_NOW - 300 * S);
	is("signature-expired", &stripe, stripe_secret, h, STR(EVENT), STRIPE_NOW + 300 * S + 1);
	is("signature-expired", &stripe, stripe_secret, h, STR(EVENT), STRIPE_NOW - 300 * S - 1);
	is("signature-wrong", &stripe, "whsec_another_secret", h, STR(EVENT), STRIPE_NOW + 900 * S);
}

Test(hook, stripes_header_is_read_strictly)
{
	static const char *const bad[] = {
	    "t=" STRIPE_T,
	    "v1=" STRIPE_V1,
	    "t=" STRIPE_T ",v0=" STRIPE_V1,
	    "t=,v1=" STRIPE_V1,
	    "t=-1492774577,v1=" STRIPE_V1,
	    "t=+1492774577,v1=" STRIPE_V1,
	    "t=1492774577.0,v1=" STRIPE_V1,
	    "t=0x58F9,v1=" STRIPE_V1,
	    "t=9999999999999,v1=" STRIPE_V1,
	    "t=" STRIPE_T ",t=" STRIPE_T ",v1=" STRIPE_V1,
	    "t=" STRIPE_T ",v1=" STRIPE_V1 ",t=1",
	    "t=" STRIPE_T ",v1=",
	    "t=" STRIPE_T ",v1=611e",
	    "t=" STRIPE_T ",v1=" STRIPE_V1 "0",
	    "t=" STRIPE_T ",v1=" STRIPE_V1 ",v1=zz",
	    "t=" STRIPE_T ",v1=g11e2e22c02d98e38457d5e08137658b04d209d47d028e85a447e194ed1456ab",
	    ",,,",
	    "t",
	    "=",
	    "t=" STRIPE_T ",v1=" OTHER_V1 ",v1=" OTHER_V1 ",v1=" OTHER_V1 ",v1=" OTHER_V1 ",v1=" OTHER_V1
	    ",v1=" OTHER_V1 ",v1=" OTHER_V1 ",v1=" OTHER_V1 ",v1=" STRIPE_V1,
	};

	for (size_t i = 0; i < COUNT_OF(bad); i++)
		is("signature-malformed", &stripe, stripe_secret, H("Stripe-Signature", bad[i]), STR(EVENT),
		   STRIPE_NOW);
	is("signature-missing", &stripe, stripe_secret, H("X", "Y"), STR(EVENT), STRIPE_NOW);
}

/* --- standard webhooks --------------------------------------------------------------------------------------------- */

/* github.com/standard-webhooks/standard-webhooks, test_sign_function of its libraries */
#define STANDARD_ID "webhook-id", "msg_p5jXN8AQM9LWM0D4loKWxJek"
#define STANDARD_TIME "webhook-timestamp", "1614265330"
#define STANDARD_V1 "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
#define STANDARD_BODY STR("{\"test\": 2432232314}")
#define STANDARD_NOW (INT64_C(1614265330) * S)

static const struct party_hook standard = {.scheme = PARTY_SCHEME_STANDARD_WEBHOOKS,
					   .secret_env = "S",
					   .header = "webhook-signature",
					   .prefix = "",
					   .encoding = PARTY_BASE64,
					   .id_header = "webhook-id",
					   .tolerance_s = 300,
					   .otherwise = {.verdict = PARTY_TAKE, .kind = "order"}};
static const char standard_secret[] = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

Test(hook, the_standards_own_vector_is_right)
{
	is("ok", &standard, standard_secret, H(STANDARD_ID, STANDARD_TIME, "webhook-signature", STANDARD_V1),
	   STANDARD_BODY, STANDARD_NOW);
	is("ok", &standard, "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
	   H(STANDARD_ID, STANDARD_TIME, "Webhook-Signature", STANDARD_V1), STANDARD_BODY, STANDARD_NOW);
	is("ok", &standard, standard_secret,
	   H(STANDARD_ID, STANDARD_TIME, "webhook-signature",
	     "v1,AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA= v1a,hnO3f9T8== " STANDARD_V1),
	   STANDARD_BODY, STANDARD_NOW);
	is("ok", &standard, "whsec_AAAAAAAAAAAAAAAAAAAAAA== whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
	   H(STANDARD_ID, STANDARD_TIME, "webhook-signature", STANDARD_V1), STANDARD_BODY, STANDARD_NOW);
}

Test(hook, the_standards_id_and_time_are_signed_too)
{
	is("signature-wrong", &standard, standard_secret,
	   H("webhook-id", "msg_other", STANDARD_TIME, "webhook-signature", STANDARD_V1), STANDARD_BODY, STANDARD_NOW);
	is("signature-wrong", &standard, standard_secret,
	   H(STANDARD_ID, "webhook-timestamp", "1614265331", "webhook-signature", STANDARD_V1), STANDARD_BODY,
	   STANDARD_NOW);
	is("signature-expired", &standard, standard_secret,
	   H(STANDARD_ID, STANDARD_TIME, "webhook-signature", STANDARD_V1), STANDARD_BODY, STANDARD_NOW + 301 * S);
	is("signature-expired", &standard, standard_secret,
	   H(STANDARD_ID, STANDARD_TIME, "webhook-signature", STANDARD_V1), STANDARD_BODY, STANDARD_NOW - 301 * S);
	is("signature-missing", &standard, standard_secret, H(STANDARD_TIME, "webhook-signature", STANDARD_V1),
	   STANDARD_BODY, STANDARD_NOW);
	is("signature-missing", &standard, standard_secret, H(STANDARD_ID, "webhook-signature", STANDARD_V1),
	   STANDARD_BODY, STANDARD_NOW);
	is("signature-missing", &standard, standard_secret, H(STANDARD_ID, STANDARD_TIME), STANDARD_BODY, STANDARD_NOW);
	is("signature-malformed", &standard, standard_secret,
	   H("webhook-id", "msg.1", STANDARD_TIME, "webhook-signature", STANDARD_V1), STANDARD_BODY, STANDARD_NOW);
	is("signature-malformed", &standard, standard_secret,
	   H(STANDARD_ID, "webhook-timestamp", "2021-02-25", "webhook-signature", STANDARD_V1), STANDARD_BODY,
	   STANDARD_NOW);
}

Test(hook, the_standards_signatures_are_read_strictly)
{
	static const char *const bad[] = {"g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
					  "v1",
					  "v1,",
					  "v1a,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
					  "v2,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
					  "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE",
					  STANDARD_V1 ", " STANDARD_V1,
					  STANDARD_V1 "\t" STANDARD_V1,
					  STANDARD_V1 " v1,x"};

	for (size_t i = 0; i < COUNT_OF(bad); i++)
		is("signature-malformed", &standard, standard_secret,
		   H(STANDARD_ID, STANDARD_TIME, "webhook-signature", bad[i]), STANDARD_BODY, STANDARD_NOW);
}

Test(hook, the_standards_secret_is_base64_with_or_without_its_padding)
{
	static const char *const good[] = {"MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwBr",
					   "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwBr=="};
	static const char *const bad[] = {"whsec_", "whsec_MfKQ", "whsec_not!base64!not!base64", "M"};
	struct hook_secrets secrets;

	for (size_t i = 0; i < COUNT_OF(good); i++)
		cr_assert_eq(hook_secrets_read(&standard, str_of(good[i]), &secrets, NULL), OUTCOME_OK, "%s", good[i]);
	for (size_t i = 0; i < COUNT_OF(bad); i++)
		cr_assert_eq(hook_secrets_read(&standard, str_of(bad[i]), &secrets, NULL), OUTCOME_DEAD, "%s", bad[i]);
}

/* --- plain hmac ---------------------------------------------------------------------------------------------------- */

/* docs.github.com, "Validating webhook deliveries"; the secret has blanks, so it is no text of a variable here */
Test(hook, githubs_vector_is_right_with_its_prefix)
{
	static const char secret[] = "It's a Secret to Everybody";
	struct party_hook hook = {.scheme = PARTY_SCHEME_HMAC_SHA256,
				  .secret_env = "S",
				  .header = "X-Hub-Signature-256",
				  .prefix = "sha256=",
				  .encoding = PARTY_HEX};
	const char *const *h =
	    H("X-Hub-Signature-256", "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17");
	struct hook_request r = {header, (void *)(uintptr_t)h, STR("Hello, World!"), 0};
	struct hook_secrets secrets = {.n = 1, .at = {{.n = sizeof secret - 1}}};
	struct why why = {0};

	memcpy(secrets.at[0].bytes, secret, sizeof secret - 1);
	cr_assert_eq(hook_check(&hook, &secrets, &r, &why), OUTCOME_OK);
	r.body = STR("Hello, World?");
	cr_assert_eq(hook_check(&hook, &secrets, &r, &why), OUTCOME_DEAD);
	cr_assert_str_eq(why.code, "signature-wrong");
	is("signature-malformed", &hook, "0123456789",
	   H("X-Hub-Signature-256", "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"), STR("x"), 0);
	is("signature-malformed", &hook, "0123456789",
	   H("X-Hub-Signature-256", "sha1=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"), STR("x"),
	   0);
	is("signature-malformed", &hook, "0123456789", H("X-Hub-Signature-256", "sha256="), STR("x"), 0);
}

Test(hook, hexadecimal_may_be_of_any_case)
{
	struct party_hook hook = {
	    .scheme = PARTY_SCHEME_HMAC_SHA256, .secret_env = "S", .header = "X-Sig", .prefix = ""};

	is("ok", &hook, "portal-key-0123456789",
	   H("X-Sig", "ce74eecb0839fdb046466f6eeee765a8e3ba7b122473bc87f6f4dde931c32209"), STR(BODY), 0);
	is("ok", &hook, "portal-key-0123456789",
	   H("X-Sig", "CE74EECB0839FDB046466F6EEEE765A8E3BA7B122473BC87F6F4DDE931C32209"), STR(BODY), 0);
	is("signature-malformed", &hook, "portal-key-0123456789",
	   H("X-Sig", "ce74eecb0839fdb046466f6eeee765a8e3ba7b122473bc87f6f4dde931c3220"), STR(BODY), 0);
}

/* --- basic, token -------------------------------------------------------------------------------------------------- */

static const struct party_hook basic = {
    .scheme = PARTY_SCHEME_BASIC, .secret_env = "S", .header = "Authorization", .prefix = ""};

/* RFC 7617, section 2: Aladdin, open sesame; here without its blank */
Test(hook, basic_is_user_and_password)
{
	is("ok", &basic, "Aladdin:opensesame", H("authorization", "Basic QWxhZGRpbjpvcGVuc2VzYW1l"), STR(BODY), 0);
	is("ok", &basic, "Aladdin:opensesame", H("Authorization", "basic  QWxhZGRpbjpvcGVuc2VzYW1l"), STR(BODY), 0);
	is("ok", &basic, "other:password,Aladdin:opensesame", H("Authorization", "Basic QWxhZGRpbjpvcGVuc2VzYW1l"),
	   STR(BODY), 0);
	is("signature-wrong", &basic, "Aladdin:opensesame1", H("Authorization", "Basic QWxhZGRpbjpvcGVuc2VzYW1l"),
	   STR(BODY), 0);
	is("signature-wrong", &basic, "Aladdi:nopensesame", H("Authorization", "Basic QWxhZGRpbjpvcGVuc2VzYW1l"),
	   STR(BODY), 0);
	is("signature-wrong", &basic, "Aladdin:opensesame", H("Authorization", "Basic Og=="), STR(BODY), 0);
	is("signature-missing", &basic, "Aladdin:opensesame", H("X", "Y"), STR(BODY), 0);
	is("signature-unset", &basic, "Aladdin-opensesame", H("X", "Y"), STR(BODY), 0);
}

Test(hook, basic_is_read_strictly)
{
	static const char *const bad[] = {"Basic",
					  "Basic ",
					  "Bearer QWxhZGRpbjpvcGVuc2VzYW1l",
					  "QWxhZGRpbjpvcGVuc2VzYW1l",
					  "Basic QWxhZGRpbjpvcGVuc2VzYW1",
					  "Basic QWxhZGRpbjpvcGVuc2VzYW1l, Basic QWxhZGRpbjpvcGVuc2VzYW1l",
					  "Basic QWxhZGRpbg==",
					  "Basic \x01"};
	char longest[HOOK_HEADER_BYTES];

	for (size_t i = 0; i < COUNT_OF(bad); i++)
		is("signature-malformed", &basic, "Aladdin:opensesame", H("Authorization", bad[i]), STR(BODY), 0);
	memset(longest, 'A', sizeof longest);
	memcpy(longest, "Basic ", 6);
	longest[6 + 4000] = '\0';
	is("signature-malformed", &basic, "Aladdin:opensesame", H("Authorization", longest), STR(BODY), 0);
}

Test(hook, a_token_is_the_secret_itself)
{
	struct party_hook token = {
	    .scheme = PARTY_SCHEME_TOKEN, .secret_env = "S", .header = "X-Token", .prefix = "Bearer "};

	is("ok", &token, "token-0123456789", H("X-Token", "Bearer token-0123456789"), STR(BODY), 0);
	is("ok", &token, "another-01234 token-0123456789", H("X-Token", "Bearer token-0123456789"), STR(BODY), 0);
	is("signature-wrong", &token, "token-0123456789", H("X-Token", "Bearer token-012345678"), STR(BODY), 0);
	is("signature-wrong", &token, "token-0123456789", H("X-Token", "Bearer token-01234567890"), STR(BODY), 0);
	is("signature-malformed", &token, "token-0123456789", H("X-Token", "token-0123456789"), STR(BODY), 0);
	is("signature-missing", &token, "token-0123456789", H("X-Other", "token-0123456789"), STR(BODY), 0);
}

/* --- topic, kind, delivery ------------------------------------------------------------------------------------------ */

struct read {
	enum outcome outcome;
	struct hook_event event;
	struct why why;
};

static struct read
event_read(const struct party_hook *hook, const char *const *headers, const char *body, struct arena *arena)
{
	struct hook_request r = {header, (void *)(uintptr_t)headers, str_of(body), 0};
	struct read read = {0};

	read.outcome = hook_event_read(hook, &r, arena, &read.event, &read.why);
	return read;
}

static struct arena *arena;

static void
arena_open(void)
{
	arena = arena_new((size_t)16 << 20);
}

static void
arena_close(void)
{
	arena_free(arena);
}

TestSuite(hook_event, .init = arena_open, .fini = arena_close);

Test(hook_event, a_topic_of_a_header_says_the_kind)
{
	struct read r = event_read(&shopify, H("x-shopify-topic", "orders/create", "x-shopify-webhook-id", "b1-2"),
				   "no json", arena);

	cr_assert_eq(r.outcome, OUTCOME_OK);
	cr_assert_eq(r.event.verdict, PARTY_TAKE);
	cr_assert_str_eq(r.event.kind, "order");
	cr_assert(str_equal(r.event.topic, STR("orders/create")));
	cr_assert(str_equal(r.event.delivery_id, STR("b1-2")));
	cr_assert_str_eq(r.event.key, "orders/create:b1-2");
	r = event_read(&shopify, H("X-Shopify-Topic", "orders/edited"), "{}", arena);
	cr_assert(r.outcome == OUTCOME_OK && r.event.verdict == PARTY_IGNORE && !r.event.kind);
}

Test(hook_event, a_topic_that_is_not_listed_is_as_otherwise_says)
{
	struct read r = event_read(&shopify, H("X-Shopify-Topic", "carts/create"), "{}", arena);

	cr_assert_eq(r.outcome, OUTCOME_DEAD);
	cr_assert_str_eq(r.why.code, "topic-unknown");
	r = event_read(&shopify, H("X", "Y"), "{}", arena);
	cr_assert_str_eq(r.why.code, "topic-unknown");
	r = event_read(&shopify, H("X-Shopify-Topic", "orders/create, orders/create"), "{}", arena);
	cr_assert_str_eq(r.why.code, "topic-unknown");
	r = event_read(&stripe, H("X", "Y"), "{\"id\":\"evt_2\",\"type\":\"price.created\"}", arena);
	cr_assert(r.outcome == OUTCOME_OK && r.event.verdict == PARTY_IGNORE);
	r = event_read(&standard, H("webhook-id", "msg_1"), "not looked at", arena);
	cr_assert(r.outcome == OUTCOME_OK && r.event.verdict == PARTY_TAKE);
	cr_assert_str_eq(r.event.kind, "order");
	cr_assert_str_eq(r.event.key, "msg_1");
}

Test(hook_event, a_topic_of_the_body_is_pointed_at)
{
	struct party_hook deep = stripe;
	struct read r = event_read(&stripe, H("X", "Y"), EVENT, arena);

	cr_assert_eq(r.outcome, OUTCOME_OK);
	cr_assert_str_eq(r.event.kind, "order");
	cr_assert_str_eq(r.event.key, "invoice.paid:evt_1");
	deep.topic_pointer = "/a~1b/1/m~0n";
	deep.id_pointer = "/";
	r = event_read(&deep, H("X", "Y"), "{\"a/b\":[0,{\"m~n\":\"invoice.paid\"}],\"\":7}", arena);
	cr_assert(r.outcome == OUTCOME_OK && r.event.verdict == PARTY_TAKE);
	cr_assert_str_eq(r.event.key, "invoice.paid:7");
	static const char *const without[] = {
	    "{}", "[]", "7", "{\"a/b\":[]}", "{\"a/b\":[0,{\"m~n\":{}}]}", "{\"a/b\":{\"1\":7}}"};
	for (size_t i = 0; i < COUNT_OF(without); i++) {
		r = event_read(&deep, H("X", "Y"), without[i], arena);
		cr_assert(r.outcome == OUTCOME_OK && r.event.verdict == PARTY_IGNORE && r.event.topic.n == 0, "%s",
			  without[i]);
	}
}

Test(hook_event, a_body_that_is_no_json_has_no_topic_to_point_at)
{
	struct read r = event_read(&stripe, H("X", "Y"), "webhook_id=1", arena);

	cr_assert_eq(r.outcome, OUTCOME_DEAD);
	cr_assert_str_eq(r.why.code, "json-invalid");
	cr_assert_eq(event_read(&stripe, H("X", "Y"), "", arena).outcome, OUTCOME_DEAD);
}

Test(hook_event, without_an_id_of_use_the_key_is_the_bodys_digest)
{
	static const char digest[] =
	    "orders/create:sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"; /* sha256sum of {} */
	static const char *const ids[] = {"", "a b", "a\x01", "\xc3\xa4"};
	char longest[HOOK_ID_BYTES + 2];

	for (size_t i = 0; i < COUNT_OF(ids); i++)
		cr_assert_str_eq(event_read(&shopify,
					    H("X-Shopify-Topic", "orders/create", "X-Shopify-Webhook-Id", ids[i]), "{}",
					    arena)
				     .event.key,
				 digest);
	memset(longest, 'a', sizeof longest - 1);
	longest[sizeof longest - 1] = '\0';
	cr_assert_str_eq(
	    event_read(&shopify, H("X-Shopify-Topic", "orders/create", "X-Shopify-Webhook-Id", longest), "{}", arena)
		.event.key,
	    digest);
	longest[HOOK_ID_BYTES] = '\0';
	cr_assert_str_neq(
	    event_read(&shopify, H("X-Shopify-Topic", "orders/create", "X-Shopify-Webhook-Id", longest), "{}", arena)
		.event.key,
	    digest);
}

/* --- the sender's end ----------------------------------------------------------------------------------------------- */

static const char *
signed_headers(const struct party_hook *hook, const char *secrets_text, const char *topic, const char *id,
	       struct buf *out)
{
	struct hook_sending sending = {STR(BODY), str_of(topic), str_of(id), STRIPE_NOW};
	struct hook_secrets secrets;
	struct why why = {0};

	buf_clear(out);
	cr_assert_eq(hook_secrets_read(hook, str_of(secrets_text), &secrets, &why), OUTCOME_OK, "%s", why.text);
	if (hook_sign(hook, &secrets, &sending, out, &why) != OUTCOME_OK)
		return why.code;
	return buf_text(out);
}

Test(hook_sign, it_says_what_the_check_wants)
{
	struct buf out;

	buf_init(&out, 8192);
	cr_assert_str_eq(signed_headers(&shopify, shopify_secret, "orders/create", "b1", &out),
			 "X-Shopify-Hmac-Sha256: H87N/11BPxSmODuJD9a/lgnN6sx5mv5j9IEKoZyF40I=\n"
			 "X-Shopify-Webhook-Id: b1\nX-Shopify-Topic: orders/create\n");
	cr_assert_str_eq(signed_headers(&basic, "Aladdin:opensesame", NULL, NULL, &out),
			 "Authorization: Basic QWxhZGRpbjpvcGVuc2VzYW1l\n");
	cr_assert_str_eq(signed_headers(&stripe, stripe_secret, "invoice.paid", NULL, &out), "hook-sending");
	cr_assert_str_eq(signed_headers(&standard, standard_secret, NULL, NULL, &out), "hook-sending");
	cr_assert_str_eq(signed_headers(&standard, standard_secret, NULL, "msg.1", &out), "hook-sending");
	cr_assert_str_eq(signed_headers(&shopify, shopify_secret, "a\r\nX: y", NULL, &out), "hook-sending");
	buf_release(&out);
}

/* "Name: value\n" lines as pairs; cuts the text. */
static void
pairs_read(char *text, const char *pairs[static 9])
{
	size_t n = 0;

	for (char *line = strtok_r(text, "\n", &text); line && n < 8; line = strtok_r(NULL, "\n", &text)) {
		char *colon = strchr(line, ':');

		*colon = '\0';
		pairs[n++] = line;
		pairs[n++] = colon + 2;
	}
	pairs[n] = NULL;
}

Test(hook_sign, every_scheme_says_yes_to_its_own_headers_and_to_no_others)
{
	const struct party_hook token = {
	    .scheme = PARTY_SCHEME_TOKEN, .secret_env = "S", .header = "X-Token", .prefix = "Bearer "};
	const struct party_hook hex = {
	    .scheme = PARTY_SCHEME_HMAC_SHA256, .secret_env = "S", .header = "X-Sig", .prefix = "sha256="};
	const struct {
		const struct party_hook *hook;
		const char *secret, *other, *id;
	} all[] = {{&shopify, shopify_secret, "another-0123", "i"},
		   {&stripe, stripe_secret, "another-0123", NULL},
		   {&standard, standard_secret, "whsec_AAAAAAAAAAAAAAAA", "i"},
		   {&hex, "0123456789", "another-0123", NULL},
		   {&basic, "user:password", "user:passworD", NULL},
		   {&token, "0123456789", "another-0123", NULL}};

	for (size_t i = 0; i < COUNT_OF(all); i++) {
		const char *pairs[9];
		struct buf out;

		buf_init(&out, 8192);
		(void)signed_headers(all[i].hook, all[i].secret, NULL, all[i].id, &out);
		pairs_read(out.p, pairs);
		is("ok", all[i].hook, all[i].secret, pairs, STR(BODY), STRIPE_NOW);
		is("signature-wrong", all[i].hook, all[i].other, pairs, STR(BODY), STRIPE_NOW);
		buf_release(&out);
	}
}
