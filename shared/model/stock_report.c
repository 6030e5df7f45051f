/* SPDX-License-Identifier: Apache-2.0 */
#include "model/stock_report.h"

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
#define OURS_FIRST 1 /* what ingest fills itself */

static const struct field level_fields[] = {
    TEXT(stock_level, sku, 128, "the item's code"),
    TEXT(stock_level, gtin, 14, "GS1 Global Trade Item Number"),
    TEXT(stock_level, unit, 32, "unit of measure"),
    {.key = "quantity",
     .type = FIELD_DECIMAL,
     .required = true,
     AT(stock_level, quantity_micro),
     .min = 0,
     .max = CONTRACT_DECIMAL_MAX,
     .meaning = "what is there to be had"},
};
static const struct contract level_contract = {.name = "stock_level",
					       .title = "How much of one item there is",
					       .size = sizeof(struct stock_level),
					       .fields = level_fields,
					       .fields_count = COUNT_OF(level_fields)};

static const struct field fields[] = {
    NEED(stock_report, party, 40, "who says it"),
    NEED(stock_report, number, 128, "the report's number"),
    TEXT(stock_report, warehouse, 64, "the party's number of the place"),
    {.key = "reported_at",
     .type = FIELD_INSTANT,
     .required = true,
     AT(stock_report, reported_at_us),
     .meaning = "as of when"},
    {.key = "levels",
     .type = FIELD_LIST,
     .required = true,
     AT(stock_report, levels),
     .of = &level_contract,
     .min = 1,
     .max = 10000,
     .meaning = "item by item"},
};
const struct contract stock_report_contract = {.name = "stock-report",
					       .version = 1,
					       .title = "What a party has in stock",
					       .size = sizeof(struct stock_report),
					       .fields = fields,
					       .fields_count = COUNT_OF(fields)};

const struct contract channel_stock_report_contract = {.name = "stock-report",
						       .version = 1,
						       .title = "A stock report as a mapping gives it",
						       .size = sizeof(struct stock_report),
						       .fields = fields + OURS_FIRST,
						       .fields_count = COUNT_OF(fields) - OURS_FIRST};
