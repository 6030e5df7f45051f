/* SPDX-License-Identifier: Apache-2.0 */
/*
 * NAME      tributary dead-letters edit - correct a field of a dead letter, so that it can be replayed
 * The field is named by a JSON Pointer into what `show` prints as the body. The order stays the same order: its id cannot
 * be changed. The original is kept (dead_letter_edits), the difference is shown, the act is in the audit log.
 */
#include "audit_log.h"
#include "commands.h"
#include "database.h"
#include "drain.h"
#include "drain_body.h"
#include "formats/json.h"
#include "options.h"
#include "pointer.h"

#include <stdio.h>
#include <string.h>

#define TIMEOUT_MS 30000
#define ARENA_BYTES ((size_t)256 << 20)
#define BODY_BYTES ((size_t)64 << 20)

struct wish {
	const char *reason;
	bool removes;
};

static const struct statement letter_for_edit = {
    "edit_letter", "U",
    "SELECT type, body, order_id, edits::bigint FROM tributary.dead_letters WHERE dead_letter_id = ($1)[1] AND state ="
    " 'open' FOR UPDATE"};

static const struct statement edit_insert = {
    "edit_insert", "UNTTTB",
    "INSERT INTO tributary.dead_letter_edits (dead_letter_id, edit_no, pointer, before, after, body)"
    " SELECT * FROM unnest($1, $2, $3, $4, $5, $6)"};

static const struct statement body_update = {
    "edit_body", "UB",
    "UPDATE tributary.dead_letters d SET body = u.body, edits = d.edits + 1 FROM unnest($1, $2) u(id, body)"
    " WHERE d.dead_letter_id = u.id"};

/* One correction on its way. */
struct edit {
	struct uuid id;
	const char *pointer, *value; /* value NULL: remove */
	const char *reason;
	struct arena *arena;
	struct str type, body, before, after, changed;
	struct uuid order_id;
	int64_t edits;
};

static struct str
node_json(const struct node *n, struct arena *arena)
{
	struct str copy = {NULL, 0};
	struct buf json;

	if (!n)
		return copy;
	buf_init(&json, BODY_BYTES);
	json_put_node(&json, n, 0);
	copy = arena_str(arena, buf_str(&json));
	buf_release(&json);
	return copy;
}

/* What is no JSON is meant as a text: ACME-1 as "ACME-1". */
static struct node *
value_read(const struct edit *e)
{
	struct node *value = NULL;
	struct why why = {0};

	if (json_parse(str_of(e->value), &tree_default_limits, e->arena, &value, &why) == OUTCOME_OK)
		return value;
	value = node_new(e->arena, NODE_TEXT, 0);
	if (value)
		value->text = str_of(e->value);
	return value;
}

/* The tree as the bytes that a message of this type has; checked as its stage would. */
static enum outcome
body_encode(struct edit *e, const struct node *tree, struct why *why)
{
	const struct contract *c = drain_body_contract(e->type);
	struct buf body;
	void *document;
	enum outcome outcome = OUTCOME_OK;

	if (!c) {
		e->changed = node_json(tree, e->arena);
		return OUTCOME_OK;
	}
	document = arena_get(e->arena, c->size);
	if (!document)
		return why_set(why, OUTCOME_DEAD, "too-large", "no memory for the document");
	outcome = contract_from_tree(c, tree, e->arena, document, why);
	if (outcome != OUTCOME_OK)
		return outcome;
	buf_init(&body, BODY_BYTES);
	contract_encode(c, document, &body);
	e->changed = arena_str(e->arena, buf_str(&body));
	buf_release(&body);
	return OUTCOME_OK;
}

static enum outcome
edit_make(struct edit *e, struct why *why)
{
	const struct node *before;
	struct node *tree, *value = e->value ? value_read(e) : NULL;
	struct str own;
	enum outcome outcome = drain_body_tree(e->type, e->body, e->arena, &tree, why);

	if (outcome == OUTCOME_OK && e->value && !value)
		outcome = why_set(why, OUTCOME_DEAD, "too-large", "no memory for the value");
	own = outcome == OUTCOME_OK ? node_text(node_get(tree, "order_id")) : (struct str){NULL, 0};
	if (outcome == OUTCOME_OK)
		outcome = pointer_put(&tree, str_of(e->pointer), value, e->arena, &before, why);
	if (outcome != OUTCOME_OK)
		return outcome;
	if (drain_body_contract(e->type) && !str_equal(own, node_text(node_get(tree, "order_id"))))
		return why_at(why, OUTCOME_DEAD, "usage", "order_id", "stays as it is: it would be another order");
	e->before = node_json(before, e->arena);
	e->after = node_json(value, e->arena);
	return body_encode(e, tree, why);
}

static void
edit_put(struct store *store, struct edit *e)
{
	struct rows *kept = rows_new(&edit_insert, e->arena), *body = rows_new(&body_update, e->arena);
	char id[UUID_TEXT_BYTES];

	uuid_format(e->id, id);
	rows_uuid(kept, e->id);
	rows_int(kept, e->edits + 1);
	rows_text(kept, str_of(e->pointer));
	rows_text_or_null(kept, e->before);
	rows_text_or_null(kept, e->after);
	rows_bytes(kept, e->body);
	rows_uuid(body, e->id);
	rows_bytes(body, e->changed);
	store_send(store, kept);
	store_send(store, body);
	audit_log_put(store, e->arena,
		      &(struct audit_act){.act = "dead-letter.edit",
					  .target_id = arena_str(e->arena, str_of(id)),
					  .order_id = e->order_id,
					  .reason = arena_printf(e->arena, "%s (%s)", e->reason, e->pointer).p,
					  .before = e->before,
					  .after = e->after});
}

static enum outcome
edit_do(struct store *store, struct edit *e, struct why *why)
{
	struct rows *rows = rows_new(&letter_for_edit, e->arena);
	struct result *found;
	enum outcome outcome;

	rows_uuid(rows, e->id);
	store_begin(store);
	outcome = store_query(store, rows, &found, why);
	if (outcome == OUTCOME_OK && result_count(found) == 0)
		outcome = why_set(why, OUTCOME_DEAD, "not-open", "no open letter has this id");
	if (outcome == OUTCOME_OK) {
		e->type = result_text(found, 0, 0);
		e->body = result_bytes(found, 0, 1);
		e->order_id = result_uuid(found, 0, 2);
		e->edits = result_int(found, 0, 3);
		outcome = edit_make(e, why);
	}
	if (outcome != OUTCOME_OK) {
		store_rollback(store);
		return outcome;
	}
	edit_put(store, e);
	return store_commit(store, why);
}

static int
edit_run(struct edit *e)
{
	struct database db = {0};
	struct why why = {0};
	int status = EXIT_NO;

	e->arena = arena_new(ARENA_BYTES);
	if (e->arena && database_open(&db, "dead-letters edit", TIMEOUT_MS, TIMEOUT_MS)) {
		if (edit_do(db.store, e, &why) == OUTCOME_OK) {
			printf("%s: %.*s -> %.*s\nthe original is kept; tributary dead-letters plan says what it would "
			       "come to now\n",
			       e->pointer, STR_ARGS(e->before.n ? e->before : STR("nothing")),
			       STR_ARGS(e->after.n ? e->after : STR("nothing")));
			status = EXIT_YES;
		} else {
			fprintf(stderr, "tributary dead-letters edit: %s: %s%s%s\n", why.code, why.path,
				why.path[0] ? ": " : "", why.text);
		}
	}
	database_close(&db);
	arena_free(e->arena);
	return status;
}

int
drain_edit_command(int argc, char **argv)
{
	static const struct option_row rows[] = {
	    {"reason", OPTION_TEXT, offsetof(struct wish, reason), "WORDS", "",
	     .help = "why, for the audit log; needed"},
	    {"remove", OPTION_FLAG, offsetof(struct wish, removes), .help = "take the field out; then without VALUE"},
	};
	static const struct options options = {
	    "tributary dead-letters edit --reason WORDS ID POINTER VALUE | --remove ID POINTER",
	    "Corrects one field of an open letter: /lines/0/sku '\"TR-1001\"'. VALUE is JSON; what is none is a text.",
	    rows,
	    COUNT_OF(rows),
	    2,
	    3};
	const char *words[3] = {NULL, NULL, NULL};
	struct wish wish = {0};
	struct edit e = {.pointer = NULL};
	size_t n = 0;
	int status;

	if (!options_read(&options, argc, argv, &wish, words, &n, &status))
		return status;
	if (!uuid_parse(str_of(words[0]), &e.id) || !wish.reason[0] || wish.removes != (n == 2)) {
		fprintf(stderr, "tributary dead-letters edit: an id, a pointer, a value (or --remove), and --reason\n");
		return EXIT_WRONG;
	}
	e.pointer = words[1];
	e.value = wish.removes ? NULL : words[2];
	e.reason = wish.reason;
	return edit_run(&e);
}
