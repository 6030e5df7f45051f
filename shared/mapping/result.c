/* SPDX-License-Identifier: Apache-2.0 */
#include "mapping/mapping_internal.h"

#include <stdio.h>
#include <stdlib.h>

struct reading {
	lua_State *lua;
	struct arena *arena;
	struct why *why;
	size_t nodes;
};

static struct node *value_read(struct reading *r, struct str key, unsigned depth);

static struct node *
failed(struct reading *r, struct str key, const char *text)
{
	(void)why_set(r->why, OUTCOME_DEAD, "mapping-result", "%.*s: %s", STR_ARGS(key), text);
	return NULL;
}

static int
by_key(const void *a, const void *b)
{
	return str_compare((*(struct node *const *)a)->key, (*(struct node *const *)b)->key);
}

/* Members in the order of their names: a table has no order of its own, and the same document must give the same bytes.
 */
static bool
members_sort(struct reading *r, struct node *object)
{
	size_t n = object->children_count, i = 0;
	struct node **list = arena_array(r->arena, n, sizeof(struct node *));

	if (!list)
		return false;
	for (struct node *c = object->child; c; c = c->next)
		list[i++] = c;
	qsort(list, n, sizeof(struct node *), by_key);
	object->child = object->last = NULL;
	object->children_count = 0;
	for (i = 0; i < n; i++) {
		list[i]->next = NULL;
		node_append(object, list[i]);
	}
	return true;
}

static struct node *
list_read(struct reading *r, struct node *list, struct str key, lua_Integer n, unsigned depth)
{
	for (lua_Integer i = 1; i <= n; i++) {
		struct node *child;

		lua_rawgeti(r->lua, -1, i);
		child = value_read(r, (struct str){NULL, 0}, depth + 1);
		lua_pop(r->lua, 1);
		if (!child)
			return r->why->code ? NULL : failed(r, key, "a list has a hole");
		node_append(list, child);
	}
	return list;
}

static struct node *
object_read(struct reading *r, struct node *object, struct str key, unsigned depth)
{
	lua_pushnil(r->lua);
	while (lua_next(r->lua, -2)) {
		struct node *child;
		struct str name;

		if (lua_type(r->lua, -2) != LUA_TSTRING) {
			lua_pop(r->lua, 2);
			return failed(r, key, "a table is either a list or has names, not both");
		}
		name.p = lua_tolstring(r->lua, -2, &name.n);
		child = value_read(r, arena_str(r->arena, name), depth + 1);
		lua_pop(r->lua, 1);
		if (!child) {
			lua_pop(r->lua, 1);
			return NULL;
		}
		node_append(object, child);
	}
	return members_sort(r, object) ? object : failed(r, key, "no memory");
}

static struct node *
table_read(struct reading *r, struct str key, unsigned depth)
{
	lua_Integer n = (lua_Integer)lua_rawlen(r->lua, -1);
	bool is_list, is_empty;
	struct node *node;

	if (depth > MAPPING_RESULT_DEPTH_MAX || !lua_checkstack(r->lua, 8))
		return failed(r, key, "too deep, or it holds itself");
	lua_pushnil(r->lua);
	is_empty = !lua_next(r->lua, -2);
	if (!is_empty)
		lua_pop(r->lua, 2);
	is_list = n > 0 || is_empty;
	node = node_new(r->arena, is_list ? NODE_LIST : NODE_OBJECT, 0);
	if (!node)
		return failed(r, key, "no memory");
	node->key = key;
	return is_list ? list_read(r, node, key, n, depth) : object_read(r, node, key, depth);
}

static struct node *
scalar_read(struct reading *r, struct str key, enum node_type type, struct str text)
{
	struct node *node = node_new(r->arena, type, 0);

	if (!node)
		return failed(r, key, "no memory");
	node->key = key;
	node->text = arena_str(r->arena, text);
	return node;
}

/* The value on top of the stack, which stays there. NULL with `why` filled. */
static struct node *
value_read(struct reading *r, struct str key, unsigned depth)
{
	const struct node *shared = document_node(r->lua, -1);
	char number[32];
	struct str text;

	if (++r->nodes > MAPPING_RESULT_NODES_MAX)
		return failed(r, key, "too many values");
	if (shared) {
		struct node *copy = arena_get(r->arena, sizeof *copy);

		if (!copy)
			return failed(r, key, "no memory");
		*copy = *shared;
		copy->key = key;
		copy->next = NULL;
		return copy;
	}
	switch (lua_type(r->lua, -1)) {
	case LUA_TTABLE:
		return table_read(r, key, depth);
	case LUA_TBOOLEAN:
		return scalar_read(r, key, NODE_BOOL, lua_toboolean(r->lua, -1) ? STR("true") : STR("false"));
	case LUA_TSTRING:
		text.p = lua_tolstring(r->lua, -1, &text.n);
		return scalar_read(r, key, NODE_TEXT, text);
	case LUA_TNUMBER:
		if (!lua_isinteger(r->lua, -1))
			return failed(r, key, "a floating point number: money and quantities never are");
		text.p = number;
		text.n = (size_t)snprintf(number, sizeof number, "%lld", (long long)lua_tointeger(r->lua, -1));
		return scalar_read(r, key, NODE_NUMBER, text);
	default:
		return failed(r, key, "is neither text, number, boolean nor table");
	}
}

bool
result_read(lua_State *lua, struct arena *arena, struct node **result, struct why *why)
{
	struct reading r = {.lua = lua, .arena = arena, .why = why};

	why->code = NULL;
	*result = value_read(&r, (struct str){NULL, 0}, 0);
	return *result != NULL;
}
