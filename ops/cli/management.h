/* SPDX-License-Identifier: Apache-2.0 */
/*
 * management - RabbitMQ's HTTP interface, as an administrator
 * The address is RABBITMQ_MANAGEMENT_URL, or in the file that RABBITMQ_MANAGEMENT_URL_FILE names:
 * http://user:password@host:port. User and password are never printed. Talks to the broker directly, through no proxy.
 */
#ifndef TRIBUTARY_CLI_MANAGEMENT_H
#define TRIBUTARY_CLI_MANAGEMENT_H

#include "base/outcome.h"

#define MANAGEMENT_TIMEOUT_DEFAULT_MS 30000
#define MANAGEMENT_TIMEOUT_MAX_MS 600000
#define MANAGEMENT_ANSWER_MAX_BYTES ((size_t)64 << 20)

struct management;

/*
 * management_new - read the address; asks nothing yet
 * timeout_ms  of each call, connecting included
 * OUTCOME_HELD  no address, or none that can be read  code: management-url
 */
enum outcome management_new(struct management **out, int64_t timeout_ms, struct why *why) MUST_CHECK;
void management_free(struct management *m); /* NULL is fine */

/*
 * management_get / management_post - one call; path begins with /api/
 * body    what to send, JSON
 * answer  of the caller; cleared, then filled with the broker's JSON
 *
 * OUTCOME_AWAY  no answer in time, or none at all         code: broker-away
 * OUTCOME_HELD  user or password wrong, or no right to it   code: broker-refused
 * OUTCOME_DEAD  it says no: the reason is in why->text       code: broker-answer
 */
enum outcome management_get(struct management *m, const char *path, struct buf *answer, struct why *why) MUST_CHECK;
enum outcome management_post(struct management *m, const char *path, struct str body, struct buf *answer,
			     struct why *why) MUST_CHECK;

#endif
