/* SPDX-License-Identifier: Apache-2.0 */
#include "ingest/returns.h"

#include <criterion/criterion.h>

#define UNIT INT64_C(1000000)

static struct returnable lines[4];
static struct return_line asked[4];
static struct return_request request;
static struct why why;

/* Two boxes of five, of which one was shipped; three pens, all shipped; the same pen once more; and nothing enriched. */
static void
order_open(void)
{
	lines[0] = (struct returnable){.line_no = 1,
				       .line_ref = STR("a"),
				       .sku = STR("PAPER"),
				       .unit = STR("BOX"),
				       .item_no = STR("TR-1001"),
				       .base_unit = STR("EA"),
				       .quantity_micro = 2 * UNIT,
				       .base_quantity_micro = 10 * UNIT,
				       .shipped_micro = 5 * UNIT};
	lines[1] = (struct returnable){.line_no = 2,
				       .line_ref = STR("b"),
				       .sku = STR("PEN"),
				       .gtin = STR("06141410010013"),
				       .item_no = STR("TR-1002"),
				       .base_unit = STR("EA"),
				       .quantity_micro = 3 * UNIT,
				       .base_quantity_micro = 3 * UNIT,
				       .shipped_micro = 3 * UNIT};
	lines[2] = lines[1];
	lines[2].line_no = 3;
	lines[2].line_ref = STR("c");
	lines[3] = (struct returnable){
	    .line_no = 4, .line_ref = STR("d"), .sku = STR("NEW"), .unit = STR("EA"), .quantity_micro = UNIT};
	request = (struct return_request){.lines = {asked, 1}};
	for (size_t i = 0; i < COUNT_OF(asked); i++)
		asked[i] = (struct return_line){0};
}

TestSuite(returns, .init = order_open);

static const char *
apply(size_t n)
{
	request.lines.n = n;
	why = (struct why){0};
	return return_apply(&request, lines, COUNT_OF(lines), &why) == OUTCOME_OK ? "" : why.code;
}

Test(returns, a_line_is_named_by_its_number_or_its_item)
{
	asked[0] = (struct return_line){.line_no = 2, .quantity_micro = UNIT};
	asked[1] = (struct return_line){.sku = STR("TR-1001"), .quantity_micro = UNIT};
	asked[2] = (struct return_line){.line_no = 3, .sku = STR("06141410010013"), .quantity_micro = UNIT};
	cr_assert_str_eq(apply(3), "", "%s %s", why.path, why.text);
	cr_assert(str_equal(asked[0].item_no, STR("TR-1002")) && str_equal(asked[0].line_ref, STR("b")));
	cr_assert_eq(asked[0].base_quantity_micro, UNIT);
	cr_assert(str_equal(asked[0].unit, STR("EA")), "what was ordered without a unit was in the item's own");
	cr_assert_eq(asked[1].line_no, 1);
	cr_assert(str_equal(asked[1].sku, STR("PAPER")) && str_equal(asked[1].unit, STR("BOX")));
	cr_assert_eq(asked[1].base_quantity_micro, 5 * UNIT, "a box is five");
	cr_assert_eq(lines[0].returned_micro, 5 * UNIT);
	cr_assert_eq(lines[2].returned_micro, UNIT);
}

Test(returns, never_more_than_was_shipped_and_is_not_on_its_way_back)
{
	asked[0] = (struct return_line){.line_no = 1, .unit = STR("EA"), .quantity_micro = 5 * UNIT};
	cr_assert_str_eq(apply(1), "");
	asked[0] = (struct return_line){.line_no = 1, .unit = STR("EA"), .quantity_micro = 1};
	cr_assert_str_eq(apply(1), "return-over");
	cr_assert_str_eq(why.path, "lines[0].quantity");
	cr_assert_eq(lines[0].returned_micro, 5 * UNIT);
	asked[0] = (struct return_line){.line_no = 4, .quantity_micro = 1};
	cr_assert_str_eq(apply(1), "return-over", "nothing of it was shipped");
}

Test(returns, the_same_line_twice_in_a_request_counts_twice_or_not_at_all)
{
	asked[0] = (struct return_line){.line_no = 2, .quantity_micro = 2 * UNIT};
	asked[1] = (struct return_line){.line_no = 2, .quantity_micro = 2 * UNIT};
	cr_assert_str_eq(apply(2), "return-over");
	cr_assert_str_eq(why.path, "lines[1].quantity");
	cr_assert_eq(lines[1].returned_micro, 0, "nothing of a refused request counts");
	asked[1].quantity_micro = UNIT;
	cr_assert_str_eq(apply(2), "");
	cr_assert_eq(lines[1].returned_micro, 3 * UNIT);
}

Test(returns, what_is_unclear_is_for_a_person)
{
	asked[0] = (struct return_line){.sku = STR("PEN"), .quantity_micro = UNIT};
	cr_assert_str_eq(apply(1), "return-line-ambiguous");
	asked[0] = (struct return_line){.line_no = 1, .sku = STR("PEN"), .quantity_micro = UNIT};
	cr_assert_str_eq(apply(1), "return-line-unknown");
	asked[0] = (struct return_line){.line_no = 9, .quantity_micro = UNIT};
	cr_assert_str_eq(apply(1), "return-line-unknown");
	asked[0] = (struct return_line){.line_no = 1, .unit = STR("PAL"), .quantity_micro = UNIT};
	cr_assert_str_eq(apply(1), "return-unit");
	lines[0].base_quantity_micro = 3 * UNIT;
	asked[0] = (struct return_line){.line_no = 1, .quantity_micro = 1};
	cr_assert_str_eq(apply(1), "unit-inexact");
}
