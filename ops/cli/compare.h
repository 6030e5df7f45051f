/* SPDX-License-Identifier: Apache-2.0 */
/*
 * compare - what a broker holds beside what it must hold
 * Both are definitions documents: ours, and the broker's answer to GET /api/definitions. Pure.
 */
#ifndef TRIBUTARY_CLI_COMPARE_H
#define TRIBUTARY_CLI_COMPARE_H

#include "formats/tree.h"

enum difference {
	DIFFERENCE_MISSING,
	DIFFERENCE_OTHER,   /* there, and not as it must be */
	DIFFERENCE_SURPLUS, /* there, our source knows nothing of it, and ours works all the same */
	DIFFERENCE_FOREIGN, /* surplus that changes what ours does: a policy (the highest priority wins), or a binding
			       of one of our exchanges (it takes messages, and a full queue behind it refuses them) */
};

/*
 * compare_said - what definitions_compare() calls for each difference
 * kind    exchange, queue, binding, policy, user, permission, topic permission
 * name    "events -> enrich (order.accepted.#)"
 * detail  "pattern is a, must be b"; empty unless DIFFERENCE_OTHER or DIFFERENCE_FOREIGN
 * All three are void after the call.
 */
typedef void (*compare_said)(void *context, enum difference difference, struct str kind, struct str name,
			     struct str detail);

/* definitions_compare - in our document's vhost only; sections that ours does not have are not compared */
void definitions_compare(const struct node *wanted, const struct node *found, compare_said said, void *context);

const char *difference_name(enum difference difference);

#endif
