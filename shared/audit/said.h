/* SPDX-License-Identifier: Apache-2.0 */
/*
 * said - rows of the journal with what their messages said
 * All that the messages of one transaction said is one packed value (journal_outputs): it is read once, whoever of them is
 * asked for.
 */
#ifndef TRIBUTARY_AUDIT_SAID_H
#define TRIBUTARY_AUDIT_SAID_H

#include "store/store.h"

struct said {
	size_t place; /* in the list that was asked, from 0 */
	bool is_done; /* for good */
	int64_t settled_us;
	struct str outputs; /* for outputs_unpack(); valid during the call */
	bool is_lost;       /* it said something, which is not there, though no day went by retention that had it */
};

/* said_fn - false ends the reading */
typedef bool (*said_fn)(void *context, const struct said *said);

/* message_id, stage */
extern const struct statement said_asked;

/*
 * said_each - those of the list that the journal knows, in any order. Transactions of its own on `store`: results of before
 * are gone
 * asked  rows of said_asked
 */
enum outcome said_each(struct store *store, struct arena *arena, const struct rows *asked, said_fn fn, void *context,
		       struct why *why) MUST_CHECK;

#endif
