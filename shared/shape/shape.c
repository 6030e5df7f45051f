/* SPDX-License-Identifier: Apache-2.0 */
#include "shape/shape_internal.h"

#include <stdlib.h>
#include <string.h>

#define PATHS_FIRST 128
#define FNV_PRIME UINT64_C(1099511628211)

bool
shape_is_alarm(enum shape_what what)
{
	return what == SHAPE_RETYPED || what == SHAPE_MISSING;
}

static const char *const what_names[SHAPE_WHATS] = {"new", "value", "retyped", "missing"};

const char *
shape_what_name(enum shape_what what)
{
	return what_names[what];
}

enum shape_what
shape_what_find(struct str name)
{
	enum shape_what what = SHAPE_NEW;

	while (what < SHAPE_WHATS && !str_equal(name, str_of(what_names[what])))
		what++;
	return what;
}

uint64_t
shape_hash(uint64_t hash, struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		hash = (hash ^ (unsigned char)s.p[i]) * FNV_PRIME;
	return hash;
}

struct shape *
shape_new(void)
{
	struct shape *s = calloc(1, sizeof *s);

	if (!s)
		return NULL;
	s->findings = calloc(SHAPE_FINDINGS_MAX, sizeof *s->findings);
	if (!s->findings || !shape_path_put(s, STR(""))) {
		shape_free(s);
		return NULL;
	}
	return s;
}

void
shape_free(struct shape *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->paths_count; i++)
		free((void *)(uintptr_t)s->paths[i].text.p);
	free(s->paths);
	free(s->slots);
	free(s->findings);
	free(s);
}

/* --- the paths ---------------------------------------------------------------------------------------------------- */

/* Twice as many slots as paths, so that a search ends soon. */
static bool
paths_grow(struct shape *s)
{
	size_t cap = s->paths_cap ? s->paths_cap * 2 : PATHS_FIRST;
	struct shape_path *paths = realloc(s->paths, cap * sizeof *paths);
	uint32_t *slots;

	if (!paths)
		return false;
	s->paths = paths;
	slots = calloc(cap * 2, sizeof *slots);
	if (!slots)
		return false;
	free(s->slots);
	s->slots = slots;
	s->slots_count = cap * 2;
	s->paths_cap = cap;
	for (size_t i = 0; i < s->paths_count; i++) {
		size_t at = s->paths[i].hash & (s->slots_count - 1);

		while (s->slots[at])
			at = (at + 1) & (s->slots_count - 1);
		s->slots[at] = (uint32_t)i + 1;
	}
	return true;
}

struct shape_name
shape_name_below(const struct shape_path *parent, struct str piece)
{
	struct shape_name name = {.prefix = parent->text, .piece = piece};

	if (parent->text.n && piece.p[0] != '[')
		name.dot = STR(".");
	name.hash = shape_hash(shape_hash(parent->hash, name.dot), piece);
	return name;
}

static size_t
name_bytes(const struct shape_name *name)
{
	return name->prefix.n + name->dot.n + name->piece.n;
}

static bool
is_named(const struct shape_path *p, const struct shape_name *name)
{
	if (p->hash != name->hash || p->text.n != name_bytes(name))
		return false;
	return str_equal((struct str){p->text.p, name->prefix.n}, name->prefix) &&
	       str_equal(str_after(p->text, name->prefix.n + name->dot.n), name->piece);
}

struct shape_path *
shape_path_find(const struct shape *s, const struct shape_name *name, size_t *slot)
{
	size_t at = name->hash & (s->slots_count - 1);

	for (; s->slots_count && s->slots[at]; at = (at + 1) & (s->slots_count - 1))
		if (is_named(&s->paths[s->slots[at] - 1], name))
			return &s->paths[s->slots[at] - 1];
	*slot = at;
	return NULL;
}

static char *
name_copy(const struct shape_name *name)
{
	char *text = malloc(name_bytes(name) + 1), *end = text;

	if (!text)
		return NULL;
	if (name->prefix.n)
		end = mempcpy(end, name->prefix.p, name->prefix.n);
	if (name->dot.n)
		end = mempcpy(end, name->dot.p, name->dot.n);
	if (name->piece.n)
		end = mempcpy(end, name->piece.p, name->piece.n);
	*end = '\0';
	return text;
}

struct shape_path *
shape_path_add(struct shape *s, uint32_t parent, const struct shape_name *name)
{
	struct shape_path *p;
	char *text = NULL;
	size_t slot = 0;

	if (!str_is_utf8(name->piece)) /* a mapping's split may make any key */
		return NULL;
	if (s->paths_count < SHAPE_PATHS_MAX && name_bytes(name) <= SHAPE_PATH_BYTES &&
	    (s->paths_count < s->paths_cap || paths_grow(s)))
		text = name_copy(name);
	if (!text) {
		s->is_full = true;
		return NULL;
	}
	(void)shape_path_find(s, name, &slot);
	p = &s->paths[s->paths_count++];
	*p = (struct shape_path){.text = {text, name_bytes(name)},
				 .hash = name->hash,
				 .parent = parent,
				 .is_element = name->piece.n && name->piece.p[0] == '[',
				 .is_unsaved = true};
	s->slots[slot] = (uint32_t)s->paths_count;
	return p;
}

/* The longest path in front of it that is known. */
static uint32_t
parent_find(const struct shape *s, struct str text)
{
	for (size_t n = text.n; n > 1; n--) {
		struct shape_name name = {.piece = {text.p, n - 1}};
		const struct shape_path *p;
		size_t slot;

		if (text.p[n - 1] != '.' && text.p[n - 1] != '[')
			continue;
		name.hash = shape_hash(SHAPE_HASH_EMPTY, name.piece);
		p = shape_path_find(s, &name, &slot);
		if (p)
			return (uint32_t)(p - s->paths);
	}
	return 0;
}

struct shape_path *
shape_path_put(struct shape *s, struct str text)
{
	struct shape_name name = {.piece = text, .hash = shape_hash(SHAPE_HASH_EMPTY, text)};
	size_t slot;
	struct shape_path *p = shape_path_find(s, &name, &slot);

	if (p)
		return p;
	p = shape_path_add(s, parent_find(s, text), &name);
	if (p && text.n)
		p->is_element = text.p[text.n - 1] == ']';
	return p;
}

void
shape_value_put(struct shape_path *p, uint64_t value)
{
	for (size_t i = 0; i < p->values_count; i++)
		if (p->values[i] == value)
			return;
	if (p->is_open)
		return;
	if (p->values_count == SHAPE_VALUES_MAX) {
		p->is_open = p->is_unsaved = true;
		p->values_count = p->values_saved = 0;
		return;
	}
	p->values[p->values_count++] = value;
}

/* --- findings ----------------------------------------------------------------------------------------------------- */

struct shape_finding *
shape_finding_put(struct shape *s, uint32_t path, enum shape_what what, struct str now)
{
	struct shape_finding *f;

	for (size_t i = 0; i < s->findings_count; i++) {
		f = &s->findings[i];
		if (f->path == path && f->what == what && str_equal(str_of(f->now), now))
			return f;
	}
	if (s->findings_count == SHAPE_FINDINGS_MAX || now.n >= sizeof f->now) {
		s->is_full = true;
		return NULL;
	}
	f = &s->findings[s->findings_count++];
	*f = (struct shape_finding){.path = path, .what = what};
	memcpy(f->now, now.n ? now.p : "", now.n);
	return f;
}

static uint32_t
types_of(struct str name)
{
	for (enum node_type type = NODE_NULL; type <= NODE_OBJECT; type++)
		if (str_equal(name, str_of(node_type_name(type))))
			return UINT32_C(1) << type;
	return 0;
}

void
shape_accept(struct shape *s, struct shape_path *p, enum shape_what what, struct str now)
{
	uint32_t types = what == SHAPE_RETYPED ? types_of(now) : 0;

	if (what == SHAPE_MISSING)
		p->is_optional = true;
	p->is_unsaved |= (p->types | types) != p->types;
	p->types |= types;
	for (size_t i = 0; i < s->findings_count; i++)
		if (s->findings[i].path == (uint32_t)(p - s->paths) && s->findings[i].what == what &&
		    str_equal(str_of(s->findings[i].now), now))
			s->findings[i--] = s->findings[--s->findings_count];
}

void
shape_saved(struct shape *s)
{
	for (size_t i = 0; i < s->paths_count; i++) {
		struct shape_path *p = &s->paths[i];

		p->is_unsaved = false;
		p->documents_unsaved = p->absent_unsaved = 0;
		p->values_saved = p->values_count;
	}
}

size_t
shape_alarms(const struct shape *s)
{
	size_t n = 0;

	for (size_t i = 0; i < s->findings_count; i++)
		n += shape_is_alarm(s->findings[i].what);
	return n;
}

void
shape_settle(struct shape *s)
{
	for (size_t i = 0; i < s->findings_count; i++)
		if (s->findings[i].is_said && !s->findings[i].documents_unsaved)
			s->findings[i--] = s->findings[--s->findings_count];
}
