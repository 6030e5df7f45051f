/* SPDX-License-Identifier: Apache-2.0 */
#include "pricing/customer.h"

struct str
customer_source(const struct book_customer *customer)
{
	static const char *const sources[] = {"", "number", "account", "gln", "email"};

	return str_of(sources[customer->by]);
}

enum outcome
customer_decide(const struct book_customer *found, size_t n, struct str party, const struct book_customer **customer,
		struct why *why)
{
	const struct book_customer *best = NULL;
	bool is_ambiguous = false;

	for (size_t i = 0; i < n; i++) {
		const struct book_customer *c = &found[i];

		if (!best || (c->by == best->by && c->active && !best->active))
			best = c;
		else if (c->by == best->by && c->active == best->active &&
			 !str_equal(c->customer_no, best->customer_no))
			is_ambiguous = true;
	}
	if (!best)
		return why_at(why, OUTCOME_HELD, "customer-unknown", "buyer",
			      "no customer has this account at %.*s, this GLN or this e-mail: add the account to "
			      "customer_accounts.csv, run tributary mirror load, then tributary exceptions release",
			      STR_ARGS(party));
	if (is_ambiguous)
		return why_at(why, OUTCOME_HELD, "customer-ambiguous", "buyer",
			      "several customers have this %.*s: add the account to customer_accounts.csv",
			      STR_ARGS(customer_source(best)));
	if (!best->active)
		return why_at(why, OUTCOME_HELD, "customer-inactive", "buyer", "customer %.*s is blocked",
			      STR_ARGS(best->customer_no));
	*customer = best;
	return OUTCOME_OK;
}
