/* SPDX-License-Identifier: Apache-2.0 */
#include "invoice/bill.h"

#include "base/decimal.h"

#include <stdio.h>

/* How much of the whole order is due before and after this shipment; freight and allowances are cut by it. */
struct progress {
	int64_t before, now, all;
};

static enum outcome
line_bill(const struct order *o, const struct shipment_line *shipped, const struct billed_line *billed,
	  struct invoice_line *out, struct why *why)
{
	const struct order_line *line = order_line_at(o, (size_t)shipped->line_no - 1);
	int64_t all = line->enriched.base_quantity_micro, before = billed->base_quantity_micro;
	int64_t now = shipped->shipped_micro, gross;
	char path[48];

	snprintf(path, sizeof path, "lines[%lld].shipped", (long long)shipped->line_no - 1);
	if (now > all - before)
		return why_at(why, OUTCOME_HELD, "bill-over", path,
			      "more was shipped than was ordered: ask the partner, then correct by hand");
	if (!order_line_gross(o, line, &gross))
		return why_at(why, OUTCOME_DEAD, "money-range", path, "the line's amount does not fit");
	*out = (struct invoice_line){
	    .line_ref = line->line_ref,
	    .item_no = line->enriched.item_no,
	    .description = line->description,
	    .unit = line->unit,
	    .quantity_micro = money_share(line->quantity_micro, before, now, all),
	    .unit_price_micro = line->unit_price_micro,
	    .gross_minor = money_share(gross, before, now, all),
	    .discount_minor = money_share(line->discount_minor, before, now, all),
	    .tax_minor = money_share(line->tax_minor, before, now, all),
	};
	out->net_minor = out->gross_minor - out->discount_minor;
	return OUTCOME_OK;
}

static enum outcome
lines_bill(const struct order *o, const struct shipment *s, const struct billed_line *billed, struct bill *bill,
	   struct why *why)
{
	const struct shipment_line *shipped = s->lines.items;
	struct invoice_line *lines = bill->invoice.lines.items;

	for (size_t i = 0; i < s->lines.n; i++) {
		size_t n = bill->invoice.lines.n, index = (size_t)shipped[i].line_no - 1;
		enum outcome outcome;

		if (shipped[i].line_no < 1 || index >= o->lines.n)
			return why_at(why, OUTCOME_HELD, "bill-line-unknown", "lines",
				      "the shipment has line %lld, the order has %zu lines",
				      (long long)shipped[i].line_no, o->lines.n);
		if (shipped[i].shipped_micro == 0)
			continue;
		outcome = line_bill(o, &shipped[i], &billed[index], &lines[n], why);
		if (outcome != OUTCOME_OK)
			return outcome;
		bill->order_lines[n] = index;
		bill->base_quantities[n] = shipped[i].shipped_micro;
		bill->invoice.lines.n++;
	}
	return OUTCOME_OK;
}

/* By value; an order that costs nothing by quantity. */
static struct progress
progress_of(const struct order *o, const struct billed_line *billed, const struct bill *bill)
{
	struct progress value = {0}, quantity = {0};
	const struct invoice_line *lines = bill->invoice.lines.items;

	for (size_t i = 0; i < o->lines.n; i++) {
		int64_t gross = 0;

		if (order_line_gross(o, order_line_at(o, i), &gross))
			value.all += gross;
		value.before += billed[i].gross_minor;
		quantity.all += order_line_at(o, i)->enriched.base_quantity_micro;
		quantity.before += billed[i].base_quantity_micro;
	}
	for (size_t i = 0; i < bill->invoice.lines.n; i++) {
		value.now += lines[i].gross_minor;
		quantity.now += bill->base_quantities[i];
	}
	return value.all > 0 ? value : quantity;
}

static bool
is_last(const struct order *o, const struct billed_line *billed, const struct bill *bill)
{
	int64_t left = 0;

	for (size_t i = 0; i < o->lines.n; i++)
		left += order_line_at(o, i)->enriched.base_quantity_micro - billed[i].base_quantity_micro;
	for (size_t i = 0; i < bill->invoice.lines.n; i++)
		left -= bill->base_quantities[i];
	return left == 0;
}

static void
charges_bill(const struct order *o, const struct progress *p, struct invoice *invoice)
{
	struct adjustment *charges = invoice->charges.items;

	for (size_t i = 0; i < o->adjustments.n; i++) {
		struct adjustment share = *order_adjustment_at(o, i);

		share.amount_minor = money_share(share.amount_minor, p->before, p->now, p->all);
		share.tax_minor = money_share(share.tax_minor, p->before, p->now, p->all);
		if (share.amount_minor || share.tax_minor)
			charges[invoice->charges.n++] = share;
	}
}

static void
invoice_sum(struct invoice *invoice)
{
	const struct invoice_line *lines = invoice->lines.items;
	const struct adjustment *charges = invoice->charges.items;

	for (size_t i = 0; i < invoice->lines.n; i++) {
		invoice->gross_minor += lines[i].gross_minor;
		invoice->discount_minor += lines[i].discount_minor;
		invoice->tax_minor += lines[i].tax_minor;
	}
	for (size_t i = 0; i < invoice->charges.n; i++) {
		invoice->charges_minor += charges[i].amount_minor;
		invoice->tax_minor += charges[i].tax_minor;
	}
	invoice->total_minor = invoice->gross_minor - invoice->discount_minor + invoice->charges_minor +
			       (invoice->prices_include_tax ? 0 : invoice->tax_minor);
}

enum outcome
bill_decide(const struct order *order, const struct shipment *shipment, const struct billed_line *billed,
	    struct arena *arena, struct bill *bill, struct why *why)
{
	struct progress progress;
	enum outcome outcome;

	*bill = (struct bill){
	    .order_lines = arena_array(arena, shipment->lines.n, sizeof(size_t)),
	    .base_quantities = arena_array(arena, shipment->lines.n, sizeof(int64_t)),
	    .invoice =
		{
		    .order_id = order->order_id,
		    .shipment_id = shipment->shipment_id,
		    .party = order->party,
		    .source_number = order->source_number,
		    .customer_no = order->enriched.customer_no,
		    .currency = order->currency,
		    .prices_include_tax = order->prices_include_tax,
		    .bill_to = order->bill_to,
		    .lines.items = arena_array(arena, shipment->lines.n, sizeof(struct invoice_line)),
		    .charges.items = arena_array(arena, order->adjustments.n, sizeof(struct adjustment)),
		},
	};
	if (!bill->order_lines || !bill->base_quantities || !bill->invoice.lines.items || !bill->invoice.charges.items)
		return why_set(why, OUTCOME_DEAD, "too-large", "no memory for the invoice");
	outcome = lines_bill(order, shipment, billed, bill, why);
	if (outcome != OUTCOME_OK || bill->invoice.lines.n == 0)
		return outcome;
	progress = progress_of(order, billed, bill);
	charges_bill(order, &progress, &bill->invoice);
	invoice_sum(&bill->invoice);
	bill->is_last = is_last(order, billed, bill);
	return OUTCOME_OK;
}
