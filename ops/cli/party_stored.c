/* SPDX-License-Identifier: Apache-2.0 */
/*
 * NAME      tributary party diff - what a changed mapping would change
 * SYNOPSIS  tributary party diff [--since 7d] [--limit N] PARTY
 * The mapping as it lies in the folder is run over the raw documents that came lately; each canonical field that would
 * be another than what was stored is shown. Nothing is written.
 */
#include "age.h"
#include "commands.h"
#include "options.h"
#include "party_commands.h"
#include "party_diff.h"

#include "base/instant.h"
#include "database.h"
#include "formats/json.h"
#include "intake/intake.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ARENA_BYTES ((size_t)512 << 20)
#define TEXT_BYTES ((size_t)64 << 20)
#define DOCUMENT_MAX_BYTES ((size_t)16 << 20)
#define TIMEOUT_MS 60000
#define PAGE 200

/* From a place on, oldest first; what was split is there unit by unit. */
static const struct statement stored_page = {
    "party_stored_page", "TZUI",
    "SELECT d.document_id, d.received_at, d.kind, d.content_type, coalesce(d.body, b.body), d.outcome, "
    "coalesce(d.code, ''),"
    " coalesce(o.number, d.document_id::text), coalesce(o.document, r.document)"
    " FROM tributary.documents d LEFT JOIN tributary.orders o ON o.document_id = d.document_id"
    " LEFT JOIN tributary.documents b ON b.document_id = d.body_of"
    " LEFT JOIN tributary.order_revisions r ON r.document_id = d.document_id AND r.order_id = d.order_id"
    " WHERE d.party = ($1)[1] AND (d.received_at, d.document_id) > (($2)[1], ($3)[1]) AND d.outcome <> 'split'"
    " ORDER BY d.received_at, d.document_id LIMIT ($4)[1]"};

struct wish {
	const char *since;
	int64_t limit;
};

struct stored {
	const struct party *party;
	struct mapping *mapping;
	struct arena *arena;
	struct database db;
	int64_t since_us, left;
	struct uuid last_id;
	size_t read, changed;
	bool has_failed;
};

/* A canonical order as a tree, without what is no matter of the mapping. */
static struct node *
order_tree(const struct order *order, struct arena *arena)
{
	struct order said = *order;
	struct node *tree = NULL;
	struct buf json;
	struct str copy;
	struct why why;

	said.received_at_us = 0;
	buf_init(&json, TEXT_BYTES);
	contract_put_json(&order_contract, &said, &json, 0);
	copy = arena_str(arena, buf_str(&json));
	buf_release(&json);
	if (json_parse(copy, &tree_default_limits, arena, &tree, &why) != OUTCOME_OK)
		return NULL;
	return tree;
}

/* What it came to then; a duplicate was an order, too. */
static bool
is_same_result(struct str then, const struct intake *now, enum outcome outcome, const struct why *why, struct str code)
{
	struct str name = str_of(intake_result_name(now->result));
	bool is_change = now->result == INTAKE_CHANGE;
	bool is_order = is_change || now->result == INTAKE_ORDER || now->result == INTAKE_CANCEL;

	if (str_equal(then, STR("duplicate")) || str_equal(then, STR("change")))
		return is_order || now->result == INTAKE_SHIPMENT;
	/* Decided by what was there before, not by the mapping. */
	if (str_equal(code, STR("order-cancelled")) || str_equal(code, STR("order-changed")))
		return is_order;
	if (is_change && str_equal(then, STR("exception")))
		return str_starts(code, STR("change-")) || str_equal(code, STR("total-mismatch"));
	if (str_starts(code, STR("shipment-")))
		return now->result == INTAKE_SHIPMENT;
	if (!str_equal(then, name))
		return false;
	return outcome == OUTCOME_OK ? now->result != INTAKE_IGNORED || str_equal(code, str_of(now->ignored))
				     : str_equal(code, str_of(why->code));
}

static void
differences_print(struct stored *s, struct str number, const struct node *before, const struct node *now)
{
	char *text = NULL;
	size_t bytes = 0;
	FILE *lines = open_memstream(&text, &bytes);

	if (!lines)
		return;
	s->changed += party_diff(before, now, lines) > 0;
	fclose(lines);
	if (bytes)
		printf("%.*s:\n%s", STR_ARGS(number), text);
	free(text);
}

static void
row_compare(struct stored *s, const struct result *page, size_t row)
{
	struct intake_source source = {
	    .kind = result_text(page, row, 2),
	    .is_unit = str_equal(result_text(page, row, 3), STR(INTAKE_UNIT_TYPE)),
	    .contract = intake_contract(result_text(page, row, 3)),
	    .body = result_bytes(page, row, 4),
	    .party = s->party,
	    .mapping = s->mapping,
	    .max_bytes = DOCUMENT_MAX_BYTES,
	};
	struct str then = result_text(page, row, 5), code = result_text(page, row, 6),
		   number = result_text(page, row, 7);
	struct str stored = result_is_null(page, row, 8) ? (struct str){NULL, 0} : result_bytes(page, row, 8);
	struct order *before = arena_get(s->arena, sizeof *before);
	struct intake now = {0};
	struct why why = {0};
	enum outcome outcome = intake_read(&source, s->arena, &now, &why);

	if (!is_same_result(then, &now, outcome, &why, code)) {
		printf("%.*s: was %.*s %.*s, would be %s %s %s\n", STR_ARGS(number), STR_ARGS(then), STR_ARGS(code),
		       intake_result_name(now.result), why.code ? why.code : "", why.path);
		s->changed++;
		return;
	}
	/* What a change of some lines made is what is stored. */
	if (!stored.n || !before || !now.order || now.order->kind == ORDER_CHANGE ||
	    contract_decode(&order_contract, stored, s->arena, before, &why) != OUTCOME_OK)
		return;
	differences_print(s, number, order_tree(before, s->arena), order_tree(now.order, s->arena));
}

static bool
page_compare(struct stored *s)
{
	struct rows *rows = rows_new(&stored_page, s->arena);
	struct result *page;
	struct why why = {0};
	size_t n;

	rows_text(rows, str_of(s->party->name));
	rows_instant(rows, s->since_us);
	rows_uuid(rows, s->last_id);
	rows_int(rows, s->left < PAGE ? s->left : PAGE);
	store_begin(s->db.store);
	if (store_query(s->db.store, rows, &page, &why) != OUTCOME_OK) {
		fprintf(stderr, "tributary party diff: %s: %s\n", why.code, why.text);
		store_rollback(s->db.store);
		s->has_failed = true;
		return false;
	}
	n = result_count(page);
	for (size_t row = 0; row < n; row++) {
		struct arena_mark mark = arena_mark(s->arena);

		row_compare(s, page, row);
		arena_rewind(s->arena, mark);
	}
	s->read += n;
	s->left -= (int64_t)n;
	if (n) {
		s->since_us = result_instant(page, n - 1, 1);
		s->last_id = result_uuid(page, n - 1, 0);
	}
	store_rollback(s->db.store);
	arena_clear(s->arena);
	return n == PAGE && s->left > 0;
}

static int
stored_run(struct stored *s)
{
	struct why why = {0};

	if (mapping_open(party_dir(), s->party, &s->mapping, &why) != OUTCOME_OK) {
		fprintf(stderr, "tributary party diff: %s: %s\n", why.code, why.text);
		return EXIT_NO;
	}
	if (!database_open(&s->db, "party diff", TIMEOUT_MS, TIMEOUT_MS))
		return EXIT_NO;
	while (page_compare(s))
		;
	if (s->has_failed)
		return EXIT_NO;
	printf("%zu documents, %zu would change\n", s->read, s->changed);
	return s->changed ? EXIT_NO : EXIT_YES;
}

int
party_diff_command(int argc, char **argv)
{
	static const struct option_row rows[] = {
	    {"since", OPTION_TEXT, offsetof(struct wish, since), "AGE", "7d", .help = "how far back: 90m, 12h, 7d"},
	    {"limit", OPTION_INT, offsetof(struct wish, limit), "N", "100000", .min = 1, .max = 10000000,
	     .help = "documents at most"},
	};
	static const struct options options = {
	    "tributary party diff [--since 7d] [--limit N] PARTY",
	    "Runs the mapping as it is now over the stored documents, and shows each canonical "
	    "field that would be another.",
	    rows,
	    COUNT_OF(rows),
	    1,
	    1};
	struct party_list *list;
	struct stored s = {0};
	struct wish wish = {0};
	const char *name;
	int status = EXIT_NO;

	if (!options_read(&options, argc, argv, &wish, &name, NULL, &status))
		return status;
	if (!age_read(wish.since, &s.since_us)) {
		fprintf(stderr, "--since: \"%.20s\" is no age: 90m, 12h, 7d\n", wish.since);
		return EXIT_WRONG;
	}
	s.left = wish.limit;
	list = party_list_load(party_dir(), stderr);
	s.arena = arena_new(ARENA_BYTES);
	s.party = list ? party_list_find(list, str_of(name)) : NULL;
	if (!s.party)
		fprintf(stderr, "tributary party diff: there is no party %.60s under %s\n", name, party_dir());
	else if (s.arena)
		status = stored_run(&s);
	mapping_close(s.mapping);
	database_close(&s.db);
	arena_free(s.arena);
	party_list_free(list);
	return status;
}
