/* SPDX-License-Identifier: Apache-2.0 */
/*
 * messages - brokers and messages as the broker's tests need them; what should work and does not ends the test
 */
#ifndef TRIBUTARY_TESTS_MESSAGES_H
#define TRIBUTARY_TESTS_MESSAGES_H

#include "broker/broker.h"

#define MESSAGES_WAIT_MS 30000 /* longest wait for what must come */

/* messages_broker - one with heartbeat 2 s and rpc_timeout 5 s; queue may be NULL */
struct broker *messages_broker(const char *urls, const char *queue, int64_t prefetch);
/* messages_to - a message with its number as id and body to a queue by the default exchange */
struct outgoing messages_to(const char *queue, struct arena *arena, int number);
/* messages_fill - publish n numbered messages to the queue, all confirmed */
void messages_fill(struct broker *b, const char *queue, int first, int n);
/* messages_take - the next delivery, waiting through every outage up to MESSAGES_WAIT_MS */
void messages_take(struct broker *b, struct arena *arena, struct delivery *delivery);
/* messages_none - nothing is delivered within ms */
void messages_none(struct broker *b, int64_t ms);
int messages_number(const struct delivery *delivery);
/* messages_depth - wait until the queue has `depth` messages ready */
void messages_depth(const char *queue, int depth);

#endif
