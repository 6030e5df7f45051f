/* SPDX-License-Identifier: Apache-2.0 */
/*
 * drain_body - a message's body as people read and correct it: what it says, as JSON
 * A message of the fleet is of its event's contract; a document from outside is what came.
 */
#ifndef TRIBUTARY_CLI_DRAIN_BODY_H
#define TRIBUTARY_CLI_DRAIN_BODY_H

#include "contract/contract.h"
#include "formats/tree.h"
#include "store/store.h"

/* drain_body_contract - of the event; NULL when its body is of none */
const struct contract *drain_body_contract(struct str type);

/*
 * drain_body_tree - the body as a tree
 * OUTCOME_HELD  it is none: neither of a contract nor JSON     code: body-opaque
 */
enum outcome drain_body_tree(struct str type, struct str body, struct arena *arena, struct node **tree,
			     struct why *why) MUST_CHECK;

/* drain_body_text - laid out for people; what is no text is said to be none */
struct str drain_body_text(struct str type, struct str content_type, struct str body, struct arena *arena);
/* drain_body_json - that text as a JSON value: itself when it is JSON, else a JSON string */
struct str drain_body_json(struct str text, struct arena *arena);

/* drain_body_print - the bytes of the statement's column 3, as they are, to stdout; returns the exit status */
int drain_body_print(struct store *store, const struct rows *rows);

#endif
