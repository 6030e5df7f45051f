/* SPDX-License-Identifier: Apache-2.0 */
/* What a mapping may call: a piece of Lua's own library, exact arithmetic, and its verdicts. */
#include "mapping/mapping_internal.h"

#include "base/decimal.h"
#include "base/instant.h"
#include "formats/edifact.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct str
str_arg(lua_State *lua, int index)
{
	size_t n;
	const char *p = luaL_checklstring(lua, index, &n);

	return (struct str){p, n};
}

/*
 * A text for people, "" for nil. It ends up in C texts and in tables, which take no NUL: U+FFFD stands for each. What was
 * made for it is left on the stack.
 */
static const char *
said_arg(lua_State *lua, int index)
{
	size_t n, part;
	const char *p = luaL_optlstring(lua, index, "", &n);
	luaL_Buffer said;

	if (!memchr(p, 0, n))
		return p;
	luaL_buffinit(lua, &said);
	for (const char *end = p + n; p <= end; p += part + 1) {
		part = strnlen(p, (size_t)(end - p));
		luaL_addlstring(&said, p, part);
		if (p + part < end)
			luaL_addstring(&said, "\xef\xbf\xbd");
	}
	luaL_pushresult(&said);
	return lua_tostring(lua, -1);
}

/* A code outlives the run, because a why only points to it. */
static const char *
code_keep(lua_State *lua, struct mapping *m, const char *code)
{
	for (size_t i = 0; i < m->codes_count; i++)
		if (strcmp(m->codes[i], code) == 0)
			return m->codes[i];
	if (m->codes_count == MAPPING_CODES_MAX || !(m->codes[m->codes_count] = strdup(code))) {
		luaL_error(lua, "too many different codes");
		return NULL;
	}
	return m->codes[m->codes_count++];
}

static int
verdict_give(lua_State *lua, enum verdict verdict, enum outcome outcome)
{
	struct mapping *m = mapping_of(lua);
	const char *code = code_keep(lua, m, luaL_checkstring(lua, 1));
	const char *path = said_arg(lua, 2), *text = said_arg(lua, 3);

	(void)why_at(&m->said, outcome, code, path, "%s", text);
	m->verdict = verdict;
	return luaL_error(lua, "verdict");
}

static int
on_refuse(lua_State *lua)
{
	return verdict_give(lua, VERDICT_REFUSE, OUTCOME_DEAD);
}

static int
on_hold(lua_State *lua)
{
	return verdict_give(lua, VERDICT_HOLD, OUTCOME_HELD);
}

/* ignore(code, text): understood, and nothing for us. */
static int
on_ignore(lua_State *lua)
{
	lua_settop(lua, 2);
	lua_pushliteral(lua, "");
	lua_insert(lua, 2);
	return verdict_give(lua, VERDICT_IGNORE, OUTCOME_OK);
}

/* about(text): what people know the document by, for exceptions and refusals; a longer one is cut. */
static int
on_about(lua_State *lua)
{
	struct mapping *m = mapping_of(lua);

	snprintf(m->about, sizeof m->about, "%s", said_arg(lua, 1));
	m->about[str_utf8_bytes(str_of(m->about))] = '\0'; /* it goes into a table, which takes no half character */
	return 0;
}

/* money(text, currency): minor units, or nil when it is no amount of that currency. */
static int
on_money(lua_State *lua)
{
	int places = currency_places(str_arg(lua, 2));
	int64_t minor;

	if (places >= 0 && money_parse(str_arg(lua, 1), places, &minor))
		lua_pushinteger(lua, minor);
	else
		lua_pushnil(lua);
	return 1;
}

/* gross(quantity, unit_price, currency): their product in minor units, rounded half to even; nil when it does not fit.
 */
static int
on_gross(lua_State *lua)
{
	int64_t quantity, price, minor;
	int places = currency_places(str_arg(lua, 3));

	if (places >= 0 && decimal_parse(str_arg(lua, 1), &quantity) && decimal_parse(str_arg(lua, 2), &price) &&
	    money_of(quantity, price, places, &minor))
		lua_pushinteger(lua, minor);
	else
		lua_pushnil(lua);
	return 1;
}

/* divide(a, b): decimals as text, six places, half to even; nil when that is impossible. */
static int
on_divide(lua_State *lua)
{
	int64_t a, b;
	__int128 q;
	char text[DECIMAL_TEXT_BYTES];

	if (!decimal_parse(str_arg(lua, 1), &a) || !decimal_parse(str_arg(lua, 2), &b) || b <= 0)
		return lua_pushnil(lua), 1;
	q = divide_half_even((__int128)a * DECIMAL_ONE, b);
	if (q > INT64_MAX || q < INT64_MIN)
		return lua_pushnil(lua), 1;
	decimal_format((int64_t)q, text);
	lua_pushstring(lua, text);
	return 1;
}

/* instant(seconds): of the epoch, up to six places, as RFC 3339 in UTC; nil when it is none of the years 1 to 9999. */
static int
on_instant(lua_State *lua)
{
	const int64_t first = INT64_C(-62135596800) * DECIMAL_ONE, end = INT64_C(253402300800) * DECIMAL_ONE;
	int64_t us; /* a decimal is millionths, and an instant microseconds */
	char text[INSTANT_TEXT_BYTES];

	if (!decimal_parse(str_arg(lua, 1), &us) || us < first || us >= end)
		return lua_pushnil(lua), 1;
	lua_pushlstring(lua, text, instant_format(us, text));
	return 1;
}

/* trim(text): without blanks, tabs and line ends at both ends; nil when nothing is left. */
static int
on_trim(lua_State *lua)
{
	struct str text = str_trim(str_arg(lua, 1));

	if (text.n)
		lua_pushlstring(lua, text.p, text.n);
	else
		lua_pushnil(lua);
	return 1;
}

/* edifact_number(text): a numeric value as a plain decimal, with either decimal mark; nil when it is none. */
static int
on_edifact_number(lua_State *lua)
{
	struct str text = str_arg(lua, 1);
	size_t bytes = text.n + sizeof "0."; /* all it can grow by */
	luaL_Buffer buffer;
	char *out = luaL_buffinitsize(lua, &buffer, bytes);

	if (!edifact_number(text, out, bytes))
		return lua_pushnil(lua), 1;
	luaL_pushresultsize(&buffer, strlen(out));
	return 1;
}

/* lib(name): what parties/lib/<name>.lua returns, loaded once. */
static int
on_lib(lua_State *lua)
{
	struct mapping *m = mapping_of(lua);
	const char *name = luaL_checkstring(lua, 1);
	char path[1024];

	if (strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_") != strlen(name) || !*name)
		return luaL_error(lua, "lib: a name has lowercase letters, digits and _ only");
	lua_getfield(lua, LUA_REGISTRYINDEX, "tributary.libs");
	if (lua_getfield(lua, -1, name) != LUA_TNIL)
		return 1;
	lua_pop(lua, 1);
	if (snprintf(path, sizeof path, "%s/%s.lua", m->lib_dir, name) >= (int)sizeof path)
		return luaL_error(lua, "lib: path too long");
	if (luaL_loadfilex(lua, path, "t") != LUA_OK)
		return lua_error(lua);
	lua_call(lua, 0, 1);
	lua_pushvalue(lua, -1);
	lua_setfield(lua, -3, name);
	return 1;
}

/*
 * The hook that counts instructions does not fire inside of a C function, so what a pattern may cost is estimated
 * before: each of its quantifiers may try every place of the subject.
 */
static int
on_pattern(lua_State *lua)
{
	struct mapping *m = mapping_of(lua);
	struct str subject = str_arg(lua, 1), pattern = str_arg(lua, 2);
	double steps = (double)subject.n + 1, plain = steps * (double)pattern.n;
	bool is_set = false; /* between [ and ] these are no quantifiers */

	for (size_t i = 0; i < pattern.n; i++) {
		char c = pattern.p[i];

		if (c == '%')
			i++;
		else if (c == '[' || c == ']')
			is_set = c == '[' || (is_set && pattern.p[i - 1] == '[');
		else if (!is_set && c && strchr("*+-?", c))
			steps *= (double)subject.n + 1;
	}
	if (steps < plain)
		steps = plain; /* at each place all of it may fit but for its end */
	if (steps > (double)m->pattern_steps_left) {
		m->budget_out = true;
		return luaL_error(lua, "the pattern may take too long on a text of %d bytes", (int)subject.n);
	}
	m->pattern_steps_left -= (int64_t)steps;
	lua_pushvalue(lua, lua_upvalueindex(1));
	lua_insert(lua, 1);
	lua_call(lua, lua_gettop(lua) - 1, LUA_MULTRET);
	return lua_gettop(lua);
}

static void
patterns_wrap(lua_State *lua)
{
	static const char *const names[] = {"find", "match", "gsub"};

	lua_getglobal(lua, "string");
	for (size_t i = 0; i < COUNT_OF(names); i++) {
		lua_getfield(lua, -1, names[i]);
		lua_pushcclosure(lua, on_pattern, 1);
		lua_setfield(lua, -2, names[i]);
	}
	lua_pop(lua, 1);
}

static void
field_remove(lua_State *lua, const char *table, const char *name)
{
	lua_getglobal(lua, table);
	lua_pushnil(lua);
	lua_setfield(lua, -2, name);
	lua_pop(lua, 1);
}

void
sandbox_open(lua_State *lua)
{
	static const luaL_Reg libraries[] = {{"_G", luaopen_base},
					     {LUA_STRLIBNAME, luaopen_string},
					     {LUA_TABLIBNAME, luaopen_table},
					     {LUA_MATHLIBNAME, luaopen_math},
					     {LUA_UTF8LIBNAME, luaopen_utf8}};
	static const char *const removed[][2] = {
	    {"_G", "load"},         {"_G", "loadfile"},     {"_G", "dofile"},       {"_G", "collectgarbage"},
	    {"_G", "print"},        {"_G", "warn"},         {"_G", "pcall"},        {"_G", "xpcall"},
	    {"_G", "getmetatable"}, {"_G", "setmetatable"}, {"_G", "rawset"},       {"string", "dump"},
	    {"string", "gmatch"},   {"math", "random"},     {"math", "randomseed"},
	};

	for (size_t i = 0; i < COUNT_OF(libraries); i++) {
		luaL_requiref(lua, libraries[i].name, libraries[i].func, 1);
		lua_pop(lua, 1);
	}
	for (size_t i = 0; i < COUNT_OF(removed); i++)
		field_remove(lua, removed[i][0], removed[i][1]);
	patterns_wrap(lua);
	lua_newtable(lua);
	lua_setfield(lua, LUA_REGISTRYINDEX, "tributary.libs");
	lua_register(lua, "refuse", on_refuse);
	lua_register(lua, "hold", on_hold);
	lua_register(lua, "ignore", on_ignore);
	lua_register(lua, "about", on_about);
	lua_register(lua, "money", on_money);
	lua_register(lua, "gross", on_gross);
	lua_register(lua, "divide", on_divide);
	lua_register(lua, "instant", on_instant);
	lua_register(lua, "trim", on_trim);
	lua_register(lua, "edifact_number", on_edifact_number);
	lua_register(lua, "lib", on_lib);
	document_register(lua);
}
