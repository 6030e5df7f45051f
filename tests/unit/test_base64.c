/* SPDX-License-Identifier: Apache-2.0 */
#include "base/base64.h"

#include <criterion/criterion.h>
#include <string.h>

/* RFC 4648, section 10 */
static const char *const pairs[][2] = {{"", ""},
				       {"f", "Zg=="},
				       {"fo", "Zm8="},
				       {"foo", "Zm9v"},
				       {"foob", "Zm9vYg=="},
				       {"fooba", "Zm9vYmE="},
				       {"foobar", "Zm9vYmFy"}};

Test(base64, the_rfcs_vectors_both_ways)
{
	for (size_t i = 0; i < COUNT_OF(pairs); i++) {
		unsigned char bytes[8];
		struct buf text;
		size_t n = 99;

		buf_init(&text, 64);
		base64_put(&text, str_of(pairs[i][0]));
		cr_assert_str_eq(buf_text(&text), pairs[i][1]);
		buf_release(&text);
		cr_assert(base64_decode(str_of(pairs[i][1]), bytes, sizeof bytes, &n));
		cr_assert_eq(n, strlen(pairs[i][0]));
		cr_assert(memcmp(bytes, pairs[i][0], n) == 0);
	}
}

Test(base64, what_is_none_is_refused)
{
	static const char *const bad[] = {"Z",     "Zg",     "Zg=",  "Zm9vY",    "====", "=Zg=",  "Zg==Zg==",
					  "Zm 9v", "Zm9v\n", "Zm-_", "Zm9v====", "Z===", "Zm9v ", "Zm9\xc3"};

	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		unsigned char bytes[16];
		size_t n = 0;

		cr_assert(!base64_decode(str_of(bad[i]), bytes, sizeof bytes, &n), "%s", bad[i]);
	}
	cr_assert(!base64_decode((struct str){"Zm\0v", 4}, (unsigned char[4]){0}, 4, &(size_t){0}));
}

Test(base64, nothing_is_written_behind_the_end)
{
	unsigned char bytes[4] = {0, 0, 0, 0xaa};
	size_t n;

	cr_assert(!base64_decode(STR("Zm9vYg=="), bytes, 3, &n));
	cr_assert(base64_decode(STR("Zm9v"), bytes, 3, &n));
	cr_assert(!base64_decode(STR("Zm9v"), bytes, 2, &n));
	cr_assert(base64_decode(STR("Zm8="), bytes, 2, &n));
	cr_assert_eq(bytes[3], 0xaa);
}

Test(base64, hexadecimal_is_of_exactly_that_length)
{
	unsigned char bytes[2];
	struct buf text;

	cr_assert(hex_decode(STR("0aFf"), bytes, 2));
	cr_assert(bytes[0] == 0x0a && bytes[1] == 0xff);
	cr_assert(!hex_decode(STR("0aF"), bytes, 2));
	cr_assert(!hex_decode(STR("0aFf0"), bytes, 2));
	cr_assert(!hex_decode(STR("0aFg"), bytes, 2));
	cr_assert(!hex_decode(STR(" 0aF"), bytes, 2));
	cr_assert(!hex_decode(STR(""), bytes, 2));
	buf_init(&text, 64);
	hex_put(&text, (struct str){"\x00\x7f\xff", 3});
	cr_assert_str_eq(buf_text(&text), "007fff");
	buf_release(&text);
}
