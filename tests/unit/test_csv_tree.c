/* SPDX-License-Identifier: Apache-2.0 */
#include "support/trees.h"

#include "formats/csv.h"
#include "formats/csv_tree.h"
#include "formats/json.h"
#include "support/samples.h"
#include "support/table_rows.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct csv_dialect comma = {.delimiter = ',', .quote = '"', .has_header = true};

TestSuite(csv_tree, .init = trees_setup, .fini = trees_teardown, .timeout = 20);

static struct node *
parse(struct str text, const struct csv_dialect *dialect)
{
	struct node *root = NULL;
	enum outcome outcome = csv_tree_parse(text, dialect, &tree_default_limits, arena, &root, &why);

	cr_assert_eq(outcome == OUTCOME_OK, root != NULL);
	return root;
}

static const char *
shown(const struct node *n)
{
	static char text[1 << 16];
	struct node alone = *n;
	struct buf out;

	alone.next = NULL;
	buf_init(&out, sizeof text - 1);
	json_put_node(&out, &alone, 0);
	snprintf(text, sizeof text, "%s", buf_text(&out));
	buf_release(&out);
	return text;
}

/* The rows as JSON, or the code and what was said. */
static const char *
rows_of(struct str text, const struct csv_dialect *dialect)
{
	static char refused[400];
	struct node *root = parse(text, dialect);

	if (root)
		return shown(node_get(root, "rows"));
	snprintf(refused, sizeof refused, "%s %s", why.code, why.text);
	return refused;
}

Test(csv_tree, root_has_columns_and_rows)
{
	cr_expect_str_eq(shown(parse(STR("sku,qty\r\n007,\"1,5\"\r\n"), &comma)),
			 "{\"format\":\"csv\",\"columns\":[\"sku\",\"qty\"],"
			 "\"rows\":[{\"line\":\"2\",\"sku\":\"007\",\"qty\":\"1,5\"}]}");
}

struct example {
	const char *csv, *rows;
};

static const struct example examples[] = {
    {"a,b\n", "[]"},
    {"a,b", "[]"},
    {"a,b\n1,2", "[{\"line\":\"2\",\"a\":\"1\",\"b\":\"2\"}]"},
    {"a,b\n,2\n1,\n", "[{\"line\":\"2\",\"b\":\"2\"},{\"line\":\"3\",\"a\":\"1\"}]"},
    {"a,b\n 1 ,\"\"\n", "[{\"line\":\"2\",\"a\":\" 1 \"}]"},
    {"a,b\n\n\r\n,\n \t, \n1,2\n\n", "[{\"line\":\"6\",\"a\":\"1\",\"b\":\"2\"}]"},
    {" a , b \n1,2\n", "[{\"line\":\"2\",\"a\":\"1\",\"b\":\"2\"}]"},
    {"a,b\n00123,1.50\n", "[{\"line\":\"2\",\"a\":\"00123\",\"b\":\"1.50\"}]"},
    {"a,b\n\"x,\r\ny\",\"say \"\"hi\"\"\"\n3,4\n",
     "[{\"line\":\"2\",\"a\":\"x,\\r\\ny\",\"b\":\"say \\\"hi\\\"\"},{\"line\":\"4\",\"a\":\"3\",\"b\":\"4\"}]"},
    {"\xEF\xBB\xBF\"a\",b\n1,2\n", "[{\"line\":\"2\",\"a\":\"1\",\"b\":\"2\"}]"},
    {"a,b\n1\n2,3,4\n5,6\n", "[{\"line\":\"2\",\"fault\":\"line 2: 1 cell, 2 columns\",\"a\":\"1\"},"
			     "{\"line\":\"3\",\"fault\":\"line 3: 3 cells, 2 columns\",\"a\":\"2\",\"b\":\"3\"},"
			     "{\"line\":\"4\",\"a\":\"5\",\"b\":\"6\"}]"},
    {"a,b\n5\" pipe,1\n2,3\n",
     "[{\"line\":\"2\",\"fault\":\"line 2: a quote inside a field that does not begin with one\",\"a\":\"5\\\" pipe\","
     "\"b\":\"1\"},{\"line\":\"3\",\"a\":\"2\",\"b\":\"3\"}]"},
    {"a,b\n\"1\"x,\"2\n\"\n3,4\n", "[{\"line\":\"2\",\"fault\":\"line 2: text behind a closing quote\",\"a\":\"1\","
				   "\"b\":\"2\\n\"},{\"line\":\"4\",\"a\":\"3\",\"b\":\"4\"}]"},
    {"a,b\n1\r2,3\n", "[{\"line\":\"2\",\"fault\":\"line 2: a carriage return that ends no line\","
		      "\"a\":\"1\\r2\",\"b\":\"3\"}]"},
    {"", "csv-header line 1: not even a header"},
    {"a,a\n", "csv-header line 1: two columns of one name"},
    {"a, a\n", "csv-header line 1: two columns of one name"},
    {"a,\n", "csv-header line 1: a column without a name"},
    {"\n", "csv-header line 1: a column without a name"},
    {"a,line\n", "csv-header line 1: a column named as our own `line` or `fault`: name the columns"},
    {"a,b\"\n", "csv-header line 1: a quote inside a field that does not begin with one"},
    {"a\rb\r", "csv-header line 1: a carriage return that ends no line"},
    {"\"a\n", "csv-quote line 1: a quote that is never closed"},
    {"a,b\n1,2\n3,\"4\n5,6\n", "csv-quote line 3: a quote that is never closed"},
    {"a,b\n1,\"2\"\"\n", "csv-quote line 2: a quote that is never closed"},
    {"a,b\n1,\xC3\xA9\xC3\n", "csv-encoding line 2 column 4: bytes that are not of the file's encoding"},
    {"\xFF\xFE"
     "a",
     "csv-encoding line 1 column 1: bytes that are not of the file's encoding"},
};

ParameterizedTestParameters(csv_tree, file_has_these_rows)
{
	return cr_make_param_array(size_t, table_rows(COUNT_OF(examples)), COUNT_OF(examples));
}

ParameterizedTest(size_t *row, csv_tree, file_has_these_rows)
{
	const struct example *p = &examples[*row];

	cr_expect_str_eq(rows_of(str_of(p->csv), &comma), p->rows, "%s", p->csv);
}

Test(csv_tree, delimiter_and_quote_are_the_dialects)
{
	struct csv_dialect dialect = {.delimiter = ';', .quote = '\'', .has_header = true};

	cr_expect_str_eq(rows_of(STR("a;b\n'x;''y';5,64\n"), &dialect),
			 "[{\"line\":\"2\",\"a\":\"x;'y\",\"b\":\"5,64\"}]");
	dialect.delimiter = '\t';
	cr_expect_str_eq(rows_of(STR("a\tb\n1\t\"2\"\n"), &dialect),
			 "[{\"line\":\"2\",\"a\":\"1\",\"b\":\"\\\"2\\\"\"}]");
	dialect = (struct csv_dialect){.delimiter = '|', .quote = '\0', .has_header = true};
	cr_expect_str_eq(rows_of(STR("a|b\n\"1|2\n"), &dialect), "[{\"line\":\"2\",\"a\":\"\\\"1\",\"b\":\"2\"}]");
}

Test(csv_tree, columns_are_named_where_no_header_does)
{
	static const char *const names[] = {"order", "line_no"}, *const twice[] = {"order", "order"};
	struct csv_dialect dialect = {.delimiter = ',', .quote = '"', .columns = names, .columns_count = 2};

	cr_expect_str_eq(rows_of(STR("1,2\n3\n"), &dialect),
			 "[{\"line\":\"1\",\"order\":\"1\",\"line_no\":\"2\"},"
			 "{\"line\":\"2\",\"fault\":\"line 2: 1 cell, 2 columns\",\"order\":\"3\"}]");
	cr_expect_str_eq(rows_of(STR(""), &dialect), "[]");
	dialect.has_header = true;
	cr_expect_str_eq(rows_of(STR("a,line\n1,2\n"), &dialect),
			 "[{\"line\":\"2\",\"order\":\"1\",\"line_no\":\"2\"}]");
	cr_expect_str_eq(rows_of(STR("a\n1\n"), &dialect),
			 "csv-header line 1: not as many columns as the names that are given");
	dialect.columns = twice;
	cr_expect_str_eq(rows_of(STR("a,b\n"), &dialect), "csv-header line 1: two columns of one name");
	dialect = (struct csv_dialect){.delimiter = ',', .quote = '"'};
	cr_expect_str_eq(rows_of(STR("a,b\n"), &dialect), "csv-header line 1: no names of columns");
}

Test(csv_tree, the_tree_keeps_nothing_of_the_dialect)
{
	char name[] = "order";
	const char *names[] = {name};
	struct csv_dialect dialect = {.delimiter = ',', .quote = '"', .columns = names, .columns_count = 1};
	struct node *root = parse(STR("1\n"), &dialect);

	memset(name, 'x', sizeof name - 1);
	cr_expect_str_eq(shown(node_get(root, "rows")), "[{\"line\":\"1\",\"order\":\"1\"}]");
}

struct encoded {
	const char *encoding;
	char bytes[40];
	size_t n;
	const char *rows;
};

#define ENCODED(encoding, bytes, rows)                  \
	{                                               \
		encoding, bytes, sizeof bytes - 1, rows \
	}

static const struct encoded files[] = {
    ENCODED("UTF-8", "a\n\xC3\xA9\n", "[{\"line\":\"2\",\"a\":\"\xC3\xA9\"}]"),
    ENCODED("iso-8859-1", "a\n\xE9\xFF\n", "[{\"line\":\"2\",\"a\":\"\xC3\xA9\xC3\xBF\"}]"),
    ENCODED("iso-8859-1", "a\n\xE9\x80\n", "csv-encoding line 2 column 2: bytes that are not of the file's encoding"),
    ENCODED("windows-1252", "a\n\x80\x9F\n", "[{\"line\":\"2\",\"a\":\"\xE2\x82\xAC\xC5\xB8\"}]"),
    ENCODED("windows-1252", "a\nx\n\x80\x81\n",
	    "csv-encoding line 3 column 2: bytes that are not of the file's encoding"),
    ENCODED("utf-16",
	    "\xFF\xFE"
	    "a\0\n\0\xAC\x20\n\0",
	    "[{\"line\":\"2\",\"a\":\"\xE2\x82\xAC\"}]"),
    ENCODED("utf-16", "\xFE\xFF\0a\0\n\x20\xAC\0\n", "[{\"line\":\"2\",\"a\":\"\xE2\x82\xAC\"}]"),
    ENCODED("utf-16", "a\0\n\0", "csv-encoding line 1 column 1: bytes that are not of the file's encoding"),
    ENCODED("utf-16le", "a\0\n\0\x3D\xD8\x00\xDE\n\0", "[{\"line\":\"2\",\"a\":\"\xF0\x9F\x98\x80\"}]"),
    ENCODED("utf-16be", "\0a\0\n\xD8\x3D\xDE\x00\0\n", "[{\"line\":\"2\",\"a\":\"\xF0\x9F\x98\x80\"}]"),
    ENCODED("utf-16le", "a\0\n\0\x3D\xD8", "csv-encoding line 2 column 1: bytes that are not of the file's encoding"),
    ENCODED("utf-16le", "a\0\n\0\x00\xDC\n\0",
	    "csv-encoding line 2 column 1: bytes that are not of the file's encoding"),
    ENCODED("utf-16le", "a\0\n\0x", "csv-encoding line 2 column 1: bytes that are not of the file's encoding"),
    ENCODED(NULL, "a\0\n\0", "csv-encoding line 1 column 2: a NUL: is the encoding another one?"),
    ENCODED("utf-7", "a\n", "csv-encoding no encoding is known by the name utf-7"),
};

ParameterizedTestParameters(csv_tree, file_is_read_in_its_encoding)
{
	return cr_make_param_array(size_t, table_rows(COUNT_OF(files)), COUNT_OF(files));
}

ParameterizedTest(size_t *row, csv_tree, file_is_read_in_its_encoding)
{
	const struct encoded *p = &files[*row];
	struct csv_dialect dialect = comma;

	dialect.encoding = p->encoding;
	cr_expect_str_eq(rows_of((struct str){p->bytes, p->n}, &dialect), p->rows);
}

Test(csv_tree, cells_are_views_into_a_file_in_utf8)
{
	struct str text = STR("a,b\n123,\"45\"\n");
	const struct node *row = node_at(node_get(parse(text, &comma), "rows"), 0);

	cr_expect(node_text(node_get(row, "a")).p == text.p + 4);
	cr_expect(node_text(node_get(row, "b")).p == text.p + 9);
	cr_expect_eq(row->offset, 4);
}

Test(csv_tree, limits_hold_while_it_is_parsed)
{
	struct tree_limits few = {.bytes = (size_t)8 << 20, .depth = 8, .nodes = 9};
	struct node *root = NULL;

	cr_expect_eq(csv_tree_parse(STR("a\n1\n"), &comma, &few, arena, &root, &why), OUTCOME_OK);
	root = NULL;
	cr_expect_eq(csv_tree_parse(STR("a\n1\n2\n3\n"), &comma, &few, arena, &root, &why), OUTCOME_DEAD);
	cr_expect_str_eq(why.code, "document-too-many-nodes");
	cr_expect_not_null(strstr(why.text, "line 3"), "%s", why.text);
	few.bytes = 3;
	cr_expect_eq(csv_tree_parse(STR("a\n1\n"), &comma, &few, arena, &root, &why), OUTCOME_DEAD);
	cr_expect_str_eq(why.code, "document-too-large");
	cr_expect_null(root);
}

Test(csv_tree, more_columns_than_the_limit_are_refused)
{
	struct buf text;

	buf_init(&text, 1 << 20);
	for (int i = 0; i < CSV_FIELDS_MAX; i++)
		buf_printf(&text, "%sc%d", i ? "," : "", i);
	cr_expect_str_eq(rows_of(buf_str(&text), &comma), "[]");
	buf_printf(&text, ",one more\n");
	cr_expect_str_eq(rows_of(buf_str(&text), &comma), "csv-header line 1: too many fields");
	buf_clear(&text);
	buf_put_str(&text, STR("a\n"));
	for (int i = 0; i < 100000; i++)
		buf_put_char(&text, ',');
	buf_put_str(&text, STR("\n1\n"));
	cr_expect_str_eq(rows_of(buf_str(&text), &comma),
			 "[{\"line\":\"2\",\"fault\":\"line 2: too many fields\"},{\"line\":\"3\",\"a\":\"1\"}]");
	buf_release(&text);
}

Test(csv_tree, full_arena_is_an_outcome)
{
	struct csv_dialect dialect = comma;

	dialect.encoding = "windows-1252";
	for (size_t bytes = 0; bytes < 3500; bytes += 100) {
		struct arena *small = arena_new(bytes);
		struct node *root = NULL;
		enum outcome outcome =
		    csv_tree_parse(STR("a,b\n1,\"2\"\"\"\n3\n"), &dialect, &tree_default_limits, small, &root, &why);

		if (outcome != OUTCOME_OK)
			cr_expect(!strcmp(why.code, "document-too-large") || !strcmp(why.code, "csv-header"), "%s",
				  why.code);
		cr_expect_eq(outcome == OUTCOME_OK, root != NULL);
		arena_free(small);
	}
}

Test(csv_tree, every_cut_of_a_file_is_answered)
{
	struct str text = STR("\xEF\xBB\xBF"
			      "a,\"b\"\r\n1,\"2\"\"\r\n\"\r\n\xC3\xA9,\n");

	for (size_t n = 0; n <= text.n; n++) {
		char *cut =
		    malloc(n ? n : 1); /* of exactly this size, so that a sanitizer sees the first byte too far */

		memcpy(cut, text.p, n);
		rows_of((struct str){cut, n}, &comma);
		free(cut);
	}
}

/* --- writing --- */

static const char *
row_written(const struct csv_dialect *dialect, const char *const *cells, size_t n)
{
	static char text[1000];
	struct str views[10];
	struct buf out;

	for (size_t i = 0; i < n; i++)
		views[i] = str_of(cells[i]);
	buf_init(&out, sizeof text - 1);
	csv_put_row(&out, dialect, views, n);
	snprintf(text, sizeof text, "%s", buf_is_ok(&out) ? buf_text(&out) : "failed");
	buf_release(&out);
	return text;
}

struct cell {
	const char *text, *written;
};

static const struct cell written_cells[] = {
    {"", "\r\n"},
    {"plain", "plain\r\n"},
    {"a,b", "\"a,b\"\r\n"},
    {"a;b", "a;b\r\n"},
    {"say \"hi\"", "\"say \"\"hi\"\"\"\r\n"},
    {"a\nb", "\"a\nb\"\r\n"},
    {" a", "\" a\"\r\n"},
    {"=1+1", "'=1+1\r\n"},
    {"=cmd|' /C calc'!A0", "'=cmd|' /C calc'!A0\r\n"},
    {"=HYPERLINK(\"x\",1)", "\"'=HYPERLINK(\"\"x\"\",1)\"\r\n"},
    {"@SUM(1)", "'@SUM(1)\r\n"},
    {"+49 170 1", "'+49 170 1\r\n"},
    {"-1+1", "'-1+1\r\n"},
    {"-", "'-\r\n"},
    {"\t=1", "\"'\t=1\"\r\n"},
    {"-5.64", "-5.64\r\n"},
    {"+49170", "+49170\r\n"},
    {"-5,64", "\"-5,64\"\r\n"},
    {"-1.000,00", "\"'-1.000,00\"\r\n"},
};

ParameterizedTestParameters(csv_tree, cell_is_written_so)
{
	return cr_make_param_array(size_t, table_rows(COUNT_OF(written_cells)), COUNT_OF(written_cells));
}

ParameterizedTest(size_t *row, csv_tree, cell_is_written_so)
{
	const struct cell *p = &written_cells[*row];

	cr_expect_str_eq(row_written(&comma, &p->text, 1), p->written, "%s", p->text);
}

Test(csv_tree, what_is_written_is_read_again)
{
	static const char *const cells[] = {"007", "a;\"b\"\r\nc", " x ", "\xE2\x82\xAC"}, *const names[] = {"a", "b",
													     "c", "d"};
	struct csv_dialect dialect = {
	    .delimiter = ';', .quote = '"', .columns = names, .columns_count = COUNT_OF(names)};
	const char *text = row_written(&dialect, cells, COUNT_OF(cells));
	const struct node *row = node_at(node_get(parse(str_of(text), &dialect), "rows"), 0);

	for (size_t i = 0; i < COUNT_OF(cells); i++)
		cr_expect(str_equal(node_text(node_get(row, names[i])), str_of(cells[i])), "%s", cells[i]);
}

Test(csv_tree, cell_that_needs_quotes_fails_a_dialect_without)
{
	static const char *const cells[] = {"a|b"};
	struct csv_dialect dialect = {.delimiter = '|'};

	cr_expect_str_eq(row_written(&dialect, cells, 1), "failed");
}

/* --- real documents --- */

static const char *
cell_of(const struct node *root, size_t row, const char *column)
{
	const struct node *n = node_get(node_at(node_get(root, "rows"), row), column);

	return n ? arena_text(arena, node_text(n)) : "(absent)";
}

Test(csv_tree, real_files_say_what_the_field_guide_says)
{
	static const char *names[30];
	struct csv_dialect german = {.delimiter = ';', .quote = '"', .has_header = true};
	struct csv_dialect quoted = {
	    .delimiter = ',', .quote = '"', .columns = names, .columns_count = COUNT_OF(names)};
	struct node *root;

	if (!samples_are_there(SAMPLES))
		cr_skip_test("no " SAMPLES);
	for (size_t i = 0; i < COUNT_OF(names); i++)
		names[i] = arena_printf(arena, "c%zu", i).p;
	root = parse(sample_read(arena, SAMPLES "/b2b/orders-semicolon-decimal-comma.csv"), &german);
	cr_assert(root, "%s", why.text);
	cr_expect_eq(node_get(root, "rows")->children_count, 2);
	cr_expect_str_eq(cell_of(root, 1, "Menge"), "12,598");
	cr_expect_str_eq(cell_of(root, 0, "BEPreis"), "5,64");
	cr_expect_str_eq(cell_of(root, 0, "ArchBE1"), "(absent)");
	cr_expect_str_eq(cell_of(root, 0, "fault"), "(absent)");
	root = parse(sample_read(arena, SAMPLES "/b2b/orders-quoted-no-header.csv"), &quoted);
	cr_assert(root, "%s", why.text);
	cr_expect_eq(node_get(root, "rows")->children_count, 8);
	cr_expect_str_eq(cell_of(root, 0, "c4"), "BGMREF");
	cr_expect_str_eq(cell_of(root, 7, "c29"), "9.000");
	cr_expect_str_eq(cell_of(root, 7, "fault"), "(absent)");
	root = parse(sample_read(arena, SAMPLES "/adversarial/csv-quotes-and-newlines.csv"), &comma);
	cr_assert(root, "%s", why.text);
	cr_expect_str_eq(cell_of(root, 0, "b"), "ha \n\"ha\" \nha");
	cr_expect_str_eq(cell_of(root, 1, "line"), "5");
}
