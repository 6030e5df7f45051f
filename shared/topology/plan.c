/* SPDX-License-Identifier: Apache-2.0 */
#include "topology/plan_internal.h"

#include <stdlib.h>
#include <string.h>

#define ARENA_MAX_BYTES ((size_t)256 << 20)
#define REGEX_MAX_BYTES ((size_t)64 << 10)

/* What plan_new() gives out is its first member; the arena holds all the rest. */
struct plan_held {
	struct plan plan;
	struct arena *arena;
};

void *
planner_rows(struct planner *p, size_t count, size_t size)
{
	void *rows = arena_array(p->arena, count + 1, size);

	if (!rows)
		p->failed = true;
	return rows;
}

const char *
planner_text(struct planner *p, const char *format, ...)
{
	char *copy;
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(NULL, 0, format, args);
	va_end(args);
	copy = n >= 0 ? arena_get(p->arena, (size_t)n + 1) : NULL;
	if (!copy) {
		p->failed = true;
		return "";
	}
	va_start(args, format);
	vsnprintf(copy, (size_t)n + 1, format, args);
	va_end(args);
	return copy;
}

const char *
planner_regex(struct planner *p, const char *name)
{
	struct buf regex;
	const char *copy;

	buf_init(&regex, REGEX_MAX_BYTES);
	for (const char *c = name; *c && *c != '<'; c++)
		buf_printf(&regex, "%s%c", *c == '.' ? "\\" : "", *c);
	if (strchr(name, '<'))
		buf_printf(&regex, "[a-z0-9-]+");
	copy = planner_text(p, "%s", buf_text(&regex));
	p->failed |= !buf_is_ok(&regex);
	buf_release(&regex);
	return copy;
}

/* The index-th party that the pattern stands for; NULL behind the last. */
static const struct party *
match_at(const struct planner *p, const char *pattern, size_t index)
{
	bool only_partners = strstr(pattern, TOPOLOGY_PATTERN_PARTNER) != NULL;
	bool only_answered = strstr(pattern, TOPOLOGY_PATTERN_ANSWERED) != NULL;

	for (size_t i = 0; i < party_list_count(p->parties); i++) {
		const struct party *party = party_list_at(p->parties, i);

		if ((only_partners && party->kind != PARTY_WMS) || (only_answered && !party_has_outbound(party)))
			continue;
		if (index-- == 0)
			return party;
	}
	return NULL;
}

size_t
planner_match_count(const struct planner *p, const char *pattern)
{
	size_t n = 0;

	if (!strchr(pattern, '<'))
		return 1;
	while (match_at(p, pattern, n))
		n++;
	return n;
}

/* The text with the party's name in the pattern's place. */
static const char *
name_put(struct planner *p, const char *text, const char *party)
{
	const char *open = strchr(text, '<'), *close = open ? strchr(open, '>') : NULL;

	if (!close)
		return text;
	return planner_text(p, "%.*s%s%s", (int)(open - text), text, party, close + 1);
}

const char *
planner_name(struct planner *p, const char *pattern, size_t index)
{
	if (!strchr(pattern, '<'))
		return pattern;
	return name_put(p, pattern, match_at(p, pattern, index)->name);
}

static void
exchanges_plan(struct planner *p)
{
	const struct topology *t = p->topology;

	p->plan->exchanges = planner_rows(p, t->exchanges_count, sizeof *p->plan->exchanges);
	for (size_t i = 0; !p->failed && i < t->exchanges_count; i++)
		p->plan->exchanges[p->plan->exchanges_count++] =
		    (struct plan_exchange){t->exchanges[i].name, t->exchanges[i].type};
}

static void
binding_add(struct planner *p, const char *source, const char *queue, const char *key)
{
	p->plan->bindings[p->plan->bindings_count++] = (struct plan_binding){source, queue, key};
}

/* One queue, its bindings, and the way home. */
static void
queue_add(struct planner *p, const struct topology_queue *q, size_t index)
{
	const struct party *party = strchr(q->name, '<') ? match_at(p, q->name, index) : NULL;
	const char *name = planner_name(p, q->name, index);

	p->plan->queues[p->plan->queues_count++] = (struct plan_queue){name};
	for (size_t i = 0; i < q->bindings_count; i++)
		binding_add(p, q->bindings[i].exchange, name,
			    party ? name_put(p, q->bindings[i].key, party->name) : q->bindings[i].key);
	binding_add(p, TOPOLOGY_HOME, name, planner_text(p, "*.%s", name));
}

static void
queues_plan(struct planner *p)
{
	const struct topology *t = p->topology;
	size_t queues = t->retry_tiers_count, bindings = t->retry_tiers_count;

	for (size_t i = 0; i < t->queues_count; i++) {
		queues += planner_match_count(p, t->queues[i].name);
		bindings += planner_match_count(p, t->queues[i].name) * (t->queues[i].bindings_count + 1);
	}
	p->plan->queues = planner_rows(p, queues, sizeof *p->plan->queues);
	p->plan->bindings = planner_rows(p, bindings, sizeof *p->plan->bindings);
	if (p->failed)
		return;
	for (size_t i = 0; i < t->queues_count; i++)
		for (size_t j = 0; j < planner_match_count(p, t->queues[i].name); j++)
			queue_add(p, &t->queues[i], j);
	for (size_t i = 0; i < t->retry_tiers_count; i++) {
		const char *name = planner_text(p, TOPOLOGY_RETRY ".%s", t->retry_tiers[i].name);

		p->plan->queues[p->plan->queues_count++] = (struct plan_queue){name};
		binding_add(p, TOPOLOGY_RETRY, name, planner_text(p, "%s.#", t->retry_tiers[i].name));
	}
}

static struct plan_policy *
policy_add(struct planner *p, const char *name, const char *pattern, const char *apply_to)
{
	struct plan_policy *policy = &p->plan->policies[p->plan->policies_count++];

	*policy = (struct plan_policy){.name = name, .pattern = pattern, .apply_to = apply_to};
	return policy;
}

static void
setting_text(struct plan_policy *policy, const char *key, const char *text)
{
	policy->settings[policy->settings_count++] = (struct plan_setting){.key = key, .text = text};
}

static void
setting_number(struct plan_policy *policy, const char *key, int64_t number)
{
	policy->settings[policy->settings_count++] = (struct plan_setting){.key = key, .number = number};
}

static void
setting_dead_letters(struct plan_policy *policy, const char *exchange)
{
	setting_text(policy, "dead-letter-exchange", exchange);
	setting_text(policy, "dead-letter-strategy", "at-least-once");
	setting_text(policy, "overflow", "reject-publish");
}

enum queue_end { QUEUE_WORK, QUEUE_FINAL, QUEUE_LAST };

static enum queue_end
queue_end_of(const struct topology_queue *q)
{
	return topology_queue_is_last(q) ? QUEUE_LAST : topology_queue_is_final(q) ? QUEUE_FINAL : QUEUE_WORK;
}

/* A regular expression over all queues of one sort. A pattern's place takes any name: a party that is added
 * later finds its policy waiting. */
static const char *
queues_pattern(struct planner *p, enum queue_end end)
{
	const struct topology *t = p->topology;
	const char *pattern;
	struct buf list;

	buf_init(&list, REGEX_MAX_BYTES);
	for (size_t i = 0; i < t->queues_count; i++)
		if (queue_end_of(&t->queues[i]) == end)
			buf_printf(&list, "%s%s", list.n ? "|" : "", planner_regex(p, t->queues[i].name));
	pattern = planner_text(p, "^(%s)$", buf_text(&list));
	p->failed |= !buf_is_ok(&list);
	buf_release(&list);
	return pattern;
}

static void
setting_limits(struct plan_policy *policy, const struct topology_policy *limits)
{
	setting_number(policy, "delivery-limit", limits->delivery_limit);
	if (limits->max_length)
		setting_number(policy, "max-length", limits->max_length);
	if (limits->max_length_bytes)
		setting_number(policy, "max-length-bytes", limits->max_length_bytes);
}

static void
policies_plan(struct planner *p)
{
	const struct topology *t = p->topology;
	struct plan_policy *policy;

	p->plan->policies = planner_rows(p, 3 + t->retry_tiers_count + t->exchanges_count, sizeof *p->plan->policies);
	if (p->failed)
		return;
	policy = policy_add(p, "work", queues_pattern(p, QUEUE_WORK), "queues");
	setting_dead_letters(policy, TOPOLOGY_DEAD_LETTER);
	setting_limits(policy, &t->work);
	policy = policy_add(p, "final", queues_pattern(p, QUEUE_FINAL), "queues");
	setting_dead_letters(policy, TOPOLOGY_REJECTED);
	setting_limits(policy, &t->final);
	policy = policy_add(p, "last", queues_pattern(p, QUEUE_LAST), "queues");
	setting_number(policy, "delivery-limit", t->final.delivery_limit);
	for (size_t i = 0; i < t->retry_tiers_count; i++) {
		const struct topology_retry_tier *tier = &t->retry_tiers[i];

		policy = policy_add(p, planner_text(p, "retry-%s", tier->name),
				    planner_text(p, "^" TOPOLOGY_RETRY "\\.%s$", tier->name), "queues");
		setting_dead_letters(policy, TOPOLOGY_HOME);
		setting_number(policy, "message-ttl",
			       p->options.retry_delay_ms ? p->options.retry_delay_ms : tier->delay_ms);
	}
	for (size_t i = 0; i < t->exchanges_count; i++) {
		const struct topology_exchange *e = &t->exchanges[i];

		if (!e->alternate)
			continue;
		policy = policy_add(p, planner_text(p, "alternate-%s", e->name), planner_text(p, "^%s$", e->name),
				    "exchanges");
		setting_text(policy, "alternate-exchange", e->alternate);
	}
}

/* Every row begins with its name; bindings of one source follow by queue and key. */
static int
by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int
by_source(const void *a, const void *b)
{
	const struct plan_binding *x = a, *y = b;
	int order = strcmp(x->source, y->source);

	if (order == 0)
		order = strcmp(x->queue, y->queue);
	return order ? order : strcmp(x->key, y->key);
}

static int
by_user(const void *a, const void *b)
{
	const struct plan_topic *x = a, *y = b;
	int order = strcmp(x->user, y->user);

	return order ? order : strcmp(x->exchange, y->exchange);
}

static void
plan_sort(struct plan *plan)
{
	qsort(plan->exchanges, plan->exchanges_count, sizeof *plan->exchanges, by_name);
	qsort(plan->queues, plan->queues_count, sizeof *plan->queues, by_name);
	qsort(plan->bindings, plan->bindings_count, sizeof *plan->bindings, by_source);
	qsort(plan->policies, plan->policies_count, sizeof *plan->policies, by_name);
	qsort(plan->users, plan->users_count, sizeof *plan->users, by_name);
	qsort(plan->topics, plan->topics_count, sizeof *plan->topics, by_user);
}

struct plan *
plan_new(const struct topology *t, const struct party_list *parties, const struct plan_options *options)
{
	struct plan_held *held = calloc(1, sizeof *held);
	struct planner p = {.topology = t, .parties = parties, .options = *options};

	if (!held)
		return NULL;
	held->arena = arena_new(ARENA_MAX_BYTES);
	if (!held->arena) {
		free(held);
		return NULL;
	}
	p.plan = &held->plan;
	p.arena = held->arena;
	p.plan->vhost = t->vhost;
	exchanges_plan(&p);
	queues_plan(&p);
	policies_plan(&p);
	planner_rights(&p);
	if (p.failed) {
		plan_free(p.plan);
		return NULL;
	}
	plan_sort(p.plan);
	return p.plan;
}

void
plan_free(struct plan *plan)
{
	struct plan_held *held = (struct plan_held *)plan;

	if (!held)
		return;
	arena_free(held->arena);
	free(held);
}
