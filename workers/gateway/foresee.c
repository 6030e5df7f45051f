/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/foresee.h"

#include "pricing/findings.h"

static void
complaint_add(struct complaints *complaints, enum outcome outcome, const struct why *why)
{
	if (outcome != OUTCOME_OK && complaints->n < COMPLAINTS_MAX)
		complaints->items[complaints->n++] = *why;
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

enum outcome
foresee(struct lane_work *work, const struct party *party, struct order *order, struct complaints *complaints,
	struct why *why)
{
	const struct subject subject = {.order = order};
	struct findings f = {0};
	enum outcome outcome;

	store_begin(work->store);
	outcome = findings_load(work->store, work->arena, work->parties, &subject, 1, &f, why);
	if (outcome == OUTCOME_OK)
		order_judge(work, party, &f, order, complaints);
	store_rollback(work->store);
	return outcome;
}
