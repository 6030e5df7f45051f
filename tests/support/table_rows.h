/* SPDX-License-Identifier: Apache-2.0 */
/*
 * table_rows - the row numbers of a table, as parameters of a parameterized test
 * Criterion runs each case in a new process, where pointers of the old one say nothing: numbers do.
 */
#ifndef TRIBUTARY_TESTS_SUPPORT_TABLE_ROWS_H
#define TRIBUTARY_TESTS_SUPPORT_TABLE_ROWS_H

#include <stddef.h>

#define TABLE_ROWS_MAX 256

size_t *table_rows(size_t n);

#endif
