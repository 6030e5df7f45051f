/* SPDX-License-Identifier: Apache-2.0 */
/*
 * load - publish many documents made from one template
 */
#ifndef TRIBUTARY_BENCH_LOAD_H
#define TRIBUTARY_BENCH_LOAD_H

/*
 * load_command - bench load --party P --template FILE --count N [--first N] [--prefix TEXT] [--rate PER_S] [--twice]
 * In the template @ID@ becomes the prefix and a number from `first` on, @N@ the number alone. AMQP_URL says where to.
 * --rate spreads them evenly over time, --twice publishes each document twice.
 * Prints one line: count, seconds, per second. Returns 0, 1 or 2.
 */
int load_command(int argc, char **argv);

#endif
