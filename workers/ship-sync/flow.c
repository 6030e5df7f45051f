/* SPDX-License-Identifier: Apache-2.0 */
#include "ship-sync/flow.h"

#include "base/instant.h"
#include "base/log.h"
#include "ship-sync/rate.h"

#include <inttypes.h>
#include <stdlib.h>
#include <sys/random.h>

struct flow {
	struct breaker breaker;
	struct rate rate;
	bool is_waiting; /* for its bucket to fill */
};

struct flows {
	const struct partners *partners;
	struct skeleton *skeleton;
	struct breaker_terms terms;
	struct flow *items; /* by the place of the party */
};

static void
circuit_show(struct flows *f, size_t lane)
{
	const struct breaker *b = &f->items[lane].breaker;
	const char *partner = f->partners->items[lane].name;

	worker_figure(f->skeleton, "circuit", partner, NULL, (int64_t)b->state);
	worker_figure(f->skeleton, "circuit_denied", partner, NULL,
		      b->state != BREAKER_CLOSED && b->reason == BREAKER_DENIED);
}

struct flows *
flows_new(const struct partners *partners, const struct breaker_terms *terms, struct skeleton *skeleton)
{
	struct flows *f = calloc(1, sizeof *f);
	uint64_t seed = 0;

	if (!f)
		return NULL;
	*f = (struct flows){.partners = partners, .skeleton = skeleton, .terms = *terms};
	f->items = calloc(partners->n + 1, sizeof *f->items);
	if (!f->items) {
		free(f);
		return NULL;
	}
	if (getrandom(&seed, sizeof seed, GRND_NONBLOCK) < 0)
		seed = (uint64_t)monotonic_us();
	for (size_t i = 0; i < partners->n; i++) {
		breaker_init(&f->items[i].breaker, seed + i);
		rate_init(&f->items[i].rate, partners->items[i].rate_per_second_micro, monotonic_us());
		if (partners->items[i].url)
			circuit_show(f, i);
	}
	return f;
}

void
flows_free(struct flows *f)
{
	if (f)
		free(f->items);
	free(f);
}

/* One line for each change. */
static void
circuit_changed(struct flows *f, size_t lane, int64_t now_us)
{
	const struct breaker *b = &f->items[lane].breaker;
	const char *partner = f->partners->items[lane].name;

	circuit_show(f, lane);
	if (b->state != BREAKER_OPEN) {
		log_line(LOG_LEVEL_INFO, "circuit", "partner=%s state=%s", partner, breaker_state_name(b->state));
		return;
	}
	worker_figure(f->skeleton, "circuit_opens_total", partner, breaker_end_name(b->reason), 1);
	log_line(b->reason == BREAKER_DENIED ? LOG_LEVEL_ERROR : LOG_LEVEL_WARN, "circuit",
		 "partner=%s state=open reason=%s for_ms=%" PRId64, partner, breaker_end_name(b->reason),
		 (b->until_us - now_us) / 1000);
}

static struct queue_window
rate_window(struct flows *f, size_t lane, int64_t now_us)
{
	struct flow *flow = &f->items[lane];
	int64_t wait_us = rate_wait_us(&flow->rate, rate_burst(&flow->rate), now_us);

	if (wait_us > 0 && !flow->is_waiting)
		worker_figure(f->skeleton, "rate_waits_total", f->partners->items[lane].name, NULL, 1);
	flow->is_waiting = wait_us > 0;
	return flow->is_waiting ? (struct queue_window){0, now_us + wait_us}
				: (struct queue_window){rate_burst(&flow->rate), INT64_MAX};
}

struct queue_window
flows_window(struct flows *f, size_t lane, int64_t now_us)
{
	struct flow *flow = &f->items[lane];
	struct queue_window window = {BROKER_UNLIMITED, INT64_MAX};
	enum breaker_state before = flow->breaker.state, state = breaker_turn(&flow->breaker, now_us);

	if (state != before)
		circuit_changed(f, lane, now_us);
	if (state == BREAKER_OPEN)
		return (struct queue_window){0, flow->breaker.until_us};
	if (rate_is_limited(&flow->rate))
		window = rate_window(f, lane, now_us);
	if (window.count > breaker_room(&flow->breaker))
		window.count = breaker_room(&flow->breaker);
	return window;
}

bool
flows_begin(struct flows *f, size_t lane)
{
	struct flow *flow = &f->items[lane];
	int64_t now_us = monotonic_us();

	return rate_wait_us(&flow->rate, 1, now_us) == 0 && breaker_begin(&flow->breaker) &&
	       rate_take(&flow->rate, now_us);
}

void
flows_end(struct flows *f, size_t lane, enum breaker_end end, int64_t retry_after_s)
{
	struct breaker *b = &f->items[lane].breaker;
	enum breaker_state before = b->state;
	int64_t now_us = monotonic_us();

	/* Far more than is believed; only that it can be multiplied. */
	if (retry_after_s > INT32_MAX)
		retry_after_s = INT32_MAX;
	worker_figure(f->skeleton, "requests_total", f->partners->items[lane].name, breaker_end_name(end), 1);
	(void)breaker_end(b, &f->terms, end, retry_after_s * 1000000, now_us);
	if (b->state != before)
		circuit_changed(f, lane, now_us);
}

bool
flows_is_closed(const struct flows *f, size_t lane)
{
	return f->items[lane].breaker.state == BREAKER_CLOSED;
}
