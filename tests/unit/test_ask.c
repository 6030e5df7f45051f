/* SPDX-License-Identifier: Apache-2.0 */
/* What answers to questions are made of: places in lists, words for callers, JSON, instants, traces. */
#include "base/base64.h"
#include "base/instant.h"
#include "formats/json_say.h"
#include "gateway/ask_cursor.h"
#include "gateway/ask_words.h"
#include "gateway/trace.h"

#include <criterion/criterion.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static struct cursor
cursor_make(int64_t at_us, unsigned char byte, int64_t number)
{
	struct cursor c = {.list = 'o', .at_us = at_us, .number = number};

	memset(c.id.bytes, byte, sizeof c.id.bytes);
	return c;
}

Test(ask_cursor, comes_back_as_it_went)
{
	const struct cursor cursors[] = {cursor_make(0, 0, 0), cursor_make(INT64_C(1790000000123456), 0xff, 1),
					 cursor_make(-1, 0x7f, INT64_MAX), cursor_make(INT64_MIN, 0x80, INT64_MIN)};

	for (size_t i = 0; i < COUNT_OF(cursors); i++) {
		char text[CURSOR_TEXT_BYTES];
		struct cursor back = {0};

		cursor_encode(&cursors[i], text);
		cr_assert_eq(strlen(text), CURSOR_TEXT_BYTES - 1);
		cr_assert_eq(strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"),
			     CURSOR_TEXT_BYTES - 1, "%s stands in a URL as it is", text);
		cr_assert(cursor_decode(str_of(text), 'o', &back));
		cr_assert_eq(back.at_us, cursors[i].at_us);
		cr_assert_eq(back.number, cursors[i].number);
		cr_assert(uuid_equal(back.id, cursors[i].id));
	}
}

Test(ask_cursor, of_another_list_or_cut_or_changed_is_none)
{
	const struct cursor cursor = cursor_make(5, 3, 7);
	char text[CURSOR_TEXT_BYTES];
	struct cursor back = {.at_us = 42};

	cursor_encode(&cursor, text);
	cr_expect_not(cursor_decode(str_of(text), 't', &back));
	cr_expect_not(cursor_decode((struct str){text, strlen(text) - 1}, 'o', &back));
	cr_expect_not(cursor_decode((struct str){NULL, 0}, 'o', &back));
	text[10] = '!';
	cr_expect_not(cursor_decode(str_of(text), 'o', &back));
	text[10] = '=';
	cr_expect_not(cursor_decode(str_of(text), 'o', &back));
	cr_expect_eq(back.at_us, 42, "and nothing was written");
}

Test(ask_words, are_for_callers)
{
	cr_expect_gt(words_of(STR("customer-unknown")).n, 0);
	cr_expect_eq(words_of(STR("postgres-away")).n, 0, "what is ours stays with us");
	cr_expect_eq(words_of(STR("")).n, 0);
	cr_expect(words_event_is_open(STR("invoice.issued")));
	cr_expect_not(words_event_is_open(STR("partner-asked")));
	cr_expect_not(words_event_is_open(STR("done")));
}

Test(json_say, numbers_of_every_length)
{
	const int64_t numbers[] = {0, -1, 9, 10, -10, 1234567890123, INT64_MAX, INT64_MIN, INT32_MIN, INT32_MAX};

	for (size_t i = 0; i < COUNT_OF(numbers); i++) {
		char wanted[32];
		struct buf out;

		snprintf(wanted, sizeof wanted, "{\"n\":%" PRId64 "}", numbers[i]);
		buf_init(&out, 64);
		json_open(&out, NULL, '{');
		json_say_int(&out, "n", numbers[i]);
		json_close(&out, '}');
		cr_expect_str_eq(buf_text(&out), wanted);
		buf_release(&out);
	}
}

Test(instant, of_any_year_is_as_it_was_read)
{
	static const char *const texts[] = {"0001-01-01T00:00:00Z",        "1969-12-31T23:59:59.999999Z",
					    "1970-01-01T00:00:00Z",        "2000-02-29T12:34:56.07Z",
					    "2026-11-25T23:54:19.866977Z", "9999-12-31T23:59:59.1Z"};

	for (size_t i = 0; i < COUNT_OF(texts); i++) {
		char text[INSTANT_TEXT_BYTES];
		int64_t us;

		cr_assert(instant_parse(str_of(texts[i]), &us), "%s", texts[i]);
		cr_expect_eq(instant_format(us, text), strlen(texts[i]));
		cr_expect_str_eq(text, texts[i]);
	}
}

Test(hex, is_two_digits_a_byte)
{
	char text[9];

	hex_format((struct str){"\x00\xff\x1a\xa1", 4}, text);
	cr_expect_str_eq(text, "00ff1aa1");
}

Test(trace, is_taken_over_with_a_span_of_ours_or_begun)
{
	const char *given = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00";
	char taken[TRACE_TEXT_BYTES], begun[TRACE_TEXT_BYTES];

	trace_begin(str_of(given), taken);
	cr_expect_eq(strlen(taken), strlen(given));
	cr_expect_eq(strncmp(taken, given, 36), 0, "the same trace");
	cr_expect_neq(strncmp(taken + 36, given + 36, 16), 0, "another span");
	cr_expect_str_eq(taken + 52, "-00");
	trace_begin(STR("00-nonsense"), begun);
	cr_expect_eq(strlen(begun), strlen(given));
	cr_expect_eq(strncmp(begun, "00-", 3), 0);
	cr_expect_eq(begun[35], '-');
	cr_expect_str_eq(begun + 52, "-01");
	cr_expect_eq(strspn(begun, "0123456789abcdef-"), strlen(given));
}
