/* SPDX-License-Identifier: Apache-2.0 */
/*
 * audit - do the books balance, and which rows break them?
 * A set of subjects is checked at a time: orders, documents or items, some hundred of them, so that the work is bounded
 * however large the database is. Reads only.
 *
 *   audit_next / audit_changed … → ids → audit_check() → findings, totals
 *
 * Beside the SQL of checks.h two things are judged in C: facts.c compares rows with the canonical document they were
 * made of, trail.c follows what was said because of a document until all of it has settled.
 */
#ifndef TRIBUTARY_AUDIT_AUDIT_H
#define TRIBUTARY_AUDIT_AUDIT_H

#include "audit/checks.h"
#include "audit/routes.h"

struct audit_finding {
	struct audit_finding *next;
	enum audit_scope scope;
	const char *check;
	struct str subject, table, key, says;
};

/* What all sets so far came to; kept in fixed memory, so that the arena may be cleared between sets. */
#define AUDIT_TOTALS_MAX 96
struct audit_total {
	char what[48];
	int64_t value;
};

struct audit {
	struct store *store;
	struct arena *arena; /* of one set */
	const struct routes *routes;
	int64_t grace_s; /* what is younger may be under way */
	struct audit_finding *findings, **findings_end;
	size_t findings_count;
	bool is_capped; /* a check found as many as it may; there may be more */
	struct audit_total totals[AUDIT_TOTALS_MAX];
	size_t totals_count;
};

void audit_init(struct audit *a, struct store *store, struct arena *arena, const struct routes *routes,
		int64_t grace_s);
/* audit_session - once per connection: every row is looked up by its key. What the server knows of a table may be old, and
 * a plan that joins whole tables is right for a small one only */
enum outcome audit_session(struct audit *a, struct why *why) MUST_CHECK;
/* audit_clear - no findings, arena empty; the totals stay */
void audit_clear(struct audit *a);
/* audit_report - one finding more; texts are copied into the arena */
void audit_report(struct audit *a, enum audit_scope scope, const char *check, struct str subject, struct str table,
		  struct str key, struct str says);

/* A set: of orders and documents ids, of stock item numbers; from the arena. */
struct audit_set {
	enum audit_scope scope;
	struct uuid *ids;
	struct str *items;
	size_t n;
};

/* audit_check - every check of the set's scope, facts included; in a transaction per statement, nothing is written
 * OUTCOME_…  the store's */
enum outcome audit_check(struct audit *a, const struct audit_set *set, struct why *why) MUST_CHECK;
/* audit_add - what the set adds up to, to the totals */
enum outcome audit_add(struct audit *a, const struct audit_set *set, struct why *why) MUST_CHECK;

/* audit_next_* - the next `max` subjects behind `after`, in the order of their keys; fewer: those were the last. Also
 * those of which only a trace is left. */
enum outcome audit_next_orders(struct audit *a, struct uuid after, int64_t max, struct audit_set *set,
			       struct why *why) MUST_CHECK;
enum outcome audit_next_documents(struct audit *a, struct uuid after, int64_t max, struct audit_set *set,
				  struct why *why) MUST_CHECK;
enum outcome audit_next_items(struct audit *a, struct str after, int64_t max, struct audit_set *set,
			      struct why *why) MUST_CHECK;

/*
 * audit_changed_* - what was written from since_us (exclusive) to until_us, by id
 * read_us  how far that came: until_us, or less when there was more
 *
 * An order of which something was written behind that, up to known_us, is not among them: it is still changing, and whoever
 * goes on from *read_us to known_us or later finds it there, with its last change. So each order is found once, when it came
 * to rest; one that never does only by audit_next_orders.
 */
struct audit_span {
	int64_t since_us, until_us;
	int64_t known_us; /* what was written up to then is read: by this call, or for certain by one after it */
	int64_t max;      /* rows read at most */
};
enum outcome audit_changed_orders(struct audit *a, const struct audit_span *span, struct audit_set *set,
				  int64_t *read_us, struct why *why) MUST_CHECK;
enum outcome audit_changed_documents(struct audit *a, const struct audit_span *span, struct audit_set *set,
				     int64_t *read_us, struct why *why) MUST_CHECK;
/* audit_items_of - the items of the orders' reservations */
enum outcome audit_items_of(struct audit *a, const struct audit_set *orders, struct audit_set *items,
			    struct why *why) MUST_CHECK;

/* facts.c: rows and the documents they were made of */
enum outcome audit_facts(struct audit *a, const struct audit_set *orders, struct why *why) MUST_CHECK;

#endif
