/* SPDX-License-Identifier: Apache-2.0 */
#include "pointer.h"

#include <string.h>

/* "a~1b" is a/b, "m~0n" is m~n. p NULL: another ~, or no memory. */
static struct str
token_read(struct str raw, struct arena *arena)
{
	char *text = arena_get(arena, raw.n + 1);
	size_t n = 0;

	for (size_t i = 0; text && i < raw.n; i++) {
		char c = raw.p[i];

		if (c == '~') {
			i++;
			if (i == raw.n || (raw.p[i] != '0' && raw.p[i] != '1'))
				return (struct str){NULL, 0};
			c = raw.p[i] == '0' ? '~' : '/';
		}
		text[n++] = c;
	}
	return (struct str){text, n};
}

/* The list's index that the token names: digits without a leading zero, or "-" for behind the last. */
static bool
index_read(const struct node *list, struct str token, size_t *index)
{
	int64_t number;

	*index = list->children_count;
	if (str_equal(token, STR("-")))
		return true;
	if (!token.n || (token.n > 1 && token.p[0] == '0') || token.p[0] == '-' || token.p[0] == '+' ||
	    !str_to_int(token, &number))
		return false;
	*index = (size_t)number;
	return *index <= list->children_count;
}

/* The link that points to the child; to the end of the children when there is none. NULL: no such place. */
static struct node **
link_find(struct node *parent, struct str token)
{
	struct node **link = &parent->child;
	size_t index;

	if (parent->type == NODE_LIST) {
		if (!index_read(parent, token, &index))
			return NULL;
		while (*link && index-- > 0)
			link = &(*link)->next;
		return link;
	}
	while (*link && !str_equal((*link)->key, token))
		link = &(*link)->next;
	return link;
}

static void
last_mend(struct node *parent)
{
	parent->last = parent->child;
	parent->children_count = parent->child ? 1 : 0;
	while (parent->last && parent->last->next) {
		parent->last = parent->last->next;
		parent->children_count++;
	}
}

static enum outcome
place_put(struct node *parent, struct node **link, struct str token, struct node *value, const struct node **before,
	  struct why *why)
{
	struct node *old = *link, *rest = old ? old->next : NULL;

	if (!old && !value)
		return why_set(why, OUTCOME_DEAD, "pointer-missing", "there is nothing at that place to remove");
	*before = old;
	if (value) {
		value->key = parent->type == NODE_OBJECT ? token : (struct str){NULL, 0};
		value->next = rest;
		*link = value;
	} else {
		*link = rest;
	}
	last_mend(parent);
	return OUTCOME_OK;
}

enum outcome
pointer_put(struct node **root, struct str pointer, struct node *value, struct arena *arena, const struct node **before,
	    struct why *why)
{
	struct node *parent = *root;
	struct str rest = pointer;

	*before = NULL;
	if (!pointer.n || pointer.p[0] != '/')
		return why_set(why, OUTCOME_DEAD, "pointer-syntax",
			       "a JSON Pointer to a field begins with /: /lines/0/sku");
	rest = str_after(rest, 1);
	for (;;) {
		bool is_last = !memchr(rest.p, '/', rest.n);
		struct str token = token_read(str_split(&rest, '/'), arena);
		struct node **link;

		if (!token.p)
			return why_set(why, OUTCOME_DEAD, "pointer-syntax",
				       "~ is written ~0 and / is written ~1 in a name");
		if (parent->type != NODE_OBJECT && parent->type != NODE_LIST)
			return why_set(why, OUTCOME_DEAD, "pointer-missing",
				       "\"%.60s\" is below a value that has no parts", arena_text(arena, token));
		link = link_find(parent, token);
		if (!link || (!is_last && !*link))
			return why_set(why, OUTCOME_DEAD, "pointer-missing", "there is no \"%.60s\" on the way",
				       arena_text(arena, token));
		if (is_last)
			return place_put(parent, link, token, value, before, why);
		parent = *link;
	}
}
