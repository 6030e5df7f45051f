/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rate - so many requests per second and no more: a token bucket
 * It holds one second's requests, at least one. Pure: time is handed in. A process has its own; n processes of one
 * partner send n times as much.
 */
#ifndef TRIBUTARY_SHIP_SYNC_RATE_H
#define TRIBUTARY_SHIP_SYNC_RATE_H

#include "base/outcome.h"

struct rate {
	int64_t per_second_micro; /* 0: no limit */
	int64_t tokens_micro;     /* may be below 0: what was sent beyond it */
	int64_t at_us;            /* of tokens_micro, monotonic */
};

/* rate_init - full */
void rate_init(struct rate *r, int64_t per_second_micro, int64_t now_us);
bool rate_is_limited(const struct rate *r);
/* rate_burst - requests that a full bucket is good for, at least 1 */
int64_t rate_burst(const struct rate *r);
/* rate_wait_us - until n requests (at most rate_burst) may be sent; 0: now */
int64_t rate_wait_us(struct rate *r, int64_t n, int64_t now_us);
/* rate_take - one request is sent now; false: it may not be */
bool rate_take(struct rate *r, int64_t now_us) MUST_CHECK;

#endif
