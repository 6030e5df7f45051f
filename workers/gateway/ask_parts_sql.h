/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ask_parts_sql - the statements of ask_parts
 */
#ifndef TRIBUTARY_GATEWAY_ASK_PARTS_SQL_H
#define TRIBUTARY_GATEWAY_ASK_PARTS_SQL_H

#include "store/store.h"

/*
 * Parameters: order ids, parties that may see them (NULL: any). Of each order that may be seen at least one row:
 *   0 the call's place (from 0)   1 id of the row; NULL: the order has none   2 number of its line; NULL: it has none
 * then what is said of the line, then of the row. By place, row, line.
 */
extern const struct statement parts_shipments;
extern const struct statement parts_invoices;
extern const struct statement parts_returns;
/* The same of returns by their own ids: rows only of those that may be seen. */
extern const struct statement parts_return;

enum shipment_column {
	SHIPMENT_LINE_REF = 3,
	SHIPMENT_LINE_SKU,
	SHIPMENT_LINE_ITEM,
	SHIPMENT_LINE_UNIT,
	SHIPMENT_LINE_QUANTITY,
	SHIPMENT_LINE_SHIPPED,
	SHIPMENT_PLACE,
	SHIPMENT_PARTNER,
	SHIPMENT_WAREHOUSE,
	SHIPMENT_STATE,
	SHIPMENT_CARRIER,
	SHIPMENT_TRACKING,
	SHIPMENT_REQUESTED,
	SHIPMENT_SHIPPED,
};

enum invoice_column {
	INVOICE_LINE_REF = 3,
	INVOICE_LINE_SKU,
	INVOICE_LINE_ITEM,
	INVOICE_LINE_UNIT,
	INVOICE_LINE_QUANTITY,
	INVOICE_LINE_GROSS,
	INVOICE_LINE_DISCOUNT,
	INVOICE_LINE_NET,
	INVOICE_LINE_TAX,
	INVOICE_NUMBER,
	INVOICE_SHIPMENT,
	INVOICE_ISSUED,
	INVOICE_CURRENCY,
	INVOICE_GROSS,
	INVOICE_DISCOUNT,
	INVOICE_CHARGES,
	INVOICE_TAX,
	INVOICE_TOTAL,
};

enum return_column {
	RETURN_LINE_NO = 3,
	RETURN_LINE_REF,
	RETURN_LINE_SKU,
	RETURN_LINE_ITEM,
	RETURN_LINE_UNIT,
	RETURN_LINE_QUANTITY,
	RETURN_LINE_REASON,
	RETURN_LINE_REASON_TEXT,
	RETURN_NUMBER,
	RETURN_REFERENCE,
	RETURN_STATE,
	RETURN_CODE,
	RETURN_REQUESTED,
	RETURN_ORDER, /* of parts_return alone */
};

/* Order ids, parties (NULL: any), instant and number of the cursor, rows wanted: the call's place (from 0), number of the
 * event (NULL: there is none), at, stage, event, code, detail. In order. */
extern const struct statement parts_timeline;

#endif
