/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Several queues beside each other: none waits behind another, none is acknowledged, lost or stopped with another.
 */
#include "base/instant.h"
#include "broker/broker.h"
#include "support/lab.h"
#include "support/messages.h"

#include <criterion/criterion.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#define FEW 5
#define MIB ((size_t)1 << 20)

static struct arena *arena;
static const char *queue, *other;

static void
open_lab(void)
{
	lab_share();
	arena = arena_new(64 * MIB);
	cr_assert(arena);
	queue = lab_name("fair");
	other = lab_name("fair.other");
	lab_queue(queue, 0);
	lab_queue(other, 0);
}

static void
close_lab(void)
{
	lab_queue_delete(queue);
	lab_queue_delete(other);
	arena_free(arena);
}

TestSuite(broker_fair, .init = open_lab, .fini = close_lab, .timeout = 120);

static struct broker *
broker_of_both(int64_t prefetch, int64_t inbox_bytes)
{
	struct why why = {0};
	struct broker *b = broker_new(&(struct broker_config){.urls = lab_amqp_url(),
							      .name = "lab",
							      .heartbeat_s = 2,
							      .prefetch = prefetch,
							      .inbox_bytes = inbox_bytes,
							      .rpc_timeout_ms = 5000},
				      &why);

	cr_assert(b, "%s %s", why.code, why.text);
	broker_consume(b, str_of(queue));
	broker_consume(b, str_of(other));
	return b;
}

/* Reads for a moment, once the queue has delivered all but so many. */
static void
pump(struct broker *b, const char *of, int left)
{
	messages_depth(of, left);
	for (int64_t end_us = monotonic_us() + 300000; monotonic_us() < end_us;) {
		(void)poll(NULL, 0, 10);
		broker_pump(b);
	}
}

static bool
is_of(const struct delivery *d, const char *name)
{
	return str_equal(d->queue, str_of(name));
}

static void
take(struct broker *b, struct delivery *d, const char *of, int number)
{
	messages_take(b, arena, d);
	cr_assert(is_of(d, of) && messages_number(d) == number, "%.*s %d, not %s %d", STR_ARGS(d->queue),
		  messages_number(d), of, number);
}

Test(broker_fair, one_message_is_not_behind_those_of_another_queue)
{
	struct broker *b = broker_of_both(200, 0);
	struct delivery d, before;
	int n = 0;

	messages_fill(b, queue, 0, 150);
	messages_take(b, arena, &before);
	pump(b, queue, 0);
	messages_fill(b, other, 1000, 1);
	pump(b, other, 0);
	do {
		messages_take(b, arena, &d);
		cr_assert(delivery_compare(&before, &d) < 0 && delivery_compare(&d, &before) > 0);
		before = d;
	} while (++n < FEW && !is_of(&d, other));
	cr_assert(is_of(&d, other) && messages_number(&d) == 1000, "not among the next %d", n);
	for (int i = n; i < 150; i++)
		take(b, &d, queue, i);
	broker_free(b);
}

Test(broker_fair, a_queue_has_as_many_in_a_turn_as_its_share)
{
	static const char expected[] = "ooo1ooo1o11111";
	struct broker *b = broker_of_both(200, 0);
	int n[2] = {0, 100};
	struct delivery d;

	broker_share(b, str_of(other), 3);
	messages_fill(b, queue, 0, 8);
	take(b, &d, queue, n[0]++);
	pump(b, queue, 0);
	messages_fill(b, other, 100, 7);
	pump(b, other, 0);
	for (const char *p = expected; *p; p++)
		take(b, &d, *p == 'o' ? other : queue, n[*p == 'o']++);
	broker_free(b);
}

Test(broker_fair, an_acknowledgement_covers_what_its_queue_gave_before_and_nothing_else)
{
	struct broker *b = broker_of_both(20, 0);
	struct delivery d[16], last[2];

	messages_fill(b, queue, 0, 10);
	messages_fill(b, other, 100, 10);
	messages_take(b, arena, &d[0]);
	pump(b, other, 0);
	for (int i = 1; i < 16; i++)
		messages_take(b, arena, &d[i]);
	/* The third of each; the rest was handed out and is not settled, or still waits. */
	for (int i = 0; i < 16; i++)
		if (messages_number(&d[i]) % 100 == 2)
			last[is_of(&d[i], other)] = d[i];
	for (int i = 0; i < 3; i++) {
		broker_ack(b, &last[0]);
		broker_ack(b, &last[1]);
		broker_ack(b, &d[0]);
	}
	cr_assert(broker_reconnects(b) == 0);
	broker_free(b);
	messages_depth(queue, 7);
	messages_depth(other, 7);
	b = broker_of_both(20, 0);
	for (int n[2] = {3, 103}; n[0] < 10 || n[1] < 110;) {
		messages_take(b, arena, &d[0]);
		cr_assert(messages_number(&d[0]) == n[is_of(&d[0], other)]++ && d[0].redelivered);
	}
	broker_free(b);
}

static void
large_come(int64_t inbox_bytes, size_t most_bytes)
{
	struct broker *b = broker_of_both(60, inbox_bytes);
	struct arena *one = arena_new(4 * MIB);
	char *body = calloc(1, MIB);
	int64_t before_kib;
	struct why why = {0};
	struct delivery d;

	cr_assert(one && body);
	for (int i = 0; i < 60; i++) {
		struct outgoing m = messages_to(queue, arena, i);
		enum publish_state state;

		m.body = (struct str){body, MIB};
		cr_assert(broker_publish(b, &m, 1, MESSAGES_WAIT_MS, &state, &why) == OUTCOME_OK, "%s", why.text);
	}
	messages_fill(b, other, 100, 1);
	messages_take(b, one, &d);
	before_kib = lab_rss_kib();
	pump(b, queue, 0);
	for (int i = is_of(&d, queue); i < 60; i += is_of(&d, queue)) {
		arena_clear(one);
		messages_take(b, one, &d);
		cr_assert(is_of(&d, other) || str_equal(d.envelope.message_id, messages_to(queue, arena, i).body));
		cr_assert(lab_rss_kib() - before_kib < (int64_t)(most_bytes / 1024));
	}
	cr_assert(broker_reconnects(b) == 0);
	broker_free(b);
	arena_free(one);
	free(body);
}

Test(broker_fair, what_is_read_ahead_is_bounded_in_bytes)
{
	large_come(4 * MIB, 16 * MIB);
}

Test(broker_fair, a_message_larger_than_the_bound_comes_too)
{
	large_come(1000, 16 * MIB);
}

Test(broker_fair, a_deleted_queue_leaves_the_others_and_what_was_read)
{
	struct broker *b = broker_of_both(50, 0);
	struct delivery d, last = {0};
	int n[2] = {0, 100};

	messages_fill(b, queue, 0, 20);
	messages_fill(b, other, 100, 20);
	messages_take(b, arena, &d);
	n[is_of(&d, other)]++;
	pump(b, other, 0);
	lab_queue_delete(queue);
	while (n[0] < 20 || n[1] < 120) {
		messages_take(b, arena, &d);
		cr_assert(messages_number(&d) == n[is_of(&d, other)]++);
		if (is_of(&d, other))
			last = d;
		broker_ack(b, &d);
	}
	messages_fill(b, other, 120, 1);
	take(b, &last, other, 120);
	cr_assert(!last.redelivered && broker_reconnects(b) == 0);
	broker_free(b);
	messages_depth(other, 1);
	lab_queue(queue, 0);
}

Test(broker_fair, a_channel_that_is_closed_concerns_its_queue_alone)
{
	struct broker *b = broker_of_both(50, 0);
	struct delivery d, first;
	int n[2] = {0, 100};

	broker_hold(b, str_of(other));
	messages_fill(b, queue, 0, 20);
	messages_fill(b, other, 100, 20);
	messages_take(b, arena, &first);
	pump(b, other, 0);
	d = first;
	d.tag = 1000; /* never delivered: the broker closes the channel that says so */
	broker_ack(b, &d);
	pump(b, other, 0);
	broker_unhold(b);
	broker_ack(b, &first);
	while (n[0] < 20 || n[1] < 120) {
		messages_take(b, arena, &d);
		cr_assert(messages_number(&d) == n[is_of(&d, other)]++ && d.redelivered == is_of(&d, queue));
		broker_ack(b, &d);
	}
	cr_assert(broker_reconnects(b) == 0);
	broker_free(b);
	messages_depth(queue, 0);
	messages_depth(other, 0);
}

Test(broker_fair, what_was_read_outlives_pause_and_limit)
{
	struct broker *b = broker_of_both(10, 0);
	struct delivery d;

	messages_fill(b, queue, 0, 20);
	take(b, &d, queue, 0);
	pump(b, queue, 10);
	broker_pause(b);
	messages_none(b, 1000);
	broker_resume(b);
	for (int i = 1; i < 5; i++)
		take(b, &d, queue, i);
	/* By a second consumer, beside the unacknowledged of the first. */
	pump(b, queue, 0);
	broker_limit(b, str_of(queue), 0);
	for (int i = 5; i < 20; i++) {
		take(b, &d, queue, i);
		cr_assert(!d.redelivered);
		if (i == 9)
			broker_ack(b, &d);
	}
	messages_none(b, 500);
	cr_assert(broker_is_consuming(b) && broker_reconnects(b) == 0);
	broker_free(b);
	messages_depth(queue, 10);
}

Test(broker_fair, a_held_queue_waits_alone_and_in_order)
{
	struct broker *b = broker_of_both(50, 0);
	struct delivery d;

	messages_fill(b, queue, 0, 20);
	messages_fill(b, other, 100, 3);
	broker_hold(b, str_of(queue));
	for (int i = 0; i < 3; i++)
		take(b, &d, other, 100 + i);
	broker_ack(b, &d);
	messages_none(b, 500);
	broker_unhold(b);
	for (int i = 0; i < 20; i++)
		take(b, &d, queue, i);
	broker_free(b);
	messages_depth(queue, 20);
	messages_depth(other, 0);
}
