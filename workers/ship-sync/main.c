/* SPDX-License-Identifier: Apache-2.0 */
#include "ship-sync/ship_sync.h"

#include "topology_names.h"

#include "model/shipment.h"
#include "ship-sync/breaker.h"

#include <stddef.h>

#define AT(member) offsetof(struct ship_sync_config, member)

static const struct param ship_sync_params[] = {
    {"CALL_CONCURRENCY", PARAM_INT, AT(call_concurrency), "64", 1, 1024, "requests",
     "requests of one process at a time, over all partners; each partner's own limit stands in its party.yaml"},
    {"CALL_TIMEOUT_MS", PARAM_INT, AT(call_timeout_ms), "5000", 100, 600000, "ms",
     "how long one request may take, when the partner's party.yaml says nothing"},
    {"CONNECT_TIMEOUT_MS", PARAM_INT, AT(connect_timeout_ms), "2000", 100, 600000, "ms",
     "how much of that a connection may take; every partner waits for one that does not even connect"},
    {"PARTNER_CA_FILE", PARAM_TEXT, AT(partner_ca_file), "", 0, 1024, "",
     "certificates that https:// partners are checked against, PEM: all that are trusted; empty: the system's"},
    {"BREAKER_FAILURES", PARAM_INT, AT(breaker_failures), "5", 0, 1000000, "requests",
     "a partner's circuit opens when so many failed in a row; 0: does not count"},
    {"BREAKER_RATE_PERCENT", PARAM_INT, AT(breaker_rate_percent), "50", 0, 100, "%",
     "or so many of the last BREAKER_WINDOW; 0: does not count"},
    {"BREAKER_WINDOW", PARAM_INT, AT(breaker_window), "20", 1, BREAKER_WINDOW_MAX, "requests", "see above"},
    {"BREAKER_BACKOFF_MS", PARAM_INT, AT(breaker_backoff_ms), "1000", 10, 3600000, "ms",
     "how long it stays open at most the first time; twice that after each trial that failed"},
    {"BREAKER_BACKOFF_MAX_MS", PARAM_INT, AT(breaker_backoff_max_ms), "60000", 10, 3600000, "ms",
     "and no longer than that"},
    {"RETRY_AFTER_MAX_S", PARAM_INT, AT(retry_after_max_s), "3600", 1, 86400, "s",
     "the longest wait that is believed when a partner asks for one (Retry-After)"},
    {"LEASE_MS", PARAM_INT, AT(lease_ms), "30000", 1000, 3600000, "ms",
     "a request that was prepared longer ago is in doubt; at least twice the longest time-out"},
};

static const struct handler ship_sync_handlers[] = {
    {.type = EVENT_SHIPMENT_REQUESTED,
     .contract = &shipment_contract,
     .prepare = ship_sync_prepare,
     .call = ship_sync_call,
     .look = ship_sync_look,
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
    .window = ship_sync_window,
};

int
main(int argc, char **argv)
{
	return worker_main(&ship_sync_worker, argc, argv);
}
