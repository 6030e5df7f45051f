/* SPDX-License-Identifier: Apache-2.0 */
/*
 * echo - say every message of a queue once more, as if its publisher had
 */
#ifndef TRIBUTARY_BENCH_ECHO_H
#define TRIBUTARY_BENCH_ECHO_H

/*
 * echo_command - bench echo --queue Q
 * Every message of the queue is published again to the exchange it came by, with its routing key, id, headers and body;
 * what it said itself it does not say again. AMQP_URL says where. Goes on until SIGTERM, or until nothing came for 60
 * s. Prints how many it said. Returns 0, 1 or 2.
 */
int echo_command(int argc, char **argv);

#endif
