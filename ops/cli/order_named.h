/* SPDX-License-Identifier: Apache-2.0 */
/*
 * order_named - which order a person means: an id, PARTY:NUMBER or a number
 */
#ifndef TRIBUTARY_CLI_ORDER_NAMED_H
#define TRIBUTARY_CLI_ORDER_NAMED_H

#include "base/uuid.h"
#include "store/store.h"

/* order_named - false after saying on stderr, as `tributary COMMAND`, why none can be */
bool order_named(const char *command, struct store *store, struct arena *arena, const char *name, struct uuid *id);

#endif
