/* SPDX-License-Identifier: Apache-2.0 */
/*
 * allocation - what was reserved for an order, where, and why not elsewhere
 * Contract "allocation", version 1. Said as order.allocated. Quantities are millionths of the item's base unit.
 */
#ifndef TRIBUTARY_MODEL_ALLOCATION_H
#define TRIBUTARY_MODEL_ALLOCATION_H

#include "base/uuid.h"
#include "contract/contract.h"

/* One warehouse that was looked at for a line. */
struct allocation_candidate {
	struct str warehouse;
	int64_t available_micro, taken_micro;
	struct str reason; /* chosen, or why it was passed over: no-stock short not-needed */
};

struct allocation_line {
	struct str line_ref, item_no;
	int64_t ordered_micro, allocated_micro, backordered_micro;
	struct list candidates; /* struct allocation_candidate */
};

struct allocation {
	struct uuid order_id;
	struct str party, source_number;
	int64_t allocated_at_us;
	int64_t shipments_count;
	struct list lines; /* struct allocation_line */
};

extern const struct contract allocation_contract;

#endif
