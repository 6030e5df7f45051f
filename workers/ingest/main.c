/* SPDX-License-Identifier: Apache-2.0 */
#include "ingest/ingest.h"

#include "worker/worker.h"

#include "topology_names.h"

#include <stddef.h>

static const struct param ingest_params[] = {
    {"DOCUMENT_BYTES", PARAM_INT, offsetof(struct ingest_config, document_bytes), "8388608", 1024, 67108864, "bytes",
     "a larger document is refused"},
};

static const struct handler ingest_handlers[] = {
    {.handle = ingest_handle, .committed = ingest_committed},
};

/* Not ship-sync: a partner that is away must not hold the channels up. */
static const char *const ingest_behind[] = {QUEUE_ENRICH, QUEUE_ALLOCATE, QUEUE_INVOICE, NULL};

static const struct worker ingest_worker = {
    .name = "ingest",
    .summary = "takes documents from outside and makes orders of them",
    .params = ingest_params,
    .params_count = COUNT_OF(ingest_params),
    .config_size = sizeof(struct ingest_config),
    .handlers = ingest_handlers,
    .handlers_count = COUNT_OF(ingest_handlers),
    .open = ingest_open,
    .close = ingest_close,
    .behind = ingest_behind,
    .from_outside = true,
};

int
main(int argc, char **argv)
{
	return worker_main(&ingest_worker, argc, argv);
}
