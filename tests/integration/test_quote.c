/* SPDX-License-Identifier: Apache-2.0 */
#include "../../ops/cli/file.h"
#include "pricing/quote.h"
#include "scratch.h"

#define UNIT INT64_C(1000000)
#define NOON INT64_C(1790000000000000) /* in September 2026 */

static const char mirror[] =
    "INSERT INTO warehouses VALUES ('EAST', 'East', 'wms', 1, true), ('WEST', 'West', 'wms', 2, true),"
    " ('OLD', 'Old', 'wms', 3, false);"
    "INSERT INTO customers VALUES ('C1', 'One', 'one@example.com', '4012345000009', 'TRADE', 'USD', true),"
    " ('C2', 'Two', 'both@example.com', NULL, NULL, 'USD', true), ('C3', 'Three', 'Both@example.com', NULL, NULL, "
    "'USD', true),"
    " ('C4', 'Four', NULL, NULL, NULL, 'USD', false);"
    "INSERT INTO customer_accounts VALUES ('shopify', '77', 'C1'), ('woocommerce', '77', 'C2');"
    "INSERT INTO items VALUES ('I1', 'Bolt', '4006381333931', 'EA', 'STD', true, true),"
    " ('I2', 'Nut', NULL, 'EA', 'STD', true, true), ('I3', 'Gone', NULL, 'EA', 'STD', true, false);"
    "INSERT INTO item_aliases VALUES ('BOLT', 'shopify', 'I1'), ('BOLT', 'woocommerce', 'I2');"
    "INSERT INTO item_units VALUES ('I1', 'BX', 12500000), ('I1', 'HAIR', 1);"
    "INSERT INTO prices (item_no, kind, customer_no, price_group, contract_no, currency, unit, min_quantity_micro, "
    "price_micro,"
    " valid_from, valid_to) VALUES ('I1', 'list', NULL, NULL, NULL, 'USD', 'EA', 0, 500000, '2026-01-01', NULL),"
    " ('I1', 'group', NULL, 'TRADE', NULL, 'USD', 'EA', 0, 400000, '2026-01-01', NULL),"
    " ('I1', 'contract', 'C1', NULL, 'K-1', 'USD', 'EA', 100000000, 37500, '2026-01-01', '2026-12-31'),"
    " ('I2', 'list', NULL, NULL, NULL, 'USD', 'EA', 0, 10000, '2026-01-01', NULL);"
    "INSERT INTO tax_rates VALUES ('STD', 'US', 'TX', 7000000), ('STD', 'US', '', 0);"
    "INSERT INTO stock VALUES ('I1', 'EAST', 100000000, 40000000), ('I1', 'WEST', 2500000, 0), ('I1', 'OLD', 9000000, "
    "0),"
    " ('I2', 'EAST', 0, 0)";

struct quoting {
	struct scratch s;
	struct party_list *parties;
};

static void
quoting_open(struct quoting *q, const char *name)
{
	static const char *const files[] = {"0001_mirror.sql", "0010_gtin.sql"};

	scratch_open(&q->s, name);
	scratch_script(&q->s, "CREATE SCHEMA tributary");
	for (size_t i = 0; i < COUNT_OF(files); i++) {
		struct str sql;

		cr_assert_eq(file_read("migrations", files[i], q->s.arena, &sql, &q->s.why), OUTCOME_OK);
		scratch_script(&q->s, sql.p);
	}
	scratch_script(&q->s, mirror);
	q->parties = party_list_load("topology/parties", stderr);
	cr_assert(q->parties);
	store_begin(q->s.store);
}

static void
quoting_close(struct quoting *q)
{
	store_rollback(q->s.store);
	party_list_free(q->parties);
	scratch_close(&q->s);
}

static struct quote_question
question(struct quote_buyer buyer, const struct quote_line *lines, size_t n)
{
	return (struct quote_question){.party = STR("shopify"),
				       .buyer = buyer,
				       .currency = STR("USD"),
				       .country = STR("US"),
				       .region = STR("TX"),
				       .at_us = NOON,
				       .lines = lines,
				       .lines_count = n};
}

static void
ask(struct quoting *q, const struct quote_question *questions, size_t n, struct quote_answer *answers)
{
	cr_assert_eq(quote(q->s.store, q->s.arena, q->parties, questions, n, answers, &q->s.why), OUTCOME_OK, "%s %s",
		     q->s.why.code, q->s.why.text);
}

static const char *
code(const struct why *why)
{
	return why ? why->code : "";
}

Test(quote, a_set_of_questions_is_answered_each_for_its_customer, .timeout = 60)
{
	const struct quote_line lines[] = {
	    {.sku = STR("I1"), .quantity_micro = 10 * UNIT},
	    {.sku = STR("BOLT"), .unit = STR("BX"), .quantity_micro = 8 * UNIT}, /* 100 pieces */
	    {.gtin = STR("04006381333931"), .quantity_micro = UNIT},
	};
	struct quote_question questions[] = {
	    question((struct quote_buyer){.account = STR("77")}, lines, 3),
	    question((struct quote_buyer){.customer_no = STR("C2")}, lines, 1),
	    question((struct quote_buyer){.gln = STR("4012345000009")}, NULL, 0),
	    question((struct quote_buyer){.customer_no = STR("C2"), .account = STR("77")}, lines + 1, 1),
	};
	struct quote_answer a[4];
	struct quoting q;

	quoting_open(&q, "quote_set");
	questions[3].party = STR("woocommerce");
	ask(&q, questions, 4, a);
	cr_assert(!a[0].customer.why && str_equal(a[0].customer.customer_no, STR("C1")));
	cr_assert(str_equal(a[0].customer.source, STR("account")) &&
		  str_equal(a[0].customer.price_group, STR("TRADE")));
	cr_assert(!a[0].lines[0].why && a[0].lines[0].kind == PRICE_GROUP);
	cr_assert_eq(a[0].lines[0].found.price_micro, 400000);
	cr_assert_eq(a[0].lines[0].found.tax_rate_micro, 7000000);
	cr_assert_eq(a[0].lines[0].found.available_micro, 62500000,
		     "what lies where nothing is shipped from is not there");
	cr_assert(str_equal(a[0].lines[0].unit, STR("EA")));
	cr_assert(!a[0].lines[1].why && a[0].lines[1].kind == PRICE_CONTRACT);
	cr_assert(str_equal(a[0].lines[1].contract_no, STR("K-1")) && str_equal(a[0].lines[1].unit, STR("BX")));
	cr_assert(str_equal(a[0].lines[1].found.price_source, STR("contract:K-1")));
	cr_assert_eq(a[0].lines[1].found.price_micro, 468750);
	cr_assert_eq(a[0].lines[1].found.base_quantity_micro, 100 * UNIT);
	cr_assert(str_equal(a[0].lines[2].found.item_source, STR("gtin")));
	cr_assert(!a[1].customer.why && str_equal(a[1].customer.source, STR("number")));
	cr_assert(a[1].lines[0].kind == PRICE_LIST && a[1].lines[0].found.price_micro == 500000);
	cr_assert(!a[2].customer.why && str_equal(a[2].customer.customer_no, STR("C1")));
	cr_assert(str_equal(a[3].customer.customer_no, STR("C2")) && str_equal(a[3].customer.source, STR("number")));
	cr_assert(str_equal(a[3].lines[0].found.item_no, STR("I2")), "an alias is its party's");
	cr_assert_str_eq(code(a[3].lines[0].why), "unit-unknown");
	quoting_close(&q);
}

Test(quote, what_is_not_known_is_said_and_no_price_goes_to_nobody, .timeout = 60)
{
	const struct quote_line lines[] = {
	    {.sku = STR("I1"), .quantity_micro = UNIT},
	    {.sku = STR("NONE"), .quantity_micro = UNIT},
	    {.sku = STR("I3"), .quantity_micro = UNIT},
	    {.sku = STR("I1"), .unit = STR("HAIR"), .quantity_micro = 1},
	};
	struct quote_question questions[] = {
	    question((struct quote_buyer){.account = STR("78")}, lines, 2),
	    question((struct quote_buyer){.email = STR("BOTH@example.com")}, NULL, 0),
	    question((struct quote_buyer){.customer_no = STR("C4")}, NULL, 0),
	    question((struct quote_buyer){.customer_no = STR("C1")}, lines, 4),
	    question((struct quote_buyer){.customer_no = STR("C1")}, lines, 1),
	};
	struct quote_answer a[5];
	struct quoting q;

	quoting_open(&q, "quote_unknown");
	questions[4].currency = STR("EUR");
	ask(&q, questions, 5, a);
	cr_assert_str_eq(code(a[0].customer.why), "customer-unknown");
	cr_assert_str_eq(code(a[0].lines[0].why), "customer-unknown");
	cr_assert(a[0].lines[0].found.price_micro == 0 && a[0].lines[0].found.price_source.n == 0);
	cr_assert_str_eq(code(a[0].lines[1].why), "item-unknown");
	cr_assert_str_eq(code(a[1].customer.why), "customer-ambiguous");
	cr_assert_str_eq(code(a[2].customer.why), "customer-inactive");
	cr_assert_str_eq(code(a[3].lines[1].why), "item-unknown");
	cr_assert_str_eq(code(a[3].lines[2].why), "item-inactive");
	cr_assert_str_eq(code(a[3].lines[3].why), "unit-inexact");
	cr_assert(!a[3].lines[0].why, "a wrong line does not harm its neighbours");
	cr_assert_str_eq(code(a[4].lines[0].why), "price-unknown");
	quoting_close(&q);
}

Test(quote, a_price_is_of_the_day_where_the_party_is, .timeout = 60)
{
	const struct quote_line line = {.sku = STR("I1"), .quantity_micro = 100 * UNIT};
	struct quote_question questions[] = {question((struct quote_buyer){.customer_no = STR("C1")}, &line, 1),
					     question((struct quote_buyer){.customer_no = STR("C1")}, &line, 1)};
	struct quote_answer a[2];
	struct quoting q;

	quoting_open(&q, "quote_day");
	questions[0].party = questions[1].party = STR("edi-acme");
	questions[0].at_us = INT64_C(1798768800000000); /* 2027-01-01T02:00Z: still 2026 in New York */
	questions[1].at_us = questions[0].at_us + INT64_C(3600000000) * 4; /* and there, too, 2027 */
	ask(&q, questions, 2, a);
	cr_assert_eq(a[0].lines[0].kind, PRICE_CONTRACT);
	cr_assert_eq(a[1].lines[0].kind, PRICE_GROUP);
	quoting_close(&q);
}

Test(quote, customers_and_stock_are_told_in_bulk_and_bounded, .timeout = 60)
{
	const struct customer_question who[] = {{STR("shopify"), {.account = STR("77")}},
						{STR("shopify"), {.email = STR("ONE@example.com")}},
						{STR("shopify"), {.customer_no = STR("C4")}},
						{STR("shopify"), {.account = STR("")}}};
	const struct stock_question what[] = {{.party = STR("shopify"), .sku = STR("BOLT")},
					      {.party = STR("shopify"), .sku = STR("NONE")},
					      {.party = STR("woocommerce"), .sku = STR("BOLT")},
					      {.party = STR("shopify"), .gtin = STR("4006381333931")}};
	struct quoted_customer c[4];
	struct stock_answer s[4];
	struct quoting q;

	quoting_open(&q, "quote_bulk");
	cr_assert_eq(customers_ask(q.s.store, q.s.arena, who, 4, c, &q.s.why), OUTCOME_OK, "%s", q.s.why.text);
	cr_assert(!c[0].why && str_equal(c[0].customer_no, STR("C1")));
	cr_assert(!c[1].why && str_equal(c[1].source, STR("email")));
	cr_assert_str_eq(code(c[2].why), "customer-inactive");
	cr_assert_str_eq(code(c[3].why), "customer-unknown");
	cr_assert_eq(stock_ask(q.s.store, q.s.arena, what, 4, s, &q.s.why), OUTCOME_OK, "%s", q.s.why.text);
	cr_assert(!s[0].why && s[0].places_count == 2 && s[0].available_micro == 62500000);
	cr_assert(str_equal(s[0].places[0].warehouse, STR("EAST")) && s[0].places[0].reserved_micro == 40 * UNIT);
	cr_assert_eq(s[0].places[0].available_micro, 60 * UNIT);
	cr_assert_str_eq(code(s[1].why), "item-unknown");
	cr_assert(str_equal(s[2].item_no, STR("I2")) && s[2].places_count == 1 && s[2].available_micro == 0);
	cr_assert(str_equal(s[3].item_no, STR("I1")) && s[3].available_micro == 62500000);
	cr_assert_eq(stock_ask(q.s.store, q.s.arena, what, QUOTE_QUESTIONS_MAX + 1, s, &q.s.why), OUTCOME_DEAD);
	cr_assert_str_eq(q.s.why.code, "too-large");
	cr_assert_eq(customers_ask(q.s.store, q.s.arena, who, 0, c, &q.s.why), OUTCOME_OK,
		     "nothing asked, nothing said");
	quoting_close(&q);
}
