/* SPDX-License-Identifier: Apache-2.0 */
#include "model/model.h"

#include "model/allocation.h"
#include "model/invoice.h"
#include "model/order.h"
#include "model/shipment.h"

#include <string.h>

const struct contract *const model_contracts[] = {&order_contract, &allocation_contract, &shipment_contract,
						  &confirmation_contract, &invoice_contract};
const size_t model_contracts_count = COUNT_OF(model_contracts);

const struct contract *
model_contract(const char *name)
{
	for (size_t i = 0; i < model_contracts_count; i++)
		if (strcmp(model_contracts[i]->name, name) == 0)
			return model_contracts[i];
	return NULL;
}
