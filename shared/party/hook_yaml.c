/* SPDX-License-Identifier: Apache-2.0 */
/* The section `hook` of party.yaml: what its scheme fixes comes from one table, the rest from the file. */
#include "party/party_yaml_internal.h"

#include <string.h>

#define HEADER_NAME_BYTES 64
#define PREFIX_BYTES 32
#define POINTER_BYTES 200
#define TOPIC_BYTES 100
#define TOPICS_MAX 100
#define TOLERANCE_DEFAULT "300"
#define TOLERANCE_MIN_S 10
#define TOLERANCE_MAX_S 86400
#define ANSWER_DEFAULT_MS 5000 /* Shopify's, the shortest of them all */
#define ANSWER_MIN_MS 100
#define ANSWER_MAX_MS 120000

static const cyaml_schema_field_t topic_fields[] = {
    PARTY_YAML_TEXT(topic_text, topic),
    PARTY_YAML_TEXT(topic_text, kind),
    CYAML_FIELD_END,
};

static const cyaml_schema_value_t topic_schema = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct topic_text, topic_fields),
};

const cyaml_schema_field_t hook_yaml_fields[] = {
    PARTY_YAML_TEXT(hook_text, scheme),
    PARTY_YAML_TEXT(hook_text, secret_env),
    PARTY_YAML_TEXT(hook_text, header),
    PARTY_YAML_TEXT(hook_text, encoding),
    PARTY_YAML_TEXT(hook_text, prefix),
    PARTY_YAML_TEXT(hook_text, topic_header),
    PARTY_YAML_TEXT(hook_text, topic_pointer),
    PARTY_YAML_TEXT(hook_text, id_header),
    PARTY_YAML_TEXT(hook_text, id_pointer),
    PARTY_YAML_TEXT(hook_text, tolerance_s),
    PARTY_YAML_TEXT(hook_text, answer_within_ms),
    PARTY_YAML_TEXT(hook_text, otherwise),
    CYAML_FIELD_SEQUENCE_COUNT("topics", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct hook_text, topics,
			       topics_count, &topic_schema, 0, CYAML_UNLIMITED),
    CYAML_FIELD_END,
};

/* What a scheme fixes or has by default. header NULL: the file says it. */
struct scheme {
	const char *name, *header;
	enum party_encoding encoding;
	const char *topic_header, *topic_pointer, *id_header, *id_pointer;
	bool has_time;
};

static const struct scheme schemes[PARTY_SCHEMES] = {
    [PARTY_SCHEME_NONE] = {.name = "none"},
    [PARTY_SCHEME_SHOPIFY] = {"shopify", "X-Shopify-Hmac-Sha256", PARTY_BASE64, "X-Shopify-Topic", NULL,
			      "X-Shopify-Webhook-Id", NULL, false},
    [PARTY_SCHEME_WOOCOMMERCE] = {"woocommerce", "X-WC-Webhook-Signature", PARTY_BASE64, "X-WC-Webhook-Topic", NULL,
				  "X-WC-Webhook-Delivery-ID", NULL, false},
    [PARTY_SCHEME_STRIPE] = {"stripe", "Stripe-Signature", PARTY_HEX, NULL, "/type", NULL, "/id", true},
    [PARTY_SCHEME_STANDARD_WEBHOOKS] = {"standard-webhooks", "webhook-signature", PARTY_BASE64, NULL, NULL,
					"webhook-id", NULL, true},
    [PARTY_SCHEME_HMAC_SHA256] = {.name = "hmac-sha256"},
    [PARTY_SCHEME_BASIC] = {.name = "basic", .header = "Authorization"},
    [PARTY_SCHEME_TOKEN] = {.name = "token"},
};

/* The kinds that intake knows: shared/intake/intake.h */
static const char *const verdict_names[] = {"refuse",   "ignore",   "order",           "change",   "cancel",
					    "document", "shipment", "acknowledgement", "inventory"};

const char *
party_scheme_name(enum party_scheme scheme)
{
	return schemes[scheme].name;
}

static const char *
header_of(struct yaml_file *file, const char *field, const char *text, struct arena *arena)
{
	static const char characters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.";
	const char *name = party_yaml_word(file, field, text, characters);

	if (strlen(name) > HEADER_NAME_BYTES)
		yaml_file_problem(file, field, "\"%.40s\" is longer than %d characters", name, HEADER_NAME_BYTES);
	return arena_text(arena, str_of(name));
}

/* RFC 6901: each part behind a slash, ~0 for a tilde, ~1 for a slash. */
static const char *
pointer_of(struct yaml_file *file, const char *field, const char *text, const struct party *party, struct arena *arena)
{
	bool is_ok = text[0] == '/' && text[1] && strlen(text) <= POINTER_BYTES;

	for (const char *p = strchr(text, '~'); p; p = strchr(p + 1, '~'))
		is_ok = is_ok && (p[1] == '0' || p[1] == '1');
	if (!is_ok)
		yaml_file_problem(file, field, "\"%.40s\" is no JSON Pointer of at most %d bytes: /data/type", text,
				  POINTER_BYTES);
	if (strcmp(party->format, "json") != 0)
		yaml_file_problem(file, field, "points into JSON, and the party's format is %s", party->format);
	return arena_text(arena, str_of(text));
}

/* Where the topic or the id stands: as the file says, else as the scheme has it. */
static void
place_read(struct yaml_file *file, const char *const fields[2], const char *const texts[2],
	   const char *const defaults[2], const struct party *party, struct arena *arena, const char *places[2])
{
	places[0] = texts[0] || texts[1] ? NULL : defaults[0];
	places[1] = NULL;
	if (texts[0] && texts[1])
		yaml_file_problem(file, fields[1], "and %s are both given: it stands in one place", fields[0]);
	if (texts[0])
		places[0] = header_of(file, fields[0], texts[0], arena);
	if (texts[1])
		places[1] = pointer_of(file, fields[1], texts[1], party, arena);
	else if (!texts[0] && defaults[1])
		places[1] = pointer_of(file, fields[1], defaults[1], party, arena);
}

static void
places_read(struct yaml_file *file, const struct hook_text *text, const struct scheme *scheme, struct arena *arena,
	    struct party *party)
{
	struct party_hook *h = &party->hook;
	const char *topic[2], *id[2];

	place_read(file, (const char *const[]){"hook.topic_header", "hook.topic_pointer"},
		   (const char *const[]){text->topic_header, text->topic_pointer},
		   (const char *const[]){scheme->topic_header, scheme->topic_pointer}, party, arena, topic);
	place_read(file, (const char *const[]){"hook.id_header", "hook.id_pointer"},
		   (const char *const[]){text->id_header, text->id_pointer},
		   (const char *const[]){scheme->id_header, scheme->id_pointer}, party, arena, id);
	h->topic_header = topic[0];
	h->topic_pointer = topic[1];
	h->id_header = id[0];
	h->id_pointer = id[1];
}

/* Header, encoding and prefix of the signature: only what speaks of no vendor leaves them open. */
static void
signature_read(struct yaml_file *file, const struct hook_text *text, const struct scheme *scheme, struct arena *arena,
	       struct party_hook *h)
{
	static const char *const encodings[] = {[PARTY_HEX] = "hex", [PARTY_BASE64] = "base64"};
	const bool is_open = h->scheme == PARTY_SCHEME_HMAC_SHA256 || h->scheme == PARTY_SCHEME_TOKEN;

	h->header = scheme->header;
	h->encoding = scheme->encoding;
	h->prefix = "";
	if (!is_open && (text->header || text->encoding || text->prefix))
		yaml_file_problem(file, "hook.header", "header, encoding and prefix are fixed by %s", scheme->name);
	if (!is_open)
		return;
	h->header = header_of(file, "hook.header", text->header, arena);
	if (text->encoding && h->scheme == PARTY_SCHEME_TOKEN)
		yaml_file_problem(file, "hook.encoding", "a token is compared as it is");
	else if (text->encoding)
		h->encoding = (enum party_encoding)yaml_file_choice(file, "hook.encoding", text->encoding, encodings,
								    COUNT_OF(encodings));
	if (text->prefix && strlen(text->prefix) > PREFIX_BYTES)
		yaml_file_problem(file, "hook.prefix", "is longer than %d bytes", PREFIX_BYTES);
	else if (text->prefix)
		h->prefix = arena_text(arena, str_of(text->prefix));
}

/* A verdict's word: refuse, ignore, or the kind it is taken as. */
static struct party_topic
verdict_of(struct yaml_file *file, const char *field, const char *text, size_t first)
{
	size_t i = first + yaml_file_choice(file, field, text, verdict_names + first, COUNT_OF(verdict_names) - first);

	return (struct party_topic){.verdict = i < 2 ? (enum party_verdict)i : PARTY_TAKE,
				    .kind = i < 2 ? NULL : verdict_names[i]};
}

static bool
is_topic(const char *text)
{
	size_t n = strlen(text);

	for (size_t i = 0; i < n; i++)
		if (text[i] <= ' ' || text[i] >= 0x7f)
			return false;
	return n <= TOPIC_BYTES;
}

static void
topic_read(struct yaml_file *file, const struct topic_text *text, size_t index, const struct party_topic *before,
	   struct arena *arena, struct party_topic *topic)
{
	char field[YAML_FIELD_BYTES];
	const char *name = text->topic ? text->topic : "";

	snprintf(field, sizeof field, "hook.topics[%zu].kind", index);
	*topic = verdict_of(file, field, text->kind, 1);
	snprintf(field, sizeof field, "hook.topics[%zu].topic", index);
	if (yaml_file_is_given(file, field, text->topic) && !is_topic(name))
		yaml_file_problem(file, field, "must be at most %d printable characters without blanks", TOPIC_BYTES);
	for (size_t i = 0; name[0] && i < index; i++)
		if (strcmp(before[i].name, name) == 0)
			yaml_file_problem(file, field, "\"%.40s\" is there twice", name);
	topic->name = arena_text(arena, str_of(name));
}

static void
topics_read(struct yaml_file *file, const struct hook_text *text, struct arena *arena, struct party_hook *h)
{
	const bool has_topic = h->topic_header || h->topic_pointer;
	struct party_topic *topics;

	h->otherwise = (struct party_topic){.verdict = PARTY_REFUSE};
	if (text->otherwise)
		h->otherwise = verdict_of(file, "hook.otherwise", text->otherwise, 0);
	if (!has_topic && text->topics_count)
		yaml_file_problem(file, "hook.topics", "needs topic_header or topic_pointer: where a topic stands");
	if (!text->topics_count && h->otherwise.verdict != PARTY_TAKE)
		yaml_file_problem(file, "hook.topics", "is missing: with no topic listed `otherwise` must be a kind");
	if (text->topics_count > TOPICS_MAX) {
		yaml_file_problem(file, "hook.topics", "has %u entries, and may have %d", text->topics_count,
				  TOPICS_MAX);
		return;
	}
	topics = arena_array(arena, text->topics_count + 1, sizeof *topics);
	for (size_t i = 0; topics && i < text->topics_count; i++)
		topic_read(file, &text->topics[i], i, topics, arena, &topics[i]);
	h->topics = topics;
	h->topics_count = topics ? text->topics_count : 0;
}

void
hook_yaml_read(struct yaml_file *file, const struct hook_text *text, struct arena *arena, struct party *party)
{
	const char *names[PARTY_SCHEMES - 1];
	struct party_hook *h = &party->hook;
	const struct scheme *scheme;

	if (!text)
		return;
	for (size_t i = 0; i < COUNT_OF(names); i++)
		names[i] = schemes[i + 1].name;
	h->scheme =
	    (enum party_scheme)(1 + yaml_file_choice(file, "hook.scheme", text->scheme, names, COUNT_OF(names)));
	scheme = &schemes[h->scheme];
	h->secret_env = arena_text(arena, str_of(party_yaml_variable(file, "hook.secret_env", text->secret_env)));
	signature_read(file, text, scheme, arena, h);
	places_read(file, text, scheme, arena, party);
	if (text->tolerance_s && !scheme->has_time)
		yaml_file_problem(file, "hook.tolerance_s", "%s signs no time", scheme->name);
	else if (scheme->has_time)
		h->tolerance_s =
		    yaml_file_int(file, "hook.tolerance_s", text->tolerance_s ? text->tolerance_s : TOLERANCE_DEFAULT,
				  TOLERANCE_MIN_S, TOLERANCE_MAX_S);
	h->answer_within_ms = ANSWER_DEFAULT_MS;
	if (text->answer_within_ms)
		h->answer_within_ms =
		    yaml_file_int(file, "hook.answer_within_ms", text->answer_within_ms, ANSWER_MIN_MS, ANSWER_MAX_MS);
	topics_read(file, text, arena, h);
}
