/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who may do what, as little as does the work. Nobody but the admin may declare or bind anything. A worker reads its
 * own queues and writes its own events; a retry, or what is released from behind a gate, only to its own queues; one
 * that reads no queue writes its own events, or without any may send home to any queue, for it puts back what was lost; one
 * that lets documents in writes those of any party, and nothing else. A party writes its own documents, and reads what it is
 * answered. The operator writes documents of any party, says again an event that found nobody bound for it, and releases to
 * any queue; he reads nothing, dead letters are in the database.
 *
 * A topic permission says nothing about an exchange it does not name, so every topic exchange is named for everybody.
 */
#include "topology/plan_internal.h"

#include <string.h>

#define LIST_MAX_BYTES ((size_t)1 << 20) /* of one worker's queues */

/* What a user may write to which topic exchange; NULL is nothing. RabbitMQ calls it reading to bind a queue to one. */
struct topics {
	const char *intake, *events, *retry, *home;
	bool may_bind;
};

static const char *
topic_of(const struct topics *topics, const char *exchange)
{
	const struct {
		const char *exchange, *write;
	} rows[] = {
	    {TOPOLOGY_INTAKE, topics->intake},
	    {TOPOLOGY_EVENTS, topics->events},
	    {TOPOLOGY_RETRY, topics->retry},
	    {TOPOLOGY_HOME, topics->home},
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++)
		if (rows[i].write && strcmp(rows[i].exchange, exchange) == 0)
			return rows[i].write;
	return PLAN_NOTHING;
}

static void
user_add(struct planner *p, const struct plan_user *user, const struct topics *topics)
{
	const struct topology *t = p->topology;

	p->plan->users[p->plan->users_count++] = *user;
	for (size_t i = 0; i < t->exchanges_count; i++)
		if (strcmp(t->exchanges[i].type, "topic") == 0)
			p->plan->topics[p->plan->topics_count++] = (struct plan_topic){
			    user->name, t->exchanges[i].name, topic_of(topics, t->exchanges[i].name),
			    topics->may_bind ? PLAN_ANYTHING : PLAN_NOTHING};
}

/* The list as text of the arena. */
static const char *
list_end(struct planner *p, struct buf *list)
{
	const char *text = planner_text(p, "%s", buf_text(list));

	p->failed |= !buf_is_ok(list);
	buf_release(list);
	return text;
}

/* The worker's queues as alternatives of a regular expression: ingest\.shopify|ingest\.woocommerce */
static const char *
reads_regex(struct planner *p, const struct topology_worker *w)
{
	struct buf list;

	buf_init(&list, LIST_MAX_BYTES);
	for (size_t i = 0; i < w->reads_count; i++)
		for (size_t j = 0; j < planner_match_count(p, w->reads[i]); j++)
			buf_printf(&list, "%s%s", list.n ? "|" : "", planner_regex(p, planner_name(p, w->reads[i], j)));
	return list_end(p, &list);
}

static const char *
says_regex(struct planner *p, const struct topology_worker *w)
{
	struct buf list;

	buf_init(&list, LIST_MAX_BYTES);
	for (size_t i = 0; i < w->says_count; i++)
		buf_printf(&list, "%s%s", list.n ? "|" : "", planner_regex(p, w->says[i]));
	return list_end(p, &list);
}

/* Every event that somebody says. */
static const char *
events_regex(struct planner *p)
{
	const struct topology *t = p->topology;
	struct buf list;

	buf_init(&list, LIST_MAX_BYTES);
	buf_put_str(&list, STR("^("));
	for (size_t i = 0; i < t->events_count; i++)
		buf_printf(&list, "%s%s", i ? "|" : "", planner_regex(p, t->events[i].name));
	buf_put_str(&list, STR(")\\..*"));
	return list_end(p, &list);
}

static void
worker_add(struct planner *p, const struct topology_worker *w)
{
	const char *reads = reads_regex(p, w), *says = says_regex(p, w);
	struct topics topics = {.intake = NULL};
	struct plan_user user = {.name = w->name, .configure = PLAN_NOTHING};

	if (w->enters) {
		user.read = PLAN_NOTHING;
		user.write = "^" TOPOLOGY_INTAKE "$";
		topics.intake = PLAN_ANYTHING;
		user_add(p, &user, &topics);
		return;
	}
	if (w->reads_count == 0) {
		user.read = PLAN_NOTHING;
		user.write = says[0] ? "^" TOPOLOGY_EVENTS "$" : "^" TOPOLOGY_HOME "$";
		if (says[0])
			topics.events = planner_text(p, "^(%s)\\..*", says);
		else
			topics.home = "^now\\..*";
		user_add(p, &user, &topics);
		return;
	}
	if (!reads[0]) { /* its pattern stands for no party yet */
		user.read = PLAN_NOTHING;
		user.write = "^" TOPOLOGY_DEAD_LETTER "$";
		user_add(p, &user, &topics);
		return;
	}
	user.read = planner_text(p, "^(%s)$", reads);
	user.write = planner_text(p, "^(" TOPOLOGY_DEAD_LETTER "%s|" TOPOLOGY_HOME "|" TOPOLOGY_RETRY ")$",
				  says[0] ? "|" TOPOLOGY_EVENTS : "");
	topics.retry = planner_text(p, "^[^.]+\\.(%s)$", reads);
	topics.home = planner_text(p, "^now\\.(%s)$", reads);
	if (says[0])
		topics.events = planner_text(p, "^(%s)\\..*", says);
	user_add(p, &user, &topics);
}

/* The queue of this one party that it reads itself. */
static const char *
outbound_regex(struct planner *p, const struct party *party)
{
	int prefix = (int)(strlen(TOPOLOGY_OUTBOUND) - strlen(TOPOLOGY_PATTERN_ANSWERED));

	return planner_text(p, "^%s$",
			    planner_regex(p, planner_text(p, "%.*s%s", prefix, TOPOLOGY_OUTBOUND, party->name)));
}

static void
party_add(struct planner *p, const struct party *party)
{
	const struct plan_user user = {.name = planner_text(p, "party-%s", party->name),
				       .configure = PLAN_NOTHING,
				       .write = "^" TOPOLOGY_INTAKE "$",
				       .read = party_has_outbound(party) ? outbound_regex(p, party) : PLAN_NOTHING};
	const struct topics topics = {.intake = planner_text(p, "^%s\\..*", party->name)};

	user_add(p, &user, &topics);
}

void
planner_rights(struct planner *p)
{
	static const struct plan_user operator_user = {.name = "operator",
						       .configure = PLAN_NOTHING,
						       .write = "^(" TOPOLOGY_EVENTS "|" TOPOLOGY_HOME
								"|" TOPOLOGY_INTAKE ")$",
						       .read = PLAN_NOTHING};
	static const struct plan_user admin_user = {.name = "admin",
						    .tag = "administrator",
						    .configure = PLAN_ANYTHING,
						    .write = PLAN_ANYTHING,
						    .read = PLAN_ANYTHING};
	const struct topics operator_topics = {.intake = PLAN_ANYTHING, .events = events_regex(p), .home = "^now\\..*"};
	static const struct topics admin_topics = {PLAN_ANYTHING, PLAN_ANYTHING, PLAN_ANYTHING, PLAN_ANYTHING, true};
	const struct topology *t = p->topology;
	size_t users = t->workers_count + party_list_count(p->parties) + 2;

	p->plan->users = planner_rows(p, users, sizeof *p->plan->users);
	p->plan->topics = planner_rows(p, users * t->exchanges_count, sizeof *p->plan->topics);
	if (p->failed)
		return;
	for (size_t i = 0; i < t->workers_count; i++)
		worker_add(p, &t->workers[i]);
	for (size_t i = 0; i < party_list_count(p->parties); i++)
		party_add(p, party_list_at(p->parties, i));
	user_add(p, &operator_user, &operator_topics);
	user_add(p, &admin_user, &admin_topics);
}
