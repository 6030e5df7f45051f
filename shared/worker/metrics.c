/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/metrics.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#define BUCKETS 12
#define OUTCOMES (OUTCOME_UNSURE + 1)

static const char *const counter_names[COUNTERS][2] = {
    [COUNTER_DELIVERIES] = {"deliveries_total", "Messages taken from the broker"},
    [COUNTER_REDELIVERIES] = {"redeliveries_total", "Messages the broker had delivered before"},
    [COUNTER_ANSWERED] = {"answered_total", "Repeats answered out of the journal"},
    [COUNTER_PUBLISHED] = {"published_total", "Messages published and confirmed"},
    [COUNTER_RETURNED] = {"returned_total", "Messages nobody was bound for"},
    [COUNTER_BATCHES] = {"batches_total", "Batches settled"},
    [COUNTER_BATCH_RERUNS] = {"batch_reruns_total", "Transactions run again"},
    [COUNTER_POSTGRES_RECONNECTS] = {"postgres_reconnects_total", "Connections made after the first"},
};

static const char *const gauge_names[GAUGES][3] = {
    [GAUGE_POSTGRES_UP] = {"postgres_up", "gauge", "1: connected"},
    [GAUGE_AMQP_UP] = {"amqp_up", "gauge", "1: both connections stand"},
    [GAUGE_REDIS_UP] = {"redis_up", "gauge", "1: connected; 0 costs speed only"},
    [GAUGE_AMQP_BLOCKED] = {"amqp_blocked", "gauge", "1: the broker takes no messages now"},
    [GAUGE_AMQP_CONSUMING] = {"amqp_consuming", "gauge", "1: takes messages from all of its queues"},
    [GAUGE_DRAINING] = {"draining", "gauge", "1: about to stop, and not ready"},
    [GAUGE_AMQP_RECONNECTS] = {"amqp_reconnects_total", "counter", "Connections made after the first"},
    [GAUGE_REDIS_RECONNECTS] = {"redis_reconnects_total", "counter", "Connections made after the first"},
};

static const char *const histogram_names[HISTOGRAMS][2] = {
    [HISTOGRAM_WAIT] = {"queue_wait_seconds", "From being published to being taken"},
    [HISTOGRAM_WORK] = {"work_seconds", "From the first step of a batch to its commit"},
    [HISTOGRAM_PUBLISH] = {"publish_seconds",
			   "From commit until the last confirm was seen; the next batch is worked on meanwhile"},
    [HISTOGRAM_BATCH] = {"batch_messages", "Messages in a batch"},
};

/* Upper bounds: microseconds, and messages for the batch. */
static const int64_t time_bounds[BUCKETS] = {1000,   2000,   5000,    10000,   25000,    50000,
					     100000, 250000, 1000000, 5000000, 30000000, 300000000};
static const int64_t batch_bounds[BUCKETS] = {1, 2, 5, 10, 20, 50, 100, 150, 200, 300, 500, 1000};

/* Written by the loop before own_count says that it is there, and not changed after that, but for the value. */
struct own {
	char name[32], party[48], what[32];
	_Atomic int64_t value;
};

struct metrics {
	_Atomic uint64_t counters[COUNTERS];
	_Atomic uint64_t outcomes[OUTCOMES];
	_Atomic int64_t gauges[GAUGES];
	struct {
		_Atomic uint64_t buckets[BUCKETS], count;
		_Atomic int64_t sum;
	} histograms[HISTOGRAMS];
	struct own own[METRICS_OWN_MAX];
	_Atomic size_t own_count;
};

struct metrics *
metrics_new(void)
{
	return calloc(1, sizeof(struct metrics));
}

void
metrics_free(struct metrics *m)
{
	free(m);
}

void
metrics_count(struct metrics *m, enum counter counter, uint64_t n)
{
	atomic_fetch_add_explicit(&m->counters[counter], n, memory_order_relaxed);
}

static struct own *
own_find(struct metrics *m, const char *name, const char *party, const char *what)
{
	size_t n = m->own_count;
	struct own *o = &m->own[n];

	for (size_t i = 0; i < n; i++)
		if (strcmp(m->own[i].name, name) == 0 && strcmp(m->own[i].party, party) == 0 &&
		    strcmp(m->own[i].what, what) == 0)
			return &m->own[i];
	if (n == METRICS_OWN_MAX || strlen(name) >= sizeof o->name || strlen(party) >= sizeof o->party ||
	    strlen(what) >= sizeof o->what)
		return NULL;
	memcpy(o->name, name, strlen(name));
	memcpy(o->party, party, strlen(party));
	memcpy(o->what, what, strlen(what));
	atomic_store_explicit(&m->own_count, n + 1, memory_order_release);
	return o;
}

static bool
is_total(const char *name)
{
	return str_ends(str_of(name), STR("_total"));
}

void
metrics_own(struct metrics *m, const char *name, const char *party, const char *what, int64_t value)
{
	struct own *o = own_find(m, name, party, what ? what : "");

	if (o && is_total(name))
		atomic_fetch_add_explicit(&o->value, value, memory_order_relaxed);
	else if (o)
		atomic_store_explicit(&o->value, value, memory_order_relaxed);
}

void
metrics_gauge(struct metrics *m, enum gauge gauge, int64_t value)
{
	atomic_store_explicit(&m->gauges[gauge], value, memory_order_relaxed);
}

int64_t
metrics_gauge_get(struct metrics *m, enum gauge gauge)
{
	return atomic_load_explicit(&m->gauges[gauge], memory_order_relaxed);
}

void
metrics_outcome(struct metrics *m, enum outcome outcome)
{
	atomic_fetch_add_explicit(&m->outcomes[outcome], 1, memory_order_relaxed);
}

static const int64_t *
bounds_of(enum histogram histogram)
{
	return histogram == HISTOGRAM_BATCH ? batch_bounds : time_bounds;
}

void
metrics_observe(struct metrics *m, enum histogram histogram, int64_t value)
{
	const int64_t *bounds = bounds_of(histogram);

	for (size_t i = 0; i < BUCKETS; i++)
		if (value <= bounds[i])
			atomic_fetch_add_explicit(&m->histograms[histogram].buckets[i], 1, memory_order_relaxed);
	atomic_fetch_add_explicit(&m->histograms[histogram].sum, value, memory_order_relaxed);
	atomic_fetch_add_explicit(&m->histograms[histogram].count, 1, memory_order_relaxed);
}

static void
histogram_put(struct metrics *m, enum histogram histogram, const char *worker, struct buf *out)
{
	const char *name = histogram_names[histogram][0];
	double unit = histogram == HISTOGRAM_BATCH ? 1 : 1e6;

	buf_printf(out, "# HELP tributary_%s %s\n# TYPE tributary_%s histogram\n", name, histogram_names[histogram][1],
		   name);
	for (size_t i = 0; i < BUCKETS; i++)
		buf_printf(out, "tributary_%s_bucket{worker=\"%s\",le=\"%g\"} %" PRIu64 "\n", name, worker,
			   (double)bounds_of(histogram)[i] / unit, m->histograms[histogram].buckets[i]);
	buf_printf(out, "tributary_%s_bucket{worker=\"%s\",le=\"+Inf\"} %" PRIu64 "\n", name, worker,
		   m->histograms[histogram].count);
	buf_printf(out, "tributary_%s_sum{worker=\"%s\"} %.6f\n", name, worker,
		   (double)m->histograms[histogram].sum / unit);
	buf_printf(out, "tributary_%s_count{worker=\"%s\"} %" PRIu64 "\n", name, worker,
		   m->histograms[histogram].count);
}

/* All figures of one name stand together, behind its TYPE. */
static void
own_put(struct metrics *m, const char *worker, struct buf *out)
{
	size_t n = atomic_load_explicit(&m->own_count, memory_order_acquire);
	char prefix[32];

	snprintf(prefix, sizeof prefix, "%s", worker);
	for (char *p = prefix; *p; p++) /* no hyphen in the name of a metric */
		*p = *p == '-' ? '_' : *p;
	for (size_t i = 0; i < n; i++) {
		const char *name = m->own[i].name;
		size_t first = 0;

		while (strcmp(m->own[first].name, name) != 0)
			first++;
		if (first < i)
			continue;
		buf_printf(out, "# TYPE tributary_%s_%s %s\n", prefix, name, is_total(name) ? "counter" : "gauge");
		for (size_t j = i; j < n; j++) {
			const struct own *o = &m->own[j];

			if (strcmp(o->name, name) == 0)
				buf_printf(out, "tributary_%s_%s{party=\"%s\"%s%s%s} %" PRId64 "\n", prefix, name,
					   o->party, o->what[0] ? ",what=\"" : "", o->what, o->what[0] ? "\"" : "",
					   o->value);
		}
	}
}

void
metrics_put(struct metrics *m, const char *worker, struct buf *out)
{
	for (size_t i = 0; i < COUNTERS; i++)
		buf_printf(out,
			   "# HELP tributary_%s %s\n# TYPE tributary_%s counter\ntributary_%s{worker=\"%s\"} %" PRIu64
			   "\n",
			   counter_names[i][0], counter_names[i][1], counter_names[i][0], counter_names[i][0], worker,
			   m->counters[i]);
	for (size_t i = 0; i < GAUGES; i++)
		if (gauge_names[i][0])
			buf_printf(
			    out,
			    "# HELP tributary_%s %s\n# TYPE tributary_%s %s\ntributary_%s{worker=\"%s\"} %" PRId64 "\n",
			    gauge_names[i][0], gauge_names[i][2], gauge_names[i][0], gauge_names[i][1],
			    gauge_names[i][0], worker, m->gauges[i]);
	buf_printf(out, "# HELP tributary_outcomes_total How messages ended, per attempt\n"
			"# TYPE tributary_outcomes_total counter\n");
	for (size_t i = 0; i < OUTCOMES; i++)
		buf_printf(out, "tributary_outcomes_total{worker=\"%s\",outcome=\"%s\"} %" PRIu64 "\n", worker,
			   outcome_name((enum outcome)i), m->outcomes[i]);
	for (size_t i = 0; i < HISTOGRAMS; i++)
		histogram_put(m, (enum histogram)i, worker, out);
	own_put(m, worker, out);
}
