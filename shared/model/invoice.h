/* SPDX-License-Identifier: Apache-2.0 */
/*
 * invoice - what one shipment costs the customer
 * Contract "invoice", version 1. Said as invoice.issued.<party>. Over all shipments of an order the parts add up to the
 * order's own sums exactly.
 *   net = gross - discount; total = sum of net + sum of charge amounts + tax (unless prices include it)
 */
#ifndef TRIBUTARY_MODEL_INVOICE_H
#define TRIBUTARY_MODEL_INVOICE_H

#include "base/uuid.h"
#include "contract/contract.h"
#include "model/order.h"

struct invoice_line {
	struct str line_ref, item_no, description, unit; /* unit: the ordered one */
	int64_t quantity_micro, unit_price_micro;
	int64_t gross_minor, discount_minor, net_minor, tax_minor;
};

struct invoice {
	struct uuid invoice_id, order_id, shipment_id;
	struct str number; /* from a gapless sequence */
	struct str party, source_number, customer_no;
	int64_t issued_at_us;
	struct str currency;
	bool prices_include_tax;
	struct address bill_to;
	struct list lines;   /* struct invoice_line */
	struct list charges; /* struct adjustment: this invoice's share of the order's */
	int64_t gross_minor, discount_minor, charges_minor, tax_minor, total_minor;
};

extern const struct contract invoice_contract;

#endif
