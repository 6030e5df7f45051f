/* SPDX-License-Identifier: Apache-2.0 */
/*
 * NAME      tributary party new - a folder for a new party, made like another one's
 * SYNOPSIS  tributary party new PARTY --like OTHER
 * Copies party.yaml, the mappings and the samples; what is to be looked at next is said at the end.
 */
#include "commands.h"
#include "options.h"
#include "party_commands.h"

#include "file.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define ARENA_BYTES ((size_t)64 << 20)
#define PATH_BYTES 1024

struct copy {
	const char *dir, *name, *like;
	struct arena *arena;
};

static bool
failed(const char *path, const char *text)
{
	fprintf(stderr, "tributary party new: %s: %s\n", path, text);
	return false;
}

/* The line `party: OTHER` names the new one. */
static bool
yaml_write(const struct copy *c, struct str text, FILE *out)
{
	while (text.n) {
		struct str line = str_split(&text, '\n');

		if (str_starts(line, STR("party:")))
			fprintf(out, "party: %s\n", c->name);
		else
			fprintf(out, "%.*s\n", STR_ARGS(line));
	}
	return !ferror(out);
}

static bool
file_copy(const struct copy *c, const char *from, const char *to, bool is_yaml)
{
	struct str bytes;
	struct why why = {0};
	FILE *out;
	bool is_ok;

	if (file_read(from[0] == '/' ? "/" : ".", from, c->arena, &bytes, &why) != OUTCOME_OK)
		return failed(from, why.text);
	out = fopen(to, "wxe");
	is_ok = out && (is_yaml ? yaml_write(c, bytes, out) : fwrite(bytes.p, 1, bytes.n, out) == bytes.n);
	if ((out && fclose(out) != 0) || !is_ok)
		return failed(to, strerror(errno));
	return true;
}

static bool
dir_copy(const struct copy *c, const char *from, const char *to)
{
	DIR *dir;
	bool is_ok = true;

	if (mkdir(to, 0777) != 0)
		return failed(to, strerror(errno));
	dir = opendir(from);
	if (!dir)
		return failed(from, strerror(errno));
	for (struct dirent *e = readdir(dir); e && is_ok; e = readdir(dir)) {
		char source[2 * PATH_BYTES], target[2 * PATH_BYTES];
		struct stat st;

		if (e->d_name[0] == '.')
			continue;
		snprintf(source, sizeof source, "%s/%s", from, e->d_name);
		snprintf(target, sizeof target, "%s/%s", to, e->d_name);
		/* What is expected of the samples names the party: it is made anew. */
		if (str_ends(str_of(e->d_name), STR(".expected.json")) || stat(source, &st) != 0)
			continue;
		is_ok = S_ISDIR(st.st_mode) ? dir_copy(c, source, target)
					    : file_copy(c, source, target, strcmp(e->d_name, "party.yaml") == 0);
	}
	closedir(dir);
	return is_ok;
}

static bool
is_name(const char *name)
{
	size_t n = strlen(name);

	return n > 0 && n < PARTY_NAME_BYTES && name[0] != '-' && name[n - 1] != '-' &&
	       strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") == n;
}

static int
party_make(const struct copy *c)
{
	char from[PATH_BYTES], to[PATH_BYTES];

	if (!is_name(c->name)) {
		fprintf(stderr, "tributary party new: %.60s: a name is 1 to %d lowercase letters, digits and hyphens\n",
			c->name, PARTY_NAME_BYTES - 1);
		return EXIT_WRONG;
	}
	snprintf(from, sizeof from, "%s/%s", c->dir, c->like);
	snprintf(to, sizeof to, "%s/%s", c->dir, c->name);
	if (!dir_copy(c, from, to))
		return EXIT_NO;
	printf("%s is made like %s. Next:\n"
	       "  %s/party.yaml       title, currency, time zone, policies, hook.secret_env\n"
	       "  %s/mapping.lua      where its documents differ (topology/parties/README.md)\n"
	       "  %s/samples/         its own documents in place of these\n"
	       "  tributary party try %s FILE, then tributary party check --write %s, and look at what is expected\n"
	       "  tributary party score %s     what is still missing\n"
	       "  make up              gives it a queue, a user and a password, and tells the running fleet\n",
	       to, c->like, to, to, to, c->name, c->name, c->name);
	return EXIT_YES;
}

int
party_new_command(int argc, char **argv)
{
	static const struct option_row rows[] = {
	    {"like", OPTION_TEXT, 0, "PARTY", .help = "whose folder is copied"},
	};
	static const struct options options = {"tributary party new PARTY --like OTHER",
					       "A folder for a new party, made like another one's.",
					       rows,
					       COUNT_OF(rows),
					       1,
					       1};
	const char *like = NULL;
	struct copy c = {.dir = party_dir()};
	int status;

	if (!options_read(&options, argc, argv, &like, &c.name, NULL, &status))
		return status;
	if (!like) {
		fprintf(stderr, "--like is missing: whose folder?\nusage: %s\n", options.synopsis);
		return EXIT_WRONG;
	}
	c.like = like;
	c.arena = arena_new(ARENA_BYTES);
	status = c.arena ? party_make(&c) : EXIT_NO;
	arena_free(c.arena);
	return status;
}
