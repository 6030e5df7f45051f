/* SPDX-License-Identifier: Apache-2.0 */
/*
 * NAME      tributary - how people and scripts work with the fleet
 * SYNOPSIS  tributary COMMAND [OPTION...]
 * EXIT      0 yes, 1 no (or a server is away), 2 wrong command line
 */
#include "commands.h"
#include "dispatch.h"

#include "base/str.h"

static const struct command commands[] = {
    {"topology", "what RabbitMQ must hold: describe, definitions, apply, check", topology_command},
};

static const struct command_table table = {
    .program = "tributary",
    .summary = "orders from every channel in one stream",
    .commands = commands,
    .n = COUNT_OF(commands),
};

int
main(int argc, char **argv)
{
	return dispatch(&table, argc, argv);
}
