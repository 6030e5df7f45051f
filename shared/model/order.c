/* SPDX-License-Identifier: Apache-2.0 */
#include "model/order.h"

#define TEXT(s, member, bytes, what)                                                                    \
	{                                                                                               \
		.key = #member, .type = FIELD_TEXT, .offset = offsetof(struct s, member), .max = bytes, \
		.meaning = what                                                                         \
	}
#define NEED(s, member, bytes, what)                                                                                  \
	{                                                                                                             \
		.key = #member, .type = FIELD_TEXT, .required = true, .offset = offsetof(struct s, member), .min = 1, \
		.max = bytes, .meaning = what                                                                         \
	}
#define MONEY(s, member, what)                                                                                    \
	{                                                                                                         \
		.key = #member, .type = FIELD_MONEY, .offset = offsetof(struct s, member), .unit = "minor units", \
		.meaning = what                                                                                   \
	}
#define PARTS(c) .fields = c, .fields_count = COUNT_OF(c)

static const struct field address_fields[] = {
    TEXT(address, name, 256, "person"),
    TEXT(address, company, 256, "company"),
    TEXT(address, line1, 256, "street and number"),
    TEXT(address, line2, 256, "second line"),
    TEXT(address, city, 128, "city"),
    TEXT(address, region, 64, "state or province, as ISO 3166-2 without the country where there is one"),
    TEXT(address, postal_code, 32, "postal code"),
    TEXT(address, country, 2, "ISO 3166-1 alpha-2"),
    TEXT(address, phone, 64, "phone"),
    TEXT(address, email, 256, "e-mail"),
    TEXT(address, gln, 13, "GS1 Global Location Number"),
    TEXT(address, location, 64, "the channel's own number of the place"),
};
const struct contract address_contract = {
    .name = "address", .title = "An address", .size = sizeof(struct address), PARTS(address_fields)};

static const struct field buyer_fields[] = {
    TEXT(buyer, account, 128, "the customer's id at the channel"),
    TEXT(buyer, email, 256, "e-mail"),
    TEXT(buyer, name, 256, "person"),
    TEXT(buyer, company, 256, "company"),
    TEXT(buyer, phone, 64, "phone"),
    TEXT(buyer, gln, 13, "GS1 Global Location Number"),
};
static const struct contract buyer_contract = {
    .name = "buyer", .title = "Who buys, in the channel's words", .size = sizeof(struct buyer), PARTS(buyer_fields)};

static const struct field reference_fields[] = {
    NEED(reference, qualifier, 32, "what it is, in the channel's code"),
    NEED(reference, value, 256, "the channel's words"),
};
static const struct contract reference_contract = {.name = "reference",
						   .title = "What a channel wants to hear again in our answers",
						   .size = sizeof(struct reference),
						   PARTS(reference_fields)};

#define REFERENCES(s)                                                                              \
	{                                                                                          \
		.key = "references", .type = FIELD_LIST, .offset = offsetof(struct s, references), \
		.of = &reference_contract, .min = 0, .max = ORDER_REFERENCES_MAX,                  \
		.meaning = "what the channel wants to hear again"                                  \
	}
#define WHEN(name, member, what)                                                                              \
	{                                                                                                     \
		.key = name, .type = FIELD_INSTANT, .offset = offsetof(struct order, member), .meaning = what \
	}

#define DECIMAL(s, name, member, what)                                                                    \
	{                                                                                                 \
		.key = name, .type = FIELD_DECIMAL, .offset = offsetof(struct s, member), .meaning = what \
	}

static const struct field line_enrichment_fields[] = {
    TEXT(line_enrichment, item_no, 128, "our item"),
    TEXT(line_enrichment, item_source, 64, "how it was found: sku, alias or gtin"),
    DECIMAL(line_enrichment, "base_quantity", base_quantity_micro, "quantity in the item's base unit"),
    TEXT(line_enrichment, base_unit, 32, "the item's base unit"),
    TEXT(line_enrichment, unit_source, 64, "item, or conversion:<unit>"),
    DECIMAL(line_enrichment, "price", price_micro, "our price per ordered unit"),
    TEXT(line_enrichment, price_source, 128, "contract:<no>, group:<group> or list"),
    DECIMAL(line_enrichment, "tax_rate", tax_rate_micro, "percent"),
    TEXT(line_enrichment, tax_source, 64, "channel, or rate:<code>"),
    DECIMAL(line_enrichment, "available", available_micro, "in stock over all warehouses when it was looked up"),
    TEXT(line_enrichment, stock_source, 64, "stock"),
};
static const struct contract line_enrichment_contract = {.name = "line_enrichment",
							 .title = "What our books say about a line",
							 .size = sizeof(struct line_enrichment),
							 PARTS(line_enrichment_fields)};

static const char *const line_actions[] = {"set", "add", "change", "remove", NULL};
static const struct field line_fields[] = {
    NEED(order_line, line_ref, 128, "the channel's id of the line"),
    TEXT(order_line, sku, 128, "the channel's code of the item"),
    TEXT(order_line, gtin, 14, "GS1 Global Trade Item Number"),
    TEXT(order_line, description, 1024, "what the channel calls it"),
    {.key = "quantity",
     .type = FIELD_DECIMAL,
     .required = true,
     .offset = offsetof(struct order_line, quantity_micro),
     .min = 1,
     .max = CONTRACT_DECIMAL_MAX,
     .meaning = "ordered quantity, more than 0"},
    TEXT(order_line, unit, 32, "unit of measure; empty: the item's base unit"),
    {.key = "unit_price",
     .type = FIELD_DECIMAL,
     .required = true,
     .offset = offsetof(struct order_line, unit_price_micro),
     .min = 0,
     .max = CONTRACT_DECIMAL_MAX,
     .meaning = "price of one unit, before discount"},
    {.key = "discount_minor",
     .type = FIELD_MONEY,
     .offset = offsetof(struct order_line, discount_minor),
     .min = 0,
     .max = CONTRACT_MONEY_MAX,
     .unit = "minor units",
     .meaning = "the line's discount, positive"},
    {.key = "tax_minor",
     .type = FIELD_MONEY,
     .offset = offsetof(struct order_line, tax_minor),
     .min = 0,
     .max = CONTRACT_MONEY_MAX,
     .unit = "minor units",
     .meaning = "the line's tax"},
    {.key = "requires_shipping",
     .type = FIELD_BOOL,
     .offset = offsetof(struct order_line, requires_shipping),
     .meaning = "false: a gift card or service"},
    REFERENCES(order_line),
    {.key = "action",
     .type = FIELD_ENUM,
     .offset = offsetof(struct order_line, action),
     .names = line_actions,
     .meaning = "in an order of kind change: what becomes of the known line with this line_ref"},
    {.key = "enriched",
     .type = FIELD_OBJECT,
     .offset = offsetof(struct order_line, enriched),
     .of = &line_enrichment_contract,
     .meaning = "what our books say"},
};
static const struct contract line_contract = {
    .name = "order_line", .title = "A line of an order", .size = sizeof(struct order_line), PARTS(line_fields)};

static const char *const adjustment_kinds[] = {"discount", "charge", "shipping", "tax", "rounding", NULL};
static const struct field adjustment_fields[] = {
    {.key = "kind",
     .type = FIELD_ENUM,
     .required = true,
     .offset = offsetof(struct adjustment, kind),
     .names = adjustment_kinds,
     .meaning = "what it is for"},
    TEXT(adjustment, reason, 256, "the channel's words"),
    {.key = "amount_minor",
     .type = FIELD_MONEY,
     .required = true,
     .offset = offsetof(struct adjustment, amount_minor),
     .unit = "minor units",
     .meaning = "signed: a discount is negative"},
    MONEY(adjustment, tax_minor, "its tax"),
};
const struct contract adjustment_contract = {.name = "adjustment",
					     .title = "What is added to an order or taken off it",
					     .size = sizeof(struct adjustment),
					     PARTS(adjustment_fields)};

static const struct field stated_fields[] = {
    MONEY(stated_totals, lines_minor, "sum of quantity times price"),
    MONEY(stated_totals, discount_minor, "all discounts, positive"),
    MONEY(stated_totals, charges_minor, "charges"),
    MONEY(stated_totals, shipping_minor, "shipping"),
    MONEY(stated_totals, tax_minor, "all taxes"),
    MONEY(stated_totals, grand_minor, "what the buyer pays"),
};
static const struct contract stated_contract = {.name = "stated_totals",
						.title = "The totals the channel stated",
						.size = sizeof(struct stated_totals),
						PARTS(stated_fields)};

static const struct field order_enrichment_fields[] = {
    TEXT(order_enrichment, customer_no, 128, "our customer"),
    TEXT(order_enrichment, customer_source, 64, "account, email or gln"),
    TEXT(order_enrichment, price_group, 64, "the customer's price group"),
    TEXT(order_enrichment, group_source, 64, "customer"),
};
static const struct contract order_enrichment_contract = {.name = "order_enrichment",
							  .title = "What our books say about an order",
							  .size = sizeof(struct order_enrichment),
							  PARTS(order_enrichment_fields)};

static const char *const order_kinds[] = {"new", "cancel", "change", NULL};
static const char *const payment_states[] = {"unknown",        "pending",  "authorized", "paid",
					     "partially-paid", "refunded", "voided",     NULL};

#define OURS_FIRST 3 /* what ingest fills itself, before what a mapping fills */
#define OURS_LAST 1  /* what enrich fills, after it */

static const struct field order_fields[] = {
    {.key = "order_id",
     .type = FIELD_UUID,
     .required = true,
     .offset = offsetof(struct order, order_id),
     .meaning = "derived from party and source_id"},
    NEED(order, party, 40, "the channel"),
    {.key = "received_at",
     .type = FIELD_INSTANT,
     .required = true,
     .offset = offsetof(struct order, received_at_us),
     .meaning = "when it was taken in"},
    NEED(order, source_id, 128, "the channel's stable id of the order"),
    NEED(order, source_number, 128, "the channel's number for people"),
    TEXT(order, revision, 128, "what tells a later version from an earlier one"),
    {.key = "kind",
     .type = FIELD_ENUM,
     .required = true,
     .offset = offsetof(struct order, kind),
     .names = order_kinds,
     .meaning = "what is wanted; change: some lines or header fields of a known order, into which they are merged"},
    {.key = "placed_at",
     .type = FIELD_INSTANT,
     .required = true,
     .offset = offsetof(struct order, placed_at_us),
     .meaning = "when the buyer ordered"},
    {.key = "currency",
     .type = FIELD_TEXT,
     .required = true,
     .offset = offsetof(struct order, currency),
     .min = 3,
     .max = 3,
     .meaning = "ISO 4217"},
    {.key = "prices_include_tax",
     .type = FIELD_BOOL,
     .offset = offsetof(struct order, prices_include_tax),
     .meaning = "true: tax is inside of prices and amounts"},
    {.key = "buyer",
     .type = FIELD_OBJECT,
     .offset = offsetof(struct order, buyer),
     .of = &buyer_contract,
     .meaning = "who buys"},
    {.key = "bill_to",
     .type = FIELD_OBJECT,
     .offset = offsetof(struct order, bill_to),
     .of = &address_contract,
     .meaning = "who pays"},
    {.key = "ship_to",
     .type = FIELD_OBJECT,
     .offset = offsetof(struct order, ship_to),
     .of = &address_contract,
     .meaning = "where it goes"},
    {.key = "lines",
     .type = FIELD_LIST,
     .offset = offsetof(struct order, lines),
     .of = &line_contract,
     .min = 0,
     .max = ORDER_LINES_MAX,
     .meaning = "what is ordered"},
    {.key = "adjustments",
     .type = FIELD_LIST,
     .offset = offsetof(struct order, adjustments),
     .of = &adjustment_contract,
     .min = 0,
     .max = ORDER_ADJUSTMENTS_MAX,
     .meaning = "discounts, charges and freight of the whole order"},
    {.key = "stated",
     .type = FIELD_OBJECT,
     .offset = offsetof(struct order, stated),
     .of = &stated_contract,
     .meaning = "the channel's own totals"},
    {.key = "payment_status",
     .type = FIELD_ENUM,
     .offset = offsetof(struct order, payment_status),
     .names = payment_states,
     .meaning = "what the channel says about payment"},
    TEXT(order, note, 4096, "the buyer's words"),
    WHEN("ship_after_at", ship_after_at_us, "not to leave before"),
    WHEN("deliver_after_at", deliver_after_at_us, "not to arrive before"),
    WHEN("deliver_by_at", deliver_by_at_us, "wanted by"),
    WHEN("cancel_after_at", cancel_after_at_us, "not wanted any more after"),
    REFERENCES(order),
    {.key = "enriched",
     .type = FIELD_OBJECT,
     .offset = offsetof(struct order, enriched),
     .of = &order_enrichment_contract,
     .meaning = "what our books say"},
};
const struct contract order_contract = {
    .name = "order", .version = 1, .title = "An order", .size = sizeof(struct order), PARTS(order_fields)};

#define CHANNEL_PARTS \
	.fields = order_fields + OURS_FIRST, .fields_count = COUNT_OF(order_fields) - OURS_FIRST - OURS_LAST

const struct contract channel_order_contract = {.name = "order",
						.version = 1,
						.title = "An order as a mapping gives it",
						.size = sizeof(struct order),
						CHANNEL_PARTS};
const struct contract channel_change_contract = {.name = "order",
						 .version = 1,
						 .title = "A change as a mapping gives it",
						 .size = sizeof(struct order),
						 .is_partial = true,
						 CHANNEL_PARTS};
