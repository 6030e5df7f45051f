/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mirror_csv - one file of the mirror, read and checked by its table
 */
#ifndef TRIBUTARY_CLI_MIRROR_CSV_H
#define TRIBUTARY_CLI_MIRROR_CSV_H

#include "mirror_tables.h"

/* What a file holds, ready to be sent. */
struct mirror_content {
	size_t rows_count;
	struct rows *put;                        /* of table->put */
	struct rows *references[CSV_FIELDS_MAX]; /* per column that refers to something: (value, line); else NULL */
};

/*
 * mirror_csv_read - from the file's bytes to rows; what is wrong goes to problems, with line and column
 * bytes    borrowed, until the rows were sent
 * content  written always; of use when no problem was added
 */
void mirror_csv_read(const struct mirror_table *table, struct str bytes, struct arena *arena, struct problems *problems,
		     struct mirror_content *content);

#endif
