/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A document is read through proxies: nothing is copied that a mapping does not read. Numbers are texts as they were
 * written; null and what is missing are nil. What is handed out is marked (node.is_read): shape/ learns from it what a
 * mapping uses.
 */
#include "mapping/mapping_internal.h"

#include "formats/edifact.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#define PROXY "tributary.node"

static const char proxies; /* its address is the key of their metatable: found without hashing a name */

struct proxy {
	const struct node *node;
	const struct node *last; /* the child read last, and its place, so that a loop does not start over each time */
	lua_Integer last_index;
};

void
document_push(lua_State *lua, const struct node *node)
{
	struct proxy *p;

	mapping_of(lua)->last.node = node;
	/* Documents lie in their parse's arena; they are const only to those who read them. */
	if (node)
		((struct node *)(uintptr_t)node)->is_read = true;
	switch (node ? node->type : NODE_NULL) {
	case NODE_NULL:
		lua_pushnil(lua);
		break;
	case NODE_BOOL:
		lua_pushboolean(lua, str_equal(node->text, STR("true")));
		break;
	case NODE_NUMBER:
	case NODE_TEXT:
		lua_pushlstring(lua, node->text.n ? node->text.p : "", node->text.n);
		break;
	default:
		p = lua_newuserdatauv(lua, sizeof *p, 0);
		*p = (struct proxy){.node = node};
		lua_rawgetp(lua, LUA_REGISTRYINDEX, &proxies);
		lua_setmetatable(lua, -2);
	}
}

/*
 * Proxies are the only full userdata that Lua code can hold: no library of the sandbox makes another. So its type is
 * enough; luaL_testudata would look the metatable up by its name at every read.
 */
static struct proxy *
proxy_at(lua_State *lua, int index)
{
	return lua_type(lua, index) == LUA_TUSERDATA ? lua_touserdata(lua, index) : NULL;
}

const struct node *
document_node(lua_State *lua, int index)
{
	const struct proxy *p = proxy_at(lua, index);

	return p ? p->node : NULL;
}

static struct proxy *
proxy_check(lua_State *lua)
{
	struct proxy *p = proxy_at(lua, 1);

	if (!p)
		luaL_typeerror(lua, 1, PROXY);
	return p;
}

/* What is below the parent, at a key or path. */
static void
child_push(lua_State *lua, const struct node *parent, const struct node *child, struct str key)
{
	struct last_read *last = &mapping_of(lua)->last;

	if (!child) {
		size_t n = key.n < sizeof last->key ? key.n : sizeof last->key - 1;

		memcpy(last->key, key.p, n);
		last->key[n] = '\0';
	}
	last->parent = parent;
	document_push(lua, child);
}

static const struct node *
child_at(struct proxy *p, lua_Integer index)
{
	lua_Integer at = 1;
	const struct node *n = p->node->child;

	if (p->last && p->last_index <= index) {
		n = p->last;
		at = p->last_index;
	}
	while (n && at < index) {
		n = n->next;
		at++;
	}
	if (n) {
		p->last = n;
		p->last_index = at;
	}
	return n;
}

static int
on_index(lua_State *lua)
{
	struct proxy *p = proxy_check(lua);
	size_t n;

	if (lua_type(lua, 2) == LUA_TNUMBER && p->node->type == NODE_LIST) {
		lua_Integer index = luaL_checkinteger(lua, 2);
		const struct node *child = index >= 1 ? child_at(p, index) : NULL;
		char place[24] = "";

		if (!child)
			snprintf(place, sizeof place, "[%lld]", (long long)index - 1);
		child_push(lua, p->node, child, str_of(place));
	} else {
		const char *key = luaL_checklstring(lua, 2, &n);

		child_push(lua, p->node, node_get_str(p->node, (struct str){key, n}), (struct str){key, n});
	}
	return 1;
}

static int
on_len(lua_State *lua)
{
	const struct proxy *p = proxy_check(lua);

	lua_pushinteger(lua, (lua_Integer)p->node->children_count);
	return 1;
}

static int
on_newindex(lua_State *lua)
{
	return luaL_error(lua, "a document cannot be changed");
}

/* Whatever else is done with a list or an object: counted with, compared, called, put into a text. */
static int
on_misuse(lua_State *lua)
{
	return luaL_error(lua, "a list or an object of the document is used as something else");
}

/*
 * Texts have the functions of `string` as methods (upvalue 1), and no fields: who reads one took it for an object. An
 * empty text is as good as nothing, and so has nothing in it.
 */
static int
on_text_index(lua_State *lua)
{
	lua_pushvalue(lua, 2);
	if (lua_rawget(lua, lua_upvalueindex(1)) == LUA_TNIL && lua_rawlen(lua, 1) != 0)
		return luaL_error(lua, DOCUMENT_TEXT_INDEXED);
	return 1;
}

static void
text_index_set(lua_State *lua)
{
	lua_pushliteral(lua, "");
	lua_getmetatable(lua, -1);
	lua_getglobal(lua, "string");
	lua_pushcclosure(lua, on_text_index, 1);
	lua_setfield(lua, -2, "__index");
	lua_pop(lua, 2);
}

/* at(doc, "a.b.c"): nil as soon as one of them is missing. */
static int
on_at(lua_State *lua)
{
	const struct node *from = document_node(lua, 1), *node = from;
	struct str path, rest;

	path.p = luaL_checklstring(lua, 2, &path.n);
	rest = path;
	while (node && rest.n) {
		struct str key = str_split(&rest, '.');
		int64_t index;

		if (node->type == NODE_LIST && str_to_int(key, &index) && index >= 1)
			node = node_at(node, (size_t)index - 1);
		else
			node = node_get_str(node, key);
	}
	child_push(lua, from, node, path);
	return 1;
}

static const struct node *
first_of(const struct node *node)
{
	return node_is(node, NODE_LIST) && node->child && node->child->type != NODE_NULL ? node->child : node;
}

/* at_first(doc, "a.b.c"): the same, through the first one wherever there are several, as XML has it. */
static int
on_at_first(lua_State *lua)
{
	const struct node *from = first_of(document_node(lua, 1)), *node = from;
	struct str path, rest;

	path.p = luaL_checklstring(lua, 2, &path.n);
	rest = path;
	while (node && rest.n)
		node = first_of(node_get_str(node, str_split(&rest, '.')));
	child_push(lua, from, node, path);
	return 1;
}

/* edifact_element(segment, element, component): the component, both from 1 and the first when it is left out; nil for
 * nothing. */
static int
on_edifact_element(lua_State *lua)
{
	const struct node *segment = document_node(lua, 1);
	lua_Integer element = luaL_checkinteger(lua, 2), component = luaL_optinteger(lua, 3, 1);
	struct str text = {NULL, 0};

	mapping_of(lua)->last.node = segment;
	if (segment && element >= 1 && element <= EDIFACT_ELEMENTS && component >= 1 && component <= UINT_MAX)
		text = edifact_element(segment, (unsigned)element, (unsigned)component);
	if (text.n)
		lua_pushlstring(lua, text.p, text.n);
	else
		lua_pushnil(lua);
	return 1;
}

void
document_register(lua_State *lua)
{
	static const luaL_Reg methods[] = {
	    {"__index", on_index}, {"__len", on_len}, {"__newindex", on_newindex}, {NULL, NULL}};
	static const char *const misuses[] = {"__tostring", "__call", "__concat", "__lt",   "__le",  "__unm", "__add",
					      "__sub",      "__mul",  "__div",    "__idiv", "__mod", "__pow", "__band",
					      "__bor",      "__bxor", "__bnot",   "__shl",  "__shr"};

	luaL_newmetatable(lua, PROXY);
	luaL_setfuncs(lua, methods, 0);
	for (size_t i = 0; i < COUNT_OF(misuses); i++) {
		lua_pushcfunction(lua, on_misuse);
		lua_setfield(lua, -2, misuses[i]);
	}
	lua_pushboolean(lua, 0);
	lua_setfield(lua, -2, "__metatable");
	lua_rawsetp(lua, LUA_REGISTRYINDEX, &proxies);
	text_index_set(lua);
	lua_register(lua, "at", on_at);
	lua_register(lua, "at_first", on_at_first);
	lua_register(lua, "edifact_element", on_edifact_element);
}
