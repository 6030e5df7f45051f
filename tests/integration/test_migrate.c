/* SPDX-License-Identifier: Apache-2.0 */
#include "../../ops/cli/migrate.h"
#include "scratch.h"

#include <sys/wait.h>

static int
migrate(struct scratch *s, const char *option)
{
	char *argv[] = {(char[]){"migrate"}, (char[]){"--dir"}, s->folder, NULL, NULL};
	char text[32];

	if (!option)
		return scratch_run(s, migrate_command, 3, argv);
	snprintf(text, sizeof text, "%s", option);
	argv[3] = text;
	return scratch_run(s, migrate_command, 4, argv);
}

#define SAYS(s, text) cr_assert(strstr((s)->output, text), "%s", (s)->output)

static void
two_files(struct scratch *s)
{
	scratch_file(s, "0001_one.sql", "CREATE TABLE one (n bigint)");
	scratch_file(s, "0002_two.sql", "CREATE TABLE two (n bigint);\n-- the end");
	scratch_file(s, "README.md", "not a migration");
}

Test(migrate, files_are_applied_in_order_and_once, .timeout = 60)
{
	struct scratch s;

	scratch_open(&s, "migrate_once");
	two_files(&s);
	cr_assert_eq(migrate(&s, "--dry-run"), 0, "%s", s.output);
	SAYS(&s, "0002_two.sql would be applied\n");
	cr_assert_eq(scratch_number(&s, "SELECT count(*) FROM pg_namespace WHERE nspname = 'tributary'"), 0);
	cr_assert_eq(migrate(&s, NULL), 0, "%s", s.output);
	SAYS(&s, "0001_one.sql applied");
	SAYS(&s, "0002_two.sql applied");
	cr_assert_eq(scratch_number(&s, "SELECT count(*) FROM tributary.one, tributary.two"), 0);
	cr_assert_eq(migrate(&s, NULL), 0);
	cr_assert_str_eq(s.output, "nothing to do: all 2 migrations are applied\n");
	scratch_file(&s, "0003_three.sql", "INSERT INTO one VALUES (3)");
	cr_assert_eq(migrate(&s, "--json"), 0);
	cr_assert_str_eq(s.output,
			 "{\"ok\":true,\"dry_run\":false,\"already_applied\":2,\"applied\":[\"0003_three.sql\"],"
			 "\"error\":null}\n");
	cr_assert_eq(scratch_number(&s, "SELECT n FROM tributary.one"), 3);
	scratch_close(&s);
}

Test(migrate, a_fault_leaves_nothing_of_its_file_and_names_the_line, .timeout = 60)
{
	struct scratch s;

	scratch_open(&s, "migrate_fault");
	two_files(&s);
	scratch_file(&s, "0003_three.sql", "CREATE TABLE three ();\nSELECT nonsense;");
	cr_assert_eq(migrate(&s, NULL), 1);
	SAYS(&s, "0003_three.sql: line 2 42703");
	cr_assert_eq(scratch_number(&s, "SELECT count(*) FROM tributary.migrations"), 2);
	cr_assert_eq(scratch_number(&s, "SELECT count(*) FROM pg_class WHERE relname = 'three'"), 0);
	scratch_file(&s, "0003_three.sql", "COMMIT; BEGIN;");
	cr_assert_eq(migrate(&s, NULL), 1);
	SAYS(&s, "left a transaction open");
	scratch_close(&s);
}

Test(migrate, an_applied_file_must_not_change_or_vanish, .timeout = 60)
{
	struct scratch s;
	char path[256];

	scratch_open(&s, "migrate_changed");
	two_files(&s);
	cr_assert_eq(migrate(&s, NULL), 0);
	scratch_file(&s, "0002_two.sql", "CREATE TABLE two (n bigint, more text)");
	cr_assert_eq(migrate(&s, NULL), 1);
	SAYS(&s, "0002_two.sql was changed after it was applied");
	snprintf(path, sizeof path, "%s/0002_two.sql", s.folder);
	cr_assert_eq(unlink(path), 0);
	cr_assert_eq(migrate(&s, NULL), 1);
	SAYS(&s, "0002_two.sql was applied to this database, but is not in ");
	scratch_close(&s);
}

Test(migrate, gaps_twins_and_strange_names_are_refused_before_anything_is_done, .timeout = 60)
{
	struct scratch s;
	char path[256];

	scratch_open(&s, "migrate_names");
	cr_assert_eq(migrate(&s, NULL), 1);
	SAYS(&s, "no migrations in it");
	two_files(&s);
	scratch_file(&s, "0002_zwei.sql", "SELECT 1");
	cr_assert_eq(migrate(&s, NULL), 1);
	SAYS(&s, "0002_two.sql and 0002_zwei.sql have the same number");
	snprintf(path, sizeof path, "%s/0002_zwei.sql", s.folder);
	cr_assert_eq(unlink(path), 0);
	scratch_file(&s, "0004_four.sql", "SELECT 1");
	cr_assert_eq(migrate(&s, NULL), 1);
	SAYS(&s, "0004_four.sql: number 0003 is missing");
	scratch_file(&s, "0003-O'Neil.sql", "SELECT 1");
	cr_assert_eq(migrate(&s, NULL), 1);
	SAYS(&s, "not named NNNN_name.sql");
	cr_assert_eq(scratch_number(&s, "SELECT count(*) FROM pg_namespace WHERE nspname = 'tributary'"), 0);
	scratch_close(&s);
}

Test(migrate, runs_at_the_same_time_apply_each_file_once, .timeout = 60)
{
	struct scratch s;
	pid_t pids[4];

	scratch_open(&s, "migrate_race");
	two_files(&s);
	scratch_file(&s, "0003_slow.sql", "SELECT pg_sleep(0.3); CREATE TABLE slow ()");
	for (size_t i = 0; i < COUNT_OF(pids); i++) {
		pids[i] = fork();
		if (pids[i] == 0)
			_exit(migrate(&s, NULL));
	}
	for (size_t i = 0; i < COUNT_OF(pids); i++) {
		int status = -1;

		waitpid(pids[i], &status, 0);
		cr_assert_eq(status, 0);
	}
	cr_assert_eq(scratch_number(&s, "SELECT count(*) FROM tributary.migrations"), 3);
	scratch_close(&s);
}

Test(migrate, usage_is_exit_2_and_nobody_at_home_is_1)
{
	static struct scratch s;
	char *argv[] = {(char[]){"migrate"}, (char[]){"--nonsense"}, NULL};

	cr_assert_eq(scratch_run(&s, migrate_command, 2, argv), 2);
	SAYS(&s, "usage: tributary migrate");
	unsetenv("DATABASE_URL");
	snprintf(s.folder, sizeof s.folder, "migrations");
	cr_assert_eq(migrate(&s, NULL), 1);
	SAYS(&s, "DATABASE_URL");
	setenv("DATABASE_URL", "postgresql://u:hush@127.0.0.1:1/x", 1);
	cr_assert_eq(migrate(&s, NULL), 1);
	SAYS(&s, "cannot be reached");
	cr_assert_not(strstr(s.output, "hush"));
}
