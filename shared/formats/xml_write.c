/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/xml.h"

#include "formats/xml_names.h"

#include <string.h>

/* Where in the tree a node stands, for a path when something is wrong. */
struct place {
	const struct place *up; /* NULL at the root element */
	struct str name;
	size_t index; /* in its list, from 0 */
	bool is_listed;
	size_t depth;
};

struct writer {
	struct buf *out;
	struct why *why;
};

/* --- failing --- */

static void
path_put(struct buf *path, const struct place *at)
{
	if (at->up) {
		path_put(path, at->up);
		buf_put_char(path, '.');
	}
	buf_put_str(path, at->name);
	if (at->is_listed)
		buf_printf(path, "[%zu]", at->index);
}

static bool
fail(struct writer *w, const struct place *at, const char *text)
{
	struct buf path;

	buf_init(&path, (size_t)1 << 20);
	path_put(&path, at);
	why_at(w->why, OUTCOME_DEAD, "xml-data", buf_text(&path), "%s", text);
	buf_release(&path);
	return false;
}

/* --- text --- */

static const char *
reference_of(char c, bool is_attribute)
{
	switch (c) {
	case '&':
		return "&amp;";
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '\r':
		return "&#13;";
	case '"':
		return is_attribute ? "&quot;" : NULL;
	case '\t':
		return is_attribute ? "&#9;" : NULL;
	case '\n':
		return is_attribute ? "&#10;" : NULL;
	default:
		return NULL;
	}
}

/* XML 1.0 section 2.2: neither control characters nor U+FFFE and U+FFFF can be written in any way. */
static bool
text_check(struct writer *w, struct str text, const struct place *at)
{
	for (size_t i = 0; i < text.n; i++) {
		unsigned char c = (unsigned char)text.p[i];

		if (c < 0x20 && c != '\t' && c != '\n' && c != '\r')
			return fail(w, at, "a control character, which XML does not have");
		if (c == 0xEF && text.n - i >= 3 && (unsigned char)text.p[i + 1] == 0xBF &&
		    (unsigned char)text.p[i + 2] >= 0xBE)
			return fail(w, at, "U+FFFE or U+FFFF, which XML does not have");
	}
	return str_is_utf8(text) || fail(w, at, "bytes that are not UTF-8");
}

static bool
text_put(struct writer *w, struct str text, bool is_attribute, const struct place *at)
{
	size_t from = 0;

	if (!text_check(w, text, at))
		return false;
	for (size_t i = 0; i < text.n; i++) {
		const char *reference = reference_of(text.p[i], is_attribute);

		if (!reference)
			continue;
		buf_put(w->out, text.p + from, i - from);
		buf_put_str(w->out, str_of(reference));
		from = i + 1;
	}
	if (text.n > from)
		buf_put(w->out, text.p + from, text.n - from);
	return true;
}

/* --- names --- */

/* A name without a colon, as Namespaces in XML 1.0 has it; beyond ASCII all letters pass. */
static bool
is_name(struct str name)
{
	for (size_t i = 0; i < name.n; i++) {
		unsigned char c = (unsigned char)name.p[i];
		bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c >= 0x80;

		if (!is_letter && (i == 0 || !((c >= '0' && c <= '9') || c == '-' || c == '.')))
			return false;
	}
	return name.n > 0 && str_is_utf8(name);
}

static bool
is_element_name(struct str name)
{
	size_t prefix = xml_prefix_of_name(name);

	return is_name(prefix < XML_PREFIXES_COUNT ? str_after(name, strlen(xml_prefixes[prefix].text)) : name);
}

static bool
is_attribute_key(struct str key)
{
	return str_starts(key, STR("@"));
}

/* --- elements --- */

static bool
attribute_put(struct writer *w, const struct node *n, const struct place *element)
{
	struct str name = str_after(n->key, 1);
	struct place at = {.up = element, .name = n->key, .depth = element->depth + 1};

	if (n->type == NODE_NULL)
		return true;
	if (!is_name(name))
		return fail(w, &at, "no name of an attribute");
	if (n->type == NODE_LIST || n->type == NODE_OBJECT)
		return fail(w, &at, "an attribute that is no text");
	buf_put_char(w->out, ' ');
	if (str_equal(name, STR("lang")) || str_equal(name, STR("space")))
		buf_put_str(w->out, STR("xml:"));
	buf_put_str(w->out, name);
	buf_put_str(w->out, STR("=\""));
	if (!text_put(w, n->text, true, &at))
		return false;
	buf_put_char(w->out, '"');
	return true;
}

static bool
attributes_put(struct writer *w, const struct node *element, const struct place *at)
{
	for (const struct node *n = element->child; n; n = n->next)
		if (is_attribute_key(n->key) && !attribute_put(w, n, at))
			return false;
	return true;
}

static bool children_put(struct writer *w, const struct node *parent, const struct place *at);

/* `declarations` stands behind the name of the root element only. */
static bool
element_put(struct writer *w, const struct node *n, const struct place *at, struct str declarations)
{
	bool is_object = n->type == NODE_OBJECT;

	if (n->type == NODE_NULL)
		return true;
	if (n->type == NODE_LIST)
		return fail(w, at, "a list where an element is needed");
	if (!is_element_name(at->name))
		return fail(w, at, "no name of an element");
	if (at->depth > XML_WRITE_DEPTH_MAX)
		return fail(w, at, "nested deeper than is written");
	buf_put_char(w->out, '<');
	buf_put_str(w->out, at->name);
	buf_put_str(w->out, declarations);
	if (is_object && !attributes_put(w, n, at))
		return false;
	buf_put_char(w->out, '>');
	if (is_object ? !children_put(w, n, at) : !text_put(w, n->text, false, at))
		return false;
	buf_put_str(w->out, STR("</"));
	buf_put_str(w->out, at->name);
	buf_put_char(w->out, '>');
	return true;
}

static bool
child_put(struct writer *w, const struct node *n, const struct place *parent)
{
	struct place at = {.up = parent, .name = n->key, .depth = parent->depth + 1};

	if (str_equal(n->key, STR("#text")))
		return n->type != NODE_OBJECT && n->type != NODE_LIST ? text_put(w, n->text, false, &at)
								      : fail(w, &at, "a text that is none");
	if (n->type != NODE_LIST)
		return element_put(w, n, &at, STR(""));
	at.is_listed = true;
	for (const struct node *item = n->child; item; item = item->next, at.index++)
		if (!element_put(w, item, &at, STR("")))
			return false;
	return true;
}

static bool
children_put(struct writer *w, const struct node *parent, const struct place *at)
{
	for (const struct node *n = parent->child; n; n = n->next)
		if (!is_attribute_key(n->key) && !child_put(w, n, at))
			return false;
	return true;
}

/* --- namespaces --- */

/* Bit i for xml_prefixes[i]; what is nested too deep is refused when it is written. */
static unsigned
prefixes_used(const struct node *parent, size_t depth)
{
	unsigned used = 0;

	for (const struct node *n = parent->child; n && depth <= 2 * XML_WRITE_DEPTH_MAX; n = n->next) {
		size_t prefix = xml_prefix_of_name(n->key);

		if (prefix < XML_PREFIXES_COUNT)
			used |= 1U << prefix;
		used |= prefixes_used(n, depth + 1);
	}
	return used;
}

/* As a default namespace these would give each name without a prefix another meaning, or are forbidden. */
static bool
is_no_default(struct str uri)
{
	return *xml_prefix_of_uri(uri) || str_equal(uri, STR("http://www.w3.org/XML/1998/namespace")) ||
	       str_equal(uri, STR("http://www.w3.org/2000/xmlns/"));
}

static bool
declarations_put(struct writer *w, const struct node *tree, const struct node *document, struct buf *declarations)
{
	struct place at = {.name = STR("namespace")};
	struct writer own = {.out = declarations, .why = w->why};
	const struct node *uri = node_get(tree, "namespace");
	unsigned used = prefixes_used(document, 0);

	if (uri && is_no_default(node_text(uri)))
		return fail(w, &at, "no namespace for a root element");
	if (uri) {
		buf_put_str(declarations, STR(" xmlns=\""));
		if (!text_put(&own, node_text(uri), true, &at))
			return false;
		buf_put_char(declarations, '"');
	}
	for (size_t i = 0; i < XML_PREFIXES_COUNT; i++)
		if (used & 1U << i)
			buf_printf(declarations, " xmlns:%.*s=\"%s\"", (int)strlen(xml_prefixes[i].text) - 1,
				   xml_prefixes[i].text, xml_prefixes[i].uri);
	return true;
}

static bool
document_put(struct writer *w, const struct node *tree, struct buf *declarations)
{
	const struct node *document = node_get(tree, "document");
	struct place root = {.name = node_text(node_get(tree, "name"))};
	struct place missing = {.name = STR("document")};

	if (!document || document->type == NODE_NULL)
		return fail(w, &missing, "no root element");
	if (!is_name(root.name))
		return fail(w, &(struct place){.name = STR("name")}, "no name of the root element");
	if (!declarations_put(w, tree, document, declarations))
		return false;
	buf_put_str(w->out, STR("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"));
	return element_put(w, document, &root, buf_str(declarations));
}

enum outcome
xml_write(const struct node *tree, struct buf *out, struct why *why)
{
	struct writer w = {out, why};
	struct buf declarations;
	bool is_done;

	buf_init(&declarations, 64 * 1024);
	is_done = document_put(&w, tree, &declarations);
	is_done =
	    is_done && (buf_is_ok(&declarations) || fail(&w, &(struct place){.name = STR("namespace")}, "too long"));
	buf_release(&declarations);
	if (!is_done)
		return OUTCOME_DEAD;
	return buf_is_ok(out) ? OUTCOME_OK : why_set(why, OUTCOME_DEAD, "too-large", "no room for the document");
}
