/* SPDX-License-Identifier: Apache-2.0 */
/*
 * party_commands - the subcommands of `tributary party` that have files of their own
 */
#ifndef TRIBUTARY_CLI_PARTY_COMMANDS_H
#define TRIBUTARY_CLI_PARTY_COMMANDS_H

#include "party/party.h"

int party_new_command(int argc, char **argv);
int party_score_command(int argc, char **argv);
int party_diff_command(int argc, char **argv);
int party_drift_command(int argc, char **argv);
int party_sign_command(int argc, char **argv);
int party_remap_command(int argc, char **argv);

/* party_dir - PARTIES_DIR, or topology/parties */
const char *party_dir(void);

#endif
