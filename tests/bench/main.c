/* SPDX-License-Identifier: Apache-2.0 */
/* The tools of the benchmark and the fault tests: see load.h, bare.h, echo.h and formats.h. */
#include "bare.h"
#include "echo.h"
#include "formats.h"
#include "load.h"

#include <stdio.h>
#include <string.h>

int
main(int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], "load") == 0)
		return load_command(argc - 1, argv + 1);
	if (argc > 1 && strcmp(argv[1], "bare") == 0)
		return bare_command(argc - 1, argv + 1);
	if (argc > 1 && strcmp(argv[1], "echo") == 0)
		return echo_command(argc - 1, argv + 1);
	if (argc > 1 && strcmp(argv[1], "formats") == 0)
		return formats_command(argc - 1, argv + 1);
	fprintf(stderr, "bench load|bare|echo|formats …\n");
	return 2;
}
