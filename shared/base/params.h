/* SPDX-License-Identifier: Apache-2.0 */
/*
 * params - a program's configuration as one table
 * Each row names an environment variable. From the table come the checks, --help and ops/config.md. NAME_FILE may name
 * a file that holds the value, so that no secret stands in the environment. All problems are reported at once.
 */
#ifndef TRIBUTARY_BASE_PARAMS_H
#define TRIBUTARY_BASE_PARAMS_H

#include "base/outcome.h"

#include <stdio.h>

enum param_type {
	PARAM_TEXT,
	PARAM_SECRET,
	PARAM_INT,
	PARAM_CHOICE, /* a text, one of the words of `unit`: "debug|info|warn|error" */
};

struct param {
	const char *name; /* AMQP_URL */
	enum param_type type;
	size_t offset;             /* of a `const char *` or an `int64_t` in the config struct */
	const char *default_value; /* NULL: must be given */
	int64_t min, max;          /* of an int, or of a text's length in bytes */
	const char *unit;          /* "ms", "messages", ""; of a choice its words */
	const char *help;
};

/*
 * params_read - fill the config struct from the environment
 * config  zeroed; texts are allocated and live until params_release
 * errors  one line per problem
 * Returns the number of problems.
 */
size_t params_read(const struct param *params, size_t n, void *config, FILE *errors);
/* params_release - frees the texts; the struct is void then */
void params_release(const struct param *params, size_t n, void *config);
/* params_help - the table for people */
void params_help(const struct param *params, size_t n, FILE *out);
/* params_markdown - rows of a Markdown table: name, default, range, unit, meaning */
void params_markdown(const struct param *params, size_t n, FILE *out);

/* secret_env - the value of NAME, or of the file that NAME_FILE names, allocated; NULL when neither is set */
char *secret_env(const char *name);

#endif
