/* SPDX-License-Identifier: Apache-2.0 */
#include "noop/noop.h"

#include "topology_names.h"

#include "model/order.h"

static const struct handler noop_handlers[] = {
    {.type = EVENT_ORDER_ACCEPTED, .contract = &order_contract, .handle = noop_handle},
};

static const struct worker noop_worker = {
    .name = "noop",
    .summary = "writes down what it sees",
    .handlers = noop_handlers,
    .handlers_count = COUNT_OF(noop_handlers),
};

int
main(int argc, char **argv)
{
	return worker_main(&noop_worker, argc, argv);
}
