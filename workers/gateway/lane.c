/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/lane.h"

#include <time.h>

void
lane_init(struct lane *lane, size_t max)
{
	pthread_condattr_t attributes;

	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	*lane = (struct lane){.max = max};
	pthread_mutex_init(&lane->lock, NULL);
	pthread_cond_init(&lane->wake, &attributes);
	pthread_condattr_destroy(&attributes);
	lane->tail = &lane->head;
}

void
lane_destroy(struct lane *lane)
{
	pthread_mutex_destroy(&lane->lock);
	pthread_cond_destroy(&lane->wake);
}

bool
lane_put(struct lane *lane, struct call *call)
{
	bool has_room;

	pthread_mutex_lock(&lane->lock);
	has_room = lane->n < lane->max;
	if (has_room) {
		call_hold(call);
		call->next = NULL;
		*lane->tail = call;
		lane->tail = &call->next;
		if (lane->n++ == 0)
			pthread_cond_signal(&lane->wake);
	}
	pthread_mutex_unlock(&lane->lock);
	return has_room;
}

static struct timespec
time_after(int64_t ms)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	t.tv_sec += ms / 1000;
	t.tv_nsec += ms % 1000 * 1000000;
	if (t.tv_nsec >= 1000000000) {
		t.tv_nsec -= 1000000000;
		t.tv_sec++;
	}
	return t;
}

size_t
lane_take(struct lane *lane, struct call **calls, size_t max, int64_t wait_ms)
{
	struct timespec until = time_after(wait_ms);
	size_t n = 0;

	pthread_mutex_lock(&lane->lock);
	if (!lane->head && wait_ms > 0)
		pthread_cond_timedwait(&lane->wake, &lane->lock, &until);
	for (; lane->head && n < max; n++, lane->n--) {
		calls[n] = lane->head;
		lane->head = calls[n]->next;
	}
	if (!lane->head)
		lane->tail = &lane->head;
	pthread_mutex_unlock(&lane->lock);
	return n;
}

void
lane_wake(struct lane *lane)
{
	pthread_mutex_lock(&lane->lock);
	pthread_cond_broadcast(&lane->wake);
	pthread_mutex_unlock(&lane->lock);
}

void
lane_close(struct lane *lane)
{
	pthread_mutex_lock(&lane->lock);
	lane->max = 0;
	pthread_mutex_unlock(&lane->lock);
}

size_t
lane_length(struct lane *lane)
{
	size_t n;

	pthread_mutex_lock(&lane->lock);
	n = lane->n;
	pthread_mutex_unlock(&lane->lock);
	return n;
}
