/* SPDX-License-Identifier: Apache-2.0 */
#include "ship-sync/partners.h"

#include <inttypes.h>
#include <stdlib.h>

#define PROBLEMS_BYTES 1024

/* Nobody may take a request for lost while it is under way. */
static enum outcome
lease_check(const struct partner *p, int64_t lease_ms, struct why *why)
{
	if (p->timeout_ms > lease_ms / 2)
		return why_at(why, OUTCOME_DEAD, "config", "LEASE_MS",
			      "must be at least twice the time-out of %s, which is %" PRId64 " ms", p->name,
			      p->timeout_ms);
	return OUTCOME_OK;
}

/* Every partner is tried, so that all problems are said at once. */
static void
all_open(struct partners *p, const struct partners_terms *terms, struct buf *problems)
{
	for (size_t i = 0; i < p->n; i++) {
		const struct party *party = party_list_at(p->parties, i);
		struct why why = {0};
		enum outcome outcome;

		if (party->kind != PARTY_WMS)
			continue;
		outcome = partner_open(&p->items[i], party, terms->parties_dir, terms->timeout_ms, &why);
		if (outcome == OUTCOME_OK)
			outcome = lease_check(&p->items[i], terms->lease_ms, &why);
		p->concurrencies[i] = p->items[i].concurrency;
		if (outcome != OUTCOME_OK)
			buf_printf(problems, "%s%s %s", problems->n ? "; " : "", why.path, why.text);
	}
}

enum outcome
partners_open(struct partners *p, const struct party_list *parties, const struct partners_terms *terms, struct why *why)
{
	size_t n = party_list_count(parties);
	enum outcome outcome = OUTCOME_OK;
	struct buf problems;

	*p = (struct partners){.parties = parties};
	p->items = calloc(n + 1, sizeof *p->items);
	p->concurrencies = calloc(n + 1, sizeof *p->concurrencies);
	if (!p->items || !p->concurrencies)
		return why_set(why, OUTCOME_DEAD, "config", "no memory");
	p->n = n;
	buf_init(&problems, PROBLEMS_BYTES);
	all_open(p, terms, &problems);
	if (!buf_is_ok(&problems))
		outcome = why_set(why, OUTCOME_DEAD, "config",
				  "many partners cannot be asked: connection.url_env and "
				  "token_env of their party.yaml name what must be set");
	else if (problems.n)
		outcome = why_set(why, OUTCOME_DEAD, "config", "%s", buf_text(&problems));
	buf_release(&problems);
	return outcome;
}

void
partners_release(struct partners *p)
{
	for (size_t i = 0; i < p->n; i++)
		partner_release(&p->items[i]);
	free(p->items);
	free(p->concurrencies);
	*p = (struct partners){0};
}

bool
partners_find(const struct partners *p, struct str name, size_t *index)
{
	size_t i = party_list_index(p->parties, name);

	if (i >= p->n || !p->items[i].url)
		return false;
	*index = i;
	return true;
}
