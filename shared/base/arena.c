/* SPDX-License-Identifier: Apache-2.0 */
#include "base/arena.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK_BYTES ((size_t)64 * 1024)
#define ALIGN_BYTES _Alignof(max_align_t)

/* Blocks form a chain; those after `current` are empty and wait to be used again. */
struct block {
	struct block *next;
	size_t size;
	size_t used;
	_Alignas(max_align_t) unsigned char bytes[];
};

struct arena {
	struct block *first;
	struct block *current;
	size_t max_bytes;
	size_t used_bytes;
};

struct arena *
arena_new(size_t max_bytes)
{
	struct arena *a = calloc(1, sizeof *a);

	if (a)
		a->max_bytes = max_bytes;
	return a;
}

void
arena_free(struct arena *a)
{
	if (!a)
		return;
	for (struct block *b = a->first; b;) {
		struct block *next = b->next;

		free(b);
		b = next;
	}
	free(a);
}

void
arena_clear(struct arena *a)
{
	struct block **link = &a->first;

	/* Oversized blocks are not kept: one giant document must not become the process's size for ever. */
	while (*link) {
		struct block *b = *link;

		if (b->size > BLOCK_BYTES) {
			*link = b->next;
			free(b);
		} else {
			b->used = 0;
			link = &b->next;
		}
	}
	a->current = a->first;
	a->used_bytes = 0;
}

size_t
arena_used_bytes(const struct arena *a)
{
	return a->used_bytes;
}

struct arena_mark
arena_mark(const struct arena *a)
{
	return (struct arena_mark){a->current, a->current ? a->current->used : 0, a->used_bytes};
}

void
arena_rewind(struct arena *a, struct arena_mark mark)
{
	struct block *marked = mark.block;

	/* A mark in an empty arena knows no block; the first one is the place then. */
	for (struct block *b = marked ? marked->next : a->first; b; b = b->next)
		b->used = 0;
	if (marked)
		marked->used = mark.block_used;
	a->current = marked ? marked : a->first;
	a->used_bytes = mark.used_bytes;
}

static struct block *
block_add(struct arena *a, size_t n)
{
	size_t size = n > BLOCK_BYTES ? n : BLOCK_BYTES;
	struct block *b = malloc(sizeof *b + size);

	if (!b)
		return NULL;
	b->size = size;
	b->used = 0;
	if (a->current) {
		b->next = a->current->next;
		a->current->next = b;
	} else {
		b->next = a->first;
		a->first = b;
	}
	a->current = b;
	return b;
}

void *
arena_get(struct arena *a, size_t n)
{
	struct block *b = a->current;
	void *p;

	if (n > a->max_bytes)
		return NULL;
	n = (n + ALIGN_BYTES - 1) / ALIGN_BYTES * ALIGN_BYTES;
	if (n > a->max_bytes - a->used_bytes)
		return NULL;
	/* Only one step: what does not fit into the next, empty block gets one of its own before it, and the empty ones stay
	 * to be used. Passed over they would be missing until the next clear, at each of which there would be more. */
	if (b && b->size - b->used < n && b->next && b->next->used == 0 && b->next->size >= n) {
		b = b->next;
		a->current = b;
	}
	if (!b || b->size - b->used < n)
		b = block_add(a, n);
	if (!b)
		return NULL;
	p = b->bytes + b->used;
	b->used += n;
	a->used_bytes += n;
	return memset(p, 0, n);
}

void *
arena_array(struct arena *a, size_t count, size_t size)
{
	size_t n;

	if (__builtin_mul_overflow(count, size, &n))
		return NULL;
	return arena_get(a, n ? n : 1);
}

struct str
arena_str(struct arena *a, struct str s)
{
	char *p = arena_get(a, s.n + 1);

	if (!p)
		return (struct str){NULL, 0};
	if (s.n)
		memcpy(p, s.p, s.n);
	return (struct str){p, s.n};
}

const char *
arena_text(struct arena *a, struct str s)
{
	return arena_str(a, s).p;
}

struct str
arena_printf(struct arena *a, const char *format, ...)
{
	va_list args;
	char *p;
	int n;

	va_start(args, format);
	n = vsnprintf(NULL, 0, format, args);
	va_end(args);
	p = n < 0 ? NULL : arena_get(a, (size_t)n + 1);
	if (!p)
		return (struct str){NULL, 0};
	va_start(args, format);
	vsnprintf(p, (size_t)n + 1, format, args);
	va_end(args);
	return (struct str){p, (size_t)n};
}
