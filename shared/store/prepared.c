/* SPDX-License-Identifier: Apache-2.0 */
#include "store/prepared.h"

#include "store/bug.h"

#include <string.h>

/* Where the statement is or would be. Slots are never emptied, so that probing need not look behind a gap. */
static size_t
slot_of(const struct prepared *p, const struct statement *statement)
{
	uintptr_t address = (uintptr_t)statement;
	size_t slot = str_hash((struct str){(const char *)&address, sizeof address}) % PREPARED_SLOTS;

	for (size_t i = 0; i < PREPARED_SLOTS; i++, slot = (slot + 1) % PREPARED_SLOTS)
		if (!p->slots[slot] || p->slots[slot] == statement)
			return slot;
	store_bug("more than %d statements", PREPARED_SLOTS);
}

/* The server knows statements by name: two of one name would overwrite each other's meaning. */
static void
name_check(const struct prepared *p, const struct statement *statement)
{
	for (size_t i = 0; i < PREPARED_SLOTS; i++)
		if (p->slots[i] && p->slots[i] != statement && strcmp(p->slots[i]->name, statement->name) == 0)
			store_bug("two statements are named %s", statement->name);
}

bool
prepared_put(struct prepared *p, const struct statement *statement)
{
	size_t slot = slot_of(p, statement);
	bool was_known = p->is_known[slot];

	if (!p->slots[slot])
		name_check(p, statement);
	p->slots[slot] = statement;
	p->is_known[slot] = true;
	return was_known;
}

void
prepared_forget(struct prepared *p, const struct statement *statement)
{
	p->is_known[slot_of(p, statement)] = false;
}

void
prepared_clear(struct prepared *p)
{
	*p = (struct prepared){0};
}
