/* SPDX-License-Identifier: Apache-2.0 */
/*
 * NAME      tributary - how people and scripts work with the fleet
 * SYNOPSIS  tributary COMMAND [OPTION...]
 * EXIT      0 yes, 1 no (or a server is away), 2 wrong command line
 */
#include "commands.h"
#include "dispatch.h"

#include "base/log.h"
#include "base/str.h"

static const struct command commands[] = {
    {"submit", "publish documents as a party would", submit_command},
    {"orders", "the latest orders and where they stand", orders_command},
    {"order", "one order: lines, shipments, invoices, timeline; its proof", order_command},
    {"proof", "that nothing written down was changed: check", proof_command},
    {"exceptions", "orders that wait for a person: list, show, release, dismiss", exceptions_command},
    {"backorders", "orders that wait for stock: list, end, resume", backorders_command},
    {"dead-letters", "messages that were given up on: list, show, replay, discard", dead_letters_command},
    {"audit", "do the books balance? A certificate, and each row that breaks one", audit_command},
    {"keys", "the API's keys: create, list, rotate, revoke", keys_command},
    {"api", "which party still calls what over HTTP: usage", api_command},
    {"mirror", "load what the ERP exports", mirror_command},
    {"retention", "drop what is older than a number of days: show, apply", retention_command},
    {"migrate", "bring the database up to date", migrate_command},
    {"contracts", "the canonical documents: list, schema, encode, decode", contracts_command},
    {"party", "the parties and their mappings: list, check, try", party_command},
    {"drill", "break the fleet on purpose, on a stack of its own, and see that nothing is lost or doubled",
     drill_command},
    {"topology", "what RabbitMQ must hold: workers, definitions, asyncapi, apply, check", topology_command},
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
	log_open("tributary", LOG_LEVEL_WARN);
	return dispatch(&table, argc, argv);
}
