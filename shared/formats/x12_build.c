/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/x12_build.h"

#include <string.h>

#define KEY_BYTES 5      /* a tag of three bytes and two digits */
#define KEYS_AT_ONCE 16u /* most segments have fewer elements */

void
x12_builder_init(struct x12_builder *b, struct arena *arena, size_t nodes_limit)
{
	*b = (struct x12_builder){.arena = arena, .nodes_left = nodes_limit};
}

struct node *
x12_node(struct x12_builder *b, enum node_type type, struct str key, size_t offset)
{
	struct node *n;

	if (!b->nodes_left && !b->shortage)
		b->shortage = X12_SHORTAGE_NODES;
	if (b->shortage)
		return NULL;
	n = node_new(b->arena, type, offset);
	if (!n) {
		b->shortage = X12_SHORTAGE_MEMORY;
		return NULL;
	}
	b->nodes_left--;
	n->key = key;
	return n;
}

struct node *
x12_add(struct x12_builder *b, struct node *parent, enum node_type type, struct str key, size_t offset)
{
	struct node *n = parent ? x12_node(b, type, key, offset) : NULL;

	if (n)
		node_append(parent, n);
	return n;
}

void
x12_add_text(struct x12_builder *b, struct node *parent, struct str key, struct str text, size_t offset)
{
	struct node *n = text.n ? x12_add(b, parent, NODE_TEXT, key, offset) : NULL;

	if (n)
		n->text = text;
}

/* --- keys --- */

static struct x12_keys *
keys_of(struct x12_builder *b, struct str tag)
{
	unsigned hash = 0;
	struct x12_keys *k;

	for (size_t i = 0; i < tag.n; i++)
		hash = hash * 37 + (unsigned char)tag.p[i];
	k = &b->keys[hash % X12_KEY_SLOTS];
	if (!str_equal(k->tag, tag))
		*k = (struct x12_keys){.tag = tag};
	return k;
}

/* Keys that were given out stay where they are; more of them are a new piece of memory. */
static bool
keys_make(struct x12_builder *b, struct x12_keys *k, size_t count)
{
	char *text = arena_array(b->arena, count, KEY_BYTES);

	if (!text) {
		b->shortage = X12_SHORTAGE_MEMORY;
		return false;
	}
	for (size_t i = 0; i < count; i++) {
		char *key = text + i * KEY_BYTES;

		memcpy(key, k->tag.p, k->tag.n);
		key[k->tag.n] = (char)('0' + (i + 1) / 10 % 10);
		key[k->tag.n + 1] = (char)('0' + (i + 1) % 10);
	}
	k->text = text;
	k->count = count;
	return true;
}

struct str
x12_key(struct x12_builder *b, struct str tag, size_t number)
{
	struct x12_keys *k = keys_of(b, tag);

	if (number > k->count && !keys_make(b, k, (number + KEYS_AT_ONCE - 1) / KEYS_AT_ONCE * KEYS_AT_ONCE))
		return (struct str){NULL, 0};
	return (struct str){k->text + (number - 1) * KEY_BYTES, tag.n + 2};
}

struct str
x12_number_key(size_t number)
{
	static const char digits[] = "01020304050607080910111213141516171819202122232425262728293031323334353637383940"
				     "41424344454647484950515253545556575859606162636465666768697071727374757677787980"
				     "81828384858687888990919293949596979899";
	const char *p = digits + (number - 1) * 2;

	return number < 10 ? (struct str){p + 1, 1} : (struct str){p, 2};
}

/* --- faults --- */

void
x12_add_fault(struct x12_builder *b, struct node *level, const struct x12_fault *fault)
{
	struct node *faults = level ? level->last : NULL, *n;

	if (!faults || !str_equal(faults->key, STR("faults")))
		faults = x12_add(b, level, NODE_LIST, STR("faults"), fault->offset);
	n = x12_add(b, faults, NODE_OBJECT, (struct str){NULL, 0}, fault->offset);
	x12_add_text(b, n, STR("code"), str_of(fault->code), fault->offset);
	x12_add_text(b, n, STR("ack"), str_of(fault->ack), fault->offset);
	x12_add_text(b, n, STR("text"), fault->text, fault->offset);
}
