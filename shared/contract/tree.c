/* SPDX-License-Identifier: Apache-2.0 */
#include "contract/validate.h"

#include "base/decimal.h"
#include "base/instant.h"
#include "base/uuid.h"

#include <string.h>

struct filling {
	struct arena *arena;
	struct why *why;
	bool is_partial;
	struct complaints *all; /* every wrong field is kept; NULL: the first is enough */
};

/* A wrong field: kept, when all are wanted. */
static enum outcome
field_failed(struct filling *fill, enum outcome outcome)
{
	if (!fill->all || outcome != OUTCOME_DEAD)
		return outcome;
	if (fill->all->n < COMPLAINTS_MAX)
		fill->all->items[fill->all->n++] = *fill->why;
	return OUTCOME_OK;
}

static enum outcome contract_fill(struct filling *f, const struct contract *c, const struct node *n,
				  const struct path *path, void *document);

static enum outcome
list_fill(struct filling *fill, const struct field *f, const struct node *n, const struct path *path, struct list *list)
{
	enum outcome outcome;
	size_t i = 0;

	if (!node_is(n, NODE_LIST))
		return field_wrong_type(f, path, node_type_name(n->type), fill->why);
	outcome = field_check_count(f, n->children_count, path, fill->why);
	if (outcome != OUTCOME_OK)
		return outcome;
	list->n = n->children_count;
	list->items = arena_array(fill->arena, list->n, f->of->size);
	if (!list->items)
		return why_at(fill->why, OUTCOME_DEAD, "too-large", path->text, "no memory for %zu entries", list->n);
	for (const struct node *child = n->child; child && outcome == OUTCOME_OK; child = child->next, i++) {
		struct path at = path_index(path, i);

		outcome =
		    field_failed(fill, contract_fill(fill, f->of, child, &at, (char *)list->items + i * f->of->size));
	}
	return outcome;
}

static enum outcome
number_fill(struct filling *fill, const struct field *f, const struct node *n, const struct path *path, int64_t *v)
{
	bool is_scalar = node_is(n, NODE_NUMBER) || node_is(n, NODE_TEXT), is_ok;

	if (f->type == FIELD_DECIMAL)
		is_ok = is_scalar && decimal_parse(n->text, v);
	else if (f->type == FIELD_INSTANT)
		is_ok = node_is(n, NODE_TEXT) && instant_parse(n->text, v);
	else
		is_ok = is_scalar && str_to_int(n->text, v);
	if (!is_ok)
		return field_wrong_type(f, path, is_scalar ? "something that is none" : node_type_name(n->type),
					fill->why);
	return field_check_int(f, *v, path, fill->why);
}

static enum outcome
text_fill(struct filling *fill, const struct field *f, const struct node *n, const struct path *path, void *at)
{
	enum outcome outcome;
	int index;

	/* A number where a text is wanted is an id that somebody did not quote: its digits are the text. */
	if (!node_is(n, NODE_TEXT) && !(f->type == FIELD_TEXT && node_is(n, NODE_NUMBER)))
		return field_wrong_type(f, path, node_type_name(n->type), fill->why);
	if (f->type == FIELD_UUID)
		return uuid_parse(n->text, at) ? OUTCOME_OK : field_wrong_type(f, path, "another text", fill->why);
	if (f->type == FIELD_ENUM) {
		index = field_enum_index(f, n->text);
		if (index < 0)
			return field_wrong_type(f, path, "another text", fill->why);
		*(int *)at = index;
		return OUTCOME_OK;
	}
	outcome = field_check_text(f, n->text, path, fill->why);
	if (outcome == OUTCOME_OK)
		*(struct str *)at = n->text;
	return outcome;
}

static enum outcome
field_fill(struct filling *fill, const struct field *f, const struct node *n, const struct path *path, void *at)
{
	switch (f->type) {
	case FIELD_TEXT:
	case FIELD_ENUM:
	case FIELD_UUID:
		return text_fill(fill, f, n, path, at);
	case FIELD_BOOL:
		if (!node_is(n, NODE_BOOL))
			return field_wrong_type(f, path, node_type_name(n->type), fill->why);
		*(bool *)at = str_equal(n->text, STR("true"));
		return OUTCOME_OK;
	case FIELD_OBJECT:
		return contract_fill(fill, f->of, n, path, at);
	case FIELD_LIST:
		return list_fill(fill, f, n, path, at);
	default:
		return number_fill(fill, f, n, path, at);
	}
}

/* Every required field that was not given, or the first. */
static enum outcome
present_check(struct filling *fill, const struct contract *c, const bool *given, const struct path *path)
{
	enum outcome outcome = contract_check_present(c, given, path, fill->why);

	if (outcome == OUTCOME_OK || !fill->all)
		return outcome;
	for (size_t i = 0; i < c->fields_count; i++) {
		bool others[CONTRACT_FIELDS_MAX];

		memset(others, true, sizeof others);
		others[i] = given[i];
		outcome = field_failed(fill, contract_check_present(c, others, path, fill->why));
		if (outcome != OUTCOME_OK)
			return outcome;
	}
	return OUTCOME_OK;
}

static enum outcome
contract_fill(struct filling *fill, const struct contract *c, const struct node *n, const struct path *path,
	      void *document)
{
	bool given[CONTRACT_FIELDS_MAX] = {false};

	/* Lua has one kind of table: an empty one may have been meant as an object. */
	if (!node_is(n, NODE_OBJECT) && !(node_is(n, NODE_LIST) && n->children_count == 0))
		return why_at(fill->why, OUTCOME_DEAD, "field-type", path->text, "wants an object, found %s",
			      node_type_name(n->type));
	for (const struct node *child = n->child; child; child = child->next) {
		size_t at = 0;
		struct path where;
		enum outcome outcome;

		while (at < c->fields_count && !str_equal(child->key, str_of(c->fields[at].key)))
			at++;
		if (at == c->fields_count) {
			outcome = field_failed(fill, why_at(fill->why, OUTCOME_DEAD, "field-unknown", path->text,
							    "contract %s has no field \"%.*s\"", c->name,
							    STR_ARGS(child->key)));
			if (outcome != OUTCOME_OK)
				return outcome;
			continue;
		}
		if (node_is(child, NODE_NULL))
			continue;
		where = path_key(path, c->fields[at].key);
		given[at] = true;
		outcome = field_failed(
		    fill, field_fill(fill, &c->fields[at], child, &where, field_at(&c->fields[at], document)));
		if (outcome != OUTCOME_OK)
			return outcome;
	}
	return fill->is_partial ? OUTCOME_OK : present_check(fill, c, given, path);
}

enum outcome
contract_from_tree(const struct contract *c, const struct node *tree, struct arena *arena, void *document,
		   struct why *why)
{
	struct filling fill = {arena, why, c->is_partial, NULL};
	struct path root = {.n = 0};

	memset(document, 0, c->size);
	return contract_fill(&fill, c, tree, &root, document);
}

void
contract_complain(const struct contract *c, const struct node *tree, struct arena *arena, struct complaints *complaints)
{
	struct why why = {0};
	struct filling fill = {arena, &why, c->is_partial, complaints};
	struct path root = {.n = 0};
	void *document = arena_get(arena, c->size);

	if (document)
		(void)field_failed(&fill, contract_fill(&fill, c, tree, &root, document));
}
