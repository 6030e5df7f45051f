/* SPDX-License-Identifier: Apache-2.0 */
#include "compare.h"

#include "formats/json.h"

#include <stdio.h>
#include <string.h>

#define FIELDS_MAX 4
#define TEXT_MAX_BYTES ((size_t)1 << 16)

/* Of one list: which fields say what an entry is, and which must then agree. Others are the broker's own business. */
struct section {
	const char *list, *kind;
	const char *identity[FIELDS_MAX];
	const char *between[FIELDS_MAX]; /* what is written before each of them */
	const char *compared[FIELDS_MAX + 1];
};

static const struct section sections[] = {
    {"vhosts", "vhost", {"name"}, {""}, {NULL}},
    {"exchanges", "exchange", {"name"}, {""}, {"type", "durable", "auto_delete", "internal", "arguments"}},
    {"queues", "queue", {"name"}, {""}, {"durable", "auto_delete", "arguments"}},
    {"bindings", "binding", {"source", "destination", "routing_key"}, {"", " -> ", " by "}, {"arguments"}},
    {"policies", "policy", {"name"}, {""}, {"pattern", "apply-to", "priority", "definition"}},
    {"users", "user", {"name"}, {""}, {"tags"}},
    {"permissions", "permission", {"user"}, {""}, {"configure", "write", "read"}},
    {"topic_permissions", "topic permission", {"user", "exchange"}, {"", " on "}, {"write", "read"}},
};

struct comparison {
	struct str vhost;
	const struct node *exchanges; /* ours */
	compare_said said;
	void *context;
};

const char *
difference_name(enum difference difference)
{
	static const char *const names[] = {"missing", "different", "surplus", "foreign"};

	return names[difference];
}

static bool
nodes_equal(const struct node *a, const struct node *b)
{
	if (!a || !b || a->type != b->type || a->children_count != b->children_count)
		return a == b;
	if (a->type == NODE_OBJECT) {
		for (const struct node *child = a->child; child; child = child->next)
			if (!nodes_equal(child, node_get_str(b, child->key)))
				return false;
		return true;
	}
	if (a->type == NODE_LIST) {
		for (const struct node *x = a->child, *y = b->child; x; x = x->next, y = y->next)
			if (!nodes_equal(x, y))
				return false;
		return true;
	}
	return str_equal(a->text, b->text);
}

/* Is the entry in the vhost that is compared? Users and vhosts themselves are in none. */
static bool
is_here(const struct comparison *c, const struct section *section, const struct node *entry)
{
	const struct node *vhost = node_get(entry, "vhost");

	if (section == &sections[0])
		return str_equal(node_text(node_get(entry, "name")), c->vhost);
	return !vhost || str_equal(node_text(vhost), c->vhost);
}

static const struct node *
entry_find(const struct comparison *c, const struct section *section, const struct node *list, const struct node *like)
{
	for (const struct node *entry = list ? list->child : NULL; entry; entry = entry->next) {
		size_t i = 0;

		while (i < FIELDS_MAX && section->identity[i] &&
		       nodes_equal(node_get(entry, section->identity[i]), node_get(like, section->identity[i])))
			i++;
		if ((i == FIELDS_MAX || !section->identity[i]) && is_here(c, section, entry))
			return entry;
	}
	return NULL;
}

/* Says it with the entry's name in words. */
static void
difference_say(const struct comparison *c, const struct section *section, const struct node *entry,
	       enum difference difference, struct str detail)
{
	struct buf name;

	buf_init(&name, TEXT_MAX_BYTES);
	for (size_t i = 0; i < FIELDS_MAX && section->identity[i]; i++) {
		buf_put_str(&name, str_of(section->between[i]));
		buf_put_str(&name, node_text(node_get(entry, section->identity[i])));
	}
	c->said(c->context, difference, str_of(section->kind), buf_str(&name), detail);
	buf_release(&name);
}

static void
value_put(struct buf *out, const struct node *value)
{
	if (value)
		json_put_node(out, value, 0);
	else
		buf_put_str(out, STR("absent"));
}

static void
entry_compare(const struct comparison *c, const struct section *section, const struct node *wanted,
	      const struct node *found)
{
	struct buf detail;

	buf_init(&detail, TEXT_MAX_BYTES);
	for (size_t i = 0; i < COUNT_OF(section->compared) && section->compared[i]; i++) {
		const struct node *must = node_get(wanted, section->compared[i]);
		const struct node *is = node_get(found, section->compared[i]);

		if (nodes_equal(must, is))
			continue;
		buf_printf(&detail, "%s%s is ", detail.n ? "; " : "", section->compared[i]);
		value_put(&detail, is);
		buf_put_str(&detail, STR(", must be "));
		value_put(&detail, must);
	}
	if (detail.n || !buf_is_ok(&detail))
		difference_say(c, section, wanted, DIFFERENCE_OTHER, buf_str(&detail));
	buf_release(&detail);
}

/* Does what our source knows nothing of change what ours does? */
static bool
is_foreign(const struct comparison *c, const struct section *section, const struct node *entry)
{
	struct str source = node_text(node_get(entry, "source"));

	if (strcmp(section->list, "policies") == 0)
		return true;
	for (const struct node *e = c->exchanges ? c->exchanges->child : NULL; e && source.n; e = e->next)
		if (str_equal(node_text(node_get(e, "name")), source))
			return true;
	return false;
}

static void
surplus_say(const struct comparison *c, const struct section *section, const struct node *entry)
{
	if (is_foreign(c, section, entry))
		difference_say(c, section, entry, DIFFERENCE_FOREIGN,
			       STR("not of topology.yaml, and it changes what ours does: delete it (of a party that is "
				   "gone: its empty queue), or declare it there"));
	else
		difference_say(c, section, entry, DIFFERENCE_SURPLUS, STR(""));
}

static void
section_compare(const struct comparison *c, const struct section *section, const struct node *wanted,
		const struct node *found)
{
	for (const struct node *entry = wanted->child; entry; entry = entry->next) {
		const struct node *there = entry_find(c, section, found, entry);

		if (there)
			entry_compare(c, section, entry, there);
		else
			difference_say(c, section, entry, DIFFERENCE_MISSING, STR(""));
	}
	for (const struct node *entry = found ? found->child : NULL; entry; entry = entry->next)
		if (is_here(c, section, entry) && !entry_find(c, section, wanted, entry))
			surplus_say(c, section, entry);
}

void
definitions_compare(const struct node *wanted, const struct node *found, compare_said said, void *context)
{
	const struct node *vhost = node_at(node_get(wanted, "vhosts"), 0);
	const struct comparison c = {node_text(node_get(vhost, "name")), node_get(wanted, "exchanges"), said, context};

	for (size_t i = 0; i < COUNT_OF(sections); i++) {
		const struct node *list = node_get(wanted, sections[i].list);

		if (list)
			section_compare(&c, &sections[i], list, node_get(found, sections[i].list));
	}
}
