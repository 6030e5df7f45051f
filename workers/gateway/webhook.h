/* SPDX-License-Identifier: Apache-2.0 */
/*
 * webhook - POST /v1/hooks/{party}: what senders push, proved by their own signature
 * A webhook whose signature is right is taken as it is: whether its document is any good is ingest's to find out, for its
 * sender would send it again and again, or give up.
 */
#ifndef TRIBUTARY_GATEWAY_WEBHOOK_H
#define TRIBUTARY_GATEWAY_WEBHOOK_H

#include "gateway/route.h"

enum outcome webhook_take(struct lane_work *work, struct call **calls, size_t n, struct why *why) MUST_CHECK;

#endif
