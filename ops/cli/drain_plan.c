/* SPDX-License-Identifier: Apache-2.0 */
/*
 * NAME      tributary dead-letters plan - freeze a set of dead letters, and say what a replay of each would come to
 * The stage that failed is asked itself, by a message through its own queue: it does everything in a transaction that it
 * rolls back, and looks things up at partners instead of asking for them. Nothing is replayed; `apply` does that.
 */
#include "drain_plan.h"

#include "audit_log.h"
#include "base/instant.h"
#include "commands.h"
#include "drain.h"
#include "options.h"
#include "report.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define ARENA_BYTES ((size_t)256 << 20)
#define POLL_MS 200

struct wish {
	const char *like, *party, *stage, *until;
	int64_t limit, wait_s;
	bool as_json;
};

/* Newer ones are never in it; what is locked is left out, and counted. */
#define FITS                                                                                                   \
	" d.state = 'open' AND (($2)[1] = '' OR d.dead_letter_id::text = ANY (string_to_array(($2)[1], ',')))" \
	" AND (($3)[1] = '' OR ($3)[1] IN (d.code, d.fingerprint)) AND (($4)[1] = '' OR d.party = ($4)[1])"    \
	" AND (($5)[1] = '' OR split_part(d.origin, '.', 1) = ($5)[1])"                                        \
	" AND (($6)[1] = '' OR d.died_at < ($6)[1]::timestamptz)"
#define IS_LOCKED                                                                                                   \
	" EXISTS (SELECT FROM tributary.fingerprint_notes n WHERE n.fingerprint = d.fingerprint AND n.locked_until" \
	" > now())"

/* One statement, so one sight of the letters: the digest is of the items that are written. */
static const struct statement plan_insert = {
    "plan_insert", "UTTTTTITT",
    "WITH chosen AS MATERIALIZED (SELECT dead_letter_id, times, edits, fingerprint, row_number() OVER (ORDER BY"
    " died_at, dead_letter_id) AS place FROM (SELECT * FROM tributary.dead_letters d WHERE" FITS " AND NOT" IS_LOCKED
    " ORDER BY died_at, dead_letter_id LIMIT ($7)[1]) d),"
    " made AS (INSERT INTO tributary.replay_plans (plan_id, made_at, made_by, filter, digest, items, state)"
    " SELECT ($1)[1], clock_timestamp(), ($8)[1], ($9)[1], sha256(convert_to(coalesce(string_agg(concat_ws(':',"
    " dead_letter_id, times, edits), ',' ORDER BY place), ''), 'UTF8')), count(*), 'previewing' FROM chosen"
    " RETURNING items, digest),"
    " items AS (INSERT INTO tributary.replay_items (plan_id, place, item_id, dead_letter_id, times, edits, fingerprint)"
    " SELECT ($1)[1], place, gen_random_uuid(), dead_letter_id, times, edits, fingerprint FROM chosen)"
    " SELECT items, encode(digest, 'hex'), (SELECT count(*) FROM tributary.dead_letters d WHERE" FITS " AND" IS_LOCKED
    ") FROM made"};

/* What goes elsewhere than to a stage's own queue cannot be foreseen. */
static const struct statement unforeseen = {
    "plan_unforeseen", "U",
    "UPDATE tributary.replay_items i SET preview = 'none', preview_text = 'it goes back to ' || d.origin ||"
    " ', from where it never came to a stage', previewed_at = now() FROM tributary.dead_letters d"
    " WHERE i.plan_id = ($1)[1] AND d.dead_letter_id = i.dead_letter_id AND (d.source <> 'worker' OR"
    " d.code = 'unroutable')"};

/* The message of each, as the stage would get it, and the item's id in its last column. */
static const struct statement to_ask = {
    "plan_to_ask", "UI",
    "SELECT 'home', 'now.' || d.origin, d.message_id, coalesce(d.order_id::text, ''), d.type, d.content_type, d.party,"
    " d.version, d.trace, d.body, i.item_id::text, i.place FROM tributary.replay_items i"
    " JOIN tributary.dead_letters d USING (dead_letter_id) WHERE i.plan_id = ($1)[1] AND i.preview IS NULL"
    " AND i.place > ($2)[1] ORDER BY i.place LIMIT 500"};

static const struct statement unanswered = {
    "plan_unanswered", "U", "SELECT count(*) FROM tributary.replay_items WHERE plan_id = ($1)[1] AND preview IS NULL"};

static const struct statement ready = {"plan_ready", "U",
				       "UPDATE tributary.replay_plans SET state = 'ready' WHERE plan_id = ($1)[1]"};

/* In words of what it means for the order. */
#define MEANS                                                                                                         \
	"CASE WHEN i.preview = 'done' THEN 'would go on' WHEN i.preview = 'answered' THEN 'already done: is skipped'" \
	" WHEN i.preview = 'held' AND i.preview_code = 'stock-short' THEN 'would oversell: waits for a person'"       \
	" WHEN i.preview = 'held' THEN 'waits for a person' WHEN i.preview = 'parked' THEN 'waits behind another'"    \
	" WHEN i.preview = 'dead' AND i.preview_code = d.code THEN 'still fails' WHEN i.preview = 'dead' THEN"        \
	" 'fails in another way' WHEN i.preview = 'retry' THEN 'would be tried again later' WHEN i.preview = 'none'"  \
	" THEN 'goes back to where it was sent' ELSE 'no answer: does its stage run?' END"

static const struct statement summary = {
    "plan_summary", "U",
    "SELECT coalesce(json_agg(t ORDER BY letters DESC), '[]')::text FROM (SELECT " MEANS " AS would,"
    " coalesce(i.preview_code, '') AS code, d.party, split_part(d.origin, '.', 1) AS stage, count(*) AS letters"
    " FROM tributary.replay_items i JOIN tributary.dead_letters d USING (dead_letter_id) WHERE i.plan_id = ($1)[1]"
    " GROUP BY 1, 2, 3, 4) t"};

static const struct statement items_list = {
    "plan_items_list", "U",
    "SELECT coalesce(json_agg(t ORDER BY place), '[]')::text FROM (SELECT i.place, o.number, " MEANS " AS would,"
    " coalesce(i.preview_code, '') AS code, coalesce(i.preview_path, '') AS path, i.preview_text AS detail,"
    " (SELECT string_agg(e.pointer || ': ' || coalesce(e.before, 'nothing') || ' -> ' || coalesce(e.after, 'nothing'),"
    " '; ' ORDER BY e.edit_no) FROM tributary.dead_letter_edits e WHERE e.dead_letter_id = i.dead_letter_id) AS "
    "changed,"
    " i.dead_letter_id AS id FROM tributary.replay_items i JOIN tributary.dead_letters d USING (dead_letter_id)"
    " LEFT JOIN tributary.orders o ON o.order_id = d.order_id WHERE i.plan_id = ($1)[1] ORDER BY i.place LIMIT 50) t"};

int
plan_failed(const struct why *why)
{
	fprintf(stderr, "tributary dead-letters: %s: %s\n", why->code, why->text);
	return EXIT_NO;
}

bool
plan_session_open(struct kept *k, const char *command)
{
	*k = (struct kept){
	    .kind = &kept_dead_letters, .like = "", .party = "", .reason = "", .arena = arena_new(ARENA_BYTES)};
	return k->arena && database_open(&k->db, command, PLAN_TIMEOUT_MS, PLAN_TIMEOUT_MS) && kept_broker_open(k);
}

void
plan_session_close(struct kept *k)
{
	broker_free(k->broker);
	database_close(&k->db);
	arena_free(k->arena);
}

static struct rows *
rows_of_plan(struct kept *k, const struct statement *statement, struct uuid plan, int64_t n)
{
	struct rows *rows = rows_new(statement, k->arena);

	rows_uuid(rows, plan);
	if (n >= 0)
		rows_int(rows, n);
	return rows;
}

enum outcome
plan_run(struct kept *k, const struct statement *statement, struct uuid plan, int64_t n, struct why *why)
{
	store_begin(k->db.store);
	store_send(k->db.store, rows_of_plan(k, statement, plan, n));
	return store_commit(k->db.store, why);
}

enum outcome
plan_count(struct kept *k, const struct statement *statement, struct uuid plan, int64_t *count, struct why *why)
{
	struct result *found;
	enum outcome outcome;

	store_begin(k->db.store);
	outcome = store_query(k->db.store, rows_of_plan(k, statement, plan, -1), &found, why);
	if (outcome == OUTCOME_OK)
		*count = result_count(found) ? result_int(found, 0, 0) : 0;
	store_rollback(k->db.store);
	return outcome;
}

int
plan_table(struct kept *k, const struct statement *statement, struct uuid plan, const char *none)
{
	return report_print(k->db.store, rows_of_plan(k, statement, plan, -1), k->as_json, none);
}

/* --- making it ---------------------------------------------------------------------------------------------------- */

struct plan {
	struct uuid id;
	char text[UUID_TEXT_BYTES];
	int64_t items, locked;
	struct str digest;
};

static void
sleep_ms(int64_t ms)
{
	struct timespec t = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};

	nanosleep(&t, NULL);
}

static struct str
ids_join(struct kept *k, const char *const *ids, size_t n)
{
	struct str all = {"", 0};

	for (size_t i = 0; i < n; i++)
		all = arena_printf(k->arena, "%.*s%s%s", STR_ARGS(all), all.n ? "," : "", ids[i]);
	return all;
}

static struct str
filter_text(struct kept *k, const struct wish *w, struct str ids)
{
	return arena_printf(k->arena, "like=%s party=%s stage=%s until=%s limit=%" PRId64 " ids=%.*s", w->like,
			    w->party, w->stage, w->until, w->limit, STR_ARGS(ids));
}

static enum outcome
plan_make(struct kept *k, const struct wish *w, struct str ids, struct plan *p, struct why *why)
{
	struct rows *rows = rows_new(&plan_insert, k->arena);
	struct str filter = filter_text(k, w, ids);
	struct result *made;
	enum outcome outcome;

	p->id = uuid_random();
	uuid_format(p->id, p->text);
	rows_uuid(rows, p->id);
	rows_text(rows, ids);
	rows_text(rows, str_of(w->like));
	rows_text(rows, str_of(w->party));
	rows_text(rows, str_of(w->stage));
	rows_text(rows, str_of(w->until));
	rows_int(rows, w->limit);
	rows_text(rows, str_of(audit_log_who()));
	rows_text(rows, filter);
	store_begin(k->db.store);
	outcome = store_query(k->db.store, rows, &made, why);
	if (outcome != OUTCOME_OK) {
		store_rollback(k->db.store);
		return outcome;
	}
	p->items = result_int(made, 0, 0);
	p->digest = arena_str(k->arena, result_text(made, 0, 1));
	p->locked = result_int(made, 0, 2);
	audit_log_put(k->db.store, k->arena,
		      &(struct audit_act){.act = "dead-letter.plan",
					  .target_id = str_of(p->text),
					  .reason = arena_text(k->arena, filter)});
	return store_commit(k->db.store, why);
}

/* Asks for one chunk's previews; *last is the place of its last item, 0 when there was none. */
static enum outcome
chunk_ask(struct kept *k, const struct plan *p, int64_t *last, struct why *why)
{
	struct rows *rows = rows_of_plan(k, &to_ask, p->id, *last);
	struct result *found;
	struct outgoing *messages;
	enum publish_state *states;
	enum outcome outcome;
	size_t n;

	store_begin(k->db.store);
	outcome = store_query(k->db.store, rows, &found, why);
	n = outcome == OUTCOME_OK ? result_count(found) : 0;
	messages = arena_array(k->arena, n, sizeof *messages);
	states = arena_array(k->arena, n, sizeof *states);
	if (outcome == OUTCOME_OK && (!messages || !states))
		outcome = why_set(why, OUTCOME_DEAD, "too-large", "no memory for the messages");
	for (size_t i = 0; outcome == OUTCOME_OK && i < n; i++) {
		messages[i] = kept_message(found, i, k->arena);
		messages[i].envelope.code = STR(ENVELOPE_PREVIEW);
		messages[i].envelope.path = arena_str(k->arena, result_text(found, i, KEPT_BODY + 1));
	}
	*last = n ? result_int(found, n - 1, KEPT_BODY + 2) : 0;
	store_rollback(k->db.store);
	if (outcome == OUTCOME_OK && n)
		outcome = broker_publish(k->broker, messages, n, PLAN_TIMEOUT_MS, states, why);
	return outcome;
}

static enum outcome
previews_ask(struct kept *k, const struct plan *p, struct why *why)
{
	enum outcome outcome = plan_run(k, &unforeseen, p->id, -1, why);
	int64_t last = 0;

	while (outcome == OUTCOME_OK) {
		struct arena_mark mark = arena_mark(k->arena);

		outcome = chunk_ask(k, p, &last, why);
		arena_rewind(k->arena, mark);
		if (last == 0)
			break;
	}
	return outcome;
}

/* Until each stage has said what it would do, or the time is up: what has no answer then shows as such. */
static enum outcome
previews_wait(struct kept *k, const struct plan *p, int64_t wait_s, struct why *why)
{
	int64_t deadline_us = monotonic_us() + wait_s * 1000000, left = 1, before = -1;
	enum outcome outcome = OUTCOME_OK;

	while (outcome == OUTCOME_OK && monotonic_us() < deadline_us) {
		struct arena_mark mark = arena_mark(k->arena);

		outcome = plan_count(k, &unanswered, p->id, &left, why);
		arena_rewind(k->arena, mark);
		if (outcome != OUTCOME_OK || left == 0)
			break;
		/* As long as answers come, it is only much. */
		if (left != before)
			deadline_us = monotonic_us() + wait_s * 1000000;
		before = left;
		broker_pump(k->broker);
		sleep_ms(POLL_MS);
	}
	return outcome == OUTCOME_OK ? plan_run(k, &ready, p->id, -1, why) : outcome;
}

static int
plan_print(struct kept *k, const struct plan *p)
{
	int status;

	if (k->as_json) {
		printf("{\"plan\":\"%s\",\"letters\":%" PRId64 ",\"locked\":%" PRId64 ",\"digest\":\"%.*s\",\"would\":",
		       p->text, p->items, p->locked, STR_ARGS(p->digest));
		status = plan_table(k, &summary, p->id, "none");
		printf(",\"items\":");
		status |= plan_table(k, &items_list, p->id, "none");
		printf("}\n");
		return status;
	}
	status = plan_table(k, &items_list, p->id, "none");
	printf("\n");
	status |= plan_table(k, &summary, p->id, "none");
	printf("\nplan %s: %" PRId64 " letters, digest %.16s", p->text, p->items, p->digest.p);
	if (p->items > 50)
		printf(" (the first 50 are shown)");
	if (p->locked)
		printf("\n%" PRId64 " more are locked: see `dead-letters groups`", p->locked);
	printf("\nnothing was replayed yet: tributary dead-letters apply %s\n", p->text);
	return status;
}

static int
plan_do(struct kept *k, const struct wish *w, const char *const *ids, size_t n)
{
	struct why why = {0};
	struct plan p = {.items = 0};
	enum outcome outcome = plan_make(k, w, ids_join(k, ids, n), &p, &why);

	if (outcome == OUTCOME_OK && p.items == 0) {
		fprintf(stderr, "tributary dead-letters plan: no open letter fits%s\n",
			p.locked ? ", but for some that are locked: see `dead-letters groups`" : "");
		return EXIT_NO;
	}
	if (outcome == OUTCOME_OK)
		outcome = previews_ask(k, &p, &why);
	if (outcome == OUTCOME_OK)
		outcome = previews_wait(k, &p, w->wait_s, &why);
	return outcome == OUTCOME_OK ? plan_print(k, &p) : plan_failed(&why);
}

static int
plan_checked(const struct wish *w, const char *const *ids, size_t n)
{
	struct kept k;
	int status = EXIT_NO;
	struct uuid id;

	for (size_t i = 0; i < n; i++)
		if (!uuid_parse(str_of(ids[i]), &id)) {
			fprintf(stderr, "tributary dead-letters plan: %.60s is no id\n", ids[i]);
			return EXIT_WRONG;
		}
	if (!n && !w->like[0] && !w->party[0] && !w->stage[0]) {
		fprintf(stderr,
			"tributary dead-letters plan: which? ids, or --like, --party or --stage; without one it "
			"would be nothing, not everything\n");
		return EXIT_WRONG;
	}
	if (plan_session_open(&k, "dead-letters plan")) {
		k.as_json = w->as_json;
		status = plan_do(&k, w, ids, n);
	}
	plan_session_close(&k);
	return status;
}

int
drain_plan_command(int argc, char **argv)
{
	static const struct option_row rows[] = {
	    {"like", OPTION_TEXT, offsetof(struct wish, like), "WHAT", "",
	     .help = "those with this code or fingerprint"},
	    {"party", OPTION_TEXT, offsetof(struct wish, party), "PARTY", "", .help = "of this channel"},
	    {"stage", OPTION_TEXT, offsetof(struct wish, stage), "STAGE", "",
	     .help = "that died there: ingest, enrich ..."},
	    {"until", OPTION_TEXT, offsetof(struct wish, until), "TIME", "", .help = "that died before"},
	    {"limit", OPTION_INT, offsetof(struct wish, limit), "N", "100000", .min = 1, .max = 1000000,
	     .help = "the oldest so many"},
	    {"wait", OPTION_INT, offsetof(struct wish, wait_s), "SECONDS", "20", .min = 1, .max = 3600,
	     .help = "for a stage's next answer"},
	    {"json", OPTION_FLAG, offsetof(struct wish, as_json), .help = "for programs"},
	};
	struct options options = {
	    "tributary dead-letters plan [OPTION...] [ID...]",
	    "Freezes the open letters that fit every option (or have these ids), and asks the stage "
	    "of each what it would come to\nnow; nothing is changed.",
	    rows,
	    COUNT_OF(rows),
	    0,
	    (size_t)argc};
	const char **ids = calloc((size_t)argc + 1, sizeof *ids);
	struct wish wish = {0};
	int status = EXIT_WRONG;
	size_t n = 0;

	if (!ids)
		return EXIT_NO;
	if (options_read(&options, argc, argv, &wish, ids, &n, &status))
		status = plan_checked(&wish, ids, n);
	free(ids);
	return status;
}
