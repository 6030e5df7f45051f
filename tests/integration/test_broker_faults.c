/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the broker promises while RabbitMQ dies, freezes or runs out of memory. Each test has the servers for itself.
 */
#include "base/instant.h"
#include "broker/broker.h"
#include "support/lab.h"
#include "support/messages.h"

#include <criterion/criterion.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#define NUMBERS 20000
#define BATCH 50
#define QUIET_US INT64_C(3000000)
#define END_WAIT_US INT64_C(60000000) /* a server that comes back is found again within seconds */
#define FROZEN_TIMEOUT_MS 2000
#define SMALL_MS 1000 /* beside a time-out: what else a call may take on a busy machine */

static struct arena *arena;

static void
open_lab(void)
{
	lab_alone();
	arena = arena_new((size_t)64 << 20);
	cr_assert(arena);
}

static void
close_lab(void)
{
	arena_free(arena);
}

TestSuite(broker_faults, .init = open_lab, .fini = close_lab, .timeout = 600);

/* Publishes and consumes numbers through one queue while the broker goes through what is done to it. */
struct stream {
	struct broker *b;
	struct arena *taken;
	const char *queue;
	enum outcome took;  /* at last */
	int next;           /* the next number to publish */
	int confirmed;      /* how many were */
	int repeated, lost; /* at the end */
	unsigned char seen[NUMBERS];
	bool is_confirmed[NUMBERS];
};

static int
stream_take(struct stream *s, int64_t timeout_us)
{
	struct delivery d, last;
	struct why why;
	int n = 0;

	while (n < BATCH && (s->took = broker_take(s->b, timeout_us, s->taken, &d, &why)) == OUTCOME_OK) {
		s->seen[messages_number(&d)]++;
		last = d;
		n++;
	}
	if (n)
		broker_ack(s->b, &last);
	arena_clear(s->taken);
	return n;
}

/* As a worker does it: deliveries are taken and acknowledged while the confirms are on their way. */
static void
stream_publish(struct stream *s)
{
	struct outgoing m[BATCH];
	enum publish_state states[BATCH];
	struct why why = {.code = "-"};
	int first = s->next;

	for (size_t i = 0; i < BATCH; i++)
		m[i] = messages_to(s->queue, arena, s->next++);
	broker_publish_begin(s->b, m, BATCH, 300, states);
	stream_take(s, 20000);
	(void)!broker_publish_end(s->b, 300, &why);
	for (size_t i = 0; i < BATCH; i++) {
		s->is_confirmed[first + (int)i] = states[i] == PUBLISH_CONFIRMED;
		s->confirmed += states[i] == PUBLISH_CONFIRMED;
	}
	arena_clear(arena);
}

static void
stream_check(struct stream *s)
{
	int64_t end_us = monotonic_us() + END_WAIT_US;

	/* Quiet is what is connected and gets nothing. */
	for (int64_t quiet_us = monotonic_us() + QUIET_US; monotonic_us() < quiet_us && monotonic_us() < end_us;)
		if (stream_take(s, 500000) || s->took == OUTCOME_AWAY)
			quiet_us = monotonic_us() + QUIET_US;
	for (int i = 0; i < s->next; i++) {
		s->lost += s->is_confirmed[i] && !s->seen[i];
		s->repeated += s->seen[i] > 1;
	}
	cr_log_warn("published %d, confirmed %d, repeated %d, lost %d, reconnects %d", s->next, s->confirmed,
		    s->repeated, s->lost, (int)broker_reconnects(s->b));
	cr_assert(s->lost == 0, "%d confirmed messages are lost", s->lost);
	cr_assert(s->confirmed > s->next / 4, "only %d of %d confirmed", s->confirmed, s->next);
}

static void
stream_survives(const char *end, const char *again)
{
	struct stream *s = calloc(1, sizeof *s);
	int before;

	cr_assert(s);
	s->taken = arena_new((size_t)64 << 20);
	cr_assert(s->taken);
	s->queue = lab_name("stream");
	s->b = messages_broker(lab_amqp_url(), s->queue, 200);
	lab_queue(s->queue, 0);
	lab_queue_saved(s->queue);
	for (int round = 0; round < 2; round++) {
		int job = lab_server_later(300, end, "rabbitmq");
		/* However fast the machine is, numbers are left for what comes after. */
		int most = (2 * round + 1) * NUMBERS / 4;

		for (int64_t until_us = monotonic_us() + 2000000; monotonic_us() < until_us;) {
			if (s->next < most - BATCH)
				stream_publish(s);
			else
				stream_take(s, 20000);
		}
		lab_join(job);
		lab_server(again, "rabbitmq");
		before = s->confirmed;
		for (int64_t until_us = monotonic_us() + 30000000;
		     s->confirmed < before + 500 && monotonic_us() < until_us && s->next < NUMBERS - BATCH;)
			stream_publish(s);
		cr_assert(s->confirmed >= before + 500, "does not come back");
	}
	stream_check(s);
	cr_assert(broker_is_connected(s->b) && broker_reconnects(s->b) >= 2);
	broker_free(s->b);
	lab_queue_delete(s->queue);
	arena_free(s->taken);
	free(s);
}

Test(broker_faults, nothing_confirmed_is_lost_when_rabbitmq_is_killed)
{
	stream_survives("kill", "start");
}

Test(broker_faults, nothing_confirmed_is_lost_when_rabbitmq_is_stopped)
{
	stream_survives("stop", "start");
}

#define READ_AHEAD 50

Test(broker_faults, what_was_read_and_not_handed_out_comes_again_once)
{
	const char *queue = lab_name("inbox");
	struct broker *b = messages_broker(lab_amqp_url(), queue, 2 * READ_AHEAD);
	struct delivery d, before;

	lab_queue(queue, 0);
	lab_queue_saved(queue);
	messages_fill(b, queue, 0, READ_AHEAD);
	messages_take(b, arena, &before);
	messages_depth(queue, 0);
	for (int i = 0; i < 30; i++) {
		(void)poll(NULL, 0, 10);
		broker_pump(b);
	}
	lab_server("kill", "rabbitmq");
	lab_server("start", "rabbitmq");
	broker_pump(b);
	for (int i = 0; i < READ_AHEAD; i++) {
		messages_take(b, arena, &d);
		cr_assert(messages_number(&d) == i && delivery_compare(&before, &d) < 0, "%d, not %d",
			  messages_number(&d), i);
		broker_ack(b, &before);
		before = d;
	}
	messages_none(b, 1000);
	broker_ack(b, &d);
	broker_free(b);
	messages_depth(queue, 0);
	lab_queue_delete(queue);
}

static int64_t
ms_since(int64_t from_us)
{
	return (monotonic_us() - from_us) / 1000;
}

Test(broker_faults, a_frozen_rabbitmq_holds_no_call_up)
{
	const char *queue = lab_name("frozen");
	struct broker *b = messages_broker(lab_amqp_url(), queue, 10);
	struct outgoing *m = calloc(4, sizeof *m);
	char *body = calloc(1, 30000000);
	enum publish_state states[4];
	struct delivery d, held;
	struct why why = {.code = "-"};
	int64_t worst_take_ms = 0, worst_publish_ms = 0, from_us;

	lab_queue(queue, 0);
	messages_fill(b, queue, 0, 2);
	messages_take(b, arena, &held);
	lab_server("freeze", "rabbitmq");
	from_us = monotonic_us();
	broker_ack(b, &held);
	broker_pump(b);
	cr_expect(ms_since(from_us) < SMALL_MS);
	for (int i = 0; i < 4; i++)
		m[i] = messages_to(queue, arena, 10 + i);
	/* More than the socket takes. */
	m[2].body = (struct str){body, 30000000};
	for (int round = 0; round < 6; round++) {
		from_us = monotonic_us();
		cr_expect(broker_publish(b, m, 4, FROZEN_TIMEOUT_MS, states, &why) == OUTCOME_AWAY);
		if (ms_since(from_us) > worst_publish_ms)
			worst_publish_ms = ms_since(from_us);
		from_us = monotonic_us();
		if (broker_take(b, 200000, arena, &d, &why) == OUTCOME_OK)
			cr_log_warn("still had a delivery");
		if (ms_since(from_us) > worst_take_ms)
			worst_take_ms = ms_since(from_us);
		from_us = monotonic_us();
		broker_pump(b);
		cr_expect(ms_since(from_us) < SMALL_MS);
	}
	from_us = monotonic_us();
	lab_server("thaw", "rabbitmq");
	cr_log_warn("frozen: publish of %d ms took at most %d ms, take of 200 ms at most %d ms", FROZEN_TIMEOUT_MS,
		    (int)worst_publish_ms, (int)worst_take_ms);
	cr_expect(worst_publish_ms < 5000 + SMALL_MS && worst_take_ms < 5000 + SMALL_MS);
	messages_fill(b, queue, 100, 1);
	do
		messages_take(b, arena, &d);
	while (!str_equal(d.envelope.message_id, STR("100")));
	cr_log_warn("frozen: whole again %d ms after the thaw", (int)ms_since(from_us));
	free(body);
	free(m);
	broker_free(b);
	lab_queue_delete(queue);
}

Test(broker_faults, a_memory_alarm_blocks_publishing_and_nothing_else)
{
	const char *queue = lab_name("alarm");
	struct broker *b = messages_broker(lab_amqp_url(), queue, 10);
	struct outgoing m = messages_to(queue, arena, 50);
	enum publish_state state;
	struct delivery d;
	struct why why = {.code = "-"};
	int64_t from_us;

	lab_queue(queue, 0);
	messages_fill(b, queue, 0, 30);
	messages_take(b, arena, &d);
	lab_alarm(true);
	for (int i = 0; i < 3; i++) {
		from_us = monotonic_us();
		cr_expect(broker_publish(b, &m, 1, 3000, &state, &why) == OUTCOME_AWAY && state == PUBLISH_PENDING);
		cr_expect(strcmp(why.code, "amqp-blocked") == 0, "%s %s", why.code, why.text);
		cr_expect(ms_since(from_us) < 3000 + SMALL_MS);
	}
	cr_expect(broker_is_blocked(b) && broker_is_connected(b));
	/* Only when acknowledgements arrive, more than the prefetch of 10 is delivered. */
	for (int i = 1; i < 30; i++) {
		broker_ack(b, &d);
		messages_take(b, arena, &d);
		cr_expect(messages_number(&d) == i && !d.redelivered);
	}
	lab_alarm(false);
	cr_expect(broker_publish(b, &m, 1, 10000, &state, &why) == OUTCOME_OK && state == PUBLISH_CONFIRMED);
	cr_expect(!broker_is_blocked(b));
	cr_expect(broker_reconnects(b) == 0);
	broker_free(b);
	lab_queue_delete(queue);
}

Test(broker_faults, an_alarm_lifted_in_time_delays_and_no_more)
{
	const char *queue = lab_name("alarm.short");
	struct broker *b = messages_broker(lab_amqp_url(), queue, 10);
	struct outgoing m = messages_to(queue, arena, 1);
	enum publish_state state;
	struct why why = {.code = "-"};
	int job;

	lab_queue(queue, 0);
	lab_alarm(true);
	cr_expect(broker_publish(b, &m, 1, 1000, &state, &why) == OUTCOME_AWAY);
	job = lab_alarm_later(500, false);
	cr_expect(broker_publish(b, &m, 1, 20000, &state, &why) == OUTCOME_OK && state == PUBLISH_CONFIRMED, "%s",
		  why.text);
	lab_join(job);
	broker_free(b);
	lab_queue_delete(queue);
}
