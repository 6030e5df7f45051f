/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/xml_build.h"

#include "formats/node_names.h"
#include "formats/xml.h"
#include "formats/xml_names.h"

static bool
fail(struct xml_build *b, const char *code, const char *text)
{
	b->fault.code = code;
	b->fault.text = text;
	return false;
}

/* --- nodes --- */

static struct node *
node_add(struct xml_build *b, struct node *parent, enum node_type type, struct str key)
{
	struct node *n;

	if (b->nodes_count == b->limits->nodes) {
		fail(b, "document-too-many-nodes", "more elements and attributes than are taken");
		return NULL;
	}
	n = node_new(b->arena, type, b->offset);
	if (!n) {
		fail(b, "document-too-large", "no memory for the document");
		return NULL;
	}
	b->nodes_count++;
	n->key = key;
	if (parent)
		node_append(parent, n);
	return n;
}

static bool
text_copy(struct xml_build *b, struct str text, struct str *copy)
{
	*copy = arena_str(b->arena, text);
	return copy->p || fail(b, "document-too-large", "no memory for a text");
}

static bool
text_add(struct xml_build *b, struct node *parent, struct str key, struct str text)
{
	struct node *n = node_add(b, parent, NODE_TEXT, key);

	return n && text_copy(b, text, &n->text);
}

/* Equal names are the same pointer within one parse, so they are built and kept once. */
static bool
name_key(struct xml_build *b, const char *local, const char *prefix, struct str *key)
{
	uintptr_t mixed = (uintptr_t)local ^ (uintptr_t)prefix << 3;
	struct xml_kept_name *kept = &b->names[(mixed >> 3 ^ mixed >> 11) & (XML_BUILD_NAMES - 1)];

	if (kept->local != local || kept->prefix != prefix) {
		struct str made = arena_printf(b->arena, "%s%s", prefix, local);

		if (!made.p)
			return fail(b, "document-too-large", "no memory for a name");
		*kept = (struct xml_kept_name){local, prefix, made};
	}
	*key = kept->key;
	return true;
}

/* --- children of one name --- */

/* The member under which a child of this name stands already. */
static struct node *
member_find(struct node *parent, struct node_names *names, struct node *child)
{
	struct node **place;

	if (names) {
		place = node_names_place(names, child->key);
		if (*place)
			return *place;
		*place = child;
		return NULL;
	}
	for (struct node *n = parent->child; n; n = n->next)
		if (str_equal(n->key, child->key))
			return n;
	return NULL;
}

/* The first child of its name becomes the list, so that it keeps its place; a copy of it is the list's first. */
static bool
member_listed(struct xml_build *b, struct node *member)
{
	struct node *first;

	if (member->type == NODE_LIST)
		return true;
	first = node_add(b, NULL, member->type, (struct str){NULL, 0});
	if (!first)
		return false;
	*first = *member;
	first->key = (struct str){NULL, 0};
	first->next = NULL;
	*member = (struct node){.type = NODE_LIST, .key = member->key, .next = member->next, .offset = member->offset};
	node_append(member, first);
	return true;
}

static bool
children_list(struct xml_build *b, struct node *parent, struct node_names *names)
{
	struct node *child = parent->child, *next, *member;

	parent->child = parent->last = NULL;
	parent->children_count = 0;
	for (; child; child = next) {
		next = child->next;
		child->next = NULL;
		member = member_find(parent, names, child);
		if (!member) {
			node_append(parent, child);
			continue;
		}
		if (!member_listed(b, member))
			return false;
		child->key = (struct str){NULL, 0};
		node_append(member, child);
	}
	return true;
}

static bool
children_group(struct xml_build *b, struct node *parent)
{
	struct arena_mark mark;
	struct node_names names;
	bool is_done;

	if (parent->children_count <= NODE_NAMES_PAIRWISE)
		return children_list(b, parent, NULL);
	mark = arena_mark(b->scratch);
	if (!node_names_init(&names, b->scratch, parent->children_count))
		return fail(b, "document-too-large", "no memory for the names of a large element");
	is_done = children_list(b, parent, &names);
	arena_rewind(b->scratch, mark);
	return is_done;
}

/* --- elements --- */

/* The root element stands under "document", beside its name and namespace. */
static bool
key_of(struct xml_build *b, struct xml_name name, struct str *key)
{
	if (b->depth > 0)
		return name_key(b, name.local, xml_prefix_of_uri(str_of(name.uri)), key);
	*key = STR("document");
	return text_add(b, b->root, STR("name"), str_of(name.local)) &&
	       (!name.uri || text_add(b, b->root, STR("namespace"), str_of(name.uri)));
}

bool
xml_build_open(struct xml_build *b, struct xml_name name, size_t namespaces_count, size_t offset)
{
	struct node *n;
	struct str key;

	b->offset = offset;
	if (b->depth == b->limits->depth)
		return fail(b, "document-too-deep", "nested deeper than is taken");
	if (b->namespaces_count + namespaces_count > XML_NAMESPACES_MAX)
		return fail(b, "document-too-many-nodes", "more namespaces than are taken");
	if (!key_of(b, name, &key))
		return false;
	n = node_add(b, b->depth ? b->frames[b->depth - 1].node : b->root, NODE_OBJECT, key);
	if (!n)
		return false;
	b->namespaces_count += namespaces_count;
	b->frames[b->depth++] = (struct xml_frame){n, b->texts.n, namespaces_count};
	return true;
}

bool
xml_build_attribute(struct xml_build *b, const char *local, struct str value)
{
	struct str key;

	return name_key(b, local, "@", &key) && text_add(b, b->frames[b->depth - 1].node, key, value);
}

bool
xml_build_text(struct xml_build *b, struct str text)
{
	buf_put_str(&b->texts, text);
	return buf_is_ok(&b->texts) || fail(b, "document-too-large", "no memory for a text");
}

bool
xml_build_close(struct xml_build *b)
{
	struct xml_frame frame = b->frames[--b->depth];
	struct str text = str_after(buf_str(&b->texts), frame.text_start);
	struct node *n = frame.node;

	b->texts.n = frame.text_start;
	b->namespaces_count -= frame.namespaces_count;
	b->offset = n->offset;
	if (str_trim(text).n == 0)
		text.n = 0;
	if (n->children_count == 0) {
		n->type = NODE_TEXT;
		return text_copy(b, text, &n->text);
	}
	return children_group(b, n) && (text.n == 0 || text_add(b, n, STR("#text"), text));
}

bool
xml_build_init(struct xml_build *b, const struct tree_limits *limits, struct arena *arena, size_t text_bytes)
{
	*b = (struct xml_build){.limits = limits, .arena = arena};
	buf_init(&b->texts, text_bytes);
	b->scratch = arena_new(SIZE_MAX / 2); /* it takes what the limits of depth and nodes let it */
	b->frames = b->scratch ? arena_array(b->scratch, limits->depth, sizeof *b->frames) : NULL;
	if (!b->frames)
		return fail(b, "document-too-large", "no memory for what is open");
	b->root = node_add(b, NULL, NODE_OBJECT, (struct str){NULL, 0});
	return b->root && text_add(b, b->root, STR("format"), STR("xml"));
}

void
xml_build_release(struct xml_build *b)
{
	buf_release(&b->texts);
	arena_free(b->scratch);
	b->scratch = NULL;
}
