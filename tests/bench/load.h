/* SPDX-License-Identifier: Apache-2.0 */
/*
 * load - publish many documents made from one template
 */
#ifndef TRIBUTARY_BENCH_LOAD_H
#define TRIBUTARY_BENCH_LOAD_H

/*
 * load_command - bench load --party P --template FILE --count N [--first N] [--prefix TEXT] [--rate PER_S] [--twice]
 *                         [--copy N] [--skew S] [--patience S] [--times FILE]
 * In the template @ID@ becomes the prefix and a number from `first` on, @N@ the number alone. AMQP_URL says where to.
 * --rate spreads them evenly over time, --twice publishes each document twice, --skew S sets the messages' clock off by
 * S seconds. --copy N says them as the N-th time: the same documents under other message ids. What the broker did not
 * confirm is published again, for --patience S (60) before it gives up; a document that nobody is bound for ends it.
 * --times FILE writes for each when it was said: the id, microseconds since 1970.
 * Prints one line: count, seconds, per second, and how many were published again. Returns 0, 1 or 2.
 */
int load_command(int argc, char **argv);

#endif
