/* SPDX-License-Identifier: Apache-2.0 */
/*
 * NAME      tributary topology - what RabbitMQ must hold
 * SYNOPSIS  tributary topology workers | definitions | asyncapi | apply | check
 * READS     topology/topology.yaml, topology/parties; apply and check also a running broker's management interface
 * WRITES    apply: exchanges, queues, bindings, policies, with --secrets users and permissions. It deletes nothing.
 */
#include "asyncapi.h"
#include "commands.h"
#include "compare.h"
#include "definitions.h"
#include "dispatch.h"
#include "management.h"
#include "options.h"

#include "base/arena.h"
#include "formats/json.h"
#include "topology/plan.h"

#include <stdlib.h>

#define DOCUMENT_MAX_BYTES ((size_t)64 << 20)
#define ARENA_MAX_BYTES ((size_t)512 << 20)
#define DELAY_MAX_MS INT64_C(604800000)

struct wish {
	const char *topology, *parties, *secrets;
	int64_t retry_delay_ms;
	bool is_json, is_strict;
};

static const struct option_row rows[] = {
    {"topology", OPTION_TEXT, offsetof(struct wish, topology), "FILE", "topology/topology.yaml", NULL, 0, 0,
     "the source"},
    {"parties", OPTION_TEXT, offsetof(struct wish, parties), "DIR", "topology/parties", "PARTIES_DIR", 0, 0,
     "the parties"},
    {"secrets", OPTION_TEXT, offsetof(struct wish, secrets), "DIR", NULL, NULL, 0, 0,
     "folder of <user>.amqp-password; without it no users are said"},
    {"retry-delay-ms", OPTION_INT, offsetof(struct wish, retry_delay_ms), "N", "0", NULL, 0, DELAY_MAX_MS,
     "for drills: the delay of every retry tier"},
    {"json", OPTION_FLAG, offsetof(struct wish, is_json), .help = "for programs"},
    {"strict", OPTION_FLAG, offsetof(struct wish, is_strict), .help = "check: what is too much is a difference"},
};

/* What every subcommand needs, from the files. */
struct source {
	struct wish wish;
	struct topology *topology;
	struct party_list *parties;
	struct plan *plan;
	struct arena *arena;
	struct buf wanted; /* the definitions */
};

static int
said(const struct why *why)
{
	fprintf(stderr, "tributary topology: %s: %s\n", why->code, why->text);
	return EXIT_NO;
}

/* EXIT_YES, or the exit status after saying why; -1 when --help was answered. */
static int
source_open(struct source *s, const char *synopsis, int argc, char **argv)
{
	struct options options = {synopsis, "what RabbitMQ must hold", rows, COUNT_OF(rows), 0, 0};
	struct plan_options plan_options;
	int status;

	if (!options_read(&options, argc, argv, &s->wish, NULL, NULL, &status))
		return status == EXIT_YES ? -1 : status;
	plan_options.retry_delay_ms = s->wish.retry_delay_ms;
	s->topology = topology_load(s->wish.topology, stderr);
	s->parties = s->topology ? party_list_load(s->wish.parties, stderr) : NULL;
	s->plan = s->parties ? plan_new(s->topology, s->parties, &plan_options) : NULL;
	s->arena = arena_new(ARENA_MAX_BYTES);
	return s->plan && s->arena ? EXIT_YES : EXIT_NO;
}

static int
source_close(struct source *s, int status)
{
	buf_release(&s->wanted);
	plan_free(s->plan);
	party_list_free(s->parties);
	if (s->topology)
		topology_free(s->topology);
	arena_free(s->arena);
	return status < 0 ? EXIT_YES : status;
}

static int
wanted_make(struct source *s, enum definitions_users users)
{
	struct why why = {0};

	buf_init(&s->wanted, DOCUMENT_MAX_BYTES);
	if (definitions_put(&s->wanted, s->plan, users, s->wish.secrets, s->arena, &why) != OUTCOME_OK)
		return said(&why);
	return EXIT_YES;
}

static int
workers_command(int argc, char **argv)
{
	struct source s = {0};
	int status = source_open(&s, "tributary topology workers", argc, argv);

	for (size_t i = 0; status == EXIT_YES && i < s.topology->workers_count; i++)
		printf("%s\n", s.topology->workers[i].name);
	return source_close(&s, status);
}

static int
definitions_command(int argc, char **argv)
{
	struct source s = {0};
	int status = source_open(&s, "tributary topology definitions [--secrets DIR]", argc, argv);

	if (status == EXIT_YES)
		status = wanted_make(&s, s.wish.secrets ? DEFINITIONS_PASSWORDS : DEFINITIONS_NO_USERS);
	if (status == EXIT_YES)
		printf("%s\n", buf_text(&s.wanted));
	return source_close(&s, status);
}

static int
asyncapi_command(int argc, char **argv)
{
	struct source s = {0};
	struct why why = {0};
	int status = source_open(&s, "tributary topology asyncapi", argc, argv);

	buf_init(&s.wanted, DOCUMENT_MAX_BYTES);
	if (status == EXIT_YES && asyncapi_put(&s.wanted, s.topology, s.arena, &why) != OUTCOME_OK)
		status = said(&why);
	if (status == EXIT_YES)
		fputs(buf_text(&s.wanted), stdout);
	return source_close(&s, status);
}

struct differences {
	const struct wish *wish;
	size_t n, listed;
	struct buf text; /* said when all is known, so that half an answer never looks like a whole one */
};

static void
on_difference(void *context, enum difference difference, struct str kind, struct str name, struct str detail)
{
	struct differences *d = context;
	struct buf *out = &d->text;

	d->n += difference != DIFFERENCE_SURPLUS || d->wish->is_strict;
	if (!d->wish->is_json) {
		buf_printf(out, "%-9s %.*s %.*s%s%.*s\n", difference_name(difference), STR_ARGS(kind), STR_ARGS(name),
			   detail.n ? ": " : "", STR_ARGS(detail));
		d->listed++;
		return;
	}
	buf_printf(out, "%s{\"difference\":\"%s\",\"kind\":", d->listed++ ? "," : "", difference_name(difference));
	json_put_text(out, kind);
	buf_put_str(out, STR(",\"name\":"));
	json_put_text(out, name);
	buf_put_str(out, STR(",\"detail\":"));
	json_put_text(out, detail);
	buf_put_char(out, '}');
}

static enum outcome
broker_compare(struct source *s, struct management *m, struct differences *d, struct why *why)
{
	struct node *wanted, *found;
	struct buf answer;
	struct str copy = {NULL, 0};
	enum outcome outcome;

	buf_init(&answer, MANAGEMENT_ANSWER_MAX_BYTES);
	outcome = management_get(m, "/api/definitions", &answer, why);
	if (outcome == OUTCOME_OK)
		copy = arena_str(s->arena, buf_str(&answer));
	buf_release(&answer);
	if (outcome == OUTCOME_OK)
		outcome = json_parse(copy, &tree_default_limits, s->arena, &found, why);
	if (outcome == OUTCOME_OK)
		outcome = json_parse(buf_str(&s->wanted), &tree_default_limits, s->arena, &wanted, why);
	if (outcome == OUTCOME_OK)
		definitions_compare(wanted, found, on_difference, d);
	return outcome;
}

static int
broker_check(struct source *s)
{
	struct differences d = {.wish = &s->wish};
	struct management *m = NULL;
	struct why why = {0};
	enum outcome outcome;
	int status = wanted_make(s, DEFINITIONS_RIGHTS);

	if (status != EXIT_YES)
		return status;
	buf_init(&d.text, MANAGEMENT_ANSWER_MAX_BYTES);
	outcome = management_new(&m, MANAGEMENT_TIMEOUT_DEFAULT_MS, &why);
	if (outcome == OUTCOME_OK)
		outcome = broker_compare(s, m, &d, &why);
	management_free(m);
	if (outcome == OUTCOME_OK)
		printf(s->wish.is_json ? "[%s]\n" : "%s", buf_text(&d.text));
	buf_release(&d.text);
	if (outcome != OUTCOME_OK)
		return said(&why);
	if (!s->wish.is_json && d.n == 0)
		printf("the broker holds what the topology says%s\n", d.listed ? ", and more (above)" : "");
	if (!s->wish.is_json && d.n)
		printf("tributary topology apply adds and changes; what is foreign, or of another type, has to be "
		       "deleted by "
		       "hand first\n");
	return d.n ? EXIT_NO : EXIT_YES;
}

static int
check_command(int argc, char **argv)
{
	struct source s = {0};
	int status = source_open(&s, "tributary topology check [--strict] [--json]", argc, argv);

	if (status == EXIT_YES)
		status = broker_check(&s);
	return source_close(&s, status);
}

static int
broker_apply(struct source *s)
{
	struct management *m = NULL;
	struct buf answer;
	struct why why = {0};
	enum outcome outcome;
	int status = wanted_make(s, s->wish.secrets ? DEFINITIONS_PASSWORDS : DEFINITIONS_NO_USERS);

	if (status != EXIT_YES)
		return status;
	buf_init(&answer, MANAGEMENT_ANSWER_MAX_BYTES);
	outcome = management_new(&m, MANAGEMENT_TIMEOUT_DEFAULT_MS, &why);
	if (outcome == OUTCOME_OK)
		outcome = management_post(m, "/api/definitions", buf_str(&s->wanted), &answer, &why);
	management_free(m);
	buf_release(&answer);
	buf_release(&s->wanted);
	return outcome == OUTCOME_OK ? broker_check(s) : said(&why);
}

static int
apply_command(int argc, char **argv)
{
	struct source s = {0};
	int status = source_open(&s, "tributary topology apply [--secrets DIR]", argc, argv);

	if (status == EXIT_YES)
		status = broker_apply(&s);
	return source_close(&s, status);
}

int
topology_command(int argc, char **argv)
{
	static const struct command commands[] = {
	    {"workers", "the names of the workers, one per line", workers_command},
	    {"definitions", "the document that RabbitMQ imports, on stdout", definitions_command},
	    {"asyncapi", "the exchanges and what they carry as an AsyncAPI document, on stdout", asyncapi_command},
	    {"apply", "make a running broker hold it; deletes nothing", apply_command},
	    {"check", "say what differs; exit 1 when something does", check_command},
	};
	static const struct command_table table = {"tributary topology", "what RabbitMQ must hold", commands,
						   COUNT_OF(commands)};

	return dispatch(&table, argc, argv);
}
