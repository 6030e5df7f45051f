/* SPDX-License-Identifier: Apache-2.0 */
/*
 * arena - memory that is given back all at once
 * A batch's memory comes from one arena, which is cleared after the batch has settled; handlers never free. Blocks are
 * kept for the next batch, so a steady load allocates nothing. Capped: a batch that wants more than `max_bytes` is a
 * fault of its input, which the caller sees as NULL.
 */
#ifndef TRIBUTARY_BASE_ARENA_H
#define TRIBUTARY_BASE_ARENA_H

#include "base/str.h"

struct arena;

struct arena *arena_new(size_t max_bytes); /* NULL without memory */
void arena_free(struct arena *a);          /* NULL is fine */
void arena_clear(struct arena *a);         /* everything given out is void */
size_t arena_used_bytes(const struct arena *a);

/* A place to come back to: what is given out after arena_mark is void after arena_rewind. */
struct arena_mark {
	void *block;
	size_t block_used, used_bytes;
};

struct arena_mark arena_mark(const struct arena *a);
void arena_rewind(struct arena *a, struct arena_mark mark);

/* arena_get - n zeroed bytes, aligned for any type; NULL when the cap is reached */
void *arena_get(struct arena *a, size_t n);
/* arena_array - count zeroed elements of `size` bytes; NULL on overflow or when the cap is reached */
void *arena_array(struct arena *a, size_t count, size_t size);
/* arena_str - a copy of s with a NUL after it; p is NULL when the cap is reached */
struct str arena_str(struct arena *a, struct str s);
/* arena_text - the same as a C string */
const char *arena_text(struct arena *a, struct str s);
/* arena_printf - formatted text; p is NULL when the cap is reached */
struct str arena_printf(struct arena *a, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
