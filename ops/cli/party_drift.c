/* SPDX-License-Identifier: Apache-2.0 */
/*
 * NAME      tributary party drift - what lately came from a party that was never so before
 * SYNOPSIS  tributary party drift [--json] PARTY
 *           tributary party drift --accept PATH | --accept-all | --dismiss PATH PARTY
 * Alarms (missing, retyped: what the mapping uses) and notes (new, value) that are open; exit status 1 when there are
 * alarms. --accept says that it is right so: a missing path may be missing, a type is one of its types. --dismiss says
 * that it was wrong and is mended: it opens again when it comes again.
 */
#include "audit_log.h"
#include "commands.h"
#include "options.h"
#include "party_commands.h"
#include "party_drift.h"
#include "report.h"

#include "base/instant.h"
#include "database.h"

#include <stdio.h>
#include <string.h>

#define TIMEOUT_MS 30000
#define ARENA_BYTES ((size_t)64 << 20)

#define IS_OPEN "d.accepted_at IS NULL AND d.dismissed_at IS NULL"
#define OPEN_OF_PARTY "FROM tributary.party_drift d WHERE d.party = ($1)[1] AND " IS_OPEN

static const struct statement drift_alarms = {
    "drift_alarms", "T",
    "SELECT d.kind, d.path, d.what, d.was, d.now, d.documents, d.first_seen, d.document_id " OPEN_OF_PARTY
    " AND d.is_alarm ORDER BY d.first_seen, d.path"};

/* Of what is new, it is of interest how many have it by now. */
static const struct statement drift_list = {
    "drift_list", "T",
    "SELECT coalesce(json_agg(t ORDER BY t.alarm DESC, t.first_seen, t.path), '[]')::text FROM (SELECT d.is_alarm AS"
    " alarm, d.what, d.kind, d.path, d.was, d.now, CASE WHEN d.what = 'new' THEN greatest(d.documents,"
    " coalesce((SELECT s.documents FROM tributary.party_shapes s WHERE s.party = d.party AND s.kind = d.kind"
    " AND s.path = d.path), 0)) ELSE d.documents END AS documents, d.first_seen, d.last_seen,"
    " d.document_id " OPEN_OF_PARTY ") t"};

static const struct statement drift_accept = {
    "drift_accept", "TTO",
    "UPDATE tributary.party_drift d SET accepted_at = now() WHERE d.party = ($1)[1] AND (($3)[1] OR d.path = ($2)[1])"
    " AND d.accepted_at IS NULL AND (d.dismissed_at IS NULL OR NOT ($3)[1]) RETURNING d.what, d.kind, d.path, d.now"};

static const struct statement drift_dismiss = {
    "drift_dismiss", "TTO",
    "UPDATE tributary.party_drift d SET dismissed_at = now() WHERE d.party = ($1)[1] AND (($3)[1] OR d.path = ($2)[1])"
    " AND " IS_OPEN " RETURNING d.what, d.kind, d.path, d.now"};

struct wish {
	const char *accept, *dismiss;
	bool accepts_all, as_json;
};

size_t
drift_alarms_print(struct store *store, struct str party, struct arena *arena)
{
	struct rows *rows = rows_new(&drift_alarms, arena);
	struct result *found;
	struct why why = {0};
	size_t n = 0;

	rows_text(rows, party);
	store_begin(store);
	if (store_query(store, rows, &found, &why) != OUTCOME_OK)
		fprintf(stderr, "tributary party score: %s: %s\n", why.code, why.text);
	else
		n = result_count(found);
	for (size_t i = 0; i < n; i++) {
		struct str was = result_text(found, i, 3), now = result_text(found, i, 4);
		char since[INSTANT_TEXT_BYTES], document[UUID_TEXT_BYTES];

		instant_format(result_instant(found, i, 6), since);
		uuid_format(result_uuid(found, i, 7), document);
		printf("     %.*s %.*s in %.*s: %.*s -> %.*s, %lld document(s) since %s, the last is %s\n",
		       STR_ARGS(result_text(found, i, 2)), STR_ARGS(result_text(found, i, 1)),
		       STR_ARGS(result_text(found, i, 0)), STR_ARGS(was), STR_ARGS(now.n ? now : STR("nothing")),
		       (long long)result_int(found, i, 5), since, document);
	}
	store_rollback(store);
	return n;
}

/* True when an alarm is open. */
static bool
has_alarms(struct store *store, struct str party, struct arena *arena)
{
	struct rows *rows = rows_new(&drift_alarms, arena);
	struct result *found;
	struct why why = {0};
	bool has;

	rows_text(rows, party);
	store_begin(store);
	has = store_query(store, rows, &found, &why) != OUTCOME_OK || result_count(found) > 0;
	store_rollback(store);
	return has;
}

static int
drift_print(struct store *store, const char *party, bool as_json, struct arena *arena)
{
	struct rows *rows = rows_new(&drift_list, arena);

	rows_text(rows, str_of(party));
	if (report_print(store, rows, as_json, "nothing is other than it was") != 0)
		return EXIT_NO;
	return has_alarms(store, str_of(party), arena) ? EXIT_NO : EXIT_YES;
}

/* Accepts or dismisses, and says what. */
static int
drift_close(struct store *store, const char *party, const struct wish *wish, struct arena *arena)
{
	struct rows *rows = rows_new(wish->dismiss ? &drift_dismiss : &drift_accept, arena);
	const char *path = wish->dismiss ? wish->dismiss : wish->accept,
		   *word = wish->dismiss ? "dismissed" : "accepted";
	struct result *closed;
	struct why why = {0};
	size_t n = 0;

	rows_text(rows, str_of(party));
	rows_text(rows, str_of(path));
	rows_bool(rows, wish->accepts_all);
	store_begin(store);
	if (store_query(store, rows, &closed, &why) != OUTCOME_OK) {
		store_rollback(store);
		fprintf(stderr, "tributary party drift: %s: %s\n", why.code, why.text);
		return EXIT_NO;
	}
	n = result_count(closed);
	for (size_t i = 0; i < n; i++)
		audit_log_put(
		    store, arena,
		    &(struct audit_act){.act = wish->dismiss ? "drift.dismiss" : "drift.accept",
					.target_id = str_of(party),
					.reason = arena_printf(arena, "%.*s %.*s", STR_ARGS(result_text(closed, i, 0)),
							       STR_ARGS(result_text(closed, i, 2)))
						      .p});
	for (size_t i = 0; i < n; i++)
		printf("%s %.*s %.*s in %.*s%s%.*s\n", word, STR_ARGS(result_text(closed, i, 0)),
		       STR_ARGS(result_text(closed, i, 2)), STR_ARGS(result_text(closed, i, 1)),
		       result_text(closed, i, 3).n ? ": " : "", STR_ARGS(result_text(closed, i, 3)));
	if (store_commit(store, &why) != OUTCOME_OK) {
		fprintf(stderr, "tributary party drift: %s: %s\n", why.code, why.text);
		return EXIT_NO;
	}
	if (!n && path)
		fprintf(stderr, "tributary party drift: nothing at %.200s is open\n", path);
	return n || wish->accepts_all ? EXIT_YES : EXIT_NO;
}

static int
drift_run(const char *party, const struct wish *wish)
{
	struct arena *arena = arena_new(ARENA_BYTES);
	struct database db = {0};
	int status = EXIT_NO;

	if (arena && database_open(&db, "party drift", TIMEOUT_MS, TIMEOUT_MS))
		status = wish->accept || wish->dismiss || wish->accepts_all
			     ? drift_close(db.store, party, wish, arena)
			     : drift_print(db.store, party, wish->as_json, arena);
	database_close(&db);
	arena_free(arena);
	return status;
}

int
party_drift_command(int argc, char **argv)
{
	static const struct option_row rows[] = {
	    {"accept", OPTION_TEXT, offsetof(struct wish, accept), "PATH", .help = "it is right so, from now on"},
	    {"accept-all", OPTION_FLAG, offsetof(struct wish, accepts_all), .help = "all that is open is right so"},
	    {"dismiss", OPTION_TEXT, offsetof(struct wish, dismiss), "PATH",
	     .help = "it was wrong and is mended: it opens again when it comes again"},
	    {"json", OPTION_FLAG, offsetof(struct wish, as_json), .help = "for programs"},
	};
	static const struct options options = {
	    "tributary party drift [--json | --accept PATH | --accept-all | --dismiss PATH] PARTY",
	    "What lately came from the party that was never so before: alarms (what the mapping uses is missing or "
	    "retyped)\nand notes (new fields, new codes).",
	    rows,
	    COUNT_OF(rows),
	    1,
	    1};
	struct wish wish = {0};
	const char *party;
	int status;

	if (!options_read(&options, argc, argv, &wish, &party, NULL, &status))
		return status;
	if ((wish.accept != NULL) + (wish.dismiss != NULL) + wish.accepts_all > 1) {
		fprintf(stderr, "one of --accept, --accept-all and --dismiss\n");
		return EXIT_WRONG;
	}
	return drift_run(party, &wish);
}
