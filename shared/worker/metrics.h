/* SPDX-License-Identifier: Apache-2.0 */
/*
 * metrics - the figures of one process, in Prometheus' words
 * Written by the loop, read by the HTTP thread; every figure is one atomic.
 */
#ifndef TRIBUTARY_WORKER_METRICS_H
#define TRIBUTARY_WORKER_METRICS_H

#include "base/outcome.h"

struct metrics;

enum counter {
	COUNTER_DELIVERIES,
	COUNTER_REDELIVERIES,
	COUNTER_ANSWERED, /* repeats answered out of the journal */
	COUNTER_PUBLISHED,
	COUNTER_RETURNED,
	COUNTER_BATCHES,
	COUNTER_BATCH_RERUNS, /* a batch's transaction was run again: conflict, or one bad item */
	COUNTER_POSTGRES_RECONNECTS,
	COUNTERS
};

enum gauge {
	GAUGE_POSTGRES_UP,
	GAUGE_AMQP_UP,
	GAUGE_REDIS_UP,
	GAUGE_AMQP_BLOCKED,
	GAUGE_AMQP_CONSUMING,
	GAUGE_AMQP_RECONNECTS,
	GAUGE_REDIS_RECONNECTS,
	GAUGE_DRAINING,   /* asked to stop: not ready any more */
	GAUGE_LOOP_AT_US, /* monotonic time of the loop's last turn */
	GAUGES
};

/* Seconds, but for HISTOGRAM_BATCH, which counts messages. */
enum histogram { HISTOGRAM_WAIT, HISTOGRAM_WORK, HISTOGRAM_PUBLISH, HISTOGRAM_BATCH, HISTOGRAMS };

struct metrics *metrics_new(void); /* NULL without memory */
void metrics_free(struct metrics *m);
void metrics_count(struct metrics *m, enum counter counter, uint64_t n);
/*
 * metrics_own - a figure of the worker's own, by party: tributary_<worker>_<name>{party="..",what=".."}
 * name         ends in _total when `value` is added to it, else it is set
 * party, what  labels, without quotes; `what` may be NULL
 * There is room for METRICS_OWN_MAX of them; more are not kept.
 */
#define METRICS_OWN_MAX 512
void metrics_own(struct metrics *m, const char *name, const char *party, const char *what, int64_t value);
void metrics_gauge(struct metrics *m, enum gauge gauge, int64_t value);
int64_t metrics_gauge_get(struct metrics *m, enum gauge gauge);
void metrics_outcome(struct metrics *m, enum outcome outcome);
/* metrics_observe - times in microseconds, batch sizes in messages */
void metrics_observe(struct metrics *m, enum histogram histogram, int64_t value);
/* metrics_put - the text that Prometheus reads */
void metrics_put(struct metrics *m, const char *worker, struct buf *out);

#endif
