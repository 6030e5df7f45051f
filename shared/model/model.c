/* SPDX-License-Identifier: Apache-2.0 */
#include "model/model.h"

#include "formats/json.h"
#include "model/acknowledgement.h"
#include "model/allocation.h"
#include "model/invoice.h"
#include "model/order.h"
#include "model/question.h"
#include "model/return_request.h"
#include "model/shipment.h"
#include "model/stock_report.h"

#include <string.h>

#define TREE_MAX_BYTES ((size_t)16 << 20)

const struct contract *const model_contracts[] = {
    &order_contract, &allocation_contract, &shipment_contract, &confirmation_contract, &invoice_contract,
    &acknowledgement_contract, &stock_report_contract, &return_contract,
    /* of the gateway */
    &availability_question_contract, &quote_question_contract, &customer_question_contract};
const size_t model_contracts_count = COUNT_OF(model_contracts);

const struct contract *const model_channel_contracts[] = {&channel_order_contract, &channel_return_contract};
const size_t model_channel_contracts_count = COUNT_OF(model_channel_contracts);

const struct contract *
model_contract(const char *name)
{
	for (size_t i = 0; i < model_contracts_count; i++)
		if (strcmp(model_contracts[i]->name, name) == 0)
			return model_contracts[i];
	return NULL;
}

enum outcome
model_tree(const struct contract *contract, const void *document, struct arena *arena, struct node **tree,
	   struct why *why)
{
	const struct tree_limits limits = {.bytes = TREE_MAX_BYTES, .depth = 64, .nodes = SIZE_MAX};
	struct str copy = {NULL, 0};
	struct buf json;

	buf_init(&json, TREE_MAX_BYTES);
	contract_put_json(contract, document, &json, 0);
	if (buf_is_ok(&json))
		copy = arena_str(arena, buf_str(&json));
	buf_release(&json);
	if (!copy.p)
		return why_set(why, OUTCOME_DEAD, "too-large", "no memory for the %s", contract->name);
	return json_parse(copy, &limits, arena, tree, why);
}
