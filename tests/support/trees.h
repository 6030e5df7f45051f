/* SPDX-License-Identifier: Apache-2.0 */
/*
 * trees - what the tests of all formats share: an arena, the last refusal, a tree as text
 * A test runs in a process of its own; the arena is there between trees_setup and trees_teardown.
 */
#ifndef TRIBUTARY_TESTS_TREES_H
#define TRIBUTARY_TESTS_TREES_H

#include "formats/tree.h"

extern struct arena *arena;
extern struct why why;

void trees_setup(void);
void trees_teardown(void);
/* trees_json - the node as JSON, in the arena */
const char *trees_json(const struct node *n);

#endif
