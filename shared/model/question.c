/* SPDX-License-Identifier: Apache-2.0 */
#include "model/question.h"

#define AT(s, member) .offset = offsetof(struct s, member)
#define TEXT(s, member, bytes, what)                                                             \
	{                                                                                        \
		.key = #member, .type = FIELD_TEXT, AT(s, member), .max = bytes, .meaning = what \
	}

/* --- availability ----------------------------------------------------------------------------------------------------- */

static const struct field item_fields[] = {
    TEXT(availability_item, sku, 128, "our item number, an alias that the party uses, or a GTIN"),
    TEXT(availability_item, gtin, 14, "GS1 Global Trade Item Number; without a sku"),
};
static const struct contract item_contract = {.name = "availability_item",
					      .title = "An item",
					      .size = sizeof(struct availability_item),
					      .fields = item_fields,
					      .fields_count = COUNT_OF(item_fields)};

static const struct field availability_fields[] = {
    TEXT(availability_question, warehouse, 64, "only this warehouse; all of them when it is not given"),
    {.key = "items",
     .type = FIELD_LIST,
     .required = true,
     AT(availability_question, items),
     .of = &item_contract,
     .min = 1,
     .max = AVAILABILITY_ITEMS_MAX,
     .meaning = "answered in this order"},
};
const struct contract availability_question_contract = {.name = "availability-question",
							.version = 1,
							.title = "What can be promised of these items?",
							.size = sizeof(struct availability_question),
							.fields = availability_fields,
							.fields_count = COUNT_OF(availability_fields)};

/* --- buyers ----------------------------------------------------------------------------------------------------------- */

static const struct field buyer_fields[] = {
    TEXT(asked_buyer, customer_no, 64, "our number of the customer"),
    TEXT(asked_buyer, account, 128, "the customer's id at the party"),
    TEXT(asked_buyer, gln, 13, "GS1 Global Location Number"),
    TEXT(asked_buyer, email, 254, "e-mail address"),
};
static const struct contract buyer_contract = {.name = "asked_buyer",
					       .title = "Who buys",
					       .size = sizeof(struct asked_buyer),
					       .fields = buyer_fields,
					       .fields_count = COUNT_OF(buyer_fields)};

static const struct field customer_fields[] = {
    {.key = "buyer",
     .type = FIELD_OBJECT,
     .required = true,
     AT(customer_body, buyer),
     .of = &buyer_contract,
     .meaning = "at least one of its fields; the first that is known decides"},
};
const struct contract customer_question_contract = {.name = "customer-question",
						    .version = 1,
						    .title = "Who is this customer?",
						    .size = sizeof(struct customer_body),
						    .fields = customer_fields,
						    .fields_count = COUNT_OF(customer_fields)};

/* --- quotes ----------------------------------------------------------------------------------------------------------- */

static const struct field place_fields[] = {
    TEXT(asked_place, country, 2, "ISO 3166-1 alpha-2"),
    TEXT(asked_place, region, 64, "state or province, as the tax rates have it"),
};
static const struct contract place_contract = {.name = "asked_place",
					       .title = "Where it goes",
					       .size = sizeof(struct asked_place),
					       .fields = place_fields,
					       .fields_count = COUNT_OF(place_fields)};

static const struct field line_fields[] = {
    TEXT(asked_line, sku, 128, "our item number, an alias that the party uses, or a GTIN"),
    TEXT(asked_line, gtin, 14, "GS1 Global Trade Item Number; without a sku"),
    TEXT(asked_line, unit, 32, "unit of measure; the item's base unit when it is not given"),
    {.key = "quantity",
     .type = FIELD_DECIMAL,
     .required = true,
     AT(asked_line, quantity_micro),
     .min = 1,
     .max = CONTRACT_DECIMAL_MAX,
     .meaning = "in that unit; prices may depend on it"},
};
static const struct contract line_contract = {.name = "asked_line",
					      .title = "How much of an item",
					      .size = sizeof(struct asked_line),
					      .fields = line_fields,
					      .fields_count = COUNT_OF(line_fields)};

static const struct field quote_fields[] = {
    {.key = "buyer",
     .type = FIELD_OBJECT,
     .required = true,
     AT(quote_body, buyer),
     .of = &buyer_contract,
     .meaning = "at least one of its fields; the first that is known decides"},
    {.key = "currency",
     .type = FIELD_TEXT,
     .required = true,
     AT(quote_body, currency),
     .min = 3,
     .max = 3,
     .meaning = "ISO 4217; prices in another one are none"},
    {.key = "ship_to",
     .type = FIELD_OBJECT,
     AT(quote_body, ship_to),
     .of = &place_contract,
     .meaning = "for the tax; without a country no rate is found"},
    {.key = "at",
     .type = FIELD_INSTANT,
     AT(quote_body, at_us),
     .meaning = "prices of this instant's day in the party's time zone; now when it is not given"},
    {.key = "lines",
     .type = FIELD_LIST,
     .required = true,
     AT(quote_body, lines),
     .of = &line_contract,
     .min = 1,
     .max = QUOTE_QUESTION_LINES_MAX,
     .meaning = "answered in this order"},
};
const struct contract quote_question_contract = {.name = "quote-question",
						 .version = 1,
						 .title = "What does it cost this customer?",
						 .size = sizeof(struct quote_body),
						 .fields = quote_fields,
						 .fields_count = COUNT_OF(quote_fields)};
