/* SPDX-License-Identifier: Apache-2.0 */
/*
 * NAME      tributary party sign - the headers that a party would put to a webhook
 * SYNOPSIS  tributary party sign [--topic TOPIC] [--id ID] [--at TIME] PARTY FILE
 * With the secret of the party's hook.secret_env, the first one when it holds two. For curl:
 *
 *   tributary party sign --topic orders/create shopify order.json >headers
 *   curl -H @headers -H 'Content-Type: application/json' --data-binary @order.json URL/v1/hooks/shopify
 */
#include "commands.h"
#include "file.h"
#include "options.h"
#include "party_commands.h"

#include "base/instant.h"
#include "base/uuid.h"
#include "hook/sign.h"

#include <stdio.h>
#include <string.h>

#define ARENA_BYTES ((size_t)64 << 20)
#define HEADERS_BYTES 8192

struct wish {
	const char *topic, *id, *at;
};

/* A secret stays in memory no longer than it is needed. */
static bool
headers_print(const struct party *party, const struct hook_sending *sending)
{
	struct hook_secrets secrets = {0};
	struct why why = {0};
	struct buf headers;
	bool is_ok;

	buf_init(&headers, HEADERS_BYTES);
	is_ok = hook_secrets_load(&party->hook, &secrets, &why) == OUTCOME_OK &&
		hook_sign(&party->hook, &secrets, sending, &headers, &why) == OUTCOME_OK && buf_is_ok(&headers);
	if (is_ok)
		printf("%s", buf_text(&headers));
	else
		fprintf(stderr, "tributary party sign: %s: %s%s%s\n", party->name, why.path, why.path[0] ? " " : "",
			why.code ? why.text : "the headers are too long");
	hook_secrets_clear(&secrets);
	buf_release(&headers);
	return is_ok;
}

/* When nothing is said: an id that was never there, where there is a header for it. */
static bool
file_sign(const struct party *party, const struct wish *wish, const char *path, struct arena *arena)
{
	struct hook_sending sending = {.topic = str_of(wish->topic), .id = str_of(wish->id), .at_us = instant_now_us()};
	char id[UUID_TEXT_BYTES];
	struct why why = {0};

	if (wish->at && !instant_parse(str_of(wish->at), &sending.at_us)) {
		fprintf(stderr, "tributary party sign: --at %.40s is no time: 2026-11-25T20:15:00Z\n", wish->at);
		return false;
	}
	if (!wish->id && party->hook.id_header) {
		uuid_format(uuid_random(), id);
		sending.id = str_of(id);
	}
	if (file_read(path[0] == '/' ? "/" : ".", path, arena, &sending.body, &why) != OUTCOME_OK) {
		fprintf(stderr, "tributary party sign: %s\n", why.text);
		return false;
	}
	return headers_print(party, &sending);
}

static int
party_sign(const struct wish *wish, const char *name, const char *path)
{
	struct party_list *list = party_list_load(party_dir(), stderr);
	struct arena *arena = arena_new(ARENA_BYTES);
	const struct party *party = list ? party_list_find(list, str_of(name)) : NULL;
	int status = EXIT_NO;

	if (list && !party)
		fprintf(stderr, "tributary party sign: there is no party %.60s under %s\n", name, party_dir());
	if (party && arena && file_sign(party, wish, path, arena))
		status = EXIT_YES;
	arena_free(arena);
	party_list_free(list);
	return status;
}

int
party_sign_command(int argc, char **argv)
{
	static const struct option_row rows[] = {
	    {"topic", OPTION_TEXT, offsetof(struct wish, topic), "TOPIC", .help = "where the topic is a header"},
	    {"id", OPTION_TEXT, offsetof(struct wish, id), "ID",
	     .help = "of the delivery, where it is a header; else a new one"},
	    {"at", OPTION_TEXT, offsetof(struct wish, at), "TIME",
	     .help = "when it is signed: 2026-11-25T20:15:00Z; else now"},
	};
	static const struct options options = {
	    "tributary party sign [OPTION...] PARTY FILE",
	    "The headers that the party would put to this body, for curl -H @HEADERS.\n"
	    "The secret comes from the variable that hook.secret_env of its party.yaml names, or NAME_FILE.",
	    rows,
	    COUNT_OF(rows),
	    2,
	    2};
	struct wish wish = {0};
	const char *words[2];
	int status;

	if (!options_read(&options, argc, argv, &wish, words, NULL, &status))
		return status;
	return party_sign(&wish, words[0], words[1]);
}
