/* SPDX-License-Identifier: Apache-2.0 */
#include "intake/intake.h"
#include "model/order_change.h"

#include <criterion/criterion.h>
#include <string.h>

#define UNIT INT64_C(1000000)

static struct arena *arena;
static struct order_line known_lines[3], said_lines[4];
static struct adjustment known_adjustments[3];
static struct order known, change, merged;
static struct why why;

/* 10 * 5.40 - 1.00 + 2 * 14.90 + 1 * 39.00 + 25.00 freight: 146.80 */
static void
open_order(void)
{
	arena = arena_new((size_t)1 << 26);
	known_lines[0] = (struct order_line){.line_ref = STR("1"),
					     .sku = STR("TR-1001"),
					     .gtin = STR("06141410010006"),
					     .unit = STR("EA"),
					     .quantity_micro = 10 * UNIT,
					     .unit_price_micro = 5400000,
					     .discount_minor = 100,
					     .requires_shipping = true};
	known_lines[1] = (struct order_line){.line_ref = STR("2"),
					     .sku = STR("TR-1003"),
					     .unit = STR("EA"),
					     .quantity_micro = 2 * UNIT,
					     .unit_price_micro = 14900000,
					     .requires_shipping = true};
	known_lines[2] = (struct order_line){.line_ref = STR("3"),
					     .sku = STR("TR-1010"),
					     .quantity_micro = UNIT,
					     .unit_price_micro = 39 * UNIT,
					     .requires_shipping = true};
	known_adjustments[0] = (struct adjustment){.kind = ADJUSTMENT_SHIPPING, .amount_minor = 2500};
	known = (struct order){.party = STR("edi-acme"),
			       .source_id = STR("A-1"),
			       .source_number = STR("A-1"),
			       .revision = STR("2026-07-02T10:00:00Z"),
			       .placed_at_us = 1,
			       .received_at_us = 2,
			       .currency = STR("USD"),
			       .ship_to = {.line1 = STR("800 Freight Way"), .country = STR("US")},
			       .note = STR("before 6 a.m."),
			       .payment_status = PAYMENT_PENDING,
			       .lines = {known_lines, 3},
			       .adjustments = {known_adjustments, 1},
			       .stated = {.lines_minor = 12180, .grand_minor = 14680}};
	memset(said_lines, 0, sizeof said_lines);
	change = (struct order){.source_id = STR("A-1"),
				.source_number = STR("A-1"),
				.revision = STR("2026-07-03T10:00:00Z"),
				.kind = ORDER_CHANGE,
				.received_at_us = 3,
				.currency = STR("USD")};
}

static void
close_order(void)
{
	arena_free(arena);
}

TestSuite(order_change, .init = open_order, .fini = close_order);

/* The change's next line. */
static struct order_line *
say(enum line_action action, const char *ref)
{
	struct order_line *line = &said_lines[change.lines.n];

	*line = (struct order_line){.line_ref = str_of(ref), .action = (int)action};
	change.lines = (struct list){said_lines, change.lines.n + 1};
	return line;
}

static void
merge_expect(int64_t grand_minor)
{
	int64_t total;

	cr_assert_eq(order_change_check(&change, &why), OUTCOME_OK, "%s %s", why.path, why.text);
	cr_assert_eq(order_merge(&known, &change, arena, &merged, &why), OUTCOME_OK, "%s %s", why.path, why.text);
	cr_expect_eq(merged.kind, ORDER_NEW);
	cr_expect(order_grand_total(&merged, &total));
	cr_expect_eq(total, grand_minor, "%lld", (long long)total);
	for (size_t i = 0; i < merged.lines.n; i++)
		cr_expect_eq(order_line_at(&merged, i)->action, LINE_SET);
}

static void
held_expect(const char *code, const char *path)
{
	memset(&merged, 0x55, sizeof merged);
	cr_assert_eq(order_merge(&known, &change, arena, &merged, &why), OUTCOME_HELD);
	cr_expect_str_eq(why.code, code);
	cr_expect_str_eq(why.path, path);
	cr_expect_eq(((unsigned char *)&merged)[0], 0x55, "nothing is written");
}

/* What ingest compares: is the change, said once more, a duplicate? */
static bool
is_duplicate_then(void)
{
	unsigned char once[32], twice[32];
	struct order again, stored = merged;

	cr_assert(intake_hash(&merged, arena, once));
	cr_assert_eq(order_round(&stored, arena, &why), OUTCOME_OK);
	cr_assert_eq(order_merge(&stored, &change, arena, &again, &why), OUTCOME_OK, "%s %s", why.path, why.text);
	cr_assert(intake_hash(&again, arena, twice));
	return memcmp(once, twice, sizeof once) == 0;
}

Test(order_change, lines_are_changed_added_and_removed)
{
	struct order_line *added;

	say(LINE_CHANGE, "1")->quantity_micro = 6 * UNIT;
	say(LINE_CHANGE, "2")->unit_price_micro = 14 * UNIT;
	say(LINE_REMOVE, "3");
	added = say(LINE_ADD, "4");
	added->sku = STR("TR-1014");
	added->quantity_micro = 3 * UNIT;
	added->unit_price_micro = 44 * UNIT;
	merge_expect(3240 + 2800 + 13200 + 2500);
	cr_expect_eq(merged.lines.n, 3);
	cr_expect(str_equal(order_line_at(&merged, 2)->line_ref, STR("4")));
	cr_expect_eq(merged.stated.grand_minor, 3240 + 2800 + 13200 + 2500, "nothing was stated: ours");
	cr_expect_eq(known_lines[0].quantity_micro, 10 * UNIT, "what was known is as it was");
}

Test(order_change, a_discount_stays_with_quantity_and_price)
{
	say(LINE_CHANGE, "1")->description = STR("Copy paper");
	merge_expect(14680);
	cr_expect_eq(order_line_at(&merged, 0)->discount_minor, 100);
	say(LINE_CHANGE, "1")->quantity_micro = 11 * UNIT;
	merge_expect(5940 + 2980 + 3900 + 2500);
	cr_expect_eq(order_line_at(&merged, 0)->discount_minor, 0);
}

Test(order_change, what_is_not_said_stays)
{
	change.ship_to = (struct address){.line1 = STR("1 Acme Plaza"), .country = STR("US")};
	merge_expect(14680);
	cr_expect(str_equal(merged.ship_to.line1, STR("1 Acme Plaza")));
	cr_expect(str_equal(merged.note, STR("before 6 a.m.")));
	cr_expect(str_equal(merged.revision, STR("2026-07-03T10:00:00Z")));
	cr_expect_eq(merged.placed_at_us, 1);
	cr_expect_eq(merged.received_at_us, 3);
	cr_expect_eq(merged.payment_status, PAYMENT_PENDING);
	cr_expect_eq(merged.stated.lines_minor, 12180);
	cr_expect_eq(merged.adjustments.n, 1);
}

Test(order_change, a_stated_total_is_compared)
{
	say(LINE_CHANGE, "2")->quantity_micro = 3 * UNIT;
	change.stated.grand_minor = 99999;
	merge_expect(16170);
	cr_expect_eq(order_check(&merged, 1, &why), OUTCOME_HELD);
	cr_expect_str_eq(why.code, "total-mismatch");
	change.stated.grand_minor = 16171;
	merge_expect(16170);
	cr_expect_eq(order_check(&merged, 1, &why), OUTCOME_OK);
	cr_expect(is_duplicate_then(), "the rounding is made anew");
}

Test(order_change, adjustments_that_are_said_are_all)
{
	static struct adjustment said = {.kind = ADJUSTMENT_SHIPPING, .amount_minor = 1000};

	known_adjustments[1] =
	    (struct adjustment){.kind = ADJUSTMENT_ROUNDING, .reason = STR(ORDER_ROUNDING_REASON), .amount_minor = 1};
	known.adjustments.n = 2;
	merge_expect(14680);
	change.adjustments = (struct list){&said, 1};
	merge_expect(13180);
	cr_expect_eq(merged.stated.grand_minor, 13180);
}

Test(order_change, the_same_again_is_a_duplicate)
{
	struct order_line *added;

	say(LINE_CHANGE, "1")->quantity_micro = 6 * UNIT;
	say(LINE_REMOVE, "3");
	added = say(LINE_ADD, "4");
	added->quantity_micro = 3 * UNIT;
	added->unit_price_micro = 44 * UNIT;
	merge_expect(3240 + 2980 + 13200 + 2500);
	cr_expect(is_duplicate_then());
}

Test(order_change, one_that_changes_nothing_is_a_duplicate)
{
	unsigned char before[32], after[32];

	say(LINE_CHANGE, "1")->quantity_micro = 10 * UNIT;
	merge_expect(14680);
	cr_assert(intake_hash(&known, arena, before) && intake_hash(&merged, arena, after));
	cr_expect_arr_eq(before, after, sizeof before);
}

Test(order_change, a_line_that_is_not_there_is_held)
{
	say(LINE_CHANGE, "1");
	say(LINE_CHANGE, "9")->quantity_micro = UNIT;
	held_expect("change-line-unknown", "lines[1]");
	said_lines[1].action = LINE_REMOVE;
	held_expect("change-line-unknown", "lines[1]");
	change.revision = known.revision;
	merge_expect(14680); /* the same revision: it is gone by this very change */
}

Test(order_change, a_line_of_another_item_is_held)
{
	say(LINE_REMOVE, "2")->sku = STR("TR-1001");
	held_expect("change-line-unknown", "lines[0]");
	said_lines[0] = (struct order_line){.line_ref = STR("1"), .action = LINE_REMOVE};
	said_lines[0].sku = STR("700111");
	said_lines[0].gtin = STR("06141410010006");
	merge_expect(9380); /* the GTIN is the same */
}

Test(order_change, a_line_that_is_there_is_not_added)
{
	say(LINE_ADD, "2")->quantity_micro = 5 * UNIT;
	held_expect("change-line-known", "lines[0]");
	said_lines[0] = known_lines[1];
	said_lines[0].action = LINE_ADD;
	merge_expect(14680);
	cr_expect_eq(merged.lines.n, 3);
}

Test(order_change, one_line_stays)
{
	say(LINE_REMOVE, "1");
	say(LINE_REMOVE, "2");
	say(LINE_REMOVE, "3");
	held_expect("change-empty", "lines");
}

Test(order_change, what_the_tax_is_now_must_be_said)
{
	known_lines[1].tax_minor = 240;
	say(LINE_CHANGE, "2")->quantity_micro = 3 * UNIT;
	held_expect("change-open", "lines[0]");
	said_lines[0].tax_minor = 360;
	merge_expect(5300 + 4470 + 360 + 3900 + 2500);
	known_adjustments[1] = (struct adjustment){.kind = ADJUSTMENT_TAX, .tax_minor = 500};
	known.adjustments.n = 2;
	held_expect("change-open", "stated.grand_minor");
}

Test(order_change, another_unit_needs_quantity_and_price)
{
	struct order_line *line = say(LINE_CHANGE, "2");

	line->unit = STR("BOX");
	line->quantity_micro = UNIT;
	held_expect("change-open", "lines[0]");
	line->unit_price_micro = 140 * UNIT;
	merge_expect(5300 + 14000 + 3900 + 2500);
	change.currency = STR("EUR");
	held_expect("change-open", "currency");
}

Test(order_change, what_is_needed_is_named)
{
	say(LINE_ADD, "4");
	cr_expect_eq(order_change_check(&change, &why), OUTCOME_DEAD);
	cr_expect_str_eq(why.path, "lines[0].quantity");
	said_lines[0].action = LINE_SET;
	cr_expect_eq(order_change_check(&change, &why), OUTCOME_DEAD);
	cr_expect_str_eq(why.path, "lines[0].action");
	said_lines[0].line_ref.n = 0;
	cr_expect_eq(order_change_check(&change, &why), OUTCOME_DEAD);
	cr_expect_str_eq(why.path, "lines[0].line_ref");
	change.source_id.n = 0;
	cr_expect_eq(order_change_check(&change, &why), OUTCOME_DEAD);
	cr_expect_str_eq(why.path, "source_id");
}

Test(order_change, a_whole_order_has_no_actions)
{
	known_lines[1].action = LINE_REMOVE;
	cr_expect_eq(order_check(&known, 0, &why), OUTCOME_DEAD);
	cr_expect_str_eq(why.path, "lines[1].action");
}

Test(order_change, references_are_replaced_by_qualifier)
{
	static struct reference there[] = {{STR("VN"), STR("TR-1001")}, {STR("price"), STR("5.40")}};
	static struct reference said[] = {{STR("price"), STR("5.50")}, {STR("basis"), STR("PE")}};
	struct order_line *line = say(LINE_CHANGE, "1");
	const struct reference *now;

	known_lines[0].references = (struct list){there, 2};
	line->unit_price_micro = 5500000;
	line->references = (struct list){said, 2};
	merge_expect(5500 + 2980 + 3900 + 2500);
	now = order_line_at(&merged, 0)->references.items;
	cr_assert_eq(order_line_at(&merged, 0)->references.n, 3);
	cr_expect(str_equal(now[0].value, STR("TR-1001")) && str_equal(now[1].value, STR("5.50")));
}

Test(order_change, the_number_of_the_same_place_says_nothing_new)
{
	known.ship_to.location = STR("DC02");
	change.ship_to = (struct address){.company = STR("Acme"), .location = STR("DC02")};
	change.deliver_by_at_us = 7;
	merge_expect(14680);
	cr_expect(str_equal(merged.ship_to.line1, STR("800 Freight Way")));
	cr_expect_eq(merged.deliver_by_at_us, 7);
	change.ship_to.location = STR("DC03");
	merge_expect(14680);
	cr_expect_eq(order_check(&merged, 0, &why), OUTCOME_HELD);
	cr_expect_str_eq(why.code, "ship-to-missing");
}
