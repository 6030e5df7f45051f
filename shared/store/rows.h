/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rows - the inside of struct rows, for store.c: each parameter as a Postgres array in binary
 * A column's bytes, as array_recv() of the server reads them (all big-endian):
 *
 *   int32 dimensions (1; 0 of an empty array) | int32 has nulls | int32 element type
 *   | int32 elements | int32 lower bound (1) | per element: int32 length (-1 is NULL), bytes
 */
#ifndef TRIBUTARY_STORE_ROWS_H
#define TRIBUTARY_STORE_ROWS_H

#include "store/store.h"

#define ROWS_COLUMNS_MAX 64

/* A parameter being filled: 0 .. head .. n .. cap; the head is written last. */
struct column {
	unsigned char *p;
	size_t n, cap;
	bool has_null;
};

struct rows {
	const struct statement *statement;
	struct arena *arena;
	size_t columns_count;
	size_t next;  /* the column of the next put; 0 between rows */
	size_t count; /* whole rows */
	enum outcome fault;
	struct why why; /* of the fault */
	struct column columns[];
};

/* rows_array - one parameter as it goes to the server; valid until the next put */
struct str rows_array(const struct rows *r, size_t column);
/* rows_array_oid - the type of the array for a statement's letter, as declared when preparing */
unsigned rows_array_oid(char letter);

#endif
