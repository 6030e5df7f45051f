/* SPDX-License-Identifier: Apache-2.0 */
/*
 * NAME      tributary backorders - what is short, and whether it waits for stock
 * SYNOPSIS  tributary backorders list [--item ITEM] [--limit N] [--json]
 *           tributary backorders end --reason WORDS ORDER
 *           tributary backorders resume --reason WORDS ORDER
 * What waits is filled by itself when stock comes. It waits no more when its channel cancels or changes the order, or a person
 * says so; a person may also let it wait again. Each act is in the audit log.
 */
#include "audit_log.h"
#include "commands.h"
#include "database.h"
#include "dispatch.h"
#include "options.h"
#include "order_named.h"
#include "report.h"

#include <stdio.h>
#include <string.h>

#define TIMEOUT_MS 30000
#define ARENA_BYTES ((size_t)16 << 20)
#define REASON_MAX_BYTES 1000

static const struct statement backorders_list = {
    "backorders_list", "TI",
    "SELECT coalesce(json_agg(t ORDER BY received_at, number, line_no), '[]')::text FROM (SELECT party, number, "
    "line_no, item_no,"
    " ordered, backordered, free, CASE WHEN waits THEN 'waits' ELSE 'open' END AS state, received_at FROM "
    "report.backorders"
    " WHERE ($1)[1] = '' OR item_no = ($1)[1] ORDER BY received_at LIMIT ($2)[1]) t"};

/* As allocate, ingest and clock do: under the order's lock. */
static const struct statement order_lock = {"backorders_lock", "U",
					    "SELECT pg_advisory_xact_lock(tributary.orders_lock_key(($1)[1]))"};

static const struct statement order_end = {
    "backorders_end", "U",
    "WITH done AS (UPDATE tributary.allocation_lines SET waits = false WHERE order_id = ($1)[1] AND waits"
    " RETURNING line_no) SELECT count(*) FROM done"};

/* Not of a content that the channel wants no more, nor while a person has to say what its cancellation or change means. What was
 * short before migration 0029 has no time: it is of what is wanted now when that was never changed. */
static const struct statement order_resume = {
    "backorders_resume", "U",
    "WITH done AS (UPDATE tributary.allocation_lines a SET waits = true, content_at = coalesce(o.changed_at, "
    "o.received_at)"
    " FROM tributary.orders o WHERE a.order_id = ($1)[1] AND o.order_id = a.order_id AND a.backordered_micro > 0 AND "
    "NOT a.waits"
    " AND o.cancelled_at IS NULL AND CASE WHEN a.content_at IS NULL THEN o.changed_at IS NULL"
    " ELSE a.content_at = coalesce(o.changed_at, o.received_at) END AND NOT EXISTS (SELECT FROM tributary.exceptions x"
    " WHERE x.state IN ('open', 'releasing') AND (x.order_id = a.order_id OR (x.party = o.party"
    " AND x.subject IN (o.number, ltrim(o.number, '#')))))"
    " RETURNING line_no) SELECT count(*) FROM done"};

struct wish {
	const char *item, *reason;
	int64_t limit;
	bool as_json;
};

static int
list_command(int argc, char **argv)
{
	static const struct option_row rows[] = {
	    {"item", OPTION_TEXT, offsetof(struct wish, item), "ITEM", "", .help = "only what is short of this item"},
	    {"limit", OPTION_INT, offsetof(struct wish, limit), "N", "100", .min = 1, .max = 10000,
	     .help = "rows at most"},
	    {"json", OPTION_FLAG, offsetof(struct wish, as_json), .help = "for programs"},
	};
	static const struct options options = {"tributary backorders list [OPTION...]",
					       "What is short, the oldest first, and what is free of the item.",
					       rows,
					       COUNT_OF(rows),
					       0,
					       0};
	struct arena *arena;
	struct database db = {0};
	struct wish wish = {0};
	int status = EXIT_NO;

	if (!options_read(&options, argc, argv, &wish, NULL, NULL, &status))
		return status;
	arena = arena_new(ARENA_BYTES);
	if (arena && database_open(&db, "backorders list", TIMEOUT_MS, TIMEOUT_MS)) {
		struct rows *asked = rows_new(&backorders_list, arena);

		rows_text(asked, str_of(wish.item));
		rows_int(asked, wish.limit);
		status = report_print(db.store, asked, wish.as_json, "nothing is short");
	}
	database_close(&db);
	arena_free(arena);
	return status;
}

/* What is done to an order's lines, and how it is called. */
struct act {
	const struct statement *statement;
	const char *command, *name, *none;
};

static enum outcome
act_run(const struct act *act, struct store *store, struct arena *arena, struct uuid order_id, const char *reason,
	int64_t *lines, struct why *why)
{
	struct rows *lock = rows_new(&order_lock, arena), *rows = rows_new(act->statement, arena);
	char id[UUID_TEXT_BYTES];
	struct result *done;
	enum outcome outcome;

	uuid_format(order_id, id);
	rows_uuid(lock, order_id);
	rows_uuid(rows, order_id);
	store_begin(store);
	store_send(store, lock);
	outcome = store_query(store, rows, &done, why);
	if (outcome != OUTCOME_OK)
		return outcome;
	*lines = result_int(done, 0, 0);
	if (*lines == 0)
		return why_set(why, OUTCOME_DEAD, "not-open", "%s", act->none);
	audit_log_put(store, arena,
		      &(struct audit_act){.act = act->name,
					  .target_id = str_of(id),
					  .order_id = order_id,
					  .reason = reason,
					  .after = arena_printf(arena, "{\"lines\": %lld}", (long long)*lines)});
	return store_commit(store, why);
}

static int
act_command(const struct act *act, const struct options *options, int argc, char **argv)
{
	struct arena *arena;
	struct database db = {0};
	struct wish wish = {0};
	struct why why = {0};
	const char *name;
	struct uuid order_id;
	int64_t lines = 0;
	int status = EXIT_NO;

	if (!options_read(options, argc, argv, &wish, &name, NULL, &status))
		return status;
	if (!wish.reason || !wish.reason[0] || strlen(wish.reason) > REASON_MAX_BYTES) {
		fprintf(stderr, "tributary %s: --reason is needed, in at most %d bytes\n", act->command,
			REASON_MAX_BYTES);
		return EXIT_WRONG;
	}
	arena = arena_new(ARENA_BYTES);
	if (arena && database_open(&db, act->command, TIMEOUT_MS, TIMEOUT_MS) &&
	    order_named(act->command, db.store, arena, name, &order_id)) {
		if (act_run(act, db.store, arena, order_id, wish.reason, &lines, &why) == OUTCOME_OK) {
			printf("%s: %lld lines\n", name, (long long)lines);
			status = EXIT_YES;
		} else {
			store_rollback(db.store);
			fprintf(stderr, "tributary %s: %s: %s\n", act->command, why.code, why.text);
		}
	}
	database_close(&db);
	arena_free(arena);
	return status;
}

static const struct option_row act_rows[] = {
    {"reason", OPTION_TEXT, offsetof(struct wish, reason), "WORDS", NULL, .help = "why"},
};

static int
end_command(int argc, char **argv)
{
	static const struct act act = {&order_end, "backorders end", "backorder.end",
				       "nothing of this order waits for stock"};
	static const struct options options = {"tributary backorders end --reason WORDS ID|PARTY:NUMBER|NUMBER",
					       "What of the order waits for stock waits no more.",
					       act_rows,
					       COUNT_OF(act_rows),
					       1,
					       1};

	return act_command(&act, &options, argc, argv);
}

static int
resume_command(int argc, char **argv)
{
	static const struct act act = {&order_resume, "backorders resume", "backorder.resume",
				       "nothing of this order is short and open, or its channel cancelled it, or its "
				       "latest content is not allocated yet"};
	static const struct options options = {
	    "tributary backorders resume --reason WORDS ID|PARTY:NUMBER|NUMBER",
	    "What of the order is short waits for stock again: it is shipped and billed "
	    "when some comes.",
	    act_rows,
	    COUNT_OF(act_rows),
	    1,
	    1};

	return act_command(&act, &options, argc, argv);
}

int
backorders_command(int argc, char **argv)
{
	static const struct command commands[] = {
	    {"list", "what is short, whether it waits, and what is free", list_command},
	    {"end", "an order waits no more", end_command},
	    {"resume", "an order waits again", resume_command},
	};
	static const struct command_table table = {"tributary backorders", "orders that wait for stock", commands,
						   COUNT_OF(commands)};

	return dispatch(&table, argc, argv);
}
