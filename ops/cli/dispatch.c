/* SPDX-License-Identifier: Apache-2.0 */
#include "dispatch.h"

#include "commands.h"

#include "base/str.h"

#include <stdio.h>
#include <string.h>

#define NAME_MAX_BYTES 32 /* longer words are near to nothing */
#define NEAR_MAX_EDITS 3

static void
help_print(const struct command_table *t, FILE *out)
{
	fprintf(out, "%s - %s\n\n", t->program, t->summary);
	for (size_t i = 0; i < t->n; i++)
		fprintf(out, "  %-14s %s\n", t->commands[i].name, t->commands[i].summary);
	fprintf(out, "\n%s COMMAND --help says more. Exit status: 0 yes, 1 no, 2 wrong command line.\n", t->program);
}

static size_t
min3(size_t a, size_t b, size_t c)
{
	size_t least = a < b ? a : b;

	return least < c ? least : c;
}

/* Letters to insert, delete or change to come from one word to the other. */
static size_t
edits_between(const char *a, const char *b)
{
	size_t n = strlen(b), row[NAME_MAX_BYTES + 1];

	if (n > NAME_MAX_BYTES || strlen(a) > NAME_MAX_BYTES)
		return NAME_MAX_BYTES;
	for (size_t j = 0; j <= n; j++)
		row[j] = j;
	for (size_t i = 0; a[i]; i++) {
		size_t diagonal = row[0];

		row[0] = i + 1;
		for (size_t j = 1; j <= n; j++) {
			size_t above = row[j];

			row[j] = min3(above + 1, row[j - 1] + 1, diagonal + (a[i] != b[j - 1]));
			diagonal = above;
		}
	}
	return row[n];
}

static int
unknown(const struct command_table *t, const char *name)
{
	size_t fewest = NEAR_MAX_EDITS + 1;
	const char *nearest = NULL;

	for (size_t i = 0; i < t->n; i++) {
		size_t edits = edits_between(name, t->commands[i].name);

		if (edits < fewest) {
			fewest = edits;
			nearest = t->commands[i].name;
		}
	}
	fprintf(stderr, "%s: there is no command \"%.60s\"", t->program, name);
	if (nearest)
		fprintf(stderr, "; is it \"%s\"?", nearest);
	fprintf(stderr, " (%s help lists them)\n", t->program);
	return EXIT_WRONG;
}

int
dispatch(const struct command_table *table, int argc, char **argv)
{
	if (argc < 2) {
		help_print(table, stderr);
		return EXIT_WRONG;
	}
	if (strcmp(argv[1], "help") == 0 || strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
		help_print(table, stdout);
		return EXIT_YES;
	}
	for (size_t i = 0; i < table->n; i++)
		if (strcmp(table->commands[i].name, argv[1]) == 0)
			return table->commands[i].run(argc - 1, argv + 1);
	return unknown(table, argv[1]);
}
