/* SPDX-License-Identifier: Apache-2.0 */
#include "ingest/confirm.h"

#include "topology_names.h"

#include "ingest/ingest_sql.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct shipment_line *
line_find(struct shipment *shipment, struct str line_ref)
{
	struct shipment_line *lines = shipment->lines.items;

	for (size_t i = 0; i < shipment->lines.n; i++)
		if (str_equal(lines[i].line_ref, line_ref))
			return &lines[i];
	return NULL;
}

enum outcome
confirmation_apply(const struct confirmation *c, struct shipment *shipment, struct why *why)
{
	const struct confirmation_line *said = c->lines.items;
	struct shipment_line *lines = shipment->lines.items;
	char path[64];

	for (size_t i = 0; i < shipment->lines.n; i++)
		lines[i].shipped_micro = c->lines.n ? 0 : lines[i].quantity_micro;
	for (size_t i = 0; i < c->lines.n; i++) {
		struct shipment_line *line = line_find(shipment, said[i].line_ref);

		if (!line) {
			snprintf(path, sizeof path, "lines[%zu].line_ref", i);
			return why_at(why, OUTCOME_HELD, "shipment-line-unknown", path,
				      "the shipment has no such line: ask the partner what was shipped");
		}
		if (said[i].quantity_micro > line->quantity_micro - line->shipped_micro) {
			snprintf(path, sizeof path, "lines[%zu].quantity", i);
			return why_at(why, OUTCOME_HELD, "shipment-over", path,
				      "more was shipped than was asked for: ask the partner");
		}
		line->shipped_micro += said[i].quantity_micro;
	}
	shipment->partner_ref = c->partner_ref;
	shipment->carrier = c->carrier;
	shipment->tracking_number = c->tracking_number;
	shipment->shipped_at_us = c->shipped_at_us;
	return OUTCOME_OK;
}

static bool
is_confirmation(const struct item *item)
{
	const struct intake *in = item->scratch;

	return item->outcome == OUTCOME_OK && in->result == INTAKE_SHIPMENT;
}

static void
confirmation_fail(struct item *item, enum outcome outcome, const struct why *why)
{
	struct intake *in = item->scratch;

	in->result = outcome == OUTCOME_HELD ? INTAKE_EXCEPTION : INTAKE_REFUSED;
	item_fail(item, outcome, why);
}

/* The first confirmation of a shipment stands; another one is the same again, or a contradiction. */
static void
confirmation_repeat(struct batch *batch, struct item *item, struct str known_sha)
{
	struct intake *in = item->scratch;
	struct why why = {0};

	if (known_sha.n == 32 && memcmp(known_sha.p, in->content_sha256, 32) == 0) {
		in->result = INTAKE_DUPLICATE;
		item_note(batch, item, "duplicate", NULL, "the partner confirmed the shipment again");
		return;
	}
	confirmation_fail(item,
			  why_set(&why, OUTCOME_HELD, "shipment-confirmed-twice",
				  "the partner confirmed the shipment before, with other content: ask which one holds"),
			  &why);
}

struct join {
	struct item *item;
	struct shipment *shipment; /* NULL: the item has failed */
	bool is_settled; /* the request for it has its answer: ship-sync learns nothing from the confirmation */
	bool is_new;
};

/* Joins a confirmation with its shipment's row. */
static struct join
shipment_join(struct batch *batch, struct item *item, const struct result *known)
{
	const struct intake *in = item->scratch;
	struct shipment *shipment = arena_get(batch->arena, sizeof *shipment);
	struct why why = {0};
	enum outcome outcome;
	size_t row = 0;

	while (row < result_count(known) && !uuid_equal(result_uuid(known, row, 0), in->confirmation->shipment_id))
		row++;
	if (!shipment)
		outcome = why_set(&why, OUTCOME_DEAD, "too-large", "no memory for the shipment");
	else if (row == result_count(known))
		outcome = why_at(&why, OUTCOME_HELD, "shipment-unknown", "shipment_id",
				 "nobody asked for this shipment: compare the partner's reference with ours");
	else if (!str_equal(result_text(known, row, 2), item->party))
		outcome = why_at(&why, OUTCOME_DEAD, "shipment-foreign", "shipment_id",
				 "the shipment was asked of another partner");
	else
		outcome = contract_decode(&shipment_contract, arena_str(batch->arena, result_bytes(known, row, 3)),
					  batch->arena, shipment, &why);
	if (outcome == OUTCOME_OK)
		outcome = confirmation_apply(in->confirmation, shipment, &why);
	if (outcome == OUTCOME_OK) {
		item_order(item, shipment->order_id);
		return (struct join){item, shipment, result_bool(known, row, 4), false};
	}
	confirmation_fail(item, outcome, &why);
	return (struct join){.item = item};
}

static enum outcome
shipments_find(struct batch *batch, struct join *joins, size_t *n, struct why *why)
{
	struct rows *ids = rows_new(&ingest_shipments_known, batch->arena);
	struct result *known;
	enum outcome outcome;

	for (size_t i = 0; i < batch->n; i++)
		if (is_confirmation(batch->items[i]))
			rows_uuid(ids, ((const struct intake *)batch->items[i]->scratch)->confirmation->shipment_id);
	if (rows_count(ids) == 0)
		return OUTCOME_OK;
	outcome = store_query(batch->store, ids, &known, why);
	if (outcome != OUTCOME_OK)
		return outcome;
	for (size_t i = 0; i < batch->n; i++) {
		if (!is_confirmation(batch->items[i]))
			continue;
		joins[*n] = shipment_join(batch, batch->items[i], known);
		*n += joins[*n].shipment != NULL;
	}
	return OUTCOME_OK;
}

static int
by_shipment(const void *a, const void *b)
{
	const struct join *x = a, *y = b;

	return uuid_compare(x->shipment->shipment_id, y->shipment->shipment_id);
}

static enum outcome
repeats_compare(struct batch *batch, struct join *joins, size_t n, struct why *why)
{
	struct rows *ids = rows_new(&ingest_confirmations_known, batch->arena);
	struct result *known;
	enum outcome outcome;

	for (size_t i = 0; i < n; i++)
		if (!joins[i].is_new)
			rows_uuid(ids, joins[i].shipment->shipment_id);
	if (rows_count(ids) == 0)
		return OUTCOME_OK;
	outcome = store_query(batch->store, ids, &known, why);
	for (size_t i = 0; outcome == OUTCOME_OK && i < n; i++)
		for (size_t row = 0; !joins[i].is_new && row < result_count(known); row++)
			if (uuid_equal(result_uuid(known, row, 0), joins[i].shipment->shipment_id)) {
				confirmation_repeat(batch, joins[i].item, result_bytes(known, row, 1));
				break;
			}
	return outcome;
}

static void
confirmation_say(struct batch *batch, const struct join *join)
{
	const struct shipment *shipment = join->shipment;
	struct item *item = join->item;
	struct str scope = shipment_scope(shipment, batch->arena);

	if (join->is_settled)
		scope = arena_printf(batch->arena, "%.*s.settled", STR_ARGS(scope));
	item_note(batch, item, "shipment.confirmed", NULL, "%.*s shipped from %.*s, %.*s %.*s",
		  STR_ARGS(shipment->partner_ref), STR_ARGS(shipment->warehouse), STR_ARGS(shipment->carrier),
		  STR_ARGS(shipment->tracking_number));
	item->party = shipment->party; /* from here on the message is the order's */
	item_say(batch, item, EVENT_SHIPMENT_CONFIRMED, scope, (struct str){NULL, 0}, shipment);
}

enum outcome
confirmations_store(struct batch *batch, struct why *why)
{
	struct rows *rows = rows_new(&ingest_confirmations_insert, batch->arena);
	struct join *joins = arena_array(batch->arena, batch->n, sizeof *joins);
	struct result *fresh;
	size_t n = 0, row = 0;
	enum outcome outcome =
	    joins ? shipments_find(batch, joins, &n, why) : why_set(why, OUTCOME_DEAD, "too-large", "no memory");

	if (outcome != OUTCOME_OK || n == 0)
		return outcome;
	qsort(joins, n, sizeof *joins, by_shipment);
	for (size_t i = 0; i < n; i++)
		if (i == 0 || by_shipment(&joins[i - 1], &joins[i]) != 0)
			ingest_confirmation_put(rows, batch, joins[i].item, joins[i].item->scratch,
						joins[i].shipment->order_id);
	outcome = store_query(batch->store, rows, &fresh, why);
	if (outcome != OUTCOME_OK)
		return outcome;
	for (size_t i = 0; i < n; i++)
		if ((i == 0 || by_shipment(&joins[i - 1], &joins[i]) != 0) && row < result_count(fresh) &&
		    uuid_equal(result_uuid(fresh, row, 0), joins[i].shipment->shipment_id)) {
			joins[i].is_new = true;
			confirmation_say(batch, &joins[i]);
			row++;
		}
	return repeats_compare(batch, joins, n, why);
}
