/* SPDX-License-Identifier: Apache-2.0 */
/*
 * party_drift - the open alarms of a party, for its score
 */
#ifndef TRIBUTARY_CLI_PARTY_DRIFT_H
#define TRIBUTARY_CLI_PARTY_DRIFT_H

#include "store/store.h"

/* drift_alarms_print - a line for each on stdout, in a transaction of its own; how many */
size_t drift_alarms_print(struct store *store, struct str party, struct arena *arena);

#endif
