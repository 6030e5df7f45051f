/* SPDX-License-Identifier: Apache-2.0 */
/*
 * prepared - which statements the server knows on this connection
 * By the statement's address: a statement is a constant of the program.
 */
#ifndef TRIBUTARY_STORE_PREPARED_H
#define TRIBUTARY_STORE_PREPARED_H

#include "store/store.h"

#define PREPARED_SLOTS 512 /* a power of two; a program has fewer than half as many statements */

struct prepared {
	const struct statement *slots[PREPARED_SLOTS];
	bool is_known[PREPARED_SLOTS];
};

/* prepared_put - true when the statement was already known; it is from now on */
bool prepared_put(struct prepared *p, const struct statement *statement);
/* prepared_forget - the server did not take it */
void prepared_forget(struct prepared *p, const struct statement *statement);
/* prepared_clear - a new connection knows nothing */
void prepared_clear(struct prepared *p);

#endif
