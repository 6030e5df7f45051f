/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/trace.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <string.h>

struct path_case {
	char path[48];
	bool is_plain;
};

ParameterizedTestParameters(web_text, only_plain_paths_are_plain)
{
	static struct path_case cases[] = {
	    {"/v1/orders", true},
	    {"/v1/orders/a.b", true},
	    {"/v1/a%20b", true},
	    {"/v1/...", true},
	    {"/v1/%C3%BC", true},
	    {"", false},
	    {"/", false},
	    {"v1/orders", false},
	    {"/v1/orders/", false},
	    {"//v1", false},
	    {"/v1//orders", false},
	    {"/v1/./orders", false},
	    {"/v1/../orders", false},
	    {"/v1/%2e/orders", false},
	    {"/v1/%2E%2e", false},
	    {"/v1/.%2e/x", false},
	    {"/v1/a%2fb", false},
	    {"/v1/a%5Cb", false},
	    {"/v1/a\\b", false},
	    {"/v1/a%00", false},
	    {"/v1/a%0d%0ab", false},
	    {"/v1/a%7f", false},
	    {"/v1/a b", false},
	    {"/v1/\xc3\xbc", false},
	    {"/v1/%", false},
	    {"/v1/%4", false},
	    {"/v1/%zz", false},
	    {"http://g/v1", false},
	};

	return cr_make_param_array(struct path_case, cases, COUNT_OF(cases));
}

ParameterizedTest(struct path_case *c, web_text, only_plain_paths_are_plain)
{
	bool is_plain = web_path_is_plain(str_of(c->path));

	cr_assert_eq(is_plain, c->is_plain, "%s", c->path);
}

struct decode_case {
	char text[32], out[32];
	bool plus_is_blank, is_good;
};

ParameterizedTestParameters(web_text, decoding_gives_text_or_nothing)
{
	static struct decode_case cases[] = {
	    {"a%41b", "aAb", false, true},
	    {"%41", "A", false, true},
	    {"a+b", "a+b", false, true},
	    {"a+b", "a b", true, true},
	    {"%C3%BC", "\xc3\xbc", false, true},
	    {"a%2Fb", "a/b", false, true},
	    {"%", "", false, false},
	    {"%4", "", false, false},
	    {"%zz", "", false, false},
	    {"%00", "", false, false},
	    {"%0a", "", false, false},
	    {"%7f", "", false, false},
	    {"%ff%fe", "", false, false},
	    {"\xff", "", false, false},
	    {"%c0%af", "", false, false},
	    {"%ed%a0%80", "", false, false},
	};

	return cr_make_param_array(struct decode_case, cases, COUNT_OF(cases));
}

ParameterizedTest(struct decode_case *c, web_text, decoding_gives_text_or_nothing)
{
	char out[32] = "";
	size_t n = 0;
	bool is_good = web_decode(str_of(c->text), c->plus_is_blank, out, &n);

	cr_assert_eq(is_good, c->is_good, "%s", c->text);
	if (is_good)
		cr_assert(str_equal((struct str){out, n}, str_of(c->out)), "%s", c->text);
}

Test(trace, a_good_one_goes_on_with_another_span)
{
	static const char given[] = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
	char out[TRACE_TEXT_BYTES];

	trace_begin(str_of(given), out);
	cr_assert_eq(strlen(out), sizeof given - 1);
	cr_assert_eq(memcmp(out, given, 36), 0);
	cr_assert_neq(memcmp(out + 36, given + 36, 16), 0);
	cr_assert_eq(strcmp(out + 52, "-01"), 0);
}

Test(trace, a_malformed_one_is_not_taken_over)
{
	static const char *const given[] = {"",
					    "00",
					    "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
					    "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
					    "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
					    "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-x"};
	char out[TRACE_TEXT_BYTES];

	for (size_t i = 0; i < COUNT_OF(given); i++) {
		trace_begin(str_of(given[i]), out);
		cr_assert_eq(strlen(out), (size_t)TRACE_TEXT_BYTES - 1, "%s", given[i]);
		cr_assert_neq(strncmp(out, given[i], 36), 0, "%s", given[i]);
	}
}
