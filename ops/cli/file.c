/* SPDX-License-Identifier: Apache-2.0 */
#include "file.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static enum outcome
failed(struct why *why, const char *name)
{
	if (errno == ENOENT)
		return why_set(why, OUTCOME_HELD, "file-missing", "%s: no such file", name);
	return why_set(why, OUTCOME_DEAD, "file-unreadable", "%s: %s", name, strerror(errno));
}

static enum outcome
stream_read(FILE *f, const char *name, struct arena *arena, struct str *bytes, struct why *why)
{
	struct stat status;
	char *p;

	if (fstat(fileno(f), &status) != 0)
		return failed(why, name);
	if (!S_ISREG(status.st_mode))
		return why_set(why, OUTCOME_DEAD, "file-unreadable", "%s: not a plain file", name);
	p = arena_get(arena, (size_t)status.st_size + 1);
	if (!p)
		return why_set(why, OUTCOME_DEAD, "file-unreadable", "%s: too large", name);
	*bytes = (struct str){p, fread(p, 1, (size_t)status.st_size, f)};
	if (ferror(f))
		return why_set(why, OUTCOME_DEAD, "file-unreadable", "%s: cannot be read", name);
	return OUTCOME_OK;
}

enum outcome
file_read(const char *folder, const char *name, struct arena *arena, struct str *bytes, struct why *why)
{
	struct str path = arena_printf(arena, "%s/%s", folder, name);
	enum outcome outcome;
	FILE *f;

	if (!path.p)
		return why_set(why, OUTCOME_DEAD, "file-unreadable", "%s: no memory", name);
	f = fopen(path.p, "re");
	if (!f)
		return failed(why, name);
	outcome = stream_read(f, name, arena, bytes, why);
	fclose(f);
	return outcome;
}
