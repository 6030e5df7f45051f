/* SPDX-License-Identifier: Apache-2.0 */
#include "allocate/plan.h"

#include <criterion/criterion.h>

static struct arena *arena;

static void
open_arena(void)
{
	arena = arena_new((size_t)1 << 24);
}

static void
close_arena(void)
{
	arena_free(arena);
}

TestSuite(plan, .init = open_arena, .fini = close_arena);

static struct stock_row
row(const char *item, const char *warehouse, int64_t priority, int64_t available)
{
	return (struct stock_row){str_of(item), str_of(warehouse), STR("wms"), priority, available};
}

static int64_t
taken(const struct plan *plan, size_t line, const char *warehouse)
{
	for (size_t c = 0; c < plan->lines[line].candidates_count; c++)
		if (str_equal(plan->lines[line].candidates[c].row->warehouse, str_of(warehouse)))
			return plan->lines[line].candidates[c].taken_micro;
	return 0;
}

static struct plan
decide(struct stock_row *rows, size_t n, const struct plan_need *needs, size_t needs_count, bool take_partly)
{
	struct stock_table table = {rows, n};
	struct plan plan;
	struct why why;

	stock_table_sort(&table);
	cr_assert_eq(plan_decide(needs, needs_count, &table, take_partly, arena, &plan, &why), OUTCOME_OK);
	return plan;
}

Test(plan, one_warehouse_for_all_beats_a_nearer_one_for_some)
{
	struct stock_row rows[] = {row("A", "EAST", 1, 10), row("B", "EAST", 1, 0), row("A", "WEST", 2, 10),
				   row("B", "WEST", 2, 10)};
	struct plan_need needs[] = {{STR("A"), 5}, {STR("B"), 5}};
	struct plan plan = decide(rows, 4, needs, 2, true);

	cr_assert(plan.is_whole);
	cr_assert_eq(plan.warehouses_count, 1);
	cr_assert_eq(taken(&plan, 0, "WEST"), 5);
	cr_assert_str_eq(plan.lines[0].candidates[0].reason, "fewer-splits");
	cr_assert_str_eq(plan.lines[1].candidates[0].reason, "no-stock");
}

Test(plan, priority_decides_between_equals)
{
	struct stock_row rows[] = {row("A", "WEST", 2, 10), row("A", "EAST", 1, 10)};
	struct plan_need needs[] = {{STR("A"), 5}};
	struct plan plan = decide(rows, 2, needs, 1, true);

	cr_assert_eq(taken(&plan, 0, "EAST"), 5);
}

Test(plan, fewest_splits_when_no_warehouse_has_all)
{
	struct stock_row rows[] = {row("A", "N", 1, 4), row("A", "S", 2, 4), row("A", "E", 3, 7), row("A", "W", 4, 3)};
	struct plan_need needs[] = {{STR("A"), 10}};
	struct plan plan = decide(rows, 4, needs, 1, true);

	cr_assert(plan.is_whole);
	cr_assert_eq(plan.warehouses_count, 2);
	cr_assert_eq(taken(&plan, 0, "E") + taken(&plan, 0, "N"), 10);
}

Test(plan, what_is_short_is_taken_partly_or_not_at_all)
{
	struct stock_row rows[] = {row("A", "EAST", 1, 3)};
	struct plan_need needs[] = {{STR("A"), 5}};
	struct plan plan = decide(rows, 1, needs, 1, true);

	cr_assert_not(plan.is_whole);
	cr_assert_eq(plan.lines[0].allocated_micro, 3);
	rows[0].available_micro = 3;
	plan = decide(rows, 1, needs, 1, false);
	cr_assert_eq(plan.lines[0].allocated_micro, 0);
	cr_assert_eq(rows[0].available_micro, 3);
}

Test(plan, two_lines_of_one_item_never_take_more_than_there_is)
{
	struct stock_row rows[] = {row("A", "EAST", 1, 7)};
	struct plan_need needs[] = {{STR("A"), 5}, {STR("A"), 5}};
	struct plan plan = decide(rows, 1, needs, 2, true);

	cr_assert_eq(plan.lines[0].allocated_micro + plan.lines[1].allocated_micro, 7);
	cr_assert_eq(rows[0].available_micro, 0);
}

Test(plan, an_item_nobody_has_is_short)
{
	struct plan_need needs[] = {{STR("A"), 1}};
	struct plan plan = decide(NULL, 0, needs, 1, true);

	cr_assert_not(plan.is_whole);
	cr_assert_eq(plan.warehouses_count, 0);
}
