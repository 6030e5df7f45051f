/* SPDX-License-Identifier: Apache-2.0 */
#include "invoice/bill.h"

#include <criterion/criterion.h>
#include <stdlib.h>

#define LINES 3

static struct arena *arena;

static void
open_arena(void)
{
	arena = arena_new((size_t)1 << 26);
}

static void
close_arena(void)
{
	arena_free(arena);
}

TestSuite(bill, .init = open_arena, .fini = close_arena);

static struct order_line lines[LINES];
static struct adjustment adjustments[2];

static struct order
order_make(void)
{
	static const int64_t quantities[LINES] = {3000000, 7000000, 1000000};
	static const int64_t prices[LINES] = {33333333, 37500, 9990000};

	for (size_t i = 0; i < LINES; i++) {
		lines[i] = (struct order_line){.line_ref = STR("r"),
					       .quantity_micro = quantities[i],
					       .unit_price_micro = prices[i],
					       .discount_minor = 7,
					       .tax_minor = 11,
					       .enriched.base_quantity_micro = quantities[i]};
	}
	adjustments[0] = (struct adjustment){.kind = ADJUSTMENT_SHIPPING, .amount_minor = 1000, .tax_minor = 81};
	adjustments[1] = (struct adjustment){.kind = ADJUSTMENT_DISCOUNT, .amount_minor = -333};
	return (struct order){.currency = STR("USD"), .lines = {lines, LINES}, .adjustments = {adjustments, 2}};
}

/* Ships the pieces one after another and adds up what each is billed. */
static int64_t
ship_all(const struct order *o, int64_t pieces[][LINES], size_t n, bool *is_last)
{
	struct billed_line billed[LINES] = {{0, 0}};
	int64_t total = 0;

	for (size_t p = 0; p < n; p++) {
		struct shipment_line shipped[LINES];
		struct shipment s = {.lines = {shipped, LINES}};
		struct bill bill;
		struct why why = {0};

		for (size_t i = 0; i < LINES; i++)
			shipped[i] = (struct shipment_line){.line_no = (int64_t)i + 1, .shipped_micro = pieces[p][i]};
		cr_assert_eq(bill_decide(o, &s, billed, arena, &bill, &why), OUTCOME_OK, "%s", why.text);
		total += bill.invoice.total_minor;
		for (size_t i = 0; i < bill.invoice.lines.n; i++) {
			const struct invoice_line *l = (const struct invoice_line *)bill.invoice.lines.items + i;

			billed[bill.order_lines[i]].base_quantity_micro += bill.base_quantities[i];
			billed[bill.order_lines[i]].gross_minor += l->gross_minor;
		}
		*is_last = bill.is_last;
	}
	return total;
}

Test(bill, one_shipment_costs_what_the_order_does)
{
	struct order o = order_make();
	int64_t total, pieces[][LINES] = {{3000000, 7000000, 1000000}};
	bool is_last;

	cr_assert(order_grand_total(&o, &total));
	cr_assert_eq(ship_all(&o, pieces, 1, &is_last), total);
	cr_assert(is_last);
}

Test(bill, any_split_adds_up_to_the_cent)
{
	struct order o = order_make();
	int64_t total;

	cr_assert(order_grand_total(&o, &total));
	srand(7);
	for (int round = 0; round < 500; round++) {
		int64_t left[LINES] = {3000000, 7000000, 1000000}, pieces[6][LINES];
		bool is_last = false;

		for (size_t p = 0; p < 6; p++)
			for (size_t i = 0; i < LINES; i++) {
				int64_t now = p == 5 ? left[i] : left[i] * (rand() % 100) / 100;

				pieces[p][i] = now;
				left[i] -= now;
			}
		cr_assert_eq(ship_all(&o, pieces, 6, &is_last), total, "round %d", round);
	}
}

Test(bill, more_than_ordered_is_held)
{
	struct order o = order_make();
	struct billed_line billed[LINES] = {{0, 0}};
	struct shipment_line shipped = {.line_no = 1, .shipped_micro = 3000001};
	struct shipment s = {.lines = {&shipped, 1}};
	struct bill bill;
	struct why why;

	cr_assert_eq(bill_decide(&o, &s, billed, arena, &bill, &why), OUTCOME_HELD);
	cr_assert_str_eq(why.code, "bill-over");
	cr_assert_str_eq(why.path, "lines[0].shipped");
}
