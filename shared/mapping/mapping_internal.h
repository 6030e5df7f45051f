/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mapping_internal - what the files of mapping/ share
 */
#ifndef TRIBUTARY_MAPPING_INTERNAL_H
#define TRIBUTARY_MAPPING_INTERNAL_H

#include "mapping/mapping.h"

#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>

/* How a mapping ended a run by its own word. */
enum verdict { VERDICT_NONE, VERDICT_REFUSE, VERDICT_HOLD, VERDICT_IGNORE };

struct mapping {
	lua_State *lua;
	char *lib_dir;
	size_t memory_bytes;
	bool memory_out, budget_out;
	int64_t instructions_left, pattern_steps_left;
	enum verdict verdict;
	struct why said;
	char about[MAPPING_ABOUT_BYTES]; /* of the last run */
	char *codes[MAPPING_CODES_MAX];  /* every code it ever gave; they live as long as it does */
	size_t codes_count;
};

/* the mapping a Lua state belongs to */
struct mapping *mapping_of(lua_State *lua);

/* document.c: the parsed document as seen from Lua */
void document_register(lua_State *lua);
void document_push(lua_State *lua, const struct node *node);
/* document_node - the node behind the proxy at the index; NULL when it is no proxy */
const struct node *document_node(lua_State *lua, int index);

/* sandbox.c: what a mapping may call */
void sandbox_open(lua_State *lua);

/* result.c: the Lua value on top of the stack as a tree; false with `why` filled */
bool result_read(lua_State *lua, struct arena *arena, struct node **result, struct why *why);

#endif
