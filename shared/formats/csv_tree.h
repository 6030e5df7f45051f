/* SPDX-License-Identifier: Apache-2.0 */
/*
 * csv_tree - a partner's delimited text to a tree, and rows back to text
 *
 *   { "format": "csv", "columns": ["BsNr", "Menge"],
 *     "rows": [ { "line": "2", "BsNr": "poRef_1", "Menge": "10" },
 *               { "line": "3", "fault": "line 3: 1 cell, 2 columns", "BsNr": "poRef_2" } ] }
 *
 * Every value is text as it was written (without its quotes): leading zeros stay, decimal commas stay. Empty cells are
 * left out, and so are lines without any text in their cells. A row that is not what the columns say has a `fault`
 * beside the cells that could be read: its order can be named and refused, the others go on.
 */
#ifndef TRIBUTARY_FORMATS_CSV_TREE_H
#define TRIBUTARY_FORMATS_CSV_TREE_H

#include "formats/tree.h"

/*
 * What cannot be seen in the file itself.
 * columns  borrowed; names when there is no header, or names instead of those that the header gives
 */
struct csv_dialect {
	char delimiter;
	char quote; /* NUL: nothing is quoted */
	bool has_header;
	const char *encoding; /* charset.h; NULL is utf-8; utf-16 needs a byte order mark */
	const char *const *columns;
	size_t columns_count;
};

/*
 * csv_tree_parse - parse one file
 * document  borrowed; the tree points into it when it is UTF-8
 * dialect   borrowed; the tree keeps nothing of it
 * arena     holds the nodes
 * root      written on OUTCOME_OK only
 *
 * OUTCOME_DEAD  no line, or columns that are empty, named twice, or named like our own members   code: csv-header
 *               a quote that never closes                                                        code: csv-quote
 *               bytes that the encoding does not have, an encoding that we do not                code: csv-encoding
 *               beyond a limit                      codes: document-too-large document-too-many-nodes
 */
enum outcome csv_tree_parse(struct str document, const struct csv_dialect *dialect, const struct tree_limits *limits,
			    struct arena *arena, struct node **root, struct why *why) MUST_CHECK;

/*
 * csv_put_row - one line of our own, ended by CRLF (RFC 4180), UTF-8
 * A cell is quoted where it must be. One that a spreadsheet would run (it begins with = + - @, a tab or a CR and is no
 * plain number) gets an apostrophe in front.
 * out    sticky; fails too when a cell needs quotes and the dialect has none
 * cells  borrowed; n of them
 */
void csv_put_row(struct buf *out, const struct csv_dialect *dialect, const struct str *cells, size_t n);

#endif
