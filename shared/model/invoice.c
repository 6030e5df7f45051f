/* SPDX-License-Identifier: Apache-2.0 */
#include "model/invoice.h"

#define AT(s, member) .offset = offsetof(struct s, member)
#define TEXT(s, member, bytes, what)                                                             \
	{                                                                                        \
		.key = #member, .type = FIELD_TEXT, AT(s, member), .max = bytes, .meaning = what \
	}
#define NEED(s, member, bytes, what)                                                                         \
	{                                                                                                    \
		.key = #member, .type = FIELD_TEXT, .required = true, AT(s, member), .min = 1, .max = bytes, \
		.meaning = what                                                                              \
	}
#define MONEY(s, member, what)                                                                               \
	{                                                                                                    \
		.key = #member, .type = FIELD_MONEY, .required = true, AT(s, member), .unit = "minor units", \
		.meaning = what                                                                              \
	}
#define ID(member, what)                                                                                   \
	{                                                                                                  \
		.key = #member, .type = FIELD_UUID, .required = true, AT(invoice, member), .meaning = what \
	}

static const struct field line_fields[] = {
    NEED(invoice_line, line_ref, 128, "the channel's id of the order line"),
    NEED(invoice_line, item_no, 128, "our item"),
    TEXT(invoice_line, description, 1024, "what the channel calls it"),
    TEXT(invoice_line, unit, 32, "the ordered unit"),
    {.key = "quantity", .type = FIELD_DECIMAL, .required = true, AT(invoice_line, quantity_micro), .meaning = "billed"},
    {.key = "unit_price",
     .type = FIELD_DECIMAL,
     .required = true,
     AT(invoice_line, unit_price_micro),
     .meaning = "price of one unit"},
    MONEY(invoice_line, gross_minor, "this shipment's share of the line"),
    MONEY(invoice_line, discount_minor, "its share of the line's discount"),
    MONEY(invoice_line, net_minor, "gross less discount"),
    MONEY(invoice_line, tax_minor, "its share of the line's tax"),
};
static const struct contract line_contract = {.name = "invoice_line",
					      .title = "A line of an invoice",
					      .size = sizeof(struct invoice_line),
					      .fields = line_fields,
					      .fields_count = COUNT_OF(line_fields)};

static const struct field invoice_fields[] = {
    ID(invoice_id, "derived from the shipment"),
    ID(order_id, "the order"),
    ID(shipment_id, "what it bills"),
    NEED(invoice, number, 32, "from a sequence without gaps"),
    NEED(invoice, party, 40, "the order's channel"),
    NEED(invoice, source_number, 128, "the order's number there"),
    NEED(invoice, customer_no, 128, "our customer"),
    {.key = "issued_at", .type = FIELD_INSTANT, .required = true, AT(invoice, issued_at_us), .meaning = "when"},
    {.key = "currency",
     .type = FIELD_TEXT,
     .required = true,
     AT(invoice, currency),
     .min = 3,
     .max = 3,
     .meaning = "ISO 4217"},
    {.key = "prices_include_tax",
     .type = FIELD_BOOL,
     AT(invoice, prices_include_tax),
     .meaning = "true: tax is inside of prices and amounts"},
    {.key = "bill_to", .type = FIELD_OBJECT, AT(invoice, bill_to), .of = &address_contract, .meaning = "who pays"},
    {.key = "lines",
     .type = FIELD_LIST,
     .required = true,
     AT(invoice, lines),
     .of = &line_contract,
     .min = 1,
     .max = 10000,
     .meaning = "what is billed"},
    {.key = "charges",
     .type = FIELD_LIST,
     AT(invoice, charges),
     .of = &adjustment_contract,
     .min = 0,
     .max = 1000,
     .meaning = "its share of the order's discounts, charges and freight"},
    MONEY(invoice, gross_minor, "sum of the lines' gross"),
    MONEY(invoice, discount_minor, "sum of the lines' discounts"),
    MONEY(invoice, charges_minor, "sum of the charges, signed"),
    MONEY(invoice, tax_minor, "all taxes"),
    MONEY(invoice, total_minor, "what is to be paid"),
};
const struct contract invoice_contract = {.name = "invoice",
					  .version = 1,
					  .title = "What one shipment costs the customer",
					  .size = sizeof(struct invoice),
					  .fields = invoice_fields,
					  .fields_count = COUNT_OF(invoice_fields)};
