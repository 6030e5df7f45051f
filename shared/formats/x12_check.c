/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/x12_check.h"

#include "formats/x12_scan.h"

#include <stdlib.h>

#define ID_PARTS 5

static void
fault(struct x12_builder *b, struct node *level, const char *code, const char *ack, struct str text, size_t offset)
{
	x12_add_fault(b, level, &(struct x12_fault){.code = code, .ack = ack, .text = text, .offset = offset});
}

/* Counts may be padded with zeros: X12.5 has them numeric. */
static bool
is_count(struct str text, size_t count)
{
	int64_t stated;
	struct str digits;

	if (!x12_digits(text, &digits))
		return false;
	return digits.n ? str_to_int(digits, &stated) && (uint64_t)stated == count : count == 0;
}

/* ISA13 and GS06 are numeric too, so that 5 is 000000005; what is no number is compared as it stands. */
static struct str
number_of(const struct node *n)
{
	struct str digits;

	return x12_digits(node_text(n), &digits) ? digits : node_text(n);
}

static bool
is_number(const struct node *n)
{
	struct str digits;

	return x12_digits(node_text(n), &digits);
}

/* --- repeats --- */

/* What must not occur twice: the identifying texts of one level. */
struct id {
	struct str parts[ID_PARTS];
	struct node *level;
};

static int
id_compare(const void *left, const void *right)
{
	const struct id *a = left, *b = right;

	for (size_t i = 0; i < ID_PARTS; i++) {
		int order = str_compare(a->parts[i], b->parts[i]);

		if (order)
			return order;
	}
	return 0;
}

static int
id_compare_places(const void *left, const void *right)
{
	const struct id *a = left, *b = right;
	int order = id_compare(a, b);

	return order ? order : (a->level->offset > b->level->offset) - (a->level->offset < b->level->offset);
}

/* Sorted rather than hashed: nobody can make up control numbers that take longer. */
static void
repeats_report(struct x12_builder *b, struct id *ids, size_t count, const struct x12_fault *what)
{
	struct x12_fault repeat = *what;

	qsort(ids, count, sizeof *ids, id_compare_places);
	for (size_t i = 1; i < count; i++) {
		if (id_compare(&ids[i - 1], &ids[i]) != 0)
			continue;
		repeat.offset = ids[i].level->offset;
		x12_add_fault(b, ids[i].level, &repeat);
	}
}

static struct id *
ids_new(struct x12_builder *b, size_t count)
{
	struct id *ids = b->shortage ? NULL : arena_array(b->arena, count, sizeof *ids);

	if (!ids && !b->shortage)
		b->shortage = X12_SHORTAGE_MEMORY;
	return ids;
}

static void
transactions_compare(struct x12_builder *b, const struct node *transactions)
{
	static const struct x12_fault repeat = {
	    "x12-st-duplicate",
	    "7",
	    {"ST02 occurs before in its group", sizeof "ST02 occurs before in its group" - 1},
	    0};
	struct id *ids;
	size_t n = 0;

	if (transactions->children_count < 2 || !(ids = ids_new(b, transactions->children_count)))
		return;
	for (struct node *t = transactions->child; t; t = t->next)
		if (node_get(t, "control"))
			ids[n++] = (struct id){{node_text(node_get(t, "control"))}, t};
	repeats_report(b, ids, n, &repeat);
}

static void
interchanges_compare(struct x12_builder *b, struct node *interchanges)
{
	static const char *const names[] = {"ISA05", "ISA06", "ISA07", "ISA08"};
	struct x12_fault repeat = {"x12-isa-duplicate", "025",
				   STR("sender, receiver and ISA13 occur before in the file"), 0};
	struct id *ids = ids_new(b, interchanges->children_count);
	size_t n = 0;

	if (!ids)
		return;
	for (struct node *i = interchanges->child; i; i = i->next, n++) {
		const struct node *isa = node_get(i, "ISA");

		for (size_t k = 0; k < COUNT_OF(names); k++)
			ids[n].parts[k] = node_text(node_get(isa, names[k]));
		ids[n].parts[COUNT_OF(names)] = number_of(node_get(isa, "ISA13"));
		ids[n].level = i;
	}
	repeats_report(b, ids, n, &repeat);
}

static void
groups_compare(struct x12_builder *b, const struct node *interchanges, size_t count)
{
	static const char *const names[] = {"GS01", "GS02", "GS03"};
	struct x12_fault repeat = {"x12-gs-duplicate", "19",
				   STR("sender, receiver, kind and GS06 occur before in the file"), 0};
	struct id *ids = ids_new(b, count);
	size_t n = 0;

	if (!ids)
		return;
	for (const struct node *i = interchanges->child; i; i = i->next) {
		for (struct node *g = node_get(i, "groups")->child; g; g = g->next, n++) {
			const struct node *gs = node_get(g, "GS");

			for (size_t k = 0; k < COUNT_OF(names); k++)
				ids[n].parts[k] = node_text(node_get(gs, names[k]));
			ids[n].parts[COUNT_OF(names)] = number_of(node_get(gs, "GS06"));
			ids[n].level = g;
		}
	}
	repeats_report(b, ids, n, &repeat);
}

void
x12_check_file(struct x12_builder *b, struct node *interchanges)
{
	size_t groups_count = 0;

	for (const struct node *i = interchanges->child; i; i = i->next)
		groups_count += node_get(i, "groups")->children_count;
	if (interchanges->children_count > 1)
		interchanges_compare(b, interchanges);
	if (groups_count > 1)
		groups_compare(b, interchanges, groups_count);
}

/* --- levels --- */

void
x12_check_transaction(struct x12_builder *b, struct node *transaction, const struct node *se)
{
	const struct node *segments = node_get(transaction, "segments");
	size_t at = se ? se->offset : transaction->offset, count = segments ? segments->children_count : 0;
	struct str control = node_text(node_get(transaction, "control"));

	if (!node_get(transaction, "set"))
		fault(b, transaction, "x12-st-set", "6", STR("ST01 is missing"), transaction->offset);
	if (!control.n)
		fault(b, transaction, "x12-st-control", "7", STR("ST02 is missing"), transaction->offset);
	if (!se) {
		fault(b, transaction, "x12-se-missing", "2", STR("there is no SE"), at);
		return;
	}
	/* ST02 is a text (AN), not a number: 0001 is not 1. */
	if (!str_equal(node_text(node_get(se, "SE02")), control))
		fault(b, transaction, "x12-se-control", "3", STR("SE02 differs from ST02"), at);
	if (!is_count(node_text(node_get(se, "SE01")), count))
		fault(b, transaction, "x12-se-count", "4",
		      arena_printf(b->arena, "SE01 differs from the number of segments, %zu", count), at);
}

void
x12_check_group(struct x12_builder *b, struct node *group, const struct node *ge)
{
	const struct node *gs = node_get(group, "GS"), *transactions = node_get(group, "transactions");
	size_t at = ge ? ge->offset : group->offset, count = transactions ? transactions->children_count : 0;

	if (transactions)
		transactions_compare(b, transactions);
	if (!is_number(node_get(gs, "GS06")))
		fault(b, group, "x12-gs-control", "6", STR("GS06 is no number"), group->offset);
	if (!ge) {
		fault(b, group, "x12-ge-missing", "3", STR("there is no GE"), at);
		return;
	}
	if (!str_equal(number_of(node_get(ge, "GE02")), number_of(node_get(gs, "GS06"))))
		fault(b, group, "x12-ge-control", "4", STR("GE02 differs from GS06"), at);
	if (!is_count(node_text(node_get(ge, "GE01")), count))
		fault(b, group, "x12-ge-count", "5",
		      arena_printf(b->arena, "GE01 differs from the number of transactions, %zu", count), at);
}

void
x12_check_interchange(struct x12_builder *b, struct node *interchange, const struct node *iea)
{
	const struct node *isa = node_get(interchange, "ISA"), *groups = node_get(interchange, "groups");
	size_t at = iea ? iea->offset : interchange->offset, count = groups ? groups->children_count : 0;

	if (!is_number(node_get(isa, "ISA13")))
		fault(b, interchange, "x12-isa-control", "018", STR("ISA13 is no number"), interchange->offset);
	if (!iea) {
		fault(b, interchange, "x12-iea-missing", "023", STR("there is no IEA"), at);
		return;
	}
	if (!str_equal(number_of(node_get(iea, "IEA02")), number_of(node_get(isa, "ISA13"))))
		fault(b, interchange, "x12-iea-control", "001", STR("IEA02 differs from ISA13"), at);
	if (!is_count(node_text(node_get(iea, "IEA01")), count))
		fault(b, interchange, "x12-iea-count", "021",
		      arena_printf(b->arena, "IEA01 differs from the number of groups, %zu", count), at);
}
