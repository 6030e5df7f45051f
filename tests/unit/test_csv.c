/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/csv.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

/* Records joined by ';', fields by '|'; a fault as "!line reason". */
static const char *
read_all(struct str bytes)
{
	static char text[4096];
	struct arena *arena = arena_new(1 << 20);
	struct csv_record record;
	enum csv_status status;
	struct csv_fault fault;
	struct csv csv;
	size_t n = 0;

	csv_init(&csv, bytes, ',', '"');
	text[0] = '\0';
	while ((status = csv_next(&csv, arena, &record, &fault)) == CSV_RECORD) {
		for (size_t i = 0; i < record.n; i++)
			n += (size_t)snprintf(text + n, sizeof text - n, "%s%.*s", i ? "|" : "",
					      STR_ARGS(record.fields[i]));
		n += (size_t)snprintf(text + n, sizeof text - n, ";");
	}
	if (status != CSV_END)
		snprintf(text + n, sizeof text - n, "!%zu %s", fault.line, fault.text);
	arena_free(arena);
	return text;
}

#define READS(bytes, expected) cr_assert_str_eq(read_all(STR(bytes)), expected)

Test(csv, records_end_with_lf_crlf_or_the_file)
{
	READS("a,b\nc,d\n", "a|b;c|d;");
	READS("a,b\r\nc,d\r\n", "a|b;c|d;");
	READS("a,b\nc,d", "a|b;c|d;");
	READS("", "");
	READS("\n", ";");
	READS("a,\n,b\n,\n", "a|;|b;|;");
	READS("a,", "a|;");
}

Test(csv, quotes_hold_commas_line_ends_and_quotes)
{
	READS("\"a,b\",\"c\r\nd\",\"say \"\"hi\"\"\"\n", "a,b|c\r\nd|say \"hi\";");
	READS("\"\",\"\"\"\"", "|\";");
	READS("\"a\"\r\n", "a;");
}

Test(csv, a_byte_order_mark_is_skipped)
{
	READS("\xEF\xBB\xBF"
	      "a\n",
	      "a;");
}

Test(csv, what_is_not_rfc_4180_is_a_fault_with_its_line)
{
	READS("a\nb\"c\n", "a;!2 a quote inside a field that does not begin with one");
	READS("\"a\nb\",\"c\" d\n", "!2 text behind a closing quote");
	READS("a\n\"b\nc", "a;!2 a quote that is never closed");
	READS("a\rb\n", "!1 a carriage return that ends no line");
	READS("a\0b\n", "!1 a NUL byte");
	READS("\"a\0b\"\n", "!1 a NUL byte");
	READS("a\n\xFF\n", "a;!2 bytes that are not UTF-8");
}

Test(csv, more_fields_than_the_limit_are_a_fault)
{
	char commas[CSV_FIELDS_MAX + 1];

	memset(commas, ',', sizeof commas);
	cr_assert(strstr(read_all((struct str){commas, CSV_FIELDS_MAX}), "too many fields"));
	cr_assert_not(strstr(read_all((struct str){commas, CSV_FIELDS_MAX - 1}), "!"));
}

Test(csv, a_record_knows_its_first_line)
{
	struct arena *arena = arena_new(1 << 20);
	struct csv_record record;
	struct csv_fault fault;
	struct csv csv;

	csv_init(&csv, STR("\"a\n\n\"\nb\n"), ',', '"');
	cr_assert_eq(csv_next(&csv, arena, &record, &fault), CSV_RECORD);
	cr_assert_eq(record.line, 1);
	cr_assert_eq(csv_next(&csv, arena, &record, &fault), CSV_RECORD);
	cr_assert_eq(record.line, 4);
	cr_assert_eq(csv_next(&csv, arena, &record, &fault), CSV_END);
	arena_free(arena);
}
