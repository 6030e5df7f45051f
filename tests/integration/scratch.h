/* SPDX-License-Identifier: Apache-2.0 */
/*
 * scratch - for tests of commands: a database and a folder of one test's own, and a command's output
 * The database is made on the server of DATABASE_ADMIN_URL, and DATABASE_URL names it.
 */
#ifndef TRIBUTARY_TESTS_SCRATCH_H
#define TRIBUTARY_TESTS_SCRATCH_H

#include "store/store.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct scratch {
	char name[64], url[512], folder[96];
	struct store *admin, *store; /* of the server, of the own database */
	struct store_config admin_config, config;
	struct arena *arena;
	struct why why;
	char output[65536]; /* stdout and stderr of the last command */
};

__attribute__((unused)) static struct store *
scratch_connect(const struct store_config *config, struct why *why)
{
	struct store *store = store_new(config);

	cr_assert(store);
	cr_assert_eq(store_connect(store, why), OUTCOME_OK, "%s", why->text);
	return store;
}

__attribute__((unused)) static void
scratch_script(struct scratch *s, const char *sql)
{
	cr_assert_eq(store_script(s->store, sql, &s->why), OUTCOME_OK, "%s %s", s->why.path, s->why.text);
}

__attribute__((unused)) static void
scratch_open(struct scratch *s, const char *name)
{
	const char *admin_url = getenv("DATABASE_ADMIN_URL"), *path;
	char sql[256];

	cr_assert(admin_url, "DATABASE_ADMIN_URL is not set");
	memset(s, 0, sizeof *s);
	path = strchr(strstr(admin_url, "://") + 3, '/');
	cr_assert(path, "DATABASE_ADMIN_URL names no database");
	snprintf(s->name, sizeof s->name, "scratch_%s", name);
	snprintf(s->url, sizeof s->url, "%.*s/%s%s", (int)(path - admin_url), admin_url, s->name,
		 strchr(path, '?') ? strchr(path, '?') : "");
	s->admin_config = (struct store_config){.url = admin_url, .application_name = "scratch"};
	s->config = (struct store_config){.url = s->url, .application_name = "scratch"};
	s->admin = scratch_connect(&s->admin_config, &s->why);
	snprintf(sql, sizeof sql, "DROP DATABASE IF EXISTS %s WITH (FORCE)", s->name);
	cr_assert_eq(store_script(s->admin, sql, &s->why), OUTCOME_OK, "%s", s->why.text);
	snprintf(sql, sizeof sql, "CREATE DATABASE %s TEMPLATE template0", s->name);
	cr_assert_eq(store_script(s->admin, sql, &s->why), OUTCOME_OK, "%s", s->why.text);
	s->store = scratch_connect(&s->config, &s->why);
	setenv("DATABASE_URL", s->url, 1);
	s->arena = arena_new((size_t)1 << 28);
	snprintf(s->folder, sizeof s->folder, "/tmp/%s.XXXXXX", s->name);
	cr_assert(mkdtemp(s->folder));
}

__attribute__((unused)) static void
scratch_close(struct scratch *s)
{
	char command[256];

	store_free(s->store);
	snprintf(command, sizeof command, "DROP DATABASE IF EXISTS %s WITH (FORCE)", s->name);
	cr_expect_eq(store_script(s->admin, command, &s->why), OUTCOME_OK, "%s", s->why.text);
	store_free(s->admin);
	arena_free(s->arena);
	snprintf(command, sizeof command, "rm -rf %s", s->folder);
	cr_expect_eq(system(command), 0);
}

__attribute__((unused)) static void
scratch_file(const struct scratch *s, const char *name, const char *text)
{
	char path[256];
	FILE *f;

	snprintf(path, sizeof path, "%s/%s", s->folder, name);
	f = fopen(path, "we");
	cr_assert(f);
	fputs(text, f);
	fclose(f);
}

/* The exit status; what was printed is in output. */
__attribute__((unused)) static int
scratch_run(struct scratch *s, int (*command)(int argc, char **argv), int argc, char **argv)
{
	FILE *captured = tmpfile();
	int out = dup(STDOUT_FILENO), err = dup(STDERR_FILENO), status;
	size_t n;

	fflush(NULL);
	dup2(fileno(captured), STDOUT_FILENO);
	dup2(fileno(captured), STDERR_FILENO);
	status = command(argc, argv);
	fflush(NULL);
	dup2(out, STDOUT_FILENO);
	dup2(err, STDERR_FILENO);
	close(out);
	close(err);
	rewind(captured);
	n = fread(s->output, 1, sizeof s->output - 1, captured);
	s->output[n] = '\0';
	fclose(captured);
	return status;
}

/* The bigint that a query answers. */
__attribute__((unused)) static int64_t
scratch_number(struct scratch *s, const char *sql)
{
	struct statement statement = {"scratch_number", "", sql};
	struct store *store = scratch_connect(&s->config, &s->why);
	struct result *result;
	int64_t n;

	store_begin(store);
	cr_assert_eq(store_query(store, rows_new(&statement, s->arena), &result, &s->why), OUTCOME_OK, "%s",
		     s->why.text);
	n = result_count(result) ? result_int(result, 0, 0) : -1;
	store_rollback(store);
	store_free(store);
	return n;
}

#endif
