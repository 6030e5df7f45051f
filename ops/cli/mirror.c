/* SPDX-License-Identifier: Apache-2.0 */
#include "mirror.h"

#include "audit_log.h"
#include "base/instant.h"
#include "database.h"
#include "file.h"
#include "formats/json.h"
#include "mirror_csv.h"

#include <dirent.h>
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define ARENA_BYTES ((size_t)1 << 30)
#define JSON_BYTES ((size_t)1 << 20)
#define STATEMENT_TIMEOUT_MS 300000
#define LOCK_TIMEOUT_MS 30000 /* how long another load is waited for */
#define TABLES_MAX 16
#define AS_OF_MAX_US (INT64_C(30) * 86400 * 1000000)
#define AHEAD_MAX_US INT64_C(60000000)

static const char usage[] =
    "usage: tributary mirror load DIR [--as-of TIME] [--allow-empty] [--json]\n"
    "Loads the ERP's master data and stock from DIR into the database of DATABASE_URL: all "
    "files in one transaction, or\n"
    "nothing, naming each bad row by file, line and column. A file replaces the content of its "
    "table; a file that is not\n"
    "there leaves its table alone; one without rows is taken for a mistake, but with "
    "--allow-empty. Of stock no\n"
    "less is taken than is reserved: it is said for which rows. With --as-of, when stock.csv was "
    "exported (RFC 3339), what\n"
    "has shipped since is taken off it: the export does not know of that. Files:\n";

static const struct statement load_lock = {"mirror_lock", "",
					   "SELECT pg_advisory_xact_lock(hashtext('tributary mirror load')) IS NULL"};

/* What became of one file. */
struct load {
	bool is_there;
	struct mirror_content content;
	int64_t new_count, changed_count, gone_count;
	int64_t since_count; /* rows of which something was taken off again, with --as-of */
};

struct mirror {
	const char *folder;
	bool is_json, may_empty;
	int64_t as_of_us; /* when it was exported; 0: now */
	struct arena *arena;
	struct database database;
	struct problems problems, kept; /* kept: rows that were loaded otherwise than the file says */
	struct load loads[TABLES_MAX];  /* as mirror_tables */
};

static bool
is_known_file(struct str name)
{
	for (size_t i = 0; i < mirror_tables_count; i++)
		if (str_equal(name, str_of(mirror_tables[i].file)))
			return true;
	return false;
}

/* A misspelt file would silently be none. */
static void
folder_check(struct mirror *m)
{
	DIR *dir = opendir(m->folder);

	if (!dir) {
		problems_add(&m->problems, m->folder, 0, "", "%s", strerror(errno));
		return;
	}
	for (struct dirent *entry = readdir(dir); entry; entry = readdir(dir)) {
		struct str name = str_of(entry->d_name);

		if (str_ends(name, STR(".csv")) && !is_known_file(name))
			problems_add(&m->problems, m->folder, 0, "", "%.*s is none of the files that are loaded",
				     STR_ARGS(name));
	}
	closedir(dir);
}

/* An export that broke off looks like this. */
static bool
is_header_only(struct str bytes)
{
	struct str rest = bytes;

	str_split(&rest, '\n');
	return str_trim(rest).n == 0;
}

static void
files_read(struct mirror *m)
{
	size_t files_count = 0;

	for (size_t i = 0; i < mirror_tables_count; i++) {
		const struct mirror_table *table = &mirror_tables[i];
		struct load *load = &m->loads[i];
		struct str bytes;
		struct why why;
		enum outcome outcome = file_read(m->folder, table->file, m->arena, &bytes, &why);

		load->is_there = outcome == OUTCOME_OK;
		files_count += outcome != OUTCOME_HELD;
		if (load->is_there && !m->may_empty && is_header_only(bytes))
			problems_add(
			    &m->problems, table->file, 0, "",
			    "has no rows: loading it would empty its table. If that is meant, say --allow-empty");
		if (load->is_there)
			mirror_csv_read(table, bytes, m->arena, &m->problems, &load->content);
		else if (outcome != OUTCOME_HELD)
			problems_add(&m->problems, table->file, 0, "", "%s", why.text);
	}
	if (files_count == 0 && m->problems.n == 0)
		problems_add(&m->problems, m->folder, 0, "", "none of the files is there");
}

/* Values that refer to nothing, each with its line. */
static enum outcome
references_check(struct mirror *m, size_t i, struct why *why)
{
	const struct mirror_table *table = &mirror_tables[i];

	for (size_t column = 0; column < table->columns_count; column++) {
		struct rows *rows = m->loads[i].content.references[column];
		struct result *unknown;
		enum outcome outcome;

		if (rows_count(rows) == 0)
			continue;
		outcome = store_query(m->database.store, rows, &unknown, why);
		if (outcome != OUTCOME_OK)
			return outcome;
		for (size_t row = 0; row < result_count(unknown); row++)
			problems_add(&m->problems, table->file, (size_t)result_int(unknown, row, 0),
				     table->columns[column].name, "%.*s is unknown",
				     STR_ARGS(result_text(unknown, row, 1)));
	}
	return OUTCOME_OK;
}

static enum outcome
kept_read(struct mirror *m, size_t i, struct why *why)
{
	const struct mirror_table *table = &mirror_tables[i];
	struct result *kept;
	enum outcome outcome;

	if (!table->keep)
		return OUTCOME_OK;
	outcome = store_query(m->database.store, rows_as(m->loads[i].content.put, table->keep), &kept, why);
	for (size_t row = 0; outcome == OUTCOME_OK && row < result_count(kept); row++)
		problems_add(&m->kept, table->file, (size_t)result_int(kept, row, 0),
			     arena_text(m->arena, result_text(kept, row, 1)), "%.*s",
			     STR_ARGS(result_text(kept, row, 2)));
	return outcome;
}

static enum outcome
since_take(struct mirror *m, size_t i, struct why *why)
{
	struct rows *rows = mirror_tables[i].since ? rows_new(mirror_tables[i].since, m->arena) : NULL;
	struct result *count;
	enum outcome outcome;

	if (!m->as_of_us || !rows)
		return OUTCOME_OK;
	rows_instant(rows, m->as_of_us);
	outcome = store_query(m->database.store, rows, &count, why);
	if (outcome == OUTCOME_OK)
		m->loads[i].since_count = result_int(count, 0, 0);
	return outcome;
}

/* A table whose rows are all fine is put even after another's problem: what refers to it can then be checked, and the
 * transaction is rolled back at the end. */
static enum outcome
table_load(struct mirror *m, size_t i, struct why *why)
{
	struct load *load = &m->loads[i];
	size_t problems_before = m->problems.n;
	struct result *counts;
	enum outcome outcome;

	outcome = references_check(m, i, why);
	if (outcome == OUTCOME_OK && m->problems.n == problems_before)
		outcome = kept_read(m, i, why);
	if (outcome != OUTCOME_OK || m->problems.n > problems_before)
		return outcome;
	outcome = store_query(m->database.store, load->content.put, &counts, why);
	if (outcome != OUTCOME_OK)
		return outcome;
	load->new_count = result_int(counts, 0, 0);
	load->changed_count = result_int(counts, 0, 1);
	load->gone_count = result_int(counts, 0, 2);
	return since_take(m, i, why);
}

/* One act per file: what it changed. */
static void
loads_note(struct mirror *m)
{
	for (size_t i = 0; i < mirror_tables_count; i++) {
		const struct load *l = &m->loads[i];

		if (!l->is_there || l->new_count + l->changed_count + l->gone_count + l->since_count == 0)
			continue;
		audit_log_put(m->database.store, m->arena,
			      &(struct audit_act){.act = "mirror.load",
						  .target_id = str_of(mirror_tables[i].file),
						  .reason = "",
						  .after = arena_printf(
						      m->arena,
						      "{\"new\":%" PRId64 ",\"changed\":%" PRId64 ",\"gone\":%" PRId64
						      ",\"shipped_since\":%" PRId64 "}",
						      l->new_count, l->changed_count, l->gone_count, l->since_count)});
	}
}

static enum outcome
tables_load(struct mirror *m, struct why *why)
{
	struct store *store = m->database.store;
	struct result *ignored;
	enum outcome outcome;

	store_begin(store);
	outcome = store_query(store, rows_new(&load_lock, m->arena), &ignored, why);
	for (size_t i = 0; i < mirror_tables_count && outcome == OUTCOME_OK; i++)
		if (m->loads[i].is_there)
			outcome = table_load(m, i, why);
	if (outcome != OUTCOME_OK || m->problems.n > 0)
		store_rollback(store);
	else {
		loads_note(m);
		outcome = store_commit(store, why);
	}
	return outcome;
}

static void
json_print(const struct mirror *m, const char *error)
{
	bool is_ok = !error && m->problems.n == 0;
	const char *separator = "";
	struct buf out;

	buf_init(&out, JSON_BYTES);
	buf_printf(&out, "{\"ok\":%s,\"files\":[", is_ok ? "true" : "false");
	for (size_t i = 0; i < mirror_tables_count && is_ok; i++) {
		const struct load *load = &m->loads[i];

		if (!load->is_there)
			continue;
		buf_printf(&out, "%s{\"file\":\"%s\",\"rows\":%zu,\"new\":%lld,\"changed\":%lld,\"gone\":%lld",
			   separator, mirror_tables[i].file, load->content.rows_count, (long long)load->new_count,
			   (long long)load->changed_count, (long long)load->gone_count);
		if (m->as_of_us && mirror_tables[i].since)
			buf_printf(&out, ",\"shipped_since\":%lld", (long long)load->since_count);
		buf_put_char(&out, '}');
		separator = ",";
	}
	buf_put_str(&out, STR("],\"problems\":"));
	problems_json(&m->problems, &out);
	buf_printf(&out, ",\"problems_count\":%zu,\"kept\":", m->problems.n);
	problems_json(&m->kept, &out);
	buf_printf(&out, ",\"kept_count\":%zu,\"error\":", m->kept.n);
	if (error)
		json_put_text(&out, str_of(error));
	else
		buf_put_str(&out, STR("null"));
	buf_put_char(&out, '}');
	puts(buf_text(&out));
	buf_release(&out);
}

/* error: what kept us from trying, or NULL. Returns the exit status. */
static int
tell(const struct mirror *m, const char *error)
{
	bool is_ok = !error && m->problems.n == 0;

	if (m->is_json)
		json_print(m, error);
	else
		problems_print(&m->problems, stderr);
	if (is_ok && !m->is_json)
		problems_print(&m->kept, stderr);
	if (error)
		fprintf(stderr, "tributary mirror: %s; nothing was loaded\n", error);
	else if (!is_ok)
		fprintf(stderr, "tributary mirror: %zu problems; nothing was loaded\n", m->problems.n);
	for (size_t i = 0; i < mirror_tables_count && is_ok && !m->is_json; i++)
		if (m->loads[i].is_there)
			printf("%-22s %7zu rows: %lld new, %lld changed, %lld gone\n", mirror_tables[i].file,
			       m->loads[i].content.rows_count, (long long)m->loads[i].new_count,
			       (long long)m->loads[i].changed_count, (long long)m->loads[i].gone_count);
	for (size_t i = 0; i < mirror_tables_count && is_ok && !m->is_json; i++)
		if (m->loads[i].since_count)
			printf("%-22s of %lld rows what has shipped since the export was taken off\n",
			       mirror_tables[i].file, (long long)m->loads[i].since_count);
	return is_ok ? 0 : 1;
}

static int
mirror_load(struct mirror *m)
{
	const char *error = NULL;
	struct why why;
	int status;

	folder_check(m);
	if (m->problems.n == 0)
		files_read(m);
	if (m->problems.n > 0)
		return tell(m, NULL);
	if (!database_open(&m->database, "mirror", STATEMENT_TIMEOUT_MS, LOCK_TIMEOUT_MS))
		return 1;
	if (tables_load(m, &why) != OUTCOME_OK)
		error = why.text;
	status = tell(m, error);
	database_close(&m->database);
	return status;
}

static int
usage_print(FILE *out, int status)
{
	fputs(usage, out);
	for (size_t i = 0; i < mirror_tables_count; i++) {
		const struct mirror_table *table = &mirror_tables[i];

		fprintf(out, "  %s:", table->file);
		for (size_t column = 0; column < table->columns_count; column++)
			fprintf(out, "%s %s", column ? "," : "", table->columns[column].name);
		fputc('\n', out);
	}
	return status;
}

/* The export's time; not from another century, and not of a clock that is far ahead. */
static bool
as_of_read(const char *text, int64_t *as_of_us)
{
	int64_t now_us = instant_now_us();

	if (instant_parse(str_of(text), as_of_us) && *as_of_us > now_us - AS_OF_MAX_US &&
	    *as_of_us < now_us + AHEAD_MAX_US)
		return true;
	fprintf(stderr, "tributary mirror: --as-of %s: a time of the last 30 days, as in 2026-07-02T10:00:00Z\n", text);
	return false;
}

/* -1 to go on, else the exit status. */
static int
options_read(struct mirror *m, int argc, char **argv)
{
	static const struct option options[] = {{"json", no_argument, NULL, 'j'},
						{"allow-empty", no_argument, NULL, 'e'},
						{"as-of", required_argument, NULL, 't'},
						{"help", no_argument, NULL, 'h'},
						{NULL, 0, NULL, 0}};

	optind = 0;
	for (int c = getopt_long(argc, argv, "", options, NULL); c != -1;
	     c = getopt_long(argc, argv, "", options, NULL)) {
		if (c != 'j' && c != 'e' && c != 't')
			return c == 'h' ? usage_print(stdout, 0) : usage_print(stderr, 2);
		if (c == 't' && !as_of_read(optarg, &m->as_of_us))
			return 2;
		m->is_json = m->is_json || c == 'j';
		m->may_empty = m->may_empty || c == 'e';
	}
	if (argc - optind != 2 || strcmp(argv[optind], "load") != 0)
		return usage_print(stderr, 2);
	m->folder = argv[optind + 1];
	return -1;
}

int
mirror_command(int argc, char **argv)
{
	struct mirror m = {0};
	int status = options_read(&m, argc, argv);

	if (status >= 0)
		return status;
	m.arena = arena_new(ARENA_BYTES);
	if (!m.arena)
		return 1;
	m.problems.arena = m.kept.arena = m.arena;
	status = mirror_load(&m);
	arena_free(m.arena);
	return status;
}
