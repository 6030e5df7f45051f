/* SPDX-License-Identifier: Apache-2.0 */
/*
 * contract - the operations that an OpenAPI document promises
 * What is read of each operation (OpenAPI 3, YAML):
 *
 *   paths:
 *     /v1/orders/{order_id}:
 *       get:
 *         operationId: getOrder           needed, once
 *         x-scopes: [orders]              what a key must be for; access/scope.h
 *         deprecated: true
 *         x-deprecated-at: 2026-12-01     since when (RFC 9745); needed with deprecated, and only with it
 *         x-sunset: 2027-06-01            from when on it may be gone (RFC 8594), not before the other
 *
 * A day is its first moment in UTC; an instant of RFC 3339 is fine as well. Everything else is others' to read.
 */
#ifndef TRIBUTARY_API_CONTRACT_H
#define TRIBUTARY_API_CONTRACT_H

#include "base/outcome.h"

#include <stdio.h>

#define API_CONTRACT_PATH "topology/api/openapi.yaml"
#define API_OPERATIONS_MAX 1000
#define API_PATH_BYTES 200 /* longest template with its NUL */

struct api_operation {
	const char *method;       /* GET */
	const char *path;         /* the template: /v1/orders/{order_id} */
	const char *route;        /* both: "GET /v1/orders/{order_id}", as in api_usage */
	const char *id;           /* operationId */
	unsigned scopes;          /* bits of enum scope; 0: none is named */
	int64_t deprecated_at_us; /* 0: it is not deprecated */
	int64_t sunset_us;        /* 0: none */
};

struct api_contract {
	const struct api_operation *operations; /* in the document's order */
	size_t operations_count;
};

/*
 * api_contract_load - read the file
 * errors  one line per problem, with path and line; any problem makes it return NULL
 */
struct api_contract *api_contract_load(const char *path, FILE *errors);
void api_contract_free(struct api_contract *contract); /* NULL is fine */

/* api_contract_get - by its route; NULL: none */
const struct api_operation *api_contract_get(const struct api_contract *contract, const char *route);

#endif
