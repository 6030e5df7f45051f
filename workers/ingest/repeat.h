/* SPDX-License-Identifier: Apache-2.0 */
/*
 * repeat - what an order was made of, byte for byte again
 * A channel that is not sure whether it was heard says the same again. Parsing and mapping that costs most of all that is done
 * about it, and the answer is known: the same bytes, as the same kind, read with the same (reading.h) say the same. So Redis is
 * asked which order they made, and Postgres, which has the order locked, whether that is so and the order is still as these
 * very bytes made it. Then it is a duplicate, as revise_decide() would say. Anything else is read as everything is.
 *
 *   repeats_ask --order's id, or not--> (the others are read) --orders locked--> repeats_settle --> duplicate, or read now
 *
 * Only what became an order as a whole is remembered: what was split is answered again, and a change of some lines depends on
 * what it changes. What documents look like (drift.h) is not learned from a repeat, for it was learned from the first.
 */
#ifndef TRIBUTARY_INGEST_REPEAT_H
#define TRIBUTARY_INGEST_REPEAT_H

#include "worker/worker.h"

/* repeats_ask - sets is_unread and the order of those that Redis knows; scratch has their hash and reading */
enum outcome repeats_ask(struct batch *batch, struct why *why) MUST_CHECK;
/*
 * repeats_settle - the caller has all of these orders locked
 * orders  n items of the batch, sorted by order, those that are unread among them; when another document of the same order
 *         was read, they are read, too: what came first may have changed it
 * read    reads one as if nobody had been asked; what then is another order than the one that is locked comes again
 */
enum outcome repeats_settle(struct batch *batch, struct item **orders, size_t n,
			    void (*read)(struct batch *batch, struct item *item), struct why *why) MUST_CHECK;
/* repeats_remember - those of the batch that became orders */
void repeats_remember(struct batch *batch);

#endif
