/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dispatch - a table of commands, and the way to the one that was named
 * `tributary` is one such table, `tributary topology` another.
 */
#ifndef TRIBUTARY_CLI_DISPATCH_H
#define TRIBUTARY_CLI_DISPATCH_H

#include <stddef.h>

struct command {
	const char *name;
	const char *summary;               /* one line, no full stop */
	int (*run)(int argc, char **argv); /* argv[0] is the name */
};

struct command_table {
	const char *program; /* what a person types before the command: "tributary topology" */
	const char *summary;
	const struct command *commands;
	size_t n;
};

/*
 * dispatch - run the command that argv[1] names
 * help, --help or -h print the table (exit 0); nothing or an unknown name is exit 2, with the nearest name suggested.
 */
int dispatch(const struct command_table *table, int argc, char **argv);

#endif
