/* SPDX-License-Identifier: Apache-2.0 */
#include "options.h"

#include "commands.h"

#include "base/str.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct parse {
	const struct options *options;
	char *values;
	const char **words;
	size_t words_count;
	size_t problems_count;
	uint64_t seen; /* a bit per row */
};

static void
help_print(const struct options *o)
{
	char left[80];

	printf("usage: %s\n\n%s\n\n", o->synopsis, o->summary);
	for (size_t i = 0; i < o->n; i++) {
		const struct option_row *row = &o->rows[i];

		snprintf(left, sizeof left, "--%s%s%s", row->name, row->value_name ? " " : "",
			 row->value_name ? row->value_name : "");
		printf("  %-24s %s", left, row->help);
		if (row->environment)
			printf(" (environment: %s)", row->environment);
		if (row->default_value && row->default_value[0])
			printf(" (default: %s)", row->default_value);
		putchar('\n');
	}
	printf("  %-24s %s\n", "--help", "this page");
}

static void
value_put(struct parse *p, const struct option_row *row, const char *text)
{
	char *target = p->values + row->offset;
	int64_t number;

	if (row->type == OPTION_FLAG) {
		*(bool *)(void *)target = true;
	} else if (row->type == OPTION_TEXT) {
		*(const char **)(void *)target = text;
	} else if (str_to_int(str_of(text), &number) && number >= row->min && number <= row->max) {
		*(int64_t *)(void *)target = number;
	} else {
		fprintf(stderr, "--%s: \"%.40s\" is no whole number from %lld to %lld\n", row->name, text,
			(long long)row->min, (long long)row->max);
		p->problems_count++;
	}
}

static void
defaults_put(struct parse *p)
{
	for (size_t i = 0; i < p->options->n; i++) {
		const struct option_row *row = &p->options->rows[i];
		const char *text = row->environment ? getenv(row->environment) : NULL;

		if (p->seen >> i & 1)
			continue;
		if (!text || !text[0])
			text = row->default_value;
		if (text)
			value_put(p, row, text);
	}
}

static void
word_put(struct parse *p, const char *word)
{
	if (p->words_count < p->options->words_max)
		p->words[p->words_count] = word;
	p->words_count++;
}

static void
problem(struct parse *p, const char *option, const char *what)
{
	fprintf(stderr, "%.60s: %s\n", option, what);
	p->problems_count++;
}

/* Takes the option at argv[at], perhaps with its value behind it; returns how many it took. */
static int
option_take(struct parse *p, int argc, char **argv, int at)
{
	const char *name = argv[at] + 2, *equals = strchr(name, '=');
	size_t name_bytes = equals ? (size_t)(equals - name) : strlen(name);

	for (size_t i = 0; i < p->options->n; i++) {
		const struct option_row *row = &p->options->rows[i];

		if (strlen(row->name) != name_bytes || strncmp(row->name, name, name_bytes) != 0)
			continue;
		if (p->seen >> i & 1)
			problem(p, argv[at], "is given twice");
		p->seen |= UINT64_C(1) << i;
		if (row->type == OPTION_FLAG && equals)
			problem(p, argv[at], "takes no value");
		if (row->type == OPTION_FLAG || equals) {
			value_put(p, row, equals ? equals + 1 : "");
			return 1;
		}
		if (at + 1 < argc) {
			value_put(p, row, argv[at + 1]);
			return 2;
		}
		problem(p, argv[at], "needs a value");
		return 1;
	}
	problem(p, argv[at], "there is no such option");
	return 1;
}

bool
options_read(const struct options *options, int argc, char **argv, void *values, const char **words,
	     size_t *words_count, int *status)
{
	struct parse p = {.options = options, .values = values, .words = words};
	bool is_over = false;

	for (int i = 1; i < argc;) {
		if (!is_over && (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)) {
			help_print(options);
			*status = EXIT_YES;
			return false;
		}
		if (!is_over && strcmp(argv[i], "--") == 0) {
			is_over = true;
			i++;
		} else if (!is_over && argv[i][0] == '-' && argv[i][1] == '-') {
			i += option_take(&p, argc, argv, i);
		} else {
			word_put(&p, argv[i++]);
		}
	}
	if (p.words_count > options->words_max)
		problem(&p, argv[0], options->words_max ? "too many words" : "takes options only");
	if (p.words_count < options->words_min)
		problem(&p, argv[0], "something is missing");
	defaults_put(&p);
	if (p.problems_count) {
		fprintf(stderr, "usage: %s\n", options->synopsis);
		*status = EXIT_WRONG;
		return false;
	}
	if (words_count)
		*words_count = p.words_count;
	return true;
}
