/* SPDX-License-Identifier: Apache-2.0 */
#include "drain_body.h"

#include "commands.h"
#include "formats/json.h"
#include "model/model.h"
#include "topology_names.h"

#include <stdio.h>
#include <string.h>

#define TEXT_BYTES ((size_t)64 << 20)
#define INDENT_COLUMNS 2

static const struct tree_limits limits = {.bytes = TEXT_BYTES, .depth = 128, .nodes = SIZE_MAX};

const struct contract *
drain_body_contract(struct str type)
{
	for (size_t i = 0; i < topology_events_count; i++)
		if (str_equal(type, str_of(topology_events[i].name)))
			return model_contract(topology_events[i].contract);
	return NULL;
}

enum outcome
drain_body_tree(struct str type, struct str body, struct arena *arena, struct node **tree, struct why *why)
{
	const struct contract *c = drain_body_contract(type);
	void *document = c ? arena_get(arena, c->size) : NULL;
	struct why unread = {0};

	if (c && document && contract_decode(c, body, arena, document, &unread) == OUTCOME_OK)
		return model_tree(c, document, arena, tree, why);
	if (!c && json_parse(body, &limits, arena, tree, &unread) == OUTCOME_OK)
		return OUTCOME_OK;
	return why_set(why, OUTCOME_HELD, "body-opaque",
		       "its body cannot be read field by field (%s): mend it at its source, or its mapping",
		       unread.code ? unread.code : "no memory");
}

struct str
drain_body_text(struct str type, struct str content_type, struct str body, struct arena *arena)
{
	struct node *tree;
	struct why why = {0};
	struct buf text;
	struct str copy;

	if (drain_body_tree(type, body, arena, &tree, &why) != OUTCOME_OK) {
		if (str_is_utf8(body) && !(body.n && memchr(body.p, 0, body.n)))
			return arena_str(arena, body);
		return arena_printf(arena, "(%zu bytes of %.*s, no text: show --raw)", body.n, STR_ARGS(content_type));
	}
	buf_init(&text, TEXT_BYTES);
	json_put_node(&text, tree, INDENT_COLUMNS);
	copy = arena_str(arena, buf_str(&text));
	buf_release(&text);
	return copy;
}

struct str
drain_body_json(struct str text, struct arena *arena)
{
	struct node *tree;
	struct why why = {0};
	struct buf json;
	struct str copy;

	if (json_parse(text, &limits, arena, &tree, &why) == OUTCOME_OK)
		return text;
	buf_init(&json, TEXT_BYTES);
	json_put_text(&json, text);
	copy = arena_str(arena, buf_str(&json));
	buf_release(&json);
	return copy;
}

int
drain_body_print(struct store *store, const struct rows *rows)
{
	struct result *found;
	struct why why = {0};
	int status = EXIT_NO;

	store_begin(store);
	if (store_query(store, rows, &found, &why) != OUTCOME_OK) {
		fprintf(stderr, "tributary dead-letters: %s: %s\n", why.code, why.text);
	} else if (result_count(found) == 1) {
		struct str body = result_bytes(found, 0, 3);

		if (fwrite(body.p, 1, body.n, stdout) == body.n)
			status = EXIT_YES;
	}
	store_rollback(store);
	return status;
}
