/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lane - calls that wait for a thread, in the order they came
 * Any thread puts, one takes. Bounded: a lane that is full says so at once.
 */
#ifndef TRIBUTARY_GATEWAY_LANE_H
#define TRIBUTARY_GATEWAY_LANE_H

#include "gateway/call.h"

#include <pthread.h>

struct lane {
	pthread_mutex_t lock;
	pthread_cond_t wake;
	struct call *head, **tail;
	size_t n, max;
};

void lane_init(struct lane *lane, size_t max);
void lane_destroy(struct lane *lane);
/* lane_put - holds the call for whoever takes it; false when it is full, or closed */
bool lane_put(struct lane *lane, struct call *call);
/* lane_take - up to `max` calls; waits up to wait_ms for the first. Returns how many;
 * each is call_release()d when it is done with */
size_t lane_take(struct lane *lane, struct call **calls, size_t max, int64_t wait_ms);
/* lane_wake - whoever waits in lane_take() stops waiting */
void lane_wake(struct lane *lane);
/* lane_close - from now on it takes nothing in */
void lane_close(struct lane *lane);
size_t lane_length(struct lane *lane);

#endif
