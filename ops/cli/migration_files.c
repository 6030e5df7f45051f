/* SPDX-License-Identifier: Apache-2.0 */
#include "migration_files.h"

#include "base/uuid.h"
#include "file.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define NUMBER_DIGITS 4

static bool
is_name_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
}

/* NNNN_name.sql; the name goes into SQL text, so its characters matter. */
static bool
name_parse(struct str name, int64_t *number)
{
	struct str stem = {name.p, name.n > 4 ? name.n - 4 : 0};

	if (stem.n < NUMBER_DIGITS + 2 || stem.p[NUMBER_DIGITS] != '_')
		return false;
	for (size_t i = 0; i < stem.n; i++)
		if (!is_name_char(stem.p[i]) || (i < NUMBER_DIGITS && stem.p[i] > '9'))
			return false;
	return str_to_int((struct str){stem.p, NUMBER_DIGITS}, number);
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(((const struct migration_file *)a)->name, ((const struct migration_file *)b)->name);
}

static enum outcome
names_read(DIR *dir, struct arena *arena, struct migration_files *files, struct why *why)
{
	for (struct dirent *entry = readdir(dir); entry; entry = readdir(dir)) {
		struct str name = str_of(entry->d_name);
		struct migration_file *f = &files->files[files->n];

		if (!str_ends(name, STR(".sql")))
			continue;
		if (!name_parse(name, &f->number))
			return why_set(why, OUTCOME_DEAD, "migration-files",
				       "%s: not named NNNN_name.sql (a-z, 0-9, _ and -)", entry->d_name);
		f->name = arena_text(arena, name);
		if (!f->name || ++files->n == MIGRATIONS_MAX)
			return why_set(why, OUTCOME_DEAD, "migration-files", "too many files");
	}
	return OUTCOME_OK;
}

/* They must count 1, 2, 3, …: a gap is a file that was forgotten, a number twice two branches that do not know of each
 * other. */
static enum outcome
numbers_check(const struct migration_files *files, struct why *why)
{
	for (size_t i = 0; i < files->n; i++) {
		const struct migration_file *f = &files->files[i];

		if (i > 0 && f->number == f[-1].number)
			return why_set(why, OUTCOME_DEAD, "migration-files", "%s and %s have the same number",
				       f[-1].name, f->name);
		if (f->number != (int64_t)i + 1)
			return why_set(why, OUTCOME_DEAD, "migration-files", "%s: number %04zu is missing before it",
				       f->name, i + 1);
	}
	return OUTCOME_OK;
}

static enum outcome
texts_read(const char *folder, struct arena *arena, struct migration_files *files, struct why *why)
{
	for (size_t i = 0; i < files->n; i++) {
		struct migration_file *f = &files->files[i];
		enum outcome outcome = file_read(folder, f->name, arena, &f->sql, why);

		if (outcome != OUTCOME_OK)
			return outcome;
		if (memchr(f->sql.p, '\0', f->sql.n))
			return why_set(why, OUTCOME_DEAD, "migration-files", "%s: holds a NUL byte", f->name);
		sha256(f->sql, f->sha256);
	}
	return OUTCOME_OK;
}

enum outcome
migration_files_read(const char *folder, struct arena *arena, struct migration_files *files, struct why *why)
{
	struct migration_files found = {arena_array(arena, MIGRATIONS_MAX, sizeof found.files[0]), 0};
	enum outcome outcome;
	DIR *dir = opendir(folder);

	if (!dir)
		return why_set(why, OUTCOME_DEAD, "migration-files", "%s: %s", folder, strerror(errno));
	outcome = found.files ? names_read(dir, arena, &found, why)
			      : why_set(why, OUTCOME_DEAD, "migration-files", "no memory");
	closedir(dir);
	if (outcome == OUTCOME_OK && found.n == 0)
		outcome = why_set(why, OUTCOME_DEAD, "migration-files", "%s: no migrations in it", folder);
	if (outcome != OUTCOME_OK)
		return outcome;
	qsort(found.files, found.n, sizeof found.files[0], by_name);
	outcome = numbers_check(&found, why);
	if (outcome == OUTCOME_OK)
		outcome = texts_read(folder, arena, &found, why);
	if (outcome == OUTCOME_OK)
		*files = found;
	return outcome;
}
