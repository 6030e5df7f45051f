/* SPDX-License-Identifier: Apache-2.0 */
#include "store/rows.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <string.h>

static const struct statement all = {"all", "UTBINOZ", ""};

static void
bytes_assert(const struct rows *r, size_t column, const char *bytes, size_t n)
{
	struct str array = rows_array(r, column);

	cr_assert_eq(array.n, n, "column %zu has %zu bytes", column, array.n);
	cr_assert_eq(memcmp(array.p, bytes, n), 0, "column %zu", column);
}

#define BYTES(literal) literal, sizeof(literal) - 1
#define HEAD(oid) "\0\0\0\1\0\0\0\0" oid "\0\0\0\1\0\0\0\1"

Test(rows, each_type_is_the_servers_array)
{
	struct arena *arena = arena_new(1 << 20);
	struct rows *r = rows_new(&all, arena);
	struct uuid id;

	memset(id.bytes, 'u', sizeof id.bytes);
	rows_uuid(r, id);
	rows_text(r, STR("abc"));
	rows_bytes(r, STR("\0\377"));
	rows_int(r, -2);
	rows_int(r, -2);
	rows_bool(r, true);
	rows_instant(r, INT64_C(946684800000001));
	cr_assert_eq(rows_count(r), 1);
	bytes_assert(r, 0, BYTES(HEAD("\0\0\x0B\x86") "\0\0\0\20uuuuuuuuuuuuuuuu"));
	bytes_assert(r, 1,
		     BYTES(HEAD("\0\0\0\x19") "\0\0\0\3"
					      "abc"));
	bytes_assert(r, 2, BYTES(HEAD("\0\0\0\x11") "\0\0\0\2\0\377"));
	bytes_assert(r, 3, BYTES(HEAD("\0\0\0\x14") "\0\0\0\10\377\377\377\377\377\377\377\376"));
	bytes_assert(r, 4, BYTES(HEAD("\0\0\0\x17") "\0\0\0\4\377\377\377\376"));
	bytes_assert(r, 5, BYTES(HEAD("\0\0\0\x10") "\0\0\0\1\1"));
	bytes_assert(r, 6, BYTES(HEAD("\0\0\x04\xA0") "\0\0\0\10\0\0\0\0\0\0\0\1"));
	arena_free(arena);
}

Test(rows, no_rows_are_an_array_without_dimensions)
{
	struct arena *arena = arena_new(1 << 20);

	bytes_assert(rows_new(&all, arena), 1, BYTES("\0\0\0\0\0\0\0\0\0\0\0\x19"));
	arena_free(arena);
}

Test(rows, a_null_is_flagged_and_the_other_columns_are_not)
{
	static const struct statement two = {"two", "TT", ""};
	struct arena *arena = arena_new(1 << 20);
	struct rows *r = rows_new(&two, arena);

	rows_text(r, STR(""));
	rows_text_or_null(r, STR(""));
	bytes_assert(r, 0, BYTES(HEAD("\0\0\0\x19") "\0\0\0\0"));
	bytes_assert(r, 1, BYTES("\0\0\0\1\0\0\0\1\0\0\0\x19\0\0\0\1\0\0\0\1\377\377\377\377"));
	arena_free(arena);
}

Test(rows, many_rows_grow_and_keep_what_was_put)
{
	static const struct statement text = {"text", "T", ""};
	struct arena *arena = arena_new(1 << 24);
	struct rows *r = rows_new(&text, arena);
	struct str array;

	for (int i = 0; i < 10000; i++)
		rows_text(r, STR("0123456789"));
	array = rows_array(r, 0);
	cr_assert_eq(array.n, 20 + 10000 * 14);
	cr_assert_eq(memcmp(array.p + array.n - 14, "\0\0\0\0120123456789", 14), 0);
	cr_assert_eq(rows_array(rows_as(r, &text), 0).n, array.n);
	arena_free(arena);
}

Test(rows, a_full_arena_is_a_fault_that_stays)
{
	static const struct statement text = {"text", "T", ""};
	struct arena *arena = arena_new(1000);
	struct rows *r = rows_new(&text, arena);

	for (int i = 0; i < 100; i++)
		rows_text(r, STR("0123456789"));
	cr_assert_eq(r->fault, OUTCOME_DEAD);
	cr_assert_str_eq(r->why.code, "too-large");
	cr_assert_eq(rows_count(r), 100);
	rows_text(NULL, STR("no rows at all are fine"));
	cr_assert_eq(rows_count(NULL), 0);
	arena_free(arena);
}

Test(rows, a_number_that_does_not_fit_is_the_datas_fault)
{
	static const struct statement narrow = {"narrow", "N", ""};
	struct arena *arena = arena_new(1 << 20);
	struct rows *r = rows_new(&narrow, arena);

	rows_int(r, INT64_C(1) << 31);
	cr_assert_eq(r->fault, OUTCOME_DEAD);
	cr_assert_str_eq(r->why.code, "postgres-data");
	arena_free(arena);
}

Test(rows, an_instant_before_all_time_is_the_datas_fault)
{
	static const struct statement instant = {"instant", "Z", ""};
	struct arena *arena = arena_new(1 << 20);
	struct rows *r = rows_new(&instant, arena);

	rows_instant(r, INT64_MIN);
	cr_assert_eq(r->fault, OUTCOME_DEAD);
	arena_free(arena);
}

Test(rows, a_put_of_another_type_is_a_bug, .signal = SIGABRT)
{
	rows_text(rows_new(&all, arena_new(1 << 20)), STR("not a uuid"));
}

Test(rows, a_put_without_parameters_is_a_bug, .signal = SIGABRT)
{
	static const struct statement none = {"none", "", ""};

	rows_null(rows_new(&none, arena_new(1 << 20)));
}

Test(rows, other_types_are_not_the_same_rows, .signal = SIGABRT)
{
	static const struct statement text = {"text", "T", ""};

	rows_as(rows_new(&all, arena_new(1 << 20)), &text);
}
