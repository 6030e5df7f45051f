/* SPDX-License-Identifier: Apache-2.0 */
#include "seen.h"

#include "base/instant.h"

#include <inttypes.h>

void
seen_init(struct seen *s)
{
	pthread_mutex_init(&s->lock, NULL);
}

void
seen_release(struct seen *s)
{
	pthread_mutex_destroy(&s->lock);
}

void
seen_put(struct seen *s, const char *method, const char *mode)
{
	size_t i;

	pthread_mutex_lock(&s->lock);
	i = s->count++ % SEEN_MAX;
	s->requests[i].at_ms = instant_now_us() / 1000;
	s->requests[i].method = method;
	s->requests[i].mode = mode;
	pthread_mutex_unlock(&s->lock);
}

uint64_t
seen_count(struct seen *s)
{
	uint64_t count;

	pthread_mutex_lock(&s->lock);
	count = s->count;
	pthread_mutex_unlock(&s->lock);
	return count;
}

void
seen_put_json(struct seen *s, struct buf *out)
{
	buf_put_char(out, '[');
	pthread_mutex_lock(&s->lock);
	for (uint64_t i = s->count < SEEN_MAX ? 0 : s->count - SEEN_MAX; i < s->count; i++)
		buf_printf(out, "%s{\"at_ms\":%" PRId64 ",\"method\":\"%s\",\"mode\":\"%s\"}", out->n > 1 ? "," : "",
			   s->requests[i % SEEN_MAX].at_ms, s->requests[i % SEEN_MAX].method,
			   s->requests[i % SEEN_MAX].mode);
	pthread_mutex_unlock(&s->lock);
	buf_put_char(out, ']');
}
