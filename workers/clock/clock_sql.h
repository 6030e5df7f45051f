/* SPDX-License-Identifier: Apache-2.0 */
/*
 * clock_sql - clock's statements; the only place of this worker that knows columns
 */
#ifndef TRIBUTARY_CLOCK_CLOCK_SQL_H
#define TRIBUTARY_CLOCK_CLOCK_SQL_H

#include "store/store.h"

/* most → order_id, party, what it waits for in all, what is free of that: oldest first, as many as it is enough for */
extern const struct statement clock_backorders_due;
/* → orders that wait for stock, seconds since the oldest of them came; of 20,000 lines that wait at most */
extern const struct statement clock_backorders_waiting;

#endif
