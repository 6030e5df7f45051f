/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bare - one hop of the bare limit: the same messages, rows and group commits as a worker, and no logic
 */
#ifndef TRIBUTARY_BENCH_BARE_H
#define TRIBUTARY_BENCH_BARE_H

/*
 * bare_command - bench bare --hop N --last N --count N [--rows N] [--batch N]
 * Takes messages from queue bare.<hop>, writes for each one wide row (the body) and `rows` narrow ones in one commit
 * per batch, publishes the body to bare.<hop + 1> unless it is the last, acknowledges. Ends after `count` messages; the
 * last hop prints, twice a second and at its end, the time in microseconds since 1970 and how many it has taken. AMQP_URL and DATABASE_URL say where. Returns 0, 1 or 2.
 */
int bare_command(int argc, char **argv);

#endif
