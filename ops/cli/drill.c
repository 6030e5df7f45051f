/* SPDX-License-Identifier: Apache-2.0 */
/*
 * NAME      tributary drill - break the fleet on purpose, on a stack of its own, and see that nothing is lost or doubled
 * SYNOPSIS  tributary drill [--orders N] [--faults N] [--seed N] [--plan] [--json] ...
 * The drill is the script ops/drill/run of the checkout that this program was built in; it says what else there is.
 */
#include "commands.h"

#include "base/str.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SCRIPT "/ops/drill/run"

/* Looks for the script in the folders above this program, which is in build/bin or build/san/bin; the script is told to
 * take the programs beside this one. */
static bool
script_find(char path[static PATH_MAX + sizeof SCRIPT])
{
	ssize_t n = readlink("/proc/self/exe", path, PATH_MAX - 1);

	if (n < 0)
		return false;
	path[n] = '\0';
	for (char *slash; (slash = strrchr(path, '/'));) {
		*slash = '\0';
		(void)setenv("TRIBUTARY_BIN", path, 0);
		memcpy(slash, SCRIPT, sizeof SCRIPT);
		if (access(path, X_OK) == 0)
			return true;
		*slash = '\0';
	}
	return false;
}

int
drill_command(int argc, char **argv)
{
	char path[PATH_MAX + sizeof SCRIPT];

	(void)argc;
	if (!script_find(path)) {
		fprintf(stderr, "tributary drill: the script ops/drill/run is not above this program\n");
		return EXIT_NO;
	}
	argv[0] = path;
	execv(path, argv);
	perror(path);
	return EXIT_NO;
}
