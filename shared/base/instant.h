/* SPDX-License-Identifier: Apache-2.0 */
/*
 * instant - a point in time as microseconds since 1970-01-01T00:00:00Z, and the monotonic clock for durations
 */
#ifndef TRIBUTARY_BASE_INSTANT_H
#define TRIBUTARY_BASE_INSTANT_H

#include "base/outcome.h"

#define INSTANT_TEXT_BYTES 32

int64_t instant_now_us(void);
int64_t monotonic_us(void);
/* instant_parse - RFC 3339 with "Z" or an offset, up to six decimals: 2008-01-10T11:00:00-05:00 */
bool instant_parse(struct str text, int64_t *us) MUST_CHECK;
/* instant_format - 2008-01-10T16:00:00Z, with decimals only when there are any; returns the length */
size_t instant_format(int64_t us, char out[static INSTANT_TEXT_BYTES]);
/* instant_day - days since 1970-01-01, UTC */
int64_t instant_day(int64_t us);

#endif
