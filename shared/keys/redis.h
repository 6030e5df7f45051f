/* SPDX-License-Identifier: Apache-2.0 */
/*
 * redis - one connection to Redis, made anew when it is lost, at most once per second
 * hiredis writes the commands and reads the replies; the bytes go over a wire (http/wire.h), with TLS for rediss://. A call
 * is redis_begin(), its commands, and as many replies; all of it within the timeout. Connecting before it has the timeout once
 * more, with TLS four times.
 *
 *   if (redis_begin(r) && redis_command(r, n, words, lengths) && (reply = redis_reply(r))) ... freeReplyObject(reply);
 */
#ifndef TRIBUTARY_KEYS_REDIS_H
#define TRIBUTARY_KEYS_REDIS_H

#include "base/outcome.h"
#include "broker/url.h"
#include "http/wire.h"

#include <hiredis/hiredis.h>

struct redis {
	struct url url;
	char *ca_file; /* NULL: the system's */
	char database[8];
	int64_t timeout_ms;
	struct wire *wire; /* NULL while away; never used again after trouble: its replies would shift */
	redisReader *reader;
	struct buf out;      /* commands to be sent with the next reply that is asked for */
	int64_t next_try_us; /* monotonic */
	int64_t deadline_us; /* of the call under way */
	uint64_t connections_count;
	char logged[WIRE_TEXT_BYTES]; /* the last trouble that was logged; empty while all is well */
};

/* redis_open - no connection yet; `r` is zeroed. DEAD redis-url: what is wrong with the URL, never its text */
enum outcome redis_open(struct redis *r, const char *url, const char *ca_file, int64_t timeout_ms,
			struct why *why) MUST_CHECK;
void redis_close(struct redis *r); /* also of one that could not be opened */
/* redis_begin - a call begins: false when Redis is away, or was found to be so now */
bool redis_begin(struct redis *r);
/* redis_command - one more of the call, of n words; false with the connection gone when there is no memory */
bool redis_command(struct redis *r, size_t n, const char *const *words, const size_t *lengths);
/* redis_reply - the next one, which the caller frees; NULL with the connection gone when there is none, or an error */
redisReply *redis_reply(struct redis *r);
/* redis_skip - n replies that say nothing; false with the connection gone */
bool redis_skip(struct redis *r, size_t n);
/* redis_lost - the connection is of no more use: it is closed, and why is logged once */
void redis_lost(struct redis *r, const char *text);

#endif
