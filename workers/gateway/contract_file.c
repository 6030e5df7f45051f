/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/contract_file.h"

#include "base/instant.h"
#include "gateway/gateway.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define FILE_BYTES_MAX ((size_t)1 << 20)

struct str
route_deprecation(const struct route *route)
{
	(void)route;
	return (struct str){NULL, 0};
}

struct str
route_sunset(const struct route *route)
{
	(void)route;
	return (struct str){NULL, 0};
}

enum outcome
routes_mark(const char *openapi_file, struct why *why)
{
	(void)openapi_file;
	(void)why;
	return OUTCOME_OK;
}

enum outcome
contract_file_answer(struct lane_work *work, struct call **calls, size_t n, struct why *why)
{
	for (size_t i = 0; i < n; i++) {
		FILE *file = fopen(work->gateway->config->openapi_file, "rb");
		struct buf text;
		char piece[4096];
		size_t got;

		if (!file)
			return why_set(why, OUTCOME_RETRY, "openapi-missing", "the file cannot be read");
		buf_init(&text, FILE_BYTES_MAX);
		while ((got = fread(piece, 1, sizeof piece, file)) > 0)
			buf_put(&text, piece, got);
		fclose(file);
		call_say_as(calls[i], 200, "application/yaml", &text);
	}
	return OUTCOME_OK;
}
