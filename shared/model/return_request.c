/* SPDX-License-Identifier: Apache-2.0 */
#include "model/return_request.h"

#include <stdio.h>

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
/* What both forms have, only that in ours it is certain. */
#define LINE_NO(is_required)                                                                                      \
	{                                                                                                         \
		.key = "line_no", .type = FIELD_INT, .required = is_required, AT(return_line, line_no), .min = 1, \
		.max = 10000, .meaning = "the order's line, from 1; of a request this or the sku"                 \
	}
#define ORDER_ID(is_required)                                                                                 \
	{                                                                                                     \
		.key = "order_id", .type = FIELD_UUID, .required = is_required, AT(return_request, order_id), \
		.meaning = "the order; of a request this or its number"                                       \
	}

static const char *const reasons[] = {"unspecified", "damaged", "defective", "wrong-item", "not-as-described",
				      "unwanted",    "late",    "other",     NULL};

#define SAID_OF_LINE                                                                                           \
	TEXT(return_line, sku, 128, "the channel's code of the item, or our item"),                            \
	    TEXT(return_line, unit, 32,                                                                        \
		 "of the quantity: the order line's unit (of a request also empty for it), or the base unit"), \
	    {.key = "quantity",                                                                                \
	     .type = FIELD_DECIMAL,                                                                            \
	     .required = true,                                                                                 \
	     AT(return_line, quantity_micro),                                                                  \
	     .min = 1,                                                                                         \
	     .max = CONTRACT_DECIMAL_MAX,                                                                      \
	     .meaning = "to be sent back"},                                                                    \
	    {.key = "reason_code",                                                                             \
	     .type = FIELD_ENUM,                                                                               \
	     AT(return_line, reason_code),                                                                     \
	     .names = reasons,                                                                                 \
	     .meaning = "why"},                                                                                \
	    TEXT(return_line, reason_text, 1024, "why, in words")

static const struct field line_fields[] = {
    LINE_NO(true),
    SAID_OF_LINE,
    NEED(return_line, line_ref, 128, "the channel's id of the line"),
    NEED(return_line, item_no, 128, "our item"),
    NEED(return_line, base_unit, 32, "the item's base unit"),
    {.key = "base_quantity",
     .type = FIELD_DECIMAL,
     .required = true,
     AT(return_line, base_quantity_micro),
     .min = 1,
     .max = CONTRACT_DECIMAL_MAX,
     .meaning = "to be sent back, in the base unit"},
};
static const struct contract line_contract = {.name = "return_line",
					      .title = "A line of a return",
					      .size = sizeof(struct return_line),
					      .fields = line_fields,
					      .fields_count = COUNT_OF(line_fields)};

static const struct field channel_line_fields[] = {LINE_NO(false), SAID_OF_LINE};
static const struct contract channel_line_contract = {.name = "return_line",
						      .title = "A line of a return as a mapping gives it",
						      .size = sizeof(struct return_line),
						      .fields = channel_line_fields,
						      .fields_count = COUNT_OF(channel_line_fields)};

#define SAID(line)                                                                                            \
	NEED(return_request, reference, 128,                                                                  \
	     "the requester's own number of the request: the same again is the same request"),                \
	    TEXT(return_request, order_number, 128, "the channel's number of the order"),                     \
	    TEXT(return_request, note, 4096, "what else there is to say"),                                    \
	{                                                                                                     \
		.key = "lines", .type = FIELD_LIST, .required = true, AT(return_request, lines), .of = &line, \
		.min = 1, .max = RETURN_LINES_MAX, .meaning = "what is to be sent back"                       \
	}

static const struct field fields[] = {
    {.key = "return_id",
     .type = FIELD_UUID,
     .required = true,
     AT(return_request, return_id),
     .meaning = "derived from party and reference"},
    NEED(return_request, party, 40, "the channel"),
    NEED(return_request, number, 32, "under which it may come: RMA-00000001"),
    {.key = "requested_at",
     .type = FIELD_INSTANT,
     .required = true,
     AT(return_request, requested_at_us),
     .meaning = "when it was taken in"},
    ORDER_ID(true),
    SAID(line_contract),
};
const struct contract return_contract = {.name = "return",
					 .version = 1,
					 .title = "Goods of an order that are to come back",
					 .size = sizeof(struct return_request),
					 .fields = fields,
					 .fields_count = COUNT_OF(fields)};

static const struct field channel_fields[] = {ORDER_ID(false), SAID(channel_line_contract)};
const struct contract channel_return_contract = {.name = "return",
						 .version = 1,
						 .title = "A return as a mapping gives it",
						 .size = sizeof(struct return_request),
						 .fields = channel_fields,
						 .fields_count = COUNT_OF(channel_fields)};

struct return_line *
return_line_at(const struct return_request *r, size_t index)
{
	return &((struct return_line *)r->lines.items)[index];
}

struct str
return_reason_name(int reason_code)
{
	return str_of(reasons[reason_code]);
}

struct uuid
return_id_of(struct str party, struct str reference)
{
	return uuid_derive(UUID_RETURN, (struct str[]){party, reference}, 2);
}

enum outcome
return_check(const struct return_request *r, struct why *why)
{
	char path[64];

	if (uuid_is_nil(r->order_id) && !r->order_number.n)
		return why_at(why, OUTCOME_DEAD, "field-missing", "order_id",
			      "a return names its order, by order_id or order_number");
	for (size_t i = 0; i < r->lines.n; i++) {
		if (return_line_at(r, i)->line_no || return_line_at(r, i)->sku.n)
			continue;
		snprintf(path, sizeof path, "lines[%zu].line_no", i);
		return why_at(why, OUTCOME_DEAD, "field-missing", path, "which line? line_no or sku says it");
	}
	return OUTCOME_OK;
}
