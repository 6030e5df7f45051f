/* SPDX-License-Identifier: Apache-2.0 */
#include "notify/notify.h"

#include "topology_names.h"

#include "model/acknowledgement.h"
#include "model/allocation.h"
#include "model/invoice.h"
#include "model/shipment.h"

static const struct handler notify_handlers[] = {
    {.type = EVENT_ORDER_ALLOCATED, .contract = &allocation_contract, .handle = notify_allocated},
    {.type = EVENT_SHIPMENT_CONFIRMED, .contract = &shipment_contract, .handle = notify_shipped},
    {.type = EVENT_INVOICE_ISSUED, .contract = &invoice_contract, .handle = notify_invoiced},
    {.type = EVENT_DOCUMENT_ACKNOWLEDGED,
     .contract = &acknowledgement_contract,
     .passes_gates = true,
     .handle = notify_acknowledged},
};

static const struct worker notify_worker = {
    .name = "notify",
    .summary = "tells partners what became of their orders, in their own format",
    .handlers = notify_handlers,
    .handlers_count = COUNT_OF(notify_handlers),
    .open = notify_open,
    .close = notify_close,
};

int
main(int argc, char **argv)
{
	return worker_main(&notify_worker, argc, argv);
}
