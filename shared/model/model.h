/* SPDX-License-Identifier: Apache-2.0 */
/*
 * model - the list of all canonical documents, for what goes over all of them (schemas, docs, golden tests)
 */
#ifndef TRIBUTARY_MODEL_MODEL_H
#define TRIBUTARY_MODEL_MODEL_H

#include "contract/contract.h"
#include "formats/tree.h"

extern const struct contract *const model_contracts[];
extern const size_t model_contracts_count;
/* The same documents as a party sends them, without what is ours to say: <name>.channel.v1.schema.json. */
extern const struct contract *const model_channel_contracts[];
extern const size_t model_channel_contracts_count;

/* model_contract - by name; NULL when there is none */
const struct contract *model_contract(const char *name);

/*
 * model_tree - a canonical document as the tree that mappings read
 * OUTCOME_DEAD  code: too-large
 */
enum outcome model_tree(const struct contract *contract, const void *document, struct arena *arena, struct node **tree,
			struct why *why) MUST_CHECK;

#endif
