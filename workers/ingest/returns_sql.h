/* SPDX-License-Identifier: Apache-2.0 */
/*
 * returns_sql - the statements of returns.c
 */
#ifndef TRIBUTARY_INGEST_RETURNS_SQL_H
#define TRIBUTARY_INGEST_RETURNS_SQL_H

#include "ingest/returns.h"
#include "intake/intake.h"

/* party, order_id or NULL, its number or '' → ordinal from 1, order_id, number: all that it may be */
extern const struct statement returns_orders_find;
/* return_id → return_id, is it requested (else refused), content_sha256 */
extern const struct statement returns_known;
/* order_id → order_id, and a struct returnable but for asked_micro; by order and line */
extern const struct statement returns_lines_find;
/* how many → the last number of the series */
extern const struct statement returns_numbers_take;
/* in place of one that was refused */
extern const struct statement returns_put;
extern const struct statement returns_lines_insert;

struct returnable returns_line_read(const struct result *r, size_t row);

/* returns_row_put - a request that was taken, or, with a code, refused */
void returns_row_put(struct rows *rows, const struct batch *batch, const struct item *item, const char *code);
void returns_lines_put(struct rows *rows, const struct return_request *request);

#endif
