/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sets - the calls that a lane's thread has taken, answered route by route
 * What is beyond its party's quota, or has waited longer than WAIT_TIMEOUT_MS, is answered as such. What one call spoils the
 * others do not pay for.
 */
#ifndef TRIBUTARY_GATEWAY_SETS_H
#define TRIBUTARY_GATEWAY_SETS_H

#include "gateway/route.h"
#include "keys/keys.h"

#define SETS_CALLS_MAX 512

/*
 * sets_answer - each of n calls, at most SETS_CALLS_MAX, by its route; then they are let go
 * keys  of the calling thread, for the quotas
 */
void sets_answer(struct lane_work *work, struct keys *keys, struct call **calls, size_t n);

#endif
