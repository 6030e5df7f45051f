/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz/json_mutate.h"

#include "formats/json.h"

#include <stdlib.h>
#include <string.h>

#define ARENA_BYTES ((size_t)64 << 20)

static const char *const values[] = {
    "null",
    "true",
    "false",
    "[]",
    "{}",
    "[null]",
    "0",
    "1",
    "-1",
    "0.5",
    "-0.0",
    "0.0000001",
    "1e3",
    "1e400",
    "2147483648",
    "9007199254740993",
    "9223372036854775808",
    "900000000000000",
    "99999999999999999999999999",
    "\"\"",
    "\" \"",
    "\"0\"",
    "\"-0.005\"",
    "\"1,5\"",
    "\"1e9\"",
    "\"nan\"",
    "\"\\u0000\"",
    "\"\\u00e9\\ud83d\\ude00\"",
    "\"%s%n.*[[%b()\"",
    "\"USD\"",
    "\"JPY\"",
    "\"XXX\"",
    "\"0000-01-01T00:00:00Z\"",
    "\"0000-01-01T00:00:00+23:59\"",
    "\"9999-12-31T23:59:60-23:59\"",
    "\"2026-02-30\"",
    "\"cancelled\"",
};

/* The node at the place `*skip` in the document's order. */
static const struct node *
node_pick(const struct node *n, size_t *skip)
{
	const struct node *found = NULL;

	if ((*skip)-- == 0)
		return n;
	for (const struct node *child = n->child; child && !found; child = child->next)
		found = node_pick(child, skip);
	return found;
}

static size_t
nodes_count(const struct node *n)
{
	size_t count = 1;

	for (const struct node *child = n->child; child; child = child->next)
		count += nodes_count(child);
	return count;
}

/* The bytes of a value that begins here; the document is well-formed. */
static struct str
value_at(struct str document, size_t offset)
{
	const char *first = document.p + offset, *end = document.p + document.n, *p = first;
	bool in_text = false;
	size_t depth = 0;

	for (; p < end; p++) {
		if (in_text && *p == '\\') {
			p++;
		} else if (*p == '"') {
			in_text = !in_text;
		} else if (!in_text && (*p == '{' || *p == '[')) {
			depth++;
		} else if (!in_text && depth == 0 && (*p == ',' || *p == '}' || *p == ']')) {
			break;
		} else if (!in_text && (*p == '}' || *p == ']')) {
			depth--;
		}
	}
	return str_trim((struct str){first, (size_t)(p - first)});
}

/* `document` with `old`, a part of it, taken out and `put` in its place. */
static size_t
part_replace(char *document, size_t n, size_t max_bytes, struct str old, struct str put)
{
	size_t at = (size_t)(old.p - document);
	char *copy;

	if (n - old.n + put.n > max_bytes)
		return 0;
	copy = malloc(put.n + 1);
	if (!copy)
		return 0;
	memcpy(copy, put.p, put.n); /* it may be a part of the document too */
	memmove(document + at + put.n, document + at + old.n, n - at - old.n);
	memcpy(document + at, copy, put.n);
	free(copy);
	return n - old.n + put.n;
}

static size_t
value_change(char *document, size_t n, size_t max_bytes, const struct node *root, unsigned *seed)
{
	struct str whole = {document, n};
	size_t count = nodes_count(root), one = (size_t)rand_r(seed) % count, two = (size_t)rand_r(seed) % count;
	const struct node *a = node_pick(root, &one), *b = node_pick(root, &two);
	struct str old = value_at(whole, a->offset);

	switch (rand_r(seed) % 4) {
	case 0:
		return part_replace(document, n, max_bytes, old, value_at(whole, b->offset));
	case 1:
		/* An element of a list, twice */
		if (a != root && !a->key.p) {
			n = part_replace(document, n, max_bytes, (struct str){old.p, 0}, STR(","));
			return n ? part_replace(document, n, max_bytes, (struct str){old.p, 0},
						(struct str){old.p + 1, old.n})
				 : 0;
		}
		/* fallthrough */
	default:
		return part_replace(document, n, max_bytes, old,
				    str_of(values[(size_t)rand_r(seed) % COUNT_OF(values)]));
	}
}

size_t
json_mutate(char *document, size_t n, size_t max_bytes, unsigned seed)
{
	struct arena *arena = arena_new(ARENA_BYTES);
	struct node *root;
	struct why why;
	size_t changed = 0;

	if (json_parse((struct str){document, n}, &tree_default_limits, arena, &root, &why) == OUTCOME_OK)
		changed = value_change(document, n, max_bytes, root, &seed);
	arena_free(arena);
	return changed;
}
