/* SPDX-License-Identifier: Apache-2.0 */
#include "contract/contract.h"
#include "formats/json.h"
#include "model/model.h"
#include "model/order.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct arena *arena;

static void
open_arena(void)
{
	arena = arena_new((size_t)1 << 28);
}

static void
close_arena(void)
{
	arena_free(arena);
}

TestSuite(contract, .init = open_arena, .fini = close_arena);

static const char order_json[] =
    "{\"order_id\":\"67f8d247-2b7a-590c-b11a-0dd8bfb8a829\",\"party\":\"shopify\",\"received_at\":\"2026-11-24T04:30:"
    "14Z\","
    "\"source_id\":\"1\",\"source_number\":\"#1\",\"kind\":\"new\",\"placed_at\":\"2026-11-20T14:12:33Z\","
    "\"currency\":\"USD\",\"lines\":[{\"line_ref\":\"10\",\"sku\":\"TR-1\",\"quantity\":\"2\",\"unit_price\":\"0."
    "0375\","
    "\"tax_minor\":3}],\"adjustments\":[{\"kind\":\"shipping\",\"amount_minor\":800}]}";

static enum outcome
from_json(const char *json, struct order *o, struct why *why)
{
	struct node *tree;

	cr_assert_eq(json_parse(str_of(json), &tree_default_limits, arena, &tree, why), OUTCOME_OK);
	return contract_from_tree(&order_contract, tree, arena, o, why);
}

static struct str
encoded(const struct order *o)
{
	struct buf out;
	struct str copy;

	buf_init(&out, 1 << 20);
	contract_encode(&order_contract, o, &out);
	copy = arena_str(arena, buf_str(&out));
	buf_release(&out);
	return copy;
}

Test(contract, what_goes_out_comes_back)
{
	struct order o, back;
	struct why why = {0};
	struct buf json;

	cr_assert_eq(from_json(order_json, &o, &why), OUTCOME_OK, "%s %s", why.path, why.text);
	cr_assert_eq(order_line_at(&o, 0)->unit_price_micro, 37500);
	cr_assert_eq(contract_decode(&order_contract, encoded(&o), arena, &back, &why), OUTCOME_OK, "%s", why.text);
	buf_init(&json, 1 << 20);
	contract_put_json(&order_contract, &back, &json, 0);
	cr_assert_str_eq(buf_text(&json), order_json);
	buf_release(&json);
}

Test(contract, the_wrong_field_is_named_by_its_path)
{
	static const char *const cases[][3] = {
	    {"\"quantity\":\"2\"", "\"quantity\":\"-2\"", "field-range lines[0].quantity"},
	    {"\"quantity\":\"2\"", "\"quantity\":2.5e3", "field-type lines[0].quantity"},
	    {"\"quantity\":\"2\",", "", "field-missing lines[0].quantity"},
	    {"\"kind\":\"shipping\"", "\"kind\":\"gift\"", "field-type adjustments[0].kind"},
	    {"\"currency\":\"USD\"", "\"currency\":\"DOLLAR\"", "field-range currency"},
	    {"\"tax_minor\":3", "\"tax\":3", "field-unknown lines[0]"},
	    {"\"party\":\"shopify\"", "\"party\":\"a\\u0001b\"", "field-text party"},
	    {"2026-11-20T14:12:33Z", "0000-12-31T23:59:59Z", "field-range placed_at"},
	    {"2026-11-20T14:12:33Z", "9999-12-31T23:59:59-01:00", "field-range placed_at"},
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		const char *at = strstr(order_json, cases[i][0]);
		struct order o;
		struct why why = {0};
		char json[2048], got[256];

		snprintf(json, sizeof json, "%.*s%s%s", (int)(at - order_json), order_json, cases[i][1],
			 at + strlen(cases[i][0]));
		cr_assert_eq(from_json(json, &o, &why), OUTCOME_DEAD, "%s", json);
		snprintf(got, sizeof got, "%s %s", why.code, why.path);
		cr_assert_str_eq(got, cases[i][2]);
	}
}

static enum outcome
decode(const char *bytes, size_t n)
{
	struct order o;
	struct why why;

	return contract_decode(&order_contract, (struct str){bytes, n}, arena, &o, &why);
}

Test(contract, bombs_and_torn_messages_are_dead)
{
	static char nested[100000];
	struct order o;
	struct why why;
	struct str bytes;

	memset(nested, '\x91', sizeof nested);
	cr_assert_eq(decode("\xdd\x02\x00\x00\x00", 5), OUTCOME_DEAD);
	cr_assert_eq(decode("\xdd\xff\x00\x00\x00", 5), OUTCOME_DEAD);
	cr_assert_eq(decode("\xdf\xff\xff\xff\xff", 5), OUTCOME_DEAD);
	cr_assert_eq(decode("\xc6\xff\xff\xff\xff", 5), OUTCOME_DEAD);
	cr_assert_eq(decode("\xc1", 1), OUTCOME_DEAD);
	cr_assert_eq(decode("", 0), OUTCOME_DEAD);
	cr_assert_eq(decode(nested, sizeof nested), OUTCOME_DEAD);
	cr_assert_eq(from_json(order_json, &o, &why), OUTCOME_OK);
	bytes = encoded(&o);
	for (size_t n = 0; n < bytes.n; n++)
		cr_assert_eq(decode(bytes.p, n), OUTCOME_DEAD, "cut at %zu", n);
}

Test(contract, any_changed_byte_is_decoded_or_refused)
{
	struct order o;
	struct why why;
	struct str bytes;

	cr_assert_eq(from_json(order_json, &o, &why), OUTCOME_OK);
	bytes = encoded(&o);
	srand(1);
	for (int round = 0; round < 100000; round++) {
		struct arena_mark mark = arena_mark(arena);
		char *copy = arena_get(arena, bytes.n);

		memcpy(copy, bytes.p, bytes.n);
		for (int i = 0; i < 3; i++)
			copy[(size_t)rand() % bytes.n] = (char)rand();
		(void)!decode(copy, bytes.n);
		arena_rewind(arena, mark);
	}
}

Test(contract, an_instant_that_no_text_can_say_is_dead)
{
	static const int64_t cases[] = {INT64_MIN, CONTRACT_INSTANT_MIN - 1, CONTRACT_INSTANT_MAX + 1, INT64_MAX};
	struct order o;
	struct why why;
	struct str bytes;

	cr_assert_eq(from_json(order_json, &o, &why), OUTCOME_OK);
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		o.placed_at_us = cases[i];
		bytes = encoded(&o);
		cr_assert_eq(decode(bytes.p, bytes.n), OUTCOME_DEAD, "%zu", i);
	}
	o.placed_at_us = CONTRACT_INSTANT_MAX;
	bytes = encoded(&o);
	cr_assert_eq(decode(bytes.p, bytes.n), OUTCOME_OK);
}

Test(contract, rounding_needs_a_place_among_the_adjustments)
{
	struct order o;
	struct why why = {0};

	cr_assert_eq(from_json(order_json, &o, &why), OUTCOME_OK);
	o.adjustments.n = ORDER_ADJUSTMENTS_MAX - 1;
	o.adjustments.items = arena_array(arena, o.adjustments.n, sizeof(struct adjustment));
	cr_assert_eq(order_round(&o, arena, &why), OUTCOME_OK);
	cr_assert_eq(o.adjustments.n, ORDER_ADJUSTMENTS_MAX);
	o.stated.grand_minor += 1;
	cr_assert_eq(order_round(&o, arena, &why), OUTCOME_DEAD);
	cr_assert_str_eq(why.path, "adjustments");
	cr_assert_eq(o.adjustments.n, ORDER_ADJUSTMENTS_MAX);
}

Test(contract, the_same_key_twice_is_dead)
{
	cr_assert_eq(decode("\x82\xa5party\xa1"
			    "a\xa5party\xa1"
			    "b",
			    17),
		     OUTCOME_DEAD);
}

Test(contract, a_change_may_leave_anything_out)
{
	static const char json[] =
	    "{\"kind\":\"change\",\"source_id\":\"1\",\"lines\":[{\"line_ref\":\"10\",\"action\":"
	    "\"change\",\"quantity\":\"3\"}]}";
	struct node *tree;
	struct order o;
	struct why why;
	struct buf out;

	cr_assert_eq(json_parse(str_of(json), &tree_default_limits, arena, &tree, &why), OUTCOME_OK);
	cr_assert_eq(contract_from_tree(&channel_change_contract, tree, arena, &o, &why), OUTCOME_OK, "%s", why.text);
	buf_init(&out, 1 << 16);
	contract_put_json(&channel_change_contract, &o, &out, 0);
	cr_expect(str_equal(buf_str(&out),
			    STR("{\"source_id\":\"1\",\"kind\":\"change\",\"lines\":[{\"line_ref\":\"10\",\"quantity\":"
				"\"3\",\"action\":\"change\"}]}")),
		  "%.*s", STR_ARGS(buf_str(&out)));
	buf_release(&out);
	cr_expect_eq(contract_from_tree(&channel_order_contract, tree, arena, &o, &why), OUTCOME_DEAD);
	cr_expect_str_eq(why.code, "field-missing");
}
