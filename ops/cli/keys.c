/* SPDX-License-Identifier: Apache-2.0 */
/*
 * NAME      tributary keys - the keys with which parties come to the gateway
 * SYNOPSIS  tributary keys create --party PARTY --scopes LIST [--title WORDS] [--expires 90d] [--quiet | --json]
 *           tributary keys list [--party PARTY] [--json]
 *           tributary keys rotate [--grace 24h] [--quiet | --json] KEY_ID
 *           tributary keys revoke --reason WORDS KEY_ID
 * A token is said once, when it is made; what is kept is the hash of its secret. Each act is in the audit log.
 */
#include "age.h"
#include "audit_log.h"
#include "commands.h"
#include "database.h"
#include "dispatch.h"
#include "options.h"
#include "party_commands.h"
#include "report.h"

#include "access/api_key.h"
#include "access/scope.h"
#include "formats/json.h"

#include <openssl/crypto.h>

#include <stdio.h>
#include <string.h>

#define TIMEOUT_MS 30000
#define ARENA_BYTES ((size_t)16 << 20)
#define JSON_BYTES ((size_t)1 << 20)
#define TITLE_MAX_BYTES 200
#define REASON_MAX_BYTES 1000

/* What the audit log and --json have of a key: never a hash. */
#define KEY_JSON                                                                                                       \
	"json_build_object('key_id', k.key_id, 'party', k.party, 'scopes', k.scopes, 'title', k.title, 'expires_at', " \
	"k.expires_at, 'previous_until', k.previous_until, 'revoked_at', k.revoked_at)::text"

/* Of a key that can still be used. */
#define IS_LIVE "k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > now())"

static const struct statement key_insert = {
    "key_insert", "TTTBTTZ",
    "INSERT INTO tributary.api_keys AS k (key_id, party, scopes, secret_sha256, title, created_by, expires_at)"
    " SELECT a, b, string_to_array(c, ','), d, e, f, g FROM unnest($1, $2, $3, $4, $5, $6, $7) u(a, b, c, d, e, f, g)"
    " RETURNING " KEY_JSON};

static const struct statement key_select = {"key_select", "T",
					    "SELECT " KEY_JSON ", " IS_LIVE
					    ", k.revoked_at IS NOT NULL, coalesce(k.previous_until > now(), false)"
					    " FROM tributary.api_keys k WHERE k.key_id = ($1)[1] FOR UPDATE"};

/* Without a time of grace (NULL) the old secret is forgotten. */
static const struct statement key_rotate = {
    "key_rotate", "TBZ",
    "UPDATE tributary.api_keys k SET previous_sha256 = CASE WHEN ($3)[1] IS NOT NULL THEN k.secret_sha256 END,"
    " previous_until = ($3)[1], secret_sha256 = ($2)[1] WHERE k.key_id = ($1)[1] RETURNING " KEY_JSON};

static const struct statement key_revoke = {
    "key_revoke", "T",
    "UPDATE tributary.api_keys k SET revoked_at = clock_timestamp() WHERE k.key_id = ($1)[1] RETURNING " KEY_JSON};

static const struct statement keys_list = {
    "keys_list", "TI",
    "SELECT coalesce(json_agg(t ORDER BY party, created_at, key_id), '[]')::text FROM (SELECT key_id, party,"
    " array_to_string(scopes, ',') AS scopes, title, CASE WHEN revoked_at IS NOT NULL THEN 'revoked'"
    " WHEN expires_at <= now() THEN 'expired' WHEN previous_until > now() THEN 'rotating'"
    " WHEN expires_at <= now() + interval '14 days' THEN 'expiring' ELSE 'active' END AS state, created_at, created_by,"
    " expires_at, CASE WHEN previous_until > now() THEN previous_until END AS old_secret_until, revoked_at,"
    " (SELECT max(u.last_at) FROM tributary.api_usage u WHERE u.party = k.party AND u.key_id = k.key_id) AS last_used"
    " FROM tributary.api_keys k WHERE ($1)[1] = '' OR party = ($1)[1] ORDER BY created_at DESC LIMIT ($2)[1]) t"};

struct wish {
	const char *party, *scopes, *title, *expires, *grace, *reason;
	int64_t limit;
	bool is_quiet, as_json;
};

#define QUIET_ROW                                                                                           \
	{                                                                                                   \
		"quiet", OPTION_FLAG, offsetof(struct wish, is_quiet), .help = "the token and nothing else" \
	}
#define JSON_ROW                                                                            \
	{                                                                                   \
		"json", OPTION_FLAG, offsetof(struct wish, as_json), .help = "for programs" \
	}

struct session {
	struct database db;
	struct arena *arena;
	const char *command;
};

static bool
session_open(struct session *s, const char *command)
{
	s->command = command;
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

static int
wrong(const char *command, const char *text)
{
	fprintf(stderr, "tributary %s: %s\n", command, text);
	return EXIT_WRONG;
}

/* As options_read() does. */
static bool
line_read(const struct options *options, int argc, char **argv, struct wish *wish, const char **words, int *status)
{
	if (!options_read(options, argc, argv, wish, words, NULL, status))
		return false;
	if (!options->words_max || api_key_is_id(str_of(words[0])))
		return true;
	fprintf(stderr, "%.60s is no key id: `tributary keys list` has them\n", words[0]);
	*status = EXIT_WRONG;
	return false;
}

/* --- saying it ------------------------------------------------------------------------------------------------------ */

/* The key and its token, on stdout; that it is said once, on stderr. */
static void
token_print(struct session *s, const struct wish *wish, struct str json, const char *token)
{
	struct node *tree;
	struct why why;

	if (wish->is_quiet) {
		printf("%s\n", token);
		return;
	}
	if (wish->as_json) { /* the object with one member more */
		printf("%.*s, \"token\" : \"%s\"}\n", (int)json.n - 1, json.p, token);
		return;
	}
	if (json_parse(json, &tree_default_limits, s->arena, &tree, &why) == OUTCOME_OK) {
		struct node *list = node_new(s->arena, NODE_LIST, 0);
		struct buf text;

		buf_init(&text, JSON_BYTES);
		if (list)
			node_append(list, tree);
		json_put_node(&text, list ? list : tree, 0);
		report_page(arena_str(s->arena, buf_str(&text)), s->arena, stdout);
		buf_release(&text);
	}
	printf("token           %s\n", token);
	fprintf(stderr, "The token is said this once: give it to the party on a safe way. What is kept is its hash.\n");
}

/* Commits the act with its row of the audit log; the texts are JSON of the key. */
static enum outcome
act_commit(struct session *s, const struct audit_act *act, struct why *why)
{
	audit_log_put(s->db.store, s->arena, act);
	return store_commit(s->db.store, why);
}

static int
ended(struct session *s, enum outcome outcome, const struct why *why)
{
	if (outcome == OUTCOME_OK)
		return session_close(s, EXIT_YES);
	fprintf(stderr, "tributary %s: %s: %s\n", s->command, why->code, why->text);
	return session_close(s, EXIT_NO);
}

/* --- create --------------------------------------------------------------------------------------------------------- */

static bool
party_is_there(const char *name)
{
	struct party_list *list = party_list_load(party_dir(), stderr);
	bool is_there = list && party_list_find(list, str_of(name));

	if (list && !is_there)
		fprintf(stderr, "tributary keys create: there is no party \"%.60s\" in %s\n", name, party_dir());
	party_list_free(list);
	return is_there;
}

static enum outcome
key_create(struct session *s, const struct wish *wish, const char *scopes, int64_t expires_us, struct why *why)
{
	struct rows *rows = rows_new(&key_insert, s->arena);
	struct result *made;
	struct api_key key;
	struct str json = {NULL, 0};
	enum outcome outcome = api_key_new(&key, NULL, why);

	if (outcome != OUTCOME_OK)
		return outcome;
	rows_text(rows, str_of(key.id));
	rows_text(rows, str_of(wish->party));
	rows_text(rows, str_of(scopes));
	rows_bytes(rows, (struct str){(const char *)key.hash, sizeof key.hash});
	rows_text(rows, str_of(wish->title));
	rows_text(rows, str_of(audit_log_who()));
	rows_instant_or_null(rows, expires_us);
	store_begin(s->db.store);
	outcome = store_query(s->db.store, rows, &made, why);
	if (outcome == OUTCOME_OK) {
		json = arena_str(s->arena, result_text(made, 0, 0));
		outcome = act_commit(
		    s, &(struct audit_act){.act = "key.create", .target_id = str_of(key.id), .after = json}, why);
	} else {
		store_rollback(s->db.store);
	}
	if (outcome == OUTCOME_OK)
		token_print(s, wish, json, key.token);
	OPENSSL_cleanse(&key, sizeof key);
	return outcome;
}

static int
create_command(int argc, char **argv)
{
	static const struct option_row rows[] = {
	    {"party", OPTION_TEXT, offsetof(struct wish, party), "PARTY", NULL, .help = "whose key it is"},
	    {"scopes", OPTION_TEXT, offsetof(struct wish, scopes), "LIST", NULL,
	     .help = "what it is for: submit,orders,stock,prices,operate"},
	    {"title", OPTION_TEXT, offsetof(struct wish, title), "WORDS", "", .help = "for people"},
	    {"expires", OPTION_TEXT, offsetof(struct wish, expires), "AGE", NULL,
	     .help = "when it ends: 90d from now; without it never"},
	    QUIET_ROW,
	    JSON_ROW,
	};
	static const struct options options = {"tributary keys create --party PARTY --scopes LIST [OPTION...]",
					       "A new key. Its token is said once, and kept nowhere.",
					       rows,
					       COUNT_OF(rows),
					       0,
					       0};
	struct session s = {0};
	struct wish wish = {0};
	struct why why = {0};
	char scopes_text[SCOPES_TEXT_BYTES];
	unsigned scopes;
	int64_t expires_us = 0;
	int status;

	if (!line_read(&options, argc, argv, &wish, NULL, &status))
		return status;
	if (!wish.party || !wish.scopes)
		return wrong("keys create", "--party and --scopes are needed");
	if (scopes_parse(str_of(wish.scopes), &scopes, &why) != OUTCOME_OK)
		return wrong("keys create", why.text);
	if (wish.expires && !age_ahead_read(wish.expires, &expires_us))
		return wrong("keys create", "--expires is a number of minutes, hours or days: 90d");
	if (strlen(wish.title) > TITLE_MAX_BYTES)
		return wrong("keys create", "--title is too long");
	scopes_format(scopes, scopes_text);
	if (!party_is_there(wish.party))
		return EXIT_NO;
	if (!session_open(&s, "keys create"))
		return session_close(&s, EXIT_NO);
	return ended(&s, key_create(&s, &wish, scopes_text, expires_us, &why), &why);
}

/* --- list ----------------------------------------------------------------------------------------------------------- */

static int
list_command(int argc, char **argv)
{
	static const struct option_row rows[] = {
	    {"party", OPTION_TEXT, offsetof(struct wish, party), "PARTY", "", .help = "only its keys"},
	    {"limit", OPTION_INT, offsetof(struct wish, limit), "N", "1000", .min = 1, .max = 100000,
	     .help = "rows at most, the newest"},
	    JSON_ROW,
	};
	static const struct options options = {"tributary keys list [OPTION...]",
					       "Every key: active, expiring (within 14 days), rotating (the old secret "
					       "is good as well), expired, revoked.",
					       rows,
					       COUNT_OF(rows),
					       0,
					       0};
	struct session s = {0};
	struct wish wish = {0};
	struct rows *query;
	int status;

	if (!line_read(&options, argc, argv, &wish, NULL, &status))
		return status;
	if (!session_open(&s, "keys list"))
		return session_close(&s, EXIT_NO);
	query = rows_new(&keys_list, s.arena);
	rows_text(query, str_of(wish.party));
	rows_int(query, wish.limit);
	return session_close(&s, report_print(s.db.store, query, wish.as_json, "there is no key"));
}

/* --- rotate, revoke ------------------------------------------------------------------------------------------------- */

/* The key as it stands, locked in the open transaction. */
struct standing {
	struct str json;
	bool is_live, is_revoked, is_rotating;
};

static enum outcome
key_lock(struct session *s, const char *id, struct standing *standing, struct why *why)
{
	struct rows *rows = rows_new(&key_select, s->arena);
	struct result *found;
	enum outcome outcome;

	rows_text(rows, str_of(id));
	store_begin(s->db.store);
	outcome = store_query(s->db.store, rows, &found, why);
	if (outcome == OUTCOME_OK && result_count(found) == 0)
		outcome = why_set(why, OUTCOME_DEAD, "not-open", "there is no key %s", id);
	if (outcome != OUTCOME_OK)
		return outcome;
	*standing = (struct standing){.json = result_text(found, 0, 0),
				      .is_live = result_bool(found, 0, 1),
				      .is_revoked = result_bool(found, 0, 2),
				      .is_rotating = result_bool(found, 0, 3)};
	return OUTCOME_OK;
}

/* grace_us 0: the old secret ends at once */
static enum outcome
key_renew(struct session *s, const struct api_key *key, int64_t grace_us, struct str *after, struct why *why)
{
	struct rows *rows = rows_new(&key_rotate, s->arena);
	struct standing was;
	struct result *now;
	enum outcome outcome = key_lock(s, key->id, &was, why);

	if (outcome != OUTCOME_OK)
		return outcome;
	if (!was.is_live)
		return why_set(why, OUTCOME_DEAD, "not-open", "key %s is revoked or expired: create another", key->id);
	if (was.is_rotating && grace_us)
		return why_set(why, OUTCOME_DEAD, "not-open",
			       "key %s is being rotated: its oldest secret would end at once. Wait, or say --grace 0",
			       key->id);
	rows_text(rows, str_of(key->id));
	rows_bytes(rows, (struct str){(const char *)key->hash, sizeof key->hash});
	rows_instant_or_null(rows, grace_us);
	outcome = store_query(s->db.store, rows, &now, why);
	if (outcome != OUTCOME_OK)
		return outcome;
	*after = arena_str(s->arena, result_text(now, 0, 0));
	return act_commit(
	    s,
	    &(struct audit_act){.act = "key.rotate", .target_id = str_of(key->id), .before = was.json, .after = *after},
	    why);
}

static int
rotate_command(int argc, char **argv)
{
	static const struct option_row rows[] = {
	    {"grace", OPTION_TEXT, offsetof(struct wish, grace), "AGE", "24h",
	     .help = "how long the old secret is good as well; 0: it ends at once"},
	    QUIET_ROW,
	    JSON_ROW,
	};
	static const struct options options = {"tributary keys rotate [--grace AGE] [--quiet | --json] KEY_ID",
					       "A new secret for a key, without a gap. The token is said once.",
					       rows,
					       COUNT_OF(rows),
					       1,
					       1};
	struct session s = {0};
	struct wish wish = {0};
	struct why why = {0};
	struct api_key key;
	struct str json = {NULL, 0};
	const char *word;
	int64_t grace_us = 0;
	enum outcome outcome;
	int status;

	if (!line_read(&options, argc, argv, &wish, &word, &status))
		return status;
	if (strcmp(wish.grace, "0") != 0 && !age_ahead_read(wish.grace, &grace_us))
		return wrong("keys rotate", "--grace is a number of minutes, hours or days (24h), or 0");
	if (!session_open(&s, "keys rotate"))
		return session_close(&s, EXIT_NO);
	outcome = api_key_new(&key, word, &why);
	if (outcome == OUTCOME_OK)
		outcome = key_renew(&s, &key, grace_us, &json, &why);
	if (outcome == OUTCOME_OK)
		token_print(&s, &wish, json, key.token);
	else
		store_rollback(s.db.store);
	OPENSSL_cleanse(&key, sizeof key);
	return ended(&s, outcome, &why);
}

static enum outcome
key_end(struct session *s, const char *id, const char *reason, struct why *why)
{
	struct rows *rows = rows_new(&key_revoke, s->arena);
	struct standing was;
	struct result *now;
	enum outcome outcome = key_lock(s, id, &was, why);

	if (outcome == OUTCOME_OK && was.is_revoked)
		outcome = why_set(why, OUTCOME_DEAD, "not-open", "key %s is revoked already", id);
	if (outcome != OUTCOME_OK)
		return outcome;
	rows_text(rows, str_of(id));
	outcome = store_query(s->db.store, rows, &now, why);
	if (outcome != OUTCOME_OK)
		return outcome;
	return act_commit(s,
			  &(struct audit_act){.act = "key.revoke",
					      .target_id = str_of(id),
					      .reason = reason,
					      .before = was.json,
					      .after = result_text(now, 0, 0)},
			  why);
}

static int
revoke_command(int argc, char **argv)
{
	static const struct option_row rows[] = {
	    {"reason", OPTION_TEXT, offsetof(struct wish, reason), "WORDS", NULL, .help = "why"},
	};
	static const struct options options = {
	    "tributary keys revoke --reason WORDS KEY_ID", "Takes a key back, for good.", rows, COUNT_OF(rows), 1, 1};
	struct session s = {0};
	struct wish wish = {0};
	struct why why = {0};
	const char *word;
	enum outcome outcome;
	int status;

	if (!line_read(&options, argc, argv, &wish, &word, &status))
		return status;
	if (!wish.reason || !wish.reason[0] || strlen(wish.reason) > REASON_MAX_BYTES)
		return wrong("keys revoke", "--reason is needed, in at most 1000 bytes");
	if (!session_open(&s, "keys revoke"))
		return session_close(&s, EXIT_NO);
	outcome = key_end(&s, word, wish.reason, &why);
	if (outcome == OUTCOME_OK)
		printf("%s revoked\n", word);
	else
		store_rollback(s.db.store);
	return ended(&s, outcome, &why);
}

int
keys_command(int argc, char **argv)
{
	static const struct command commands[] = {
	    {"create", "a new key of a party; its token is said once", create_command},
	    {"list", "every key, its state, and when it was last used", list_command},
	    {"rotate", "a new secret; the old one is good for a while", rotate_command},
	    {"revoke", "take a key back, for good", revoke_command},
	};
	static const struct command_table table = {"tributary keys", "the keys with which parties come to the gateway",
						   commands, COUNT_OF(commands)};

	return dispatch(&table, argc, argv);
}
