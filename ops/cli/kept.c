/* SPDX-License-Identifier: Apache-2.0 */
/*
 * NAME      tributary exceptions, tributary dead-letters - messages that wait for a person
 * Both are listed, shown, sent again and dismissed in the same way (kept.h); drain.h is what dead letters have beside.
 */
#include "commands.h"

#include "audit_log.h"
#include "base/instant.h"
#include "base/params.h"
#include "dispatch.h"
#include "drain.h"
#include "kept.h"
#include "options.h"
#include "party_commands.h"
#include "report.h"

#include <stdlib.h>
#include <string.h>

#define TIMEOUT_MS 30000
#define CONFIRM_TIMEOUT_MS 15000
#define ARENA_BYTES ((size_t)512 << 20)

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

struct outgoing
kept_message(const struct result *r, size_t row, struct arena *arena)
{
	return (struct outgoing){
	    .exchange = arena_str(arena, result_text(r, row, KEPT_EXCHANGE)),
	    .routing_key = arena_str(arena, result_text(r, row, KEPT_ROUTING_KEY)),
	    .body = arena_str(arena, result_bytes(r, row, KEPT_BODY)),
	    .mandatory = true,
	    .envelope = {.message_id = arena_str(arena, result_text(r, row, KEPT_MESSAGE_ID)),
			 .correlation_id = arena_str(arena, result_text(r, row, KEPT_ORDER_ID)),
			 .type = arena_str(arena, result_text(r, row, KEPT_TYPE)),
			 .content_type = arena_str(arena, result_text(r, row, KEPT_CONTENT_TYPE)),
			 .party = arena_str(arena, result_text(r, row, KEPT_PARTY)),
			 .version = result_int(r, row, KEPT_VERSION),
			 .trace = arena_str(arena, result_text(r, row, KEPT_TRACE)),
			 .app_id = STR("tributary"),
			 .timestamp_s = instant_now_us() / 1000000,
			 .said_us = instant_now_us()},
	};
}

/* One act in the audit log: exception.release, dead-letter.replay … */
static void
act_note(struct kept *k, const char *verb, struct uuid id, const struct outgoing *m)
{
	bool is_letter = k->kind == &kept_dead_letters;
	char text[UUID_TEXT_BYTES];
	struct audit_act act = {.reason = k->reason};

	uuid_format(id, text);
	act.act = arena_printf(k->arena, "%s.%s", is_letter ? "dead-letter" : "exception", verb).p;
	act.target_id = arena_str(k->arena, str_of(text));
	if (!uuid_parse(m->envelope.correlation_id, &act.order_id))
		act.order_id = (struct uuid){{0}};
	audit_log_put(k->db.store, k->arena, &act);
}

/* Claims the row, and the journal forgets the message, in one commit. */
static enum outcome
claim(struct kept *k, const char *verb, struct uuid id, const struct rows *extra, struct outgoing *m,
      bool *has_followers, struct why *why)
{
	const struct statement *statement = has_followers ? &k->kind->dismiss : &k->kind->claim;
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
	*m = kept_message(claimed, 0, k->arena);
	if (has_followers)
		*has_followers = result_bool(claimed, 0, KEPT_HAS_FOLLOWERS);
	store_send(store, rows_of_id(k, &k->kind->forget, id));
	if (extra)
		store_send(store, extra);
	act_note(k, verb, id, m);
	return store_commit(store, why);
}

static enum outcome
run_one(struct kept *k, const struct statement *statement, struct uuid id, struct why *why)
{
	store_begin(k->db.store);
	store_send(k->db.store, rows_of_id(k, statement, id));
	return store_commit(k->db.store, why);
}

enum outcome
kept_publish(struct kept *k, const struct outgoing *m, bool *is_certain, struct why *why)
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

enum outcome
kept_send_again(struct kept *k, struct uuid id, const struct rows *extra, struct why *why)
{
	bool is_certain = false;
	struct outgoing m;
	struct why ignored = {0};
	enum outcome outcome = claim(k, k->kind->again, id, extra, &m, NULL, why);

	if (outcome != OUTCOME_OK)
		return outcome;
	outcome = kept_publish(k, &m, &is_certain, why);
	if (outcome == OUTCOME_OK)
		return run_one(k, &k->kind->close, id, why);
	if (is_certain)
		(void)!run_one(k, &k->kind->reopen, id, &ignored);
	return outcome;
}

/* Its worker hears of it too, so that what waits behind it may go on. Said twice, it does no harm. */
enum outcome
kept_dismiss(struct kept *k, struct uuid id, struct why *why)
{
	bool has_followers = false, is_certain;
	struct outgoing m;
	enum outcome outcome = claim(k, k->kind->end, id, NULL, &m, &has_followers, why);

	m.envelope.code = STR(ENVELOPE_DISMISSED);
	if (outcome == OUTCOME_OK && has_followers)
		outcome = kept_publish(k, &m, &is_certain, why);
	return outcome;
}

static bool
send_again(struct kept *k, struct uuid id)
{
	char text[UUID_TEXT_BYTES];
	struct why why = {0};

	uuid_format(id, text);
	if (kept_send_again(k, id, NULL, &why) != OUTCOME_OK)
		return failed(k, text, &why), false;
	printf("%s %sd\n", text, k->kind->again[2] == 'p' ? "replaye" : "release");
	return true;
}

static bool
dismiss(struct kept *k, struct uuid id)
{
	char text[UUID_TEXT_BYTES];
	struct why why = {0};

	uuid_format(id, text);
	if (kept_dismiss(k, id, &why) != OUTCOME_OK)
		return failed(k, text, &why), false;
	printf("%s %sed\n", text, k->kind->end);
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

bool
kept_broker_open(struct kept *k)
{
	char *url = secret_env("AMQP_URL");
	struct why why = {0};

	if (!url) {
		fprintf(stderr, "tributary %s: AMQP_URL (or AMQP_URL_FILE) is not set: . var/tributary.env\n",
			k->kind->command);
		return false;
	}
	k->broker = broker_new(
	    &(struct broker_config){.urls = url, .name = "tributary", .heartbeat_s = 30, .rpc_timeout_ms = 5000}, &why);
	free(url);
	if (!k->broker)
		failed(k, "AMQP_URL", &why);
	return k->broker != NULL;
}

static int
act_on(struct kept *k, const char *const *ids, size_t n, bool (*act)(struct kept *, struct uuid))
{
	int status = kept_broker_open(k) ? each(k, ids, n, act) : EXIT_NO;

	broker_free(k->broker);
	k->broker = NULL;
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
	if (strcmp(verb, k->kind->end) == 0 && n > 0 && k->kind == &kept_dead_letters && !k->reason[0]) {
		fprintf(stderr, "tributary dead-letters: discard needs --reason: it is for good\n");
		return EXIT_WRONG;
	}
	if (strcmp(verb, k->kind->end) == 0 && n > 0)
		return act_on(k, ids, n, dismiss);
	/* Of many dead letters a plan says first what they would come to. */
	if (strcmp(verb, k->kind->again) == 0 && (n > 0 || (k->like[0] && k->kind == &kept_exceptions)))
		return act_on(k, ids, n, send_again);
	fprintf(stderr, "tributary %s: list, show ID, %s ID..., %s ID... (see --help)\n", k->kind->command,
		k->kind->again, k->kind->end);
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
	if (options_read(&options, argc, argv, &k, words, &n, &status))
		status = kept_run(&k, words, n);
	free(words);
	return status;
}

#define ROWS_FOR_ALL                                                                                           \
	{"reason", OPTION_TEXT, offsetof(struct kept, reason), "WORDS", "", .help = "why, for the audit log"}, \
	    {"limit",  OPTION_INT,    offsetof(struct kept, limit), "N", "50",                                 \
	     .min = 1, .max = 100000, .help = "at most so many"},                                              \
	    {"party", OPTION_TEXT, offsetof(struct kept, party),                                               \
	     "PARTY", "",          .help = "release, replay: of this party only"},                             \
	    {"all", OPTION_FLAG, offsetof(struct kept, all), .help = "list: the closed ones too"},             \
	    {"body", OPTION_FLAG, offsetof(struct kept, wants_body),                                           \
	     .help = "show: the message's bytes, and nothing else"},                                           \
	{                                                                                                      \
		"json", OPTION_FLAG, offsetof(struct kept, as_json), .help = "for programs"                    \
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
kept_verb(int argc, char **argv)
{
	static const struct option_row rows[] = {
	    {"like", OPTION_TEXT, offsetof(struct kept, like), "WHAT", "",
	     .help = "list: those with this code or fingerprint"},
	    ROWS_FOR_ALL,
	};
	static const struct options form = {
	    "tributary dead-letters list | show ID | replay ID... | discard --reason WORDS ID...",
	    "What was given up on, whole. replay sends it to the stage where it failed and nowhere else; of many at "
	    "once, "
	    "make a plan.\ndiscard closes it for good: later messages of its order go on.",
	    rows,
	    COUNT_OF(rows),
	    0,
	    0};
	char **line = calloc((size_t)argc + 2, sizeof *line);
	int status = EXIT_NO;

	if (!line)
		return EXIT_NO;
	line[0] = argv[0]; /* skipped; the verb is a word */
	for (int i = 0; i < argc; i++)
		line[i + 1] = argv[i];
	status = kept_command(&kept_dead_letters, &form, argc + 1, line);
	free(line);
	return status;
}

int
dead_letters_command(int argc, char **argv)
{
	static const struct command commands[] = {
	    {"groups", "what is alike, with what is at stake, owner and note", drain_groups_command},
	    {"list", "one by one, oldest first", kept_verb},
	    {"search", "by order number, party, code, text, time", drain_search_command},
	    {"show", "one, with its body, its order's timeline and what was tried", drain_show_command},
	    {"assign", "who looks after a fingerprint", drain_assign_command},
	    {"note", "what the next shift must know of a fingerprint", drain_note_command},
	    {"lock", "do not replay a fingerprint before a time", drain_lock_command},
	    {"unlock", "it may be replayed again", drain_unlock_command},
	    {"edit", "correct a field; the original is kept", drain_edit_command},
	    {"plan", "freeze a set, and say what each would come to", drain_plan_command},
	    {"apply", "replay a plan: 1, then 10, then the rest", drain_apply_command},
	    {"replay", "send one back to its stage", kept_verb},
	    {"discard", "close one for good", kept_verb},
	};
	static const struct command_table table = {"tributary dead-letters", "what was given up on, and its way back",
						   commands, COUNT_OF(commands)};

	return dispatch(&table, argc, argv);
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
	struct kept k = {.kind = &kept_exceptions, .like = "", .reason = "remap"};
	int status = EXIT_NO;

	if (!options_read(&form, argc, argv, &k, &k.party, NULL, &status))
		return status;
	k.arena = arena_new(ARENA_BYTES);
	if (k.arena && database_open(&k.db, "party remap", TIMEOUT_MS, TIMEOUT_MS))
		status = remap(&k);
	database_close(&k.db);
	arena_free(k.arena);
	return status;
}
