/* SPDX-License-Identifier: Apache-2.0 */
/*
 * outputs - a list of messages as bytes, as the journal keeps them
 * Written by the skeleton; also read by who follows what became of what was said.
 */
#ifndef TRIBUTARY_WORKER_OUTPUTS_H
#define TRIBUTARY_WORKER_OUTPUTS_H

#include "base/arena.h"
#include "broker/broker.h"

struct output {
	struct output *next;
	struct outgoing message;
};

/* outputs_pack - .p is NULL without memory */
struct str outputs_pack(const struct output *outputs, struct arena *arena);
/*
 * outputs_unpack - false when the bytes are none of ours
 * outputs  from the arena; NULL when there were none. Texts are views of `packed`
 */
bool outputs_unpack(struct str packed, struct arena *arena, struct output **outputs) MUST_CHECK;

#endif
