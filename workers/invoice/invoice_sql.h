/* SPDX-License-Identifier: Apache-2.0 */
/*
 * invoice_sql - invoice's statements; the only place of this worker that knows columns
 */
#ifndef TRIBUTARY_INVOICE_SQL_H
#define TRIBUTARY_INVOICE_SQL_H

#include "invoice/bill.h"
#include "store/store.h"

/* order_id → order_id, document */
extern const struct statement invoice_orders_known;
/* order_id → order_id, line_no, base quantity, gross */
extern const struct statement invoice_lines_known;
/* count (one row) → the last of so many consecutive numbers */
extern const struct statement invoice_numbers_take;
extern const struct statement invoice_insert;
extern const struct statement invoice_lines_insert;

/* said  the invoice as it is published */
void invoice_put(struct rows *rows, const struct invoice *invoice, struct str said);
void invoice_lines_put(struct rows *rows, const struct bill *bill);

#endif
