/* SPDX-License-Identifier: Apache-2.0 */
/*
 * report - what a query finds, as a table for people or as JSON
 * The statement returns one text: a JSON list of objects (json_agg). The table's titles are its keys.
 */
#ifndef TRIBUTARY_CLI_REPORT_H
#define TRIBUTARY_CLI_REPORT_H

#include "store/store.h"

#include <stdio.h>

/*
 * report_query - runs the statement in a transaction of its own
 * json  the text, in the arena
 */
enum outcome report_query(struct store *store, const struct rows *rows, struct arena *arena, struct str *json,
			  struct why *why) MUST_CHECK;
/* report_table - the list as aligned columns; `none` is said when it is empty */
void report_table(struct str json, struct arena *arena, const char *none, FILE *out);
/* report_page - the first object of the list, a line per value */
void report_page(struct str json, struct arena *arena, FILE *out);
/* report_print - both: as JSON with a newline, or as a table; returns the exit code (0, or 1 after saying why) */
int report_print(struct store *store, const struct rows *rows, bool as_json, const char *none);

#endif
