/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stock_report - a party's word about what it has in stock: X12 846
 * Contract "stock-report", version 1. Said as stock.reported. It changes nothing in our own books: there the ERP decides.
 */
#ifndef TRIBUTARY_MODEL_STOCK_REPORT_H
#define TRIBUTARY_MODEL_STOCK_REPORT_H

#include "contract/contract.h"

struct stock_level {
	struct str sku, gtin, unit; /* sku or gtin is there */
	int64_t quantity_micro;
};

struct stock_report {
	struct str party;
	struct str number;    /* of the report */
	struct str warehouse; /* the party's number of the place; may be empty */
	int64_t reported_at_us;
	struct list levels; /* struct stock_level */
};

extern const struct contract stock_report_contract;
/* channel_stock_report_contract - as a mapping gives it: without the party */
extern const struct contract channel_stock_report_contract;

#endif
