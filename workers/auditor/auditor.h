/* SPDX-License-Identifier: Apache-2.0 */
/*
 * auditor - one round of the audit, again and again
 */
#ifndef TRIBUTARY_AUDITOR_AUDITOR_H
#define TRIBUTARY_AUDITOR_AUDITOR_H

#include "worker/worker.h"

struct auditor_config {
	int64_t every_ms, changed_max, slice, grace_s, lag_s, put_back_max;
};

enum outcome auditor_open(const struct setup *setup, void **state, struct why *why);
void auditor_close(void *state);

/* auditor_rest_ms - how long to rest after a step; pure
 * worked_us   what the step took
 * rows        that the fleet wrote into the timeline and documents within elapsed_us, which ended now */
int64_t auditor_rest_ms(int64_t worked_us, int64_t rows, int64_t elapsed_us);

enum outcome auditor_tick(struct batch *batch, int64_t *next_ms, struct why *why);

#endif
