/* SPDX-License-Identifier: Apache-2.0 */
/*
 * submit - publish documents as a party would
 */
#ifndef TRIBUTARY_CLI_SUBMIT_H
#define TRIBUTARY_CLI_SUBMIT_H

/*
 * submit_command - tributary submit --party P [--kind order] FILE…
 * Publishes each file to `intake` with confirm, mandatory, and prints its message id and, when the party's mapping can
 * tell, the order's id. Returns 0, 1 (one or more were not taken) or 2 (usage).
 */
int submit_command(int argc, char **argv);

#endif
