/* SPDX-License-Identifier: Apache-2.0 */
#include "api/contract.h"

#include "access/scope.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define HEAD "openapi: 3.1.0\ninfo: {title: t, version: '1'}\npaths:\n"
#define GET_A HEAD "  /a:\n    get:\n      operationId: a\n"

/* The contract of the text, from a file of the test's own; what was said is in `said`, without the file's name. */
static struct api_contract *
load(const char *text, size_t n, char said[static 1024])
{
	char path[] = "/tmp/test_api_contract.XXXXXX";
	char errors[1024] = "";
	int fd = mkstemp(path);
	FILE *out = fmemopen(errors, sizeof errors, "w");
	struct api_contract *contract;

	cr_assert(fd >= 0 && out && write(fd, text, n) == (ssize_t)n);
	close(fd);
	contract = api_contract_load(path, out);
	fclose(out);
	unlink(path);
	said[0] = '\0';
	if (errors[0])
		snprintf(said, 1024, "%s", errors + strlen(path) + 2);
	return contract;
}

Test(api_contract, each_operation_is_read_in_order)
{
	static const char text[] = HEAD "  x-note: not a path\n"
					"  \"/v1/orders/{order_id}\":\n"
					"    parameters: [{name: order_id, in: path}]\n"
					"    get:\n"
					"      operationId: getOrder\n"
					"      x-scopes: [orders, operate]\n"
					"      description: |\n"
					"        Größe: nothing\n"
					"      responses: {'200': {description: ok}}\n"
					"    post: {operationId: \"changeOrder\", deprecated: false}\n"
					"  /v0/stock:\n"
					"    get:\n"
					"      operationId: oldStock\n"
					"      deprecated: true\n"
					"      x-deprecated-at: 2026-12-01\n"
					"      x-sunset: \"2027-06-01T12:00:00+02:00\"\n";
	char said[1024];
	struct api_contract *contract = load(text, sizeof text - 1, said);
	const struct api_operation *o;

	cr_assert(contract, "%s", said);
	cr_assert_eq(contract->operations_count, 3);
	o = &contract->operations[0];
	cr_assert_str_eq(o->method, "GET");
	cr_assert_str_eq(o->path, "/v1/orders/{order_id}");
	cr_assert_str_eq(o->route, "GET /v1/orders/{order_id}");
	cr_assert_str_eq(o->id, "getOrder");
	cr_assert_eq(o->scopes, SCOPE_ORDERS | SCOPE_OPERATE);
	cr_assert_eq(o->deprecated_at_us, 0);
	cr_assert_eq(o->sunset_us, 0);
	cr_assert_str_eq(contract->operations[1].route, "POST /v1/orders/{order_id}");
	cr_assert_eq(contract->operations[1].scopes, 0);
	o = api_contract_get(contract, "GET /v0/stock");
	cr_assert_eq(o, &contract->operations[2]);
	cr_assert_eq(o->deprecated_at_us, INT64_C(1796083200000000));
	cr_assert_eq(o->sunset_us, INT64_C(1811844000000000));
	cr_assert_null(api_contract_get(contract, "GET /v0/stocks"));
	api_contract_free(contract);
}

struct wrong {
	char text[256];
	char said[128];
};

ParameterizedTestParameters(api_contract, what_is_wrong_is_said_with_its_place)
{
	static struct wrong wrongs[] = {
	    {"", "the file is empty\n"},
	    {"a: [1\n", "did not find expected ',' or ']' (line 2)\n"},
	    {"swagger: '2.0'\npaths: {}\n", "openapi: is not 3.something\n"},
	    {"openapi: 3.0.3\n", "paths: is missing, or is no mapping\n"},
	    {HEAD "  v1: {}\n", "paths.v1: is no path: /..., of at most 199 bytes (line 4)\n"},
	    {HEAD "  /a: {get: {}}\n", "paths./a.get.operationId: is missing, or is no text (line 4)\n"},
	    {HEAD "  /a: {get: [1]}\n", "paths./a.get: is no operation (line 4)\n"},
	    {HEAD "  /a: []\n", "paths./a: has no operations (line 4)\n"},
	    {HEAD "  /a: {$ref: b.yaml}\n", "paths./a.$ref: is not followed: write the operations here (line 4)\n"},
	    {GET_A "    put:\n      operationId: a\n",
	     "paths./a.put.operationId: another operation has the same (line 8)\n"},
	    {GET_A "      x-scopes: orders\n", "paths./a.get.x-scopes: is no list (line 7)\n"},
	    {GET_A "      x-scopes: [orders,\n       all]\n",
	     "paths./a.get.x-scopes: there is no such scope (line 8)\n"},
	    {GET_A "      deprecated: yes\n", "paths./a.get.deprecated: is neither true nor false (line 7)\n"},
	    {GET_A "      deprecated: true\n",
	     "paths./a.get.x-deprecated-at: is missing: since when is it deprecated? (line 7)\n"},
	    {GET_A "      x-sunset: 2027-06-01\n",
	     "paths./a.get.deprecated: must be true where x-deprecated-at or x-sunset stands (line 5)\n"},
	    {GET_A "      deprecated: true\n      x-deprecated-at: 2026-02-30\n",
	     "paths./a.get.x-deprecated-at: is no day (2026-12-01) and no instant (RFC 3339) (line 8)\n"},
	    {GET_A "      deprecated: true\n      x-deprecated-at: 2026-12-01\n      x-sunset: 2026-11-30\n",
	     "paths./a.get.x-sunset: is before x-deprecated-at (line 9)\n"},
	    {GET_A "    get: {}\n", "the key \"get\" is given twice (line 7)\n"},
	    {"a: &x 1\nb: *x\n", "an alias, which is not read (line 2)\n"},
	    {"a: 1\n---\nb: 1\n", "a second document (line 2)\n"},
	    {"[a]: 1\n", "a key must be a scalar (line 1)\n"},
	    {"{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{",
	     "a key must be a scalar (line 1)\n"},
	    {"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[",
	     "nested too deep (line 1)\n"},
	    {"a: \xff\n", "invalid leading UTF-8 octet (line 1)\n"},
	};
	return cr_make_param_array(struct wrong, wrongs, COUNT_OF(wrongs));
}

ParameterizedTest(struct wrong *wrong, api_contract, what_is_wrong_is_said_with_its_place)
{
	char said[1024];

	cr_assert_null(load(wrong->text, strlen(wrong->text), said));
	cr_assert_str_eq(said, wrong->said);
}

Test(api_contract, a_file_that_is_not_there_is_said)
{
	char errors[256] = "";
	FILE *out = fmemopen(errors, sizeof errors, "w");

	cr_assert_null(api_contract_load("/tmp/no/such.yaml", out));
	fclose(out);
	cr_assert_str_eq(errors, "/tmp/no/such.yaml: No such file or directory\n");
}
