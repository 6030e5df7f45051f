/* SPDX-License-Identifier: Apache-2.0 */
/* One document against the shape: one walk over its nodes, then one over the paths for what it lacks. */
#include "shape/shape_internal.h"

#include "formats/edifact.h"

#include <string.h>

#define NO_PATH UINT32_MAX

struct seeing {
	struct shape *s;
	const struct shape_document *d;
	size_t *found;
	bool is_judged; /* enough was learned before */
};

static void unit_walk(struct seeing *see, uint32_t at, const struct node *n);

static void
types_put(uint32_t types, char out[static SHAPE_VALUE_BYTES * 2])
{
	size_t n = 0;

	out[0] = '\0';
	for (enum node_type type = NODE_BOOL; type <= NODE_OBJECT; type++) {
		struct str name = str_of(node_type_name(type));

		if (!(types >> type & 1))
			continue;
		if (n)
			out[n++] = ' ';
		memcpy(out + n, name.p, name.n + 1);
		n += name.n;
	}
}

static void
finding_count(struct seeing *see, uint32_t path, enum shape_what what, struct str now)
{
	struct shape_finding *f = shape_finding_put(see->s, path, what, now);

	/* Twice in one document is once. */
	if (f && f->documents_unsaved && uuid_equal(f->document, see->d->id))
		return;
	see->found[what]++;
	if (!f)
		return;
	f->document = see->d->id;
	f->at_us = see->d->at_us;
	f->documents_unsaved++;
	if (what == SHAPE_RETYPED || what == SHAPE_MISSING)
		types_put(see->s->paths[path].types, f->was);
}

/* The path below `parent`, as seen in this document; NO_PATH when there is none and none is learned. */
static uint32_t
path_at(struct seeing *see, uint32_t parent, struct str piece)
{
	struct shape *s = see->s;
	struct shape_name name = shape_name_below(&s->paths[parent], piece);
	size_t slot;
	struct shape_path *p = shape_path_find(s, &name, &slot);

	if (!p && see->d->is_learned) {
		/* It was not always there. */
		int64_t absent = s->paths[parent].documents > 0;

		p = shape_path_add(s, parent, &name);
		if (p)
			p->absent = p->absent_unsaved = absent;
	}
	if (!p)
		return NO_PATH;
	if (p->seen_in != s->seen) {
		p->seen_in = s->seen;
		p->now = 0;
		p->is_quiet = s->paths[parent].is_quiet;
	}
	return (uint32_t)(p - s->paths);
}

static bool
is_nothing(const struct node *n)
{
	return n->type == NODE_NULL || (n->type == NODE_TEXT && n->text.n == 0);
}

static uint32_t
type_bit(const struct seeing *see, const struct node *n)
{
	if ((n->type == NODE_LIST || n->type == NODE_OBJECT) && !n->child)
		return 0;
	return UINT32_C(1) << (see->d->format == SHAPE_PLAIN ? n->type : NODE_TEXT);
}

static void
used_put(struct shape_path *p, const struct node *n)
{
	if (n->is_read && !p->is_used)
		p->is_used = p->is_unsaved = true;
}

/* Judges and learns that the node is there, with its type. False when what is below it is none of it. */
static bool
node_see(struct seeing *see, uint32_t at, const struct node *n)
{
	struct shape_path *p = &see->s->paths[at];
	uint32_t bit = type_bit(see, n), other = bit & ~p->types;

	if (is_nothing(n)) {
		if (see->d->is_learned && !(p->types & 1)) {
			p->types |= 1;
			p->is_unsaved = true;
		}
		return false;
	}
	p->now++;
	used_put(p, n);
	if (see->is_judged && see->d->is_learned && !p->types && !p->documents && !p->is_quiet) {
		finding_count(see, at, SHAPE_NEW, str_of(bit ? node_type_name(n->type) : ""));
		p->is_quiet = true;
	}
	if (other && see->is_judged && p->is_used && p->types > 1) {
		finding_count(see, at, SHAPE_RETYPED, str_of(node_type_name(n->type)));
		p->is_quiet = true;
		return false;
	}
	if (other && see->d->is_learned) {
		p->types |= other;
		p->is_unsaved = true;
	}
	return true;
}

/* PAID, partially_paid, EA, 00: what programs write. No names, postcodes, amounts: those may be anybody's. */
static bool
is_code(struct str s)
{
	size_t letters = 0;

	if (s.n > SHAPE_VALUE_BYTES)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];
		bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');

		if (!is_letter && !(c >= '0' && c <= '9') && c != '_' && c != '.' && c != '-')
			return false;
		letters += is_letter;
	}
	if (!letters)
		return s.n <= 3 && !memchr(s.p, '.', s.n);
	return !(s.n > 1 && s.p[0] >= 'A' && s.p[0] <= 'Z' && s.p[1] >= 'a' && s.p[1] <= 'z');
}

/* A path with codes: each came several times. */
static bool
has_codes(const struct seeing *see, const struct shape_path *p)
{
	return see->is_judged && p->is_used && p->documents >= SHAPE_LEARN_DOCUMENTS && p->values_count &&
	       p->values_count * 4 <= p->documents;
}

static void
value_see(struct seeing *see, uint32_t at, struct str text)
{
	struct shape_path *p = &see->s->paths[at];
	uint64_t value;
	uint32_t before = p->values_count;

	if (p->is_open || !see->d->is_learned)
		return;
	if (!is_code(text)) {
		p->is_open = p->is_unsaved = true;
		p->values_count = p->values_saved = 0;
		return;
	}
	value = shape_hash(SHAPE_HASH_EMPTY, text);
	shape_value_put(p, value);
	if (p->values_count > before && before && before < SHAPE_VALUES_MAX) {
		p->values_count = before;
		if (has_codes(see, p) && !p->is_quiet)
			finding_count(see, at, SHAPE_VALUE, text);
		p->values_count = before + 1;
	}
}

/* A key that may be somebody's data, or another one each time, is no part of a path. */
static struct str
piece_of(const struct seeing *see, struct str key)
{
	bool is_number = key.n > 0 && see->d->format == SHAPE_PLAIN;

	if (!key.n || key.n > SHAPE_KEY_BYTES)
		return STR("*");
	for (size_t i = 0; i < key.n; i++) {
		if ((unsigned char)key.p[i] < ' ' || key.p[i] == '[' || key.p[i] == '"' || (key.p[i] == '@' && i > 0))
			return STR("*");
		is_number = is_number && key.p[i] >= '0' && key.p[i] <= '9';
	}
	return is_number ? STR("*") : key;
}

static void
scalar_see(struct seeing *see, uint32_t at, const struct node *n)
{
	if (node_see(see, at, n) && n->type == NODE_TEXT)
		value_see(see, at, n->text);
}

/* --- X12 and EDIFACT ---------------------------------------------------------------------------------------------- */

/* "7": the place of a component as a key. */
static struct str
place_piece(size_t place, char out[static 2])
{
	if (place > EDIFACT_ELEMENTS)
		place = EDIFACT_ELEMENTS;
	if (place < 10) {
		out[0] = (char)('0' + place);
		return (struct str){out, 1};
	}
	out[0] = (char)('0' + place / 10);
	out[1] = (char)('0' + place % 10);
	return (struct str){out, 2};
}

/* The first component is the element, the others are below it. */
static void
components_see(struct seeing *see, uint32_t segment, struct str key, const struct node *composite)
{
	uint32_t at = path_at(see, segment, key);
	bool has_first = false;
	size_t place = 0;
	char digits[2];

	if (at == NO_PATH)
		return;
	used_put(&see->s->paths[at], composite);
	for (const struct node *c = composite->child; c; c = c->next) {
		struct str piece = place_piece(++place, digits);
		uint32_t below = at;

		if (c->key.n)
			piece = c->key;
		if (str_equal(piece, STR("1")))
			has_first = !is_nothing(c);
		else
			below = path_at(see, at, piece);
		if (below != NO_PATH)
			scalar_see(see, below, c);
	}
	if (!has_first)
		see->s->paths[at].now++;
}

static void
element_see(struct seeing *see, uint32_t segment, struct str key, const struct node *n)
{
	bool is_x12 = see->d->format == SHAPE_X12;
	const struct node *repeated = is_x12 ? n : node_get(n, "repeated");
	uint32_t at;

	if (repeated && repeated->type == NODE_LIST) {
		for (const struct node *c = repeated->child; c; c = c->next)
			element_see(see, segment, key, c);
	} else if (n->child) {
		components_see(see, segment, key, n);
	} else {
		at = path_at(see, segment, key);
		if (at != NO_PATH)
			scalar_see(see, at, n);
	}
}

/* That every segment's tag is looked at says nothing: it is used when one of its elements is. */
static void
segment_see(struct seeing *see, uint32_t list, const struct node *segment, struct str tag)
{
	char piece[8] = "[";
	bool is_used = false;
	uint32_t at;

	memcpy(piece + 1, tag.p, tag.n);
	piece[tag.n + 1] = ']';
	at = path_at(see, list, (struct str){piece, tag.n + 2});
	if (at == NO_PATH)
		return;
	for (const struct node *n = segment->child; n; n = n->next)
		is_used |= n->is_read && !str_equal(n->key, STR("tag"));
	node_see(see, at, &(struct node){.type = NODE_OBJECT, .child = segment->child, .is_read = is_used});
	for (const struct node *n = segment->child; n; n = n->next)
		if (!str_equal(n->key, STR("tag")))
			element_see(see, at, n->key, n);
}

/* The tag of a segment; empty for anything else. */
static struct str
tag_of(const struct seeing *see, const struct node *n)
{
	bool has_tags = see->d->format == SHAPE_X12 || see->d->format == SHAPE_EDIFACT;
	struct str tag = has_tags ? node_text(node_get(n, "tag")) : (struct str){NULL, 0};

	for (size_t i = 0; i < tag.n; i++)
		if (!((tag.p[i] >= 'A' && tag.p[i] <= 'Z') || (tag.p[i] >= '0' && tag.p[i] <= '9')))
			return (struct str){NULL, 0};
	return tag.n <= 3 ? tag : (struct str){NULL, 0};
}

/* --- the walk ----------------------------------------------------------------------------------------------------- */

static void
member_walk(struct seeing *see, uint32_t at, struct str piece, const struct node *n)
{
	uint32_t below;

	if (see->d->format == SHAPE_XML && n->type == NODE_LIST) {
		for (const struct node *c = n->child; c; c = c->next)
			member_walk(see, at, piece, c);
		return;
	}
	below = path_at(see, at, piece);
	if (below != NO_PATH)
		unit_walk(see, below, n);
}

static void
unit_walk(struct seeing *see, uint32_t at, const struct node *n)
{
	if (n->type != NODE_OBJECT && n->type != NODE_LIST) {
		scalar_see(see, at, n);
		return;
	}
	if (!node_see(see, at, n))
		return;
	for (const struct node *c = n->child; c; c = c->next) {
		struct str tag = n->type == NODE_LIST ? tag_of(see, c) : (struct str){NULL, 0};

		if (tag.n)
			segment_see(see, at, c, tag);
		else if (n->type == NODE_LIST)
			member_walk(see, at, STR("[]"), c);
		else if (see->d->format == SHAPE_XML && str_equal(c->key, STR("#text")))
			value_see(see, at, c->text);
		else
			member_walk(see, at, piece_of(see, c->key), c);
	}
}

/* What the document had, and what it lacks. */
static void
document_count(struct seeing *see)
{
	struct shape *s = see->s;

	for (size_t i = 0; i < s->paths_count; i++) {
		struct shape_path *p = &s->paths[i], *parent = &s->paths[p->parent];
		uint32_t now = p->seen_in == s->seen ? p->now : 0;
		bool is_below = i > 0 && parent->seen_in == s->seen && parent->now && !parent->is_quiet;
		bool is_lacking = is_below && (p->is_element ? !now : now < parent->now);

		if (is_lacking && see->is_judged && p->is_used && !p->is_optional && !p->absent &&
		    p->documents >= SHAPE_LEARN_DOCUMENTS)
			finding_count(see, (uint32_t)i, SHAPE_MISSING, (struct str){NULL, 0});
		else if (is_lacking && see->d->is_learned) {
			p->absent++;
			p->absent_unsaved++;
		}
		if (now && see->d->is_learned) {
			p->documents++;
			p->documents_unsaved++;
		}
	}
}

void
shape_see(struct shape *s, const struct node *unit, const struct shape_document *d, size_t found[SHAPE_WHATS])
{
	struct seeing see = {.s = s, .d = d, .found = found};

	s->seen++;
	see.is_judged = s->paths[0].documents >= SHAPE_LEARN_DOCUMENTS;
	s->paths[0].seen_in = s->seen;
	s->paths[0].now = 0;
	s->paths[0].is_quiet = false;
	unit_walk(&see, 0, unit);
	document_count(&see);
}
