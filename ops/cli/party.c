/* SPDX-License-Identifier: Apache-2.0 */
/*
 * NAME      tributary party - what the parties' mappings make of documents, before anything is sent
 * SYNOPSIS  tributary party list | check [--write] [PARTY...] | try [--kind KIND] [--tree] PARTY FILE |
 *           new PARTY --like OTHER | score PARTY
 * Works on the folders under PARTIES_DIR alone: no server, no clock. What a document comes to is a list with one object
 * per unit: {"result": "order", "about": "#1001", "document": {...}} or {"result": "refused", "code": ..., "path":
 * ...}.
 */
#include "commands.h"
#include "dispatch.h"
#include "options.h"
#include "party_commands.h"
#include "party_diff.h"
#include "party_sample.h"
#include "party_sends.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ARENA_BYTES ((size_t)512 << 20)
#define SAMPLES_MAX 1000
#define PATH_BYTES 1024

struct wish {
	const char *kind;
	bool wants_tree, may_write, as_json;
};

const char *
party_dir(void)
{
	const char *dir = getenv("PARTIES_DIR");

	return dir && dir[0] ? dir : "topology/parties";
}

struct parties {
	const char *dir;
	struct party_list *list;
	struct arena *arena;
};

static bool
parties_open(struct parties *p)
{
	p->dir = party_dir();
	p->list = party_list_load(p->dir, stderr);
	p->arena = arena_new(ARENA_BYTES);
	return p->list && p->arena;
}

static void
parties_close(struct parties *p)
{
	party_list_free(p->list);
	arena_free(p->arena);
}

static int
list_command(int argc, char **argv)
{
	static const struct options options = {"tributary party list", "Every party and what it sends.", NULL, 0, 0, 0};
	struct parties p = {0};
	int status = EXIT_NO;

	if (!options_read(&options, argc, argv, NULL, NULL, NULL, &status))
		return status;
	if (parties_open(&p)) {
		status = EXIT_YES;
		for (size_t i = 0; i < party_list_count(p.list); i++) {
			const struct party *party = party_list_at(p.list, i);

			printf("%-24s %-8s %-8s %s  %s\n", party->name, party_kind_name(party->kind), party->format,
			       party->currency, party->title);
		}
	}
	parties_close(&p);
	return status;
}

/* --- try -------------------------------------------------------------------------------------------------------- */

static int
try_command(int argc, char **argv)
{
	static const struct option_row rows[] = {
	    {"kind", OPTION_TEXT, offsetof(struct wish, kind), "KIND", "document", .help = "of the routing key"},
	    {"tree", OPTION_FLAG, offsetof(struct wish, wants_tree), .help = "also the tree that the mapping sees"},
	};
	static const struct options options = {
	    "tributary party try [OPTION...] PARTY FILE",
	    "What a document would come to: its tree, its canonical form, every complaint. "
	    "Nothing is sent.",
	    rows,
	    COUNT_OF(rows),
	    2,
	    2};
	struct parties p = {0};
	struct wish wish = {0};
	const char *words[2];
	struct buf result;
	int status = EXIT_NO;

	if (!options_read(&options, argc, argv, &wish, words, NULL, &status))
		return status;
	buf_init(&result, SAMPLE_RESULT_MAX_BYTES);
	if (parties_open(&p)) {
		struct sample sample = {.parties_dir = p.dir,
					.party = party_list_find(p.list, str_of(words[0])),
					.path = words[1],
					.kind = wish.kind,
					.wants_tree = wish.wants_tree};

		if (!sample.party)
			fprintf(stderr, "tributary party: there is no party %.60s under %s\n", words[0], p.dir);
		else if (sample_run(&sample, p.arena, &result))
			status = sample.complaints ? EXIT_NO : EXIT_YES;
		printf("%s", buf_text(&result));
	}
	buf_release(&result);
	parties_close(&p);
	return status;
}

/* --- check ------------------------------------------------------------------------------------------------------ */

struct check {
	struct parties parties;
	struct wish wish;
	size_t checked, failed;
};

/* "1001-paid.json" to "1001-paid.expected.json" */
static void
expected_path(const char *path, char out[static PATH_BYTES])
{
	const char *dot = strrchr(path, '.');

	snprintf(out, PATH_BYTES, "%.*s.expected.json", (int)(dot ? (size_t)(dot - path) : strlen(path)), path);
}

static bool
expected_write(const char *path, struct str result)
{
	FILE *f = fopen(path, "we");
	bool is_ok = f && fwrite(result.p, 1, result.n, f) == result.n;

	if ((f && fclose(f) != 0) || !is_ok) {
		fprintf(stderr, "tributary party: %s: %s\n", path, strerror(errno));
		return false;
	}
	printf("wrote %s\n", path);
	return true;
}

/* What came out against what stands in the file, or into it. `differ` prints each difference and returns how many. */
static void
result_judge(struct check *c, const char *path, const char *expected, struct str result,
	     size_t (*differ)(const char *expected, struct str got, struct arena *arena, FILE *out))
{
	size_t differences;

	if (c->wish.may_write) {
		c->failed += !expected_write(expected, result);
		return;
	}
	differences = differ(expected, result, c->parties.arena, stdout);
	c->failed += differences > 0;
	if (!differences)
		printf("ok      %s\n", path);
	else
		printf("differs %s (%zu)\n", path, differences);
}

static void
sample_check(struct check *c, const struct party *party, const char *path)
{
	struct sample sample = {.parties_dir = c->parties.dir, .party = party, .path = path, .kind = "document"};
	char expected[PATH_BYTES];
	struct buf result;

	expected_path(path, expected);
	buf_init(&result, SAMPLE_RESULT_MAX_BYTES);
	c->checked++;
	if (sample_run(&sample, c->parties.arena, &result))
		result_judge(c, path, expected, buf_str(&result), party_diff_file);
	else
		c->failed++;
	buf_release(&result);
	arena_clear(c->parties.arena);
}

/* "AC-10001.invoice.json" to "AC-10001.invoice.expected.txt"; a name without an ending is refused by sends_run() */
static void
sends_check(struct check *c, const struct party *party, const char *path)
{
	const char *dot = strrchr(path, '.');
	char expected[PATH_BYTES];
	struct buf result;

	snprintf(expected, sizeof expected, "%.*s.expected.txt", (int)(dot ? (size_t)(dot - path) : strlen(path)),
		 path);
	buf_init(&result, SAMPLE_RESULT_MAX_BYTES);
	c->checked++;
	if (sends_run(c->parties.dir, party, path, c->parties.arena, &result))
		result_judge(c, path, expected, buf_str(&result), sends_differences);
	else
		c->failed++;
	buf_release(&result);
	arena_clear(c->parties.arena);
}

static int
is_sample(const struct dirent *entry)
{
	struct str name = str_of(entry->d_name);

	return name.p[0] != '.' && !str_ends(name, STR(".expected.json")) && !str_ends(name, STR(".expected.txt")) &&
	       !str_ends(name, STR(".md"));
}

/* Each file of the party's folder of that name; false when there is no such folder. */
static bool
folder_check(struct check *c, const struct party *party, const char *folder,
	     void (*check)(struct check *c, const struct party *party, const char *path))
{
	char dir[PATH_BYTES], path[2 * PATH_BYTES];
	struct dirent **entries;
	int n;

	snprintf(dir, sizeof dir, "%s/%s/%s", c->parties.dir, party->name, folder);
	n = scandir(dir, &entries, is_sample, alphasort);
	if (n < 0)
		return false;
	for (int i = 0; i < n; i++) {
		snprintf(path, sizeof path, "%s/%s", dir, entries[i]->d_name);
		check(c, party, path);
		free(entries[i]);
	}
	free(entries);
	return true;
}

static void
party_check(struct check *c, const struct party *party)
{
	if (!folder_check(c, party, "samples", sample_check))
		printf("none    %s/%s/samples\n", c->parties.dir, party->name);
	(void)folder_check(c, party, "sends", sends_check);
	if (sends_functions_missing(c->parties.dir, party, stdout) > 0) {
		printf("wrong   %s/%s/mapping.lua\n", c->parties.dir, party->name);
		c->failed++;
	}
}

static int
parties_check(struct check *c, const char *const *names, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!party_list_find(c->parties.list, str_of(names[i]))) {
			fprintf(stderr, "tributary party: there is no party %.60s under %s\n", names[i],
				c->parties.dir);
			return EXIT_WRONG;
		}
	for (size_t i = 0; i < n; i++)
		party_check(c, party_list_find(c->parties.list, str_of(names[i])));
	for (size_t i = 0; n == 0 && i < party_list_count(c->parties.list); i++)
		party_check(c, party_list_at(c->parties.list, i));
	printf("%zu samples, %zu not as expected\n", c->checked, c->failed);
	return c->failed ? EXIT_NO : EXIT_YES;
}

static int
check_command(int argc, char **argv)
{
	static const struct option_row rows[] = {
	    {"write", OPTION_FLAG, offsetof(struct wish, may_write),
	     .help = "take what comes out now as expected: look at it well before committing it"},
	};
	struct options options = {
	    "tributary party check [--write] [PARTY...]",
	    "Runs the parties' samples through their mappings, and shows each field that is not as "
	    "expected\n(samples/NAME.expected.json): path, expected, got. Likewise what they are sent "
	    "(sends/NAME.WHAT.json),\nline by line.",
	    rows,
	    COUNT_OF(rows),
	    0,
	    (size_t)argc};
	const char **names = calloc((size_t)argc + 1, sizeof *names);
	struct check c = {0};
	int status = EXIT_WRONG;
	size_t n = 0;

	if (!names)
		return EXIT_NO;
	if (options_read(&options, argc, argv, &c.wish, names, &n, &status)) {
		status = parties_open(&c.parties) ? parties_check(&c, names, n) : EXIT_NO;
		parties_close(&c.parties);
	}
	free(names);
	return status;
}

int
party_command(int argc, char **argv)
{
	static const struct command commands[] = {
	    {"list", "every party and what it sends", list_command},
	    {"check", "run the samples, show each field that is not as expected", check_command},
	    {"try", "what a document would come to; nothing is sent", try_command},
	    {"new", "a folder for a new party, made like another one's", party_new_command},
	    {"score", "what is still missing before going live", party_score_command},
	    {"diff", "what the mapping would now make of the documents that came lately", party_diff_command},
	    {"drift", "what lately came that was never so before", party_drift_command},
	    {"sign", "the headers that it would put to a webhook", party_sign_command},
	    {"remap", "send what the mapping could not read through it again", party_remap_command},
	};
	static const struct command_table table = {"tributary party", "the parties and their mappings", commands,
						   COUNT_OF(commands)};

	return dispatch(&table, argc, argv);
}
