/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/hook.h"

#include "base/base64.h"
#include "base/uuid.h"
#include "formats/json.h"

#include <string.h>

#define NAME_BYTES 201 /* of one part of a pointer: party.yaml's has at most 200 */

/* ~1 is a slash, ~0 a tilde (RFC 6901, section 4); the pointer was checked when party.yaml was read. */
static struct str
part_decode(struct str part, char out[static NAME_BYTES])
{
	size_t n = 0;

	for (size_t i = 0; i < part.n && n < NAME_BYTES; i++) {
		bool is_escape = part.p[i] == '~' && i + 1 < part.n;

		out[n++] = !is_escape ? part.p[i] : part.p[++i] == '1' ? '/' : '~';
	}
	return (struct str){out, n};
}

static const struct node *
pointer_get(const struct node *node, const char *pointer)
{
	struct str rest = str_after(str_of(pointer), 1);

	for (bool has_more = true; node && has_more;) {
		const size_t before = rest.n;
		struct str part = str_split(&rest, '/');
		char name[NAME_BYTES];
		int64_t index;

		has_more = part.n < before;
		part = part_decode(part, name);
		if (node->type != NODE_LIST)
			node = node_get_str(node, part);
		else
			node = str_to_int(part, &index) && index >= 0 ? node_at(node, (size_t)index) : NULL;
	}
	return node;
}

/* A header's value, or a text or number of the body; empty when there is none. */
static struct str
place_read(const struct hook_request *request, const struct node *body, const char *header, const char *pointer)
{
	const struct node *node;

	if (header)
		return str_trim(request->header(request->context, header));
	node = pointer ? pointer_get(body, pointer) : NULL;
	return node_is(node, NODE_TEXT) || node_is(node, NODE_NUMBER) ? node_text(node) : (struct str){NULL, 0};
}

/* Printable, without blanks, and short: as a part of a key it goes into logs and headers. */
static bool
is_usable_id(struct str id)
{
	if (id.n == 0 || id.n > HOOK_ID_BYTES)
		return false;
	for (size_t i = 0; i < id.n; i++)
		if (id.p[i] <= ' ' || id.p[i] >= 0x7f)
			return false;
	return true;
}

static const struct party_topic *
topic_find(const struct party_hook *hook, struct str name)
{
	for (size_t i = 0; i < hook->topics_count; i++)
		if (str_equal(name, str_of(hook->topics[i].name)))
			return &hook->topics[i];
	return &hook->otherwise;
}

/* With the topic before it: the same body may come as two topics, and some mock servers give one id to several. */
static void
key_make(const struct party_topic *topic, struct str id, struct str body, char key[static HOOK_KEY_BYTES])
{
	unsigned char digest[32];
	struct buf text;

	buf_init(&text, HOOK_KEY_BYTES - 1);
	if (topic->name)
		buf_printf(&text, "%s:", topic->name);
	buf_put_str(&text, id);
	if (id.n == 0) {
		sha256(body, digest);
		buf_put_str(&text, STR("sha256:"));
		hex_put(&text, (struct str){(const char *)digest, sizeof digest});
	}
	snprintf(key, HOOK_KEY_BYTES, "%s", buf_text(&text));
	buf_release(&text);
}

enum outcome
hook_event_read(const struct party_hook *hook, const struct hook_request *request, struct arena *arena,
		struct hook_event *event, struct why *why)
{
	struct tree_limits limits = tree_default_limits;
	const struct party_topic *rule;
	struct node *body = NULL;
	struct str topic, id;

	if (hook->topic_pointer || hook->id_pointer) {
		enum outcome outcome;

		limits.bytes = request->body.n; /* the caller has bounded it */
		outcome = json_parse(request->body, &limits, arena, &body, why);
		if (outcome != OUTCOME_OK)
			return outcome;
	}
	topic = place_read(request, body, hook->topic_header, hook->topic_pointer);
	rule = topic_find(hook, topic);
	if (rule->verdict == PARTY_REFUSE)
		return why_at(why, OUTCOME_DEAD, "topic-unknown",
			      hook->topic_header ? hook->topic_header : hook->topic_pointer, "%s",
			      topic.n ? "is not among the topics of the party's hook" : "there is no topic");
	id = place_read(request, body, hook->id_header, hook->id_pointer);
	if (!is_usable_id(id))
		id = (struct str){NULL, 0};
	*event = (struct hook_event){.topic = topic, .verdict = rule->verdict, .kind = rule->kind, .delivery_id = id};
	key_make(rule, id, request->body, event->key);
	return OUTCOME_OK;
}
