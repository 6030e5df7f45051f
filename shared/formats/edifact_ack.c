/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/edifact_ack.h"

#include "base/instant.h"
#include "formats/edifact.h"

#include <stdio.h>
#include <string.h>

/* Sticky: after a full arena the rest does nothing, and NULL is what everything gives. */
struct builder {
	struct arena *arena;
	bool failed;
	struct node *segments; /* of the CONTRL */
};

/* --- nodes --- */

static struct node *
node_put(struct builder *b, struct node *parent, struct str key, enum node_type type)
{
	struct node *n = b->failed ? NULL : node_new(b->arena, type, 0);

	b->failed |= !n;
	if (n) {
		n->key = key;
		if (parent)
			node_append(parent, n);
	}
	return n;
}

static void
text_put(struct builder *b, struct node *parent, const char *key, struct str text)
{
	struct node *n = text.n ? node_put(b, parent, str_of(key), NODE_TEXT) : NULL;

	if (n)
		n->text = text;
}

static void
number_put(struct builder *b, struct node *parent, const char *key, size_t number)
{
	struct str text = arena_printf(b->arena, "%zu", number);

	b->failed |= !text.p;
	text_put(b, parent, key, text);
}

/* An element as another segment has it: a text, or a list of texts. */
static void
element_copy(struct builder *b, struct node *parent, const char *key, const struct node *element)
{
	struct node *list;

	if (node_is(element, NODE_TEXT))
		text_put(b, parent, key, element->text);
	if (!node_is(element, NODE_LIST))
		return;
	list = node_put(b, parent, str_of(key), NODE_LIST);
	for (const struct node *n = element->child; n; n = n->next) {
		struct node *copy = node_put(b, list, (struct str){NULL, 0}, n->type);

		if (copy)
			copy->text = n->text;
	}
}

/* A list of two or more, all there; of one it would be a text. */
static void
parts_put(struct builder *b, struct node *parent, const char *key, const char *const *parts)
{
	struct node *list = node_put(b, parent, str_of(key), NODE_LIST);

	for (; *parts; parts++)
		text_put(b, list, NULL, str_of(*parts));
}

static struct node *
segment_put(struct builder *b, const char *tag)
{
	struct node *n = node_put(b, b->segments, (struct str){NULL, 0}, NODE_OBJECT);

	text_put(b, n, "tag", str_of(tag));
	return n;
}

/* --- the answer's segments --- */

/* S011: the element, and the component when it is known. */
static void
position_put(struct builder *b, struct node *segment, const char *key, const struct edifact_verdict *v)
{
	struct node *list;

	if (!v->element)
		return;
	if (!v->component) {
		number_put(b, segment, key, v->element);
		return;
	}
	list = node_put(b, segment, str_of(key), NODE_LIST);
	number_put(b, list, NULL, v->element);
	number_put(b, list, NULL, v->component);
}

/* 0083, then what is wrong with the service segments; position is where 0083 stands, at most 6. */
static void
action_put(struct builder *b, struct node *segment, unsigned position, const struct edifact_verdict *v)
{
	static const char *const keys[] = {"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"};

	number_put(b, segment, keys[position], v->action);
	if (v->action != EDIFACT_REJECTED || v->segment)
		return;
	text_put(b, segment, keys[position + 1], v->error);
	text_put(b, segment, keys[position + 2], v->tag);
	if (v->tag.n)
		position_put(b, segment, keys[position + 3], v);
}

/* UCM; a fault within the message is told at the lowest level that is known: UCS, or UCD for an element. */
static void
message_answer(struct builder *b, const struct node *message, const struct edifact_verdict *v)
{
	const struct node *unh = node_at(node_get(message, "segments"), 0);
	struct node *n = segment_put(b, "UCM");

	element_copy(b, n, "1", node_get(unh, "1"));
	element_copy(b, n, "2", node_get(unh, "2"));
	action_put(b, n, 3, v);
	if (v->action != EDIFACT_REJECTED || !v->segment)
		return;
	n = segment_put(b, "UCS");
	number_put(b, n, "1", v->segment);
	if (!v->element) {
		text_put(b, n, "2", v->error);
		return;
	}
	n = segment_put(b, "UCD");
	text_put(b, n, "1", v->error);
	position_put(b, n, "2", v);
}

static bool
is_contrl(const struct node *message)
{
	return str_equal(node_text(node_get(message, "type")), STR("CONTRL"));
}

static const struct edifact_verdict *
messages_answer(struct builder *b, const struct node *owner, const struct edifact_verdict *verdict)
{
	const struct node *messages = node_get(owner, "messages");

	for (const struct node *n = messages ? messages->child : NULL; n; n = n->next, verdict++)
		if (!is_contrl(n))
			message_answer(b, n, verdict);
	return verdict;
}

static void
groups_answer(struct builder *b, const struct edifact_ack *ack)
{
	static const struct edifact_verdict acknowledged = {.action = EDIFACT_ACKNOWLEDGED};
	const struct node *groups = node_get(ack->interchange, "groups");
	const struct edifact_verdict *verdict = ack->verdicts;

	for (const struct node *g = groups ? groups->child : NULL; g; g = g->next) {
		const struct node *ung = node_get(g, "UNG");
		struct node *n = segment_put(b, "UCF");

		element_copy(b, n, "1", node_get(ung, "5"));
		element_copy(b, n, "2", node_get(ung, "2"));
		element_copy(b, n, "3", node_get(ung, "3"));
		action_put(b, n, 4, &acknowledged);
		verdict = messages_answer(b, g, verdict);
	}
	messages_answer(b, ack->interchange, verdict);
}

/* --- the answer's interchange --- */

static bool
is_syntax_4(const struct edifact_ack *ack)
{
	return str_equal(edifact_element(node_get(ack->interchange, "UNB"), 1, 2), STR("4"));
}

/* S004: YYMMDD and HHMM; syntax 4 has the century. instant_format gives 2008-01-10T16:00:00Z. */
static void
date_put(struct builder *b, struct node *unb, const struct edifact_ack *ack)
{
	char text[INSTANT_TEXT_BYTES], date[12], time[8];

	instant_format(ack->sent_at_us, text);
	snprintf(date, sizeof date, "%.4s%.2s%.2s", text, text + 5, text + 8);
	snprintf(time, sizeof time, "%.2s%.2s", text + 11, text + 14);
	const char *copies[] = {arena_text(b->arena, str_of(is_syntax_4(ack) ? date : date + 2)),
				arena_text(b->arena, str_of(time)), NULL};
	b->failed |= !copies[0] || !copies[1];
	if (!b->failed)
		parts_put(b, unb, "4", copies);
}

static void
head_put(struct builder *b, struct node *interchange, const struct edifact_ack *ack)
{
	const struct node *theirs = node_get(ack->interchange, "UNB");
	struct node *n = node_put(b, interchange, STR("separators"), NODE_OBJECT);

	text_put(b, n, "component", STR(":"));
	text_put(b, n, "element", STR("+"));
	text_put(b, n, "decimal", STR("."));
	text_put(b, n, "release", STR("?"));
	text_put(b, n, "repetition", is_syntax_4(ack) ? STR("*") : STR(""));
	text_put(b, n, "segment", STR("'"));
	text_put(b, interchange, "charset", node_text(node_get(ack->interchange, "charset")));
	n = node_put(b, interchange, STR("UNB"), NODE_OBJECT);
	text_put(b, n, "tag", STR("UNB"));
	element_copy(b, n, "1", node_get(theirs, "1"));
	element_copy(b, n, "2", node_get(theirs, "3"));
	element_copy(b, n, "3", node_get(theirs, "2"));
	date_put(b, n, ack);
	text_put(b, n, "5", ack->control);
	element_copy(b, n, "11", node_get(theirs, "11"));
}

static void
uci_put(struct builder *b, const struct edifact_ack *ack)
{
	const struct node *theirs = node_get(ack->interchange, "UNB");
	struct node *n = segment_put(b, "UCI");

	element_copy(b, n, "1", node_get(theirs, "5"));
	element_copy(b, n, "2", node_get(theirs, "2"));
	element_copy(b, n, "3", node_get(theirs, "3"));
	action_put(b, n, 4, &ack->whole);
}

static void
trailer_put(struct builder *b, struct node *n, const char *tag, size_t count, struct str reference)
{
	text_put(b, n, "tag", str_of(tag));
	number_put(b, n, "1", count);
	text_put(b, n, "2", reference);
}

static void
contrl_put(struct builder *b, struct node *messages, const struct edifact_ack *ack)
{
	static const char *const d3[] = {"CONTRL", "D", "3", "UN", NULL}, *const v4[] = {"CONTRL", "4", "1", "UN",
											 NULL};
	const char *const *identifier = is_syntax_4(ack) ? v4 : d3;
	struct node *message = node_put(b, messages, (struct str){NULL, 0}, NODE_OBJECT), *n;

	text_put(b, message, "type", str_of(identifier[0]));
	text_put(b, message, "reference", STR("1"));
	text_put(b, message, "version", str_of(identifier[1]));
	text_put(b, message, "release", str_of(identifier[2]));
	b->segments = node_put(b, message, STR("segments"), NODE_LIST);
	n = segment_put(b, "UNH");
	text_put(b, n, "1", STR("1"));
	parts_put(b, n, "2", identifier);
	uci_put(b, ack);
	if (ack->whole.action == EDIFACT_ACKNOWLEDGED)
		groups_answer(b, ack);
	n = node_put(b, b->segments, (struct str){NULL, 0}, NODE_OBJECT);
	if (n)
		trailer_put(b, n, "UNT", b->segments->children_count, STR("1"));
}

/* --- may it be answered? --- */

/* Counts the messages, and those among them that may be answered. */
static void
messages_count(const struct node *owner, size_t *all, size_t *answerable)
{
	const struct node *messages = node_get(owner, "messages");

	for (const struct node *n = messages ? messages->child : NULL; n; n = n->next) {
		++*all;
		*answerable += !is_contrl(n);
	}
}

static const char *
refusal(const struct edifact_ack *ack)
{
	const struct node *unb = node_get(ack->interchange, "UNB"), *groups = node_get(ack->interchange, "groups");
	size_t all = 0, answerable = 0;

	for (const struct node *g = groups ? groups->child : NULL; g; g = g->next)
		messages_count(g, &all, &answerable);
	messages_count(ack->interchange, &all, &answerable);
	if (all && !answerable)
		return "a CONTRL is not answered with a CONTRL";
	if (!edifact_element(unb, 2, 1).n || !edifact_element(unb, 3, 1).n || !edifact_element(unb, 5, 1).n)
		return "an interchange without sender, recipient or reference cannot be answered";
	if (!ack->control.n || ack->control.n > 14)
		return "our control reference has 1 to 14 characters";
	if (ack->whole.action != EDIFACT_ACKNOWLEDGED)
		return NULL;
	if (ack->verdicts_count != all)
		return "one verdict is needed for each message";
	for (size_t i = 0; i < all; i++)
		if (ack->verdicts[i].action == EDIFACT_RECEIVED)
			return "a message is acknowledged or rejected";
	return NULL;
}

enum outcome
edifact_ack_build(const struct edifact_ack *ack, struct arena *arena, struct node **root, struct why *why)
{
	struct builder b = {.arena = arena};
	const char *reason = refusal(ack);
	struct node *tree, *interchange, *messages;

	if (reason)
		return why_set(why, OUTCOME_DEAD, "edifact-ack", "%s", reason);
	tree = node_put(&b, NULL, (struct str){NULL, 0}, NODE_OBJECT);
	text_put(&b, tree, "format", STR("edifact"));
	interchange =
	    node_put(&b, node_put(&b, tree, STR("interchanges"), NODE_LIST), (struct str){NULL, 0}, NODE_OBJECT);
	head_put(&b, interchange, ack);
	messages = node_put(&b, interchange, STR("messages"), NODE_LIST);
	contrl_put(&b, messages, ack);
	trailer_put(&b, node_put(&b, interchange, STR("UNZ"), NODE_OBJECT), "UNZ", 1, ack->control);
	if (b.failed)
		return why_set(why, OUTCOME_DEAD, "document-too-large", "no memory for the answer");
	*root = tree;
	return OUTCOME_OK;
}
