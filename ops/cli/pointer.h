/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pointer - a place in a tree by JSON Pointer (RFC 6901): /lines/0/sku, "-" behind a list's last
 */
#ifndef TRIBUTARY_CLI_POINTER_H
#define TRIBUTARY_CLI_POINTER_H

#include "formats/tree.h"

/*
 * pointer_put - put `value` at the place, or remove what is there when it is NULL
 * before  what was there; NULL: nothing
 * OUTCOME_DEAD  codes: pointer-syntax pointer-missing (a part of the way is not there, or is no object or list; there is
 *               nothing to remove; the whole cannot be removed) too-large
 */
enum outcome pointer_put(struct node **root, struct str pointer, struct node *value, struct arena *arena,
			 const struct node **before, struct why *why) MUST_CHECK;

#endif
