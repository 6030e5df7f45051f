/* SPDX-License-Identifier: Apache-2.0 */
#include "api/contract.h"

#include "access/scope.h"
#include "base/arena.h"
#include "base/instant.h"
#include "yaml/yaml_tree.h"

#include <stdlib.h>
#include <string.h>

#define ARENA_MAX_BYTES ((size_t)256 << 20)
#define FIELD_BYTES (API_PATH_BYTES + 64)

struct contract_held {
	struct api_contract contract; /* first: what the caller holds */
	struct arena *arena;
};

struct reader {
	struct yaml_file *file;
	struct arena *arena;
	struct str document;
	struct api_operation *operations;
	size_t n;
	char field[FIELD_BYTES]; /* where the operation is: paths./v1/orders.get */
};

static void
problem(struct reader *r, const struct node *at, const char *key, const char *text)
{
	char field[FIELD_BYTES + 32];

	snprintf(field, sizeof field, "%s%s%s", r->field, r->field[0] && key[0] ? "." : "", key);
	yaml_tree_problem(r->file, r->document, at, field, "%s", text);
}

static const char *
method_of(struct str key)
{
	static const char *const names[][2] = {{"get", "GET"},       {"put", "PUT"},         {"post", "POST"},
					       {"delete", "DELETE"}, {"options", "OPTIONS"}, {"head", "HEAD"},
					       {"patch", "PATCH"},   {"trace", "TRACE"}};

	for (size_t i = 0; i < COUNT_OF(names); i++)
		if (str_equal(key, str_of(names[i][0])))
			return names[i][1];
	return NULL;
}

/* A day or an instant; 0 when the key is not there. */
static int64_t
instant_read(struct reader *r, const struct node *operation, const char *key)
{
	const struct node *n = node_get(operation, key);
	char text[INSTANT_TEXT_BYTES];
	struct str given = node_text(n);
	int64_t us;

	if (!n)
		return 0;
	snprintf(text, sizeof text, "%.*sT00:00:00Z", given.n == 10 ? 10 : 0, given.p ? given.p : "");
	if (node_is(n, NODE_TEXT) && instant_parse(given.n == 10 ? str_of(text) : given, &us) && us > 0)
		return us;
	problem(r, n, key, "is no day (2026-12-01) and no instant (RFC 3339)");
	return 0;
}

static unsigned
scopes_read(struct reader *r, const struct node *operation)
{
	const struct node *list = node_get(operation, "x-scopes");
	unsigned scopes = 0;

	if (list && !node_is(list, NODE_LIST))
		problem(r, list, "x-scopes", "is no list");
	for (const struct node *n = node_is(list, NODE_LIST) ? list->child : NULL; n; n = n->next) {
		unsigned scope = scope_get(node_text(n));

		if (!scope)
			problem(r, n, "x-scopes", "there is no such scope");
		scopes |= scope;
	}
	return scopes;
}

static void
deprecation_read(struct reader *r, const struct node *operation, struct api_operation *to)
{
	const struct node *deprecated = node_get(operation, "deprecated");
	bool is_deprecated = node_is(deprecated, NODE_BOOL) && str_equal(deprecated->text, STR("true"));

	if (deprecated && !node_is(deprecated, NODE_BOOL))
		problem(r, deprecated, "deprecated", "is neither true nor false");
	to->deprecated_at_us = instant_read(r, operation, "x-deprecated-at");
	to->sunset_us = instant_read(r, operation, "x-sunset");
	if (is_deprecated && !node_get(operation, "x-deprecated-at"))
		problem(r, deprecated, "x-deprecated-at", "is missing: since when is it deprecated?");
	if (!is_deprecated && (to->deprecated_at_us || to->sunset_us))
		problem(r, operation, "deprecated", "must be true where x-deprecated-at or x-sunset stands");
	if (to->sunset_us && to->sunset_us < to->deprecated_at_us)
		problem(r, node_get(operation, "x-sunset"), "x-sunset", "is before x-deprecated-at");
}

static const char *
id_read(struct reader *r, const struct node *operation)
{
	const struct node *id = node_get(operation, "operationId");

	if (!node_is(id, NODE_TEXT) || id->text.n == 0) {
		problem(r, id ? id : operation, "operationId", "is missing, or is no text");
		return "";
	}
	for (size_t i = 0; i < r->n; i++)
		if (str_equal(str_of(r->operations[i].id), id->text))
			problem(r, id, "operationId", "another operation has the same");
	return arena_text(r->arena, id->text);
}

static void
operation_read(struct reader *r, struct str path, const char *method, const struct node *operation)
{
	struct api_operation *to = &r->operations[r->n];

	snprintf(r->field, sizeof r->field, "paths.%.*s.%.*s", STR_ARGS(path), STR_ARGS(operation->key));
	if (!node_is(operation, NODE_OBJECT)) {
		problem(r, operation, "", "is no operation");
		return;
	}
	if (r->n == API_OPERATIONS_MAX) {
		problem(r, operation, "", "there are too many operations");
		return;
	}
	*to = (struct api_operation){.method = method,
				     .path = arena_text(r->arena, path),
				     .route = arena_printf(r->arena, "%s %.*s", method, STR_ARGS(path)).p,
				     .id = id_read(r, operation),
				     .scopes = scopes_read(r, operation)};
	deprecation_read(r, operation, to);
	if (to->path && to->route && to->id)
		r->n++;
	else
		problem(r, operation, "", "no memory");
}

static void
path_read(struct reader *r, const struct node *item)
{
	snprintf(r->field, sizeof r->field, "paths.%.*s", STR_ARGS(item->key));
	if (item->key.n >= API_PATH_BYTES || !str_starts(item->key, STR("/"))) {
		if (!str_starts(item->key, STR("x-")))
			problem(r, item, "", "is no path: /..., of at most 199 bytes");
		return;
	}
	if (!node_is(item, NODE_OBJECT)) {
		problem(r, item, "", "has no operations");
		return;
	}
	if (node_get(item, "$ref"))
		problem(r, node_get(item, "$ref"), "$ref", "is not followed: write the operations here");
	for (const struct node *n = item->child; n; n = n->next) {
		const char *method = method_of(n->key);

		if (method)
			operation_read(r, item->key, method, n);
	}
}

static void
document_read(struct reader *r, const struct node *root)
{
	const struct node *version = node_get(root, "openapi"), *paths = node_get(root, "paths");

	if (!str_starts(node_text(version), STR("3.")))
		problem(r, version, "openapi", "is not 3.something");
	if (!node_is(paths, NODE_OBJECT)) {
		problem(r, paths, "paths", "is missing, or is no mapping");
		return;
	}
	for (const struct node *n = paths->child; n; n = n->next)
		path_read(r, n);
}

struct api_contract *
api_contract_load(const char *path, FILE *errors)
{
	struct yaml_file file = {.path = path, .errors = errors};
	struct reader r = {.file = &file, .arena = arena_new(ARENA_MAX_BYTES)};
	struct contract_held *held = calloc(1, sizeof *held);
	const struct node *root = NULL;

	if (r.arena && held)
		r.operations = arena_array(r.arena, API_OPERATIONS_MAX + 1, sizeof *r.operations);
	if (!r.operations)
		yaml_file_problem(&file, "", "no memory");
	else
		root = yaml_tree_load(&file, r.arena, &r.document);
	if (root)
		document_read(&r, root);
	if (!root || file.problems_count) {
		arena_free(r.arena);
		free(held);
		return NULL;
	}
	held->contract = (struct api_contract){r.operations, r.n};
	held->arena = r.arena;
	return &held->contract;
}

void
api_contract_free(struct api_contract *contract)
{
	struct contract_held *held = (struct contract_held *)contract;

	if (!held)
		return;
	arena_free(held->arena);
	free(held);
}

const struct api_operation *
api_contract_get(const struct api_contract *contract, const char *route)
{
	for (size_t i = 0; i < contract->operations_count; i++)
		if (strcmp(contract->operations[i].route, route) == 0)
			return &contract->operations[i];
	return NULL;
}
