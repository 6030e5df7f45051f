/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plan - from which warehouses an order is filled
 * Pure: it takes from a table of available stock in memory and says why. One warehouse for the whole order if there is
 * one, by priority; else the fewest warehouses that give as much as all together could; ties by priority.
 */
#ifndef TRIBUTARY_ALLOCATE_PLAN_H
#define TRIBUTARY_ALLOCATE_PLAN_H

#include "base/arena.h"
#include "base/outcome.h"

/* Up to so many warehouses every combination is tried; beyond, the one that gives most is added until all is given. */
#define PLAN_EXACT_WAREHOUSES 10
#define PLAN_WAREHOUSES_MAX 64

/* What one warehouse has of one item. */
struct stock_row {
	struct str item_no, warehouse, partner;
	int64_t priority; /* 1 is asked first */
	int64_t available_micro;
};

/* Sorted by item, priority, warehouse. */
struct stock_table {
	struct stock_row *rows;
	size_t n;
};

struct plan_need {
	struct str item_no;
	int64_t quantity_micro; /* > 0, base unit */
};

struct plan_candidate {
	const struct stock_row *row;
	int64_t available_micro, taken_micro; /* available before this order */
	const char *reason;                   /* chosen, no-stock, or fewer-splits */
};

struct plan_line {
	int64_t ordered_micro, allocated_micro;
	struct plan_candidate *candidates;
	size_t candidates_count;
};

struct plan {
	struct plan_line *lines; /* as the needs */
	size_t n;
	size_t warehouses_count; /* that ship something */
	bool is_whole;           /* every need is filled */
};

void stock_table_sort(struct stock_table *table);

/*
 * plan_decide - fill the needs from the table; what is taken is taken out of the table's availability
 * take_partly  false: when not every need can be filled, nothing is taken
 * OUTCOME_DEAD  code: too-large
 */
enum outcome plan_decide(const struct plan_need *needs, size_t n, struct stock_table *table, bool take_partly,
			 struct arena *arena, struct plan *plan, struct why *why) MUST_CHECK;

#endif
