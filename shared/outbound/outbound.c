/* SPDX-License-Identifier: Apache-2.0 */
#include "outbound/outbound.h"

#include "formats/edifact.h"
#include "formats/json.h"
#include "formats/x12.h"
#include "formats/xml.h"

#include <string.h>

static enum outcome
json_write(const struct node *tree, struct buf *out, struct why *why)
{
	json_put_node(out, tree, 0);
	return buf_is_ok(out)
		   ? OUTCOME_OK
		   : why_set(why, OUTCOME_DEAD, "document-too-large", "more than %zu bytes", OUTBOUND_MAX_BYTES);
}

static const struct writer {
	const char *format, *content_type;
	enum outcome (*write)(const struct node *tree, struct buf *out, struct why *why);
} writers[] = {
    {"json", "application/json", json_write},
    {"x12", "application/EDI-X12", x12_write},
    {"edifact", "application/EDIFACT", edifact_write},
    {"xml", "application/xml", xml_write},
};

/* party.yaml is refused when there is none. */
static const struct writer *
writer_of(const struct party *party)
{
	size_t i = 0;

	while (i + 1 < COUNT_OF(writers) && strcmp(writers[i].format, party->format) != 0)
		i++;
	return &writers[i];
}

const char *
outbound_function(enum party_sends what)
{
	static const char *const functions[] = {"order_response", "ship_notice", "invoice"};

	return functions[what];
}

const char *
outbound_member(enum party_sends what)
{
	static const char *const members[] = {"allocation", "shipment", "invoice"};

	return members[what];
}

const char *
outbound_content_type(const struct party *party)
{
	return writer_of(party)->content_type;
}

static bool
text_add(struct node *object, const char *key, struct str text, struct arena *arena)
{
	struct node *n = node_new(arena, NODE_TEXT, 0);

	if (!n)
		return false;
	n->key = str_of(key);
	n->text = text;
	node_append(object, n);
	return true;
}

struct node *
outbound_document(enum party_sends what, const struct outbound_said *said, struct arena *arena)
{
	struct node *document = node_new(arena, NODE_OBJECT, 0);

	if (!document || !text_add(document, "control", said->control, arena) ||
	    !text_add(document, "sent_at", said->sent_at, arena))
		return NULL;
	said->order->key = STR("order");
	node_append(document, said->order);
	said->about->key = str_of(outbound_member(what));
	node_append(document, said->about);
	return document;
}

static enum outcome
bytes_write(const struct party *party, const struct node *tree, struct arena *arena, struct str *bytes, struct why *why)
{
	struct buf out;
	enum outcome outcome;

	buf_init(&out, OUTBOUND_MAX_BYTES);
	outcome = writer_of(party)->write(tree, &out, why);
	if (outcome == OUTCOME_OK) {
		*bytes = arena_str(arena, buf_str(&out));
		if (!bytes->p)
			outcome = why_set(why, OUTCOME_DEAD, "too-large", "no memory for the document");
	}
	buf_release(&out);
	return outcome;
}

enum outcome
outbound_write(const struct party *party, struct mapping *mapping, enum party_sends what, const struct node *document,
	       struct arena *arena, struct str *bytes, struct why *why)
{
	struct node *tree;
	enum outcome outcome = mapping_say(mapping, outbound_function(what), document, arena, &tree, why);

	*bytes = (struct str){NULL, 0};
	if (outcome == OUTCOME_OK && tree)
		outcome = bytes_write(party, tree, arena, bytes, why);
	return outcome == OUTCOME_DEAD ? OUTCOME_HELD : outcome;
}
