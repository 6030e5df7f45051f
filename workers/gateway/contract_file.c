/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/contract_file.h"

#include "api/contract.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define FILE_BYTES_MAX ((size_t)1 << 20)
#define ROUTES_MAX 64
#define HEADER_BYTES 40

/* Written once, before the first request. */
static struct {
	char deprecation[ROUTES_MAX][HEADER_BYTES], sunset[ROUTES_MAX][HEADER_BYTES];
	struct buf text;
} file;

struct str
route_deprecation(const struct route *route)
{
	return str_of(file.deprecation[route_index(route)]);
}

struct str
route_sunset(const struct route *route)
{
	return str_of(file.sunset[route_index(route)]);
}

/* "@1688169599" (RFC 9745), and an HTTP date (RFC 8594). */
static void
headers_write(size_t index, const struct api_operation *operation)
{
	time_t sunset = (time_t)(operation->sunset_us / 1000000);
	struct tm tm;

	if (operation->deprecated_at_us)
		snprintf(file.deprecation[index], HEADER_BYTES, "@%" PRId64, operation->deprecated_at_us / 1000000);
	if (operation->sunset_us && gmtime_r(&sunset, &tm))
		strftime(file.sunset[index], HEADER_BYTES, "%a, %d %b %Y %H:%M:%S GMT", &tm);
}

static bool
file_read(const char *path)
{
	FILE *in = fopen(path, "rb");
	char piece[8192];
	size_t got;

	if (!in)
		return false;
	buf_init(&file.text, FILE_BYTES_MAX);
	while ((got = fread(piece, 1, sizeof piece, in)) > 0)
		buf_put(&file.text, piece, got);
	fclose(in);
	return buf_is_ok(&file.text);
}

/* Each has what the other has. Returns the number of problems, each said on stderr. */
static size_t
contract_compare(const struct api_contract *contract)
{
	size_t problems = 0;
	char name[ROUTE_NAME_BYTES];

	for (size_t i = 0; i < routes_count; i++) {
		const struct api_operation *operation = api_contract_get(contract, route_name(&routes[i], name));

		if (operation && operation->scopes == routes[i].scope) {
			headers_write(i, operation);
			continue;
		}
		fprintf(stderr, "OPENAPI_FILE: %s %s\n", name,
			operation ? "has other x-scopes than the gateway asks for" : "is not described");
		problems++;
	}
	for (size_t i = 0; i < contract->operations_count; i++) {
		size_t k = 0;

		while (k < routes_count && strcmp(contract->operations[i].route, route_name(&routes[k], name)) != 0)
			k++;
		if (k < routes_count)
			continue;
		fprintf(stderr, "OPENAPI_FILE: %s is described, and the gateway has no such route\n",
			contract->operations[i].route);
		problems++;
	}
	return problems;
}

enum outcome
routes_mark(const char *path, struct why *why)
{
	struct api_contract *contract;
	size_t problems;

	if (routes_count > ROUTES_MAX || !file_read(path))
		return why_at(why, OUTCOME_DEAD, "config", "OPENAPI_FILE", "the file cannot be read");
	contract = api_contract_load(path, stderr);
	if (!contract)
		return why_at(why, OUTCOME_DEAD, "config", "OPENAPI_FILE", "is no OpenAPI document (above)");
	problems = contract_compare(contract);
	api_contract_free(contract);
	return problems == 0 ? OUTCOME_OK
			     : why_at(why, OUTCOME_DEAD, "config", "OPENAPI_FILE",
				      "%zu operations are not as the gateway has them (above)", problems);
}

void
routes_forget(void)
{
	buf_release(&file.text);
}

enum outcome
contract_file_answer(struct lane_work *work, struct call **calls, size_t n, struct why *why)
{
	(void)work;
	(void)why;
	for (size_t i = 0; i < n; i++) {
		struct buf text;

		buf_init(&text, file.text.n + 1);
		buf_put_str(&text, buf_str(&file.text));
		call_say_as(calls[i], 200, "application/yaml", &text);
	}
	return OUTCOME_OK;
}
