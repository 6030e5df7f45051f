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

/* outputs_size - bytes that outputs_pack() writes */
size_t outputs_size(const struct output *outputs);
/* outputs_pack - to `p`, which has room for outputs_size(); returns what is behind them */
char *outputs_pack(const struct output *outputs, char *p);
/*
 * outputs_unpack - false when the bytes are none of ours
 * outputs  from the arena; NULL when there were none. Texts are views of `packed`
 */
bool outputs_unpack(struct str packed, struct arena *arena, struct output **outputs) MUST_CHECK;

#endif
