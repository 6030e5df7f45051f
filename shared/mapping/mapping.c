/* SPDX-License-Identifier: Apache-2.0 */
#include "mapping/mapping_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define HOOK_INSTRUCTIONS 10000
/* With texts and tables of this size a few instructions may take long: the clock is looked at more often. */
#define LARGE_BYTES ((size_t)256 << 10)
#define LARGE_HOOK_INSTRUCTIONS 100
#define PATH_BYTES 1024

struct mapping *
mapping_of(lua_State *lua)
{
	struct mapping *m;

	memcpy(&m, lua_getextraspace(lua), sizeof m);
	return m;
}

static int64_t
cpu_now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* The clock starts when it is first looked at, which most runs are too short for. */
static bool
is_late(struct mapping *m)
{
	int64_t now_us = cpu_now_us();

	if (!m->cpu_end_us)
		m->cpu_end_us = now_us + MAPPING_CPU_US_MAX;
	if (now_us > m->cpu_end_us)
		m->budget_out = true;
	return m->budget_out;
}

static void on_count(lua_State *lua, lua_Debug *activation);

static void
hook_set(struct mapping *m, int instructions)
{
	m->hook_instructions = instructions;
	lua_sethook(m->lua, on_count, LUA_MASKCOUNT, instructions);
}

/* A run's texts and tables grow large. */
static bool
large_is_late(struct mapping *m)
{
	if (m->hook_instructions != LARGE_HOOK_INSTRUCTIONS)
		hook_set(m, LARGE_HOOK_INSTRUCTIONS);
	return is_late(m);
}

static void *
on_allocate(void *context, void *old, size_t old_bytes, size_t bytes)
{
	struct mapping *m = context;
	size_t before = old ? old_bytes : 0;
	void *p;

	if (bytes == 0) {
		m->memory_bytes -= before;
		free(old);
		return NULL;
	}
	if (bytes >= LARGE_BYTES && bytes > before && m->lua && large_is_late(m))
		return NULL;
	if (bytes > before && m->memory_bytes - before + bytes > MAPPING_MEMORY_BYTES_MAX) {
		m->memory_out = true;
		return NULL;
	}
	p = realloc(old, bytes);
	if (p)
		m->memory_bytes = m->memory_bytes - before + bytes;
	return p;
}

static void
on_count(lua_State *lua, lua_Debug *activation)
{
	struct mapping *m = mapping_of(lua);

	(void)activation;
	m->instructions_left -= m->hook_instructions;
	if (m->instructions_left > 0 && !is_late(m))
		return;
	m->budget_out = true;
	luaL_error(lua, "took too long");
}

static void
budget_reset(struct mapping *m)
{
	m->memory_out = m->budget_out = false;
	m->verdict = VERDICT_NONE;
	m->about[0] = '\0';
	m->instructions_left = MAPPING_INSTRUCTIONS_MAX;
	m->pattern_steps_left = MAPPING_PATTERN_STEPS_MAX;
	m->cpu_end_us = 0;
	hook_set(m, HOOK_INSTRUCTIONS);
}

const char *
mapping_place(const char *text)
{
	const char *colon = strchr(text, ':'), *start = text;
	int slashes = 0;

	for (const char *p = colon ? colon : text; p > text && slashes < 2; p--)
		if (p[-1] == '/' && ++slashes == 2)
			start = p;
	return start;
}

/* The error on top of the stack, said as what it is. */
static enum outcome
fault(struct mapping *m, int status, struct why *why)
{
	/* Out of memory is how Lua says that it was given none, which may be for want of time. */
	const char *text = m->budget_out && status == LUA_ERRMEM ? "took too long" : lua_tostring(m->lua, -1);
	const char *code = "mapping-error";

	if (m->budget_out)
		code = "mapping-budget";
	else if (m->memory_out)
		code = "mapping-memory";
	(void)why_set(why, OUTCOME_DEAD, code, "%s", text ? mapping_place(text) : "an error that is no text");
	lua_settop(m->lua, 1);
	return OUTCOME_DEAD;
}

/* What party.yaml says that a mapping may need where a document is silent. */
static void
party_push(lua_State *lua, const struct party *party)
{
	lua_createtable(lua, 0, 3);
	lua_pushstring(lua, party->name);
	lua_setfield(lua, -2, "name");
	lua_pushstring(lua, party->currency);
	lua_setfield(lua, -2, "currency");
	lua_pushstring(lua, party->time_zone);
	lua_setfield(lua, -2, "time_zone");
}

static int
protected_load(lua_State *lua)
{
	const char *path = lua_touserdata(lua, 1);

	sandbox_open(lua);
	party_push(lua, lua_touserdata(lua, 2));
	lua_setglobal(lua, "party");
	if (luaL_loadfilex(lua, path, "t") != LUA_OK)
		return lua_error(lua);
	lua_call(lua, 0, 1);
	luaL_checktype(lua, -1, LUA_TTABLE);
	return 1;
}

static enum outcome
mapping_load(struct mapping *m, const char *parties_dir, const struct party *party, struct why *why)
{
	char path[PATH_BYTES];
	FILE *f;
	int status;

	if (asprintf(&m->lib_dir, "%s/lib", parties_dir) < 0) {
		m->lib_dir = NULL;
		return why_set(why, OUTCOME_DEAD, "mapping-memory", "no memory");
	}
	if (snprintf(path, sizeof path, "%s/%s/mapping.lua", parties_dir, party->name) >= (int)sizeof path ||
	    !(f = fopen(path, "re")))
		return why_at(why, OUTCOME_DEAD, "mapping-missing", party->name, "%s/%s/mapping.lua cannot be read",
			      parties_dir, party->name);
	fclose(f);
	m->lua = lua_newstate(on_allocate, m);
	if (!m->lua)
		return why_set(why, OUTCOME_DEAD, "mapping-memory", "no memory");
	memcpy(lua_getextraspace(m->lua), &m, sizeof m);
	budget_reset(m);
	lua_pushcfunction(m->lua, protected_load);
	lua_pushlightuserdata(m->lua, path);
	lua_pushlightuserdata(m->lua, (void *)(uintptr_t)party);
	status = lua_pcall(m->lua, 2, 1, 0);
	if (status != LUA_OK)
		return fault(m, status, why);
	return OUTCOME_OK;
}

enum outcome
mapping_open(const char *parties_dir, const struct party *party, struct mapping **out, struct why *why)
{
	struct mapping *m = calloc(1, sizeof *m);
	enum outcome outcome =
	    m ? mapping_load(m, parties_dir, party, why) : why_set(why, OUTCOME_DEAD, "mapping-memory", "no memory");

	if (outcome == OUTCOME_OK)
		*out = m;
	else
		mapping_close(m);
	return outcome;
}

void
mapping_close(struct mapping *m)
{
	if (!m)
		return;
	if (m->lua)
		lua_close(m->lua);
	for (size_t i = 0; i < m->codes_count; i++)
		free(m->codes[i]);
	free(m->lib_dir);
	free(m);
}

bool
mapping_has(const struct mapping *m, const char *function)
{
	bool has = lua_getfield(m->lua, 1, function) == LUA_TFUNCTION;

	lua_settop(m->lua, 1);
	return has;
}

const char *
mapping_about(const struct mapping *m)
{
	return m->about;
}

/* What may raise a Lua error runs in here: out of memory can happen at any push. */
static int
protected_run(lua_State *lua)
{
	const struct node *document = lua_touserdata(lua, 2);

	lua_settop(lua, 1);
	document_push(lua, document);
	lua_call(lua, 1, 1);
	return 1;
}

static enum outcome
run(struct mapping *m, const char *function, const struct node *document, struct arena *arena, struct node **result,
    struct why *why)
{
	bool is_read;
	int status;

	budget_reset(m);
	m->document = document;
	m->last = (struct last_read){.parent = NULL};
	lua_pushcfunction(m->lua, blame_error);
	lua_pushcfunction(m->lua, protected_run);
	lua_getfield(m->lua, 1, function);
	lua_pushlightuserdata(m->lua, (void *)(uintptr_t)document);
	status = lua_pcall(m->lua, 2, 1, 2);
	if (status != LUA_OK) {
		if (m->verdict == VERDICT_NONE)
			return fault(m, status, why);
		lua_settop(m->lua, 1);
		*why = m->said;
		if (m->verdict == VERDICT_IGNORE)
			*result = NULL;
		return m->verdict == VERDICT_IGNORE ? OUTCOME_OK
						    : (m->verdict == VERDICT_HOLD ? OUTCOME_HELD : OUTCOME_DEAD);
	}
	is_read = result_read(m->lua, arena, result, why);
	lua_settop(m->lua, 1);
	return is_read ? OUTCOME_OK : OUTCOME_DEAD;
}

enum outcome
mapping_run(struct mapping *m, const char *function, const struct node *document, struct arena *arena,
	    struct node **result, struct why *why)
{
	m->may_blame = true;
	return run(m, function, document, arena, result, why);
}

enum outcome
mapping_say(struct mapping *m, const char *function, const struct node *document, struct arena *arena,
	    struct node **result, struct why *why)
{
	m->may_blame = false;
	return run(m, function, document, arena, result, why);
}
