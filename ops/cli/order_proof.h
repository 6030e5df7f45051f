/* SPDX-License-Identifier: Apache-2.0 */
/*
 * order_proof - all evidence about one order, and whether it still is what was sealed
 */
#ifndef TRIBUTARY_CLI_ORDER_PROOF_H
#define TRIBUTARY_CLI_ORDER_PROOF_H

#include "store/store.h"

/* order_proof_print - returns the exit status: 0 verified, 1 something differs, or a server is away (said on stderr) */
int order_proof_print(struct store *store, struct arena *arena, struct uuid id, bool as_json);

#endif
