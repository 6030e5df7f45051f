/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the broker promises while RabbitMQ runs. Faults of RabbitMQ itself: test_broker_faults.c
 */
#include "base/instant.h"
#include "broker/broker.h"
#include "support/lab.h"
#include "support/messages.h"

#include <criterion/criterion.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct arena *arena;

static void
open_lab(void)
{
	lab_share();
	arena = arena_new((size_t)64 << 20);
	cr_assert(arena);
}

static void
close_lab(void)
{
	arena_free(arena);
}

TestSuite(broker, .init = open_lab, .fini = close_lab, .timeout = 300);

static bool
is(struct str s, const char *text)
{
	return str_equal(s, str_of(text));
}

static enum outcome
publish(struct broker *b, const struct outgoing *messages, size_t n, enum publish_state *states, struct why *why)
{
	*why = (struct why){.code = "-"};
	return broker_publish(b, messages, n, 10000, states, why);
}

Test(broker, a_message_arrives_as_it_was_sent)
{
	const char *queue = lab_name("whole");
	struct broker *b = messages_broker(lab_amqp_url(), queue, 10);
	struct outgoing m = {
	    .routing_key = str_of(queue),
	    .body = STR("bytes\0of a body"),
	    .envelope = {.message_id = STR("m-1"),
			 .correlation_id = STR("order-1"),
			 .type = STR("order.accepted"),
			 .content_type = STR("application/msgpack"),
			 .app_id = STR("lab"),
			 .timestamp_s = 1700000000,
			 .said_us = 1700000000000001,
			 .attempt = 3,
			 .version = 1,
			 .party = STR("shopify-us"),
			 .origin = STR("enrich"),
			 .code = STR("no-stock"),
			 .path = STR("lines[2].quantity"),
			 .reason = STR("say \"why\"\n\xff"),
			 .trace = STR("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"),
			 .key = STR("k 1")},
	};
	enum publish_state state;
	struct delivery d;
	struct why why;

	lab_queue(queue, 0);
	cr_assert(publish(b, &m, 1, &state, &why) == OUTCOME_OK && state == PUBLISH_CONFIRMED, "%s", why.text);
	messages_take(b, arena, &d);
	cr_assert(is(d.queue, queue) && is(d.routing_key, queue) && d.exchange.n == 0 && !d.redelivered);
	cr_assert(str_equal(d.body, m.body));
	cr_assert(is(d.envelope.message_id, "m-1") && is(d.envelope.correlation_id, "order-1"));
	cr_assert(is(d.envelope.type, "order.accepted") && is(d.envelope.content_type, "application/msgpack"));
	cr_assert(is(d.envelope.app_id, "lab") && d.envelope.timestamp_s == 1700000000);
	cr_assert(d.envelope.said_us == 1700000000000001 && d.envelope.attempt == 3 && d.envelope.version == 1);
	cr_assert(is(d.envelope.party, "shopify-us") && is(d.envelope.origin, "enrich"));
	cr_assert(is(d.envelope.code, "no-stock") && is(d.envelope.path, "lines[2].quantity"));
	cr_assert(str_equal(d.envelope.reason, m.envelope.reason) && str_equal(d.envelope.trace, m.envelope.trace));
	cr_assert(is(d.envelope.key, "k 1") && d.envelope.death.n == 0);
	cr_assert(memmem(d.envelope.headers.p, d.envelope.headers.n, "\"reason\":\"say \\\"why\\\"", 21));
	cr_assert(memmem(d.envelope.headers.p, d.envelope.headers.n, "\"attempt\":3", 11));
	cr_assert(str_is_utf8(d.envelope.headers));
	broker_ack(b, &d);
	broker_free(b);
	lab_queue_delete(queue);
}

Test(broker, unroutable_is_returned_and_its_neighbours_are_confirmed)
{
	const char *queue = lab_name("returned");
	struct broker *b = messages_broker(lab_amqp_url(), NULL, 0);
	struct outgoing m[6];
	enum publish_state states[6];
	struct why why;

	lab_queue(queue, 0);
	for (int i = 0; i < 6; i++)
		m[i] = messages_to(queue, arena, i);
	m[1].routing_key = STR("lab.nobody");
	/* The same id as a message that arrives. */
	m[3].envelope.message_id = m[2].envelope.message_id;
	m[3].routing_key = STR("lab.nobody");
	m[4].body = (struct str){calloc(1, 300000), 300000};
	m[4].routing_key = STR("lab.nobody.else");
	m[5].routing_key = STR("lab.nobody");
	m[5].mandatory = false;
	cr_assert(publish(b, m, 6, states, &why) == OUTCOME_OK, "%s", why.text);
	cr_assert(states[0] == PUBLISH_CONFIRMED && states[2] == PUBLISH_CONFIRMED && states[5] == PUBLISH_CONFIRMED);
	cr_assert(states[1] == PUBLISH_RETURNED && states[3] == PUBLISH_RETURNED && states[4] == PUBLISH_RETURNED);
	messages_depth(queue, 2);
	free((void *)(uintptr_t)m[4].body.p);
	broker_free(b);
	lab_queue_delete(queue);
}

Test(broker, a_routing_key_too_long_for_amqp_is_returned)
{
	const char *queue = lab_name("long");
	struct broker *b = messages_broker(lab_amqp_url(), queue, 10);
	char text[6000];
	struct outgoing m[2];
	enum publish_state states[2];
	struct delivery d;
	struct why why;

	memset(text, 'x', sizeof text);
	lab_queue(queue, 0);
	m[0] = messages_to(queue, arena, 0);
	m[0].routing_key = (struct str){text, 300};
	m[1] = messages_to(queue, arena, 1);
	m[1].envelope.type = m[1].envelope.reason = (struct str){text, sizeof text};
	cr_assert(publish(b, m, 2, states, &why) == OUTCOME_OK, "%s", why.text);
	cr_assert(states[0] == PUBLISH_RETURNED && states[1] == PUBLISH_CONFIRMED);
	messages_take(b, arena, &d);
	cr_assert(d.envelope.type.n == 255 && d.envelope.reason.n == 4096);
	broker_free(b);
	lab_queue_delete(queue);
}

Test(broker, a_full_queue_refuses_only_its_own)
{
	const char *full = lab_name("full"), *free_queue = lab_name("free");
	struct broker *b = messages_broker(lab_amqp_url(), NULL, 0);
	struct outgoing m[9];
	enum publish_state states[9];
	size_t pending = 0;
	struct why why;

	lab_queue(full, 2);
	lab_queue(free_queue, 0);
	for (int i = 0; i < 9; i++)
		m[i] = messages_to(i % 2 ? free_queue : full, arena, i);
	cr_assert(publish(b, m, 9, states, &why) == OUTCOME_AWAY && strcmp(why.code, "amqp-refused") == 0);
	for (int i = 0; i < 9; i++) {
		pending += states[i] == PUBLISH_PENDING;
		cr_assert(i % 2 == 0 || states[i] == PUBLISH_CONFIRMED);
	}
	cr_assert(pending == 3, "%zu pending", pending);
	messages_fill(b, free_queue, 100, 5);
	broker_free(b);
	lab_queue_delete(full);
	lab_queue_delete(free_queue);
}

static void
refusal_is_survived(const char *exchange, const char *part_of_text)
{
	const char *queue = lab_name("refused");
	struct broker *b = messages_broker(lab_amqp_url(), queue, 10);
	struct outgoing m[3];
	enum publish_state states[3];
	struct delivery d;
	struct why why;

	lab_queue(queue, 0);
	for (int i = 0; i < 3; i++)
		m[i] = messages_to(queue, arena, i);
	m[1].exchange = str_of(exchange);
	for (int i = 0; i < 3; i++) {
		cr_assert(publish(b, m, 3, states, &why) == OUTCOME_AWAY);
		cr_assert(strcmp(why.code, "amqp-refused") == 0 && strstr(why.text, part_of_text), "%s", why.text);
		cr_assert(states[1] == PUBLISH_PENDING);
	}
	messages_fill(b, queue, 7, 1);
	cr_assert(broker_reconnects(b) == 0);
	do
		messages_take(b, arena, &d);
	while (messages_number(&d) != 7);
	broker_free(b);
	lab_queue_delete(queue);
}

Test(broker, an_unknown_exchange_is_refused_and_later_publishes_work)
{
	refusal_is_survived("lab.no-such-exchange", "404 NOT_FOUND");
}

Test(broker, a_forbidden_exchange_is_refused_and_later_publishes_work)
{
	const char *exchange = lab_name("internal");

	lab_exchange(exchange, true);
	refusal_is_survived(exchange, "403 ACCESS_REFUSED");
}

Test(broker, ten_megabytes_arrive_whole)
{
	const char *queue = lab_name("large");
	struct broker *b = messages_broker(lab_amqp_url(), queue, 10);
	size_t n = 10000000;
	char *body = malloc(n);
	struct outgoing m[2];
	enum publish_state states[2];
	struct delivery d;
	struct why why;

	lab_queue(queue, 0);
	for (size_t i = 0; i < n; i++)
		body[i] = (char)(i * 7 + i / 131);
	m[0] = messages_to(queue, arena, 0);
	m[0].body = (struct str){body, n};
	m[1] = messages_to(queue, arena, 1);
	cr_assert(publish(b, m, 2, states, &why) == OUTCOME_OK, "%s", why.text);
	messages_take(b, arena, &d);
	cr_assert(d.body.n == n && memcmp(d.body.p, body, n) == 0);
	messages_take(b, arena, &d);
	cr_assert(messages_number(&d) == 1);
	free(body);
	broker_free(b);
	lab_queue_delete(queue);
}

Test(broker, a_full_arena_costs_no_delivery)
{
	const char *queue = lab_name("arena");
	struct broker *b = messages_broker(lab_amqp_url(), queue, 10);
	struct arena *small = arena_new((size_t)64 << 10);
	char *body = calloc(1, 50000);
	struct outgoing m[2];
	enum publish_state states[2];
	struct delivery d;
	struct why why;

	lab_queue(queue, 0);
	for (int i = 0; i < 2; i++) {
		m[i] = messages_to(queue, arena, i);
		m[i].body = (struct str){body, 50000};
	}
	cr_assert(publish(b, m, 2, states, &why) == OUTCOME_OK, "%s", why.text);
	messages_take(b, small, &d);
	cr_assert(is(d.envelope.message_id, "0"));
	for (int i = 0; i < 3; i++)
		cr_assert(broker_take(b, 1000000, small, &d, &why) == OUTCOME_DEAD &&
			  strcmp(why.code, "too-large") == 0);
	broker_ack(b, &d);
	arena_clear(small);
	messages_take(b, small, &d);
	cr_assert(is(d.envelope.message_id, "1"));
	broker_free(b);
	messages_depth(queue, 1);
	arena_free(small);
	free(body);
	lab_queue_delete(queue);
}

Test(broker, ack_covers_all_earlier_and_no_later)
{
	const char *queue = lab_name("ack");
	struct broker *b = messages_broker(lab_amqp_url(), queue, 20);
	struct delivery d[10];

	lab_queue(queue, 0);
	messages_fill(b, queue, 0, 10);
	for (int i = 0; i < 10; i++) {
		messages_take(b, arena, &d[i]);
		cr_assert(messages_number(&d[i]) == i);
	}
	broker_ack(b, &d[5]);
	broker_free(b);
	messages_depth(queue, 4);
	b = messages_broker(lab_amqp_url(), queue, 20);
	for (int i = 6; i < 10; i++) {
		messages_take(b, arena, &d[0]);
		cr_assert(messages_number(&d[0]) == i && d[0].redelivered);
	}
	/* Of a connection that is gone. */
	d[9].generation = 7;
	broker_ack(b, &d[9]);
	broker_free(b);
	messages_depth(queue, 4);
	lab_queue_delete(queue);
}

#define HALVES 1200 /* more than may be unconfirmed at once */

Test(broker, deliveries_are_taken_and_acknowledged_while_confirms_are_on_their_way)
{
	const char *queue = lab_name("halves");
	struct broker *b = messages_broker(lab_amqp_url(), queue, 2 * HALVES);
	struct outgoing *m = calloc(HALVES, sizeof *m);
	enum publish_state *states = calloc(HALVES, sizeof *states);
	struct delivery d;
	struct why why;

	cr_assert(m && states);
	lab_queue(queue, 0);
	messages_fill(b, queue, 0, 20);
	for (int i = 0; i < HALVES; i++)
		m[i] = messages_to(queue, arena, 20 + i);
	m[7].routing_key = STR("lab.nobody");
	broker_publish_begin(b, m, HALVES, 10000, states);
	for (int i = 0; i < 20; i++) {
		messages_take(b, arena, &d);
		cr_assert(messages_number(&d) == i);
	}
	broker_ack(b, &d);
	cr_assert(broker_publish_end(b, 10000, &why) == OUTCOME_OK, "%s", why.text);
	for (int i = 0; i < HALVES; i++)
		cr_assert(states[i] == (i == 7 ? PUBLISH_RETURNED : PUBLISH_CONFIRMED));
	broker_free(b);
	messages_depth(queue, HALVES - 1);
	free(m);
	free(states);
	lab_queue_delete(queue);
}

Test(broker, who_waits_for_deliveries_is_told_of_the_confirms)
{
	const char *queue = lab_name("told"), *other = lab_name("other");
	struct broker *b = messages_broker(lab_amqp_url(), queue, 10);
	int64_t begun_us;

	lab_queue(queue, 0);
	lab_queue(other, 0);
	messages_fill(b, other, 0, 1);
	for (int i = 0; i < 50; i++) {
		struct outgoing m = messages_to(other, arena, i);
		enum publish_state state;
		struct delivery d;
		struct why why;

		begun_us = monotonic_us();
		broker_publish_begin(b, &m, 1, 10000, &state);
		cr_assert(broker_take(b, 20000000, arena, &d, &why) == OUTCOME_RETRY && broker_publish_is_answered(b));
		cr_assert(monotonic_us() - begun_us < 10000000, "it waited for its time to be over");
		cr_assert(broker_publish_end(b, 10000, &why) == OUTCOME_OK && state == PUBLISH_CONFIRMED);
		cr_assert(!broker_publish_is_answered(b));
	}
	broker_free(b);
	lab_queue_delete(queue);
	lab_queue_delete(other);
}

Test(broker, a_queues_depth_is_told_beside_deliveries_and_confirms)
{
	const char *queue = lab_name("depth"), *other = lab_name("deep"), *missing = lab_name("missing");
	struct broker *b = messages_broker(lab_amqp_url(), queue, 100);
	struct outgoing m[20];
	enum publish_state states[20];
	struct delivery d;
	struct why why;

	cr_assert(broker_depth(b, other) == -1, "not connected yet");
	lab_queue(queue, 0);
	lab_queue(other, 0);
	messages_fill(b, queue, 0, 100);
	messages_fill(b, other, 0, 30);
	messages_depth(other, 30);
	messages_take(b, arena, &d);
	for (int i = 0; i < 20; i++)
		m[i] = messages_to(queue, arena, 100 + i);
	broker_publish_begin(b, m, 20, 10000, states);
	cr_assert(broker_depth(b, other) == 30);
	cr_assert(broker_depth(b, missing) == -1 && broker_depth(b, other) == 30);
	cr_assert(broker_publish_end(b, 10000, &why) == OUTCOME_OK, "%s", why.text);
	for (int i = 1; i < 100; i++) {
		messages_take(b, arena, &d);
		cr_assert(messages_number(&d) == i && !d.redelivered);
	}
	broker_ack(b, &d);
	cr_assert(broker_reconnects(b) == 0);
	broker_free(b);
	messages_depth(queue, 20);
	lab_queue_delete(queue);
	lab_queue_delete(other);
}

Test(broker, a_pause_hands_out_nothing_and_loses_nothing)
{
	const char *queue = lab_name("pause");
	struct broker *b = messages_broker(lab_amqp_url(), queue, 5);
	struct delivery d;

	lab_queue(queue, 0);
	messages_fill(b, queue, 0, 20);
	messages_take(b, arena, &d);
	broker_pause(b);
	broker_pause(b);
	cr_assert(broker_is_paused(b));
	broker_ack(b, &d);
	messages_none(b, 3000);
	broker_resume(b);
	for (int i = 1; i < 20; i++) {
		messages_take(b, arena, &d);
		cr_assert(messages_number(&d) == i && !d.redelivered);
		broker_ack(b, &d);
		if (i % 4 == 0) {
			broker_pause(b);
			broker_resume(b);
		}
	}
	cr_assert(broker_reconnects(b) == 0);
	broker_pause(b);
	broker_free(b);
	messages_depth(queue, 0);
	lab_queue_delete(queue);
}

Test(broker, a_limited_queue_waits_alone)
{
	const char *queue = lab_name("limited"), *other = lab_name("unlimited");
	struct broker *b = messages_broker(lab_amqp_url(), queue, 20);
	struct delivery d;

	broker_consume(b, str_of(other));
	lab_queue(queue, 0);
	lab_queue(other, 0);
	broker_limit(b, str_of(queue), 0);
	messages_fill(b, queue, 0, 20);
	messages_fill(b, other, 100, 1);
	messages_take(b, arena, &d);
	cr_assert(messages_number(&d) == 100 && is(d.queue, other));
	broker_ack(b, &d);
	messages_none(b, 1000);
	cr_assert(broker_is_consuming(b), "a queue that shall not be consumed is not missing");
	broker_limit(b, str_of(queue), 1);
	for (int i = 0; i < 3; i++) {
		messages_take(b, arena, &d);
		cr_assert(messages_number(&d) == i);
		messages_none(b, 300);
		broker_ack(b, &d);
	}
	/* What is on its way when it closes still comes; after that nothing. */
	messages_take(b, arena, &d);
	broker_limit(b, str_of(queue), 0);
	broker_ack(b, &d);
	messages_none(b, 1000);
	broker_limit(b, str_of(queue), BROKER_UNLIMITED);
	for (int i = 4; i < 20; i++) {
		messages_take(b, arena, &d);
		cr_assert(messages_number(&d) == i && !d.redelivered);
		broker_ack(b, &d);
	}
	cr_assert(broker_reconnects(b) == 0);
	broker_free(b);
	messages_depth(queue, 0);
	lab_queue_delete(queue);
	lab_queue_delete(other);
}

Test(broker, a_deleted_queue_is_missed_alone_and_found_again)
{
	const char *queue = lab_name("deleted"), *other = lab_name("stays");
	struct broker *b = messages_broker(lab_amqp_url(), queue, 10);
	struct broker *both = messages_broker(lab_amqp_url(), queue, 10);
	struct why why = {0};
	struct delivery d;

	broker_consume(both, str_of(other));
	lab_queue(queue, 0);
	lab_queue(other, 0);
	messages_fill(b, queue, 0, 1);
	messages_take(b, arena, &d);
	messages_none(both, 1000);
	lab_queue_delete(queue);
	while (broker_take(b, 200000, arena, &d, &why) != OUTCOME_AWAY)
		;
	cr_assert(strcmp(why.code, "amqp-queue-missing") == 0, "%s %s", why.code, why.text);
	messages_fill(both, other, 5, 1);
	messages_take(both, arena, &d);
	cr_assert(messages_number(&d) == 5 && is(d.queue, other));
	lab_queue(queue, 0);
	messages_fill(b, queue, 10, 1);
	broker_free(both);
	messages_take(b, arena, &d);
	cr_assert(messages_number(&d) == 10 && broker_reconnects(b) == 0);
	broker_free(b);
	lab_queue_delete(queue);
	lab_queue_delete(other);
}

Test(broker, the_next_host_is_taken_when_one_is_dead)
{
	const char *queue = lab_name("hosts");
	char urls[1024];
	struct broker *b;
	struct delivery d;

	snprintf(urls, sizeof urls, "amqp://u:p@127.0.0.1:1/x, amqp://u:p@localhost:2, %s", lab_amqp_url());
	b = messages_broker(urls, queue, 10);
	lab_queue(queue, 0);
	messages_fill(b, queue, 0, 1);
	messages_take(b, arena, &d);
	cr_assert(broker_is_connected(b));
	broker_free(b);
	lab_queue_delete(queue);
}

Test(broker, a_wrong_password_is_told_without_the_password)
{
	struct broker *b;
	char url[1024];
	const char *at = strrchr(lab_amqp_url(), '@');
	struct delivery d;
	struct why why;
	int64_t before_us = monotonic_us();

	snprintf(url, sizeof url, "amqp://admin:wrong%%20secret%s", at);
	b = messages_broker(url, "x", 1);
	cr_assert(broker_take(b, 2000000, arena, &d, &why) == OUTCOME_AWAY);
	cr_assert(strcmp(why.code, "amqp-refused") == 0 && strstr(why.text, "403 ACCESS_REFUSED"), "%s", why.text);
	cr_assert(!strstr(why.text, "secret"));
	cr_assert(broker_publish(b, NULL, 0, 500, NULL, &why) == OUTCOME_AWAY);
	cr_assert(strcmp(why.code, "amqp-refused") == 0);
	cr_assert(monotonic_us() - before_us < 5000000);
	broker_free(b);
}

Test(broker, long_work_keeps_its_deliveries_by_pumping)
{
	const char *queue = lab_name("pump");
	struct broker *b = messages_broker(lab_amqp_url(), queue, 10);
	struct delivery d;

	lab_queue(queue, 0);
	messages_fill(b, queue, 0, 50);
	messages_take(b, arena, &d);
	/* Three times as long as a heartbeat of 2 s allows, with deliveries waiting unread. */
	for (int64_t end = monotonic_us() + 12000000; monotonic_us() < end;) {
		(void)poll(NULL, 0, 900);
		broker_pump(b);
	}
	broker_ack(b, &d);
	messages_fill(b, queue, 50, 1);
	messages_take(b, arena, &d);
	cr_assert(messages_number(&d) == 1 && !d.redelivered && broker_reconnects(b) == 0);
	broker_free(b);
	messages_depth(queue, 50);
	lab_queue_delete(queue);
}
