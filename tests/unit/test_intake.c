/* SPDX-License-Identifier: Apache-2.0 */
/* Canonical documents that come as they are, beside the party's own. */
#include "intake/intake.h"

#include <criterion/criterion.h>

#define ORDER_JSON                                                                                             \
	"{\"source_id\":\"77\",\"source_number\":\"#77\",\"placed_at\":\"2026-11-20T14:00:00Z\","              \
	"\"currency\":\"USD\",\"ship_to\":{\"name\":\"Ada\",\"line1\":\"12 Harbor Road\",\"country\":\"US\"}," \
	"\"buyer\":{\"account\":\"7001\"},\"lines\":[{\"line_ref\":\"1\",\"sku\":\"TR-1001\","                 \
	"\"quantity\":\"2\",\"unit_price\":\"5.49\",\"requires_shipping\":true}],"                             \
	"\"stated\":{\"grand_minor\":1098},%s}"
#define NEW "\"kind\":\"new\""

static struct arena *arena;
static struct party_list *parties;
static struct intake in;
static struct why why;

static void
parties_open(void)
{
	arena = arena_new((size_t)1 << 26);
	parties = party_list_load("topology/parties", stderr);
	cr_assert(arena && parties);
}

static void
parties_close(void)
{
	party_list_free(parties);
	arena_free(arena);
}

TestSuite(intake, .init = parties_open, .fini = parties_close);

/* No mapping is open: what is canonical needs none. */
static enum outcome
read_as(const char *type, const char *party, const char *kind, const char *body)
{
	struct intake_source source = {.kind = str_of(kind),
				       .body = str_of(body),
				       .contract = intake_contract(str_of(type)),
				       .party = party_list_find(parties, str_of(party)),
				       .received_at_us = 1,
				       .max_bytes = 1 << 20};

	in = (struct intake){0};
	why = (struct why){0};
	return intake_read(&source, arena, &in, &why);
}

static const char *
order_json(const char *more)
{
	return arena_text(arena, arena_printf(arena, ORDER_JSON, more));
}

#define ORDER_TYPE "application/vnd.tributary.order+json"

Test(intake, the_content_type_names_the_contract)
{
	cr_assert(str_equal(intake_contract(STR(ORDER_TYPE)), STR("order")));
	cr_assert(str_equal(intake_contract(STR("Application/VND.tributary.stock-report+JSON ; charset=utf-8")),
			    STR("stock-report")));
	cr_assert_eq(intake_contract(STR(INTAKE_UNIT_TYPE)).n, 0, "only we send units");
	cr_assert_eq(intake_contract(STR("application/json")).n, 0);
	cr_assert_eq(intake_contract(STR("application/vnd.tributary.+json")).n, 0);
	cr_assert_eq(intake_contract(STR("application/vnd.tributary+json")).n, 0);
	cr_assert_eq(intake_contract((struct str){NULL, 0}).n, 0);
}

Test(intake, a_canonical_order_is_an_order_whatever_the_party_sends_else)
{
	struct str parts[] = {STR("edi-acme"), STR("77")};

	cr_assert_eq(read_as(ORDER_TYPE, "edi-acme", "order", order_json(NEW)), OUTCOME_OK, "%s %s", why.path,
		     why.text);
	cr_assert_eq(in.result, INTAKE_ORDER);
	cr_assert(uuid_equal(in.order->order_id, uuid_of_order(parts[0], parts[1])));
	cr_assert(str_equal(in.order->party, STR("edi-acme")));
	cr_assert_eq(in.units_count, 1, "it is never split");
}

Test(intake, a_canonical_order_may_cancel_or_change)
{
	cr_assert_eq(read_as(ORDER_TYPE, "shopify", "cancel", order_json(NEW)), OUTCOME_OK);
	cr_assert_eq(in.result, INTAKE_CANCEL);
	cr_assert_eq(read_as(ORDER_TYPE, "shopify", "document", order_json("\"kind\":\"cancel\"")), OUTCOME_OK);
	cr_assert_eq(in.result, INTAKE_CANCEL);
	cr_assert_eq(
	    read_as(ORDER_TYPE, "shopify", "change",
		    "{\"kind\":\"change\",\"source_id\":\"77\",\"source_number\":\"#77\",\"lines\":[{\"line_ref\":"
		    "\"1\",\"action\":\"change\",\"quantity\":\"3\"}]}"),
	    OUTCOME_OK, "%s %s", why.path, why.text);
	cr_assert_eq(in.result, INTAKE_CHANGE);
}

Test(intake, what_is_wrong_in_a_canonical_document_is_named)
{
	static const struct {
		const char *type, *party, *kind, *more, *code, *path;
	} wrong[] = {
	    {ORDER_TYPE, "shopify", "order", NEW ",\"order_id\":\"67f8d247-2b7a-590c-b11a-0dd8bfb8a829\"",
	     "field-unknown", ""},
	    {ORDER_TYPE, "shopify", "order", NEW ",\"party\":\"edi-acme\"", "field-unknown", ""},
	    {ORDER_TYPE, "shopify", "order", NEW ",\"note\":{}", "field-type", "note"},
	    {ORDER_TYPE, "shopify", "order", "\"note\":\"\"", "field-missing", "kind"},
	    {ORDER_TYPE, "shopify", "shipment", NEW, "kind-unknown", "routing_key"},
	    {ORDER_TYPE, "sandbox-wms", "order", NEW, "kind-unknown", "routing_key"},
	    {ORDER_TYPE, "edi-globex", "order", NEW, "currency-not-accepted", "currency"},
	    {"application/vnd.tributary.dream+json", "shopify", "order", NEW, "contract-unknown", "content_type"},
	    {"application/vnd.tributary.stock-report+json", "shopify", "order", NEW, "kind-unknown", "routing_key"},
	    {"application/vnd.tributary.stock-report+json", "shopify", "document", NEW, "field-unknown", ""},
	};

	for (size_t i = 0; i < COUNT_OF(wrong); i++) {
		cr_expect_eq(read_as(wrong[i].type, wrong[i].party, wrong[i].kind, order_json(wrong[i].more)),
			     OUTCOME_DEAD, "%zu", i);
		cr_expect_str_eq(why.code, wrong[i].code, "%zu: %s %s", i, why.code, why.path);
		cr_expect_str_eq(why.path, wrong[i].path, "%zu: %s", i, why.path);
		cr_expect_eq(in.result, INTAKE_REFUSED);
	}
	cr_expect_eq(read_as(ORDER_TYPE, "shopify", "order", "[{}, {}]"), OUTCOME_DEAD, "a list is no order");
	cr_expect_eq(read_as(ORDER_TYPE, "shopify", "order", "7"), OUTCOME_DEAD);
}

Test(intake, a_fact_may_be_canonical_too)
{
	cr_assert_eq(read_as("application/vnd.tributary.stock-report+json", "shopify", "inventory",
			     "{\"number\":\"S-1\",\"reported_at\":\"2026-11-20T14:00:00Z\",\"levels\":[{\"sku\":\"A\","
			     "\"quantity\":\"3\"}]}"),
		     OUTCOME_OK, "%s %s", why.path, why.text);
	cr_assert_eq(in.result, INTAKE_INVENTORY);
	cr_assert(str_equal(in.stock_report->party, STR("shopify")));
}
