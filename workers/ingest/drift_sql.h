/* SPDX-License-Identifier: Apache-2.0 */
/*
 * drift_sql - the statements of drift.c
 */
#ifndef TRIBUTARY_INGEST_DRIFT_SQL_H
#define TRIBUTARY_INGEST_DRIFT_SQL_H

#include "store/store.h"

/* Each: party, kind → its place among those asked for, from 1, and */
/* path, types, is_used, is_open, documents, absent; parents first */
extern const struct statement drift_shapes_load;
/* path, value */
extern const struct statement drift_values_load;
/* path, what, now, is accepted: alarms that are open or accepted */
extern const struct statement drift_alarms_load;

/* party, kind, path, types, is_used, is_open, documents more, absent more, now */
extern const struct statement drift_shapes_add;
/* party, kind, path, value */
extern const struct statement drift_values_add;
/* party, kind, path: it is open */
extern const struct statement drift_values_forget;
/* party, kind, path, what, was, now, is alarm, documents more, document_id, at */
extern const struct statement drift_findings_add;

#endif
