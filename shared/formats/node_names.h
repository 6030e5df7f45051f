/* SPDX-License-Identifier: Apache-2.0 */
/*
 * node_names - the members of one large object by name, while it is parsed
 * Open addressing, at most half full, seeded: nobody can make up names that all fall into one place.
 */
#ifndef TRIBUTARY_FORMATS_NODE_NAMES_H
#define TRIBUTARY_FORMATS_NODE_NAMES_H

#include "formats/tree.h"

#define NODE_NAMES_PAIRWISE 16 /* up to so many members comparing all names is faster than hashing them */

struct node_names {
	struct node **slots; /* from the arena */
	size_t mask;
	uint64_t seed;
};

/* node_names_init - an empty table for `count` names; false when the arena's cap is reached */
bool node_names_init(struct node_names *names, struct arena *arena, size_t count);
/* node_names_place - holds the node of that key, or NULL: put it there */
struct node **node_names_place(struct node_names *names, struct str key);

#endif
