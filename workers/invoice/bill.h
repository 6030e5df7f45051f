/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bill - what one shipment of an order costs
 * Pure. Every amount of the order is cut cumulatively: a shipment gets what is due after it less what was due before
 * it, so that over all shipments nothing is lost and nothing is added, whatever the order they come in.
 */
#ifndef TRIBUTARY_INVOICE_BILL_H
#define TRIBUTARY_INVOICE_BILL_H

#include "base/arena.h"
#include "model/invoice.h"
#include "model/order.h"
#include "model/shipment.h"

/* What was billed of one order line before. */
struct billed_line {
	int64_t base_quantity_micro;
	int64_t gross_minor;
};

struct bill {
	struct invoice invoice;   /* without number, ids and dates */
	size_t *order_lines;      /* index of the order line of each invoice line */
	int64_t *base_quantities; /* millionths of the base unit, of each invoice line */
	bool is_last;             /* with it, all of the order is billed */
};

/*
 * bill_decide - bill the shipment
 * billed  one per order line
 * OUTCOME_DEAD  codes: too-large money-range
 * OUTCOME_HELD  codes: bill-line-unknown bill-over (more shipped than was ordered)
 */
enum outcome bill_decide(const struct order *order, const struct shipment *shipment, const struct billed_line *billed,
			 struct arena *arena, struct bill *bill, struct why *why) MUST_CHECK;

#endif
