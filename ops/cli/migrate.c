/* SPDX-License-Identifier: Apache-2.0 */
#include "migrate.h"

#include "base/instant.h"
#include "database.h"
#include "formats/json.h"
#include "migration_files.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

#define ARENA_BYTES ((size_t)64 << 20)
#define SCRIPT_BYTES ((size_t)32 << 20)
#define JSON_BYTES ((size_t)4 << 20)
#define LOCK_TIMEOUT_MS 60000 /* how long another run, or a table in use, is waited for */

static const char usage[] =
    "usage: tributary migrate [--dir DIR] [--dry-run] [--json]\n"
    "Applies DIR/NNNN_name.sql (default: migrations) in order to the database of DATABASE_URL, each in a transaction "
    "of\n"
    "its own, and remembers them in tributary.migrations. A file that was applied must never change again.\n"
    "  --dry-run  only say what would be applied\n";

static const struct statement state_select = {
    "migrate_state", "",
    "SELECT to_regnamespace('tributary') IS NOT NULL, to_regclass('tributary.migrations') IS NOT NULL"};
static const struct statement applied_select = {
    "migrate_applied", "", "SELECT number, name, sha256 FROM tributary.migrations ORDER BY number"};

struct migrate {
	const char *folder;
	bool is_json, is_dry;
	struct arena *arena;
	struct database database;
	struct migration_files files;
	size_t applied_count; /* before this run */
	size_t done_count;    /* in this run; of a dry run: to be done */
	struct why why;
};

/* One statement without parameters, in a transaction of its own. */
static enum outcome
ask(struct migrate *m, const struct statement *statement, struct result **result)
{
	struct store *store = m->database.store;
	enum outcome outcome;

	store_begin(store);
	outcome = store_query(store, rows_new(statement, m->arena), result, &m->why);
	return outcome == OUTCOME_OK ? store_commit(store, &m->why) : outcome;
}

/* The table of applied files; *is_there says whether it exists, which after a dry run it may not. */
static enum outcome
table_make(struct migrate *m, bool *is_there)
{
	struct result *state;
	enum outcome outcome = ask(m, &state_select, &state);

	if (outcome != OUTCOME_OK)
		return outcome;
	*is_there = result_bool(state, 0, 1);
	if (*is_there || m->is_dry)
		return OUTCOME_OK;
	if (!result_bool(state, 0, 0))
		outcome = store_script(m->database.store, "CREATE SCHEMA tributary", &m->why);
	if (outcome == OUTCOME_OK)
		outcome =
		    store_script(m->database.store,
				 "CREATE TABLE tributary.migrations (number integer PRIMARY KEY, name text NOT NULL,"
				 " sha256 bytea NOT NULL, applied_at timestamptz NOT NULL DEFAULT now())",
				 &m->why);
	*is_there = outcome == OUTCOME_OK;
	return outcome;
}

static enum outcome
applied_check(struct migrate *m, const struct result *applied)
{
	for (size_t i = 0; i < result_count(applied); i++) {
		const struct migration_file *f = &m->files.files[i];
		struct str name = result_text(applied, i, 1), hash = result_bytes(applied, i, 2);

		if (i >= m->files.n || !str_equal(name, str_of(f->name)))
			return why_set(&m->why, OUTCOME_DEAD, "migration-changed",
				       "%.*s was applied to this database, but is not in %s", STR_ARGS(name),
				       m->folder);
		if (!str_equal(hash, (struct str){(const char *)f->sha256, sizeof f->sha256}))
			return why_set(&m->why, OUTCOME_DEAD, "migration-changed",
				       "%s was changed after it was applied to this database; write a new one instead",
				       f->name);
	}
	m->applied_count = result_count(applied);
	return OUTCOME_OK;
}

/* The file's text stands first, so that its lines keep their numbers. */
static void
script_put(struct buf *script, const struct migration_file *f)
{
	buf_put_str(script, f->sql);
	buf_printf(script, "\n;INSERT INTO tributary.migrations (number, name, sha256) VALUES (%lld, '%s', '\\x",
		   (long long)f->number, f->name);
	for (size_t i = 0; i < sizeof f->sha256; i++)
		buf_printf(script, "%02x", f->sha256[i]);
	buf_put_str(script, STR("')"));
}

static enum outcome
apply_one(struct migrate *m, const struct migration_file *f)
{
	int64_t start_us = monotonic_us();
	enum outcome outcome;
	struct buf script;
	struct why why;

	buf_init(&script, SCRIPT_BYTES);
	script_put(&script, f);
	if (buf_is_ok(&script))
		outcome = store_script(m->database.store, buf_text(&script), &why);
	else
		outcome = why_set(&why, OUTCOME_DEAD, "too-large", "the file is too large");
	buf_release(&script);
	if (outcome != OUTCOME_OK)
		return why_set(&m->why, outcome, why.code, "%s:%s%s %s", f->name, *why.path ? " " : "", why.path,
			       why.text);
	if (!m->is_json)
		printf("%s applied (%lld ms)\n", f->name, (long long)(monotonic_us() - start_us) / 1000);
	return OUTCOME_OK;
}

static enum outcome
apply_rest(struct migrate *m)
{
	for (size_t i = m->applied_count; i < m->files.n; i++) {
		enum outcome outcome = OUTCOME_OK;

		if (!m->is_dry)
			outcome = apply_one(m, &m->files.files[i]);
		else if (!m->is_json)
			printf("%s would be applied\n", m->files.files[i].name);
		if (outcome != OUTCOME_OK)
			return outcome;
		m->done_count++;
	}
	return OUTCOME_OK;
}

/* The session's lock ends with the connection. A dry run changes nothing and so needs none. */
static enum outcome
migrate_run(struct migrate *m)
{
	struct result *applied;
	bool is_there;
	enum outcome outcome = OUTCOME_OK;

	if (!m->is_dry)
		outcome =
		    store_script(m->database.store, "SELECT pg_advisory_lock(hashtext('tributary migrate'))", &m->why);
	if (outcome == OUTCOME_OK)
		outcome = table_make(m, &is_there);
	if (outcome == OUTCOME_OK && is_there) {
		outcome = ask(m, &applied_select, &applied);
		if (outcome == OUTCOME_OK)
			outcome = applied_check(m, applied);
	}
	return outcome == OUTCOME_OK ? apply_rest(m) : outcome;
}

static void
json_print(const struct migrate *m, bool is_ok)
{
	struct buf out;

	buf_init(&out, JSON_BYTES);
	buf_printf(&out, "{\"ok\":%s,\"dry_run\":%s,\"already_applied\":%zu,\"applied\":[", is_ok ? "true" : "false",
		   m->is_dry ? "true" : "false", m->applied_count);
	for (size_t i = 0; i < m->done_count; i++) {
		buf_put_str(&out, i ? STR(",") : STR(""));
		json_put_text(&out, str_of(m->files.files[m->applied_count + i].name));
	}
	buf_put_str(&out, STR("],\"error\":"));
	if (is_ok)
		buf_put_str(&out, STR("null"));
	else
		json_put_text(&out, str_of(m->why.text));
	puts(buf_is_ok(&out) ? (buf_put_char(&out, '}'), buf_text(&out)) : "{\"ok\":false}");
	buf_release(&out);
}

/* Returns the exit status. */
static int
tell(const struct migrate *m, enum outcome outcome)
{
	if (outcome != OUTCOME_OK)
		fprintf(stderr, "tributary migrate: %s\n", m->why.text);
	if (m->is_json)
		json_print(m, outcome == OUTCOME_OK);
	else if (outcome == OUTCOME_OK && m->done_count == 0)
		printf("nothing to do: all %zu migrations are applied\n", m->applied_count);
	return outcome == OUTCOME_OK ? 0 : 1;
}

/* -1 to go on, else the exit status. */
static int
options_read(struct migrate *m, int argc, char **argv)
{
	static const struct option options[] = {{"dir", required_argument, NULL, 'd'},
						{"dry-run", no_argument, NULL, 'n'},
						{"json", no_argument, NULL, 'j'},
						{"help", no_argument, NULL, 'h'},
						{NULL, 0, NULL, 0}};

	optind = 0;
	for (int c = getopt_long(argc, argv, "", options, NULL); c != -1;
	     c = getopt_long(argc, argv, "", options, NULL)) {
		if (c == 'd')
			m->folder = optarg;
		else if (c == 'n')
			m->is_dry = true;
		else if (c == 'j')
			m->is_json = true;
		else {
			fputs(usage, c == 'h' ? stdout : stderr);
			return c == 'h' ? 0 : 2;
		}
	}
	if (optind == argc)
		return -1;
	fputs(usage, stderr);
	return 2;
}

int
migrate_command(int argc, char **argv)
{
	struct migrate m = {.folder = "migrations"};
	int status = options_read(&m, argc, argv);
	enum outcome outcome;

	if (status >= 0)
		return status;
	m.arena = arena_new(ARENA_BYTES);
	if (!m.arena)
		return 1;
	outcome = migration_files_read(m.folder, m.arena, &m.files, &m.why);
	if (outcome != OUTCOME_OK) {
		status = tell(&m, outcome);
	} else if (!database_open(&m.database, "migrate", 0, LOCK_TIMEOUT_MS)) {
		status = 1;
	} else {
		status = tell(&m, migrate_run(&m));
		database_close(&m.database);
	}
	arena_free(m.arena);
	return status;
}
