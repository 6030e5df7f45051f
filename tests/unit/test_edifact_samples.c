/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/edifact.h"

#include "base/instant.h"

#include "support/unb.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <dirent.h>
#include <stdio.h>
#include <string.h>

TestSuite(edifact, .init = trees_setup, .fini = trees_teardown, .timeout = 20);

/* Counted by hand: segments are those from UNH to UNT; faults are those of all levels, in the document's order. */
struct sample_case {
	char file[48];
	size_t interchanges, groups, messages, segments;
	char faults[120];
};

static void
level_count(const struct node *owner, struct sample_case *found, struct buf *text)
{
	const struct node *messages = node_get(owner, "messages");

	for (const struct node *n = messages->child; n; n = n->next) {
		found->messages++;
		found->segments += node_get(n, "segments")->children_count;
		buf_printf(text, "%s%s", node_get(n, "faults") ? "message: " : "", unb_faults(n));
	}
}

static void
sample_count(const struct node *root, struct sample_case *found)
{
	struct buf text;

	buf_init(&text, 4096);
	for (const struct node *n = node_get(root, "interchanges")->child; n; n = n->next) {
		const struct node *groups = node_get(n, "groups");

		found->interchanges++;
		for (const struct node *g = groups ? groups->child : NULL; g; g = g->next) {
			found->groups++;
			level_count(g, found, &text);
			buf_printf(&text, "%s%s", node_get(g, "faults") ? "group: " : "", unb_faults(g));
		}
		level_count(n, found, &text);
		buf_printf(&text, "%s%s", node_get(n, "faults") ? " interchange: " : "", unb_faults(n));
	}
	snprintf(found->faults, sizeof found->faults, "%s", buf_text(&text));
	buf_release(&text);
}

ParameterizedTestParameters(edifact, real_document_is_what_was_counted_and_comes_back)
{
	static struct sample_case cases[] = {
	    {"contrl-accepted.edi", 1, 0, 2, 6, ""},
	    {"desadv-books-utf8.edi", 1, 0, 1, 21, ""},
	    {"invoic-allowances-vat.edi", 1, 0, 1, 67, ""},
	    {"invoic-decimal-comma.edi", 1, 0, 1, 28, ""},
	    {"orders-batch-third-invalid.edi", 1, 0, 3, 26, "message: edifact-no-bgm 13"},
	    {"orders-d01b-146-lines-latin1.edi", 1, 0, 1, 599, ""},
	    {"orders-d03b-books.edi", 1, 0, 1, 22, ""},
	    {"orders-kramp-d96a.edi", 1, 0, 1, 44, "message: edifact-truncated 13 interchange: edifact-truncated 13"},
	    {"orders-multiline-two-currencies.edi", 1, 0, 1, 72, "message: edifact-count 29"},
	    {"orders-release-characters.edi", 1, 0, 1, 16, "message: edifact-count 29, edifact-reference 28"},
	    {"orders-two-interchanges.edi", 2, 0, 3, 27, ""},
	    {"orders-una-comma-no-unz.edi", 1, 0, 1, 16, " interchange: edifact-truncated 13"},
	    {"orders-with-group-ung.edi", 1, 1, 1, 18, "message: edifact-count 29"},
	    {"ordrsp-mixed-line-actions.edi", 1, 0, 1, 25, ""},
	};

	return cr_make_param_array(struct sample_case, cases, COUNT_OF(cases));
}

ParameterizedTest(struct sample_case *c, edifact, real_document_is_what_was_counted_and_comes_back)
{
	struct sample_case found = {.interchanges = 0}, again = {.interchanges = 0};
	const char *path = arena_printf(arena, UNB_SAMPLES "/edifact/%s", c->file).p;
	FILE *f = fopen(path, "rb");
	const struct node *root, *back;

	if (!f)
		cr_skip_test("no %s", path);
	fclose(f);
	root = unb_must_parse(unb_file_read(path));
	sample_count(root, &found);
	cr_expect_eq(found.interchanges, c->interchanges, "%s", c->file);
	cr_expect_eq(found.groups, c->groups, "%s", c->file);
	cr_expect_eq(found.messages, c->messages, "%s", c->file);
	cr_expect_eq(found.segments, c->segments, "%s: %zu", c->file, found.segments);
	cr_expect_str_eq(found.faults, c->faults, "%s", c->file);
	back = unb_must_parse(unb_written(root));
	if (!c->faults[0] || strstr(c->faults, "no-bgm")) {
		cr_expect_str_eq(trees_json(back), trees_json(root), "%s", c->file);
		return;
	}
	sample_count(back, &again);
	cr_expect_str_eq(again.faults, "", "%s was not mended", c->file);
	cr_expect_eq(again.segments, c->segments + (strstr(c->faults, "message: edifact-truncated") != NULL));
	unb_must_come_back(unb_written(root));
}

static struct str
sample(const char *file)
{
	const char *path = arena_printf(arena, UNB_SAMPLES "/edifact/%s", file).p;
	FILE *f = fopen(path, "rb");

	if (!f)
		cr_skip_test("no %s", path);
	fclose(f);
	return unb_file_read(path);
}

/* The copy that we have is UTF-8 with U+FFFD for each umlaut; with one byte in its place it is 8859-1 again. */
static struct str
sample_as_latin1(void)
{
	struct str document = sample("orders-d01b-146-lines-latin1.edi");
	char *out = (char *)document.p;
	size_t n = 0;

	for (size_t i = 0; i < document.n; i++, n++) {
		bool is_lost = str_starts(str_after(document, i), STR("\xEF\xBF\xBD"));

		out[n] = is_lost ? '\xE4' : document.p[i];
		i += is_lost ? 2 : 0;
	}
	return (struct str){out, n};
}

Test(edifact, every_sample_is_in_the_table_and_tradacoms_has_its_code)
{
	DIR *dir = opendir(UNB_SAMPLES "/edifact");
	struct dirent *entry;
	size_t count = 0;

	if (!dir)
		cr_skip_test("no " UNB_SAMPLES);
	while ((entry = readdir(dir)))
		count += str_ends(str_of(entry->d_name), STR(".edi"));
	closedir(dir);
	cr_expect_eq(count, 14 + 1);
	unb_must_refuse(sample("tradacoms-order.edi"), "edifact-tradacoms");
}

Test(edifact, hostile_samples_of_other_formats_are_refused)
{
	DIR *dir = opendir(UNB_SAMPLES "/adversarial");
	struct dirent *entry;

	if (!dir)
		cr_skip_test("no " UNB_SAMPLES);
	while ((entry = readdir(dir)))
		if (entry->d_name[0] != '.')
			unb_must_refuse(
			    unb_file_read(arena_printf(arena, UNB_SAMPLES "/adversarial/%s", entry->d_name).p),
			    "edifact-no-unb");
	closedir(dir);
}

Test(edifact, latin1_of_146_lines_is_read_and_written_byte_for_byte)
{
	struct str document = sample_as_latin1();
	const struct node *root = unb_must_parse(document);

	cr_expect(str_equal(edifact_element(unb_segment_of(root, 5), 4, 1), STR("A+A K\xC3\xA4lte GmbH")));
	cr_expect_null(node_get(unb_interchange_of(root, 0), "charset"));
	unb_must_come_back(document);
	cr_expect_not_null(strstr(unb_written(root).p, "+A?+A K\xE4lte GmbH+"));
}

Test(edifact, utf8_under_the_name_of_another_set_is_read)
{
	const struct node *desadv = unb_must_parse(sample("desadv-books-utf8.edi"));
	const struct node *invoic = unb_must_parse(sample("invoic-decimal-comma.edi"));

	cr_expect(str_equal(edifact_element(unb_segment_of(desadv, 10), 3, 4), STR("MUNCI\xC3\x8B THE MIDDLE")));
	cr_expect(str_equal(node_text(node_get(unb_interchange_of(desadv, 0), "charset")), STR("UTF-8")));
	cr_expect(str_equal(edifact_element(unb_segment_of(invoic, 6), 6, 1), STR("M\xC3\xBCnchen")));
}

Test(edifact, released_separators_of_a_real_document_are_text)
{
	const struct node *root = unb_must_parse(sample("orders-release-characters.edi"));

	cr_expect(str_equal(edifact_element(unb_segment_of(root, 7), 4, 1), STR("'company??")));
	cr_expect(str_equal(edifact_element(unb_segment_of(root, 8), 5, 1), STR("Bran? : + ' Str. 38")));
}

Test(edifact, an_order_of_146_lines_is_parsed_well_under_a_millisecond)
{
	struct arena *batch = arena_new((size_t)64 << 20);
	struct str document = sample_as_latin1();
	int64_t best_us = INT64_MAX;
	struct node *root;

	for (int i = 0; i < 50; i++) {
		int64_t before_us = monotonic_us(), took_us;

		cr_assert_eq(edifact_parse(document, &tree_default_limits, batch, &root, &why), OUTCOME_OK);
		took_us = monotonic_us() - before_us;
		if (took_us < best_us)
			best_us = took_us;
		arena_clear(batch);
	}
	cr_log_info("best of 50: %lld us for %zu bytes", (long long)best_us, document.n);
	cr_expect_lt(best_us, 5000); /* ten times what it takes with the sanitizers */
	arena_free(batch);
}
