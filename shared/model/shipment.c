/* SPDX-License-Identifier: Apache-2.0 */
#include "model/shipment.h"

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

static const struct field line_fields[] = {
    {.key = "line_no",
     .type = FIELD_INT,
     .required = true,
     AT(shipment_line, line_no),
     .min = 1,
     .max = 10000,
     .meaning = "the order's line, from 1"},
    NEED(shipment_line, line_ref, 128, "the channel's id of the line"),
    NEED(shipment_line, item_no, 128, "our item"),
    TEXT(shipment_line, sku, 128, "the channel's code"),
    TEXT(shipment_line, gtin, 14, "GTIN"),
    TEXT(shipment_line, description, 1024, "what the channel calls it"),
    TEXT(shipment_line, unit, 32, "the item's base unit"),
    {.key = "quantity",
     .type = FIELD_DECIMAL,
     .required = true,
     AT(shipment_line, quantity_micro),
     .min = 1,
     .max = CONTRACT_DECIMAL_MAX,
     .meaning = "asked for"},
    {.key = "shipped",
     .type = FIELD_DECIMAL,
     AT(shipment_line, shipped_micro),
     .min = 0,
     .max = CONTRACT_DECIMAL_MAX,
     .meaning = "shipped; 0 until confirmed"},
};
static const struct contract line_contract = {.name = "shipment_line",
					      .title = "A line of a shipment",
					      .size = sizeof(struct shipment_line),
					      .fields = line_fields,
					      .fields_count = COUNT_OF(line_fields)};

static const struct field shipment_fields[] = {
    {.key = "shipment_id",
     .type = FIELD_UUID,
     .required = true,
     AT(shipment, shipment_id),
     .meaning = "derived from the order and its place"},
    {.key = "order_id", .type = FIELD_UUID, .required = true, AT(shipment, order_id), .meaning = "the order"},
    NEED(shipment, party, 40, "the order's channel"),
    NEED(shipment, source_number, 128, "the order's number there"),
    NEED(shipment, partner, 40, "who ships"),
    NEED(shipment, warehouse, 64, "from where"),
    {.key = "place",
     .type = FIELD_INT,
     .required = true,
     AT(shipment, place),
     .min = 1,
     .max = 1000,
     .meaning = "1 for the order's first shipment"},
    {.key = "requested_at",
     .type = FIELD_INSTANT,
     .required = true,
     AT(shipment, requested_at_us),
     .meaning = "when it was asked for"},
    {.key = "ship_to",
     .type = FIELD_OBJECT,
     AT(shipment, ship_to),
     .of = &address_contract,
     .meaning = "where it goes"},
    {.key = "lines",
     .type = FIELD_LIST,
     .required = true,
     AT(shipment, lines),
     .of = &line_contract,
     .min = 1,
     .max = 10000,
     .meaning = "what is in it"},
    TEXT(shipment, partner_ref, 128, "the partner's number"),
    TEXT(shipment, carrier, 128, "carrier"),
    TEXT(shipment, tracking_number, 128, "tracking number"),
    {.key = "shipped_at",
     .type = FIELD_INSTANT,
     AT(shipment, shipped_at_us),
     .meaning = "when it left; 0 until confirmed"},
};
const struct contract shipment_contract = {.name = "shipment",
					   .version = 1,
					   .title = "Goods of one order from one warehouse",
					   .size = sizeof(struct shipment),
					   .fields = shipment_fields,
					   .fields_count = COUNT_OF(shipment_fields)};

static const struct field confirmation_line_fields[] = {
    NEED(confirmation_line, line_ref, 128, "the line, as it was asked for"),
    TEXT(confirmation_line, sku, 128, "the item"),
    {.key = "quantity",
     .type = FIELD_DECIMAL,
     .required = true,
     AT(confirmation_line, quantity_micro),
     .min = 0,
     .max = CONTRACT_DECIMAL_MAX,
     .meaning = "shipped, in the base unit"},
};
static const struct contract confirmation_line_contract = {.name = "confirmation_line",
							   .title = "A line of a confirmation",
							   .size = sizeof(struct confirmation_line),
							   .fields = confirmation_line_fields,
							   .fields_count = COUNT_OF(confirmation_line_fields)};

static const struct field confirmation_fields[] = {
    {.key = "shipment_id",
     .type = FIELD_UUID,
     .required = true,
     AT(confirmation, shipment_id),
     .meaning = "the shipment, by our id"},
    NEED(confirmation, partner_ref, 128, "the partner's number"),
    TEXT(confirmation, carrier, 128, "carrier"),
    TEXT(confirmation, tracking_number, 128, "tracking number"),
    {.key = "shipped_at",
     .type = FIELD_INSTANT,
     .required = true,
     AT(confirmation, shipped_at_us),
     .meaning = "when it left"},
    {.key = "lines",
     .type = FIELD_LIST,
     AT(confirmation, lines),
     .of = &confirmation_line_contract,
     .min = 0,
     .max = 10000,
     .meaning = "what was shipped; empty: all of it"},
};
const struct contract confirmation_contract = {.name = "confirmation",
					       .version = 1,
					       .title = "A partner's word that a shipment left",
					       .size = sizeof(struct confirmation),
					       .fields = confirmation_fields,
					       .fields_count = COUNT_OF(confirmation_fields)};

struct str
shipment_scope(const struct shipment *shipment, struct arena *arena)
{
	return arena_printf(arena, "%.*s.%.*s", STR_ARGS(shipment->partner), STR_ARGS(shipment->party));
}
