/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ingest - makes orders of what comes from outside
 */
#ifndef TRIBUTARY_INGEST_H
#define TRIBUTARY_INGEST_H

#include "intake/intake.h"
#include "worker/worker.h"

struct ingest_config {
	int64_t document_bytes;
};

/* ingest_open - loads the mapping of every party */
enum outcome ingest_open(const struct setup *setup, void **state, struct why *why);
void ingest_close(void *state);
/* ingest_source - the item as intake takes it */
struct intake_source ingest_source(const struct batch *batch, const struct item *item);
enum outcome ingest_handle(struct batch *batch, struct why *why);
void ingest_committed(void *state);

#endif
