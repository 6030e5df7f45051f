/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/x12.h"

#include "formats/x12_scan.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define COUNT_BYTES 24

/* Where in the tree we are, for the path of a refusal; what a level does not have is NO_INDEX. */
#define NO_INDEX SIZE_MAX

struct writer {
	struct buf *out;
	struct why *why;
	struct x12_alphabet alphabet; /* of the interchange */
	size_t interchange, group, transaction, segment;
};

/* One segment: its elements by their number from 1, NULL where there is none. */
struct line {
	struct str tag;
	const struct node *elements[X12_ELEMENTS + 1];
	size_t count; /* of the last that is there */
};

/* A count as a node, which a line may point to. */
struct count {
	struct node node;
	char text[COUNT_BYTES];
};

/* --- refusals --- */

static void
path_put(char *path, size_t size, const char *list, size_t index)
{
	size_t n = strlen(path);

	if (index != NO_INDEX)
		snprintf(path + n, size - n, "%s%s[%zu]", n ? "." : "", list, index);
}

static bool
fail(struct writer *w, const char *code, struct str key, const char *text)
{
	char path[sizeof w->why->path] = "";
	size_t n;

	path_put(path, sizeof path, "interchanges", w->interchange);
	path_put(path, sizeof path, "groups", w->group);
	path_put(path, sizeof path, "transactions", w->transaction);
	path_put(path, sizeof path, "segments", w->segment);
	n = strlen(path);
	if (key.n)
		snprintf(path + n, sizeof path - n, "%s%.*s", n ? "." : "", STR_ARGS(key));
	why_at(w->why, OUTCOME_DEAD, code, path, "%s", text);
	return false;
}

static bool
is_scalar(const struct node *n)
{
	return n->type == NODE_TEXT || n->type == NODE_NUMBER || n->type == NODE_BOOL || n->type == NODE_NULL;
}

/* --- elements --- */

static bool
text_check(struct writer *w, struct str key, struct str text)
{
	const unsigned not_data = X12_ELEMENT | X12_SEGMENT | X12_COMPONENT | X12_REPETITION | X12_BREAK | X12_CONTROL;

	for (size_t i = 0; i < text.n; i++)
		if (w->alphabet.classes[(unsigned char)text.p[i]] & not_data)
			return fail(w, "x12-data", key, "a separator or control character, which X12 cannot escape");
	if (!str_is_utf8(text))
		return fail(w, "x12-data", key, "bytes that are not UTF-8");
	return true;
}

static bool
scalar_put(struct writer *w, struct str key, const struct node *n)
{
	if (!is_scalar(n))
		return fail(w, "x12-tree", key, "a list or object where a text belongs");
	if (!text_check(w, key, node_text(n)))
		return false;
	buf_put_str(w->out, node_text(n));
	return true;
}

/* The number at the end of a key, 1 to 99; 0 when it is none. */
static size_t
number_of(struct str digits)
{
	int64_t number;

	if (digits.n < 1 || digits.n > 2 || digits.p[0] == '-' || digits.p[0] == '+' || !str_to_int(digits, &number))
		return 0;
	return (size_t)number;
}

static bool
composite_put(struct writer *w, struct str key, const struct node *composite)
{
	const struct node *components[X12_ELEMENTS + 1] = {NULL};
	size_t last = 0, number;

	for (const struct node *n = composite->child; n; n = n->next) {
		number = number_of(n->key);
		if (!number || components[number] || !is_scalar(n))
			return fail(w, "x12-tree", key,
				    "no component: its key is no number from 1 to 99 or there twice, or it is no text");
		components[number] = n;
		if (node_text(n).n && number > last)
			last = number;
	}
	for (number = 1; number <= last; number++) {
		if (number > 1)
			buf_put_char(w->out, w->alphabet.separators.component);
		if (components[number] && !scalar_put(w, key, components[number]))
			return false;
	}
	return true;
}

static bool
value_put(struct writer *w, struct str key, const struct node *n)
{
	return n->type == NODE_OBJECT ? composite_put(w, key, n) : scalar_put(w, key, n);
}

static bool
element_put(struct writer *w, struct str key, const struct node *n)
{
	if (n->type != NODE_LIST)
		return value_put(w, key, n);
	if (n->children_count > 1 && !w->alphabet.separators.has_repetition)
		return fail(w, "x12-data", key, "a repeated element, and the interchange has no repetition separator");
	for (const struct node *item = n->child; item; item = item->next) {
		if (item != n->child)
			buf_put_char(w->out, w->alphabet.separators.repetition);
		if (!value_put(w, key, item))
			return false;
	}
	return true;
}

/* --- segments --- */

static void
line_set(struct line *line, size_t number, const struct node *n)
{
	line->elements[number] = n;
	if (number > line->count)
		line->count = number;
}

/* The node's elements in order of their numbers; a NULL node has none. */
static bool
line_read(struct writer *w, struct str tag, const struct node *node, struct line *line)
{
	*line = (struct line){.tag = tag};
	if (node && node->type != NODE_OBJECT)
		return fail(w, "x12-tree", tag, "a segment that is no object");
	for (const struct node *n = node ? node->child : NULL; n; n = n->next) {
		size_t number = str_starts(n->key, tag) ? number_of(str_after(n->key, tag.n)) : 0;

		if (str_equal(n->key, STR("tag")))
			continue;
		if (!number || n->key.n != tag.n + 2 || line->elements[number])
			return fail(w, "x12-tree", n->key, "no element of its segment, or there twice");
		line_set(line, number, n);
	}
	return true;
}

static bool
line_put(struct writer *w, const struct line *line)
{
	size_t first = w->out->n;

	buf_put_str(w->out, line->tag);
	for (size_t i = 1; i <= line->count; i++) {
		const struct node *n = line->elements[i];

		buf_put_char(w->out, w->alphabet.separators.element);
		if (n && !element_put(w, n->key.n ? n->key : line->tag, n))
			return false;
	}
	while (w->out->n && w->out->p[w->out->n - 1] == w->alphabet.separators.element)
		w->out->n--;
	buf_put_char(w->out, w->alphabet.separators.segment);
	if (w->out->n - first > X12_SEGMENT_BYTES)
		return fail(w, "x12-data", line->tag, "a segment longer than is taken");
	return true;
}

/* A stated count that is right stays as it was written, with its zeros; another gives way to what was counted. */
static void
line_count(struct line *line, size_t counted, struct count *count)
{
	struct str digits, stated = node_text(line->elements[1]);
	int64_t value;

	if (x12_digits(stated, &digits) && str_to_int(stated, &value) && (uint64_t)value == counted)
		return;
	snprintf(count->text, sizeof count->text, "%zu", counted);
	count->node = (struct node){.type = NODE_TEXT, .text = str_of(count->text)};
	line_set(line, 1, &count->node);
}

/* SE, GE and IEA alike: a count, and the control number of the header unless the trailer has its own. */
static bool
trailer_put(struct writer *w, struct line *line, size_t counted, const struct node *control)
{
	struct count count;

	line_count(line, counted, &count);
	if (!line->elements[2] && control)
		line_set(line, 2, control);
	return line_put(w, line);
}

/* --- levels --- */

static bool
is_tag(const struct node *segment, const char *tag)
{
	return str_equal(node_text(node_get(segment, "tag")), str_of(tag));
}

static bool
transaction_put(struct writer *w, const struct node *transaction)
{
	const struct node *segments = node_get(transaction, "segments"), *n;
	size_t count = segments ? segments->children_count : 0;
	struct line line;

	if (!node_is(segments, NODE_LIST) || !is_tag(segments->child, "ST"))
		return fail(w, "x12-tree", STR("segments"), "they do not begin with ST");
	w->segment = 0;
	for (n = segments->child; n && !is_tag(n, "SE"); n = n->next, w->segment++) {
		struct str tag = node_text(node_get(n, "tag"));

		if (tag.n < 2 || tag.n > 3 || (n != segments->child && is_tag(n, "ST")))
			return fail(w, "x12-tree", STR("tag"), "no tag, or a second ST");
		if (!text_check(w, STR("tag"), tag) || !line_read(w, tag, n, &line) || !line_put(w, &line))
			return false;
	}
	if (n && n->next)
		return fail(w, "x12-tree", STR("tag"), "an SE that is not the last");
	if (!line_read(w, STR("SE"), n, &line) ||
	    !trailer_put(w, &line, n ? count : count + 1, node_get(segments->child, "ST02")))
		return false;
	w->segment = NO_INDEX;
	return true;
}

static bool
group_put(struct writer *w, const struct node *group)
{
	const struct node *gs = node_get(group, "GS"), *transactions = node_get(group, "transactions");
	struct line line;

	if (!gs || !node_is(transactions, NODE_LIST))
		return fail(w, "x12-tree", STR("GS"), "a group without GS or transactions");
	if (!line_read(w, STR("GS"), gs, &line) || !line_put(w, &line))
		return false;
	w->transaction = 0;
	for (const struct node *t = transactions->child; t; t = t->next, w->transaction++)
		if (!transaction_put(w, t))
			return false;
	w->transaction = NO_INDEX;
	return line_read(w, STR("GE"), node_get(group, "GE"), &line) &&
	       trailer_put(w, &line, transactions->children_count, node_get(gs, "GS06"));
}

static bool
interchange_body_put(struct writer *w, const struct node *interchange)
{
	const struct node *ta1 = node_get(interchange, "TA1"), *groups = node_get(interchange, "groups");
	const struct node *control = node_get(node_get(interchange, "ISA"), "ISA13");
	struct line line;

	for (const struct node *n = ta1 ? ta1->child : NULL; n; n = n->next)
		if (!line_read(w, STR("TA1"), n, &line) || !line_put(w, &line))
			return false;
	if (!node_is(groups, NODE_LIST))
		return fail(w, "x12-tree", STR("groups"), "an interchange without a list of groups");
	w->group = 0;
	for (const struct node *g = groups->child; g; g = g->next, w->group++)
		if (!group_put(w, g))
			return false;
	w->group = NO_INDEX;
	return line_read(w, STR("IEA"), node_get(interchange, "IEA"), &line) &&
	       trailer_put(w, &line, groups->children_count, control);
}

/* --- the header --- */

static bool
separator_read(struct writer *w, const struct node *separators, const char *key, char *byte)
{
	const struct node *n = node_get(separators, key);

	if (n && !x12_byte_of(node_text(n), byte))
		return fail(w, "x12-separators", str_of(key), "a separator is one character of ISO 8859-1");
	return true;
}

/* The repetition separator is the tree's, else ISA11, else ^ when neither is there; before 00402 there is none. */
static bool
separators_read(struct writer *w, const struct node *interchange)
{
	const struct node *isa = node_get(interchange, "ISA"), *tree = node_get(interchange, "separators");
	struct x12_separators s = {.element = '*', .component = '>', .segment = '~', .repetition = '^'};
	struct str isa11 = node_text(node_get(isa, "ISA11")), version = node_text(node_get(isa, "ISA12"));
	const char *problem;

	if (!separator_read(w, tree, "element", &s.element) || !separator_read(w, tree, "component", &s.component) ||
	    !separator_read(w, tree, "segment", &s.segment))
		return false;
	if (!separator_read(w, tree, "repetition", &s.repetition))
		return false;
	if (!node_get(tree, "repetition") && (tree || isa11.n))
		s.has_repetition = x12_has_repetition(isa11, version) && x12_byte_of(isa11, &s.repetition);
	else
		s.has_repetition = x12_has_repetition((struct str){&s.repetition, 1}, version);
	problem = x12_separators_problem(&s);
	if (problem)
		return fail(w, "x12-separators", STR("separators"), problem);
	x12_alphabet_init(&w->alphabet, &s);
	return true;
}

static bool
header_field_put(struct writer *w, size_t i, const struct node *isa, bool has_separators)
{
	char key[] = {'I', 'S', 'A', (char)('0' + (i + 1) / 10), (char)('0' + (i + 1) % 10), '\0'};
	struct str text = node_text(node_get(isa, key)), digits;
	size_t width = x12_isa_widths[i], padding;

	if (i == 10 && w->alphabet.separators.has_repetition)
		text = (struct str){&w->alphabet.separators.repetition, 1};
	else if (i == 15)
		text = (struct str){&w->alphabet.separators.component, 1};
	else if (i == 10 && !text.n && !has_separators)
		text = STR("U");
	else if (!text_check(w, str_of(key), text))
		return false;
	if (text.n > width)
		return fail(w, "x12-data", str_of(key), "longer than its field of the ISA");
	padding = width - text.n;
	buf_put_char(w->out, w->alphabet.separators.element);
	for (; padding && i == 12 && x12_digits(text, &digits); padding--)
		buf_put_char(w->out, '0');
	buf_put_str(w->out, text);
	for (; padding; padding--)
		buf_put_char(w->out, ' ');
	return true;
}

static bool
interchange_put(struct writer *w, const struct node *interchange)
{
	const struct node *isa = node_get(interchange, "ISA");

	if (!node_is(isa, NODE_OBJECT))
		return fail(w, "x12-tree", STR("ISA"), "an interchange without ISA");
	if (!separators_read(w, interchange))
		return false;
	buf_put_str(w->out, STR("ISA"));
	for (size_t i = 0; i < X12_ISA_FIELDS; i++)
		if (!header_field_put(w, i, isa, node_get(interchange, "separators") != NULL))
			return false;
	buf_put_char(w->out, w->alphabet.separators.segment);
	return interchange_body_put(w, interchange);
}

static bool
tree_put(struct writer *w, const struct node *tree)
{
	const struct node *interchanges = node_get(tree, "interchanges");

	if (!node_is(interchanges, NODE_LIST) || !interchanges->child)
		return fail(w, "x12-tree", STR("interchanges"), "there is none");
	w->interchange = 0;
	for (const struct node *n = interchanges->child; n; n = n->next, w->interchange++)
		if (!interchange_put(w, n))
			return false;
	w->interchange = NO_INDEX;
	return buf_is_ok(w->out) || fail(w, "document-too-large", STR(""), "more bytes than the buffer may hold");
}

enum outcome
x12_write(const struct node *tree, struct buf *out, struct why *why)
{
	struct writer w = {.out = out, .why = why, .interchange = NO_INDEX};
	size_t before = out->n;

	w.group = w.transaction = w.segment = NO_INDEX;
	if (tree_put(&w, tree))
		return OUTCOME_OK;
	out->n = before;
	return OUTCOME_DEAD;
}
