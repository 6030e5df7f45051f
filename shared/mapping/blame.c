/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whose fault is a Lua error? A mapping reads a document as its channel describes it, and where a list stands instead
 * of a text, or nothing, Lua stumbles over it. So before an error unwinds, the value that it is about is looked at: when
 * it is the document's, the document is refused with the field's path, as if the mapping had said so itself.
 *
 * Lists and objects know where they are from. A text or boolean is looked for among what was read of the document. A
 * nil is the document's when the last thing that was read of it is not there.
 */
#include "mapping/mapping_internal.h"

#include <stdio.h>
#include <string.h>

#define PATH_BYTES 128 /* a why takes less */
#define NAME_BYTES 64

/* Which of the scalars that were read is meant. */
struct search {
	enum node_type type;
	struct str text;
	const char *name;        /* of the Lua variable or field it was found in; "" when that is not known */
	const struct node *last; /* read */
	const struct node *found;
	int score;
	bool is_ambiguous;
};

static bool
path_to(const struct node *from, const struct node *wanted, char path[static PATH_BYTES], size_t used)
{
	size_t index = 0;

	path[used] = '\0';
	if (from == wanted)
		return true;
	for (const struct node *child = from->child; child; child = child->next) {
		size_t rest = PATH_BYTES - used;
		int n = child->key.p ? snprintf(path + used, rest, "%s%.*s", used ? "." : "", STR_ARGS(child->key))
				     : snprintf(path + used, rest, "[%zu]", index++);

		if (path_to(child, wanted, path, (size_t)n < rest ? used + (size_t)n : PATH_BYTES - 1))
			return true;
	}
	path[used] = '\0';
	return false;
}

static void
search_below(struct search *s, const struct node *n)
{
	enum node_type type = n->type == NODE_NUMBER ? NODE_TEXT : n->type;

	if (n->is_read && type == s->type && str_equal(n->text, s->text)) {
		int score = 1 + 2 * str_equal(n->key, str_of(s->name)) + (n == s->last);

		s->is_ambiguous = score == s->score || (s->is_ambiguous && score < s->score);
		if (score > s->score) {
			s->score = score;
			s->found = n;
		}
	}
	for (const struct node *child = n->child; child; child = child->next)
		search_below(s, child);
}

/* Where in a mapping it happened, for its author. */
static void
place_find(lua_State *lua, char *place, size_t bytes)
{
	char whole[PATH_BYTES * 8];
	lua_Debug at;

	whole[0] = '\0';
	for (int level = 1; lua_getstack(lua, level, &at); level++) {
		lua_getinfo(lua, "Sl", &at);
		if (at.currentline > 0) {
			snprintf(whole, sizeof whole, "%s:%d", at.source + (*at.source == '@'), at.currentline);
			break;
		}
	}
	snprintf(place, bytes, "%s", mapping_place(whole));
}

static void
refuse(lua_State *lua, const char *code, const char *path, const char *text)
{
	struct mapping *m = mapping_of(lua);
	char place[PATH_BYTES];

	place_find(lua, place, sizeof place);
	(void)why_at(&m->said, OUTCOME_DEAD, code, path, "%s (%s)", text, place);
	m->verdict = VERDICT_REFUSE;
}

static void
refuse_type(lua_State *lua, const struct node *node, enum node_type type)
{
	static const char *const texts[] = {
	    [NODE_BOOL] = "is true or false, and something else is wanted",
	    [NODE_TEXT] = "is a text or number, and something else is wanted",
	    [NODE_LIST] = "is a list, and something else is wanted",
	    [NODE_OBJECT] = "is an object, and something else is wanted",
	};
	char path[PATH_BYTES] = "";

	if (node)
		(void)path_to(mapping_of(lua)->document, node, path, 0);
	refuse(lua, "field-type", path, texts[type]);
}

static void
refuse_missing(lua_State *lua)
{
	const struct mapping *m = mapping_of(lua);
	char path[PATH_BYTES] = "";
	size_t used;

	(void)path_to(m->document, m->last.node ? m->last.node : m->last.parent, path, 0);
	used = strlen(path);
	if (!m->last.node)
		snprintf(path + used, sizeof path - used, "%s%s", used && m->last.key[0] != '[' ? "." : "",
			 m->last.key);
	refuse(lua, "field-missing", path, "is required");
}

static void
scalar_blame(lua_State *lua, enum node_type type, struct str text, const char *name)
{
	const struct mapping *m = mapping_of(lua);
	struct search s = {.type = type, .text = text, .name = name, .last = m->last.node};

	search_below(&s, m->document);
	if (s.found) /* of several that are all as likely, none is named */
		refuse_type(lua, s.is_ambiguous && s.score < 3 ? NULL : s.found, type);
}

static void
bool_blame(lua_State *lua, bool is_true, const char *name)
{
	scalar_blame(lua, NODE_BOOL, is_true ? STR("true") : STR("false"), name);
}

static bool
is_missing(const struct mapping *m)
{
	return m->last.node ? m->last.node->type == NODE_NULL : m->last.parent != NULL;
}

/* The value on top of the stack, an argument of what failed. */
static void
argument_blame(lua_State *lua, bool is_arithmetic)
{
	struct str text;

	switch (lua_type(lua, -1)) {
	case LUA_TNIL:
		if (is_missing(mapping_of(lua)))
			refuse_missing(lua);
		break;
	case LUA_TBOOLEAN:
		bool_blame(lua, lua_toboolean(lua, -1), "");
		break;
	case LUA_TSTRING:
		text.p = lua_tolstring(lua, -1, &text.n);
		if (!is_arithmetic || !lua_isnumber(lua, -1))
			scalar_blame(lua, NODE_TEXT, text, "");
		break;
	default:
		break;
	}
}

/* A list or an object among the arguments is at fault wherever it stands. */
static void
proxies_blame(lua_State *lua, const lua_Debug *call, int first, int last)
{
	for (int i = first; i <= last && lua_getlocal(lua, call, i); i++) {
		const struct node *node = document_node(lua, -1);

		if (node)
			refuse_type(lua, node, node->type);
		lua_pop(lua, 1);
	}
}

/* A function in C complains about one of its arguments, an operation about any of its two. */
static void
call_blame(lua_State *lua, const lua_Debug *call, const char *text)
{
	const char *bad = strstr(text, "bad argument #");
	bool is_arithmetic = strstr(text, "perform arithmetic") != NULL;
	int first = 1, last = 2;

	if (bad) {
		if (sscanf(bad, "bad argument #%d", &first) != 1)
			return;
		first += strcmp(call->namewhat, "method") == 0; /* there Lua does not count the object */
		last = first;
	}
	proxies_blame(lua, call, first, last);
	if (strstr(text, DOCUMENT_TEXT_INDEXED))
		last = first; /* the other is the field's name */
	else if (!bad && !is_arithmetic)
		return;
	for (int i = first; i <= last && mapping_of(lua)->verdict == VERDICT_NONE && lua_getlocal(lua, call, i); i++) {
		argument_blame(lua, is_arithmetic);
		lua_pop(lua, 1);
	}
}

static bool
has_one(const char *text, const char *const *wanted)
{
	while (*wanted && !strstr(text, *wanted))
		wanted++;
	return *wanted != NULL;
}

/* Is what was read last, and is not there, called something else than the variable? */
static bool
is_other_field(const struct mapping *m, const char *kind, const char *name)
{
	if (strcmp(kind, "field") != 0 || strcmp(name, "?") == 0 || strcmp(name, "integer index") == 0)
		return false;
	return m->last.node ? m->last.node->key.n && !str_equal(m->last.node->key, str_of(name))
			    : strcmp(name, m->last.key) != 0;
}

/* An operation of Lua's own: what it is about is told by Lua's text alone, as "attempt to index a nil value (field 'a')". */
static void
operation_blame(lua_State *lua, const char *text)
{
	static const char *const of_nil[] = {"a nil value", "nil with ", "with nil", "two nil values", NULL};
	static const char *const of_bool[] = {"a boolean value", "boolean with ", "with boolean", "two boolean values",
					      NULL};
	const struct mapping *m = mapping_of(lua);
	const char *operation = strstr(text, "attempt to "), *named = operation ? strchr(operation, '(') : NULL;
	char kind[NAME_BYTES] = "", name[NAME_BYTES] = "";

	if (!operation || strstr(operation, "attempt to call ") == operation)
		return;
	if (named && (sscanf(named, "(%63[a-z] '%63[^']')", kind, name) != 2 || strcmp(kind, "global") == 0))
		return;
	if (has_one(operation, of_nil)) {
		if (is_missing(m) && !is_other_field(m, kind, name))
			refuse_missing(lua);
	} else if (has_one(operation, of_bool)) {
		bool_blame(lua, true, name);
		if (m->verdict == VERDICT_NONE)
			bool_blame(lua, false, name);
	}
}

int
blame_error(lua_State *lua)
{
	const struct mapping *m = mapping_of(lua);
	const char *text = lua_type(lua, 1) == LUA_TSTRING ? lua_tostring(lua, 1) : NULL;
	lua_Debug at;

	if (!m->may_blame || m->verdict != VERDICT_NONE || m->budget_out || m->memory_out || !text ||
	    !lua_getstack(lua, 1, &at))
		return 1;
	lua_getinfo(lua, "Sn", &at);
	if (*at.what == 'C')
		call_blame(lua, &at, text);
	else
		operation_blame(lua, text);
	return 1;
}
