/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kept - messages that wait for a person: exceptions and dead letters
 * Both are listed, shown, sent again and dismissed in the same way. Sending again: the row is claimed and the journal
 * forgets the message (one commit), the message is published with its old id (confirmed), the row is closed. Dying in
 * between leaves a claimed row, which the same command takes up again; a message sent twice is answered once.
 */
#ifndef TRIBUTARY_CLI_KEPT_H
#define TRIBUTARY_CLI_KEPT_H

/* tributary exceptions list|show ID|release ID…|dismiss ID… ; tributary dead-letters list|show ID|replay ID…|dismiss
 * ID… Return 0, 1 (something was not done, said why on stderr) or 2 (usage). */
int exceptions_command(int argc, char **argv);
int dead_letters_command(int argc, char **argv);

#endif
