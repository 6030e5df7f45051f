/* SPDX-License-Identifier: Apache-2.0 */
#include "ingest/ingest.h"

#include "worker/worker.h"

#include <stddef.h>

static const struct param ingest_params[] = {
    {"DOCUMENT_BYTES", PARAM_INT, offsetof(struct ingest_config, document_bytes), "8388608", 1024, 67108864, "bytes",
     "a larger document is refused"},
};

static const struct handler ingest_handlers[] = {
    {.handle = ingest_handle, .committed = ingest_committed},
};

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
    .from_outside = true,
};

int
main(int argc, char **argv)
{
	return worker_main(&ingest_worker, argc, argv);
}
