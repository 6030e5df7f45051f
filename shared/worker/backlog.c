/* SPDX-License-Identifier: Apache-2.0 */
/*
 * At the door: who gives most waits while the queues that come later are long (worker.h, `behind`).
 */
#include "worker/skeleton.h"

#include "base/instant.h"

#define LOOK_US INT64_C(5000)

/* How much of a turn came by one queue. */
struct share {
	struct str queue;
	size_t n;
};

static bool
is_backlogged(struct skeleton *s)
{
	for (const char *const *queue = s->worker->behind; *queue; queue++)
		if (broker_depth(s->broker, *queue) > s->config.backlog_max)
			return true;
	return false;
}

/* Returns how many queues the turn came by; 0 without memory. */
static size_t
shares_count(const struct turn *t, struct share **shares)
{
	size_t count = 0;

	*shares = arena_array(t->arena, t->n, sizeof **shares);
	for (size_t i = 0; *shares && i < t->n; i++) {
		struct str queue = t->items[i]->delivery->queue;
		size_t at = 0;

		while (at < count && !str_equal((*shares)[at].queue, queue))
			at++;
		if (at == count)
			(*shares)[count++].queue = queue;
		(*shares)[at].n++;
	}
	return count;
}

void
backlog_begin(struct skeleton *s, const struct turn *t)
{
	struct share *shares;
	size_t count;

	if (!s->worker->behind || s->config.backlog_max == 0 || t->n < (size_t)s->config.batch_max / 2 ||
	    !is_backlogged(s))
		return;
	count = shares_count(t, &shares);
	for (size_t i = 0; i < count; i++)
		if (shares[i].n >= t->n / count)
			broker_hold(s->broker, shares[i].queue);
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
