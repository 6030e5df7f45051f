/* SPDX-License-Identifier: Apache-2.0 */
/*
 * NAME      tributary audit - do the books balance?
 * SYNOPSIS  tributary audit [--full | --since 1d] [--grace N] [--json]
 * Checks what changed since then, or everything, set by set, and prints a certificate: what was checked, what it adds up
 * to, and each row that breaks a book. Reads only; what is lost the worker auditor puts back on its way. Exit status 0:
 * the books balance; 1: they do not.
 */
#include "commands.h"

#include "audit/trail.h"
#include "base/decimal.h"
#include "base/instant.h"
#include "database.h"
#include "formats/json.h"
#include "options.h"
#include "party_commands.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TIMEOUT_MS 600000
#define ARENA_BYTES ((size_t)1 << 30)
#define SET_MAX 500
#define SHOWN_MAX 1000 /* findings that are printed; all are counted */
#define JSON_MAX_BYTES ((size_t)16 << 20)
#define STEP_US (INT64_C(600) * 1000000)
#define STEP_ROWS 100000

struct wish {
	const char *since;
	int64_t grace_s;
	bool is_full, as_json;
};

struct run {
	struct database db;
	struct arena *find_arena, *check_arena;
	struct party_list *parties;
	struct routes *routes;
	struct audit find, check;
	struct buf shown; /* findings, as text or JSON */
	size_t findings, lost;
	int64_t sets, now_us, since_us;
	bool as_json;
	/* of the auditor */
	int64_t rounds, last_round_us, open;
};

static const struct statement auditor_select = {
    "audit_auditor", "",
    "SELECT c.rounds, coalesce((SELECT max(began_at) FROM tributary.audit_rounds), '1970-01-01Z'), (SELECT count(*)"
    " FROM tributary.audit_findings WHERE cleared_at IS NULL), now() FROM tributary.audit_cursor c"};

static enum outcome
auditor_read(struct run *run, struct why *why)
{
	struct result *r;
	enum outcome outcome;

	store_begin(run->db.store);
	outcome = store_query(run->db.store, rows_new(&auditor_select, run->find_arena), &r, why);
	if (outcome == OUTCOME_OK && result_count(r) == 1) {
		run->rounds = result_int(r, 0, 0);
		run->last_round_us = result_instant(r, 0, 1);
		run->open = result_int(r, 0, 2);
		run->now_us = result_instant(r, 0, 3);
	}
	store_rollback(run->db.store);
	return outcome == OUTCOME_OK ? trail_queues_read(run->db.store, run->find_arena, run->routes, why) : outcome;
}

static void
finding_show(struct run *run, const struct audit_finding *f)
{
	struct buf *out = &run->shown;

	if (run->findings++ >= SHOWN_MAX)
		return;
	if (!run->as_json) {
		buf_printf(out, "BROKEN  %-18s %.*s %.*s %.*s\n", f->check, STR_ARGS(f->table), STR_ARGS(f->key),
			   STR_ARGS(f->says));
		return;
	}
	buf_printf(out, "%s{\"check\":\"%s\",\"table\":", run->findings > 1 ? "," : "", f->check);
	json_put_text(out, f->table);
	buf_put_str(out, STR(",\"key\":"));
	json_put_text(out, f->key);
	buf_put_str(out, STR(",\"says\":"));
	json_put_text(out, f->says);
	buf_put_char(out, '}');
}

static void
lost_tell(struct run *run, const struct audit_set *set, const struct trail *trail)
{
	for (size_t i = 0; i < trail->lost_count; i++) {
		const struct trail_lost *l = &trail->lost[i];
		char id[UUID_TEXT_BYTES], order[UUID_TEXT_BYTES];

		uuid_format(l->message_id, id);
		uuid_format(l->order_id, order);
		audit_report(&run->check, set->scope, "silent", str_of(id), STR("journal"),
			     arena_printf(run->check_arena, "%s/%s", id, l->stage),
			     arena_printf(run->check_arena, "is missing, and nothing is under way: order %s, %.*s",
					  order, STR_ARGS(l->message.envelope.type)));
	}
	run->lost += trail->lost_count;
}

static enum outcome
part_check(struct run *run, const struct audit_set *part, struct why *why)
{
	struct trail trail;
	enum outcome outcome;

	audit_clear(&run->check);
	outcome = audit_check(&run->check, part, why);
	if (outcome == OUTCOME_OK)
		outcome = audit_add(&run->check, part, why);
	if (outcome == OUTCOME_OK && part->scope == AUDIT_DOCUMENT) {
		outcome = trail_follow(&run->check, part, run->now_us, &trail, why);
		if (outcome == OUTCOME_OK)
			lost_tell(run, part, &trail);
	}
	for (const struct audit_finding *f = run->check.findings; outcome == OUTCOME_OK && f; f = f->next)
		finding_show(run, f);
	run->sets++;
	return outcome;
}

static enum outcome
set_check(struct run *run, const struct audit_set *set, struct why *why)
{
	enum outcome outcome = OUTCOME_OK;

	for (size_t at = 0; outcome == OUTCOME_OK && at < set->n; at += SET_MAX) {
		struct audit_set part = *set;

		part.ids += at;
		part.items += at;
		part.n = set->n - at < SET_MAX ? set->n - at : SET_MAX;
		outcome = part_check(run, &part, why);
	}
	return outcome;
}

/* --- everything ------------------------------------------------------------------------------------------------------- */

static enum outcome
all_orders(struct run *run, struct why *why)
{
	struct uuid after = {{0}};
	struct audit_set set = {.n = SET_MAX};
	enum outcome outcome = OUTCOME_OK;

	while (outcome == OUTCOME_OK && set.n == SET_MAX) {
		arena_clear(run->find_arena);
		outcome = audit_next_orders(&run->find, after, SET_MAX, &set, why);
		if (outcome == OUTCOME_OK && set.n)
			after = set.ids[set.n - 1];
		if (outcome == OUTCOME_OK)
			outcome = set_check(run, &set, why);
	}
	return outcome;
}

static enum outcome
all_documents(struct run *run, struct why *why)
{
	struct uuid after = {{0}};
	struct audit_set set = {.n = SET_MAX};
	enum outcome outcome = OUTCOME_OK;

	while (outcome == OUTCOME_OK && set.n == SET_MAX) {
		arena_clear(run->find_arena);
		outcome = audit_next_documents(&run->find, after, SET_MAX, &set, why);
		if (outcome == OUTCOME_OK && set.n)
			after = set.ids[set.n - 1];
		if (outcome == OUTCOME_OK)
			outcome = set_check(run, &set, why);
	}
	return outcome;
}

static enum outcome
all_stock(struct run *run, struct why *why)
{
	char after[256] = "";
	struct audit_set set = {.n = SET_MAX};
	enum outcome outcome = OUTCOME_OK;

	while (outcome == OUTCOME_OK && set.n == SET_MAX) {
		arena_clear(run->find_arena);
		outcome = audit_next_items(&run->find, str_of(after), SET_MAX, &set, why);
		if (outcome == OUTCOME_OK && set.n)
			snprintf(after, sizeof after, "%.*s", STR_ARGS(set.items[set.n - 1]));
		if (outcome == OUTCOME_OK)
			outcome = set_check(run, &set, why);
	}
	return outcome;
}

/* --- what changed ----------------------------------------------------------------------------------------------------- */

/* The next step of what changed */
static struct audit_span
span_next(const struct run *run, int64_t at_us)
{
	int64_t until_us = at_us + STEP_US < run->now_us ? at_us + STEP_US : run->now_us;

	return (struct audit_span){at_us, until_us, run->now_us, STEP_ROWS};
}

/* Step by step; an order that changed in several steps is checked, and counted, in the last of them. Totals of a window tell
 * what was checked, not what is there. */
static enum outcome
changed_orders(struct run *run, struct why *why)
{
	int64_t at_us = run->since_us;
	enum outcome outcome = OUTCOME_OK;

	while (outcome == OUTCOME_OK && at_us < run->now_us) {
		struct audit_span span = span_next(run, at_us);
		struct audit_set orders, items;

		arena_clear(run->find_arena);
		outcome = audit_changed_orders(&run->find, &span, &orders, &at_us, why);
		if (outcome == OUTCOME_OK)
			outcome = set_check(run, &orders, why);
		if (outcome == OUTCOME_OK)
			outcome = audit_items_of(&run->find, &orders, &items, why);
		if (outcome == OUTCOME_OK)
			outcome = set_check(run, &items, why);
	}
	return outcome;
}

static enum outcome
changed_documents(struct run *run, struct why *why)
{
	int64_t at_us = run->since_us;
	enum outcome outcome = OUTCOME_OK;

	while (outcome == OUTCOME_OK && at_us < run->now_us) {
		struct audit_span span = span_next(run, at_us);
		struct audit_set documents;

		arena_clear(run->find_arena);
		outcome = audit_changed_documents(&run->find, &span, &documents, &at_us, why);
		if (outcome == OUTCOME_OK)
			outcome = set_check(run, &documents, why);
	}
	return outcome;
}

static enum outcome
run_checks(struct run *run, bool is_full, struct why *why)
{
	static const struct audit_set numbers = {.scope = AUDIT_NUMBERS};
	enum outcome outcome = is_full ? all_documents(run, why) : changed_documents(run, why);

	if (outcome == OUTCOME_OK)
		outcome = is_full ? all_orders(run, why) : changed_orders(run, why);
	if (outcome == OUTCOME_OK && is_full)
		outcome = all_stock(run, why);
	return outcome == OUTCOME_OK ? part_check(run, &numbers, why) : outcome;
}

/* --- the certificate -------------------------------------------------------------------------------------------------- */

static int
by_what(const void *a, const void *b)
{
	return strcmp(((const struct audit_total *)a)->what, ((const struct audit_total *)b)->what);
}

static void
certificate_json(const struct run *run, const char *since, const char *until, const char *round)
{
	printf("{\"balanced\":%s,\"since\":%s%s%s,\"until\":\"%s\",\"checks\":%zu,\"sets\":%" PRId64 ",\"totals\":{",
	       run->findings ? "false" : "true", since ? "\"" : "", since ? since : "null", since ? "\"" : "", until,
	       audit_checks_count + 2, run->sets);
	for (size_t i = 0; i < run->check.totals_count; i++)
		printf("%s\"%s\":%" PRId64, i ? "," : "", run->check.totals[i].what, run->check.totals[i].value);
	printf("},\"findings_count\":%zu,\"findings\":[%.*s],\"silent\":%zu,\"auditor\":{\"rounds\":%" PRId64
	       ",\"last_round_at\":\"%s\",\"open_findings\":%" PRId64 "}}\n",
	       run->findings, STR_ARGS(buf_str(&run->shown)), run->lost, run->rounds, round, run->open);
}

static void
certificate_text(const struct run *run, const char *since, const char *until, const char *round)
{
	char quantity[DECIMAL_TEXT_BYTES];

	printf("%.*s", STR_ARGS(buf_str(&run->shown)));
	if (run->findings > SHOWN_MAX)
		printf("… and %zu more\n", run->findings - SHOWN_MAX);
	printf("%s\n", run->findings ? "THE BOOKS DO NOT BALANCE" : "The books balance.");
	printf("window    %s%s, until %s\n", since ? "what changed since " : "everything", since ? since : "", until);
	printf("checks    %zu, over %" PRId64 " sets\n", audit_checks_count + 2, run->sets);
	for (size_t i = 0; i < run->check.totals_count; i++) {
		const struct audit_total *t = &run->check.totals[i];

		decimal_format(t->value, quantity);
		if (str_starts(str_of(t->what), STR("quantity")))
			printf("  %-32s %20s\n", t->what, quantity);
		else
			printf("  %-32s %20" PRId64 "%s\n", t->what, t->value,
			       str_starts(str_of(t->what), STR("money")) ? " minor units" : "");
	}
	printf("findings  %zu, of them silent %zu\n", run->findings, run->lost);
	printf("auditor   %" PRId64 " rounds, the last at %s, %" PRId64 " findings open\n", run->rounds, round,
	       run->open);
}

static void
certificate_print(struct run *run, bool is_full)
{
	char since[INSTANT_TEXT_BYTES], until[INSTANT_TEXT_BYTES], round[INSTANT_TEXT_BYTES];

	instant_format(run->since_us, since);
	instant_format(run->now_us, until);
	instant_format(run->last_round_us, round);
	qsort(run->check.totals, run->check.totals_count, sizeof *run->check.totals, by_what);
	(run->as_json ? certificate_json : certificate_text)(run, is_full ? NULL : since, until, round);
}

/* --- the command ------------------------------------------------------------------------------------------------------ */

/* 90s, 15m, 12h or 7d before now. */
static bool
since_parse(const char *text, int64_t *ago_us)
{
	static const char units[] = "smhd";
	static const int64_t seconds[] = {1, 60, 3600, 86400};
	size_t n = strlen(text);
	const char *unit = n > 1 ? strchr(units, text[n - 1]) : NULL;
	int64_t count;

	if (!unit || !str_to_int((struct str){text, n - 1}, &count) || count < 1 || count > 1000000)
		return false;
	*ago_us = count * seconds[unit - units] * 1000000;
	return true;
}

static bool
run_open(struct run *run, const struct wish *wish)
{
	run->as_json = wish->as_json;
	run->find_arena = arena_new(ARENA_BYTES);
	run->check_arena = arena_new(ARENA_BYTES);
	buf_init(&run->shown, JSON_MAX_BYTES);
	run->parties = party_list_load(party_dir(), stderr);
	run->routes = run->parties ? routes_new(run->parties) : NULL;
	if (!run->find_arena || !run->check_arena || !run->routes ||
	    !database_open(&run->db, "audit", TIMEOUT_MS, TIMEOUT_MS))
		return false;
	audit_init(&run->find, run->db.store, run->find_arena, run->routes, wish->grace_s);
	audit_init(&run->check, run->db.store, run->check_arena, run->routes, wish->grace_s);
	return true;
}

static void
run_close(struct run *run)
{
	database_close(&run->db);
	routes_free(run->routes);
	party_list_free(run->parties);
	buf_release(&run->shown);
	arena_free(run->check_arena);
	arena_free(run->find_arena);
}

static int
audit_run(const struct wish *wish, int64_t ago_us)
{
	struct run run = {.as_json = wish->as_json};
	struct why why = {0};
	int status = EXIT_NO;

	if (run_open(&run, wish)) {
		enum outcome outcome = audit_session(&run.find, &why);

		if (outcome == OUTCOME_OK)
			outcome = auditor_read(&run, &why);
		run.since_us = run.now_us - ago_us;
		if (outcome == OUTCOME_OK)
			outcome = run_checks(&run, wish->is_full, &why);
		if (outcome == OUTCOME_OK)
			certificate_print(&run, wish->is_full);
		else
			fprintf(stderr, "tributary audit: %s: %s\n", why.code, why.text);
		status = outcome == OUTCOME_OK && run.findings == 0 ? EXIT_YES : EXIT_NO;
	}
	run_close(&run);
	return status;
}

int
audit_command(int argc, char **argv)
{
	static const struct option_row rows[] = {
	    {"full", OPTION_FLAG, offsetof(struct wish, is_full), .help = "everything, not only what changed"},
	    {"since", OPTION_TEXT, offsetof(struct wish, since), "TIME", "1d",
	     .help = "what changed since: 90s 15m 12h 7d"},
	    {"grace", OPTION_INT, offsetof(struct wish, grace_s), "SECONDS", "900", "AUDIT_GRACE_S", 1, 604800,
	     "what is younger may be under way"},
	    {"json", OPTION_FLAG, offsetof(struct wish, as_json), .help = "for programs"},
	};
	static const struct options options = {
	    "tributary audit [--full | --since TIME] [--grace SECONDS] [--json]",
	    "Do the books balance? Prints a certificate with the totals, and each row that breaks one.",
	    rows,
	    COUNT_OF(rows),
	    0,
	    0};
	struct wish wish = {0};
	int64_t ago_us = 0;
	int status;

	if (!options_read(&options, argc, argv, &wish, NULL, NULL, &status))
		return status;
	if (!since_parse(wish.since, &ago_us)) {
		fprintf(stderr, "tributary audit: --since is a number with s, m, h or d: 12h\n");
		return EXIT_WRONG;
	}
	return audit_run(&wish, ago_us);
}
