/* SPDX-License-Identifier: Apache-2.0 */
#include "support/samples.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <stdio.h>

bool
samples_are_there(const char *folder)
{
	DIR *dir = opendir(folder);

	if (!dir) {
		cr_log_warn("skipped: no folder %s", folder);
		return false;
	}
	closedir(dir);
	return true;
}

struct str
sample_read(struct arena *arena, const char *path)
{
	FILE *f = fopen(path, "rb");
	struct buf bytes;
	char piece[4096];
	struct str copy;
	size_t n;

	cr_assert(f, "%s", path);
	buf_init(&bytes, (size_t)64 << 20);
	while ((n = fread(piece, 1, sizeof piece, f)))
		buf_put(&bytes, piece, n);
	fclose(f);
	copy = arena_str(arena, buf_str(&bytes));
	buf_release(&bytes);
	return copy;
}

size_t
samples_each(struct arena *arena, const char *folder, const char *suffix,
	     void (*each)(const char *path, struct str bytes))
{
	char path[600];
	struct dirent *entry;
	size_t count = 0;
	DIR *dir;

	snprintf(path, sizeof path, SAMPLES "/%s", folder);
	dir = opendir(path);
	while (dir && (entry = readdir(dir))) {
		if (!str_ends(str_of(entry->d_name), str_of(suffix)))
			continue;
		snprintf(path, sizeof path, SAMPLES "/%s/%s", folder, entry->d_name);
		each(path, sample_read(arena, path));
		count++;
	}
	if (dir)
		closedir(dir);
	return count;
}
