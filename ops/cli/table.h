/* SPDX-License-Identifier: Apache-2.0 */
/*
 * table - rows for people (aligned columns) or for programs (a JSON list of objects)
 * Cells are put row by row, column by column. Sticky: after the first fault the puts do nothing and table_print() says
 * so. What comes from outside cannot move a terminal's cursor: control characters show as "?".
 */
#ifndef TRIBUTARY_CLI_TABLE_H
#define TRIBUTARY_CLI_TABLE_H

#include "base/outcome.h"

#include <stdio.h>

enum table_type {
	TABLE_TEXT,
	TABLE_NUMBER, /* aligned right, a JSON number */
};

struct table_column {
	const char *key;   /* of the JSON objects */
	const char *title; /* of the column */
	enum table_type type;
};

enum table_form { TABLE_FOR_PEOPLE, TABLE_JSON };

struct table;

/* table_new - the columns must outlive it; NULL without memory */
struct table *table_new(const struct table_column *columns, size_t n);
void table_free(struct table *t); /* NULL is fine */

/* table_text - copies; in a column of numbers it must be one: 12.34 */
void table_text(struct table *t, struct str text);
void table_int(struct table *t, int64_t number);
void table_null(struct table *t); /* nothing is known: "-", null */
size_t table_rows_count(const struct table *t);

/* table_print - false when memory failed on the way, or `out` did */
bool table_print(const struct table *t, FILE *out, enum table_form form) MUST_CHECK;

#endif
