/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/foresee.h"

#include "gateway/ask_buyers.h"
#include "pricing/findings.h"

#include <string.h>

static void
complaint_add(struct complaints *complaints, enum outcome outcome, const struct why *why)
{
	if (outcome != OUTCOME_OK && complaints->n < COMPLAINTS_MAX)
		complaints->items[complaints->n++] = *why;
}

/* Whether the party names somebody who is its own customer by none of its accounts: a name, but no proof of who asks. */
static enum outcome
buyer_judge(struct lane_work *work, const struct call *call, const struct order *order, bool *is_foreign,
	    struct why *why)
{
	struct buyer_asked asked = {.call = call,
				    .party = str_of(call->party->name),
				    .buyer = {.gln = order->buyer.gln, .email = order->buyer.email}};
	enum outcome outcome = buyers_own(work, &asked, 1, why);

	*is_foreign = asked.buyer.gln.n != order->buyer.gln.n || asked.buyer.email.n != order->buyer.email.n;
	return outcome;
}

static void
order_judge(struct lane_work *work, const struct party *party, const struct findings *f, struct order *order,
	    struct complaints *complaints)
{
	struct why why = {0};

	complaint_add(complaints, findings_customer(f, 0, order, &why), &why);
	for (size_t l = 0; l < order->lines.n; l++) {
		enum outcome outcome;

		why = (struct why){0};
		outcome =
		    findings_line(f, 0, order, l, party->policies.price_tolerance_percent_micro, work->arena, &why);
		complaint_add(complaints, outcome, &why);
	}
}

/* What somebody else's customer pays is nobody's to try out. */
static void
prices_hide(struct complaints *complaints)
{
	size_t kept = 0;

	for (size_t i = 0; i < complaints->n; i++)
		if (strcmp(complaints->items[i].code, "price-off") != 0)
			complaints->items[kept++] = complaints->items[i];
	complaints->n = kept;
}

enum outcome
foresee(struct lane_work *work, const struct call *call, struct order *order, struct complaints *complaints,
	struct why *why)
{
	const struct subject subject = {.order = order};
	struct findings f = {0};
	bool is_foreign = false;
	enum outcome outcome;

	store_begin(work->store);
	outcome = buyer_judge(work, call, order, &is_foreign, why);
	if (outcome == OUTCOME_OK)
		outcome = findings_load(work->store, work->arena, work->parties, &subject, 1, &f, why);
	if (outcome == OUTCOME_OK)
		order_judge(work, call->party, &f, order, complaints);
	if (is_foreign && !str_equal(order->enriched.customer_source, STR("account")))
		prices_hide(complaints);
	store_rollback(work->store);
	return outcome;
}
