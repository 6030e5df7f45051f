/* SPDX-License-Identifier: Apache-2.0 */
/*
 * NAME      tributary dead-letters groups, search, show, assign, note, lock, unlock - what is there, and what people
 *           note about it
 * Letters are alike when they have the same fingerprint: stage, party, type, code and field. Owner, note and lock belong
 * to the fingerprint, so they hold for what dies later, too.
 */
#include "drain.h"

#include "audit_log.h"
#include "commands.h"
#include "database.h"
#include "drain_body.h"
#include "options.h"
#include "report.h"

#include <stdio.h>
#include <string.h>

#define TIMEOUT_MS 30000
#define ARENA_BYTES ((size_t)256 << 20)

struct wish {
	const char *party, *code, *order, *text, *since, *until, *reason;
	int64_t limit;
	bool as_json, all;
};

static const struct statement groups = {
    "drain_groups", "TI",
    "SELECT coalesce(json_agg(t ORDER BY letters DESC, fingerprint), '[]')::text FROM (SELECT fingerprint, stage, "
    "party,"
    " code, path, letters, at_stake, first_died, last_died, owner, note, locked_until, lock_reason"
    " FROM report.dead_letter_groups WHERE ($1)[1] = '' OR party = ($1)[1]"
    " ORDER BY letters DESC, fingerprint LIMIT ($2)[1]) t"};

/* A time, or how long ago (or from now): 2026-11-25T08:00:00Z, 3h, 7d. */
#define INSTANT_OF(n, sign)                                                                                        \
	"CASE WHEN ($" #n ")[1] ~ '^[0-9]+ *[smhd]$' THEN now() " sign " ($" #n ")[1]::interval ELSE nullif(($" #n \
	")[1], '')::timestamptz END"

static const struct statement search = {
    "drain_search", "TTTTTTOI",
    "SELECT coalesce(json_agg(t ORDER BY died_at), '[]')::text FROM (SELECT dead_letter_id AS id, fingerprint, party,"
    " number, stage, code, path, state, times, died_at, reason FROM report.dead_letters"
    " WHERE (($1)[1] = '' OR number IN (($1)[1], '#' || ($1)[1]) OR external_id = ($1)[1] OR order_id::text = ($1)[1])"
    " AND (($2)[1] = '' OR party = ($2)[1]) AND (($3)[1] = '' OR ($3)[1] IN (code, fingerprint))"
    " AND (($4)[1] = '' OR strpos(lower(reason || ' ' || path), lower(($4)[1])) > 0)"
    " AND (($5)[1] = '' OR died_at >= " INSTANT_OF(5, "-") ") AND (($6)[1] = '' OR died_at < " INSTANT_OF(
	6, "-") ")"
		" AND (($7)[1] OR state IN ('open', 'replaying')) ORDER BY died_at LIMIT ($8)[1]) t"};

static const struct statement letter = {
    "drain_letter", "U",
    "SELECT json_agg(t)::text FROM (SELECT r.*, d.message_id, d.routing_key, d.content_type, d.version, d.headers,"
    " n.owner, n.note, n.locked_until, n.lock_reason"
    " FROM report.dead_letters r JOIN tributary.dead_letters d USING (dead_letter_id)"
    " LEFT JOIN tributary.fingerprint_notes n ON n.fingerprint = r.fingerprint WHERE dead_letter_id = ($1)[1]) t"};

static const struct statement letter_body = {
    "drain_letter_body", "U",
    "SELECT type, content_type, version::bigint, body FROM tributary.dead_letters WHERE dead_letter_id = ($1)[1]"};

static const struct statement timeline = {
    "drain_timeline", "U",
    "SELECT coalesce(json_agg(t ORDER BY at), '[]')::text FROM (SELECT at, stage, event, code, detail"
    " FROM tributary.timeline WHERE order_id = (SELECT order_id FROM tributary.dead_letters WHERE dead_letter_id ="
    " ($1)[1])) t"};

/* Replays, plans and edits, whoever did them. */
static const struct statement tried = {
    "drain_tried", "U",
    "SELECT coalesce(json_agg(t ORDER BY at), '[]')::text FROM ("
    " SELECT at, who, act, reason, NULL AS came_to FROM tributary.audit_log WHERE target_id = ($1)[1]::text"
    " UNION ALL SELECT coalesce(i.sent_at, p.made_at), p.made_by, CASE WHEN i.sent_at IS NULL THEN 'planned' ELSE"
    " 'applied' END, p.plan_id::text, coalesce(i.verdict || coalesce(' ' || i.verdict_code, ''), i.preview ||"
    " coalesce(' ' || i.preview_code, '')) FROM tributary.replay_items i JOIN tributary.replay_plans p USING (plan_id)"
    " WHERE i.dead_letter_id = ($1)[1]) t"};

static const struct statement note_put = {
    "drain_note_put", "TTTTT",
    "WITH was AS (SELECT row_to_json(n) AS j FROM tributary.fingerprint_notes n WHERE fingerprint = ($1)[1]),"
    " now AS (INSERT INTO tributary.fingerprint_notes AS n (fingerprint, owner, note, locked_until, lock_reason,"
    " updated_at) VALUES (($1)[1], ($2)[1], ($3)[1], " INSTANT_OF(
	4,
	"+") ", ($5)[1], clock_timestamp())"
	     " ON CONFLICT (fingerprint) DO UPDATE SET owner = coalesce(excluded.owner, n.owner),"
	     " note = coalesce(excluded.note, n.note), locked_until = CASE WHEN ($4)[1] = '' THEN NULL ELSE"
	     " coalesce(excluded.locked_until, n.locked_until) END, lock_reason = CASE WHEN ($4)[1] = '' THEN NULL ELSE"
	     " coalesce(excluded.lock_reason, n.lock_reason) END, updated_at = excluded.updated_at RETURNING "
	     "row_to_json(n) AS j)"
	     " SELECT coalesce((SELECT j FROM was)::text, ''), (SELECT j FROM now)::text,"
	     " EXISTS (SELECT FROM tributary.dead_letters WHERE fingerprint = ($1)[1])"};

struct session {
	struct database db;
	struct arena *arena;
};

static bool
session_open(struct session *s, const char *command)
{
	s->arena = arena_new(ARENA_BYTES);
	return s->arena && database_open(&s->db, command, TIMEOUT_MS, TIMEOUT_MS);
}

static int
session_close(struct session *s, int status)
{
	database_close(&s->db);
	arena_free(s->arena);
	return status;
}

#define LIMIT_ROW                                                                                       \
	{                                                                                               \
		"limit", OPTION_INT, offsetof(struct wish, limit), "N", "50", .min = 1, .max = 100000,  \
									      .help = "at most so many" \
	}
#define JSON_ROW                                                                            \
	{                                                                                   \
		"json", OPTION_FLAG, offsetof(struct wish, as_json), .help = "for programs" \
	}

int
drain_groups_command(int argc, char **argv)
{
	static const struct option_row rows[] = {
	    {"party", OPTION_TEXT, offsetof(struct wish, party), "PARTY", "", .help = "of this one only"},
	    LIMIT_ROW,
	    JSON_ROW,
	};
	static const struct options options = {"tributary dead-letters groups [OPTION...]",
					       "What is alike, most letters first: how many, the orders' money at "
					       "stake, since when, who looks after it.",
					       rows,
					       COUNT_OF(rows),
					       0,
					       0};
	struct session s = {0};
	struct wish wish = {0};
	int status;
	struct rows *asked;

	if (!options_read(&options, argc, argv, &wish, NULL, NULL, &status))
		return status;
	if (!session_open(&s, "dead-letters groups"))
		return session_close(&s, EXIT_NO);
	asked = rows_new(&groups, s.arena);
	rows_text(asked, str_of(wish.party));
	rows_int(asked, wish.limit);
	return session_close(&s, report_print(s.db.store, asked, wish.as_json, "none"));
}

int
drain_search_command(int argc, char **argv)
{
	static const struct option_row rows[] = {
	    {"order", OPTION_TEXT, offsetof(struct wish, order), "NUMBER", "", .help = "the order's number or id"},
	    {"party", OPTION_TEXT, offsetof(struct wish, party), "PARTY", "", .help = "the order's channel"},
	    {"code", OPTION_TEXT, offsetof(struct wish, code), "CODE", "", .help = "or a fingerprint"},
	    {"text", OPTION_TEXT, offsetof(struct wish, text), "TEXT", "", .help = "in the reason or the field's path"},
	    {"since", OPTION_TEXT, offsetof(struct wish, since), "WHEN", "",
	     .help = "died then or later: a time, or 3h, 7d"},
	    {"until", OPTION_TEXT, offsetof(struct wish, until), "WHEN", "", .help = "died before"},
	    {"all", OPTION_FLAG, offsetof(struct wish, all), .help = "the closed ones too"},
	    LIMIT_ROW,
	    JSON_ROW,
	};
	static const struct options options = {"tributary dead-letters search OPTION...",
					       "Those that fit every option, oldest first.",
					       rows,
					       COUNT_OF(rows),
					       0,
					       0};
	struct session s = {0};
	struct wish w = {0};
	int status;
	struct rows *asked;

	if (!options_read(&options, argc, argv, &w, NULL, NULL, &status))
		return status;
	if (!session_open(&s, "dead-letters search"))
		return session_close(&s, EXIT_NO);
	asked = rows_new(&search, s.arena);
	rows_text(asked, str_of(w.order));
	rows_text(asked, str_of(w.party));
	rows_text(asked, str_of(w.code));
	rows_text(asked, str_of(w.text));
	rows_text(asked, str_of(w.since));
	rows_text(asked, str_of(w.until));
	rows_bool(asked, w.all);
	rows_int(asked, w.limit);
	return session_close(&s, report_print(s.db.store, asked, w.as_json, "none"));
}

/* --- show ------------------------------------------------------------------------------------------------------------ */

static struct rows *
rows_of_id(const struct session *s, const struct statement *statement, struct uuid id)
{
	struct rows *rows = rows_new(statement, s->arena);

	rows_uuid(rows, id);
	return rows;
}

/* The body for people: what it says as JSON, or the text that came; a word for what is neither. */
static struct str
body_text(struct session *s, struct uuid id)
{
	struct result *found;
	struct why why = {0};
	struct str text = STR("(gone)");

	store_begin(s->db.store);
	if (store_query(s->db.store, rows_of_id(s, &letter_body, id), &found, &why) == OUTCOME_OK &&
	    result_count(found) == 1)
		text = drain_body_text(result_text(found, 0, 0), result_text(found, 0, 1), result_bytes(found, 0, 3),
				       s->arena);
	store_rollback(s->db.store);
	return text;
}

static void
json_members_put(const char *name, struct str json)
{
	printf(",\"%s\":%.*s", name, STR_ARGS(json));
}

static int
letter_print(struct session *s, struct uuid id, bool as_json)
{
	struct str page, said, done, body;
	struct why why = {0};

	if (report_query(s->db.store, rows_of_id(s, &letter, id), s->arena, &page, &why) != OUTCOME_OK ||
	    report_query(s->db.store, rows_of_id(s, &timeline, id), s->arena, &said, &why) != OUTCOME_OK ||
	    report_query(s->db.store, rows_of_id(s, &tried, id), s->arena, &done, &why) != OUTCOME_OK) {
		fprintf(stderr, "tributary dead-letters: %s: %s\n", why.code, why.text);
		return EXIT_NO;
	}
	if (!page.n) {
		fprintf(stderr, "tributary dead-letters: there is none with this id\n");
		return EXIT_NO;
	}
	body = body_text(s, id);
	if (as_json) {
		printf("{\"letter\":%.*s", STR_ARGS(page));
		json_members_put("timeline", said);
		json_members_put("tried", done);
		json_members_put("body", drain_body_json(body, s->arena));
		printf("}\n");
		return EXIT_YES;
	}
	report_page(page, s->arena, stdout);
	printf("\nbody\n%.*s\n\ntimeline of its order\n", STR_ARGS(body));
	report_table(said, s->arena, "none", stdout);
	printf("\nwhat was tried\n");
	report_table(done, s->arena, "nothing", stdout);
	return EXIT_YES;
}

int
drain_show_command(int argc, char **argv)
{
	static const struct option_row rows[] = {
	    {"raw", OPTION_FLAG, offsetof(struct wish, all), .help = "the message's bytes, and nothing else"},
	    JSON_ROW,
	};
	static const struct options options = {
	    "tributary dead-letters show [--raw] [--json] ID",
	    "One letter: why it died, its headers, its body for people, its order's timeline, what was tried.",
	    rows,
	    COUNT_OF(rows),
	    1,
	    1};
	struct session s = {0};
	struct wish wish = {0};
	const char *word;
	int status;
	struct uuid id;

	if (!options_read(&options, argc, argv, &wish, &word, NULL, &status))
		return status;
	if (!uuid_parse(str_of(word), &id)) {
		fprintf(stderr, "tributary dead-letters: %.60s is no id\n", word);
		return EXIT_WRONG;
	}
	if (!session_open(&s, "dead-letters show"))
		return session_close(&s, EXIT_NO);
	if (!wish.all)
		return session_close(&s, letter_print(&s, id, wish.as_json));
	return session_close(&s, drain_body_print(s.db.store, rows_of_id(&s, &letter_body, id)));
}

/* --- what people note ------------------------------------------------------------------------------------------------- */

struct remark {
	const char *act; /* of the audit log */
	const char *fingerprint, *owner, *note, *until, *lock_reason, *reason;
};

static int
remark_put(const struct remark *r)
{
	struct session s = {0};
	struct result *put;
	struct why why = {0};
	struct rows *rows;
	enum outcome outcome;

	if (!session_open(&s, r->act))
		return session_close(&s, EXIT_NO);
	rows = rows_new(&note_put, s.arena);
	rows_text(rows, str_of(r->fingerprint));
	rows_text_or_null(rows, str_of(r->owner));
	rows_text_or_null(rows, str_of(r->note));
	if (r->until)
		rows_text(rows, str_of(r->until));
	else
		rows_null(rows);
	rows_text_or_null(rows, str_of(r->lock_reason));
	store_begin(s.db.store);
	outcome = store_query(s.db.store, rows, &put, &why);
	if (outcome == OUTCOME_OK && !result_bool(put, 0, 2))
		outcome = why_set(&why, OUTCOME_DEAD, "usage", "no dead letter has this fingerprint: see `groups`");
	if (outcome == OUTCOME_OK) {
		audit_log_put(s.db.store, s.arena,
			      &(struct audit_act){.act = r->act,
						  .target_id = str_of(r->fingerprint),
						  .reason = r->reason,
						  .before = result_text(put, 0, 0),
						  .after = result_text(put, 0, 1)});
		outcome = store_commit(s.db.store, &why);
	} else {
		store_rollback(s.db.store);
	}
	if (outcome == OUTCOME_OK)
		printf("%s %s\n", r->fingerprint, strchr(r->act, '.') + 1);
	else
		fprintf(stderr, "tributary dead-letters: %s: %s\n", why.code, why.text);
	return session_close(&s, outcome == OUTCOME_OK ? EXIT_YES : EXIT_NO);
}

int
drain_assign_command(int argc, char **argv)
{
	static const struct options options = {
	    "tributary dead-letters assign FINGERPRINT WHO", "Who looks after this kind of trouble.", NULL, 0, 2, 2};
	const char *words[2];
	int status;

	if (!options_read(&options, argc, argv, NULL, words, NULL, &status))
		return status;
	return remark_put(&(struct remark){.act = "fingerprint.assign", .fingerprint = words[0], .owner = words[1]});
}

int
drain_note_command(int argc, char **argv)
{
	static const struct options options = {
	    "tributary dead-letters note FINGERPRINT WORDS", "What the next shift must know.", NULL, 0, 2, 2};
	const char *words[2];
	int status;

	if (!options_read(&options, argc, argv, NULL, words, NULL, &status))
		return status;
	return remark_put(&(struct remark){.act = "fingerprint.note", .fingerprint = words[0], .note = words[1]});
}

int
drain_lock_command(int argc, char **argv)
{
	static const struct option_row rows[] = {
	    {"until", OPTION_TEXT, offsetof(struct wish, until), "TIME", NULL,
	     .help = "2026-11-26T08:00:00Z, or from now: 8h"},
	    {"reason", OPTION_TEXT, offsetof(struct wish, reason), "WORDS", NULL, .help = "why"},
	};
	static const struct options options = {"tributary dead-letters lock --until TIME --reason WORDS FINGERPRINT",
					       "No plan takes letters of this fingerprint before that time.",
					       rows,
					       COUNT_OF(rows),
					       1,
					       1};
	struct wish wish = {0};
	const char *word;
	int status;

	if (!options_read(&options, argc, argv, &wish, &word, NULL, &status))
		return status;
	if (!wish.until || !wish.until[0] || !wish.reason || !wish.reason[0]) {
		fprintf(stderr, "tributary dead-letters lock: --until and --reason are needed\n");
		return EXIT_WRONG;
	}
	return remark_put(&(struct remark){.act = "fingerprint.lock",
					   .fingerprint = word,
					   .until = wish.until,
					   .lock_reason = wish.reason,
					   .reason = wish.reason});
}

int
drain_unlock_command(int argc, char **argv)
{
	static const struct options options = {
	    "tributary dead-letters unlock FINGERPRINT", "Its letters may be replayed again.", NULL, 0, 1, 1};
	const char *word;
	int status;

	if (!options_read(&options, argc, argv, NULL, &word, NULL, &status))
		return status;
	return remark_put(&(struct remark){.act = "fingerprint.unlock", .fingerprint = word, .until = ""});
}
