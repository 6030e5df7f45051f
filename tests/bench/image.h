/* SPDX-License-Identifier: Apache-2.0 */
/*
 * image - the rows that one order leaves at each hop, written again for other orders (tests/bench/bare.sql makes it)
 * In each row the ids are other ones, which lie as near to each other, the instants are now, and all else is the same.
 */
#ifndef TRIBUTARY_BENCH_IMAGE_H
#define TRIBUTARY_BENCH_IMAGE_H

#include "broker/broker.h"
#include "store/store.h"

struct image;

/*
 * image_load - what is written at one hop, into the arena
 * OUTCOME_DEAD  bare-image: nothing is, or too much; else as store_ask()
 */
enum outcome image_load(struct store *store, int64_t hop, struct arena *arena, struct image **image,
			struct why *why) MUST_CHECK;
/* image_body_bytes - how long the message is that is said there */
size_t image_body_bytes(const struct image *image);
/* image_write - of n messages, one order each: in as many transactions as the hop has. Outcomes as store_commit() */
enum outcome image_write(const struct image *image, struct store *store, struct arena *arena,
			 const struct delivery *deliveries, size_t n, struct why *why) MUST_CHECK;

#endif
