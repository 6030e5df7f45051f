/* SPDX-License-Identifier: Apache-2.0 */
/*
 * partners - every partner that ships, with its address, secret and mapping
 */
#ifndef TRIBUTARY_SHIP_SYNC_PARTNERS_H
#define TRIBUTARY_SHIP_SYNC_PARTNERS_H

#include "ship-sync/partner.h"

struct partners {
	const struct party_list *parties;
	struct partner *items;  /* by the place of its party in the list; one that does not ship has no url */
	int64_t *concurrencies; /* likewise: requests at a time */
	size_t n;
};

/* What holds for all of them. */
struct partners_terms {
	const char *parties_dir;
	int64_t timeout_ms; /* of a partner whose party.yaml has none */
	int64_t lease_ms;   /* half of it for requests to begin, half for them to end: no time-out is longer */
};

/*
 * partners_open - all problems are found and stand in one text
 * Release them whatever the outcome.
 *
 * OUTCOME_DEAD  codes: config, and those of mapping_open
 */
enum outcome partners_open(struct partners *p, const struct party_list *parties, const struct partners_terms *terms,
			   struct why *why) MUST_CHECK;
void partners_release(struct partners *p);

/* partners_find - its index; false when there is none of that name that ships */
bool partners_find(const struct partners *p, struct str name, size_t *index);

#endif
