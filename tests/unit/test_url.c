/* SPDX-License-Identifier: Apache-2.0 */
#include "broker/broker.h"
#include "broker/url.h"
#include "keys/keys.h"

#include <criterion/criterion.h>
#include <string.h>

static void
parses(const char *text, struct url want)
{
	const char *problem = NULL;
	struct url url;

	cr_assert(url_parse(str_of(text), &url, &problem), "%s: %s", text, problem);
	cr_assert_str_eq(url.scheme, want.scheme);
	cr_assert_str_eq(url.user, want.user);
	cr_assert_str_eq(url.password, want.password);
	cr_assert_str_eq(url.host, want.host);
	cr_assert_str_eq(url.path, want.path);
	cr_assert_eq(url.port, want.port);
	url_release(&url);
	url_release(&url);
}

Test(url, parts_are_found_and_decoded)
{
	parses("amqp://u:p@h:1/v", (struct url){"amqp", "u", "p", "h", "v", 1});
	parses("amqp://h", (struct url){"amqp", "", "", "h", "", 0});
	parses("amqp://h/", (struct url){"amqp", "", "", "h", "", 0});
	parses("amqps://u@h:65535", (struct url){"amqps", "u", "", "h", "", 65535});
	parses("redis://:p%40%2F%25%3a@[::1]:6379/0", (struct url){"redis", "", "p@/%:", "::1", "0", 6379});
	parses("amqp://u%3Ax:a:b@c@h/%2fv%2F1", (struct url){"amqp", "u:x", "a:b@c", "h", "/v/1", 0});
}

Test(url, malformed_is_refused_without_showing_the_password)
{
	static const char *const bad[] = {"",
					  "h",
					  "://h",
					  "amqp:h",
					  "amqp://",
					  "amqp://u:secret@",
					  "amqp://u:secret@h:",
					  "amqp://u:secret@h:0",
					  "amqp://u:secret@h:65536",
					  "amqp://u:secret@h:+1",
					  "amqp://u:secret@h:5672x",
					  "amqp://u:secret%@h",
					  "amqp://u:secret%4@h",
					  "amqp://u:secret%zz@h",
					  "amqp://u:secret%00@h",
					  "amqp://u:secret%0a@h",
					  "amqp://u:secret@[::1",
					  "amqp://u:secret@[::1]5",
					  "amqp://u:secret@h/v?heartbeat=5",
					  "amqp://u:se#secret@h/v",
					  "http://u:secret@h",
					  "amqp://a,,amqp://b",
					  "amqp://u:secret@a,amqp://u:secret@b:x"};

	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		struct why why = {0};

		cr_assert_null(broker_new(&(struct broker_config){.urls = bad[i], .name = "x"}, &why), "%s", bad[i]);
		cr_assert_str_eq(why.code, "amqp-url");
		cr_assert(why.text[0] && !strstr(why.text, "secret"), "%s", why.text);
	}
}

Test(url, redis_needs_its_scheme_and_a_number_as_database)
{
	static const char *const bad[] = {"", "redis://", "amqp://h", "redis://h/x", "redis://h/-1", "rediss://h/1x"};

	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		struct why why = {0};

		cr_assert_null(keys_new(&(struct keys_config){.url = bad[i], .prefix = "p:", .ttl_ms = 1}, &why), "%s",
			       bad[i]);
		cr_assert_str_eq(why.code, "redis-url");
	}
}
