/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/x12.h"

#include "support/edi.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <string.h>
#include <unistd.h>

#define SAMPLES "../shared/samples/x12" /* real documents, beside the repository; not part of it */

TestSuite(x12_samples, .init = trees_setup, .fini = trees_teardown, .timeout = 20);

/* What is in a file, counted without this parser; `is_odd`: SE01, GE01 or IEA01 differ, so that what is written is
 * another tree. */
struct sample {
	const char *name;
	size_t interchanges, groups, transactions, segments, faults;
	bool is_odd;
};

static const struct sample samples[] = {
    {"810-and-850-two-groups.edi", 1, 2, 3, 71, 0, false},
    {"810-outbound-5-lines.edi", 1, 1, 1, 29, 0, false},
    {"810-walmart-allowance.edi", 1, 1, 1, 20, 0, false},
    {"846-plant-inventory.edi", 1, 1, 1, 16, 0, false},
    {"850-adobe-clp-line-level-shipto.edi", 1, 1, 1, 75, 0, false},
    {"850-cad-0x15-crlf-three-orders.edi", 1, 1, 3, 101, 0, false},
    {"850-consumer-shipto-iea-mismatch.edi", 1, 1, 1, 11, 1, false},
    {"850-corrupt-isa.edi", 0, 0, 0, 0, 0, false},
    {"850-duplicate-interchange.edi", 2, 2, 2, 30, 2, false},
    {"850-lf-term-no-line-numbers.edi", 1, 1, 1, 9, 0, false},
    {"850-nto-shipto-per-line.edi", 1, 1, 1, 26, 0, false},
    {"850-pgw-sub-tilde-term-pipe.edi", 1, 1, 1, 36, 0, false},
    {"850-pipe-separator-four-orders.edi", 1, 1, 4, 43, 0, false},
    {"850-safeway-sac-per-line.edi", 1, 1, 1, 46, 0, false},
    {"850-same-po-four-times.edi", 1, 2, 4, 80, 3, false},
    {"850-tabs-multi-party-mx.edi", 1, 1, 1, 50, 1, false},
    {"850-three-interchanges-header-sac.edi", 3, 3, 3, 123, 0, false},
    {"850-two-orders-80col-wrapped.edi", 1, 1, 2, 53, 0, false},
    {"850-vics-6-lines-newline-term.edi", 1, 1, 1, 33, 0, false},
    {"850-vics-6-lines.edi", 1, 1, 1, 33, 0, false},
    {"850-vics-sdq-store-split-binary-seps.edi", 1, 1, 4, 1135, 0, false},
    {"855-accepted-5010.edi", 1, 1, 1, 17, 0, false},
    {"856-multi-pack-outbound.edi", 1, 1, 1, 190, 0, false},
    {"856-vics-pack-level.edi", 1, 1, 1, 25, 0, false},
    {"860-delete-lines.edi", 1, 1, 1, 9, 1, true},
    {"997-accepted-four-sets.edi", 1, 1, 4, 32, 0, false},
    {"997-rejected-segment.edi", 1, 1, 1, 8, 0, false},
    {"malformed-missing-isa.edi", 0, 0, 0, 0, 0, false},
    {"malformed-segment-count.edi", 1, 1, 1, 2, 1, true},
    {"ta1-rejected-with-997.edi", 1, 1, 1, 6, 0, false},
};

static size_t
faults_of(const struct node *level)
{
	const struct node *faults = node_get(level, "faults");

	return faults ? faults->children_count : 0;
}

static struct sample
counted(const struct node *root)
{
	struct sample c = {.interchanges = node_get(root, "interchanges")->children_count};

	for (const struct node *i = node_get(root, "interchanges")->child; i; i = i->next) {
		c.faults += faults_of(i);
		c.groups += node_get(i, "groups")->children_count;
		for (const struct node *g = node_get(i, "groups")->child; g; g = g->next) {
			c.faults += faults_of(g);
			c.transactions += node_get(g, "transactions")->children_count;
			for (const struct node *t = node_get(g, "transactions")->child; t; t = t->next) {
				c.faults += faults_of(t);
				c.segments += node_get(t, "segments")->children_count;
			}
		}
	}
	return c;
}

static const struct sample *
sample_of(const char *name)
{
	for (size_t i = 0; i < COUNT_OF(samples); i++)
		if (!strcmp(samples[i].name, name))
			return &samples[i];
	return NULL;
}

static void
sample_check(const struct sample *expected, const struct node *root)
{
	struct sample c = counted(root);
	struct str bytes = edi_written(root);

	cr_expect_eq(c.interchanges, expected->interchanges, "%s: %zu interchanges", expected->name, c.interchanges);
	cr_expect_eq(c.groups, expected->groups, "%s: %zu groups", expected->name, c.groups);
	cr_expect_eq(c.transactions, expected->transactions, "%s: %zu transactions", expected->name, c.transactions);
	cr_expect_eq(c.segments, expected->segments, "%s: %zu segments", expected->name, c.segments);
	cr_expect_eq(c.faults, expected->faults, "%s: %zu faults", expected->name, c.faults);
	cr_assert(bytes.n, "%s: %s %s", expected->name, why.path, why.text);
	if (!expected->is_odd)
		cr_expect_str_eq(trees_json(edi_must_parse(bytes)), trees_json(root), "%s", expected->name);
	cr_expect(str_equal(edi_written(edi_must_parse(bytes)), bytes), "%s", expected->name);
}

Test(x12_samples, real_files_have_what_was_counted_and_come_back_as_they_were)
{
	DIR *dir = opendir(SAMPLES);
	struct dirent *entry;
	size_t count = 0;

	if (!dir)
		cr_skip_test("no " SAMPLES);
	while ((entry = readdir(dir))) {
		const struct sample *expected = sample_of(entry->d_name);
		struct node *root;

		if (entry->d_name[0] == '.')
			continue;
		cr_assert(expected, "nobody counted %s", entry->d_name);
		root = edi_parse(edi_file(arena_printf(arena, SAMPLES "/%s", entry->d_name).p));
		count++;
		if (!expected->interchanges) {
			cr_expect(!root && !strcmp(why.code, "x12-no-isa"), "%s: %s", entry->d_name, why.text);
			continue;
		}
		cr_assert(root, "%s: %s", entry->d_name, why.text);
		sample_check(expected, root);
	}
	closedir(dir);
	cr_expect_eq(count, COUNT_OF(samples));
}

Test(x12_samples, two_forms_of_one_order_are_the_same_transaction)
{
	const struct node *first, *second;

	if (access(SAMPLES, F_OK) != 0)
		cr_skip_test("no " SAMPLES);
	first = edi_must_parse(edi_file(SAMPLES "/850-vics-6-lines.edi"));
	second = edi_must_parse(edi_file(SAMPLES "/850-vics-6-lines-newline-term.edi"));
	cr_expect_str_eq(trees_json(edi_at(first, "interchanges.0.groups")),
			 trees_json(edi_at(second, "interchanges.0.groups")));
}
