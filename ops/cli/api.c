/* SPDX-License-Identifier: Apache-2.0 */
/*
 * NAME      tributary api - who calls what over HTTP
 * SYNOPSIS  tributary api usage [--party PARTY] [--since 30d] [--deprecated] [--contract FILE] [--json]
 * READS     api_usage; of the OpenAPI document, which operations are deprecated and when they end
 */
#include "age.h"
#include "commands.h"
#include "database.h"
#include "dispatch.h"
#include "options.h"
#include "report.h"

#include "api/contract.h"

#include <stdio.h>
#include <unistd.h>

#define TIMEOUT_MS 30000
#define ARENA_BYTES ((size_t)64 << 20)

/* A row of parameters per deprecated operation; what the person wants stands in the first. `since` is the first call ever:
 * it says how long a party has been at it, not when the window begins. */
static const struct statement usage = {
    "api_usage", "TZOTZZ",
    "SELECT coalesce(json_agg(t ORDER BY sunset, deprecated, party, route), '[]')::text FROM ("
    " SELECT u.party, u.route, sum(u.calls) FILTER (WHERE u.last_at >= ($2)[1]) AS calls,"
    " sum(u.refused) FILTER (WHERE u.last_at >= ($2)[1]) AS refused,"
    " count(DISTINCT u.key_id) FILTER (WHERE u.last_at >= ($2)[1]) AS keys, min(u.first_at) AS since,"
    " max(u.last_at) AS last, min(d.deprecated_at) AS deprecated, min(d.sunset_at) AS sunset"
    " FROM tributary.api_usage u LEFT JOIN unnest($4, $5, $6) d(route, deprecated_at, sunset_at) USING (route)"
    " WHERE (($1)[1] = '' OR u.party = ($1)[1]) AND (NOT ($3)[1] OR d.deprecated_at IS NOT NULL)"
    " GROUP BY u.party, u.route HAVING max(u.last_at) >= ($2)[1]) t"};

struct wish {
	const char *party, *since, *contract;
	bool only_deprecated, as_json;
	int64_t since_us;
};

static void
row_put(struct rows *rows, const struct wish *wish, const struct api_operation *operation)
{
	rows_text(rows, str_of(wish->party));
	rows_instant(rows, wish->since_us);
	rows_bool(rows, wish->only_deprecated);
	rows_text(rows, operation ? str_of(operation->route) : STR(""));
	rows_instant_or_null(rows, operation ? operation->deprecated_at_us : 0);
	rows_instant_or_null(rows, operation ? operation->sunset_us : 0);
}

static int
usage_run(const struct wish *wish, const struct api_contract *contract)
{
	struct arena *arena = arena_new(ARENA_BYTES);
	struct rows *rows = arena ? rows_new(&usage, arena) : NULL;
	struct database db = {0};
	int status = EXIT_NO;

	if (rows && database_open(&db, "api usage", TIMEOUT_MS, TIMEOUT_MS)) {
		row_put(rows, wish, NULL);
		for (size_t i = 0; contract && i < contract->operations_count; i++)
			if (contract->operations[i].deprecated_at_us)
				row_put(rows, wish, &contract->operations[i]);
		status = report_print(db.store, rows, wish->as_json, "nobody called anything");
	}
	database_close(&db);
	arena_free(arena);
	return status;
}

/* Without a document nothing is deprecated; one that was asked for must be there. */
static bool
contract_open(const struct wish *wish, struct api_contract **contract)
{
	*contract = NULL;
	if (!wish->contract && !wish->only_deprecated && access(API_CONTRACT_PATH, R_OK) != 0)
		return true;
	*contract = api_contract_load(wish->contract ? wish->contract : API_CONTRACT_PATH, stderr);
	return *contract != NULL;
}

static int
usage_command(int argc, char **argv)
{
	static const struct option_row rows[] = {
	    {"party", OPTION_TEXT, offsetof(struct wish, party), "PARTY", "", .help = "only its calls"},
	    {"since", OPTION_TEXT, offsetof(struct wish, since), "AGE", "30d",
	     .help = "what was called since: 30d, 12h"},
	    {"deprecated", OPTION_FLAG, offsetof(struct wish, only_deprecated),
	     .help = "only operations that are deprecated"},
	    {"contract", OPTION_TEXT, offsetof(struct wish, contract), "FILE", NULL,
	     .help = "the OpenAPI document; default " API_CONTRACT_PATH ", when it is there"},
	    {"json", OPTION_FLAG, offsetof(struct wish, as_json), .help = "for programs"},
	};
	static const struct options options = {"tributary api usage [OPTION...]",
					       "Which party still calls what: how often, of these refused, with how "
					       "many keys, since when at all, last when;\n"
					       "and since when the operation is deprecated, and when it ends.",
					       rows,
					       COUNT_OF(rows),
					       0,
					       0};
	struct wish wish = {0};
	struct api_contract *contract;
	int status;

	if (!options_read(&options, argc, argv, &wish, NULL, NULL, &status))
		return status;
	if (!age_read(wish.since, &wish.since_us)) {
		fprintf(stderr, "tributary api usage: --since is a number of minutes, hours or days: 30d\n");
		return EXIT_WRONG;
	}
	if (!contract_open(&wish, &contract))
		return EXIT_NO;
	status = usage_run(&wish, contract);
	api_contract_free(contract);
	return status;
}

int
api_command(int argc, char **argv)
{
	static const struct command commands[] = {
	    {"usage", "which party still calls what, how often, since when", usage_command},
	};
	static const struct command_table table = {"tributary api", "who calls what over HTTP", commands,
						   COUNT_OF(commands)};

	return dispatch(&table, argc, argv);
}
