/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plan_internal - between plan.c (what there is) and plan_rights.c (who may do what)
 */
#ifndef TRIBUTARY_TOPOLOGY_PLAN_INTERNAL_H
#define TRIBUTARY_TOPOLOGY_PLAN_INTERNAL_H

#include "base/arena.h"
#include "topology/plan.h"

#define PLAN_ANYTHING ".*"

struct planner {
	struct plan *plan;
	struct arena *arena;
	const struct topology *topology;
	const struct party_list *parties;
	struct plan_options options;
	bool failed; /* sticky: no memory */
};

/* planner_rows - zeroed room for `count` rows */
void *planner_rows(struct planner *p, size_t count, size_t size);
/* planner_text - formatted, from the arena; "" after a fault */
const char *planner_text(struct planner *p, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* planner_match_count - how many parties a name's pattern stands for; a plain name stands for itself: 1 */
size_t planner_match_count(const struct planner *p, const char *pattern);
/* planner_name - `pattern` with the index-th of them put in */
const char *planner_name(struct planner *p, const char *pattern, size_t index);

/* planner_regex - a regular expression for exactly this name; a pattern's place takes any party's name */
const char *planner_regex(struct planner *p, const char *name);

/* planner_rights - users, permissions, topic permissions */
void planner_rights(struct planner *p);

#endif
