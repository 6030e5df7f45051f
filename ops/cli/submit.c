/* SPDX-License-Identifier: Apache-2.0 */
/*
 * NAME      tributary submit - publish documents as a party would
 * SYNOPSIS  tributary submit --party NAME [--kind KIND] [--contract NAME] [--key KEY] [--json] FILE...
 * Each file goes to `intake`, mandatory and with confirm. Where the party's mapping is at hand (PARTIES_DIR), the id
 * that the order will get is printed beside it.
 */
#include "commands.h"

#include "topology_names.h"

#include "base/instant.h"
#include "base/params.h"
#include "broker/broker.h"
#include "file.h"
#include "formats/json.h"
#include "intake/intake.h"
#include "options.h"
#include "party_commands.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ARENA_BYTES ((size_t)256 << 20)
#define CONFIRM_TIMEOUT_MS 15000
#define DOCUMENT_MAX_BYTES ((size_t)16 << 20)
#define FORESEEN_BYTES 96

struct submission {
	const char *party, *kind, *key;
	const char *contract;  /* the files are canonical documents of it; NULL: the party's own */
	char content_type[96]; /* of such */
	bool as_json;
	struct broker *broker;
	struct party_list *parties; /* NULL: there is no folder of them here */
	const struct party *of;
	struct mapping *mapping; /* NULL: the party has none here */
	struct arena *arena;
};

/* Of what a format is called on the wire; where it may be several things, it is bytes. */
static struct str
content_type_of(const struct party *party)
{
	static const struct {
		const char *format, *type;
	} types[] = {
	    {"json", "application/json"},   {"xml", "application/xml"},         {"csv", "text/csv"},
	    {"x12", "application/EDI-X12"}, {"edifact", "application/EDIFACT"},
	};

	for (size_t i = 0; party && i < COUNT_OF(types); i++)
		if (strcmp(types[i].format, party->format) == 0)
			return str_of(types[i].type);
	return party ? STR("application/octet-stream") : STR("application/json");
}

/* What ingest will make of it: the order's id as text, or what it is instead; true for an id. */
static bool
foresee(struct submission *s, struct str body, char *text, size_t text_bytes)
{
	struct intake_source source = {.kind = str_of(s->kind),
				       .body = body,
				       .contract = intake_contract(str_of(s->content_type)),
				       .party = s->of,
				       .mapping = s->mapping,
				       .received_at_us = instant_now_us(),
				       .max_bytes = DOCUMENT_MAX_BYTES};
	struct intake in = {0};
	struct why why = {0};
	enum outcome outcome;

	if (!s->of || (!s->mapping && !s->contract)) {
		snprintf(text, text_bytes, "(no mapping here)");
		return false;
	}
	outcome = intake_read(&source, s->arena, &in, &why);
	if (in.result == INTAKE_SPLIT)
		snprintf(text, text_bytes, "(%zu documents)", in.units_count);
	else if (outcome == OUTCOME_OK && in.order)
		uuid_format(in.order->order_id, text);
	else
		snprintf(text, text_bytes, "(%s %s)", intake_result_name(in.result),
			 outcome != OUTCOME_OK ? why.code : (in.ignored ? in.ignored : ""));
	return outcome == OUTCOME_OK && in.order;
}

static bool
document_publish(struct submission *s, const char *path, struct str body, char id_text[static UUID_TEXT_BYTES])
{
	struct outgoing m = {
	    .exchange = STR(EXCHANGE_INTAKE),
	    .routing_key = arena_printf(s->arena, "%s.%s", s->party, s->kind),
	    .body = body,
	    .mandatory = true,
	    .envelope = {.content_type = s->contract ? str_of(s->content_type) : content_type_of(s->of),
			 .app_id = STR("tributary submit"),
			 .timestamp_s = instant_now_us() / 1000000,
			 .said_us = instant_now_us(),
			 .key = str_of(s->key)},
	};
	enum publish_state state = PUBLISH_PENDING;
	struct why why = {0};

	uuid_format(uuid_random(), id_text);
	m.envelope.message_id = str_of(id_text);
	if (broker_publish(s->broker, &m, 1, CONFIRM_TIMEOUT_MS, &state, &why) == OUTCOME_OK &&
	    state == PUBLISH_CONFIRMED)
		return true;
	fprintf(stderr, "tributary submit: %s: %s: %s\n", path, why.code ? why.code : "unroutable",
		why.code ? why.text : "nobody takes this routing key; tributary topology check says what is missing");
	return false;
}

static void
json_print(const char *path, const char *message_id, const char *order_id)
{
	struct buf line;

	buf_init(&line, 65536);
	buf_put_str(&line, STR("{\"file\":"));
	json_put_text(&line, str_of(path));
	buf_printf(&line, ",\"message_id\":\"%s\",\"order_id\":", message_id);
	if (order_id[0])
		json_put_text(&line, str_of(order_id));
	else
		buf_put_str(&line, STR("null"));
	printf("%s}\n", buf_text(&line));
	buf_release(&line);
}

static bool
file_submit(struct submission *s, const char *path)
{
	char id_text[UUID_TEXT_BYTES], order_text[FORESEEN_BYTES];
	bool is_order;
	struct str body;
	struct why why = {0};

	arena_clear(s->arena);
	if (file_read(path[0] == '/' ? "/" : ".", path, s->arena, &body, &why) != OUTCOME_OK) {
		fprintf(stderr, "tributary submit: %s\n", why.text);
		return false;
	}
	is_order = foresee(s, body, order_text, sizeof order_text);
	if (!document_publish(s, path, body, id_text))
		return false;
	if (s->as_json)
		json_print(path, id_text, is_order ? order_text : "");
	else
		printf("%-36s  %s\n", order_text, path);
	return true;
}

static const struct option_row submit_rows[] = {
    {"party", OPTION_TEXT, offsetof(struct submission, party), "NAME", .help = "whose document it is"},
    {"kind", OPTION_TEXT, offsetof(struct submission, kind), "KIND", "order", .help = INTAKE_KINDS},
    {"contract", OPTION_TEXT, offsetof(struct submission, contract), "NAME",
     .help = "the files are canonical documents (tributary contracts list), and no mapping is run: order, return"},
    {"key", OPTION_TEXT, offsetof(struct submission, key), "KEY", "",
     .help = "idempotency key, kept with the document"},
    {"json", OPTION_FLAG, offsetof(struct submission, as_json), .help = "one JSON object per file"},
};

static bool
submission_open(struct submission *s, const char *url)
{
	struct why why = {0};

	s->arena = arena_new(ARENA_BYTES);
	s->broker = broker_new(
	    &(struct broker_config){.urls = url, .name = "tributary submit", .heartbeat_s = 30, .rpc_timeout_ms = 5000},
	    &why);
	if (!s->arena || !s->broker) {
		fprintf(stderr, "tributary submit: %s\n", s->broker ? "no memory" : why.text);
		return false;
	}
	/* Without the folder of parties at hand the document is sent all the same. */
	if (access(party_dir(), R_OK) != 0)
		return true;
	s->parties = party_list_load(party_dir(), stderr);
	if (!s->parties)
		return false;
	s->of = party_list_find(s->parties, str_of(s->party));
	if (!s->of) {
		fprintf(stderr, "tributary submit: there is no party %.60s under %s\n", s->party, party_dir());
		return false;
	}
	if (mapping_open(party_dir(), s->of, &s->mapping, &why) != OUTCOME_OK)
		s->mapping = NULL;
	return true;
}

static int
files_submit(struct submission *s, const char *const *paths, size_t n)
{
	char *url = secret_env("AMQP_URL");
	int status = EXIT_NO;

	if (!url) {
		fprintf(stderr, "tributary submit: AMQP_URL (or AMQP_URL_FILE) is not set: . var/tributary.env\n");
		return EXIT_NO;
	}
	if (submission_open(s, url)) {
		status = EXIT_YES;
		for (size_t i = 0; i < n; i++)
			if (!file_submit(s, paths[i]))
				status = EXIT_NO;
	}
	mapping_close(s->mapping);
	party_list_free(s->parties);
	broker_free(s->broker);
	arena_free(s->arena);
	free(url);
	return status;
}

int
submit_command(int argc, char **argv)
{
	struct options options = {"tributary submit --party NAME [OPTION...] FILE...",
				  "Publishes each file to the exchange intake, confirmed, as the party would.",
				  submit_rows,
				  COUNT_OF(submit_rows),
				  1,
				  (size_t)argc};
	const char **paths = calloc((size_t)argc + 1, sizeof *paths);
	struct submission s = {0};
	int status = EXIT_WRONG;
	size_t n = 0;

	if (!paths)
		return EXIT_NO;
	if (options_read(&options, argc, argv, &s, paths, &n, &status)) {
		status = EXIT_WRONG;
		snprintf(s.content_type, sizeof s.content_type, INTAKE_CANONICAL_TYPE, s.contract ? s.contract : "");
		if (s.party && intake_is_kind(str_of(s.kind)))
			status = files_submit(&s, paths, n);
		else if (s.party)
			fprintf(stderr, "tributary submit: --kind is " INTAKE_KINDS "\n");
		else
			fprintf(stderr, "--party is missing: whose documents are these?\nusage: %s\n",
				options.synopsis);
	}
	free(paths);
	return status;
}
