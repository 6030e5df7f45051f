/* SPDX-License-Identifier: Apache-2.0 */
#include "clock/clock.h"

#include <stddef.h>

#define AT(member) offsetof(struct clock_config, member)

static const struct param clock_params[] = {
    {"CLOCK_EVERY_MS", PARAM_INT, AT(every_ms), "10000", 100, 3600000, "ms", "from one look to the next"},
    {"CLOCK_DUE_MAX", PARAM_INT, AT(due_max), "200", 1, 2000, "orders", "most orders that a look wakes"},
};

static const struct worker clock_worker = {
    .name = "clock",
    .summary = "wakes orders that waited for stock which is there now",
    .params = clock_params,
    .params_count = COUNT_OF(clock_params),
    .config_size = sizeof(struct clock_config),
    .tick = clock_tick,
    .open = clock_open,
    .close = clock_close,
};

int
main(int argc, char **argv)
{
	return worker_main(&clock_worker, argc, argv);
}
