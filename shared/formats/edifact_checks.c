/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/edifact_checks.h"

#include <stdlib.h>
#include <string.h>

/*
 * What a level needs of its header: the elements that must be there, and which of them the trailer repeats.
 * ISO 9735-1 annex C; dates and syntax versions are left to those who use them.
 */
static const struct {
	const char *trailer, *members;
	unsigned reference, needed[4];
} kinds[] = {
    [EDIFACT_INTERCHANGE] = {"UNZ", "messages or groups", 5, {1, 2, 3, 5}},
    [EDIFACT_GROUP] = {"UNE", "messages", 5, {5}},
    [EDIFACT_MESSAGE] = {"UNT", "segments", 1, {1, 2}},
};

/* Messages that have no meaning without a document number. */
static const char *const bgm_types[] = {"ORDERS", "ORDCHG", "ORDRSP", "OSTRPT", "OSTENQ", "DESADV", "RECADV",
					"INVOIC", "INVRPT", "SLSRPT", "SLSFCT", "DELFOR", "DELJIT", "PRICAT",
					"PARTIN", "QUOTES", "REQOTE", "REMADV", "APERAK", "RETANN", "RETINS"};

struct fault {
	const char *code, *ack;
	struct str text;
};

/* The faults are a node's last member, made with the first of them. */
static bool
fault_add(struct edifact_reader *r, struct node *owner, const struct fault *f)
{
	const char *at = r->document.p + owner->offset;
	const struct str none = {NULL, 0};
	struct node *faults = owner->last, *n;

	if (!f->text.p)
		return edifact_fail(r, "document-too-large", at, "no memory for a fault");
	if (!faults || !str_equal(faults->key, STR("faults")))
		faults = edifact_node(r, owner, STR("faults"), NODE_LIST, at);
	n = faults ? edifact_node(r, faults, none, NODE_OBJECT, at) : NULL;
	return n && edifact_text(r, n, STR("code"), str_of(f->code), at) &&
	       edifact_text(r, n, STR("ack"), str_of(f->ack), at) && edifact_text(r, n, STR("text"), f->text, at);
}

static bool
header_check(struct edifact_reader *r, enum edifact_kind kind, const struct edifact_level *level)
{
	for (size_t i = 0; i < COUNT_OF(kinds[kind].needed) && kinds[kind].needed[i]; i++) {
		unsigned element = kinds[kind].needed[i];

		if (edifact_element(level->header, element, 1).n)
			continue;
		return fault_add(r, level->node,
				 &(struct fault){"edifact-header", "13",
						 arena_printf(r->arena, "%.*s element %u is missing",
							      STR_ARGS(node_text(level->header->child)), element)});
	}
	return true;
}

static bool
trailer_check(struct edifact_reader *r, enum edifact_kind kind, const struct edifact_level *level,
	      const struct node *trailer)
{
	const char *tag = kinds[kind].trailer;
	struct str stated = edifact_element(trailer, 1, 1), reference = edifact_element(trailer, 2, 1);
	struct str expected = edifact_element(level->header, kinds[kind].reference, 1);
	int64_t count;
	struct fault f;

	if (!trailer) {
		f = (struct fault){"edifact-truncated", "13", arena_printf(r->arena, "%s is missing", tag)};
		return fault_add(r, level->node, &f);
	}
	if (!str_to_int(stated, &count) || count < 0 || (size_t)count != level->members->children_count) {
		f = (struct fault){"edifact-count", "29",
				   arena_printf(r->arena, "%s states another count than there are %s: %zu", tag,
						kinds[kind].members, level->members->children_count)};
		if (!fault_add(r, level->node, &f))
			return false;
	}
	if (str_equal(reference, expected))
		return true;
	f = (struct fault){"edifact-reference", "28",
			   arena_printf(r->arena, "%s has another reference than its header", tag)};
	return fault_add(r, level->node, &f);
}

static bool
needs_bgm(struct str type)
{
	for (size_t i = 0; i < COUNT_OF(bgm_types); i++)
		if (str_equal(type, str_of(bgm_types[i])))
			return true;
	return false;
}

bool
edifact_level_check(struct edifact_reader *r, enum edifact_kind kind, const struct edifact_level *level,
		    const struct node *trailer)
{
	static const struct fault no_bgm = {"edifact-no-bgm", "13", {"BGM is missing", 14}};
	static const struct fault control = {"edifact-character", "21", {"control characters within segments", 34}};
	bool is_ok = header_check(r, kind, level) && trailer_check(r, kind, level, trailer);

	if (is_ok && kind == EDIFACT_MESSAGE && !level->has_bgm && needs_bgm(edifact_element(level->header, 2, 1)))
		is_ok = fault_add(r, level->node, &no_bgm);
	if (is_ok && level->has_control)
		is_ok = fault_add(r, level->node, &control);
	return is_ok;
}

/* --- duplicates --- */

/* By reference, then as they stand in the document. */
static int
messages_compare(const void *a, const void *b)
{
	const struct node *m = *(const struct node *const *)a, *n = *(const struct node *const *)b;
	int order = str_compare(node_text(node_get(m, "reference")), node_text(node_get(n, "reference")));

	return order ? order : (m->offset > n->offset) - (m->offset < n->offset);
}

bool
edifact_duplicates_check(struct edifact_reader *r, const struct node *messages)
{
	static const struct fault again = {"edifact-duplicate", "26", {"an earlier message has this reference", 37}};
	size_t count = 0;
	struct node **sorted;

	if (messages->children_count < 2)
		return true;
	sorted = arena_array(r->arena, messages->children_count, sizeof *sorted);
	if (!sorted)
		return edifact_fail(r, "document-too-large", r->document.p + messages->offset,
				    "no memory for the references");
	for (struct node *n = messages->child; n; n = n->next)
		sorted[count++] = n;
	qsort(sorted, count, sizeof *sorted, messages_compare);
	for (size_t i = 1; i < count; i++) {
		struct str reference = node_text(node_get(sorted[i], "reference"));

		if (reference.n && str_equal(reference, node_text(node_get(sorted[i - 1], "reference"))) &&
		    !fault_add(r, sorted[i], &again))
			return false;
	}
	return true;
}
