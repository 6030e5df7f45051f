/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bare - the bare limit of this machine: the same hops, the same rows, the same group commits, and no logic
 */
#ifndef TRIBUTARY_BENCH_BARE_H
#define TRIBUTARY_BENCH_BARE_H

int bare_command(int argc, char **argv);

#endif
