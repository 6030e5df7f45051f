/* SPDX-License-Identifier: Apache-2.0 */
/*
 * At the door: who is long waits while the queues that come later are long, too (worker.h, `behind`).
 */
#include "worker/skeleton.h"

#include "base/instant.h"

#define LOOK_US INT64_C(5000)

static bool
is_long(struct skeleton *s, const char *queue)
{
	return broker_depth(s->broker, queue) > s->config.backlog_max;
}

static bool
is_backlogged(struct skeleton *s)
{
	for (const char *const *queue = s->worker->behind; *queue; queue++)
		if (is_long(s, *queue))
			return true;
	return false;
}

/* The first of its queue in the turn: the doors are few, and stand in turn. */
static bool
is_first(const struct turn *t, size_t index)
{
	struct str queue = t->items[index]->delivery->queue;

	for (size_t i = 0; i < index; i++)
		if (str_equal(t->items[i]->delivery->queue, queue))
			return false;
	return true;
}

/* Whether any has to wait. */
static bool
doors_hold(struct skeleton *s, const struct turn *t)
{
	bool is_any = false;

	for (size_t i = 0; i < t->n; i++) {
		struct str queue = t->items[i]->delivery->queue;

		if (!is_first(t, i) || !is_long(s, queue.p))
			continue;
		broker_hold(s->broker, queue);
		is_any = true;
	}
	return is_any;
}

void
backlog_begin(struct skeleton *s, const struct turn *t)
{
	if (!s->worker->behind || s->config.backlog_max == 0 || t->n < (size_t)s->config.batch_max / 2 ||
	    !is_backlogged(s) || !doors_hold(s, t))
		return;
	if (!s->backlog_until_us)
		s->backlog_until_us = monotonic_us() + s->config.backlog_wait_ms * 1000;
	s->backlog_look_us = monotonic_us() + LOOK_US;
}

void
backlog_look(struct skeleton *s)
{
	int64_t now_us = monotonic_us();

	if (!s->backlog_until_us || (now_us < s->backlog_look_us && now_us < s->backlog_until_us))
		return;
	if (now_us < s->backlog_until_us && is_backlogged(s)) {
		s->backlog_look_us = monotonic_us() + LOOK_US;
		return;
	}
	broker_unhold(s->broker);
	s->backlog_until_us = 0;
}
