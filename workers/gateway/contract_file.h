/* SPDX-License-Identifier: Apache-2.0 */
/*
 * contract_file - topology/api/openapi.yaml, the contract of this API: what of it is deprecated, and the document itself
 * for whoever asks
 */
#ifndef TRIBUTARY_GATEWAY_CONTRACT_FILE_H
#define TRIBUTARY_GATEWAY_CONTRACT_FILE_H

#include "gateway/route.h"

/* As HTTP headers have them (RFC 9745, RFC 8594); empty when the route is not deprecated */
struct str route_deprecation(const struct route *route);
struct str route_sunset(const struct route *route);

/*
 * routes_mark - read the file; the document and the table of routes must name the same, with the same scopes
 * OUTCOME_DEAD  code: config, path OPENAPI_FILE; everything that is wrong is said on stderr
 */
enum outcome routes_mark(const char *path, struct why *why) MUST_CHECK;
/* routes_forget - frees what routes_mark() read */
void routes_forget(void);

/* The handler of GET /v1/openapi.yaml */
enum outcome contract_file_answer(struct lane_work *work, struct call **calls, size_t n, struct why *why) MUST_CHECK;

#endif
