/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/json.h"

#include "formats/json_scan.h"
#include "formats/node_names.h"

/*
 * While a container is open nothing comes after it, so its `next` holds the container around it until it is closed.
 * That is the parser's stack.
 */
struct parser {
	const char *start, *p, *end; /* start .. read .. p .. to be read .. end */
	const struct tree_limits *limits;
	struct arena *arena;
	struct node *root;
	struct node *open; /* innermost open container */
	struct str key;    /* of the value to come */
	size_t depth, nodes_count;
	struct why *why;
};

static bool
fail(struct parser *s, const char *code, const char *at, const char *text)
{
	size_t line, column;

	tree_position((struct str){s->start, (size_t)(s->end - s->start)}, (size_t)(at - s->start), &line, &column);
	why_set(s->why, OUTCOME_DEAD, code, "line %zu column %zu: %s", line, column, text);
	return false;
}

/* --- text --- */

static bool
fail_encoding(struct parser *s, struct str raw)
{
	return fail(s, "json-encoding", raw.p + str_utf8_bytes(raw), "bytes that are not UTF-8");
}

/* An escape is never shorter than what it stands for, so raw.n bytes are enough. */
static bool
text_unescape(struct parser *s, struct str raw, struct str *text)
{
	char *out = arena_get(s->arena, raw.n);
	const char *at = raw.p;

	if (!out)
		return fail(s, "document-too-large", raw.p, "no memory for a text");
	switch (json_unescape(raw, out, &text->n, &at)) {
	case JSON_ESCAPE_UNKNOWN:
		return fail(s, "json-invalid", at, "an escape that JSON does not know");
	case JSON_ESCAPE_SURROGATE:
		return fail(s, "json-encoding", at, "half of a surrogate pair");
	case JSON_ESCAPE_OK:
		break;
	}
	text->p = out;
	return true;
}

/* From behind the opening quote to behind the closing one; a view when nothing is escaped. */
static bool
text_scan(struct parser *s, struct str *text)
{
	const char *first = s->p, *p = first;
	bool is_ascii = true, has_escape = false;
	struct str raw;

	while ((p = json_plain_end(p, s->end)) < s->end && *p != '"') {
		if (*p == '\\') {
			has_escape = true;
			p += s->end - p > 1 ? 2 : 1;
		} else if ((unsigned char)*p >= 0x80) {
			is_ascii = false;
			while (p < s->end && (unsigned char)*p >= 0x80)
				p++;
		} else {
			return fail(s, "json-invalid", p, "a control character in a text");
		}
	}
	if (p == s->end)
		return fail(s, "json-invalid", first - 1, "a text that does not end");
	raw = (struct str){first, (size_t)(p - first)};
	if (!is_ascii && !str_is_utf8(raw))
		return fail_encoding(s, raw);
	s->p = p + 1;
	if (has_escape)
		return text_unescape(s, raw, text);
	*text = raw;
	return true;
}

/* --- values --- */

/* A node that takes the key and its place in the tree; NULL with `why` filled. */
static struct node *
node_add(struct parser *s, enum node_type type, const char *at)
{
	struct node *n = NULL;

	if (s->nodes_count == s->limits->nodes) {
		fail(s, "document-too-many-nodes", at, "more values than are taken");
		return NULL;
	}
	n = node_new(s->arena, type, (size_t)(at - s->start));
	if (!n) {
		fail(s, "document-too-large", at, "no memory for the document");
		return NULL;
	}
	s->nodes_count++;
	n->key = s->key;
	s->key = (struct str){NULL, 0};
	if (s->open)
		node_append(s->open, n);
	else
		s->root = n;
	return n;
}

static bool
word_read(struct parser *s, struct str word, enum node_type type)
{
	struct node *n;

	if (!str_starts((struct str){s->p, (size_t)(s->end - s->p)}, word))
		return fail(s, "json-invalid", s->p, "no value");
	n = node_add(s, type, s->p);
	if (!n)
		return false;
	if (type == NODE_BOOL)
		n->text = (struct str){s->p, word.n};
	s->p += word.n;
	return true;
}

static bool
number_read(struct parser *s)
{
	const char *end = json_number_end(s->p, s->end);
	struct node *n;

	if (!end)
		return fail(s, "json-invalid", s->p, "neither a value nor a well-formed number");
	n = node_add(s, NODE_NUMBER, s->p);
	if (!n)
		return false;
	n->text = (struct str){s->p, (size_t)(end - s->p)};
	s->p = end;
	return true;
}

static bool
text_read(struct parser *s)
{
	struct node *n = node_add(s, NODE_TEXT, s->p);

	s->p++;
	return n && text_scan(s, &n->text);
}

static bool
container_open(struct parser *s, enum node_type type)
{
	struct node *n;

	if (s->depth == s->limits->depth)
		return fail(s, "document-too-deep", s->p, "nested deeper than is taken");
	n = node_add(s, type, s->p);
	if (!n)
		return false;
	s->depth++;
	s->p++;
	n->next = s->open;
	s->open = n;
	return true;
}

/* --- member names --- */

static bool
fail_duplicate(struct parser *s, const struct node *again)
{
	return fail(s, "json-duplicate-key", s->start + again->offset, "an object has a member of this name already");
}

static bool
names_compare(struct parser *s, const struct node *object)
{
	for (const struct node *a = object->child; a; a = a->next)
		for (const struct node *b = a->next; b; b = b->next)
			if (a->key.n == b->key.n && str_equal(a->key, b->key))
				return fail_duplicate(s, b);
	return true;
}

static bool
names_hash(struct parser *s, const struct node *object)
{
	struct arena_mark mark = arena_mark(s->arena);
	struct node_names names;

	if (!node_names_init(&names, s->arena, object->children_count))
		return fail(s, "document-too-large", s->p, "no memory for the names of a large object");
	for (struct node *n = object->child; n; n = n->next) {
		struct node **place = node_names_place(&names, n->key);

		if (*place)
			return fail_duplicate(s, n);
		*place = n;
	}
	arena_rewind(s->arena, mark);
	return true;
}

static bool
container_close(struct parser *s)
{
	struct node *n = s->open;

	if (n->type == NODE_OBJECT &&
	    !(n->children_count <= NODE_NAMES_PAIRWISE ? names_compare(s, n) : names_hash(s, n)))
		return false;
	s->open = n->next;
	n->next = NULL;
	s->depth--;
	s->p++;
	return true;
}

/* --- the document --- */

static void
blanks_skip(struct parser *s)
{
	while (s->p < s->end && (*s->p == ' ' || *s->p == '\n' || *s->p == '\r' || *s->p == '\t'))
		s->p++;
}

static bool
name_read(struct parser *s)
{
	if (s->p == s->end || *s->p != '"')
		return fail(s, "json-invalid", s->p, "no name of a member");
	s->p++;
	if (!text_scan(s, &s->key))
		return false;
	blanks_skip(s);
	if (s->p == s->end || *s->p != ':')
		return fail(s, "json-invalid", s->p, "no colon after the name of a member");
	s->p++;
	blanks_skip(s);
	return true;
}

/* What a value may be followed by; a container that just opened is followed by its first value or its end. */
enum place { PLACE_VALUE, PLACE_FIRST, PLACE_AFTER };

static bool
value_read(struct parser *s, enum place *place)
{
	if (s->open && s->open->type == NODE_OBJECT && !name_read(s))
		return false;
	*place = PLACE_AFTER;
	switch (s->p < s->end ? *s->p : '\0') {
	case '{':
		*place = PLACE_FIRST;
		return container_open(s, NODE_OBJECT);
	case '[':
		*place = PLACE_FIRST;
		return container_open(s, NODE_LIST);
	case '"':
		return text_read(s);
	case 't':
		return word_read(s, STR("true"), NODE_BOOL);
	case 'f':
		return word_read(s, STR("false"), NODE_BOOL);
	case 'n':
		return word_read(s, STR("null"), NODE_NULL);
	case '\0':
		return fail(s, "json-invalid", s->p, "a value is missing");
	default:
		return number_read(s);
	}
}

static bool
ends_container(const struct parser *s)
{
	return s->p < s->end && *s->p == (s->open->type == NODE_OBJECT ? '}' : ']');
}

static bool
document_read(struct parser *s)
{
	enum place place = PLACE_VALUE;

	for (;;) {
		blanks_skip(s);
		if (place == PLACE_AFTER && !s->open)
			break;
		if (place != PLACE_VALUE && ends_container(s)) {
			if (!container_close(s))
				return false;
			place = PLACE_AFTER;
		} else if (place == PLACE_AFTER) {
			if (s->p == s->end || *s->p != ',')
				return fail(s, "json-invalid", s->p, "neither a comma nor the end of what is open");
			s->p++;
			place = PLACE_VALUE;
		} else if (!value_read(s, &place)) {
			return false;
		}
	}
	return s->p == s->end || fail(s, "json-invalid", s->p, "text after the document");
}

/* RFC 8259 section 8.1 forbids the mark; UTF-16 and UTF-32 show in the first two bytes, of which one is NUL. */
static bool
encoding_check(struct parser *s)
{
	struct str document = {s->p, (size_t)(s->end - s->p)};

	if (str_starts(document, STR("\xEF\xBB\xBF")))
		return fail(s, "json-encoding", s->p, "a byte order mark: send UTF-8 without it");
	if (document.n >= 2 && (str_starts(document, STR("\xFF\xFE")) || str_starts(document, STR("\xFE\xFF")) ||
				!document.p[0] || !document.p[1]))
		return fail(s, "json-encoding", s->p, "UTF-16 or UTF-32: send UTF-8");
	return true;
}

enum outcome
json_parse(struct str document, const struct tree_limits *limits, struct arena *arena, struct node **root,
	   struct why *why)
{
	struct parser s = {.start = document.p ? document.p : "", .limits = limits, .arena = arena, .why = why};

	s.p = s.start;
	s.end = s.start + document.n;
	if (document.n > limits->bytes)
		return why_set(why, OUTCOME_DEAD, "document-too-large", "%zu bytes, at most %zu are taken", document.n,
			       limits->bytes);
	if (!encoding_check(&s) || !document_read(&s))
		return OUTCOME_DEAD;
	*root = s.root;
	return OUTCOME_OK;
}
