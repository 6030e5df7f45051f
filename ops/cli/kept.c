/* SPDX-License-Identifier: Apache-2.0 */
/*
 * NAME      tributary exceptions, tributary dead-letters - messages that wait for a person
 * Both are listed, shown, sent again and dismissed in the same way. Sending again: the row is claimed and the journal
 * forgets the message (one commit), the message is published with its old id (confirmed), the row is closed. Dying in
 * between leaves a claimed row, which the same command takes up again; a message sent twice is answered once.
 */
#include "commands.h"

#include "base/instant.h"
#include "base/params.h"
#include "broker/broker.h"
#include "database.h"
#include "kept_sql.h"
#include "options.h"
#include "party_commands.h"
#include "report.h"

#include <stdlib.h>
#include <string.h>

#define TIMEOUT_MS 30000
#define CONFIRM_TIMEOUT_MS 15000
#define ARENA_BYTES ((size_t)512 << 20)

struct kept {
	const struct kept_kind *kind;
	struct database db;
	struct broker *broker;
	struct arena *arena;
	const char *like;  /* code, or fingerprint of dead letters */
	const char *party; /* "": of all */
	int64_t limit;
	bool as_json, all, wants_body;
};

static enum outcome
failed(const struct kept *k, const char *id, const struct why *why)
{
	fprintf(stderr, "tributary %s: %s: %s: %s\n", k->kind->command, id, why->code, why->text);
	return OUTCOME_DEAD;
}

static struct rows *
rows_of_id(const struct kept *k, const struct statement *statement, struct uuid id)
{
	struct rows *rows = rows_new(statement, k->arena);

	rows_uuid(rows, id);
	return rows;
}

static struct outgoing
message_of(const struct result *r, struct arena *arena)
{
	return (struct outgoing){
	    .exchange = arena_str(arena, result_text(r, 0, KEPT_EXCHANGE)),
	    .routing_key = arena_str(arena, result_text(r, 0, KEPT_ROUTING_KEY)),
	    .body = arena_str(arena, result_bytes(r, 0, KEPT_BODY)),
	    .mandatory = true,
	    .envelope = {.message_id = arena_str(arena, result_text(r, 0, KEPT_MESSAGE_ID)),
			 .correlation_id = arena_str(arena, result_text(r, 0, KEPT_ORDER_ID)),
			 .type = arena_str(arena, result_text(r, 0, KEPT_TYPE)),
			 .content_type = arena_str(arena, result_text(r, 0, KEPT_CONTENT_TYPE)),
			 .party = arena_str(arena, result_text(r, 0, KEPT_PARTY)),
			 .version = result_int(r, 0, KEPT_VERSION),
			 .trace = arena_str(arena, result_text(r, 0, KEPT_TRACE)),
			 .app_id = STR("tributary"),
			 .timestamp_s = instant_now_us() / 1000000,
			 .said_us = instant_now_us()},
	};
}

/* Claims the row, and the journal forgets the message, in one commit. */
static enum outcome
claim(struct kept *k, const struct statement *statement, struct uuid id, struct outgoing *m, bool *has_followers,
      struct why *why)
{
	struct store *store = k->db.store;
	struct result *claimed;
	enum outcome outcome;

	store_begin(store);
	outcome = store_query(store, rows_of_id(k, statement, id), &claimed, why);
	if (outcome == OUTCOME_OK && result_count(claimed) == 0)
		outcome =
		    why_set(why, OUTCOME_DEAD, "not-open",
			    "there is none with this id that is open, or its order was cancelled: look at `tributary "
			    "order`, then dismiss this one, or the cancellation first");
	if (outcome != OUTCOME_OK) {
		store_rollback(store);
		return outcome;
	}
	*m = message_of(claimed, k->arena);
	if (has_followers)
		*has_followers = result_bool(claimed, 0, KEPT_HAS_FOLLOWERS);
	store_send(store, rows_of_id(k, &k->kind->forget, id));
	return store_commit(store, why);
}

static enum outcome
run_one(struct kept *k, const struct statement *statement, struct uuid id, struct why *why)
{
	store_begin(k->db.store);
	store_send(k->db.store, rows_of_id(k, statement, id));
	return store_commit(k->db.store, why);
}

/* *is_certain tells, after a failure, that the broker does not have it. */
static enum outcome
publish(struct kept *k, const struct outgoing *m, bool *is_certain, struct why *why)
{
	enum publish_state state = PUBLISH_PENDING;
	enum outcome outcome = broker_publish(k->broker, m, 1, CONFIRM_TIMEOUT_MS, &state, why);

	*is_certain = outcome != OUTCOME_OK && strcmp(why->code, "amqp-refused") == 0;
	if (outcome != OUTCOME_OK || state == PUBLISH_CONFIRMED)
		return outcome;
	*is_certain = true;
	return why_set(why, OUTCOME_DEAD, "unroutable", "no queue takes %.*s: tributary topology apply",
		       STR_ARGS(m->routing_key));
}

static bool
send_again(struct kept *k, struct uuid id)
{
	char text[UUID_TEXT_BYTES];
	bool is_certain = false;
	struct outgoing m;
	struct why why = {0}, ignored = {0};
	enum outcome outcome;

	uuid_format(id, text);
	outcome = claim(k, &k->kind->claim, id, &m, NULL, &why);
	if (outcome == OUTCOME_OK) {
		outcome = publish(k, &m, &is_certain, &why);
		if (outcome == OUTCOME_OK)
			outcome = run_one(k, &k->kind->close, id, &why);
		else if (is_certain)
			(void)!run_one(k, &k->kind->reopen, id, &ignored);
	}
	if (outcome != OUTCOME_OK)
		return failed(k, text, &why), false;
	printf("%s %sd\n", text, k->kind->again[2] == 'p' ? "replaye" : "release");
	return true;
}

/* Its worker hears of it too, so that what waits behind it may go on. Said twice, it does no harm. */
static bool
dismiss(struct kept *k, struct uuid id)
{
	char text[UUID_TEXT_BYTES];
	bool has_followers = false, is_certain;
	struct outgoing m;
	struct why why = {0};
	enum outcome outcome;

	uuid_format(id, text);
	outcome = claim(k, &k->kind->dismiss, id, &m, &has_followers, &why);
	m.envelope.code = STR(ENVELOPE_DISMISSED);
	if (outcome == OUTCOME_OK && has_followers)
		outcome = publish(k, &m, &is_certain, &why);
	if (outcome != OUTCOME_OK)
		return failed(k, text, &why), false;
	printf("%s dismissed\n", text);
	return true;
}

/* The ids on the command line, or all open ones that are alike. */
static enum outcome
ids_select(struct kept *k, const char *const *words, size_t count, struct uuid **ids, size_t *n, struct why *why)
{
	struct rows *rows = rows_new(&k->kind->select, k->arena);
	struct result *found;
	enum outcome outcome;

	*n = count;
	*ids = arena_array(k->arena, *n, sizeof **ids);
	for (size_t i = 0; *ids && i < *n; i++)
		if (!uuid_parse(str_of(words[i]), &(*ids)[i]))
			return why_set(why, OUTCOME_DEAD, "usage", "%s is no id", words[i]);
	if (count || !*ids)
		return *ids ? OUTCOME_OK : why_set(why, OUTCOME_DEAD, "too-large", "no memory");
	rows_text(rows, str_of(k->like));
	rows_int(rows, k->limit);
	rows_text(rows, str_of(k->party));
	store_begin(k->db.store);
	outcome = store_query(k->db.store, rows, &found, why);
	if (outcome != OUTCOME_OK)
		return outcome;
	*n = result_count(found);
	*ids = arena_array(k->arena, *n, sizeof **ids);
	for (size_t i = 0; *ids && i < *n; i++)
		(*ids)[i] = result_uuid(found, i, 0);
	store_rollback(k->db.store);
	return OUTCOME_OK;
}

static int
each(struct kept *k, const char *const *words, size_t count, bool (*act)(struct kept *, struct uuid))
{
	struct uuid *ids;
	struct why why = {0};
	size_t n;
	int status = 0;

	for (size_t i = 0; i < count; i++) {
		struct uuid id;

		if (!uuid_parse(str_of(words[i]), &id)) {
			fprintf(stderr, "tributary %s: %s is no id\n", k->kind->command, words[i]);
			return EXIT_WRONG;
		}
	}
	if (ids_select(k, words, count, &ids, &n, &why) != OUTCOME_OK)
		return failed(k, "ids", &why), EXIT_NO;
	if (n == 0)
		fprintf(stderr, "tributary %s: none is open with \"%s\"\n", k->kind->command, k->like);
	for (size_t i = 0; i < n; i++)
		if (!act(k, ids[i]))
			status = 1;
	return status;
}

static int
list(struct kept *k)
{
	struct rows *rows = rows_new(&k->kind->list, k->arena);

	rows_text(rows, str_of(k->like));
	rows_bool(rows, k->all);
	rows_int(rows, k->limit);
	return report_print(k->db.store, rows, k->as_json, "none");
}

/* The message's bytes as they came: `... | tributary contracts decode order` reads those of the fleet. */
static int
body_print(struct kept *k, struct uuid id)
{
	struct result *found;
	struct why why = {0};
	struct str body;
	int status = EXIT_NO;

	store_begin(k->db.store);
	if (store_query(k->db.store, rows_of_id(k, &k->kind->body, id), &found, &why) != OUTCOME_OK) {
		fprintf(stderr, "tributary %s: %s: %s\n", k->kind->command, why.code, why.text);
	} else if (result_count(found) == 1) {
		body = result_bytes(found, 0, 0);
		if (fwrite(body.p, 1, body.n, stdout) == body.n)
			status = EXIT_YES;
	}
	store_rollback(k->db.store);
	return status;
}

static int
show(struct kept *k, const char *text)
{
	struct why why = {0};
	struct str json;
	struct uuid id;

	if (!uuid_parse(str_of(text), &id)) {
		fprintf(stderr, "tributary %s: %s is no id\n", k->kind->command, text);
		return EXIT_WRONG;
	}
	if (report_query(k->db.store, rows_of_id(k, &k->kind->show, id), k->arena, &json, &why) != OUTCOME_OK) {
		fprintf(stderr, "tributary %s: %s: %s\n", k->kind->command, why.code, why.text);
		return EXIT_NO;
	}
	if (!json.n) {
		fprintf(stderr, "tributary %s: there is none with id %s\n", k->kind->command, text);
		return EXIT_NO;
	}
	if (k->wants_body)
		return body_print(k, id);
	if (k->as_json)
		printf("%.*s\n", STR_ARGS(json));
	else
		report_page(json, k->arena, stdout);
	return EXIT_YES;
}

static int
act_on(struct kept *k, const char *const *ids, size_t n, bool (*act)(struct kept *, struct uuid))
{
	char *url = secret_env("AMQP_URL");
	struct why why = {0};
	int status;

	if (!url) {
		fprintf(stderr, "tributary %s: AMQP_URL (or AMQP_URL_FILE) is not set: . var/tributary.env\n",
			k->kind->command);
		return EXIT_NO;
	}
	k->broker = broker_new(
	    &(struct broker_config){.urls = url, .name = "tributary", .heartbeat_s = 30, .rpc_timeout_ms = 5000}, &why);
	status = k->broker ? each(k, ids, n, act) : (failed(k, "AMQP_URL", &why), EXIT_NO);
	broker_free(k->broker);
	free(url);
	return status;
}

/* The verb and what it needs; EXIT_WRONG when the words do not fit. */
static int
act(struct kept *k, const char *verb, const char *const *ids, size_t n)
{
	if (strcmp(verb, "list") == 0 && n == 0)
		return list(k);
	if (strcmp(verb, "show") == 0 && n == 1)
		return show(k, ids[0]);
	if (strcmp(verb, "dismiss") == 0 && n > 0)
		return act_on(k, ids, n, dismiss);
	if (strcmp(verb, k->kind->again) == 0 && (n > 0 || k->like[0]))
		return act_on(k, ids, n, send_again);
	fprintf(stderr, "tributary %s: list, show ID, %s ID... (or those that are alike: see --help), dismiss ID...\n",
		k->kind->command, k->kind->again);
	return EXIT_WRONG;
}

static int
kept_run(struct kept *k, const char *const *words, size_t n)
{
	int status = EXIT_NO;

	k->arena = arena_new(ARENA_BYTES);
	if (k->arena && database_open(&k->db, k->kind->command, TIMEOUT_MS, TIMEOUT_MS))
		status = act(k, words[0], words + 1, n - 1);
	database_close(&k->db);
	arena_free(k->arena);
	return status;
}

static int
kept_command(const struct kept_kind *kind, const struct options *form, int argc, char **argv)
{
	struct options options = *form;
	struct kept k = {.kind = kind};
	const char **words = calloc((size_t)argc + 1, sizeof *words);
	int status = EXIT_WRONG;
	size_t n = 0;

	if (!words)
		return EXIT_NO;
	options.words_min = 1;
	options.words_max = (size_t)argc;
	switch (options_parse(&options, argc, argv, &k, words, &n)) {
	case OPTIONS_HELP:
		status = EXIT_YES;
		break;
	case OPTIONS_WRONG:
		break;
	case OPTIONS_RUN:
		status = kept_run(&k, words, n);
	}
	free(words);
	return status;
}

#define ROWS_FOR_ALL                                                                               \
	{"limit",  OPTION_INT,    offsetof(struct kept, limit), "N", "50",                         \
	 .min = 1, .max = 100000, .help = "at most so many"},                                      \
	    {"party", OPTION_TEXT, offsetof(struct kept, party),                                   \
	     "PARTY", "",          .help = "release, replay: of this party only"},                 \
	    {"all", OPTION_FLAG, offsetof(struct kept, all), .help = "list: the closed ones too"}, \
	    {"body", OPTION_FLAG, offsetof(struct kept, wants_body),                               \
	     .help = "show: the message's bytes, and nothing else"},                               \
	{                                                                                          \
		"json", OPTION_FLAG, offsetof(struct kept, as_json), .help = "for programs"        \
	}

int
exceptions_command(int argc, char **argv)
{
	static const struct option_row rows[] = {
	    {"code", OPTION_TEXT, offsetof(struct kept, like), "CODE", "",
	     .help = "list, release: those with this code"},
	    ROWS_FOR_ALL,
	};
	static const struct options form = {
	    "tributary exceptions list | show ID | release ID... | release --code CODE | dismiss ID...",
	    "What the business must decide. release sends it through its stage again, once the cause is mended; "
	    "dismiss\n"
	    "closes it for good: the order stays where it is, and later messages of it go on.",
	    rows,
	    COUNT_OF(rows),
	    0,
	    0};

	return kept_command(&kept_exceptions, &form, argc, argv);
}

int
dead_letters_command(int argc, char **argv)
{
	static const struct option_row rows[] = {
	    {"like", OPTION_TEXT, offsetof(struct kept, like), "WHAT", "",
	     .help = "list, replay: those with this code or fingerprint"},
	    ROWS_FOR_ALL,
	};
	static const struct options form = {
	    "tributary dead-letters list | show ID | replay ID... | replay --like WHAT | dismiss ID...",
	    "What was given up on, whole. replay sends it to the stage where it failed and nowhere else.",
	    rows,
	    COUNT_OF(rows),
	    0,
	    0};

	return kept_command(&kept_dead_letters, &form, argc, argv);
}

/* Two kinds, one after the other: what the mapping could not read, then what it was wrong to refuse. */
static int
remap(struct kept *k)
{
	int status;

	k->like = "mapping-*";
	status = act_on(k, NULL, 0, send_again);
	if (!k->all)
		return status;
	k->kind = &kept_dead_letters;
	k->like = "";
	return act_on(k, NULL, 0, send_again) == EXIT_YES ? status : EXIT_NO;
}

int
party_remap_command(int argc, char **argv)
{
	static const struct option_row rows[] = {
	    {"refused", OPTION_FLAG, offsetof(struct kept, all), .help = "the dead letters of its ingest, too"},
	    {"limit", OPTION_INT, offsetof(struct kept, limit), "N", "1000", .min = 1, .max = 100000,
	     .help = "at most so many of each"},
	};
	static const struct options form = {"tributary party remap [--refused] PARTY",
					    "Sends the raw documents that its mapping could not read through ingest "
					    "again, after the mapping was mended.",
					    rows,
					    COUNT_OF(rows),
					    1,
					    1};
	struct kept k = {.kind = &kept_exceptions, .like = ""};
	int status = EXIT_NO;

	switch (options_parse(&form, argc, argv, &k, &k.party, NULL)) {
	case OPTIONS_HELP:
		return EXIT_YES;
	case OPTIONS_WRONG:
		return EXIT_WRONG;
	case OPTIONS_RUN:
		break;
	}
	k.arena = arena_new(ARENA_BYTES);
	if (k.arena && database_open(&k.db, "party remap", TIMEOUT_MS, TIMEOUT_MS))
		status = remap(&k);
	database_close(&k.db);
	arena_free(k.arena);
	return status;
}
