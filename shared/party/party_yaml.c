/* SPDX-License-Identifier: Apache-2.0 */
/* The keys of party.yaml: one row of the schema each, and their checks. */
#include "party/party_yaml.h"

#include "base/decimal.h"
#include "party/party_yaml_internal.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define ZONES_DIR "/usr/share/zoneinfo"
#define TEXT_BYTES 200 /* of a title */
#define PERCENT_MAX_MICRO (100 * DECIMAL_ONE)
#define TOLERANCE_MAX_MINOR INT64_C(1000000000)
#define TIMEOUT_MIN_MS 100
#define TIMEOUT_MAX_MS 120000
#define CONCURRENCY_MAX 1000
#define RATE_MIN_MICRO (DECIMAL_ONE / 1000)
#define RATE_MAX_MICRO (100000 * DECIMAL_ONE)

struct policies_text {
	char *backorder, *price_tolerance_percent, *total_tolerance_minor;
};

struct connection_text {
	char *url_env, *token_env, *timeout_ms, *concurrency, *rate_per_second, *probe;
};

struct csv_text {
	char *delimiter, *quote, *header, *encoding, *columns;
};

struct party_text {
	char *party, *kind, *title, *format, *currency, *time_zone, *acknowledge, *sends;
	struct policies_text *policies;
	struct connection_text *connection;
	struct csv_text *csv;
	struct hook_text *hook;
	struct door_text *gateway;
};

#define FLAGS PARTY_YAML_FLAGS
#define TEXT PARTY_YAML_TEXT

static const cyaml_schema_field_t policies_fields[] = {
    TEXT(policies_text, backorder),
    TEXT(policies_text, price_tolerance_percent),
    TEXT(policies_text, total_tolerance_minor),
    CYAML_FIELD_END,
};

static const cyaml_schema_field_t connection_fields[] = {
    TEXT(connection_text, url_env),
    TEXT(connection_text, token_env),
    TEXT(connection_text, timeout_ms),
    TEXT(connection_text, concurrency),
    TEXT(connection_text, rate_per_second),
    TEXT(connection_text, probe),
    CYAML_FIELD_END,
};

static const cyaml_schema_field_t csv_fields[] = {
    TEXT(csv_text, delimiter), TEXT(csv_text, quote),   TEXT(csv_text, header),
    TEXT(csv_text, encoding),  TEXT(csv_text, columns), CYAML_FIELD_END,
};

static const cyaml_schema_field_t party_fields[] = {
    TEXT(party_text, party),
    TEXT(party_text, kind),
    TEXT(party_text, title),
    TEXT(party_text, format),
    TEXT(party_text, currency),
    TEXT(party_text, time_zone),
    TEXT(party_text, acknowledge),
    TEXT(party_text, sends),
    CYAML_FIELD_MAPPING_PTR("policies", FLAGS, struct party_text, policies, policies_fields),
    CYAML_FIELD_MAPPING_PTR("csv", FLAGS, struct party_text, csv, csv_fields),
    CYAML_FIELD_MAPPING_PTR("connection", FLAGS, struct party_text, connection, connection_fields),
    CYAML_FIELD_MAPPING_PTR("hook", FLAGS, struct party_text, hook, hook_yaml_fields),
    CYAML_FIELD_MAPPING_PTR("gateway", FLAGS, struct party_text, gateway, door_yaml_fields),
    CYAML_FIELD_END,
};

static const cyaml_schema_value_t party_schema = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, struct party_text, party_fields),
};

static const char *const kind_names[] = {[PARTY_CHANNEL] = "channel", [PARTY_WMS] = "wms"};
static const char *const backorder_names[] = {
    [PARTY_BACKORDER_HOLD] = "hold", [PARTY_BACKORDER_ALLOW] = "allow", [PARTY_BACKORDER_FILL] = "fill"};
static const char *const format_names[] = {"json", "x12", "edifact", "xml", "csv", "msgpack"};

const char *
party_kind_name(enum party_kind kind)
{
	return kind_names[kind];
}

const char *
party_yaml_word(struct yaml_file *file, const char *field, const char *text, const char *characters)
{
	if (!yaml_file_is_given(file, field, text))
		return "";
	if (strspn(text, characters) != strlen(text) || strlen(text) > TEXT_BYTES)
		yaml_file_problem(file, field, "\"%.40s\" has characters that do not belong there", text);
	return text;
}

const char *
party_yaml_variable(struct yaml_file *file, const char *field, const char *text)
{
	const char *name = party_yaml_word(file, field, text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");

	if (name[0] >= '0' && name[0] <= '9')
		yaml_file_problem(file, field, "\"%.40s\" is no name of an environment variable", name);
	return name;
}

static const char *
currency_of(struct yaml_file *file, const char *text)
{
	if (!yaml_file_is_given(file, "currency", text))
		return "";
	if (currency_places(str_of(text)) < 0)
		yaml_file_problem(file, "currency", "\"%.40s\" is no currency code of ISO 4217", text);
	return text;
}

static int64_t
percent_of(struct yaml_file *file, const char *field, const char *text)
{
	int64_t micro;

	if (decimal_parse(str_of(text), &micro) && micro >= 0 && micro <= PERCENT_MAX_MICRO)
		return micro;
	yaml_file_problem(file, field, "\"%.40s\" is no decimal from 0 to 100", text);
	return 0;
}

int64_t
party_yaml_rate(struct yaml_file *file, const char *field, const char *text)
{
	int64_t micro;

	if (decimal_parse(str_of(text), &micro) && micro >= RATE_MIN_MICRO && micro <= RATE_MAX_MICRO)
		return micro;
	yaml_file_problem(file, field, "\"%.40s\" is no decimal from 0.001 to 100000", text);
	return 0;
}

static void
policies_read(struct yaml_file *file, const struct policies_text *text, struct party *party)
{
	struct party_policies *p = &party->policies;

	if (!text)
		return;
	if (party->kind != PARTY_CHANNEL) {
		yaml_file_problem(file, "policies", "only a channel has policies");
		return;
	}
	if (text->backorder)
		p->backorder = (enum party_backorder)yaml_file_choice(file, "policies.backorder", text->backorder,
								      backorder_names, COUNT_OF(backorder_names));
	if (text->price_tolerance_percent)
		p->price_tolerance_percent_micro =
		    percent_of(file, "policies.price_tolerance_percent", text->price_tolerance_percent);
	if (text->total_tolerance_minor)
		p->total_tolerance_minor = yaml_file_int(file, "policies.total_tolerance_minor",
							 text->total_tolerance_minor, 0, TOLERANCE_MAX_MINOR);
}

static const char *const no_yes[] = {"no", "yes"};

static void
connection_read(struct yaml_file *file, const struct connection_text *text, struct arena *arena, struct party *party)
{
	struct party_connection *c = &party->connection;

	if (party->kind != PARTY_WMS) {
		if (text)
			yaml_file_problem(file, "connection", "only a wms has a connection");
		return;
	}
	if (!text) {
		yaml_file_problem(file, "connection", "is missing, and a wms needs one");
		return;
	}
	c->url_env = arena_text(arena, str_of(party_yaml_variable(file, "connection.url_env", text->url_env)));
	if (text->token_env)
		c->token_env =
		    arena_text(arena, str_of(party_yaml_variable(file, "connection.token_env", text->token_env)));
	c->timeout_ms = yaml_file_int(file, "connection.timeout_ms", text->timeout_ms, TIMEOUT_MIN_MS, TIMEOUT_MAX_MS);
	c->concurrency = yaml_file_int(file, "connection.concurrency", text->concurrency, 1, CONCURRENCY_MAX);
	if (text->rate_per_second)
		c->rate_per_second_micro = party_yaml_rate(file, "connection.rate_per_second", text->rate_per_second);
	c->can_probe =
	    text->probe && yaml_file_choice(file, "connection.probe", text->probe, no_yes, COUNT_OF(no_yes)) == 1;
}

/* One character, or a word for what YAML makes hard to write; NUL is a problem, but of `none`. */
static char
character_of(struct yaml_file *file, const char *field, const char *text)
{
	static const char *const words[] = {"none", "tab", "comma", "semicolon", "pipe"};
	static const char characters[] = {'\0', '\t', ',', ';', '|'};

	for (size_t i = 0; i < COUNT_OF(words); i++)
		if (strcmp(text, words[i]) == 0)
			return characters[i];
	if (strlen(text) == 1 && text[0] >= ' ' && text[0] < 0x7f)
		return text[0];
	yaml_file_problem(file, field, "\"%.40s\" is neither one character nor tab, comma, semicolon, pipe or none",
			  text);
	return '\0';
}

/* "a, b, c" */
static void
columns_read(const char *text, struct arena *arena, struct party_csv *csv)
{
	size_t n = 1;
	const char **columns;
	struct str rest = str_of(text);

	for (const char *p = text; *p; p++)
		n += *p == ',';
	columns = arena_array(arena, n, sizeof *columns);
	for (size_t i = 0; columns && i < n; i++)
		columns[i] = arena_text(arena, str_trim(str_split(&rest, ',')));
	csv->columns = columns;
	csv->columns_count = columns ? n : 0;
}

static void
csv_read(struct yaml_file *file, const struct csv_text *text, struct arena *arena, struct party *party)
{
	static const char *const encodings[] = {"utf-8", "iso-8859-1", "windows-1252", "utf-16"};
	static const char *const answers[] = {"yes", "no"};
	struct party_csv *csv = &party->csv;

	*csv = (struct party_csv){.delimiter = ',', .quote = '"', .has_header = true, .encoding = encodings[0]};
	if (!text)
		return;
	if (strcmp(party->format, "csv") != 0)
		yaml_file_problem(file, "csv", "only a party with format csv has it");
	if (text->delimiter)
		csv->delimiter = character_of(file, "csv.delimiter", text->delimiter);
	if (text->quote)
		csv->quote = character_of(file, "csv.quote", text->quote);
	if (text->header)
		csv->has_header = yaml_file_choice(file, "csv.header", text->header, answers, COUNT_OF(answers)) == 0;
	if (text->encoding)
		csv->encoding =
		    encodings[yaml_file_choice(file, "csv.encoding", text->encoding, encodings, COUNT_OF(encodings))];
	if (text->columns)
		columns_read(text->columns, arena, csv);
	if (csv->delimiter == csv->quote || csv->delimiter == '\0')
		yaml_file_problem(file, "csv.delimiter", "must be a character, and not that of quotes");
	if (!csv->has_header && !csv->columns_count)
		yaml_file_problem(file, "csv.columns", "is missing, and a file without a header needs it: a, b, c");
}

/* Where the system knows time zones, the party's must be one of them. */
static void
zone_check(struct yaml_file *file, const char *zone)
{
	char path[512];

	if (!zone[0] || access(ZONES_DIR, X_OK) != 0)
		return;
	snprintf(path, sizeof path, ZONES_DIR "/%s", zone);
	if (access(path, R_OK) != 0)
		yaml_file_problem(file, "time_zone",
				  "\"%.40s\" is no time zone: UTC, America/New_York, Europe/Berlin ...", zone);
}

static void
acknowledge_read(struct yaml_file *file, const char *text, struct party *party)
{
	if (!text)
		return;
	party->is_acknowledged = yaml_file_choice(file, "acknowledge", text, no_yes, COUNT_OF(no_yes)) == 1;
	if (party->is_acknowledged && strcmp(party->format, "x12") != 0 && strcmp(party->format, "edifact") != 0)
		yaml_file_problem(file, "acknowledge", "only x12 (997, TA1) and edifact (CONTRL) have an answer");
}

/* "order-response, invoice" */
static void
sends_read(struct yaml_file *file, const char *text, struct party *party)
{
	struct str rest = str_of(text);

	while (rest.n) {
		struct str name = str_trim(str_split(&rest, ','));
		size_t i = 0;

		while (i < PARTY_SENDS && !str_equal(name, str_of(party_sends_name((enum party_sends)i))))
			i++;
		if (i == PARTY_SENDS)
			yaml_file_problem(file, "sends",
					  "\"%.*s\" is none of order-response, ship-notice and invoice: a, b",
					  (int)(name.n < 40 ? name.n : 40), name.p);
		else
			party->is_sent[i] = true;
	}
	if (text && strcmp(party->format, "x12") != 0 && strcmp(party->format, "edifact") != 0 &&
	    strcmp(party->format, "json") != 0 && strcmp(party->format, "xml") != 0)
		yaml_file_problem(file, "sends", "nothing is written in the format %s", party->format);
	if (text && party->kind != PARTY_CHANNEL)
		yaml_file_problem(file, "sends", "only a channel is sent documents about its orders");
}

static void
party_read(struct yaml_file *file, const struct party_text *text, const char *folder, struct arena *arena,
	   struct party *party)
{
	const char *name = yaml_file_name(file, "party", text->party, PARTY_NAME_BYTES - 1);
	static const char zone_characters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+-/";

	if (name[0] && strcmp(name, folder) != 0)
		yaml_file_problem(file, "party", "\"%s\" is not its folder's name, which is \"%.60s\"", name, folder);
	party->name = arena_text(arena, str_of(name));
	party->kind = (enum party_kind)yaml_file_choice(file, "kind", text->kind, kind_names, COUNT_OF(kind_names));
	if (yaml_file_is_given(file, "title", text->title) &&
	    (strlen(text->title) > TEXT_BYTES || !str_is_utf8(str_of(text->title))))
		yaml_file_problem(file, "title", "must be at most %d bytes of UTF-8", TEXT_BYTES);
	party->title = arena_text(arena, str_of(text->title));
	party->format =
	    format_names[yaml_file_choice(file, "format", text->format, format_names, COUNT_OF(format_names))];
	party->currency = arena_text(arena, str_of(currency_of(file, text->currency)));
	party->time_zone =
	    arena_text(arena, str_of(party_yaml_word(file, "time_zone", text->time_zone, zone_characters)));
	zone_check(file, party->time_zone);
	acknowledge_read(file, text->acknowledge, party);
	sends_read(file, text->sends, party);
	policies_read(file, text->policies, party);
	csv_read(file, text->csv, arena, party);
	connection_read(file, text->connection, arena, party);
	hook_yaml_read(file, text->hook, arena, party);
	door_yaml_read(file, text->gateway, party);
}

size_t
party_yaml_read(const char *path, const char *folder, struct arena *arena, FILE *errors, struct party *party)
{
	struct yaml_file file = {.path = path, .errors = errors};
	struct party_text *text = yaml_file_load(&file, &party_schema);
	struct party result = {0};

	if (!text)
		return file.problems_count;
	party_read(&file, text, folder, arena, &result);
	yaml_file_free(&party_schema, text);
	if (!result.name || !result.title || !result.currency || !result.time_zone)
		yaml_file_problem(&file, "", "no memory");
	if (file.problems_count == 0)
		*party = result;
	return file.problems_count;
}
