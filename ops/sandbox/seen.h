/* SPDX-License-Identifier: Apache-2.0 */
/*
 * seen - the latest requests, for tests that look at who comes when
 * May be used by several threads.
 */
#ifndef TRIBUTARY_SANDBOX_SEEN_H
#define TRIBUTARY_SANDBOX_SEEN_H

#include "base/str.h"

#include <pthread.h>

#define SEEN_MAX 2000

struct seen {
	pthread_mutex_t lock;
	uint64_t count; /* of all; the latest SEEN_MAX are kept, each at its number modulo that */
	struct {
		int64_t at_ms; /* since 1970 */
		const char *method, *mode;
	} requests[SEEN_MAX];
};

void seen_init(struct seen *s); /* zeroed before */
void seen_release(struct seen *s);
/* seen_put - a request came just now; the texts are literals */
void seen_put(struct seen *s, const char *method, const char *mode);
uint64_t seen_count(struct seen *s);
/* seen_put_json - [{"at_ms": …, "method": "POST", "mode": "busy"}, …] */
void seen_put_json(struct seen *s, struct buf *out);

#endif
