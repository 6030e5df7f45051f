/* SPDX-License-Identifier: Apache-2.0 */
/*
 * problems - what is wrong with files, by file, line and column; the first hundred, the rest counted
 */
#ifndef TRIBUTARY_CLI_PROBLEMS_H
#define TRIBUTARY_CLI_PROBLEMS_H

#include "base/arena.h"

#include <stdio.h>

#define PROBLEMS_MAX 100

struct problem {
	const char *file;   /* borrowed, as column: names of the program's tables */
	size_t line;        /* 0: of the whole file */
	const char *column; /* "": of the whole line */
	struct str reason;
};

struct problems {
	struct arena *arena;
	size_t n; /* all, also those beyond PROBLEMS_MAX */
	struct problem list[PROBLEMS_MAX];
};

/* problems_add - one more; the reason is formatted into the arena */
void problems_add(struct problems *p, const char *file, size_t line, const char *column, const char *format, ...)
    __attribute__((format(printf, 5, 6)));
/* problems_print - "items.csv:12: column base_unit: is empty", a line each */
void problems_print(const struct problems *p, FILE *out);
/* problems_json - [{"file":…,"line":…,"column":…,"reason":…}, …] */
void problems_json(const struct problems *p, struct buf *out);

#endif
