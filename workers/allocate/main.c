/* SPDX-License-Identifier: Apache-2.0 */
#include "allocate/allocate.h"

#include "topology_names.h"

#include "model/order.h"
#include "model/shipment.h"

static const struct handler allocate_handlers[] = {
    {.type = EVENT_ORDER_ENRICHED, .contract = &order_contract, .handle = allocate_order},
    {.type = EVENT_SHIPMENT_CONFIRMED, .contract = &shipment_contract, .handle = allocate_shipped},
    {.type = EVENT_BACKORDER_DUE, .closes_no_gate = true, .handle = allocate_backorder},
};

static const struct worker allocate_worker = {
    .name = "allocate",
    .summary =
	"reserves stock, splits orders into shipments, fills backorders, closes reservations when goods have left",
    .handlers = allocate_handlers,
    .handlers_count = COUNT_OF(allocate_handlers),
};

int
main(int argc, char **argv)
{
	return worker_main(&allocate_worker, argc, argv);
}
