/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/sets.h"

#include "base/instant.h"
#include "base/log.h"
#include "gateway/gateway.h"

#include <string.h>

/* Of the bodies of one set. Read as a tree one takes many times its bytes, and all of a set share an arena. */
#define SET_BYTES ((size_t)4 << 20)

static size_t
unanswered_keep(struct call **calls, size_t n)
{
	size_t kept = 0;

	for (size_t i = 0; i < n; i++)
		if (!calls[i]->is_answered)
			calls[kept++] = calls[i];
	return kept;
}

/* One route's calls. What one of them spoils the others do not pay for. */
static void
set_answer(struct lane_work *work, struct call **calls, size_t n)
{
	struct why why = {0};
	const struct route *route = calls[0]->route;
	enum outcome outcome = route->answer(work, calls, n, &why);
	size_t left;

	if (outcome != OUTCOME_OK)
		store_rollback(work->store);
	left = unanswered_keep(calls, n);
	if (left == 0)
		return;
	if (outcome == OUTCOME_DEAD && n > 1) {
		for (size_t i = 0; i < left; i++) {
			arena_clear(work->arena);
			set_answer(work, calls + i, 1);
		}
		return;
	}
	if (outcome == OUTCOME_OK)
		outcome = why_set(&why, OUTCOME_DEAD, "bug", "a handler forgot a call");
	log_why(LOG_LEVEL_ERROR, "unanswered", &why);
	for (size_t i = 0; i < left; i++)
		if (outcome == OUTCOME_DEAD)
			call_problem(calls[i], 500, "our-fault",
				     "this cannot be answered; the trace finds it in our log");
		else
			call_away(calls[i], &why);
}

/* Whoever has waited too long is not there any more, or has no time left for us. */
static bool
is_late(const struct gateway *g, const struct call *call)
{
	return monotonic_us() - call->waits_since_us > g->config->wait_ms * 1000;
}

/* The calls of the first one's route, in their order, as many as may be worked on together; they are taken out of `calls`,
 * and so are those that are too late. */
static size_t
set_gather(const struct gateway *g, struct call **calls, size_t n, struct call **set)
{
	const struct route *route = calls[0] ? calls[0]->route : NULL;
	const struct why late = {.code = "busy"};
	size_t in_set = 0, bytes = 0;

	for (size_t i = 0; route && i < n; i++) {
		struct call *call = calls[i];

		if (!call || call->route != route)
			continue;
		if (is_late(g, call)) {
			calls[i] = NULL;
			call_away(call, &late);
			continue;
		}
		if (in_set && bytes + call->web->body.n > SET_BYTES)
			break;
		bytes += call->web->body.n;
		calls[i] = NULL;
		set[in_set++] = call;
	}
	return in_set;
}

void
sets_answer(struct lane_work *work, struct keys *keys, struct call **calls, size_t n)
{
	struct call *set[SETS_CALLS_MAX], *held[SETS_CALLS_MAX];
	size_t held_n = n, in_set;

	memcpy(held, calls, n * sizeof(struct call *));
	n = door_admit(work->gateway->door, keys, calls, n);
	for (size_t i = 0; i < n; i++)
		if ((in_set = set_gather(work->gateway, calls + i, n - i, set)) > 0) {
			set_answer(work, set, in_set);
			arena_clear(work->arena);
		}
	for (size_t i = 0; i < held_n; i++)
		call_release(held[i]);
}
