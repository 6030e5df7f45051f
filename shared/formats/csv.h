/* SPDX-License-Identifier: Apache-2.0 */
/*
 * csv - delimited records as RFC 4180 has them
 * Records end with LF or CRLF, the last one may end with the file. A field in quotes may hold delimiters, line ends and
 * doubled quotes; elsewhere a quote, a lone CR or a NUL is a fault of its record. UTF-8 only; a byte order mark is
 * skipped.
 */
#ifndef TRIBUTARY_FORMATS_CSV_H
#define TRIBUTARY_FORMATS_CSV_H

#include "base/arena.h"

#define CSV_FIELDS_MAX 512

struct csv {
	struct str rest; /* not yet read */
	size_t line;     /* of rest, from 1 */
	char delimiter;
	char quote; /* NUL: nothing is quoted */
};

struct csv_record {
	struct str fields[CSV_FIELDS_MAX]; /* views into the bytes, or copies in the arena where quotes were doubled */
	size_t n;
	size_t line; /* its first one */
};

struct csv_fault {
	size_t line;
	const char *text; /* a literal */
};

enum csv_status {
	CSV_RECORD,
	CSV_END,
	CSV_FAULT,    /* not RFC 4180, but its end is known: the record holds what could be read, the next may follow */
	CSV_UNCLOSED, /* a quote that never closes: nothing can be read behind it */
	CSV_NO_MEMORY, /* the arena's cap is reached */
};

void csv_init(struct csv *c, struct str bytes, char delimiter, char quote);
/*
 * csv_next - the next record
 * fault  written when the answer is neither CSV_RECORD nor CSV_END: the first thing that is wrong
 */
enum csv_status csv_next(struct csv *c, struct arena *arena, struct csv_record *record, struct csv_fault *fault);

#endif
