/* SPDX-License-Identifier: Apache-2.0 */
#include "topology/topology.h"

#include "topology/topology_internal.h"

#include <stdlib.h>
#include <string.h>

void
topology_free(struct topology *t)
{
	struct topology_held *held = (struct topology_held *)t;

	if (!held)
		return;
	arena_free(held->arena);
	free(held);
}

const struct topology_exchange *
topology_exchange_get(const struct topology *t, const char *name)
{
	for (size_t i = 0; i < t->exchanges_count; i++)
		if (strcmp(t->exchanges[i].name, name) == 0)
			return &t->exchanges[i];
	return NULL;
}

const struct topology_queue *
topology_queue_get(const struct topology *t, const char *name)
{
	for (size_t i = 0; i < t->queues_count; i++)
		if (strcmp(t->queues[i].name, name) == 0)
			return &t->queues[i];
	return NULL;
}

const struct topology_event *
topology_event_get(const struct topology *t, const char *name)
{
	for (size_t i = 0; i < t->events_count; i++)
		if (strcmp(t->events[i].name, name) == 0)
			return &t->events[i];
	return NULL;
}

bool
topology_queue_is_final(const struct topology_queue *queue)
{
	return strcmp(queue->name, TOPOLOGY_DEAD_LETTER) == 0 || strcmp(queue->name, TOPOLOGY_UNROUTED) == 0 ||
	       strcmp(queue->name, TOPOLOGY_OUTBOUND) == 0;
}

bool
topology_queue_is_last(const struct topology_queue *queue)
{
	return strcmp(queue->name, TOPOLOGY_REJECTED) == 0;
}
