/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Headers as strangers and the broker itself write them, and URLs as people write them.
 */
#include "broker/broker.h"
#include "broker/url.h"
#include "support/lab.h"
#include "support/messages.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#define BOMB_DEPTH 20000

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

Test(broker_headers, a_bomb_of_nested_lists_is_survived)
{
	amqp_field_value_t *nest = calloc(BOMB_DEPTH, sizeof *nest);
	amqp_table_entry_t e = header("bomb", AMQP_FIELD_KIND_ARRAY);
	struct delivery d;

	for (int i = 0; i < BOMB_DEPTH; i++) {
		nest[i].kind = AMQP_FIELD_KIND_ARRAY;
		nest[i].value.array = (amqp_array_t){i + 1 < BOMB_DEPTH, i + 1 < BOMB_DEPTH ? &nest[i + 1] : NULL};
	}
	e.value.value.array = (amqp_array_t){1, nest};
	take_headers(&e, 1, &d);
	cr_assert(has(d.envelope.headers, "{\"bomb\":[[[[[[[[\"...\"]]]]]]]]}"), "%.*s", STR_ARGS(d.envelope.headers));
	free(nest);
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
