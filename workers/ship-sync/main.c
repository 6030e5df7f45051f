/* SPDX-License-Identifier: Apache-2.0 */
#include "ship-sync/ship_sync.h"

#include "topology_names.h"

#include "model/shipment.h"

#include <stddef.h>

#define AT(member) offsetof(struct ship_sync_config, member)

static const struct param ship_sync_params[] = {
    {"CALL_CONCURRENCY", PARAM_INT, AT(call_concurrency), "64", 1, 1024, "requests",
     "requests of one process at a time, over all partners; each partner's own limit stands in its party.yaml"},
    {"CALL_TIMEOUT_MS", PARAM_INT, AT(call_timeout_ms), "5000", 100, 600000, "ms",
     "how long one request may take, when the partner's party.yaml says nothing"},
    {"LEASE_MS", PARAM_INT, AT(lease_ms), "30000", 1000, 3600000, "ms",
     "a request that was prepared longer ago is in doubt; at least twice the longest time-out"},
};

static const struct handler ship_sync_handlers[] = {
    {.type = EVENT_SHIPMENT_REQUESTED,
     .contract = &shipment_contract,
     .prepare = ship_sync_prepare,
     .call = ship_sync_call,
     .handle = ship_sync_handle},
    {.type = EVENT_SHIPMENT_CONFIRMED,
     .contract = &shipment_contract,
     .passes_gates = true,
     .handle = ship_sync_confirmed},
};

static const struct worker ship_sync_worker = {
    .name = "ship-sync",
    .summary = "asks the partners' warehouses to ship",
    .params = ship_sync_params,
    .params_count = COUNT_OF(ship_sync_params),
    .config_size = sizeof(struct ship_sync_config),
    .handlers = ship_sync_handlers,
    .handlers_count = COUNT_OF(ship_sync_handlers),
    .open = ship_sync_open,
    .close = ship_sync_close,
};

int
main(int argc, char **argv)
{
	return worker_main(&ship_sync_worker, argc, argv);
}
