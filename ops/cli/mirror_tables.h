/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mirror_tables - the files that an ERP exports, their columns, and how each becomes a table's new content
 * To add a column: here, in the statement that puts it, in a migration, and in ops/sandbox/mirror/.
 */
#ifndef TRIBUTARY_CLI_MIRROR_TABLES_H
#define TRIBUTARY_CLI_MIRROR_TABLES_H

#include "formats/csv.h"
#include "problems.h"
#include "store/store.h"

enum mirror_type {
	MIRROR_TEXT,          /* not empty */
	MIRROR_TEXT_OR_EMPTY, /* "" has a meaning of its own */
	MIRROR_TEXT_OR_NULL,  /* empty: there is none */
	MIRROR_EMAIL_OR_NULL, /* one @ with something on both sides */
	MIRROR_GTIN_OR_NULL,  /* 8, 12, 13 or 14 digits with the right check digit (GS1 General Specifications 7.9) */
	MIRROR_GLN_OR_NULL,   /* 13 digits, likewise */
	MIRROR_CURRENCY,      /* ISO 4217 */
	MIRROR_COUNTRY,       /* ISO 3166-1: two capital letters */
	MIRROR_KIND,          /* contract, group or list */
	MIRROR_BOOL,          /* true, false, yes, no, 1 or 0 */
	MIRROR_PRIORITY,      /* 1 to 1,000,000 */
	MIRROR_DECIMAL,       /* >= 0, at most six places; stored in millionths */
	MIRROR_DECIMAL_POSITIVE, /* > 0 */
	MIRROR_DATE,             /* 2026-01-31 */
	MIRROR_DATE_OR_NULL,
};

struct mirror_column {
	const char *name;
	enum mirror_type type;
	bool is_key;                        /* part of what may stand only once in the file */
	const struct statement *references; /* finds the lines whose value is unknown; NULL: refers to nothing */
};

/* A file's line while it is read. Values stand in the order of the table's columns. */
struct mirror_row {
	size_t line;
	struct str values[CSV_FIELDS_MAX];
};

struct mirror_table {
	const char *file;
	const struct mirror_column *columns;
	size_t columns_count;
	/* check - what a column alone cannot tell; says it in problems. May be NULL. */
	void (*check)(const struct mirror_table *table, const struct mirror_row *row, struct problems *problems);
	/* keep - asked with put's rows before it: answers (line, column, text) of rows that put makes otherwise than the file
	 * says. May be NULL. */
	const struct statement *keep;
	/* put - makes the file's rows the table's content; answers one row of bigint: new, changed, gone. The
	 * parameters are the columns in their order, and then the line. */
	const struct statement *put;
	/* since - asked after put with the time of the export: takes off what has changed since, and answers of how many rows.
	 * May be NULL. */
	const struct statement *since;
};

extern const struct mirror_table mirror_tables[]; /* what is referred to stands before what refers to it */
extern const size_t mirror_tables_count;

#endif
