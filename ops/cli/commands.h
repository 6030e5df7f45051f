/* SPDX-License-Identifier: Apache-2.0 */
/*
 * commands - the subcommands of `tributary`
 * argv[0] is the subcommand's name. Each answers --help and --json, never asks a question, and returns the exit status.
 */
#ifndef TRIBUTARY_CLI_COMMANDS_H
#define TRIBUTARY_CLI_COMMANDS_H

enum exit_status {
	EXIT_YES = 0,
	EXIT_NO = 1,    /* the answer is no, or a server is away */
	EXIT_WRONG = 2, /* the command line is */
};

int api_command(int argc, char **argv);
int audit_command(int argc, char **argv);
int backorders_command(int argc, char **argv);
int contracts_command(int argc, char **argv);
int dead_letters_command(int argc, char **argv);
int drill_command(int argc, char **argv);
int exceptions_command(int argc, char **argv);
int fleet_command(int argc, char **argv);
int keys_command(int argc, char **argv);
int migrate_command(int argc, char **argv);
int mirror_command(int argc, char **argv);
int order_command(int argc, char **argv);
int orders_command(int argc, char **argv);
int party_command(int argc, char **argv);
int proof_command(int argc, char **argv);
int retention_command(int argc, char **argv);
int submit_command(int argc, char **argv);
int topology_command(int argc, char **argv);

#endif
