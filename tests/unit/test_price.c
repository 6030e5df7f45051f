/* SPDX-License-Identifier: Apache-2.0 */
#include "pricing/price.h"

#include <criterion/criterion.h>

static struct book_price
price(enum price_kind kind, int64_t min_quantity, int64_t micro)
{
	return (struct book_price){.item_no = STR("A"),
				   .customer_no = STR("C-1"),
				   .price_group = STR("TRADE"),
				   .contract_no = STR("K-1"),
				   .currency = STR("USD"),
				   .unit = STR("EA"),
				   .kind = kind,
				   .min_quantity_micro = min_quantity,
				   .price_micro = micro,
				   .from_day = 100,
				   .to_day = 200};
}

static struct price_question
question(void)
{
	return (struct price_question){.customer_no = STR("C-1"),
				       .price_group = STR("TRADE"),
				       .currency = STR("USD"),
				       .unit = STR("EA"),
				       .base_unit = STR("EA"),
				       .factor_micro = 1000000,
				       .quantity_micro = 10000000,
				       .day = 150};
}

static int64_t
decide(const struct price_question *q, const struct book_price *prices, size_t n)
{
	const struct book_price *chosen;
	int64_t micro = -1;
	struct why why;

	return price_decide(q, prices, n, &micro, &chosen, &why) == OUTCOME_OK ? micro : -1;
}

Test(price, contract_before_group_before_list)
{
	struct book_price prices[] = {price(PRICE_LIST, 0, 300), price(PRICE_GROUP, 0, 200),
				      price(PRICE_CONTRACT, 0, 100)};
	struct price_question q = question();

	cr_assert_eq(decide(&q, prices, 3), 100);
	q.customer_no = STR("C-2");
	cr_assert_eq(decide(&q, prices, 3), 200);
	q.price_group = (struct str){NULL, 0};
	cr_assert_eq(decide(&q, prices, 3), 300);
}

Test(price, the_largest_break_that_is_reached)
{
	struct book_price prices[] = {price(PRICE_LIST, 0, 300), price(PRICE_LIST, 10000000, 250),
				      price(PRICE_LIST, 10000001, 200)};
	struct price_question q = question();

	cr_assert_eq(decide(&q, prices, 3), 250);
}

Test(price, only_while_it_is_valid)
{
	struct book_price prices[] = {price(PRICE_LIST, 0, 300)};
	struct price_question q = question();

	q.day = 200;
	cr_assert_eq(decide(&q, prices, 1), 300);
	q.day = 201;
	cr_assert_eq(decide(&q, prices, 1), -1);
	q.day = 99;
	cr_assert_eq(decide(&q, prices, 1), -1);
}

Test(price, a_price_per_base_unit_is_converted)
{
	struct book_price prices[] = {price(PRICE_LIST, 0, 890000)};
	struct price_question q = question();

	q.unit = STR("DOZ");
	q.factor_micro = 12000000;
	cr_assert_eq(decide(&q, prices, 1), 10680000);
}

Test(price, another_currency_is_no_price)
{
	struct book_price prices[] = {price(PRICE_LIST, 0, 300)};
	struct price_question q = question();

	q.currency = STR("EUR");
	cr_assert_eq(decide(&q, prices, 1), -1);
}

Test(price, tolerance_is_exact_at_its_edge)
{
	cr_assert(price_is_near(102000000, 100000000, 2000000));
	cr_assert_not(price_is_near(102000001, 100000000, 2000000));
	cr_assert(price_is_near(98000000, 100000000, 2000000));
	cr_assert_not(price_is_near(1, 0, 2000000));
}
