/* SPDX-License-Identifier: Apache-2.0 */
/*
 * NAME         clock
 * CONSUMES     nothing: it works by the clock
 * PUBLISHES    backorder.due.<channel>, of each order that waits for stock and could have some now; without a body
 * WRITES       nothing
 * IDEMPOTENCY  a message's id is derived from the order, what it waits for, what is free, and the minute in which it is said, so
 *              that two clocks, or one that starts anew, say the same; and whatever is said, allocate looks for itself
 * FAILURES     none of its own: what was not said is said at the next look
 */
#include "clock/clock.h"

#include "topology_names.h"

#include "base/log.h"
#include "clock/clock_sql.h"

#include <inttypes.h>
#include <stdlib.h>

/* What was said and changed nothing is said again after this: another order was faster, or allocate does not run, and must
 * not find a message for each look. */
#define AGAIN_US (INT64_C(60) * 1000000)
#define SAID_MAX 20000

/* What was said since the minute began. */
struct clock_state {
	int64_t period; /* of AGAIN_US, since 1970 */
	size_t said_count;
	struct uuid said[SAID_MAX];
};

enum outcome
clock_open(const struct setup *setup, void **state, struct why *why)
{
	(void)setup;
	*state = calloc(1, sizeof(struct clock_state));
	return *state ? OUTCOME_OK : why_set(why, OUTCOME_DEAD, "config", "no memory");
}

void
clock_close(void *state)
{
	free(state);
}

static bool
is_said(const struct clock_state *st, struct uuid id)
{
	for (size_t i = 0; i < st->said_count; i++)
		if (uuid_equal(st->said[i], id))
			return true;
	return false;
}

static struct str
uuid_text(struct arena *arena, struct uuid id)
{
	char text[UUID_TEXT_BYTES];

	uuid_format(id, text);
	return arena_str(arena, str_of(text));
}

/* Those that are due and were not told yet. */
static enum outcome
due_publish(struct batch *batch, const struct result *due, struct why *why)
{
	struct clock_state *st = batch->state;
	struct outgoing *messages = arena_array(batch->arena, result_count(due), sizeof *messages);
	struct uuid *ids = arena_array(batch->arena, result_count(due), sizeof *ids);
	size_t n = 0;
	enum outcome outcome;

	if (!messages || !ids)
		return why_set(why, OUTCOME_DEAD, "too-large", "no memory for %zu messages", result_count(due));
	for (size_t i = 0; i < result_count(due); i++) {
		struct uuid order_id = result_uuid(due, i, 0);
		struct str what =
		    arena_printf(batch->arena, EVENT_BACKORDER_DUE ":%" PRId64 ":%" PRId64 ":%" PRId64,
				 result_int(due, i, 2), result_int(due, i, 3), st->period);
		struct uuid id = uuid_derive_from(UUID_MESSAGE, order_id, what);

		if (is_said(st, id))
			continue;
		messages[n] = (struct outgoing){
		    .exchange = STR(EXCHANGE_EVENTS),
		    .routing_key = arena_printf(batch->arena, EVENT_BACKORDER_DUE ".%.*s",
						STR_ARGS(result_text(due, i, 1))),
		    .envelope = {.message_id = uuid_text(batch->arena, id),
				 .correlation_id = uuid_text(batch->arena, order_id),
				 .type = STR(EVENT_BACKORDER_DUE),
				 .app_id = STR("clock"),
				 .timestamp_s = batch->now_us / 1000000,
				 .said_us = batch->now_us,
				 .version = 1,
				 .party = result_text(due, i, 1)},
		    .mandatory = true,
		};
		ids[n++] = id;
	}
	if (n == 0)
		return OUTCOME_OK;
	outcome = batch_publish(batch, messages, n, why);
	if (outcome != OUTCOME_OK)
		return outcome;
	log_line(LOG_LEVEL_INFO, "backorders-due", "orders=%zu", n);
	batch_count(batch, "woken_total", "", "backorder", (int64_t)n);
	for (size_t i = 0; i < n && st->said_count < SAID_MAX; i++)
		st->said[st->said_count++] = ids[i];
	return OUTCOME_OK;
}

enum outcome
clock_tick(struct batch *batch, int64_t *next_ms, struct why *why)
{
	struct clock_state *st = batch->state;
	const struct clock_config *config = batch->config;
	int64_t period = batch->now_us / AGAIN_US;
	struct rows *most = rows_new(&clock_backorders_due, batch->arena);
	struct result *due, *waiting;
	enum outcome outcome;

	*next_ms = config->every_ms;
	if (st->period != period) {
		st->period = period;
		st->said_count = 0;
	}
	rows_int(most, config->due_max);
	store_begin(batch->store);
	outcome = store_query(batch->store, most, &due, why);
	if (outcome == OUTCOME_OK)
		outcome = store_query(batch->store, rows_new(&clock_backorders_waiting, batch->arena), &waiting, why);
	if (outcome == OUTCOME_OK) {
		batch_count(batch, "backorders", "", "waiting", result_int(waiting, 0, 0));
		batch_count(batch, "backorders", "", "due", (int64_t)result_count(due));
		batch_count(batch, "backorders_seconds", "", "waiting", result_int(waiting, 0, 1));
		outcome = due_publish(batch, due, why);
	}
	if (outcome == OUTCOME_OK)
		return store_commit(batch->store, why);
	store_rollback(batch->store);
	return outcome;
}
