/* SPDX-License-Identifier: Apache-2.0 */
#include "audit/routes.h"

#include "topology_names.h"

#include <stdlib.h>
#include <string.h>

#define ARENA_BYTES ((size_t)64 << 20)

bool
topic_matches(struct str pattern, struct str key)
{
	struct str rest = pattern, word, said;

	if (!pattern.n)
		return !key.n;
	word = str_split(&rest, '.');
	if (str_equal(word, STR("#"))) {
		if (topic_matches(rest, key))
			return true;
		if (!key.n)
			return false;
		(void)str_split(&key, '.');
		return topic_matches(pattern, key);
	}
	if (!key.n)
		return false;
	said = str_split(&key, '.');
	return (str_equal(word, STR("*")) || str_equal(word, said)) && topic_matches(rest, key);
}

static const char *
stage_of(const char *queue)
{
	for (size_t i = 0; i < topology_workers_count; i++)
		for (size_t j = 0; j < topology_workers[i].reads_count; j++)
			if (strcmp(topology_workers[i].reads[j], queue) == 0)
				return topology_workers[i].name;
	return NULL;
}

static bool
is_meant(const char *pattern, const struct party *party)
{
	if (strcmp(pattern, TOPOLOGY_PATTERN_PARTNER) == 0)
		return party->kind == PARTY_WMS;
	return strcmp(pattern, TOPOLOGY_PATTERN_ANSWERED) != 0 || party_has_outbound(party);
}

/* The text with the party in the place of the pattern. */
static const char *
party_put(struct arena *arena, const char *text, const char *pattern, const struct party *party)
{
	const char *at = pattern ? strstr(text, pattern) : NULL;

	if (!at)
		return text;
	return arena_printf(arena, "%.*s%s%s", (int)(at - text), text, party->name, at + strlen(pattern)).p;
}

static void
route_add(struct routes *r, const struct topology_queue *q, const char *stage, const char *pattern,
	  const struct party *party)
{
	const char *queue = party_put(r->arena, q->name, pattern, party);

	for (size_t i = 0; i < q->bindings_count; i++)
		r->items[r->n++] = (struct route){queue, stage, q->bindings[i].exchange,
						  party_put(r->arena, q->bindings[i].key, pattern, party), INT64_MAX};
	/* "*.<queue>": what is sent home */
	r->items[r->n++] = (struct route){queue, stage, EXCHANGE_HOME,
					  queue ? arena_printf(r->arena, "*.%s", queue).p : NULL, INT64_MAX};
}

static void
routes_fill(struct routes *r, const struct party_list *parties)
{
	for (size_t i = 0; i < topology_queues_count; i++) {
		const struct topology_queue *q = &topology_queues[i];
		const char *stage = stage_of(q->name), *pattern = strchr(q->name, '<');

		if (stage && !pattern)
			route_add(r, q, stage, NULL, NULL);
		for (size_t p = 0; stage && pattern && p < party_list_count(parties); p++)
			if (is_meant(pattern, party_list_at(parties, p)))
				route_add(r, q, stage, pattern, party_list_at(parties, p));
	}
}

struct routes *
routes_new(const struct party_list *parties)
{
	struct routes *r = calloc(1, sizeof *r);
	size_t max = 0;

	if (!r)
		return NULL;
	for (size_t i = 0; i < topology_queues_count; i++)
		max += (topology_queues[i].bindings_count + 1) * (party_list_count(parties) + 1);
	r->arena = arena_new(ARENA_BYTES);
	r->items = r->arena ? arena_array(r->arena, max, sizeof *r->items) : NULL;
	if (r->items)
		routes_fill(r, parties);
	for (size_t i = 0; r->items && i < r->n; i++)
		if (!r->items[i].queue || !r->items[i].key)
			r->items = NULL;
	if (!r->items) {
		routes_free(r);
		return NULL;
	}
	return r;
}

void
routes_free(struct routes *routes)
{
	if (!routes)
		return;
	arena_free(routes->arena);
	free(routes);
}

static bool
is_taken(const struct route *r, struct str exchange, struct str key)
{
	if (!str_equal(str_of(r->exchange), exchange))
		return false;
	/* a fanout takes all; a topic exchange has keys */
	return !r->key[0] || topic_matches(str_of(r->key), key);
}

const struct route *
routes_find(const struct routes *routes, struct str exchange, struct str key, size_t *at)
{
	while (*at < routes->n) {
		const struct route *r = &routes->items[(*at)++];

		if (is_taken(r, exchange, key))
			return r;
	}
	return NULL;
}
