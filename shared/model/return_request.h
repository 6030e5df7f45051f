/* SPDX-License-Identifier: Apache-2.0 */
/*
 * return_request - goods of an order that are to come back (an RMA)
 * Contract "return", version 1. Said as return.requested. The requester names the order and what he wants to send back;
 * ingest adds the number (RMA-00000001) under which it may come, and our own words for its lines.
 */
#ifndef TRIBUTARY_MODEL_RETURN_REQUEST_H
#define TRIBUTARY_MODEL_RETURN_REQUEST_H

#include "base/uuid.h"
#include "contract/contract.h"

#define RETURN_LINES_MAX 1000

enum return_reason {
	RETURN_UNSPECIFIED,
	RETURN_DAMAGED,
	RETURN_DEFECTIVE,
	RETURN_WRONG_ITEM,
	RETURN_NOT_AS_DESCRIBED,
	RETURN_UNWANTED,
	RETURN_LATE,
	RETURN_OTHER
};

struct return_line {
	int64_t line_no; /* of the order, from 1; in a request 0 when the sku says which */
	struct str sku;  /* the channel's, or our item */
	struct str unit; /* of the quantity: the order line's (in a request also empty for it), or the base unit */
	int64_t quantity_micro; /* in this unit */
	int reason_code;        /* enum return_reason */
	struct str reason_text;
	struct str line_ref, item_no, base_unit; /* ours */
	int64_t base_quantity_micro;             /* ours */
};

struct return_request {
	struct uuid return_id, order_id; /* in a request the order's is nil when its number says which */
	struct str party, number;        /* ours: the channel, RMA-00000001 */
	int64_t requested_at_us;         /* ours: when it was taken in */
	struct str reference;    /* the requester's own number of the request: the same again is the same request */
	struct str order_number; /* the channel's; in a request empty when the id says which */
	struct str note;
	struct list lines; /* struct return_line */
};

extern const struct contract return_contract;
/* channel_return_contract - as a mapping gives it: without what is ours */
extern const struct contract channel_return_contract;

struct return_line *return_line_at(const struct return_request *r, size_t index);

struct str return_reason_name(int reason_code); /* enum return_reason; as in the document */

/* return_id_of - of the request with this reference of the party */
struct uuid return_id_of(struct str party, struct str reference);

/*
 * return_check - what no field table can say of a request
 * OUTCOME_DEAD  code: field-missing (which order; which line)
 */
enum outcome return_check(const struct return_request *r, struct why *why) MUST_CHECK;

#endif
