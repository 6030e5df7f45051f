/* SPDX-License-Identifier: Apache-2.0 */
/*
 * csv - comma-separated records, strictly as RFC 4180 has them
 * Records end with LF or CRLF, the last one may end with the file. A field in quotes may hold commas, line ends and
 * doubled quotes; elsewhere a quote, a lone CR or a NUL is a fault. UTF-8 only; a byte order mark is skipped.
 */
#ifndef TRIBUTARY_CLI_CSV_H
#define TRIBUTARY_CLI_CSV_H

#include "base/arena.h"

#define CSV_FIELDS_MAX 64

struct csv {
	struct str rest; /* not yet read */
	size_t line;     /* of rest, from 1 */
};

struct csv_record {
	struct str fields[CSV_FIELDS_MAX]; /* views into the bytes, or copies in the arena where quotes were doubled */
	size_t n;
	size_t line; /* its first one */
};

enum csv_status { CSV_RECORD, CSV_END, CSV_FAULT };

void csv_init(struct csv *c, struct str bytes);
/*
 * csv_next - the next record
 * fault  written on CSV_FAULT only: what is wrong at record->line; nothing can be read behind it
 */
enum csv_status csv_next(struct csv *c, struct arena *arena, struct csv_record *record, const char **fault);

#endif
