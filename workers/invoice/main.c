/* SPDX-License-Identifier: Apache-2.0 */
#include "invoice/invoice.h"

#include "topology_names.h"

#include "model/shipment.h"

static const struct handler invoice_handlers[] = {
    {.type = EVENT_SHIPMENT_CONFIRMED, .contract = &shipment_contract, .handle = invoice_handle},
};

static const struct worker invoice_worker = {
    .name = "invoice",
    .summary = "bills what was shipped",
    .handlers = invoice_handlers,
    .handlers_count = COUNT_OF(invoice_handlers),
};

int
main(int argc, char **argv)
{
	return worker_main(&invoice_worker, argc, argv);
}
