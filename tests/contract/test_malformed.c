/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A value of the wrong type is the document's fault, whatever the mapping does with it: it is refused by a code of its
 * own, or mapped where it does not matter. It never ends as mapping-…, which blames us and shows people a Lua error.
 * Every party's samples are taken, and each path of theirs is once replaced by each value that its format can have
 * there: of the whole document before it is split, and of each unit.
 */
#include "intake/intake.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PARTIES_DIR "topology/parties"
#define ARENA_BYTES ((size_t)64 << 20)
#define SAMPLE_MAX_BYTES ((size_t)1 << 20)
#define PATH_BYTES 256
#define PATHS_MAX 8192 /* a power of two, well above the paths of one document */
#define SHOWN_MAX 20
#define UNITS_MAX 4 /* of a changed whole that are mapped */

/* The kinds of documents as their channels send them. */
static const char *const kinds[] = {"document", "shipment"};

struct replacement {
	const char *name;
	struct node value;
	bool is_removal;
};

#define SCALAR(TYPE, TEXT)                                          \
	{                                                           \
		.type = (TYPE), .text = {(TEXT), sizeof(TEXT) - 1 } \
	}
#define WITH_CHILD(TYPE, CHILD)                                                        \
	{                                                                              \
		.type = (TYPE), .child = (CHILD), .last = (CHILD), .children_count = 1 \
	}
#define MEMBER(KEY, TEXT)                                                                               \
	{                                                                                               \
		.type = NODE_TEXT, .key = {(KEY), sizeof(KEY) - 1}, .text = {(TEXT), sizeof(TEXT) - 1 } \
	}

static struct node a_text = SCALAR(NODE_TEXT, "x"), a_null = {.type = NODE_NULL},
		   an_empty_object = {.type = NODE_OBJECT}, another_text = SCALAR(NODE_TEXT, "y"),
		   two_texts = {.next = &another_text}, a_member = MEMBER("a", "x"), an_attribute = MEMBER("@a", "x"),
		   its_text = MEMBER("#text", "x"), another_object = WITH_CHILD(NODE_OBJECT, &a_member),
		   two_objects = {.next = &another_object};

static const struct replacement removal = {.name = "nothing", .is_removal = true};
static const struct replacement of_json[] = {
    {.name = "null", .value = {.type = NODE_NULL}},
    {.name = "true", .value = SCALAR(NODE_BOOL, "true")},
    {.name = "7", .value = SCALAR(NODE_NUMBER, "7")},
    {.name = "\"x\"", .value = SCALAR(NODE_TEXT, "x")},
    {.name = "\"\"", .value = SCALAR(NODE_TEXT, "")},
    {.name = "[]", .value = {.type = NODE_LIST}},
    {.name = "{}", .value = {.type = NODE_OBJECT}},
    {.name = "[\"x\"]", .value = WITH_CHILD(NODE_LIST, &a_text)},
    {.name = "[null]", .value = WITH_CHILD(NODE_LIST, &a_null)},
    {.name = "[{}]", .value = WITH_CHILD(NODE_LIST, &an_empty_object)},
    {.name = "{\"a\":\"x\"}", .value = WITH_CHILD(NODE_OBJECT, &a_member)},
};
static const struct replacement of_text[] = {
    {.name = "\"x\"", .value = SCALAR(NODE_TEXT, "x")},
    {.name = "\"-7\"", .value = SCALAR(NODE_TEXT, "-7")},
    {.name = "\"0\"", .value = SCALAR(NODE_TEXT, "0")},
    {.name = "a long number", .value = SCALAR(NODE_TEXT, "99999999999999999999999")},
};
static const struct replacement of_element[] = {
    {.name = "<e/>", .value = SCALAR(NODE_TEXT, "")},
    {.name = "<e>x</e>", .value = SCALAR(NODE_TEXT, "x")},
    {.name = "<e>-7</e>", .value = SCALAR(NODE_TEXT, "-7")},
    {.name = "<e a='x'/>", .value = WITH_CHILD(NODE_OBJECT, &an_attribute)},
    {.name = "<e><a>x</a></e>", .value = WITH_CHILD(NODE_OBJECT, &a_member)},
    {.name = "<e><a>x</a>x</e>",
     .value = {.type = NODE_OBJECT, .child = &a_member, .last = &its_text, .children_count = 2}},
    {.name = "two texts",
     .value = {.type = NODE_LIST, .child = &two_texts, .last = &another_text, .children_count = 2}},
    {.name = "two objects",
     .value = {.type = NODE_LIST, .child = &two_objects, .last = &another_object, .children_count = 2}},
};

/* What is being changed, and what was found. */
struct trial {
	struct arena *arena;
	struct intake_source source;
	const char *sample;
	struct node *root; /* what is changed: the whole document, or a unit of it */
	bool is_whole;
	uint64_t paths[PATHS_MAX]; /* their hashes: each is changed once */
	size_t faults, runs;
};

static struct str
sample_read(struct arena *arena, const char *path)
{
	char *bytes = arena_get(arena, SAMPLE_MAX_BYTES);
	FILE *f = fopen(path, "re");
	size_t n;

	cr_assert(bytes && f, "%s", path);
	n = fread(bytes, 1, SAMPLE_MAX_BYTES, f);
	fclose(f);
	return (struct str){bytes, n};
}

static bool
path_is_new(struct trial *t, const char *path)
{
	uint64_t hash = 14695981039346656037u;
	size_t at;

	for (const char *p = path; *p; p++)
		hash = (hash ^ (unsigned char)*p) * 1099511628211u;
	hash |= 1;
	for (at = hash % PATHS_MAX; t->paths[at]; at = (at + 1) % PATHS_MAX)
		if (t->paths[at] == hash)
			return false;
	t->paths[at] = hash;
	return true;
}

static void
outcome_look(struct trial *t, const char *path, const char *put, enum outcome outcome, const struct why *why)
{
	t->runs++;
	if (outcome == OUTCOME_OK || (!str_starts(str_of(why->code), STR("mapping-")) && !strstr(why->text, ": 0x") &&
				      str_is_utf8(str_of(why->text))))
		return;
	if (++t->faults <= SHOWN_MAX)
		cr_log_error("%s: %s of %s as %s: %s (%s) %s", t->sample, path, t->is_whole ? "the whole" : "a unit",
			     put, why->code, why->path, why->text);
}

static void
unit_map(struct trial *t, const struct node *unit, const char *path, const char *put)
{
	struct intake in = {0};
	struct why why = {0};
	enum outcome outcome = intake_map(&t->source, unit, t->arena, &in, &why);

	outcome_look(t, path, put, outcome, &why);
}

static void
run(struct trial *t, const char *path, const char *put)
{
	struct arena_mark mark = arena_mark(t->arena);
	struct why why = {0};
	struct node **units;
	enum outcome outcome;
	size_t n = 0;

	if (t->is_whole) {
		outcome = intake_split(&t->source, t->root, t->arena, &units, &n, &why);
		outcome_look(t, path, put, outcome, &why);
		for (size_t i = 0; outcome == OUTCOME_OK && i < n && i < UNITS_MAX; i++)
			unit_map(t, units[i], path, put);
	} else {
		unit_map(t, t->root, path, put);
	}
	arena_rewind(t->arena, mark);
}

static void
replace(struct trial *t, struct node *node, const struct replacement *all, size_t n, const char *path)
{
	struct node before = *node;

	for (size_t i = 0; i < n; i++) {
		*node = all[i].value;
		node->key = before.key;
		node->next = before.next;
		run(t, path, all[i].name);
	}
	*node = before;
}

static void
remove_child(struct trial *t, struct node *parent, struct node *before, struct node *child, const char *path)
{
	struct node kept = *parent, kept_before = before ? *before : kept;

	if (before)
		before->next = child->next;
	else
		parent->child = child->next;
	if (parent->last == child)
		parent->last = before;
	parent->children_count--;
	run(t, path, removal.name);
	if (before)
		*before = kept_before;
	*parent = kept;
}

static bool
is_format(const struct trial *t, const char *format)
{
	return strcmp(t->source.party->format, format) == 0;
}

/* What our own parsers always put there, in no other form. */
static bool
is_fixed(const struct trial *t, const struct node *parent, const struct node *node)
{
	static const char *const fixed[] = {
	    "format",   "tag",      "set",          "control",     "type",   "reference", "separators",
	    "version",  "segments", "interchanges", "interchange", "groups", "group",     "transactions",
	    "messages", "ISA",      "GS",           "UNB",         "UNH",    "faults",    "code",
	    "ack",      "text",     "columns",      "rows",        "line",
	};

	if (is_format(t, "json"))
		return false;
	if (is_format(t, "xml"))
		return parent == t->root;
	if (!node->key.n)
		return is_format(t, "csv") && !t->is_whole;
	for (size_t i = 0; i < COUNT_OF(fixed); i++)
		if (str_equal(node->key, str_of(fixed[i])))
			return true;
	return false;
}

static void
node_replace(struct trial *t, struct node *node, const char *path)
{
	bool is_element = is_format(t, "xml") && node->key.n && node->key.p[0] != '@' && node->key.p[0] != '#';

	if (is_format(t, "json"))
		replace(t, node, of_json, COUNT_OF(of_json), path);
	else if (is_element)
		replace(t, node, of_element, COUNT_OF(of_element), path);
	else if (node->type == NODE_TEXT)
		replace(t, node, of_text, COUNT_OF(of_text), path);
}

/* A segment by its tag and qualifier, for what it holds is of another meaning in each. */
static void
child_name(const struct node *child, char *name, size_t bytes)
{
	struct str tag = node_text(node_get(child, "tag"));
	struct str qualifier =
	    tag.n && child->child && child->child->next ? node_text(child->child->next) : (struct str){"", 0};

	if (child->key.n)
		snprintf(name, bytes, ".%.*s", STR_ARGS(child->key));
	else
		snprintf(name, bytes, "[%.*s%.*s]", STR_ARGS(tag), qualifier.n <= 3 ? (int)qualifier.n : 0,
			 qualifier.p);
}

static void
below(struct trial *t, struct node *parent, const char *path)
{
	struct node *before = NULL;

	for (struct node *child = parent->child; child; before = child, child = child->next) {
		char name[80], its_path[PATH_BYTES];
		bool is_free = !is_fixed(t, parent, child);

		child_name(child, name, sizeof name);
		if (snprintf(its_path, sizeof its_path, "%s%s", path, name) >= (int)sizeof its_path)
			continue;
		if (is_free && path_is_new(t, its_path)) {
			node_replace(t, child, its_path);
			remove_child(t, parent, before, child, its_path);
		}
		below(t, child, its_path);
	}
}

static void
change_all(struct trial *t, struct node *root, bool is_whole)
{
	t->root = root;
	t->is_whole = is_whole;
	memset(t->paths, 0, sizeof t->paths);
	if (is_format(t, "json"))
		replace(t, root, of_json, COUNT_OF(of_json), "");
	below(t, root, "");
}

static void
sample_try(struct trial *t, const char *path)
{
	struct why why = {0};
	struct node *tree, **units;
	size_t n;

	arena_clear(t->arena);
	t->sample = path;
	t->source.body = sample_read(t->arena, path);
	if (intake_parse(&t->source, t->arena, &tree, &why) != OUTCOME_OK)
		return; /* some are there to be refused */
	change_all(t, tree, true);
	if (intake_split(&t->source, tree, t->arena, &units, &n, &why) != OUTCOME_OK)
		return;
	for (size_t i = 0; i < n; i++)
		change_all(t, units[i], false);
}

static void
samples_try(struct trial *t, const char *party)
{
	char dir[128], path[512];
	struct dirent **entries;
	int n;

	snprintf(dir, sizeof dir, PARTIES_DIR "/%s/samples", party);
	n = scandir(dir, &entries, NULL, alphasort);
	for (int i = 0; i < n; i++) {
		snprintf(path, sizeof path, "%s/%s", dir, entries[i]->d_name);
		if (entries[i]->d_name[0] != '.' && !strstr(entries[i]->d_name, ".expected."))
			sample_try(t, path);
		free(entries[i]);
	}
	if (n >= 0)
		free(entries);
}

ParameterizedTestParameters(malformed, never_blames_the_mapping)
{
	static char names[64][64];
	struct party_list *list = party_list_load(PARTIES_DIR, stderr);
	size_t n = party_list_count(list);

	for (size_t i = 0; i < n && i < COUNT_OF(names); i++)
		snprintf(names[i], sizeof names[i], "%s", party_list_at(list, i)->name);
	party_list_free(list);
	return cr_make_param_array(char[64], names, n);
}

ParameterizedTest(char (*name)[64], malformed, never_blames_the_mapping, .timeout = 60)
{
	struct party_list *list = party_list_load(PARTIES_DIR, stderr);
	struct trial *t = calloc(1, sizeof *t);
	struct why why = {0};

	cr_assert(list && t);
	t->arena = arena_new(ARENA_BYTES);
	t->source =
	    (struct intake_source){.party = party_list_find(list, str_of(*name)), .max_bytes = SAMPLE_MAX_BYTES};
	t->source.kind = str_of(kinds[t->source.party->kind == PARTY_WMS]);
	cr_assert_eq(mapping_open(PARTIES_DIR, t->source.party, &t->source.mapping, &why), OUTCOME_OK, "%s", why.text);
	samples_try(t, *name);
	cr_expect_eq(t->faults, 0, "%s: %zu of %zu", *name, t->faults, t->runs);
	mapping_close(t->source.mapping);
	arena_free(t->arena);
	party_list_free(list);
	free(t);
}
