/* SPDX-License-Identifier: Apache-2.0 */
/*
 * NAME         clock
 * CONSUMES     nothing: it works by the clock
 * PUBLISHES    backorder.due.<channel>, of each order that waits for stock and could have some now; without a body
 * WRITES       nothing
 * IDEMPOTENCY  a message's id is derived from the order, what it waits for, what is free, and the time of the look, so that two
 *              clocks mostly say the same; and whatever is said, allocate looks for itself
 * FAILURES     none of its own: what was not said is said at the next look
 */
#include "clock/clock.h"

#include "topology_names.h"

#include "base/log.h"
#include "clock/clock_sql.h"

#include <inttypes.h>
#include <stdlib.h>

/* What was said and changed nothing is said again after this, then twice as long, up to an hour: another order was faster, or the
 * message was lost. An allocate that does not run must not find one for each look. When what is free changed it is said at once. */
#define AGAIN_US (INT64_C(30) * 1000000)
#define AGAIN_MAX_US (INT64_C(3600) * 1000000)
#define UNSERVED_US (INT64_C(60) * 1000000)

/* An order that is due; the same only while it waits for as much, and as much is free. */
struct due {
	struct uuid id;
	int64_t since_us, next_us, wait_us; /* due since then; said again then, and so long after that */
};

/* Those of the last look. */
struct clock_state {
	struct due *dues;
	size_t n;
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
	struct clock_state *st = state;

	free(st->dues);
	free(st);
}

static struct str
uuid_text(struct arena *arena, struct uuid id)
{
	char text[UUID_TEXT_BYTES];

	uuid_format(id, text);
	return arena_str(arena, str_of(text));
}

static struct due
due_of(const struct clock_state *st, struct arena *arena, const struct result *found, size_t row, int64_t now_us)
{
	struct str what = arena_printf(arena, EVENT_BACKORDER_DUE ":%" PRId64 ":%" PRId64, result_int(found, row, 2),
				       result_int(found, row, 3));
	struct uuid id = uuid_derive_from(UUID_MESSAGE, result_uuid(found, row, 0), what);

	for (size_t i = 0; i < st->n; i++)
		if (uuid_equal(st->dues[i].id, id))
			return st->dues[i];
	return (struct due){.id = id, .since_us = now_us, .next_us = now_us, .wait_us = AGAIN_US};
}

static struct outgoing
due_message(struct batch *batch, const struct result *found, size_t row, struct uuid due_id)
{
	struct arena *arena = batch->arena;
	const struct clock_config *config = batch->config;
	struct str look = arena_printf(arena, "%" PRId64, batch->now_us / 1000 / config->every_ms);

	return (struct outgoing){
	    .exchange = STR(EXCHANGE_EVENTS),
	    .routing_key = arena_printf(arena, EVENT_BACKORDER_DUE ".%.*s", STR_ARGS(result_text(found, row, 1))),
	    .envelope = {.message_id =
			     uuid_text(arena, uuid_derive_near(UUID_MESSAGE, due_id, look, result_uuid(found, row, 0))),
			 .correlation_id = uuid_text(arena, result_uuid(found, row, 0)),
			 .type = STR(EVENT_BACKORDER_DUE),
			 .app_id = STR("clock"),
			 .timestamp_s = batch->now_us / 1000000,
			 .said_us = batch->now_us,
			 .version = 1,
			 .party = result_text(found, row, 1)},
	    .mandatory = true,
	};
}

/* Says what is to be said, and remembers what is due. */
static enum outcome
dues_say(struct batch *batch, const struct result *found, struct why *why)
{
	struct clock_state *st = batch->state;
	size_t count = result_count(found), n = 0;
	struct outgoing *messages = arena_array(batch->arena, count, sizeof *messages);
	struct due *dues = calloc(count + 1, sizeof *dues);
	int64_t unserved = 0;
	enum outcome outcome = OUTCOME_OK;

	if (!messages || !dues) {
		free(dues);
		return why_set(why, OUTCOME_DEAD, "too-large", "no memory for %zu messages", count);
	}
	for (size_t i = 0; i < count; i++) {
		dues[i] = due_of(st, batch->arena, found, i, batch->now_us);
		unserved += batch->now_us - dues[i].since_us > UNSERVED_US;
		if (batch->now_us < dues[i].next_us)
			continue;
		dues[i].next_us = batch->now_us + dues[i].wait_us;
		dues[i].wait_us = dues[i].wait_us < AGAIN_MAX_US / 2 ? dues[i].wait_us * 2 : AGAIN_MAX_US;
		messages[n++] = due_message(batch, found, i, dues[i].id);
	}
	batch_count(batch, "backorders", "", "unserved", unserved);
	if (n)
		outcome = batch_publish(batch, messages, n, why);
	if (outcome != OUTCOME_OK) {
		free(dues);
		return outcome;
	}
	free(st->dues);
	st->dues = dues;
	st->n = count;
	if (n == 0)
		return OUTCOME_OK;
	log_line(LOG_LEVEL_INFO, "backorders-due", "orders=%zu", n);
	batch_count(batch, "woken_total", "", "backorder", (int64_t)n);
	return OUTCOME_OK;
}

enum outcome
clock_tick(struct batch *batch, int64_t *next_ms, struct why *why)
{
	const struct clock_config *config = batch->config;
	struct rows *most = rows_new(&clock_backorders_due, batch->arena);
	struct result *due, *waiting;
	enum outcome outcome;

	*next_ms = config->every_ms;
	rows_int(most, config->due_max);
	store_begin(batch->store);
	outcome = store_query(batch->store, most, &due, why);
	if (outcome == OUTCOME_OK)
		outcome = store_query(batch->store, rows_new(&clock_backorders_waiting, batch->arena), &waiting, why);
	if (outcome == OUTCOME_OK) {
		batch_count(batch, "backorders", "", "waiting", result_int(waiting, 0, 0));
		batch_count(batch, "backorders_seconds", "", "waiting", result_int(waiting, 0, 1));
		outcome = dues_say(batch, due, why);
	}
	if (outcome == OUTCOME_OK)
		return store_commit(batch->store, why);
	store_rollback(batch->store);
	return outcome;
}
