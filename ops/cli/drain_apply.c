/* SPDX-License-Identifier: Apache-2.0 */
/*
 * NAME      tributary dead-letters apply - replay a plan: 1, then 10, then the rest at a set rate
 * A plan that no longer holds (a letter of it died again, was edited, replayed or discarded meanwhile, or is locked now)
 * is refused. Each letter is claimed once and goes to the stage that failed; when one dies with the same fingerprint
 * again, the rest stays. A plan that was interrupted is taken up where it stopped.
 */
#include "drain_plan.h"

#include "audit_log.h"
#include "base/instant.h"
#include "commands.h"
#include "drain.h"
#include "options.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#define POLL_US INT64_C(200000)

struct wish {
	int64_t rate, wait_s;
	bool as_json;
};

static const struct statement plan_find = {"apply_plan_find", "U",
					   "SELECT state, items FROM tributary.replay_plans WHERE plan_id = ($1)[1]"};

/* Until this connection ends; false: somebody else applies it. */
static const struct statement ours = {"apply_ours", "U",
				      "SELECT pg_try_advisory_lock(hashtextextended(($1)[1]::text, 15))"};

/* Of what is still to be sent; a letter that was claimed by us and not closed (we died) still holds. */
static const struct statement moved = {
    "apply_moved", "U",
    "SELECT count(*) FROM tributary.replay_items i JOIN tributary.dead_letters d USING (dead_letter_id)"
    " WHERE i.plan_id = ($1)[1] AND i.verdict IS NULL AND (d.times <> i.times OR d.edits <> i.edits OR NOT (d.state ="
    " 'open' OR (d.state = 'replaying' AND i.sent_at IS NOT NULL) OR (d.state = 'replayed' AND i.sent_at IS NOT "
    "NULL)))"};

static const struct statement locked = {
    "apply_locked", "U",
    "SELECT count(*) FROM tributary.replay_items i JOIN tributary.fingerprint_notes n USING (fingerprint)"
    " WHERE i.plan_id = ($1)[1] AND i.verdict IS NULL AND n.locked_until > now()"};

static const struct statement applying = {
    "apply_applying", "U",
    "UPDATE tributary.replay_plans SET state = 'applying', outcome = NULL, ended_at = NULL WHERE plan_id = ($1)[1]"};

/* What its stage has done already is not sent: the letter is settled by that. */
static const struct statement skip_done = {
    "apply_skip_done", "U",
    "WITH skipped AS (UPDATE tributary.replay_items SET verdict = 'skipped', verdict_code = 'already-done' WHERE"
    " plan_id = ($1)[1] AND verdict IS NULL AND sent_at IS NULL AND preview = 'answered' RETURNING dead_letter_id)"
    " UPDATE tributary.dead_letters d SET state = 'replayed', closed_at = now() FROM skipped s"
    " WHERE d.dead_letter_id = s.dead_letter_id AND d.state = 'open'"};

static const struct statement next_items = {
    "apply_next_items", "UI",
    "SELECT item_id, dead_letter_id FROM tributary.replay_items WHERE plan_id = ($1)[1] AND verdict IS NULL AND sent_at"
    " IS NULL ORDER BY place LIMIT ($2)[1]"};

/* Sent by us before, but not closed: we died in between. It is sent again, with its old id. */
static const struct statement next_half = {
    "apply_next_half", "UI",
    "SELECT i.item_id, i.dead_letter_id FROM tributary.replay_items i JOIN tributary.dead_letters d USING"
    " (dead_letter_id) WHERE i.plan_id = ($1)[1] AND i.verdict IS NULL AND i.sent_at IS NOT NULL AND d.state ="
    " 'replaying' ORDER BY i.place LIMIT ($2)[1]"};

static const struct statement item_sent = {
    "apply_item_sent", "U", "UPDATE tributary.replay_items SET sent_at = clock_timestamp() WHERE item_id = ($1)[1]"};

/* What became of those that were sent: dead again, held, or done, as their stage wrote it. */
static const struct statement judge = {
    "apply_judge", "U",
    "UPDATE tributary.replay_items i SET verdict = v.verdict, verdict_code = v.code FROM ("
    " SELECT i.item_id, CASE WHEN d.times > i.times THEN 'dead' ELSE j.outcome END AS verdict,"
    " CASE WHEN d.times > i.times THEN d.code WHEN j.outcome = 'held' THEN x.code END AS code"
    " FROM tributary.replay_items i JOIN tributary.dead_letters d USING (dead_letter_id)"
    " LEFT JOIN tributary.journal j ON j.message_id::text = lower(d.message_id) AND j.stage = split_part(d.origin, '.',"
    " 1) LEFT JOIN tributary.exceptions x ON x.message_id = j.message_id AND x.stage = j.stage"
    " WHERE i.plan_id = ($1)[1] AND i.verdict IS NULL AND i.sent_at IS NOT NULL"
    " AND (d.times > i.times OR j.outcome IN ('done', 'held'))) v WHERE v.item_id = i.item_id"};

static const struct statement under_way = {
    "apply_under_way", "U",
    "SELECT count(*) FROM tributary.replay_items WHERE plan_id = ($1)[1] AND verdict IS NULL AND sent_at IS NOT NULL"};

static const struct statement give_up_waiting = {
    "apply_give_up_waiting", "U",
    "UPDATE tributary.replay_items SET verdict = 'under-way' WHERE plan_id = ($1)[1] AND verdict IS NULL AND sent_at IS"
    " NOT NULL"};

static const struct statement came_back = {
    "apply_came_back", "U",
    "SELECT count(*) FROM tributary.replay_items i JOIN tributary.dead_letters d USING (dead_letter_id)"
    " WHERE i.plan_id = ($1)[1] AND i.verdict = 'dead' AND d.fingerprint = i.fingerprint"};

static const struct statement left_over = {
    "apply_left_over", "U", "SELECT count(*) FROM tributary.replay_items WHERE plan_id = ($1)[1] AND verdict IS NULL"};

/* One that was hindered stays to be taken up again. */
static const struct statement ended = {
    "apply_ended", "U",
    "UPDATE tributary.replay_plans p SET ended_at = now(), state = CASE WHEN EXISTS (SELECT FROM "
    "tributary.replay_items i"
    " JOIN tributary.dead_letters d USING (dead_letter_id) WHERE i.plan_id = p.plan_id AND i.verdict = 'dead' AND"
    " d.fingerprint = i.fingerprint) THEN 'stopped' WHEN EXISTS (SELECT FROM tributary.replay_items i WHERE i.plan_id ="
    " p.plan_id AND i.verdict IS NULL) THEN 'applying' ELSE 'done' END WHERE plan_id = ($1)[1]"};

static const struct statement verdicts = {
    "apply_verdicts", "U",
    "SELECT coalesce(json_agg(t ORDER BY letters DESC), '[]')::text FROM (SELECT coalesce(i.verdict, 'not sent') AS"
    " verdict, coalesce(i.verdict_code, '') AS code, i.fingerprint, count(*) AS letters FROM tributary.replay_items i"
    " WHERE i.plan_id = ($1)[1] GROUP BY 1, 2, 3) t"};

static const struct statement each = {
    "apply_each", "U",
    "SELECT coalesce(json_agg(t ORDER BY place), '[]')::text FROM (SELECT i.place, o.number, coalesce(i.verdict,"
    " 'not sent') AS verdict, coalesce(i.verdict_code, '') AS code, i.dead_letter_id AS id FROM tributary.replay_items "
    "i"
    " JOIN tributary.dead_letters d USING (dead_letter_id) LEFT JOIN tributary.orders o ON o.order_id = d.order_id"
    " WHERE i.plan_id = ($1)[1] AND i.verdict IS DISTINCT FROM 'done' ORDER BY i.place LIMIT 200) t"};

/* Two at once would both send what neither has closed yet. */
static enum outcome
plan_ours(struct kept *k, struct uuid plan, struct why *why)
{
	struct rows *rows = rows_new(&ours, k->arena);
	struct result *got;
	bool is_ours = false;
	enum outcome outcome;

	rows_uuid(rows, plan);
	store_begin(k->db.store);
	outcome = store_query(k->db.store, rows, &got, why);
	if (outcome == OUTCOME_OK)
		is_ours = result_bool(got, 0, 0);
	store_rollback(k->db.store);
	if (outcome == OUTCOME_OK && !is_ours)
		outcome = why_set(why, OUTCOME_DEAD, "plan-moved", "somebody else applies it right now");
	return outcome;
}

/* Does the plan hold? Says on stderr why not. */
static bool
plan_holds(struct kept *k, struct uuid plan, struct why *why)
{
	struct rows *rows = rows_new(&plan_find, k->arena);
	struct result *found;
	int64_t count = 0;
	enum outcome outcome;
	struct str state = {NULL, 0};

	rows_uuid(rows, plan);
	store_begin(k->db.store);
	outcome = store_query(k->db.store, rows, &found, why);
	if (outcome == OUTCOME_OK && result_count(found) == 1)
		state = arena_str(k->arena, result_text(found, 0, 0));
	store_rollback(k->db.store);
	if (outcome == OUTCOME_OK && !state.n)
		outcome = why_set(why, OUTCOME_DEAD, "not-open", "there is no plan with this id");
	if (outcome == OUTCOME_OK && str_equal(state, STR("done")))
		outcome = why_set(why, OUTCOME_DEAD, "plan-done", "the plan was applied: make another");
	if (outcome == OUTCOME_OK && str_equal(state, STR("stopped")))
		outcome = why_set(why, OUTCOME_DEAD, "plan-stopped",
				  "it stopped because the same trouble came back: mend that, then make another");
	if (outcome == OUTCOME_OK)
		outcome = plan_ours(k, plan, why);
	if (outcome == OUTCOME_OK)
		outcome = plan_count(k, &moved, plan, &count, why);
	if (outcome == OUTCOME_OK && count)
		outcome =
		    why_set(why, OUTCOME_DEAD, "plan-moved",
			    "%" PRId64 " of its letters died again, were edited, replayed or discarded since: make "
			    "another",
			    count);
	if (outcome == OUTCOME_OK)
		outcome = plan_count(k, &locked, plan, &count, why);
	if (outcome == OUTCOME_OK && count)
		outcome = why_set(why, OUTCOME_DEAD, "plan-locked",
				  "%" PRId64 " of its letters are locked now: see `dead-letters groups`", count);
	return outcome == OUTCOME_OK;
}

static void
pause_us(int64_t us)
{
	struct timespec t = {.tv_sec = us / 1000000, .tv_nsec = us % 1000000 * 1000};

	if (us > 0)
		nanosleep(&t, NULL);
}

/* Sends so many at most, evenly; *sent is how many there were. */
static enum outcome
wave_send(struct kept *k, struct uuid plan, const struct statement *which, int64_t count, int64_t rate, int64_t *sent,
	  struct why *why)
{
	struct arena_mark mark = arena_mark(k->arena);
	struct rows *rows = rows_new(which, k->arena);
	struct uuid *items, *letters;
	struct result *found;
	enum outcome outcome;
	int64_t start_us = monotonic_us();
	size_t n;

	rows_uuid(rows, plan);
	rows_int(rows, count);
	store_begin(k->db.store);
	outcome = store_query(k->db.store, rows, &found, why);
	n = outcome == OUTCOME_OK ? result_count(found) : 0;
	items = arena_array(k->arena, n, sizeof *items);
	letters = arena_array(k->arena, n, sizeof *letters);
	if (outcome == OUTCOME_OK && (!items || !letters))
		outcome = why_set(why, OUTCOME_DEAD, "too-large", "no memory for the plan's items");
	for (size_t i = 0; outcome == OUTCOME_OK && i < n; i++) {
		items[i] = result_uuid(found, i, 0);
		letters[i] = result_uuid(found, i, 1);
	}
	store_rollback(k->db.store);
	for (size_t i = 0; outcome == OUTCOME_OK && i < n; i++) {
		struct arena_mark one = arena_mark(k->arena);
		struct rows *extra = rows_new(&item_sent, k->arena);

		rows_uuid(extra, items[i]);
		outcome = kept_send_again(k, letters[i], extra, why);
		arena_rewind(k->arena, one);
		pause_us(start_us + (int64_t)(i + 1) * 1000000 / rate - monotonic_us());
	}
	*sent = (int64_t)n;
	arena_rewind(k->arena, mark);
	return outcome;
}

/* Until all that were sent have their end, or the time is up. */
static enum outcome
wave_settle(struct kept *k, struct uuid plan, int64_t wait_s, struct why *why)
{
	int64_t deadline_us = monotonic_us() + wait_s * 1000000, left = 1;
	enum outcome outcome = OUTCOME_OK;

	while (outcome == OUTCOME_OK && left > 0 && monotonic_us() < deadline_us) {
		struct arena_mark mark = arena_mark(k->arena);

		outcome = plan_run(k, &judge, plan, -1, why);
		if (outcome == OUTCOME_OK)
			outcome = plan_count(k, &under_way, plan, &left, why);
		arena_rewind(k->arena, mark);
		broker_pump(k->broker);
		if (left > 0)
			pause_us(POLL_US);
	}
	return outcome == OUTCOME_OK ? plan_run(k, &give_up_waiting, plan, -1, why) : outcome;
}

/* 1, 10, then a second's worth at a time, as long as the trouble does not come back. */
static enum outcome
waves(struct kept *k, struct uuid plan, const struct wish *w, bool *has_stopped, struct why *why)
{
	int64_t size = 1, sent = 0, back = 0;
	enum outcome outcome = wave_send(k, plan, &next_half, 1000000, w->rate, &sent, why);

	while (outcome == OUTCOME_OK) {
		outcome = wave_send(k, plan, &next_items, size, w->rate, &sent, why);
		/* Also of nothing: we may have died between sending and judging. */
		if (outcome == OUTCOME_OK)
			outcome = wave_settle(k, plan, w->wait_s, why);
		if (outcome == OUTCOME_OK)
			outcome = plan_count(k, &came_back, plan, &back, why);
		*has_stopped = back > 0;
		if (outcome != OUTCOME_OK || back || sent < size)
			break;
		size = size == 1 ? 10 : w->rate;
	}
	return outcome;
}

static int
apply_do(struct kept *k, struct uuid plan, const struct wish *w)
{
	char text[UUID_TEXT_BYTES];
	bool has_stopped = false;
	int64_t left = 0;
	struct why why = {0}, ignored = {0};
	enum outcome outcome;
	int status;

	uuid_format(plan, text);
	if (!plan_holds(k, plan, &why))
		return plan_failed(&why);
	store_begin(k->db.store);
	audit_log_put(k->db.store, k->arena,
		      &(struct audit_act){.act = "dead-letter.apply", .target_id = str_of(text), .reason = k->reason});
	outcome = store_commit(k->db.store, &why);
	if (outcome == OUTCOME_OK)
		outcome = plan_run(k, &applying, plan, -1, &why);
	if (outcome == OUTCOME_OK)
		outcome = plan_run(k, &skip_done, plan, -1, &why);
	if (outcome == OUTCOME_OK)
		outcome = waves(k, plan, w, &has_stopped, &why);
	(void)!plan_run(k, &ended, plan, -1, &ignored);
	(void)!plan_count(k, &left_over, plan, &left, &ignored);
	status = plan_table(k, &verdicts, plan, "none");
	if (!k->as_json) {
		printf("\n");
		(void)plan_table(k, &each, plan, "each is done");
	}
	if (outcome != OUTCOME_OK)
		return plan_failed(&why);
	if (has_stopped)
		fprintf(stderr,
			"tributary dead-letters apply: stopped, the same trouble came back; %" PRId64
			" letters were not sent\n",
			left);
	return has_stopped ? EXIT_NO : status;
}

int
drain_apply_command(int argc, char **argv)
{
	static const struct option_row rows[] = {
	    {"rate", OPTION_INT, offsetof(struct wish, rate), "N", "50", .min = 1, .max = 10000,
	     .help = "letters a second, after the first 11"},
	    {"wait", OPTION_INT, offsetof(struct wish, wait_s), "SECONDS", "30", .min = 1, .max = 3600,
	     .help = "for the stage to settle what was sent"},
	    {"json", OPTION_FLAG, offsetof(struct wish, as_json), .help = "for programs"},
	};
	static const struct options options = {
	    "tributary dead-letters apply [OPTION...] PLAN",
	    "Replays the plan's letters: one, ten, then the rest at the rate, each to the stage that failed. Stops "
	    "when the\n"
	    "same trouble comes back. Ends with a verdict for each; exit 0 when none died again.",
	    rows,
	    COUNT_OF(rows),
	    1,
	    1};
	struct wish wish = {0};
	const char *word;
	struct kept k;
	struct uuid plan;
	int status = EXIT_NO;

	if (!options_read(&options, argc, argv, &wish, &word, NULL, &status))
		return status;
	if (!uuid_parse(str_of(word), &plan)) {
		fprintf(stderr, "tributary dead-letters apply: %.60s is no plan's id\n", word);
		return EXIT_WRONG;
	}
	if (plan_session_open(&k, "dead-letters apply")) {
		k.as_json = wish.as_json;
		status = apply_do(&k, plan, &wish);
	}
	plan_session_close(&k);
	return status;
}
