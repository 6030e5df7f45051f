/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The keys of topology.yaml: one row of the schema each. Read as texts, then copied into the arena as struct topology
 * and checked field by field; what one entry says about another is topology_check.c's.
 */
#include "topology/topology_internal.h"

#include "party/party.h"

#include <cyaml/cyaml.h>

#include <stdlib.h>
#include <string.h>

#define ARENA_MAX_BYTES ((size_t)16 << 20)
#define NAME_BYTES 100 /* of an exchange, queue, event or routing key; AMQP allows 255 with a party's name in it */
#define DELAY_MAX_MS INT64_C(604800000)
#define LIMIT_MAX INT64_C(2000000000)

struct exchange_text {
	char *name, *type, *alternate;
};

struct binding_text {
	char *exchange, *key;
};

struct queue_text {
	char *name;
	struct binding_text *bindings;
	unsigned bindings_count;
};

struct tier_text {
	char *name, *delay_ms;
};

struct event_text {
	char *name, *contract, *subscribed;
};

struct worker_text {
	char *name, *enters;
	char **reads, **says;
	unsigned reads_count, says_count;
};

struct policy_text {
	char *delivery_limit, *max_length, *max_length_bytes;
};

struct policies_text {
	struct policy_text *work, *final;
};

struct topology_text {
	char *vhost;
	struct exchange_text *exchanges;
	struct queue_text *queues;
	struct tier_text *retry_tiers;
	struct event_text *events;
	struct worker_text *workers;
	struct policies_text *policies;
	unsigned exchanges_count, queues_count, retry_tiers_count, events_count, workers_count;
};

static const char *const yes_no[] = {"false", "true"};

#define TEXT_FLAGS (CYAML_FLAG_POINTER_NULL | CYAML_FLAG_OPTIONAL)
#define LIST_FLAGS (CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL)
#define TEXT(row, key) CYAML_FIELD_STRING_PTR(#key, TEXT_FLAGS, struct row, key, 0, CYAML_UNLIMITED)
#define LIST(row, key, entry) \
	CYAML_FIELD_SEQUENCE_COUNT(#key, LIST_FLAGS, struct row, key, key##_count, entry, 0, CYAML_UNLIMITED)

static const cyaml_schema_value_t name_schema = {CYAML_VALUE_STRING(CYAML_FLAG_POINTER, char, 0, CYAML_UNLIMITED)};

static const cyaml_schema_field_t exchange_fields[] = {
    TEXT(exchange_text, name),
    TEXT(exchange_text, type),
    TEXT(exchange_text, alternate),
    CYAML_FIELD_END,
};
static const cyaml_schema_value_t exchange_schema = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct exchange_text, exchange_fields),
};

static const cyaml_schema_field_t binding_fields[] = {
    TEXT(binding_text, exchange),
    TEXT(binding_text, key),
    CYAML_FIELD_END,
};
static const cyaml_schema_value_t binding_schema = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct binding_text, binding_fields),
};

static const cyaml_schema_field_t queue_fields[] = {
    TEXT(queue_text, name),
    LIST(queue_text, bindings, &binding_schema),
    CYAML_FIELD_END,
};
static const cyaml_schema_value_t queue_schema = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct queue_text, queue_fields),
};

static const cyaml_schema_field_t tier_fields[] = {
    TEXT(tier_text, name),
    TEXT(tier_text, delay_ms),
    CYAML_FIELD_END,
};
static const cyaml_schema_value_t tier_schema = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct tier_text, tier_fields),
};

static const cyaml_schema_field_t event_fields[] = {
    TEXT(event_text, name),
    TEXT(event_text, contract),
    TEXT(event_text, subscribed),
    CYAML_FIELD_END,
};
static const cyaml_schema_value_t event_schema = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct event_text, event_fields),
};

static const cyaml_schema_field_t worker_fields[] = {
    TEXT(worker_text, name),
    TEXT(worker_text, enters),
    LIST(worker_text, reads, &name_schema),
    LIST(worker_text, says, &name_schema),
    CYAML_FIELD_END,
};
static const cyaml_schema_value_t worker_schema = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct worker_text, worker_fields),
};

static const cyaml_schema_field_t policy_fields[] = {
    TEXT(policy_text, delivery_limit),
    TEXT(policy_text, max_length),
    TEXT(policy_text, max_length_bytes),
    CYAML_FIELD_END,
};
static const cyaml_schema_field_t policies_fields[] = {
    CYAML_FIELD_MAPPING_PTR("work", TEXT_FLAGS, struct policies_text, work, policy_fields),
    CYAML_FIELD_MAPPING_PTR("final", TEXT_FLAGS, struct policies_text, final, policy_fields),
    CYAML_FIELD_END,
};

static const cyaml_schema_field_t topology_fields[] = {
    TEXT(topology_text, vhost),
    LIST(topology_text, exchanges, &exchange_schema),
    LIST(topology_text, queues, &queue_schema),
    LIST(topology_text, retry_tiers, &tier_schema),
    LIST(topology_text, events, &event_schema),
    LIST(topology_text, workers, &worker_schema),
    CYAML_FIELD_MAPPING_PTR("policies", TEXT_FLAGS, struct topology_text, policies, policies_fields),
    CYAML_FIELD_END,
};
static const cyaml_schema_value_t topology_schema = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, struct topology_text, topology_fields),
};

/* Where a text is copied to, and what is being read: "queues[2]" and the key within it make the field of a problem. */
struct copier {
	struct yaml_file *file;
	struct arena *arena;
	char entry[YAML_FIELD_BYTES / 2];
	char field[YAML_FIELD_BYTES];
};

static const char *
field_of(struct copier *c, const char *key)
{
	snprintf(c->field, sizeof c->field, "%s.%s", c->entry, key);
	return c->field;
}

static const char *
copy_optional(struct copier *c, const char *key, const char *text)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789-.<>*#";
	const char *copy;

	if (!text)
		return NULL;
	if (strspn(text, letters) != strlen(text) || strlen(text) > NAME_BYTES)
		yaml_file_problem(c->file, field_of(c, key),
				  "\"%.60s\" has characters that do not belong there, or is longer than %d bytes", text,
				  NAME_BYTES);
	copy = arena_text(c->arena, str_of(text));
	if (!copy)
		yaml_file_problem(c->file, field_of(c, key), "no memory");
	return copy;
}

/* "" where it is missing, so that the checks that follow need not ask. */
static const char *
copy_name(struct copier *c, const char *key, const char *text)
{
	const char *copy;

	if (!yaml_file_is_given(c->file, field_of(c, key), text))
		return "";
	copy = copy_optional(c, key, text);
	return copy ? copy : "";
}

/* Room for the list; a problem when it is empty. */
static void *
list_new(struct copier *c, const char *list, size_t count, size_t size)
{
	void *rows = arena_array(c->arena, count + 1, size);

	if (count == 0)
		yaml_file_problem(c->file, list, "is missing or empty");
	if (!rows) {
		yaml_file_problem(c->file, list, "no memory");
		abort(); /* a few entries of a capped arena: a bug, not a file's fault */
	}
	return rows;
}

static void
exchanges_copy(struct copier *c, const struct topology_text *text, struct topology *t)
{
	static const char *const types[] = {"topic", "fanout"};
	struct topology_exchange *rows = list_new(c, "exchanges", text->exchanges_count, sizeof *rows);

	for (unsigned i = 0; i < text->exchanges_count; i++) {
		const struct exchange_text *from = &text->exchanges[i];

		snprintf(c->entry, sizeof c->entry, "exchanges[%u]", i);
		rows[i].name = copy_name(c, "name", from->name);
		rows[i].type =
		    types[yaml_file_choice(c->file, field_of(c, "type"), from->type, types, COUNT_OF(types))];
		rows[i].alternate = copy_optional(c, "alternate", from->alternate);
	}
	t->exchanges = rows;
	t->exchanges_count = text->exchanges_count;
}

static void
bindings_copy(struct copier *c, const struct queue_text *from, struct topology_queue *to, unsigned index)
{
	struct topology_binding *rows;

	snprintf(c->entry, sizeof c->entry, "queues[%u]", index);
	rows = list_new(c, field_of(c, "bindings"), from->bindings_count, sizeof *rows);
	for (unsigned i = 0; i < from->bindings_count; i++) {
		const struct binding_text *binding = &from->bindings[i];

		snprintf(c->entry, sizeof c->entry, "queues[%u].bindings[%u]", index, i);
		rows[i].exchange = copy_name(c, "exchange", binding->exchange);
		rows[i].key = copy_optional(c, "key", binding->key);
		if (!rows[i].key)
			rows[i].key = "";
	}
	to->bindings = rows;
	to->bindings_count = from->bindings_count;
}

static void
queues_copy(struct copier *c, const struct topology_text *text, struct topology *t)
{
	struct topology_queue *rows = list_new(c, "queues", text->queues_count, sizeof *rows);

	for (unsigned i = 0; i < text->queues_count; i++) {
		snprintf(c->entry, sizeof c->entry, "queues[%u]", i);
		rows[i].name = copy_name(c, "name", text->queues[i].name);
		bindings_copy(c, &text->queues[i], &rows[i], i);
	}
	t->queues = rows;
	t->queues_count = text->queues_count;
}

static void
tiers_copy(struct copier *c, const struct topology_text *text, struct topology *t)
{
	struct topology_retry_tier *rows = list_new(c, "retry_tiers", text->retry_tiers_count, sizeof *rows);

	for (unsigned i = 0; i < text->retry_tiers_count; i++) {
		const struct tier_text *from = &text->retry_tiers[i];

		snprintf(c->entry, sizeof c->entry, "retry_tiers[%u]", i);
		yaml_file_name(c->file, field_of(c, "name"), from->name, PARTY_NAME_BYTES - 1);
		rows[i].name = copy_optional(c, "name", from->name ? from->name : "");
		rows[i].delay_ms = yaml_file_int(c->file, field_of(c, "delay_ms"), from->delay_ms, 1, DELAY_MAX_MS);
	}
	t->retry_tiers = rows;
	t->retry_tiers_count = text->retry_tiers_count;
}

static void
events_copy(struct copier *c, const struct topology_text *text, struct topology *t)
{
	struct topology_event *rows = list_new(c, "events", text->events_count, sizeof *rows);

	for (unsigned i = 0; i < text->events_count; i++) {
		const struct event_text *from = &text->events[i];

		snprintf(c->entry, sizeof c->entry, "events[%u]", i);
		rows[i].name = copy_name(c, "name", from->name);
		rows[i].contract = copy_name(c, "contract", from->contract);
		rows[i].subscribed =
		    yaml_file_choice(c->file, field_of(c, "subscribed"), from->subscribed, yes_no, 2) == 1;
	}
	t->events = rows;
	t->events_count = text->events_count;
}

static const char *const *
names_copy(struct copier *c, const char *key, char *const *from, unsigned n)
{
	const char **names = arena_array(c->arena, n + 1, sizeof *names);

	for (unsigned i = 0; names && i < n; i++)
		names[i] = copy_name(c, key, from[i]);
	if (!names)
		yaml_file_problem(c->file, field_of(c, key), "no memory");
	return names;
}

static void
workers_copy(struct copier *c, const struct topology_text *text, struct topology *t)
{
	struct topology_worker *rows = list_new(c, "workers", text->workers_count, sizeof *rows);

	for (unsigned i = 0; i < text->workers_count; i++) {
		const struct worker_text *from = &text->workers[i];

		snprintf(c->entry, sizeof c->entry, "workers[%u]", i);
		yaml_file_name(c->file, field_of(c, "name"), from->name, PARTY_NAME_BYTES - 1);
		rows[i].name = copy_optional(c, "name", from->name ? from->name : "");
		rows[i].reads = names_copy(c, "reads", from->reads, from->reads_count);
		rows[i].reads_count = from->reads_count;
		rows[i].says = names_copy(c, "says", from->says, from->says_count);
		rows[i].says_count = from->says_count;
		rows[i].enters =
		    from->enters && yaml_file_choice(c->file, field_of(c, "enters"), from->enters, yes_no, 2) == 1;
	}
	t->workers = rows;
	t->workers_count = text->workers_count;
}

static void
policy_copy(struct copier *c, const char *entry, const struct policy_text *from, struct topology_policy *to)
{
	snprintf(c->entry, sizeof c->entry, "%s", entry);
	if (!from) {
		yaml_file_problem(c->file, entry, "is missing");
		return;
	}
	to->delivery_limit = yaml_file_int(c->file, field_of(c, "delivery_limit"), from->delivery_limit, 1, LIMIT_MAX);
	if (from->max_length)
		to->max_length = yaml_file_int(c->file, field_of(c, "max_length"), from->max_length, 1, LIMIT_MAX);
	if (from->max_length_bytes)
		to->max_length_bytes =
		    yaml_file_int(c->file, field_of(c, "max_length_bytes"), from->max_length_bytes, 1, INT64_MAX);
}

static void
topology_copy(struct copier *c, const struct topology_text *text, struct topology *t)
{
	static const struct policies_text none = {NULL, NULL};
	const struct policies_text *policies = text->policies ? text->policies : &none;

	yaml_file_name(c->file, "vhost", text->vhost, PARTY_NAME_BYTES - 1);
	t->vhost = arena_text(c->arena, str_of(text->vhost));
	exchanges_copy(c, text, t);
	queues_copy(c, text, t);
	tiers_copy(c, text, t);
	events_copy(c, text, t);
	workers_copy(c, text, t);
	policy_copy(c, "policies.work", policies->work, &t->work);
	policy_copy(c, "policies.final", policies->final, &t->final);
}

struct topology *
topology_load(const char *path, FILE *errors)
{
	struct yaml_file file = {.path = path, .errors = errors};
	struct topology_text *text = yaml_file_load(&file, &topology_schema);
	struct topology_held *held = calloc(1, sizeof *held);

	if (held)
		held->arena = arena_new(ARENA_MAX_BYTES);
	if (!held || !held->arena)
		yaml_file_problem(&file, "", "no memory");
	else if (text)
		topology_copy(&(struct copier){.file = &file, .arena = held->arena}, text, &held->topology);
	yaml_file_free(&topology_schema, text);
	if (text && held && held->arena)
		topology_check(&held->topology, &file);
	if (file.problems_count == 0)
		return &held->topology;
	topology_free(held ? &held->topology : NULL);
	return NULL;
}
