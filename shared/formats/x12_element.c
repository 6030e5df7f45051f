/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/x12_element.h"

#include "formats/x12.h"

#include <string.h>

#define NO_KEY ((struct str){NULL, 0})

void
x12_text_add(struct x12_reader *r, struct node *parent, struct str key, struct str raw)
{
	struct str text;

	if (!x12_text(r->build.arena, raw, &text))
		r->build.shortage = X12_SHORTAGE_MEMORY;
	else
		x12_add_text(&r->build, parent, key, text, (size_t)(raw.p - r->start));
}

/* Without component separators and line breaks at the end, which carry nothing. */
static struct str
void_trim(const struct x12_reader *r, struct str raw)
{
	while (raw.n && r->alphabet.classes[(unsigned char)raw.p[raw.n - 1]] & (X12_COMPONENT | X12_BREAK))
		raw.n--;
	return raw;
}

/* One occurrence of an element, which is not void: a text, or the components of a composite. */
static bool
value_add(struct x12_reader *r, struct node *parent, struct str key, struct str raw)
{
	char component = r->alphabet.separators.component;
	struct node *composite;

	if (!memchr(raw.p, component, raw.n)) {
		x12_text_add(r, parent, key, raw);
		return true;
	}
	composite = x12_add(&r->build, parent, NODE_OBJECT, key, (size_t)(raw.p - r->start));
	for (size_t number = 1; raw.n; number++) {
		if (number > X12_ELEMENTS)
			return false;
		x12_text_add(r, composite, x12_number_key(number), str_split(&raw, component));
	}
	return true;
}

/* The next occurrence that is not void; an empty str behind the last. */
static struct str
occurrence_next(const struct x12_reader *r, struct str *rest)
{
	struct str piece = {NULL, 0};

	while (rest->n && !piece.n)
		piece = void_trim(r, str_split(rest, r->alphabet.separators.repetition));
	return piece;
}

static bool
repeated_add(struct x12_reader *r, struct node *parent, struct str key, struct str raw)
{
	struct str rest = raw, first = occurrence_next(r, &rest), piece = occurrence_next(r, &rest);

	if (!first.n)
		return true;
	if (!piece.n)
		return value_add(r, parent, key, first);
	parent = x12_add(&r->build, parent, NODE_LIST, key, (size_t)(first.p - r->start));
	if (!value_add(r, parent, NO_KEY, first))
		return false;
	for (; piece.n; piece = occurrence_next(r, &rest))
		if (!value_add(r, parent, NO_KEY, piece))
			return false;
	return true;
}

bool
x12_element_add(struct x12_reader *r, struct node *parent, struct str key, struct str raw, unsigned seen)
{
	if (seen & X12_REPETITION)
		return repeated_add(r, parent, key, raw);
	if (seen & X12_COMPONENT) {
		raw = void_trim(r, raw);
		return !raw.n || value_add(r, parent, key, raw);
	}
	if (seen & (X12_BREAK | X12_HIGH))
		x12_text_add(r, parent, key, raw);
	else
		x12_add_text(&r->build, parent, key, raw, (size_t)(raw.p - r->start));
	return true;
}
