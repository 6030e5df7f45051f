/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the entries of topology.yaml say about each other. A queue that nobody reads, an event that nobody hears and a
 * binding to an exchange that is not there are found here, before a broker is.
 */
#include "topology/topology_internal.h"

#include <string.h>

struct role {
	const char *exchange;
	const char *type;
};

static const struct role roles[] = {
    {TOPOLOGY_INTAKE, "topic"},    {TOPOLOGY_EVENTS, "topic"},       {TOPOLOGY_RETRY, "topic"},
    {TOPOLOGY_HOME, "topic"},      {TOPOLOGY_DEAD_LETTER, "fanout"}, {TOPOLOGY_UNROUTED, "fanout"},
    {TOPOLOGY_REJECTED, "fanout"},
};

/* The row of any of the lists begins with its name. */
static void
names_check(struct yaml_file *file, const char *list, const void *rows, size_t count, size_t size)
{
	for (size_t i = 0; i < count; i++)
		for (size_t j = i + 1; j < count; j++) {
			const char *a = *(const char *const *)((const char *)rows + i * size);
			const char *b = *(const char *const *)((const char *)rows + j * size);
			char field[YAML_FIELD_BYTES];

			snprintf(field, sizeof field, "%s[%zu].name", list, j);
			if (a[0] && strcmp(a, b) == 0)
				yaml_file_problem(file, field, "\"%s\" is there twice", b);
		}
}

static void
exchanges_check(const struct topology *t, struct yaml_file *file)
{
	for (size_t i = 0; i < COUNT_OF(roles); i++) {
		const struct topology_exchange *e = topology_exchange_get(t, roles[i].exchange);

		if (!e || strcmp(e->type, roles[i].type) != 0)
			yaml_file_problem(file, "exchanges", "an exchange %s of type %s must be there",
					  roles[i].exchange, roles[i].type);
	}
	for (size_t i = 0; i < t->exchanges_count; i++) {
		const char *alternate = t->exchanges[i].alternate;
		char field[YAML_FIELD_BYTES];

		snprintf(field, sizeof field, "exchanges[%zu].alternate", i);
		if (alternate && !topology_exchange_get(t, alternate))
			yaml_file_problem(file, field, "there is no exchange \"%s\"", alternate);
	}
}

static bool
is_read(const struct topology *t, const char *queue)
{
	for (size_t i = 0; i < t->workers_count; i++)
		for (size_t j = 0; j < t->workers[i].reads_count; j++)
			if (strcmp(t->workers[i].reads[j], queue) == 0)
				return true;
	return false;
}

/* The pattern at the end of the name; NULL when there is none. Sets *is_wrong for any other use of "<". */
static const char *
pattern_of(const char *name, bool *is_wrong)
{
	const char *open = strchr(name, '<');

	*is_wrong =
	    strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-.") != (open ? (size_t)(open - name) : strlen(name));
	if (open && strcmp(open, TOPOLOGY_PATTERN_PARTY) != 0 && strcmp(open, TOPOLOGY_PATTERN_PARTNER) != 0 &&
	    strcmp(open, TOPOLOGY_PATTERN_ANSWERED) != 0)
		*is_wrong = true;
	return open;
}

static void
binding_check(const struct topology *t, const struct topology_queue *q, const struct topology_binding *b,
	      struct yaml_file *file, const char *entry)
{
	const struct topology_exchange *e = topology_exchange_get(t, b->exchange);
	const char *queue_pattern = strchr(q->name, '<'), *open = strchr(b->key, '<');
	char field[YAML_FIELD_BYTES];

	snprintf(field, sizeof field, "%s.exchange", entry);
	if (!e) {
		yaml_file_problem(file, field, "there is no exchange \"%s\"", b->exchange);
		return;
	}
	snprintf(field, sizeof field, "%s.key", entry);
	if ((strcmp(e->type, "topic") == 0) != (b->key[0] != '\0'))
		yaml_file_problem(file, field, "an exchange of type topic needs a key, the others take none");
	if (open && (!queue_pattern || strncmp(open, queue_pattern, strlen(queue_pattern)) != 0))
		yaml_file_problem(file, field, "\"%s\" has a pattern that the queue's name has not", b->key);
}

static void
queues_check(const struct topology *t, struct yaml_file *file)
{
	for (size_t i = 0; i < t->queues_count; i++) {
		const struct topology_queue *q = &t->queues[i];
		char field[YAML_FIELD_BYTES], entry[YAML_FIELD_BYTES / 2];
		bool is_wrong;

		(void)pattern_of(q->name, &is_wrong);
		snprintf(field, sizeof field, "queues[%zu].name", i);
		if (is_wrong)
			yaml_file_problem(file, field,
					  "\"%s\" may end in " TOPOLOGY_PATTERN_PARTY ", " TOPOLOGY_PATTERN_PARTNER
					  " or " TOPOLOGY_PATTERN_ANSWERED ", and has no other pattern",
					  q->name);
		if (strncmp(q->name, TOPOLOGY_RETRY ".", sizeof TOPOLOGY_RETRY) == 0)
			yaml_file_problem(file, field,
					  "names that begin with " TOPOLOGY_RETRY ". belong to the retry tiers");
		if (!is_read(t, q->name) && strcmp(q->name, TOPOLOGY_OUTBOUND) != 0 && !topology_queue_is_last(q))
			yaml_file_problem(file, field, "no worker reads \"%s\"", q->name);
		for (size_t j = 0; j < q->bindings_count; j++) {
			snprintf(entry, sizeof entry, "queues[%zu].bindings[%zu]", i, j);
			binding_check(t, q, &q->bindings[j], file, entry);
		}
	}
}

static void
tiers_check(const struct topology *t, struct yaml_file *file)
{
	for (size_t i = 1; i < t->retry_tiers_count; i++) {
		char field[YAML_FIELD_BYTES];

		snprintf(field, sizeof field, "retry_tiers[%zu].delay_ms", i);
		if (t->retry_tiers[i].delay_ms <= t->retry_tiers[i - 1].delay_ms)
			yaml_file_problem(file, field, "must be longer than the tier's before it");
	}
}

/* Is there a binding that takes the event whatever its scope, or scope by scope? */
static bool
is_heard(const struct topology *t, const char *event)
{
	size_t n = strlen(event);

	for (size_t i = 0; i < t->queues_count; i++)
		for (size_t j = 0; j < t->queues[i].bindings_count; j++) {
			const struct topology_binding *b = &t->queues[i].bindings[j];

			if (strcmp(b->exchange, TOPOLOGY_EVENTS) == 0 &&
			    (strcmp(b->key, "#") == 0 || (strncmp(b->key, event, n) == 0 && b->key[n] == '.')))
				return true;
		}
	return false;
}

static void
events_check(const struct topology *t, struct yaml_file *file)
{
	for (size_t i = 0; i < t->events_count; i++) {
		char field[YAML_FIELD_BYTES];

		snprintf(field, sizeof field, "events[%zu].subscribed", i);
		if (t->events[i].subscribed && !is_heard(t, t->events[i].name))
			yaml_file_problem(file, field, "no queue is bound for \"%s\"", t->events[i].name);
	}
}

static void
workers_check(const struct topology *t, struct yaml_file *file)
{
	for (size_t i = 0; i < t->workers_count; i++) {
		const struct topology_worker *w = &t->workers[i];
		char field[YAML_FIELD_BYTES];

		snprintf(field, sizeof field, "workers[%zu].reads", i);
		if (w->reads_count > 0 && w->enters)
			yaml_file_problem(file, field, "is not empty: what lets documents in reads no queue");
		for (size_t j = 0; j < w->reads_count; j++)
			if (!topology_queue_get(t, w->reads[j]))
				yaml_file_problem(file, field, "there is no queue \"%s\"", w->reads[j]);
		snprintf(field, sizeof field, "workers[%zu].says", i);
		for (size_t j = 0; j < w->says_count; j++)
			if (!topology_event_get(t, w->says[j]))
				yaml_file_problem(file, field, "there is no event \"%s\"", w->says[j]);
	}
}

void
topology_check(const struct topology *t, struct yaml_file *file)
{
	names_check(file, "exchanges", t->exchanges, t->exchanges_count, sizeof *t->exchanges);
	names_check(file, "queues", t->queues, t->queues_count, sizeof *t->queues);
	names_check(file, "retry_tiers", t->retry_tiers, t->retry_tiers_count, sizeof *t->retry_tiers);
	names_check(file, "events", t->events, t->events_count, sizeof *t->events);
	names_check(file, "workers", t->workers, t->workers_count, sizeof *t->workers);
	exchanges_check(t, file);
	queues_check(t, file);
	tiers_check(t, file);
	events_check(t, file);
	workers_check(t, file);
}
