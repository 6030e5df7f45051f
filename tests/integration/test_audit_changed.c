/* SPDX-License-Identifier: Apache-2.0 */
#include "audit/audit.h"
#include "scratch.h"

#define DAY_US (INT64_C(86400) * 1000000)
#define AT(second) (INT64_C(1790000000000000) + (second)*INT64_C(1000000)) /* in September 2026 */
#define ORDERS 4

/* Orders A, B, C and D, each by the last digit of its id. */
static const char timeline[] =
    "CREATE SCHEMA tributary;"
    "CREATE TABLE tributary.timeline (order_id uuid NOT NULL, at timestamptz NOT NULL);"
    "CREATE INDEX ON tributary.timeline (order_id, at);"
    "INSERT INTO tributary.timeline SELECT format('00000000-0000-4000-8000-00000000000%s', o)::uuid,"
    " to_timestamp(1790000000 + s) FROM (VALUES ('a', 1), ('a', 2), ('b', 2), ('b', 11), ('c', 3), ('c', 12), ('c', "
    "25),"
    " ('d', 31)) v(o, s)";

struct reading {
	struct scratch s;
	struct audit audit;
	int times[ORDERS]; /* so often it was found */
};

static void
reading_open(struct reading *r, const char *name)
{
	*r = (struct reading){0};
	scratch_open(&r->s, name);
	scratch_script(&r->s, timeline);
	audit_init(&r->audit, r->s.store, r->s.arena, NULL, 900);
	cr_assert_eq(audit_session(&r->audit, &r->s.why), OUTCOME_OK, "%s", r->s.why.text);
}

/* Reads the window, at most `max` rows, and returns how far that came. */
static int64_t
reading_go(struct reading *r, int64_t since_us, int64_t until_us, int64_t known_us, int64_t max)
{
	struct audit_span span = {since_us, until_us, known_us, max};
	struct audit_set set;
	int64_t read_us;

	cr_assert_eq(audit_changed_orders(&r->audit, &span, &set, &read_us, &r->s.why), OUTCOME_OK, "%s",
		     r->s.why.text);
	for (size_t i = 0; i < set.n; i++)
		r->times[set.ids[i].bytes[15] - 0x0a]++;
	return read_us;
}

static void
expect(const struct reading *r, int a, int b, int c, int d)
{
	int wants[ORDERS] = {a, b, c, d};

	for (int i = 0; i < ORDERS; i++)
		cr_expect_eq(r->times[i], wants[i], "order %c: %d times, wants %d", 'A' + i, r->times[i], wants[i]);
}

TestSuite(audit_changed, .timeout = 60);

Test(audit_changed, an_order_is_found_once_in_the_window_of_its_last_change)
{
	struct reading r;

	reading_open(&r, "audit_changed_once");
	for (int64_t s = 0; s < 40; s += 10)
		cr_expect_eq(reading_go(&r, AT(s), AT(s + 10), AT(40), 100), AT(s + 10));
	expect(&r, 1, 1, 1, 1);
	scratch_close(&r.s);
}

Test(audit_changed, a_window_in_which_no_order_came_to_rest_is_read_all_the_same)
{
	struct reading r;

	reading_open(&r, "audit_changed_none");
	cr_expect_eq(reading_go(&r, AT(2), AT(10), AT(40), 100), AT(10));
	expect(&r, 0, 0, 0, 0);
	scratch_close(&r.s);
}

Test(audit_changed, none_is_missed_however_few_rows_are_read_at_a_time)
{
	for (int64_t max = 1; max <= 4; max++) {
		struct reading r;
		int64_t at_us = AT(0);

		reading_open(&r, "audit_changed_few");
		for (int i = 0; i < 20 && at_us < AT(40); i++)
			at_us = reading_go(&r, at_us, AT(40), AT(40), max);
		cr_expect_eq(at_us, AT(40));
		expect(&r, 1, 1, 1, 1);
		scratch_close(&r.s);
	}
}

Test(audit_changed, what_is_written_while_it_reads_brings_the_order_again)
{
	struct reading r;

	reading_open(&r, "audit_changed_again");
	reading_go(&r, AT(0), AT(20), AT(22), 100); /* the reader knows nothing of what C has at 25 */
	expect(&r, 1, 1, 1, 0);
	reading_go(&r, AT(20), AT(40), AT(40) + DAY_US, 100);
	expect(&r, 1, 1, 2, 1);
	scratch_close(&r.s);
}
