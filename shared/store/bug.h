/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bug - the end of a process whose code contradicts itself
 * For mistakes of the program only, never of data or of a peer: the supervisor restarts it, the broker redelivers.
 */
#ifndef TRIBUTARY_STORE_BUG_H
#define TRIBUTARY_STORE_BUG_H

#include <stdnoreturn.h>

/* store_bug - says what contradicts what, on stderr, and aborts */
noreturn void store_bug(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
