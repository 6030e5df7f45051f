/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/x12.h"

#include "formats/x12_check.h"
#include "formats/x12_element.h"

#include <string.h>

#define NO_KEY ((struct str){NULL, 0})

/* What is open is not NULL; a group is open only in an interchange, a transaction only in a group. */
struct parser {
	const char *p, *end; /* read.start .. read .. p .. to be read .. end */
	struct x12_reader read;
	struct node *root, *interchanges;
	struct node *interchange, *groups;
	struct node *group, *transactions;
	struct node *transaction, *segments;
	size_t segments_count; /* of the file, up to the one that is read */
	struct why *why;
};

/* One segment, which is not yet in the tree. */
struct segment {
	struct node *node;
	struct str tag;
	const char *at;
	bool is_cut; /* by the end of the file */
};

static size_t
offset_of(const struct parser *s, const char *at)
{
	return (size_t)(at - s->read.start);
}

static bool
fail(struct parser *s, const char *code, const char *at, const char *text)
{
	why_set(s->why, OUTCOME_DEAD, code, "segment %zu, byte %zu: %s", s->segments_count, offset_of(s, at), text);
	return false;
}

static bool
has_room(struct parser *s)
{
	if (s->read.build.shortage == X12_SHORTAGE_NODES)
		return fail(s, "document-too-many-nodes", s->p, "more elements than are taken");
	if (s->read.build.shortage == X12_SHORTAGE_MEMORY)
		return fail(s, "document-too-large", s->p, "no memory for the document");
	return true;
}

/* --- levels --- */

static void
transaction_close(struct parser *s, const struct node *se)
{
	if (s->transaction)
		x12_check_transaction(&s->read.build, s->transaction, se);
	s->transaction = s->segments = NULL;
}

static void
group_close(struct parser *s, struct node *ge)
{
	transaction_close(s, NULL);
	if (s->group) {
		if (ge)
			node_append(s->group, ge);
		x12_check_group(&s->read.build, s->group, ge);
	}
	s->group = s->transactions = NULL;
}

static void
groups_add(struct parser *s, size_t offset)
{
	if (!s->groups)
		s->groups = x12_add(&s->read.build, s->interchange, NODE_LIST, STR("groups"), offset);
}

static void
interchange_close(struct parser *s, struct node *iea)
{
	group_close(s, NULL);
	if (s->interchange) {
		groups_add(s, iea ? iea->offset : s->interchange->offset);
		if (iea)
			node_append(s->interchange, iea);
		x12_check_interchange(&s->read.build, s->interchange, iea);
	}
	s->interchange = s->groups = NULL;
}

static bool
gs_place(struct parser *s, struct segment *seg)
{
	size_t offset = seg->node->offset;

	group_close(s, NULL);
	groups_add(s, offset);
	s->group = x12_add(&s->read.build, s->groups, NODE_OBJECT, NO_KEY, offset);
	if (s->group)
		node_append(s->group, seg->node);
	s->transactions = x12_add(&s->read.build, s->group, NODE_LIST, STR("transactions"), offset);
	return true;
}

static bool
st_place(struct parser *s, struct segment *seg)
{
	size_t offset = seg->node->offset;

	if (!s->group)
		return fail(s, "x12-segment", seg->at, "an ST outside a group");
	transaction_close(s, NULL);
	s->transaction = x12_add(&s->read.build, s->transactions, NODE_OBJECT, NO_KEY, offset);
	x12_add_text(&s->read.build, s->transaction, STR("set"), node_text(node_get(seg->node, "ST01")), offset);
	x12_add_text(&s->read.build, s->transaction, STR("control"), node_text(node_get(seg->node, "ST02")), offset);
	s->segments = x12_add(&s->read.build, s->transaction, NODE_LIST, STR("segments"), offset);
	if (s->segments)
		node_append(s->segments, seg->node);
	return true;
}

static bool
body_place(struct parser *s, struct segment *seg)
{
	if (!s->transaction)
		return fail(s, "x12-segment", seg->at, "a segment outside a transaction");
	node_append(s->segments, seg->node);
	return true;
}

static bool
se_place(struct parser *s, struct segment *seg)
{
	if (!body_place(s, seg))
		return false;
	transaction_close(s, seg->node);
	return true;
}

static bool
ge_place(struct parser *s, struct segment *seg)
{
	if (!s->group)
		return fail(s, "x12-segment", seg->at, "a GE outside a group");
	group_close(s, seg->node);
	return true;
}

static bool
iea_place(struct parser *s, struct segment *seg)
{
	interchange_close(s, seg->node);
	return true;
}

static bool
ta1_place(struct parser *s, struct segment *seg)
{
	struct node *list = s->interchange->last;

	if (s->groups)
		return fail(s, "x12-segment", seg->at, "a TA1 behind a group");
	if (!str_equal(list->key, STR("TA1")))
		list = x12_add(&s->read.build, s->interchange, NODE_LIST, STR("TA1"), seg->node->offset);
	if (list)
		node_append(list, seg->node);
	return true;
}

static const struct placement {
	struct str tag;
	bool (*place)(struct parser *s, struct segment *seg);
	bool is_plain;   /* its node has no "tag" but is a member of that name */
	bool is_trailer; /* has counts and control numbers, which show whether it is whole */
} placements[] = {
    {{"ST", 2}, st_place, false, false}, {{"SE", 2}, se_place, false, true},  {{"GS", 2}, gs_place, true, false},
    {{"GE", 2}, ge_place, true, true},   {{"IEA", 3}, iea_place, true, true}, {{"TA1", 3}, ta1_place, false, false},
};
static const struct placement body = {{NULL, 0}, body_place, false, false};

static const struct placement *
placement_of(struct str tag)
{
	for (size_t i = 0; i < COUNT_OF(placements); i++)
		if (str_equal(placements[i].tag, tag))
			return &placements[i];
	return &body;
}

/* --- segments --- */

/* X12.5: two or three capitals and digits, a capital first. */
static bool
is_tag(struct str tag)
{
	if (tag.n < 2 || tag.n > 3)
		return false;
	for (size_t i = 0; i < tag.n; i++) {
		bool is_digit = tag.p[i] >= '0' && tag.p[i] <= '9';

		if (!(tag.p[i] >= 'A' && tag.p[i] <= 'Z') && !(is_digit && i > 0))
			return false;
	}
	return true;
}

static bool
elements_read(struct parser *s, struct segment *seg, const char *end)
{
	unsigned seen;

	for (size_t number = 1; s->p < end && *s->p == s->read.alphabet.separators.element; number++) {
		const char *first = s->p + 1;

		if (number > X12_ELEMENTS)
			return fail(s, "x12-segment", s->p, "a segment of more than 99 elements");
		s->p = x12_element_end(&s->read.alphabet, first, end, &seen);
		if (s->p > first && !x12_element_add(&s->read, seg->node, x12_key(&s->read.build, seg->tag, number),
						     (struct str){first, (size_t)(s->p - first)}, seen))
			return fail(s, "x12-segment", first, "a composite of more than 99 components");
	}
	return true;
}

/* A tag that is none may only be cut: then nothing ends the segment before the file does. */
static bool
tag_refuse(struct parser *s, const char *at, const char *end)
{
	if (end == s->end && !memchr(at, s->read.alphabet.separators.segment, (size_t)(end - at))) {
		s->p = s->end;
		return true;
	}
	return fail(s, "x12-segment", at, "no tag of a segment");
}

static bool
segment_read(struct parser *s)
{
	struct segment seg = {.at = s->p};
	size_t left = (size_t)(s->end - s->p), offset = offset_of(s, s->p);
	const char *end = s->p + (left > X12_SEGMENT_BYTES ? X12_SEGMENT_BYTES : left);
	const struct placement *placement;
	unsigned seen;

	if (!s->interchange)
		return fail(s, "x12-segment", seg.at, "something outside an interchange");
	s->p = x12_element_end(&s->read.alphabet, s->p, end, &seen);
	seg.tag = (struct str){seg.at, (size_t)(s->p - seg.at)};
	if (seen & X12_BREAK && !x12_text(s->read.build.arena, seg.tag, &seg.tag))
		s->read.build.shortage = X12_SHORTAGE_MEMORY;
	if (!is_tag(seg.tag))
		return tag_refuse(s, seg.at, end);
	placement = placement_of(seg.tag);
	seg.node = x12_node(&s->read.build, NODE_OBJECT, placement->is_plain ? placement->tag : NO_KEY, offset);
	if (!placement->is_plain)
		x12_add_text(&s->read.build, seg.node, STR("tag"), seg.tag, offset);
	if (!elements_read(s, &seg, end))
		return false;
	if (s->p == end && end < s->end)
		return fail(s, "x12-segment", seg.at, "a segment that does not end");
	seg.is_cut = s->p == end;
	s->p += !seg.is_cut;
	if (!has_room(s))
		return false;
	return (seg.is_cut && !placement->is_trailer) || placement->place(s, &seg);
}

/* --- the header --- */

static bool
header_fields_add(struct parser *s, const struct x12_header *h)
{
	struct node *isa = x12_add(&s->read.build, s->interchange, NODE_OBJECT, STR("ISA"), s->interchange->offset);
	struct str text;

	for (size_t i = 0; i < X12_ISA_FIELDS; i++) {
		if (!x12_text(s->read.build.arena, h->fields[i], &text)) {
			s->read.build.shortage = X12_SHORTAGE_MEMORY;
			break;
		}
		x12_add_text(&s->read.build, isa, x12_key(&s->read.build, STR("ISA"), i + 1), x12_trim_right(text),
			     offset_of(s, h->fields[i].p));
	}
	return has_room(s);
}

static bool
separators_add(struct parser *s, const struct x12_separators *separators, const char *at)
{
	const struct {
		struct str key;
		char byte;
	} members[] = {{STR("element"), separators->element},
		       {STR("component"), separators->component},
		       {STR("repetition"), separators->repetition},
		       {STR("segment"), separators->segment}};
	struct node *n = x12_add(&s->read.build, s->interchange, NODE_OBJECT, STR("separators"), offset_of(s, at));

	for (size_t i = 0; i < COUNT_OF(members); i++) {
		if (i == 2 && !separators->has_repetition)
			continue;
		struct str text = x12_byte_text(s->read.build.arena, members[i].byte);

		if (!text.p)
			s->read.build.shortage = X12_SHORTAGE_MEMORY;
		x12_add_text(&s->read.build, n, members[i].key, text, offset_of(s, at));
	}
	return has_room(s);
}

static bool
header_read(struct parser *s)
{
	struct x12_header h;
	const char *at = s->p, *problem;

	switch (x12_header_read(at, s->end, &h)) {
	case X12_HEADER_CUT:
		return fail(s, "x12-header", at, "the ISA is cut, or has no 16 elements");
	case X12_HEADER_FIELDS:
		return fail(s, "x12-header", at, "the ISA lacks separators: a code of one character is longer");
	case X12_HEADER_SEPARATORS:
		return fail(s, "x12-separators", at + 3, "the element separator is a letter, a digit or a blank");
	case X12_HEADER_OK:
		break;
	}
	problem = x12_separators_problem(&h.separators);
	if (problem)
		return fail(s, "x12-separators", at, problem);
	interchange_close(s, NULL);
	s->interchange = x12_add(&s->read.build, s->interchanges, NODE_OBJECT, NO_KEY, offset_of(s, at));
	s->p = at + h.length;
	x12_alphabet_init(&s->read.alphabet, &h.separators);
	return has_room(s) && header_fields_add(s, &h) && separators_add(s, &h.separators, at);
}

/* --- the file --- */

/* A terminator that is a line break may be followed by more of them; another kind of terminator is a void segment. */
static void
blanks_skip(struct parser *s)
{
	while (s->p < s->end && (*s->p == ' ' || *s->p == '\t' || *s->p == '\r' || *s->p == '\n'))
		s->p++;
}

static bool
is_header(const struct parser *s)
{
	return str_starts((struct str){s->p, (size_t)(s->end - s->p)}, STR("ISA"));
}

static bool
document_read(struct parser *s)
{
	blanks_skip(s);
	if (!is_header(s))
		return fail(s, "x12-no-isa", s->p, "it does not begin with ISA");
	for (; s->p < s->end; blanks_skip(s)) {
		s->segments_count++;
		if (!(is_header(s) ? header_read(s) : segment_read(s)) || !has_room(s))
			return false;
	}
	interchange_close(s, NULL);
	if (has_room(s))
		x12_check_file(&s->read.build, s->interchanges);
	return has_room(s);
}

static enum outcome
size_check(struct str document, const struct tree_limits *limits, struct why *why)
{
	if (document.n > limits->bytes)
		return why_set(why, OUTCOME_DEAD, "document-too-large", "%zu bytes, at most %zu are taken", document.n,
			       limits->bytes);
	if (limits->depth < X12_TREE_DEPTH)
		return why_set(why, OUTCOME_DEAD, "document-too-deep", "nests %d deep, at most %zu are taken",
			       X12_TREE_DEPTH, limits->depth);
	return OUTCOME_OK;
}

enum outcome
x12_parse(struct str document, const struct tree_limits *limits, struct arena *arena, struct node **root,
	  struct why *why)
{
	struct parser s = {.read.start = document.p ? document.p : "", .why = why};

	if (size_check(document, limits, why) != OUTCOME_OK)
		return OUTCOME_DEAD;
	s.p = s.read.start + (str_starts(document, STR("\xEF\xBB\xBF")) ? 3 : 0);
	s.end = s.read.start + document.n;
	x12_builder_init(&s.read.build, arena, limits->nodes);
	s.root = x12_node(&s.read.build, NODE_OBJECT, NO_KEY, 0);
	x12_add_text(&s.read.build, s.root, STR("format"), STR("x12"), 0);
	s.interchanges = x12_add(&s.read.build, s.root, NODE_LIST, STR("interchanges"), offset_of(&s, s.p));
	if (!has_room(&s) || !document_read(&s))
		return OUTCOME_DEAD;
	*root = s.root;
	return OUTCOME_OK;
}
