/* SPDX-License-Identifier: Apache-2.0 */
/*
 * NAME      tributary party score - what is still missing before a party goes live
 * SYNOPSIS  tributary party score PARTY
 * Each point is answered from the folder; with DATABASE_URL set, the mirror and what came lately are asked too.
 */
#include "commands.h"
#include "options.h"
#include "party_commands.h"
#include "party_diff.h"
#include "party_drift.h"
#include "party_sample.h"
#include "party_sends.h"

#include "database.h"
#include "formats/json.h"
#include "mapping/mapping.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ARENA_BYTES ((size_t)512 << 20)
#define PATH_BYTES 1024
#define TIMEOUT_MS 30000

static const struct statement party_books = {
    "party_books", "T",
    "SELECT (SELECT count(*) FROM tributary.customer_accounts WHERE party = ($1)[1]),"
    " (SELECT count(*) FROM tributary.exceptions WHERE party = ($1)[1] AND state = 'open' AND starts_with(code, "
    "'mapping-')),"
    " (SELECT count(*) FROM tributary.dead_letters WHERE party = ($1)[1] AND state = 'open'),"
    " (SELECT count(*) FROM tributary.party_drift WHERE party = ($1)[1] AND is_alarm AND accepted_at IS NULL"
    " AND dismissed_at IS NULL)"};

/* What the samples came to, counted. */
struct score {
	const struct party *party;
	size_t points, reached;
	size_t samples, differing, orders, cancels, ignored, refused;
};

static void
point(struct score *s, bool is_reached, const char *text, const char *way_out)
{
	s->points++;
	s->reached += is_reached;
	printf("%s  %s%s%s\n", is_reached ? "yes" : "NO ", text, is_reached ? "" : ": ", is_reached ? "" : way_out);
}

static void
results_count(struct score *s, struct str json, struct arena *arena)
{
	struct tree_limits limits = {.bytes = SIZE_MAX, .depth = 128, .nodes = SIZE_MAX};
	struct node *list;
	struct why why;

	if (json_parse(json, &limits, arena, &list, &why) != OUTCOME_OK)
		return;
	for (const struct node *unit = list->child; unit; unit = unit->next) {
		struct str result = node_text(node_get(unit, "result"));

		s->orders += str_equal(result, STR("order")) || str_equal(result, STR("shipment"));
		s->cancels += str_equal(result, STR("cancel"));
		s->ignored += str_equal(result, STR("ignored"));
		s->refused += str_equal(result, STR("refused")) || str_equal(result, STR("exception"));
	}
}

static void
sample_score(struct score *s, const char *path, struct arena *arena)
{
	struct sample sample = {.parties_dir = party_dir(), .party = s->party, .path = path, .kind = "document"};
	const char *dot = strrchr(path, '.');
	char expected[2 * PATH_BYTES];
	struct buf result;
	FILE *nowhere = fopen("/dev/null", "we");

	snprintf(expected, sizeof expected, "%.*s.expected.json", (int)(dot ? (size_t)(dot - path) : strlen(path)),
		 path);
	buf_init(&result, SAMPLE_RESULT_MAX_BYTES);
	s->samples++;
	if (!nowhere || !sample_run(&sample, arena, &result) ||
	    party_diff_file(expected, buf_str(&result), arena, nowhere) > 0)
		s->differing++;
	if (buf_is_ok(&result) && result.n)
		results_count(s, buf_str(&result), arena);
	if (nowhere)
		fclose(nowhere);
	buf_release(&result);
	arena_clear(arena);
}

static void
samples_score(struct score *s, struct arena *arena)
{
	char dir[PATH_BYTES], path[2 * PATH_BYTES];
	DIR *d;

	snprintf(dir, sizeof dir, "%s/%s/samples", party_dir(), s->party->name);
	d = opendir(dir);
	for (struct dirent *e = d ? readdir(d) : NULL; e; e = readdir(d)) {
		struct str name = str_of(e->d_name);

		if (name.p[0] == '.' || str_ends(name, STR(".expected.json")) || str_ends(name, STR(".md")))
			continue;
		snprintf(path, sizeof path, "%s/%s", dir, e->d_name);
		sample_score(s, path, arena);
	}
	if (d)
		closedir(d);
	point(s, s->samples > 0, "it has samples", "put documents as it sends them into samples/");
	point(s, s->samples > 0 && s->differing == 0, "each comes to what is expected",
	      "tributary party check says what differs");
	point(s, s->orders > 0, "one becomes an order (of a warehouse: a confirmation)", "add a plain one");
	if (s->party->kind == PARTY_CHANNEL) {
		point(s, s->cancels > 0, "one is a cancellation",
		      "how does it say that an order is not wanted any more?");
		point(s, s->ignored > 0, "one is none for us (a test, not paid ...)",
		      "which of its documents must not ship?");
	}
	point(s, s->refused > 0, "one is refused or held", "a broken one shows that its field is named");
}

/* Only of a party that is sent something. */
static void
sends_score(struct score *s)
{
	char dir[PATH_BYTES];
	bool is_any = false;

	for (size_t i = 0; i < PARTY_SENDS; i++)
		is_any |= s->party->is_sent[i];
	if (!is_any)
		return;
	snprintf(dir, sizeof dir, "%s/%s/sends", party_dir(), s->party->name);
	point(s, sends_functions_missing(party_dir(), s->party, stdout) == 0,
	      "its mapping has a function for all that it is sent", "see above");
	point(s, access(dir, R_OK) == 0, "what it is sent is tried",
	      "put documents and what must come of them into sends/");
}

static void
mapping_score(struct score *s)
{
	struct mapping *m = NULL;
	struct why why = {0};
	bool is_open = mapping_open(party_dir(), s->party, &m, &why) == OUTCOME_OK;

	point(s, is_open, "its mapping loads", why.text);
	if (!is_open)
		return;
	if (s->party->kind == PARTY_CHANNEL)
		point(s, mapping_has(m, "order"), "its mapping has a function order", "orders need one");
	else
		point(s, mapping_has(m, "shipment") && mapping_has(m, "shipment_request"),
		      "its mapping has shipment and shipment_request", "a warehouse needs both");
	mapping_close(m);
}

static void
books_score(struct score *s, struct arena *arena)
{
	struct database db = {0};
	struct rows *rows;
	struct result *found;
	struct why why = {0};
	int64_t alarms = 0;

	if (!getenv("DATABASE_URL") && !getenv("DATABASE_URL_FILE")) {
		printf("-    the mirror was not asked: DATABASE_URL is not set\n");
		return;
	}
	if (!database_open(&db, "party score", TIMEOUT_MS, TIMEOUT_MS))
		return;
	rows = rows_new(&party_books, arena);
	rows_text(rows, str_of(s->party->name));
	store_begin(db.store);
	if (store_query(db.store, rows, &found, &why) == OUTCOME_OK) {
		if (s->party->kind == PARTY_CHANNEL)
			point(
			    s, result_int(found, 0, 0) > 0, "the mirror knows customers of it",
			    "customer_accounts.csv, then tributary mirror load (or they are found by e-mail and GLN)");
		point(s, result_int(found, 0, 1) == 0, "nothing waits for its mapping",
		      "mend mapping.lua, then tributary party remap");
		point(s, result_int(found, 0, 2) == 0, "none of its documents is a dead letter",
		      "tributary dead-letters list");
		alarms = result_int(found, 0, 3);
		point(s, alarms == 0, "what its mapping uses is as it always was",
		      "tributary party drift says more, and takes what is right so");
	} else {
		fprintf(stderr, "tributary party score: %s: %s\n", why.code, why.text);
	}
	store_rollback(db.store);
	if (alarms)
		drift_alarms_print(db.store, str_of(s->party->name), arena);
	database_close(&db);
}

int
party_score_command(int argc, char **argv)
{
	static const struct options options = {
	    "tributary party score PARTY", "What is still missing before the party goes live.", NULL, 0, 1, 1};
	struct party_list *list;
	struct arena *arena;
	struct score s = {0};
	const char *name;
	int status;

	if (!options_read(&options, argc, argv, NULL, &name, NULL, &status))
		return status;
	list = party_list_load(party_dir(), stderr);
	arena = arena_new(ARENA_BYTES);
	s.party = list ? party_list_find(list, str_of(name)) : NULL;
	if (!s.party) {
		fprintf(stderr, "tributary party score: there is no party %.60s under %s\n", name, party_dir());
	} else if (arena) {
		mapping_score(&s);
		sends_score(&s);
		samples_score(&s, arena);
		books_score(&s, arena);
		printf("%zu of %zu\n", s.reached, s.points);
	}
	arena_free(arena);
	party_list_free(list);
	return s.party && s.reached == s.points ? EXIT_YES : EXIT_NO;
}
