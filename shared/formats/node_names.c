/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/node_names.h"

#include "base/instant.h"

#include <string.h>

static uint64_t
name_hash(struct str name, uint64_t seed)
{
	const uint64_t factor = UINT64_C(0x9E3779B97F4A7C15);
	uint64_t hash = seed ^ name.n, part;

	for (size_t i = 0; i < name.n; i += 8) {
		part = 0;
		memcpy(&part, name.p + i, name.n - i < 8 ? name.n - i : 8);
		unsigned __int128 product = (unsigned __int128)(hash ^ part) * factor;
		hash = (uint64_t)product ^ (uint64_t)(product >> 64) ^ seed;
	}
	return hash * factor >> 32;
}

bool
node_names_init(struct node_names *names, struct arena *arena, size_t count)
{
	size_t size = 64;

	while (size < count * 2)
		size *= 2;
	names->slots = arena_array(arena, size, sizeof(struct node *));
	names->mask = size - 1;
	names->seed = (uint64_t)monotonic_us() ^ (uint64_t)(uintptr_t)arena;
	return names->slots != NULL;
}

struct node **
node_names_place(struct node_names *names, struct str key)
{
	size_t i = name_hash(key, names->seed) & names->mask;

	while (names->slots[i] && !str_equal(names->slots[i]->key, key))
		i = (i + 1) & names->mask;
	return &names->slots[i];
}
