/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/edifact_put.h"

#include <stdio.h>
#include <string.h>

/* The elements of a segment by their position, 1 to EDIFACT_ELEMENTS; NULL where there is none. */
struct elements {
	const struct node *at[EDIFACT_ELEMENTS + 1];
	unsigned last;
};

void
edifact_refuse(struct edifact_writer *w, const char *code, const char *text)
{
	if (w->outcome == OUTCOME_OK) {
		w->outcome = OUTCOME_DEAD;
		why_at(w->why, OUTCOME_DEAD, code, w->path, "%s", text);
	}
}

static size_t
path_put(struct edifact_writer *w, const char *format, const char *name, long index)
{
	size_t before = w->path_n, room = sizeof w->path - before;
	int n;

	if (name)
		n = snprintf(w->path + before, room, format, before ? "." : "", name);
	else
		n = snprintf(w->path + before, room, "[%ld]", index);
	w->path_n += (size_t)n < room ? (size_t)n : room - 1;
	return before;
}

size_t
edifact_path_enter(struct edifact_writer *w, const char *name, long index)
{
	size_t before = w->path_n;

	if (name)
		path_put(w, "%s%s", name, 0);
	if (index >= 0)
		path_put(w, NULL, NULL, index);
	return before;
}

void
edifact_path_leave(struct edifact_writer *w, size_t path_n)
{
	w->path_n = path_n;
	w->path[path_n] = '\0';
}

/* --- texts --- */

static bool
is_separator(const struct edifact_separators *s, char c)
{
	return c == s->component || c == s->element || c == s->segment || (s->release && c == s->release) ||
	       (s->repetition && c == s->repetition);
}

/* How many bytes at the front stand for themselves in every set. */
static size_t
plain_count(const struct edifact_separators *s, struct str text)
{
	size_t n = 0;

	while (n < text.n && (unsigned char)text.p[n] < 0x80 && !is_separator(s, text.p[n]))
		n++;
	return n;
}

static void
text_put(struct edifact_writer *w, struct str text)
{
	if (!str_is_utf8(text)) {
		edifact_refuse(w, "edifact-data", "no UTF-8");
		return;
	}
	if (edifact_has_control(text)) {
		edifact_refuse(w, "edifact-data", "a control character");
		return;
	}
	while (text.n && w->outcome == OUTCOME_OK) {
		char bytes[4];
		size_t n, length = plain_count(&w->separators, text);

		buf_put(w->out, text.p, length);
		text = str_after(text, length);
		if (!text.n)
			break;
		length = edifact_charset_encode(&w->charset, text, bytes, &n);
		if (n == 0)
			edifact_refuse(w, "edifact-data", "a character that the set named in UNB has not");
		if (n == 1 && is_separator(&w->separators, bytes[0])) {
			if (!w->separators.release)
				edifact_refuse(w, "edifact-data", "a separator in a text, and no release character");
			buf_put_char(w->out, w->separators.release);
		}
		buf_put(w->out, bytes, n);
		text = str_after(text, length);
	}
}

/* --- elements --- */

static bool
is_scalar(const struct node *n)
{
	return n->type == NODE_TEXT || n->type == NODE_NUMBER || n->type == NODE_BOOL || n->type == NODE_NULL;
}

/* How many there are without the empty ones at the end, which no bytes stand for. */
static size_t
filled_count(const struct node *list)
{
	size_t count = 0, index = 0;

	for (const struct node *n = list->child; n; n = n->next) {
		index++;
		if (!is_scalar(n) || n->text.n)
			count = index;
	}
	return count;
}

static bool
is_filled(const struct node *element)
{
	if (is_scalar(element))
		return element->text.n;
	return element->type != NODE_LIST || filled_count(element) > 0;
}

/* A text or a list of texts. */
static void
occurrence_put(struct edifact_writer *w, const struct node *n)
{
	size_t count, i = 0;

	if (is_scalar(n)) {
		text_put(w, n->text);
		return;
	}
	if (n->type != NODE_LIST) {
		edifact_refuse(w, "edifact-data", "neither a text nor a list of texts");
		return;
	}
	count = filled_count(n);
	for (const struct node *part = n->child; i < count; part = part->next) {
		size_t path_n = edifact_path_enter(w, NULL, (long)i);

		if (i++)
			buf_put_char(w->out, w->separators.component);
		if (is_scalar(part))
			text_put(w, part->text);
		else
			edifact_refuse(w, "edifact-data", "a component that is no text");
		edifact_path_leave(w, path_n);
	}
}

static void
element_put(struct edifact_writer *w, const struct node *n)
{
	const struct node *list = node_get(n, "repeated");
	size_t count, i = 0;

	if (!node_is(list, NODE_LIST)) {
		occurrence_put(w, n);
		return;
	}
	count = filled_count(list);
	if (count > 1 && !w->separators.repetition)
		edifact_refuse(w, "edifact-data", "a repeated element, for which syntax 4 is needed");
	for (const struct node *part = list->child; i < count; part = part->next) {
		size_t path_n = edifact_path_enter(w, "repeated", (long)i);

		if (i++)
			buf_put_char(w->out, w->separators.repetition);
		occurrence_put(w, part);
		edifact_path_leave(w, path_n);
	}
}

/* --- segments --- */

static bool
position_read(struct str key, unsigned *position)
{
	int64_t value;

	if (!key.n || key.p[0] < '1' || key.p[0] > '9' || !str_to_int(key, &value) || value > EDIFACT_ELEMENTS)
		return false;
	*position = (unsigned)value;
	return true;
}

static void
elements_collect(struct edifact_writer *w, const struct node *segment, struct str tag, struct elements *all)
{
	unsigned position;

	*all = (struct elements){.last = 0};
	if (!node_is(segment, NODE_OBJECT) || !str_equal(node_text(node_get(segment, "tag")), tag) ||
	    !edifact_is_tag(tag)) {
		edifact_refuse(w, "edifact-data", "no segment, or not the one that belongs here");
		return;
	}
	for (const struct node *n = segment->child; n; n = n->next) {
		if (str_equal(n->key, STR("tag")))
			continue;
		if (!position_read(n->key, &position) || all->at[position]) {
			edifact_refuse(w, "edifact-data", "a key that is no position of an element, or there twice");
			return;
		}
		all->at[position] = n;
		if (position > all->last && is_filled(n))
			all->last = position;
	}
}

static void
elements_put(struct edifact_writer *w, struct str tag, const struct elements *all)
{
	buf_put_str(w->out, tag);
	for (unsigned i = 1; i <= all->last && w->outcome == OUTCOME_OK; i++) {
		char name[8];
		size_t path_n;

		buf_put_char(w->out, w->separators.element);
		if (!all->at[i])
			continue;
		snprintf(name, sizeof name, "%u", i);
		path_n = edifact_path_enter(w, name, -1);
		element_put(w, all->at[i]);
		edifact_path_leave(w, path_n);
	}
	buf_put_char(w->out, w->separators.segment);
}

void
edifact_put_segment(struct edifact_writer *w, const struct node *segment, struct str tag)
{
	struct elements all;

	if (w->outcome != OUTCOME_OK)
		return;
	elements_collect(w, segment, tag, &all);
	elements_put(w, tag, &all);
}

void
edifact_put_trailer(struct edifact_writer *w, const struct node *segment, struct str tag, size_t count,
		    struct str reference)
{
	struct node first = {.type = NODE_TEXT}, second = {.type = NODE_TEXT, .text = reference};
	struct elements all = {.last = 0};
	char text[24];
	int64_t stated;

	if (w->outcome != OUTCOME_OK)
		return;
	if (segment)
		elements_collect(w, segment, tag, &all);
	if (!all.at[1] || !str_to_int(node_text(all.at[1]), &stated) || stated < 0 || (size_t)stated != count) {
		snprintf(text, sizeof text, "%zu", count);
		first.text = str_of(text);
		all.at[1] = &first;
	}
	if (!str_equal(edifact_element(segment, 2, 1), reference))
		all.at[2] = &second;
	if (all.last < 2)
		all.last = 2;
	elements_put(w, tag, &all);
}
