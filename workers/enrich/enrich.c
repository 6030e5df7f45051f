/* SPDX-License-Identifier: Apache-2.0 */
/*
 * NAME         enrich
 * CONSUMES     enrich: order.accepted, order.changed
 * PUBLISHES    order.enriched.<channel>
 * WRITES       enrichments, line_enrichments
 * IDEMPOTENCY  the journal; one enrichment per order by its key; of two contents the later one stays
 * FAILURES     exceptions: customer-unknown customer-ambiguous customer-inactive item-unknown item-ambiguous
 *              item-inactive unit-unknown unit-inexact tax-unknown price-unknown price-off. The first decides, the
 *              others stand in the order's timeline
 */
#include "enrich/enrich.h"

#include "topology_names.h"

#include "enrich/enrich_sql.h"
#include "pricing/findings.h"
#include "pricing/line.h"

#include <stdio.h>

#define NOTES_MAX 20

/* Every problem is looked for, so that a person sees all of them at once. */
static void
problem_note(struct batch *batch, struct item *item, size_t *problems, enum outcome outcome, const struct why *why)
{
	if (outcome == OUTCOME_OK)
		return;
	if (++*problems == 1)
		item_fail(item, outcome, why);
	else if (*problems <= NOTES_MAX)
		item_note(batch, item, "problem", why->code, "%s: %s", why->path, why->text);
}

static void
order_enrich(struct batch *batch, const struct findings *f, size_t index, struct rows *orders, struct rows *lines)
{
	struct item *item = batch->items[index];
	struct order *o = item->document;
	const struct party *party = party_list_find(batch->parties, o->party);
	int64_t tolerance_micro = party ? party->policies.price_tolerance_percent_micro : 0;
	size_t problems = 0;
	struct str said;
	struct why why = {0};

	problem_note(batch, item, &problems, findings_customer(f, index, o, &why), &why);
	for (size_t l = 0; l < o->lines.n; l++) {
		struct why line_why = {0};
		enum outcome outcome = findings_line(f, index, o, l, tolerance_micro, batch->arena, &line_why);

		problem_note(batch, item, &problems, outcome, &line_why);
	}
	if (problems)
		return;
	item_status(item, ORDER_ENRICHED);
	said = batch_encode(batch, &order_contract, o);
	item_say_bytes(batch, item, EVENT_ORDER_ENRICHED, o->party, (struct str){NULL, 0}, said);
	if (item->outcome != OUTCOME_OK)
		return;
	enrich_order_put(orders, o, said, batch->now_us);
	for (size_t l = 0; l < o->lines.n; l++)
		enrich_line_put(lines, o, l);
}

static enum outcome
orders_enrich(struct batch *batch, const struct statement *put, struct why *why)
{
	struct rows *orders = rows_new(put, batch->arena), *lines = rows_new(&enrich_lines_insert, batch->arena);
	struct subject *subjects = arena_array(batch->arena, batch->n, sizeof *subjects);
	struct findings f = {0};
	enum outcome outcome;

	if (!subjects)
		return why_set(why, OUTCOME_DEAD, "too-large", "no memory for %zu orders", batch->n);
	for (size_t i = 0; i < batch->n; i++)
		subjects[i].order = batch->items[i]->document;
	outcome = findings_load(batch->store, batch->arena, batch->parties, subjects, batch->n, &f, why);
	if (outcome != OUTCOME_OK)
		return outcome;
	for (size_t i = 0; i < batch->n; i++)
		order_enrich(batch, &f, i, orders, lines);
	store_send(batch->store, orders);
	store_send(batch->store, lines);
	return OUTCOME_OK;
}

enum outcome
enrich_accepted(struct batch *batch, struct why *why)
{
	return orders_enrich(batch, &enrich_insert, why);
}

enum outcome
enrich_changed(struct batch *batch, struct why *why)
{
	return orders_enrich(batch, &enrich_replace, why);
}
