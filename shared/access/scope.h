/* SPDX-License-Identifier: Apache-2.0 */
/*
 * scope - what a key of the API may be used for
 * To add one: a bit, a row in scope.c, and a migration that lets api_keys.scopes have its name.
 */
#ifndef TRIBUTARY_ACCESS_SCOPE_H
#define TRIBUTARY_ACCESS_SCOPE_H

#include "base/outcome.h"

enum scope {
	SCOPE_SUBMIT = 1 << 0,  /* submit: send documents and orders */
	SCOPE_ORDERS = 1 << 1,  /* orders: read the own party's orders and what became of them */
	SCOPE_STOCK = 1 << 2,   /* stock: ask for availability */
	SCOPE_PRICES = 1 << 3,  /* prices: ask for quotations */
	SCOPE_OPERATE = 1 << 4, /* operate: what else is for the fleet's own people */
};

#define SCOPES_ALL (SCOPE_SUBMIT | SCOPE_ORDERS | SCOPE_STOCK | SCOPE_PRICES | SCOPE_OPERATE)
#define SCOPES_TEXT_BYTES 64 /* all names with commas and a NUL */

/* scope_get - the bit of a name; 0 when there is none */
unsigned scope_get(struct str name);

/*
 * scopes_parse - "submit,orders", at least one, blanks around a name allowed
 * scopes  bits
 * OUTCOME_DEAD  code: scope-unknown
 */
enum outcome scopes_parse(struct str list, unsigned *scopes, struct why *why) MUST_CHECK;

/* scopes_format - the names with commas, in the order above; returns the length */
size_t scopes_format(unsigned scopes, char out[static SCOPES_TEXT_BYTES]);

#endif
