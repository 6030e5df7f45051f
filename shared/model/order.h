/* SPDX-License-Identifier: Apache-2.0 */
/*
 * order - a customer's order, as every worker sees it
 * Contract "order", version 1. Ingest fills it from a channel's document; enrich adds what our own books say, each
 * value with its source. Said as order.accepted and order.enriched.
 *
 * The sums of an order (amounts in minor units of `currency`):
 *   line gross  = quantity * unit_price, rounded half to even
 *   grand total = sum of line gross - sum of line discount + sum of adjustment amounts
 *                 + (prices_include_tax ? 0 : sum of line tax + sum of adjustment tax)
 */
#ifndef TRIBUTARY_MODEL_ORDER_H
#define TRIBUTARY_MODEL_ORDER_H

#include "base/uuid.h"
#include "contract/contract.h"

#define ORDER_ADJUSTMENTS_MAX 1000
#define ORDER_LINES_MAX 10000
#define ORDER_REFERENCES_MAX 100 /* of the order, and of each line */

enum order_kind { ORDER_NEW, ORDER_CANCEL, ORDER_CHANGE /* model/order_change.h */ };
enum line_action { LINE_SET, LINE_ADD, LINE_CHANGE, LINE_REMOVE };
enum adjustment_kind {
	ADJUSTMENT_DISCOUNT,
	ADJUSTMENT_CHARGE,
	ADJUSTMENT_SHIPPING,
	ADJUSTMENT_TAX,
	ADJUSTMENT_ROUNDING
};
enum payment_status {
	PAYMENT_UNKNOWN,
	PAYMENT_PENDING,
	PAYMENT_AUTHORIZED,
	PAYMENT_PAID,
	PAYMENT_PARTIALLY_PAID,
	PAYMENT_REFUNDED,
	PAYMENT_VOIDED
};

struct address {
	struct str name, company, line1, line2, city, region, postal_code, country, phone, email, gln, location;
};

/* Who buys, in the channel's words. */
struct buyer {
	struct str account, email, name, company, phone, gln;
};

/* What enrich found for a line; quantities and prices are millionths. */
struct line_enrichment {
	struct str item_no, item_source;   /* our item; sku, alias or gtin */
	int64_t base_quantity_micro;       /* in the item's base unit */
	struct str base_unit, unit_source; /* item, or conversion:<unit> */
	int64_t price_micro;               /* our price per ordered unit */
	struct str price_source;           /* contract:<no>, group:<group> or list */
	int64_t tax_rate_micro;            /* percent: 7.5 % is 7500000 */
	struct str tax_source;             /* channel, or rate:<code> */
	int64_t available_micro;           /* in the base unit, over all warehouses, when it was looked up */
	struct str stock_source;           /* stock */
};

/* What a channel wants to hear again in what we send it: a department, an item number of its own. */
struct reference {
	struct str qualifier, value;
};

struct order_line {
	struct str line_ref, sku, gtin, description, unit;
	int64_t quantity_micro, unit_price_micro;
	int64_t discount_minor, tax_minor;
	bool requires_shipping;
	struct list references; /* struct reference */
	int action;             /* enum line_action; LINE_SET but in a change */
	struct line_enrichment enriched;
};

struct adjustment {
	int kind; /* enum adjustment_kind */
	struct str reason;
	int64_t amount_minor, tax_minor; /* signed: a discount is negative */
};

/* The totals the channel stated, to be compared with ours. */
struct stated_totals {
	int64_t lines_minor, discount_minor, charges_minor, shipping_minor, tax_minor, grand_minor;
};

struct order_enrichment {
	struct str customer_no, customer_source; /* account, email or gln */
	struct str price_group, group_source;    /* customer */
};

struct order {
	struct uuid order_id;
	struct str party, source_id, source_number, revision;
	int kind; /* enum order_kind */
	int64_t placed_at_us, received_at_us;
	struct str currency;
	bool prices_include_tax;
	struct buyer buyer;
	struct address bill_to, ship_to;
	struct list lines;       /* struct order_line */
	struct list adjustments; /* struct adjustment */
	struct stated_totals stated;
	int payment_status; /* enum payment_status */
	struct str note;
	int64_t ship_after_at_us, deliver_after_at_us, deliver_by_at_us, cancel_after_at_us; /* 0: not said */
	struct list references;                                                              /* struct reference */
	struct order_enrichment enriched;
};

extern const struct contract order_contract;   /* the document */
extern const struct contract address_contract; /* a part, used by shipment and invoice too */
extern const struct contract adjustment_contract;

/* What a mapping may fill: the order without its ids and without what enrich adds. Same struct. */
extern const struct contract channel_order_contract;
extern const struct contract channel_change_contract; /* of kind change: nothing is required */

struct order_line *order_line_at(const struct order *o, size_t index);
struct adjustment *order_adjustment_at(const struct order *o, size_t index);

/* order_line_gross - quantity * unit price in minor units of the order's currency; false when it does not fit */
bool order_line_gross(const struct order *o, const struct order_line *line, int64_t *minor) MUST_CHECK;
/* order_grand_total - by the formula above; false when a sum does not fit */
bool order_grand_total(const struct order *o, int64_t *minor) MUST_CHECK;

/*
 * order_check - what no field table can say: currency known, line_refs unique, total equal to the stated one within
 * tolerance_minor
 * OUTCOME_DEAD  codes: currency-unknown lines-missing line-ref-duplicate discount-range money-range
 * OUTCOME_HELD  codes: total-mismatch, ship-to-missing (goods, and nowhere to send them)
 */
enum outcome order_check(const struct order *o, int64_t tolerance_minor, struct why *why) MUST_CHECK;

#define ORDER_ROUNDING_REASON "the channel's rounding"

/*
 * order_round - what is left between the stated and our own total becomes an adjustment of kind rounding, so that the
 * invoices add up to what the buyer pays. For an order that order_check() let pass.
 * OUTCOME_DEAD  codes: field-range (ORDER_ADJUSTMENTS_MAX are there already) too-large
 */
enum outcome order_round(struct order *o, struct arena *arena, struct why *why) MUST_CHECK;

#endif
