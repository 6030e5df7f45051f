/* SPDX-License-Identifier: Apache-2.0 */
/*
 * enrich_sql - enrich's statements; the only place of this worker that knows columns
 */
#ifndef TRIBUTARY_ENRICH_SQL_H
#define TRIBUTARY_ENRICH_SQL_H

#include "model/order.h"
#include "store/store.h"

extern const struct statement enrich_insert;
/* the same for orders that were changed: a later content takes the place of an earlier one, and its lines go */
extern const struct statement enrich_replace;
extern const struct statement enrich_lines_insert;

/* said  the order as it is published */
void enrich_order_put(struct rows *rows, const struct order *order, struct str said, int64_t now_us);
void enrich_line_put(struct rows *rows, const struct order *order, size_t index);

#endif
