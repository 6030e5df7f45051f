/* SPDX-License-Identifier: Apache-2.0 */
#include "definitions.h"

#include "formats/json.h"
#include "password.h"

#include <string.h>

/* A list: "[" before the first object, "," before the others, "]" at its end. One object a line. */
static void
list_begin(struct buf *out, const char *name)
{
	buf_printf(out, ",\n\"%s\":[", name);
}

static void
object_begin(struct buf *out, size_t index)
{
	buf_put_str(out, index ? STR(",\n  {") : STR("\n  {"));
}

static void
text_put(struct buf *out, const char *key, const char *value)
{
	if (out->n && out->p[out->n - 1] != '{')
		buf_put_char(out, ',');
	json_put_text(out, str_of(key));
	buf_put_char(out, ':');
	json_put_text(out, str_of(value));
}

/* What is JSON already. */
static void
raw_put(struct buf *out, const char *json)
{
	buf_put_char(out, ',');
	buf_put_str(out, str_of(json));
}

static void
exchanges_put(struct buf *out, const struct plan *plan)
{
	list_begin(out, "exchanges");
	for (size_t i = 0; i < plan->exchanges_count; i++) {
		object_begin(out, i);
		text_put(out, "name", plan->exchanges[i].name);
		text_put(out, "vhost", plan->vhost);
		text_put(out, "type", plan->exchanges[i].type);
		raw_put(out, "\"durable\":true,\"auto_delete\":false,\"internal\":false,\"arguments\":{}}");
	}
	buf_put_char(out, ']');
}

static void
queues_put(struct buf *out, const struct plan *plan)
{
	list_begin(out, "queues");
	for (size_t i = 0; i < plan->queues_count; i++) {
		object_begin(out, i);
		text_put(out, "name", plan->queues[i].name);
		text_put(out, "vhost", plan->vhost);
		raw_put(out, "\"durable\":true,\"auto_delete\":false,\"arguments\":{\"x-queue-type\":\"quorum\"}}");
	}
	buf_put_char(out, ']');
}

static void
bindings_put(struct buf *out, const struct plan *plan)
{
	list_begin(out, "bindings");
	for (size_t i = 0; i < plan->bindings_count; i++) {
		object_begin(out, i);
		text_put(out, "source", plan->bindings[i].source);
		text_put(out, "vhost", plan->vhost);
		text_put(out, "destination", plan->bindings[i].queue);
		text_put(out, "destination_type", "queue");
		text_put(out, "routing_key", plan->bindings[i].key);
		raw_put(out, "\"arguments\":{}}");
	}
	buf_put_char(out, ']');
}

static void
settings_put(struct buf *out, const struct plan_policy *policy)
{
	buf_put_str(out, STR(",\"definition\":{"));
	for (size_t i = 0; i < policy->settings_count; i++) {
		const struct plan_setting *s = &policy->settings[i];

		if (s->text)
			text_put(out, s->key, s->text);
		else
			buf_printf(out, "%s\"%s\":%lld", i ? "," : "", s->key, (long long)s->number);
	}
	buf_put_str(out, STR("}}"));
}

static void
policies_put(struct buf *out, const struct plan *plan)
{
	list_begin(out, "policies");
	for (size_t i = 0; i < plan->policies_count; i++) {
		const struct plan_policy *policy = &plan->policies[i];

		object_begin(out, i);
		text_put(out, "vhost", plan->vhost);
		text_put(out, "name", policy->name);
		text_put(out, "pattern", policy->pattern);
		text_put(out, "apply-to", policy->apply_to);
		raw_put(out, "\"priority\":0");
		settings_put(out, policy);
	}
	buf_put_char(out, ']');
}

static void
permissions_put(struct buf *out, const struct plan *plan)
{
	list_begin(out, "permissions");
	for (size_t i = 0; i < plan->users_count; i++) {
		object_begin(out, i);
		text_put(out, "user", plan->users[i].name);
		text_put(out, "vhost", plan->vhost);
		text_put(out, "configure", plan->users[i].configure);
		text_put(out, "write", plan->users[i].write);
		text_put(out, "read", plan->users[i].read);
		buf_put_char(out, '}');
	}
	buf_put_char(out, ']');
	list_begin(out, "topic_permissions");
	for (size_t i = 0; i < plan->topics_count; i++) {
		object_begin(out, i);
		text_put(out, "user", plan->topics[i].user);
		text_put(out, "vhost", plan->vhost);
		text_put(out, "exchange", plan->topics[i].exchange);
		text_put(out, "write", plan->topics[i].write);
		text_put(out, "read", plan->topics[i].read);
		buf_put_char(out, '}');
	}
	buf_put_char(out, ']');
}

static enum outcome
users_put(struct buf *out, const struct plan *plan, const char *secrets, struct arena *arena, struct why *why)
{
	list_begin(out, "users");
	for (size_t i = 0; i < plan->users_count; i++) {
		const struct plan_user *user = &plan->users[i];

		object_begin(out, i);
		text_put(out, "name", user->name);
		if (secrets) {
			char hash[PASSWORD_HASH_BYTES];
			struct str password;
			enum outcome outcome = password_read(secrets, user->name, arena, &password, why);

			if (outcome != OUTCOME_OK)
				return outcome;
			password_hash(str_of(user->name), password, hash);
			text_put(out, "password_hash", hash);
			text_put(out, "hashing_algorithm", "rabbit_password_hashing_sha256");
			raw_put(out, "\"limits\":{}");
		}
		buf_printf(out, ",\"tags\":[%s%s%s]}", user->tag ? "\"" : "", user->tag ? user->tag : "",
			   user->tag ? "\"" : "");
	}
	buf_put_char(out, ']');
	return OUTCOME_OK;
}

enum outcome
definitions_put(struct buf *out, const struct plan *plan, enum definitions_users users, const char *secrets,
		struct arena *arena, struct why *why)
{
	enum outcome outcome = OUTCOME_OK;

	buf_put_str(out, STR("{\n\"vhosts\":[{"));
	text_put(out, "name", plan->vhost);
	buf_put_str(out, STR("}]"));
	if (users != DEFINITIONS_NO_USERS) {
		outcome = users_put(out, plan, users == DEFINITIONS_PASSWORDS ? secrets : NULL, arena, why);
		permissions_put(out, plan);
	}
	policies_put(out, plan);
	exchanges_put(out, plan);
	queues_put(out, plan);
	bindings_put(out, plan);
	buf_put_str(out, STR("\n}\n"));
	if (outcome == OUTCOME_OK && !buf_is_ok(out))
		outcome = why_set(why, OUTCOME_DEAD, "too-large", "the definitions are too large");
	return outcome;
}
