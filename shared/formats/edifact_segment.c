/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/edifact_internal.h"

#include <string.h>

/* What a byte is. Those that end a text are told from those that only ask for another look at it. */
enum {
	CLASS_PLAIN = 0,
	CLASS_COMPONENT = 1,
	CLASS_REPETITION = 2,
	CLASS_ELEMENT = 4,
	CLASS_ENDS = CLASS_COMPONENT | CLASS_REPETITION | CLASS_ELEMENT,
	CLASS_RELEASE = 8,
	CLASS_CONTROL = 16,
	CLASS_HIGH = 32,
};

/* The bytes of a segment: read .. p .. to be read .. end */
struct cursor {
	const char *p, *end;
	bool has_control;
};

bool
edifact_fail(struct edifact_reader *r, const char *code, const char *at, const char *text)
{
	why_set(r->why, OUTCOME_DEAD, code, "segment %zu at byte %zu: %s", r->segments_count + 1,
		(size_t)(at - r->document.p), text);
	return false;
}

struct node *
edifact_node(struct edifact_reader *r, struct node *parent, struct str key, enum node_type type, const char *at)
{
	struct node *n = NULL;

	if (r->nodes_count == r->limits->nodes) {
		edifact_fail(r, "document-too-many-nodes", at, "more values than are taken");
		return NULL;
	}
	n = node_new(r->arena, type, (size_t)(at - r->document.p));
	if (!n) {
		edifact_fail(r, "document-too-large", at, "no memory for the document");
		return NULL;
	}
	r->nodes_count++;
	n->key = key;
	if (parent)
		node_append(parent, n);
	return n;
}

struct node *
edifact_text(struct edifact_reader *r, struct node *parent, struct str key, struct str text, const char *at)
{
	struct node *n = edifact_node(r, parent, key, NODE_TEXT, at);

	if (n)
		n->text = text;
	return n;
}

void
edifact_reader_prepare(struct edifact_reader *r)
{
	const struct edifact_separators *s = &r->separators;

	for (int c = 0; c < 256; c++)
		r->classes[c] = c < 0x20 || c == 0x7F ? CLASS_CONTROL : c >= 0x80 ? CLASS_HIGH : CLASS_PLAIN;
	if (s->release)
		r->classes[(unsigned char)s->release] = CLASS_RELEASE;
	if (s->repetition)
		r->classes[(unsigned char)s->repetition] = CLASS_REPETITION;
	r->classes[(unsigned char)s->component] = CLASS_COMPONENT;
	r->classes[(unsigned char)s->element] = CLASS_ELEMENT;
}

/* --- texts --- */

/* Without release characters, decoded; three bytes are the longest that one may become. */
static bool
text_copy(struct edifact_reader *r, struct str raw, struct str *text)
{
	char *out = arena_get(r->arena, raw.n * (r->charset.is_utf8 ? 1 : 3));
	size_t n = 0;

	if (!out)
		return edifact_fail(r, "document-too-large", raw.p, "no memory for a text");
	for (size_t i = 0; i < raw.n; i++) {
		size_t length = 1;

		if (r->separators.release && raw.p[i] == r->separators.release && i + 1 < raw.n)
			i++;
		if (r->charset.is_utf8)
			out[n] = raw.p[i];
		else
			length = edifact_charset_decode(&r->charset, raw.p[i], out + n);
		if (length == 0)
			return edifact_fail(r, "edifact-charset", raw.p + i,
					    "a byte that is no character of the set that UNB names");
		n += length;
	}
	*text = (struct str){out, n};
	return true;
}

/* Up to the next separator; a view into the document when the bytes are the text. */
static bool
text_read(struct edifact_reader *r, struct cursor *c, struct str *text)
{
	const char *first = c->p, *p = first;
	unsigned char seen = 0;

	for (; p < c->end; p++) {
		unsigned char class = r->classes[(unsigned char)*p];

		if (class & CLASS_ENDS)
			break;
		seen |= class;
		if (class == CLASS_RELEASE && p + 1 < c->end) {
			p++;
			seen |= r->classes[(unsigned char)*p] & (CLASS_CONTROL | CLASS_HIGH);
		}
	}
	c->p = p;
	*text = (struct str){first, (size_t)(p - first)};
	if ((seen & CLASS_RELEASE || (seen & CLASS_HIGH && !r->charset.is_utf8)) && !text_copy(r, *text, text))
		return false;
	c->has_control |= seen & CLASS_CONTROL || (seen & CLASS_HIGH && edifact_has_control(*text));
	return true;
}

/* --- elements --- */

/* Items with gaps; gaps at the end leave no trace, and one item at the first place needs no list. */
struct sequence {
	struct node *first, *list;
	size_t places;
};

static bool
sequence_add(struct edifact_reader *r, struct sequence *q, struct node *item, const char *at)
{
	const struct str none = {NULL, 0};

	if (item && q->places == 0)
		q->first = item;
	if (item && q->places > 0) {
		if (!q->list && !(q->list = edifact_node(r, NULL, none, NODE_LIST, at)))
			return false;
		if (!q->list->child && q->first)
			node_append(q->list, q->first);
		while (q->list->children_count < q->places)
			if (!edifact_node(r, q->list, none, NODE_NULL, at))
				return false;
		node_append(q->list, item);
	}
	q->places++;
	return true;
}

static bool
is_at(const struct edifact_reader *r, const struct cursor *c, unsigned char class)
{
	return c->p < c->end && r->classes[(unsigned char)*c->p] == class;
}

/* One occurrence of an element: its components. */
static bool
occurrence_read(struct edifact_reader *r, struct cursor *c, struct node **occurrence)
{
	const char *first = c->p;
	struct sequence q = {NULL, NULL, 0};

	for (;; c->p++) {
		const char *at = c->p;
		struct node *item = NULL;
		struct str text;

		if (!text_read(r, c, &text))
			return false;
		if (text.n && !(item = edifact_text(r, NULL, (struct str){NULL, 0}, text, at)))
			return false;
		if (!sequence_add(r, &q, item, first))
			return false;
		if (!is_at(r, c, CLASS_COMPONENT))
			break;
	}
	*occurrence = q.list ? q.list : q.first;
	return true;
}

/* An element; NULL when nothing is in it. */
static bool
element_read(struct edifact_reader *r, struct cursor *c, struct node **element)
{
	const char *first = c->p;
	struct sequence q = {NULL, NULL, 0};

	for (;; c->p++) {
		struct node *occurrence;

		if (!occurrence_read(r, c, &occurrence) || !sequence_add(r, &q, occurrence, first))
			return false;
		if (!is_at(r, c, CLASS_REPETITION))
			break;
	}
	*element = q.first;
	if (q.list) {
		*element = edifact_node(r, NULL, (struct str){NULL, 0}, NODE_OBJECT, first);
		if (!*element)
			return false;
		q.list->key = STR("repeated");
		node_append(*element, q.list);
	}
	return true;
}

/* --- segments --- */

/* The keys of the elements, without memory for each. */
static struct str
position_key(unsigned position)
{
	static const char digits[] = "00010203040506070809101112131415161718192021222324252627282930313233343536373839"
				     "40414243444546474849505152535455565758596061626364656667686970717273747576777879"
				     "8081828384858687888990919293949596979899";

	if (position < 10)
		return (struct str){digits + 2 * position + 1, 1};
	return (struct str){digits + 2 * position, 2};
}

static bool
elements_read(struct edifact_reader *r, struct cursor *c, struct node *segment)
{
	for (unsigned position = 1; c->p < c->end; position++) {
		struct node *element;

		if (position > EDIFACT_ELEMENTS)
			return edifact_fail(r, "edifact-segment", c->p, "more elements than are taken");
		c->p++;
		if (!element_read(r, c, &element))
			return false;
		if (element) {
			element->key = position_key(position);
			node_append(segment, element);
		}
	}
	return true;
}

bool
edifact_segment_read(struct edifact_reader *r, struct str raw, struct node **segment, bool *has_control)
{
	struct str tag = {raw.p, raw.n < 3 ? raw.n : 3};
	struct cursor c = {raw.p + tag.n, raw.p + raw.n, false};
	struct node *n;

	if (raw.n > EDIFACT_SEGMENT_BYTES)
		return edifact_fail(r, "edifact-segment", raw.p, "longer than is taken");
	if (!edifact_is_tag(tag) || (c.p < c.end && !is_at(r, &c, CLASS_ELEMENT)))
		return edifact_fail(r, "edifact-segment", raw.p, "no tag of three capitals or digits");
	n = edifact_node(r, NULL, (struct str){NULL, 0}, NODE_OBJECT, raw.p);
	if (!n || !edifact_text(r, n, STR("tag"), tag, raw.p) || !elements_read(r, &c, n))
		return false;
	*segment = n;
	*has_control |= c.has_control;
	r->segments_count++;
	return true;
}
