/* SPDX-License-Identifier: Apache-2.0 */
/*
 * shipment - goods of one order from one warehouse, asked for and then confirmed by the partner that ships
 * Contract "shipment", version 1. Said as shipment.requested.<partner>, and as shipment.confirmed.<partner> with the
 * confirmation filled in. Contract "confirmation" is what a partner's mapping returns.
 */
#ifndef TRIBUTARY_MODEL_SHIPMENT_H
#define TRIBUTARY_MODEL_SHIPMENT_H

#include "base/uuid.h"
#include "contract/contract.h"
#include "model/order.h"

struct shipment_line {
	int64_t line_no;                                            /* of the order, from 1 */
	struct str line_ref, item_no, sku, gtin, description, unit; /* unit: the item's base unit */
	int64_t quantity_micro;                                     /* asked for */
	int64_t shipped_micro;                                      /* in a confirmation; 0 before */
};

/* The partner's word on one line; without lines, everything was shipped. */
struct confirmation_line {
	struct str line_ref, sku;
	int64_t quantity_micro;
};

struct confirmation {
	struct uuid shipment_id;
	struct str partner_ref, carrier, tracking_number;
	int64_t shipped_at_us;
	struct list lines; /* struct confirmation_line */
};

struct shipment {
	struct uuid shipment_id, order_id;
	struct str party, source_number; /* the order's channel and number there */
	struct str partner, warehouse;
	int64_t place; /* 1 for the order's first shipment */
	int64_t requested_at_us;
	struct address ship_to;
	struct list lines; /* struct shipment_line */
	struct str partner_ref, carrier, tracking_number;
	int64_t shipped_at_us; /* 0 until confirmed */
};

extern const struct contract shipment_contract;
extern const struct contract confirmation_contract;

/* shipment_scope - of the event shipment.confirmed: <partner>.<channel>; empty without memory */
struct str shipment_scope(const struct shipment *shipment, struct arena *arena);

#endif
