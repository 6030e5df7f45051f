/* SPDX-License-Identifier: Apache-2.0 */
#include "enrich/enrich.h"

#include "topology_names.h"

#include "model/order.h"

static const struct handler enrich_handlers[] = {
    {.type = EVENT_ORDER_ACCEPTED, .contract = &order_contract, .handle = enrich_accepted},
    {.type = EVENT_ORDER_CHANGED, .contract = &order_contract, .handle = enrich_changed},
};

static const struct worker enrich_worker = {
    .name = "enrich",
    .summary = "adds what our own books say: customer, items, units, prices, tax, stock",
    .handlers = enrich_handlers,
    .handlers_count = COUNT_OF(enrich_handlers),
};

int
main(int argc, char **argv)
{
	return worker_main(&enrich_worker, argc, argv);
}
