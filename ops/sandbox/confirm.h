/* SPDX-License-Identifier: Apache-2.0 */
/*
 * confirm - publish the confirmations that are due, as a warehouse would
 */
#ifndef TRIBUTARY_SANDBOX_CONFIRM_H
#define TRIBUTARY_SANDBOX_CONFIRM_H

#include "book.h"
#include "broker/broker.h"

/* confirm_due - one round, as this party; returns how many are out. What was not confirmed by the broker is due again. */
size_t confirm_due(struct book *book, struct broker *broker, const char *party, struct arena *arena);

#endif
