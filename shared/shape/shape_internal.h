/* SPDX-License-Identifier: Apache-2.0 */
/*
 * shape_internal - what the files of shape/ share
 */
#ifndef TRIBUTARY_SHAPE_SHAPE_INTERNAL_H
#define TRIBUTARY_SHAPE_SHAPE_INTERNAL_H

#include "shape/shape.h"

#define SHAPE_HASH_EMPTY UINT64_C(14695981039346656037)

/* The path of `prefix`, `dot` and `piece`: what is looked for is never put together. */
struct shape_name {
	struct str prefix, dot, piece;
	uint64_t hash;
};

/* shape_hash - FNV-1a, on from another hash */
uint64_t shape_hash(uint64_t hash, struct str s);
struct shape_name shape_name_below(const struct shape_path *parent, struct str piece);
/* shape_path_find - NULL when it is not known; then *slot is where it belongs */
struct shape_path *shape_path_find(const struct shape *s, const struct shape_name *name, size_t *slot);
/* shape_path_add - NULL beyond the limits; pointers to other paths are void after it */
struct shape_path *shape_path_add(struct shape *s, uint32_t parent, const struct shape_name *name);

#endif
