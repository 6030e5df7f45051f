/* SPDX-License-Identifier: Apache-2.0 */
/*
 * age - how far back, or ahead, a person means
 */
#ifndef TRIBUTARY_CLI_AGE_H
#define TRIBUTARY_CLI_AGE_H

#include <stdbool.h>
#include <stdint.h>

/* age_read - "90m", "12h", "7d" before now; false when it is none, and *since_us stays */
bool age_read(const char *text, int64_t *since_us) __attribute__((warn_unused_result));
/* age_ahead_read - the same after now */
bool age_ahead_read(const char *text, int64_t *until_us) __attribute__((warn_unused_result));

#endif
