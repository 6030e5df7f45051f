/* SPDX-License-Identifier: Apache-2.0 */
/*
 * options - a command's line as one table
 * Long options only: --name VALUE, --name=VALUE, --flag; "--" ends them. From the table come the checks and --help. All
 * that is wrong with a line is said at once.
 *
 *   static const struct option_row rows[] = {
 *       {"limit", OPTION_INT, offsetof(struct wish, limit), "N", "50", NULL, 1, 1000, "rows at most"},
 *       {"json", OPTION_FLAG, offsetof(struct wish, is_json), .help = "for programs"},
 *   };
 */
#ifndef TRIBUTARY_CLI_OPTIONS_H
#define TRIBUTARY_CLI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum option_type {
	OPTION_FLAG, /* bool */
	OPTION_TEXT, /* const char *, borrowed from argv, the environment or the default */
	OPTION_INT,  /* int64_t */
};

struct option_row {
	const char *name; /* without the dashes */
	enum option_type type;
	size_t offset;             /* of the value in the struct of values */
	const char *value_name;    /* for --help: FILE */
	const char *default_value; /* NULL: the value stays as it was, NULL, 0 or false */
	const char *environment;   /* variable that comes before the default; NULL: none */
	int64_t min, max;          /* of an int */
	const char *help;
};

struct options {
	const char *synopsis; /* tributary order [--json] ORDER */
	const char *summary;
	const struct option_row *rows;
	size_t n;
	size_t words_min, words_max; /* of what is no option */
};

/*
 * options_read - fill the struct of values; false: the command ends, --help was answered or what is wrong said on stderr
 * argv    argv[0] is skipped; reordered so that the words stand first
 * values  zeroed by the caller
 * words   the words, borrowed from argv; NULL when words_max is 0
 * status  set when it ends: EXIT_YES after --help, EXIT_WRONG after a wrong line
 */
bool options_read(const struct options *options, int argc, char **argv, void *values, const char **words,
		  size_t *words_count, int *status);

#endif
