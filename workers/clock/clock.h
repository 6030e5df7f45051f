/* SPDX-License-Identifier: Apache-2.0 */
/*
 * clock - wakes what waited for something that is there now
 */
#ifndef TRIBUTARY_CLOCK_CLOCK_H
#define TRIBUTARY_CLOCK_CLOCK_H

#include "worker/worker.h"

struct clock_config {
	int64_t every_ms, due_max;
};

enum outcome clock_open(const struct setup *setup, void **state, struct why *why);
void clock_close(void *state);
enum outcome clock_tick(struct batch *batch, int64_t *next_ms, struct why *why);

#endif
