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

#define LAST_KEY_BYTES 64

/* What a mapping read of its document last. */
struct last_read {
	const struct node *node;   /* NULL: it is not there */
	const struct node *parent; /* NULL: nothing was read yet */
	char key[LAST_KEY_BYTES];  /* of what is not there below the parent: name, a.b or [0] */
};

/* How a mapping ended a run by its own word. */
enum verdict { VERDICT_NONE, VERDICT_REFUSE, VERDICT_HOLD, VERDICT_IGNORE };

struct mapping {
	lua_State *lua;
	char *lib_dir;
	size_t memory_bytes;
	bool memory_out, budget_out;
	int hook_instructions; /* between two calls of the hook */
	int64_t instructions_left, pattern_steps_left;
	int64_t cpu_end_us; /* of the thread's clock; 0: not looked at yet */
	enum verdict verdict;
	struct why said;
	const struct node *document; /* of this run */
	bool may_blame;              /* it is another's, who may be wrong */
	struct last_read last;
	char about[MAPPING_ABOUT_BYTES]; /* of the last run */
	char *codes[MAPPING_CODES_MAX];  /* every code it ever gave; they live as long as it does */
	size_t codes_count;
};

/* the mapping a Lua state belongs to */
struct mapping *mapping_of(lua_State *lua);

/* mapping_place - of "…/topology/parties/shop/mapping.lua:12: text" from "shop" on */
const char *mapping_place(const char *text);

/* document.c: the parsed document as seen from Lua */
#define DOCUMENT_TEXT_INDEXED "attempt to index a text" /* the error of it */
void document_register(lua_State *lua);
void document_push(lua_State *lua, const struct node *node);
/* document_node - the node behind the proxy at the index; NULL when it is no proxy */
const struct node *document_node(lua_State *lua, int index);

/* blame.c: blame_error - as the handler of lua_pcall: gives the verdict when the document is at fault, not the mapping */
int blame_error(lua_State *lua);

/* sandbox.c: what a mapping may call */
void sandbox_open(lua_State *lua);

/* result.c: the Lua value on top of the stack as a tree; false with `why` filled */
bool result_read(lua_State *lua, struct arena *arena, struct node **result, struct why *why);

#endif
