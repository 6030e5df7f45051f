/* SPDX-License-Identifier: Apache-2.0 */
#include "base/uuid.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static const char *
text_of(struct uuid id)
{
	static char text[UUID_TEXT_BYTES];

	uuid_format(id, text);
	return text;
}

static struct uuid
of(const char *party, const char *identifier)
{
	return uuid_of_order(str_of(party), str_of(identifier));
}

/* Ids that are stored depend on it: what changes here must come with a migration. */
Test(uuid, an_orders_id_is_for_ever)
{
	cr_assert_str_eq(text_of(of("shopify", "G00000001")), "8a720400-0000-8ae0-8bc3-5716d5156ff9");
	cr_assert_str_eq(text_of(of("shopify", "G00000000")), "8a720000-0000-8312-ae48-147ef47156f7");
}

Test(uuid, orders_follow_each_other_as_their_numbers_do)
{
	static const char *const rising[] = {"none",
					     "#1",
					     "#0002",
					     "R-3",
					     "1001",
					     "1002",
					     "20260101-17",
					     "20260101-9999",
					     "820982911946154508",
					     "999999999999999999"};

	for (size_t i = 1; i < COUNT_OF(rising); i++) {
		struct uuid before = of("shopify", rising[i - 1]), id = of("shopify", rising[i]);

		cr_assert(memcmp(before.bytes, id.bytes, 6) <= 0, "%s comes before %s", rising[i], rising[i - 1]);
		cr_assert(!uuid_equal(before, id));
	}
}

Test(uuid, neighbours_of_any_length_are_near)
{
	struct uuid a = of("shopify", "5678901234567"), b = of("shopify", "5678901234999");

	cr_assert(memcmp(a.bytes, b.bytes, 6) == 0 && !uuid_equal(a, b));
	cr_assert(memcmp(a.bytes, of("shopify", "9678901234567").bytes, 6) < 0);
}

Test(uuid, parties_are_apart_and_text_counts)
{
	cr_assert(memcmp(of("shopify", "1").bytes, of("shopify-eu", "1").bytes, 2) != 0);
	cr_assert(!uuid_equal(of("shopify", "1-2"), of("shopify", "12")));
	cr_assert(!uuid_equal(of("shopify", "007"), of("shopify", "7")));
	cr_assert(!uuid_equal(of("shopify", ""), of("shopify", "x")));
}

Test(uuid, only_the_hash_tells_orders_of_one_place_apart)
{
	/* Version and variant stand where they should, and all 74 bits beside them are of the hash. */
	unsigned char any[10] = {0};

	for (int i = 0; i < 4096; i++) {
		char text[32];
		struct uuid id;

		snprintf(text, sizeof text, "8209829119461%d", 50000 + i);
		id = of("shopify", text);
		cr_assert((id.bytes[6] & 0xf0) == 0x80 && (id.bytes[8] & 0xc0) == 0x80);
		for (size_t b = 0; b < sizeof any; b++)
			any[b] |= id.bytes[6 + b];
	}
	cr_assert(any[0] == 0x8f && any[2] == 0xbf && any[1] == 0xff && any[9] == 0xff);
}

Test(uuid, what_follows_from_an_order_begins_like_it)
{
	struct uuid order = of("shopify", "1001"), document = uuid_derive(UUID_MESSAGE, (struct str[]){STR("d")}, 1);
	struct uuid shipment = uuid_derive_from(UUID_SHIPMENT, order, STR("1")),
		    invoice = uuid_derive_from(UUID_INVOICE, shipment, STR("invoice")),
		    message = uuid_derive_near(UUID_MESSAGE, document, STR("order.accepted"), order);

	cr_assert(memcmp(shipment.bytes, order.bytes, 6) == 0 && memcmp(invoice.bytes, order.bytes, 6) == 0);
	cr_assert(memcmp(message.bytes, order.bytes, 6) == 0 && message.bytes[6] >> 4 == 8);
	cr_assert(!uuid_equal(shipment, uuid_derive_from(UUID_SHIPMENT, order, STR("2"))));
	cr_assert(uuid_lock_key(shipment) != uuid_lock_key(order));
}

Test(uuid, what_follows_from_an_id_of_version_5_is_of_version_5)
{
	struct str parts[] = {STR("shopify"), STR("1001")};
	struct uuid former = uuid_derive(UUID_ORDER, parts, 2), document = uuid_random();

	cr_assert(former.bytes[6] >> 4 == 5 && uuid_is_of_order(former, parts[0], parts[1]));
	cr_assert(uuid_is_of_order(uuid_of_order(parts[0], parts[1]), parts[0], parts[1]));
	cr_assert(!uuid_is_of_order(former, parts[0], STR("1002")));
	cr_assert(uuid_derive_from(UUID_SHIPMENT, former, STR("1")).bytes[6] >> 4 == 5);
	cr_assert(uuid_equal(uuid_derive_near(UUID_MESSAGE, document, STR("x"), former),
			     uuid_derive_from(UUID_MESSAGE, document, STR("x"))));
}

static struct uuid
document(const char *party, const char *message_id, const char *body)
{
	return uuid_of_document(str_of(party), str_of(message_id), STR("shopify.order"), str_of(body));
}

Test(uuid, documents_lie_where_their_message_ids_say)
{
	struct uuid a = document("shopify", "hook-1001", "{}"), b = document("shopify", "hook-1002", "{}"),
		    far = document("shopify", "hook-900000", "{}");

	cr_assert(a.bytes[6] >> 4 == 8 && uuid_compare(a, b) < 0 && uuid_compare(b, far) < 0);
	cr_assert(memcmp(a.bytes, of("shopify", "1001").bytes, 6) == 0);
	cr_assert(memcmp(a.bytes, document("amazon", "hook-1001", "{}").bytes, 2) != 0);
	/* The hash is of all that it was of. */
	cr_assert(uuid_equal(a, document("shopify", "hook-1001", "{}")));
	cr_assert(!uuid_equal(a, document("shopify", "hook-1001", "{ }")));
	cr_assert(!uuid_equal(a, document("shopify", "hoop-1001", "{}")));
	cr_assert(uuid_lock_key(a) != uuid_lock_key(document("shopify", "hook-1001", "{ }")));
}

Test(uuid, documents_lie_by_time_when_their_message_ids_do)
{
	/* The second is 3 s later, the third an hour, the fourth is random. */
	struct uuid a = document("shopify", "0199b5a0-0000-7fff-8000-000000000001", "{}"),
		    b = document("shopify", "0199b5a0-0bb8-7000-bfff-ffffffffffff", "{}"),
		    c = document("shopify", "0199b5d6-ee80-7123-8000-000000000001", "{}"),
		    d = document("shopify", "0199b5a0-0000-4fff-8000-000000000001", "{}");

	cr_assert(memcmp(a.bytes, b.bytes, 6) == 0 && !uuid_equal(a, b));
	cr_assert(memcmp(a.bytes, c.bytes, 6) < 0 && a.bytes[6] >> 4 == 8);
	cr_assert(memcmp(a.bytes + 2, (unsigned char[]){0x19, 0x9b, 0x5a, 0x00}, 4) == 0);
	cr_assert(memcmp(a.bytes + 2, d.bytes + 2, 4) != 0);
}

Test(uuid, documents_whose_message_ids_say_no_place_lie_anywhere)
{
	const char *const without[] = {"", "once", "000"};

	for (size_t i = 0; i < COUNT_OF(without); i++)
		cr_assert(document("shopify", without[i], "{}").bytes[6] >> 4 == 5);
	cr_assert(memcmp(document("shopify", "", "{}").bytes, document("shopify", "", "{ }").bytes, 6) != 0);
}
