/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bare - one hop of the bare limit: the same messages, rows and group commits as a worker, and no logic
 */
#ifndef TRIBUTARY_BENCH_BARE_H
#define TRIBUTARY_BENCH_BARE_H

/*
 * bare_command - bench bare --hop N --last N --count N [--batch N]
 * Takes messages from queue bare.<hop>, up to `batch` (100) at a time, writes for each the rows that bare.image has of the hop
 * (tests/bench/bare.sql) in as many transactions as a worker, publishes a body as long as the fleet's to bare.<hop + 1>, acknowledges. Ends after
 * `count` messages; the last hop prints, twice a second and at its end, the time in microseconds since 1970 and how many it has
 * taken. AMQP_URL and DATABASE_URL say where. Returns 0, 1 or 2.
 */
int bare_command(int argc, char **argv);

#endif
