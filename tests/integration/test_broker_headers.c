/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Headers as strangers and the broker itself write them, and URLs as people write them.
 */
#include "broker/broker.h"
#include "broker/url.h"
#include "support/lab.h"
#include "support/messages.h"

#include <criterion/criterion.h>
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

#define BOMB_DEPTH 20000
#define MARK "unreadable-by-order"

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

TestSuite(broker_headers, .init = open_lab, .fini = close_lab, .timeout = 120);

static bool
has(struct str s, const char *text)
{
	return memmem(s.p, s.n, text, strlen(text)) != NULL;
}

/* rabbitmq-c's own, which it calls for each header frame. What is marked it cannot read: as with nested lists since 0.14. */
int
amqp_decode_properties(uint16_t class_id, amqp_pool_t *pool, amqp_bytes_t encoded, void **decoded)
{
	static int (*own)(uint16_t, amqp_pool_t *, amqp_bytes_t, void **);

	if (memmem(encoded.bytes, encoded.len, MARK, strlen(MARK)))
		return AMQP_STATUS_BAD_AMQP_DATA;
	if (!own)
		*(void **)&own = dlsym(RTLD_NEXT, "amqp_decode_properties");
	return own(class_id, pool, encoded, decoded);
}

static void
take_headers(amqp_table_entry_t *entries, int n, struct delivery *d)
{
	const char *queue = lab_name("headers");
	struct broker *b = messages_broker(lab_amqp_url(), queue, 10);
	amqp_basic_properties_t properties = {._flags = AMQP_BASIC_HEADERS_FLAG, .headers = {n, entries}};

	lab_queue(queue, 0);
	lab_publish(queue, &properties, STR("x"));
	messages_take(b, arena, d);
	broker_ack(b, d);
	broker_free(b);
	lab_queue_delete(queue);
}

static amqp_table_entry_t
header(const char *key, uint8_t kind)
{
	return (amqp_table_entry_t){.key = amqp_cstring_bytes(key), .value.kind = kind};
}

Test(broker_headers, every_kind_of_integer_is_a_number)
{
	static const uint8_t kinds[] = {AMQP_FIELD_KIND_I8,  AMQP_FIELD_KIND_U8,  AMQP_FIELD_KIND_I16,
					AMQP_FIELD_KIND_U16, AMQP_FIELD_KIND_I32, AMQP_FIELD_KIND_U32,
					AMQP_FIELD_KIND_I64, AMQP_FIELD_KIND_U64};

	for (size_t i = 0; i < COUNT_OF(kinds); i++) {
		amqp_table_entry_t e = header("attempt", kinds[i]);
		struct delivery d;

		e.value.value.u64 = 7;
		take_headers(&e, 1, &d);
		cr_assert(d.envelope.attempt == 7, "kind %c", kinds[i]);
		cr_assert(str_equal(d.envelope.headers, STR("{\"attempt\":7}")), "%.*s", STR_ARGS(d.envelope.headers));
	}
}

Test(broker_headers, of_the_wrong_kind_or_unknown_do_no_harm)
{
	amqp_table_entry_t e[] = {header("attempt", AMQP_FIELD_KIND_VOID), header("party", AMQP_FIELD_KIND_F64),
				  header("x-death", AMQP_FIELD_KIND_BOOLEAN), header("filename", AMQP_FIELD_KIND_UTF8)};
	struct delivery d;

	e[1].value.value.f64 = 1.5;
	e[2].value.value.boolean = 1;
	e[3].value.value.bytes = amqp_cstring_bytes("a.csv");
	take_headers(e, COUNT_OF(e), &d);
	cr_assert(d.envelope.attempt == 0 && d.envelope.party.n == 0 && d.envelope.death.n == 0);
	cr_assert(has(d.envelope.headers, "\"filename\":\"a.csv\""), "%.*s", STR_ARGS(d.envelope.headers));
}

Test(broker_headers, too_much_is_cut_and_stays_json)
{
	static char text[9000];
	amqp_table_entry_t e[] = {header("a", AMQP_FIELD_KIND_UTF8), header("b", AMQP_FIELD_KIND_UTF8),
				  header("party", AMQP_FIELD_KIND_UTF8)};
	struct delivery d;

	memset(text, 'x', sizeof text);
	for (int i = 0; i < 2; i++)
		e[i].value.value.bytes = (amqp_bytes_t){sizeof text, text};
	e[2].value.value.bytes = amqp_cstring_bytes("acme");
	take_headers(e, COUNT_OF(e), &d);
	cr_assert(d.envelope.headers.n > 9000 && d.envelope.headers.n <= 16384);
	cr_assert(str_ends(d.envelope.headers, STR("x\",\"...\":\"cut\"}")));
	cr_assert(str_equal(d.envelope.party, STR("acme")));
}

/* rabbitmq-c reads it, since 0.14 not; then it is dead-lettered. What comes after it comes in either case. */
static void
bomb_survive(amqp_table_entry_t *bomb)
{
	const char *queue = lab_name("bomb"), *dead = lab_name("dead");
	struct broker *b = messages_broker(lab_amqp_url(), queue, 10);
	amqp_basic_properties_t properties = {._flags = AMQP_BASIC_HEADERS_FLAG, .headers = {1, bomb}};
	struct delivery d;

	lab_queue(dead, 0);
	lab_dead_letter_queue(queue, dead);
	lab_publish(queue, &properties, STR("x"));
	messages_fill(b, queue, 1, 1);
	messages_take(b, arena, &d);
	if (has(d.envelope.headers, "bomb")) {
		cr_assert(has(d.envelope.headers, "{\"bomb\":[[[[[[[[\"...\"]]]]]]]]}"), "%.*s",
			  STR_ARGS(d.envelope.headers));
		messages_take(b, arena, &d);
	} else {
		messages_depth(dead, 1);
	}
	cr_assert(messages_number(&d) == 1);
	broker_ack(b, &d);
	broker_free(b);
	lab_queue_delete(queue);
	lab_queue_delete(dead);
}

Test(broker_headers, a_bomb_of_nested_lists_is_survived)
{
	amqp_field_value_t *nest = calloc(BOMB_DEPTH, sizeof *nest);
	amqp_table_entry_t e = header("bomb", AMQP_FIELD_KIND_ARRAY);

	for (int i = 0; i < BOMB_DEPTH; i++) {
		nest[i].kind = AMQP_FIELD_KIND_ARRAY;
		nest[i].value.array = (amqp_array_t){i + 1 < BOMB_DEPTH, i + 1 < BOMB_DEPTH ? &nest[i + 1] : NULL};
	}
	e.value.value.array = (amqp_array_t){1, nest};
	bomb_survive(&e);
	free(nest);
}

#define UNREADABLE 30 /* in a row */

/* is_asked_first: it is on its way while the other queue is asked for, so that it is read by whoever waits for that answer */
static void
unreadable_survive(bool is_asked_first)
{
	const char *queue = lab_name("headers"), *dead = lab_name("dead"), *other = lab_name("other");
	struct broker *b = messages_broker(lab_amqp_url(), is_asked_first ? queue : other, 10),
		      *publisher = messages_broker(lab_amqp_url(), NULL, 0);
	amqp_table_entry_t e = header("x", AMQP_FIELD_KIND_UTF8);
	amqp_basic_properties_t properties = {._flags = AMQP_BASIC_HEADERS_FLAG, .headers = {1, &e}};
	unsigned got = 0, all = 0;
	struct delivery d;

	e.value.value.bytes = amqp_cstring_bytes(MARK);
	lab_queue(dead, 0);
	lab_queue(other, 0);
	lab_dead_letter_queue(queue, dead);
	messages_fill(publisher, queue, 0, 3);
	for (int i = 0; i < UNREADABLE; i++)
		lab_publish(queue, &properties, STR("x"));
	messages_fill(publisher, queue, 3, 3);
	messages_fill(publisher, other, 6, 3);
	broker_consume(b, str_of(is_asked_first ? other : queue));
	for (int i = 0; i < 9; i++)
		all |= 1U << i;
	while (got != all) {
		messages_take(b, arena, &d);
		got |= 1U << messages_number(&d);
		/* Each return counts against what was on its way as well. */
		cr_assert(d.envelope.deliveries <= 2, "%d", (int)d.envelope.deliveries);
		broker_ack(b, &d);
	}
	messages_depth(dead, UNREADABLE);
	/* Once for each; on a slow machine one may come again, whose connection ended before the broker knew that it was rejected. */
	cr_assert(broker_reconnects(b) >= UNREADABLE && broker_reconnects(b) <= UNREADABLE + 3, "%d",
		  (int)broker_reconnects(b));
	messages_depth(queue, 0);
	broker_free(b);
	broker_free(publisher);
	lab_queue_delete(queue);
	lab_queue_delete(other);
	lab_queue_delete(dead);
}

Test(broker_headers, what_cannot_be_read_is_rejected_and_stops_nobody)
{
	unreadable_survive(false);
}

Test(broker_headers, what_cannot_be_read_while_a_queue_is_asked_for_is_rejected_too)
{
	unreadable_survive(true);
}

Test(broker_headers, nothing_readable_behind_it_and_the_other_queues_go_on)
{
	const char *queue = lab_name("headers"), *dead = lab_name("dead"), *other = lab_name("other");
	struct broker *b = messages_broker(lab_amqp_url(), queue, 10),
		      *publisher = messages_broker(lab_amqp_url(), NULL, 0);
	amqp_table_entry_t e = header("x", AMQP_FIELD_KIND_UTF8);
	amqp_basic_properties_t properties = {._flags = AMQP_BASIC_HEADERS_FLAG, .headers = {1, &e}};
	struct delivery d;

	e.value.value.bytes = amqp_cstring_bytes(MARK);
	lab_queue(dead, 0);
	lab_queue(other, 0);
	lab_dead_letter_queue(queue, dead);
	lab_publish(queue, &properties, STR("x"));
	messages_fill(publisher, other, 0, 3);
	broker_consume(b, str_of(other));
	for (int i = 0; i < 3; i++) {
		messages_take(b, arena, &d);
		cr_assert(messages_number(&d) == i);
		broker_ack(b, &d);
	}
	messages_depth(dead, 1);
	/* And its own queue, as before. */
	messages_fill(publisher, queue, 3, 3);
	for (int i = 3; i < 6; i++) {
		messages_take(b, arena, &d);
		cr_assert(messages_number(&d) == i);
		broker_ack(b, &d);
	}
	broker_free(b);
	broker_free(publisher);
	lab_queue_delete(queue);
	lab_queue_delete(other);
	lab_queue_delete(dead);
}

Test(broker_headers, the_brokers_own_death_note_is_read_and_never_sent_on)
{
	const char *first = lab_name("first"), *dead = lab_name("dead");
	struct broker *b = messages_broker(lab_amqp_url(), dead, 10);
	struct outgoing again;
	enum publish_state state;
	struct delivery d;
	struct why why;

	lab_queue(dead, 0);
	lab_dead_letter_queue(first, dead);
	messages_fill(b, first, 1, 1);
	lab_reject(first);
	messages_take(b, arena, &d);
	cr_assert(str_equal(d.envelope.death, arena_printf(arena, "rejected %s", first)), "%.*s",
		  STR_ARGS(d.envelope.death));
	cr_assert(has(d.envelope.headers, "\"x-death\":[{"));
	again = (struct outgoing){.routing_key = str_of(dead), .body = d.body, .envelope = d.envelope};
	cr_assert(broker_publish(b, &again, 1, 5000, &state, &why) == OUTCOME_OK && state == PUBLISH_CONFIRMED);
	messages_take(b, arena, &d);
	cr_assert(d.envelope.death.n == 0 && !has(d.envelope.headers, "x-death"));
	broker_free(b);
	lab_queue_delete(first);
	lab_queue_delete(dead);
}
