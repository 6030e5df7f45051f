/* SPDX-License-Identifier: Apache-2.0 */
#include "allocate/plan.h"

#include <stdlib.h>

/* The warehouses that have anything an order wants; a set of them is a bit mask over this list. */
struct choice {
	struct str names[PLAN_WAREHOUSES_MAX];
	int64_t priorities[PLAN_WAREHOUSES_MAX];
	size_t n;
};

static int
by_item(const void *a, const void *b)
{
	const struct stock_row *x = a, *y = b;
	int order = str_compare(x->item_no, y->item_no);

	if (order)
		return order;
	if (x->priority != y->priority)
		return x->priority < y->priority ? -1 : 1;
	return str_compare(x->warehouse, y->warehouse);
}

void
stock_table_sort(struct stock_table *table)
{
	if (table->n)
		qsort(table->rows, table->n, sizeof *table->rows, by_item);
}

/* The rows of one item: first and how many. */
static struct stock_row *
rows_of(struct stock_table *table, struct str item_no, size_t *count)
{
	size_t low = 0, high = table->n, end;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (str_compare(table->rows[middle].item_no, item_no) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	for (end = low; end < table->n && str_equal(table->rows[end].item_no, item_no); end++)
		;
	*count = end - low;
	return table->rows + low;
}

static enum outcome
lines_open(const struct plan_need *needs, size_t n, struct stock_table *table, struct arena *arena, struct plan *plan,
	   struct why *why)
{
	*plan = (struct plan){.lines = arena_array(arena, n, sizeof *plan->lines), .n = n};
	for (size_t i = 0; plan->lines && i < n; i++) {
		struct plan_line *line = &plan->lines[i];
		struct stock_row *rows = rows_of(table, needs[i].item_no, &line->candidates_count);

		line->ordered_micro = needs[i].quantity_micro;
		line->candidates = arena_array(arena, line->candidates_count, sizeof *line->candidates);
		if (!line->candidates)
			return why_set(why, OUTCOME_DEAD, "too-large", "no memory for the plan");
		for (size_t c = 0; c < line->candidates_count; c++)
			line->candidates[c].row = &rows[c];
	}
	if (!plan->lines)
		return why_set(why, OUTCOME_DEAD, "too-large", "no memory for the plan");
	return OUTCOME_OK;
}

/* Index of the warehouse in the choice; PLAN_WAREHOUSES_MAX when it is none of them. */
static size_t
choice_index(const struct choice *choice, struct str warehouse)
{
	size_t i = 0;

	while (i < choice->n && !str_equal(choice->names[i], warehouse))
		i++;
	return i < choice->n ? i : PLAN_WAREHOUSES_MAX;
}

/* Keeps the list sorted by priority, so that a lower mask bit is a better warehouse. */
static void
choice_add(struct choice *choice, const struct stock_row *row)
{
	size_t at = choice->n;

	if (choice->n == PLAN_WAREHOUSES_MAX || choice_index(choice, row->warehouse) < PLAN_WAREHOUSES_MAX)
		return;
	while (at > 0 && choice->priorities[at - 1] > row->priority) {
		choice->names[at] = choice->names[at - 1];
		choice->priorities[at] = choice->priorities[at - 1];
		at--;
	}
	choice->names[at] = row->warehouse;
	choice->priorities[at] = row->priority;
	choice->n++;
}

static uint64_t
bit_of(const struct choice *choice, const struct stock_row *row)
{
	size_t i = choice_index(choice, row->warehouse);

	return i < PLAN_WAREHOUSES_MAX ? UINT64_C(1) << i : 0;
}

static bool
is_in(const struct choice *choice, uint64_t set, const struct stock_row *row)
{
	return (set & bit_of(choice, row)) != 0;
}

static void
take(struct plan_line *line, struct plan_candidate *c, int64_t want_micro)
{
	/* The table is the caller's to change; the plan only points into it. */
	struct stock_row *row = (struct stock_row *)(uintptr_t)c->row;
	int64_t taken = want_micro < row->available_micro ? want_micro : row->available_micro;

	if (taken <= 0)
		return;
	row->available_micro -= taken;
	c->taken_micro += taken;
	line->allocated_micro += taken;
}

/* One line from a set of warehouses: from one alone if one has enough, else by priority. */
static void
line_fill(struct plan_line *line, const struct choice *choice, uint64_t set)
{
	for (size_t c = 0; c < line->candidates_count; c++)
		if (is_in(choice, set, line->candidates[c].row) &&
		    line->candidates[c].row->available_micro >= line->ordered_micro) {
			take(line, &line->candidates[c], line->ordered_micro);
			return;
		}
	for (size_t c = 0; c < line->candidates_count && line->allocated_micro < line->ordered_micro; c++)
		if (is_in(choice, set, line->candidates[c].row))
			take(line, &line->candidates[c], line->ordered_micro - line->allocated_micro);
}

/* Puts back what was taken, so that another set can be tried. */
static void
plan_undo(struct plan *plan)
{
	for (size_t i = 0; i < plan->n; i++)
		for (size_t c = 0; c < plan->lines[i].candidates_count; c++) {
			struct plan_candidate *candidate = &plan->lines[i].candidates[c];
			struct stock_row *row = (struct stock_row *)(uintptr_t)candidate->row;

			row->available_micro += candidate->taken_micro;
			plan->lines[i].allocated_micro -= candidate->taken_micro;
			candidate->taken_micro = 0;
		}
}

/* Fills all lines from the set; returns how much that gave. Two lines may want the same item: that is why it takes. */
static __int128
plan_fill(struct plan *plan, const struct choice *choice, uint64_t set)
{
	__int128 given = 0;

	for (size_t i = 0; i < plan->n; i++) {
		line_fill(&plan->lines[i], choice, set);
		given += plan->lines[i].allocated_micro;
	}
	return given;
}

static bool
set_gives(struct plan *plan, const struct choice *choice, uint64_t set, __int128 most)
{
	if (plan_fill(plan, choice, set) == most)
		return true;
	plan_undo(plan);
	return false;
}

/* Sets of one size, those with the better warehouses first (Gosper's hack counts them up). */
static bool
sets_try(struct plan *plan, const struct choice *choice, size_t size, __int128 most)
{
	/* In 128 bits, because the last set of 64 warehouses has no successor in 64. */
	unsigned __int128 end = (unsigned __int128)1 << choice->n;

	for (unsigned __int128 set = ((unsigned __int128)1 << size) - 1; set < end;) {
		unsigned __int128 low = set & -set, ripple = set + low;

		if (set_gives(plan, choice, (uint64_t)set, most))
			return true;
		set = ripple | (((set ^ ripple) >> 2) / low);
	}
	return false;
}

/* Too many warehouses to try every set: the one that adds most comes in, until nothing is missing. */
static void
set_grow(struct plan *plan, const struct choice *choice, __int128 most)
{
	uint64_t set = 0;

	for (size_t step = 0; step < choice->n; step++) {
		__int128 best_given = -1;
		size_t best = 0;

		for (size_t i = 0; i < choice->n; i++) {
			__int128 given;

			if (set >> i & 1)
				continue;
			given = plan_fill(plan, choice, set | UINT64_C(1) << i);
			plan_undo(plan);
			if (given > best_given) {
				best_given = given;
				best = i;
			}
		}
		set |= UINT64_C(1) << best;
		if (set_gives(plan, choice, set, most))
			return;
	}
}

static void
sets_search(struct plan *plan, const struct choice *choice, __int128 most)
{
	size_t size_max = choice->n <= PLAN_EXACT_WAREHOUSES ? choice->n : 1;

	for (size_t size = 1; size <= size_max; size++)
		if (sets_try(plan, choice, size, most))
			return;
	set_grow(plan, choice, most);
}

static void
reasons_give(struct plan *plan, const struct choice *choice)
{
	uint64_t used = 0;

	plan->is_whole = true;
	for (size_t i = 0; i < plan->n; i++) {
		struct plan_line *line = &plan->lines[i];

		plan->is_whole = plan->is_whole && line->allocated_micro == line->ordered_micro;
		for (size_t c = 0; c < line->candidates_count; c++) {
			struct plan_candidate *candidate = &line->candidates[c];

			if (candidate->taken_micro) {
				candidate->reason = "chosen";
				used |= bit_of(choice, candidate->row);
			} else {
				candidate->reason = candidate->available_micro > 0 ? "fewer-splits" : "no-stock";
			}
		}
	}
	plan->warehouses_count = (size_t)__builtin_popcountll(used);
}

enum outcome
plan_decide(const struct plan_need *needs, size_t n, struct stock_table *table, bool take_partly, struct arena *arena,
	    struct plan *plan, struct why *why)
{
	struct choice choice = {.n = 0};
	__int128 most;
	enum outcome outcome = lines_open(needs, n, table, arena, plan, why);

	if (outcome != OUTCOME_OK)
		return outcome;
	for (size_t i = 0; i < n; i++)
		for (size_t c = 0; c < plan->lines[i].candidates_count; c++) {
			struct plan_candidate *candidate = &plan->lines[i].candidates[c];

			candidate->available_micro = candidate->row->available_micro;
			if (candidate->available_micro > 0)
				choice_add(&choice, candidate->row);
		}
	most = plan_fill(plan, &choice, UINT64_MAX);
	plan_undo(plan);
	if (most > 0)
		sets_search(plan, &choice, most);
	reasons_give(plan, &choice);
	if (!plan->is_whole && !take_partly)
		plan_undo(plan);
	return OUTCOME_OK;
}
