/* SPDX-License-Identifier: Apache-2.0 */
#include "support/messages.h"

#include "base/instant.h"
#include "support/lab.h"

#include <criterion/criterion.h>
#include <poll.h>
#include <stdlib.h>

#define CHUNK 1000

struct broker *
messages_broker(const char *urls, const char *queue, int64_t prefetch)
{
	struct why why = {0};
	struct broker *b = broker_new(
	    &(struct broker_config){
		.urls = urls, .name = "lab", .heartbeat_s = 2, .prefetch = prefetch, .rpc_timeout_ms = 5000},
	    &why);

	cr_assert(b, "%s %s", why.code, why.text);
	if (queue)
		broker_consume(b, str_of(queue));
	return b;
}

struct outgoing
messages_to(const char *queue, struct arena *arena, int number)
{
	struct str text = arena_printf(arena, "%d", number);

	return (struct outgoing){
	    .routing_key = str_of(queue), .body = text, .envelope.message_id = text, .mandatory = true};
}

void
messages_fill(struct broker *b, const char *queue, int first, int n)
{
	struct arena *arena = arena_new((size_t)16 << 20);
	struct outgoing *messages = calloc(CHUNK, sizeof *messages);
	enum publish_state *states = calloc(CHUNK, sizeof *states);

	cr_assert(arena && messages && states);
	while (n > 0) {
		int part = n < CHUNK ? n : CHUNK;
		struct why why = {0};

		arena_clear(arena);
		for (int i = 0; i < part; i++)
			messages[i] = messages_to(queue, arena, first + i);
		cr_assert(broker_publish(b, messages, (size_t)part, MESSAGES_WAIT_MS, states, &why) == OUTCOME_OK,
			  "%s %s", why.code, why.text);
		for (int i = 0; i < part; i++)
			cr_assert(states[i] == PUBLISH_CONFIRMED);
		first += part;
		n -= part;
	}
	free(messages);
	free(states);
	arena_free(arena);
}

void
messages_take(struct broker *b, struct arena *arena, struct delivery *delivery)
{
	int64_t deadline_us = monotonic_us() + MESSAGES_WAIT_MS * INT64_C(1000);
	struct why why = {.code = "-"};

	while (monotonic_us() < deadline_us)
		if (broker_take(b, 500000, arena, delivery, &why) == OUTCOME_OK)
			return;
	cr_assert_fail("nothing was delivered: %s %s", why.code, why.text);
}

void
messages_none(struct broker *b, int64_t ms)
{
	struct arena *arena = arena_new((size_t)1 << 20);
	struct delivery d;
	struct why why = {.code = "-"};
	enum outcome outcome = broker_take(b, ms * 1000, arena, &d, &why);

	cr_assert(outcome == OUTCOME_RETRY, "%s %s %s", outcome_name(outcome), why.code, why.text);
	arena_free(arena);
}

int
messages_number(const struct delivery *delivery)
{
	int64_t number;

	cr_assert(str_to_int(delivery->body, &number), "body \"%.*s\"", STR_ARGS(delivery->body));
	cr_assert(str_equal(delivery->body, delivery->envelope.message_id));
	return (int)number;
}

void
messages_depth(const char *queue, int depth)
{
	int64_t deadline_us = monotonic_us() + MESSAGES_WAIT_MS * INT64_C(1000);
	int now;

	while ((now = lab_depth(queue)) != depth && monotonic_us() < deadline_us)
		(void)poll(NULL, 0, 50);
	cr_assert(now == depth, "%s has %d messages, not %d", queue, now, depth);
}
