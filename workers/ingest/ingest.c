/* SPDX-License-Identifier: Apache-2.0 */
/*
 * NAME         ingest
 * CONSUMES     ingest.<party>: documents of any kind, as bytes
 * PUBLISHES    order.accepted.<channel>, shipment.confirmed.<partner>; the units of a document that has several, to its
 *              own queue
 * WRITES       documents, orders, order_lines, confirmations
 * IDEMPOTENCY  a message by the journal; an order by its id, which is derived from party and the channel's own id: the
 *              same content again is a duplicate, other content an exception; a confirmation by its shipment
 * FAILURES     refused (dead letter): document-too-large json-* mapping-* field-* currency-* kind-unknown party-unknown
 *              discount-range line-ref-duplicate lines-missing shipment-foreign
 *              exceptions: total-mismatch ship-to-missing order-cancelled order-cancelled-before order-changed
 *              shipment-unknown shipment-line-unknown shipment-over shipment-confirmed-twice, and a mapping's own
 */
#include "ingest/ingest.h"

#include "topology_names.h"

#include "formats/json.h"
#include "ingest/confirm.h"
#include "ingest/ingest_sql.h"

#include <stdlib.h>
#include <string.h>

#define UNIT_MAX_BYTES ((size_t)16 << 20)

struct ingest_state {
	struct mapping **mappings; /* in the order of the parties */
	size_t mappings_count;
};

void
ingest_close(void *state)
{
	struct ingest_state *st = state;

	for (size_t i = 0; i < st->mappings_count; i++)
		mapping_close(st->mappings[i]);
	free(st->mappings);
	free(st);
}

enum outcome
ingest_open(const struct setup *setup, void **state, struct why *why)
{
	struct ingest_state *st = calloc(1, sizeof *st);
	size_t n = party_list_count(setup->parties);

	if (st)
		st->mappings = calloc(n + 1, sizeof(struct mapping *));
	if (!st || !st->mappings) {
		free(st);
		return why_set(why, OUTCOME_DEAD, "config", "no memory");
	}
	*state = st;
	for (; st->mappings_count < n; st->mappings_count++) {
		const struct party *p = party_list_at(setup->parties, st->mappings_count);
		enum outcome outcome =
		    mapping_open(setup->parties_dir, p->name, &st->mappings[st->mappings_count], why);

		if (outcome != OUTCOME_OK)
			return outcome;
	}
	return OUTCOME_OK;
}

/* Only we send units home; the type alone could be anybody's. */
static bool
is_unit(const struct item *item)
{
	return str_equal(item->delivery->envelope.content_type, STR(INTAKE_UNIT_TYPE)) &&
	       str_equal(item->delivery->exchange, STR(EXCHANGE_HOME));
}

/* Each unit comes back through the queue, and stands or falls alone. */
static void
units_send(struct batch *batch, struct item *item)
{
	const struct intake *in = item->scratch;

	for (size_t i = 0; i < in->units_count && item->outcome == OUTCOME_OK; i++) {
		struct why why = {0};
		struct str body = {NULL, 0};
		struct buf json;

		buf_init(&json, UNIT_MAX_BYTES);
		json_put_node(&json, in->units[i], 0);
		if (buf_is_ok(&json))
			body = arena_str(batch->arena, buf_str(&json));
		buf_release(&json);
		if (!body.p)
			item_fail(item, why_set(&why, OUTCOME_DEAD, "too-large", "unit %zu is too large", i + 1), &why);
		else
			item_divide(batch, item, i, INTAKE_UNIT_TYPE, body);
	}
	item_note(batch, item, "split", NULL, "%zu units", in->units_count);
}

/* Understands each document by itself; no database yet. */
static enum outcome
items_read(struct batch *batch, struct why *why)
{
	const struct ingest_state *st = batch->state;
	const struct ingest_config *config = batch->config;

	for (size_t i = 0; i < batch->n; i++) {
		struct item *item = batch->items[i];
		struct intake *in = arena_get(batch->arena, sizeof *in);
		size_t index = party_list_index(batch->parties, item->party);
		bool is_known = index < party_list_count(batch->parties);
		struct intake_source source = {
		    .kind = item->kind,
		    .body = item->delivery->body,
		    .is_unit = is_unit(item),
		    .party = is_known ? party_list_at(batch->parties, index) : NULL,
		    .mapping = is_known ? st->mappings[index] : NULL,
		    .received_at_us = batch->now_us,
		    .max_bytes = (size_t)config->document_bytes,
		};
		struct why item_why = {0};
		enum outcome outcome;

		if (!in)
			return why_set(why, OUTCOME_DEAD, "too-large", "the batch needs more memory than it may have");
		in->sender = item->party;
		if (source.is_unit && !uuid_parse(item->delivery->envelope.correlation_id, &in->parent))
			in->parent = (struct uuid){{0}};
		item->scratch = in;
		outcome = intake_read(&source, batch->arena, in, &item_why);
		item_subject(item, in->about.n || !in->order ? in->about : in->order->source_number);
		if (in->order)
			item_order(item, in->order->order_id);
		if (outcome != OUTCOME_OK)
			item_fail(item, outcome, &item_why);
		else if (in->result == INTAKE_SPLIT)
			units_send(batch, item);
	}
	return OUTCOME_OK;
}

/* Rows go in by order id, whoever inserts: two processes with the same orders never wait for each other in a circle. */
static int
by_order(const void *a, const void *b)
{
	const struct item *x = *(struct item *const *)a, *y = *(struct item *const *)b;

	return uuid_compare(x->order_id, y->order_id);
}

static bool
is_order(const struct item *item)
{
	const struct intake *in = item->scratch;

	return item->outcome == OUTCOME_OK && in->result == INTAKE_ORDER;
}

/* The same order twice in one batch: one of them is first, the other is compared with it once it is stored. */
static bool
is_first(struct item **orders, size_t i)
{
	return i == 0 || !uuid_equal(orders[i]->order_id, orders[i - 1]->order_id);
}

static void
order_accept(struct batch *batch, struct item *item, struct rows *lines)
{
	const struct intake *in = item->scratch;

	ingest_lines_put(lines, in->order);
	item_status(item, ORDER_ACCEPTED);
	item_say(batch, item, EVENT_ORDER_ACCEPTED, item->party, (struct str){NULL, 0}, in->order);
}

static void
order_repeat(struct batch *batch, struct item *item, struct str known_sha)
{
	struct intake *in = item->scratch;
	struct why why = {0};

	if (known_sha.n == 32 && memcmp(known_sha.p, in->content_sha256, 32) == 0) {
		in->result = INTAKE_DUPLICATE;
		item_note(batch, item, "duplicate", NULL, "the channel sent the order again, with the same content");
		return;
	}
	in->result = INTAKE_EXCEPTION;
	item_fail(item,
		  why_set(&why, OUTCOME_HELD, "order-changed",
			  "the channel sent the order again with other content; the first one stands: carry the change "
			  "over by hand, then dismiss this exception"),
		  &why);
}

/* What the channel sent again is compared with what is stored, by whoever stored it. */
static enum outcome
repeats_compare(struct batch *batch, struct item **repeats, size_t n, struct why *why)
{
	struct rows *ids = rows_new(&ingest_orders_known, batch->arena);
	struct result *known;
	enum outcome outcome;

	for (size_t i = 0; i < n; i++)
		rows_uuid(ids, repeats[i]->order_id);
	outcome = store_query(batch->store, ids, &known, why);
	if (outcome != OUTCOME_OK)
		return outcome;
	for (size_t i = 0; i < n; i++)
		for (size_t row = 0; row < result_count(known); row++)
			if (uuid_equal(result_uuid(known, row, 0), repeats[i]->order_id)) {
				order_repeat(batch, repeats[i], result_bytes(known, row, 1));
				break;
			}
	return OUTCOME_OK;
}

/* Takes out those that the channel has cancelled before it sent them; returns how many are left. */
static enum outcome
cancelled_hold(struct batch *batch, struct item **orders, size_t *n, struct why *why)
{
	struct rows *ids = rows_new(&ingest_orders_cancelled, batch->arena);
	struct result *cancelled;
	size_t kept = 0;
	enum outcome outcome;

	for (size_t i = 0; i < *n; i++)
		rows_uuid(ids, orders[i]->order_id);
	outcome = store_query(batch->store, ids, &cancelled, why);
	for (size_t i = 0; outcome == OUTCOME_OK && i < *n; i++) {
		struct why item_why = {0};
		size_t row = 0;

		while (row < result_count(cancelled) &&
		       !uuid_equal(result_uuid(cancelled, row, 0), orders[i]->order_id))
			row++;
		if (row == result_count(cancelled)) {
			orders[kept++] = orders[i];
			continue;
		}
		((struct intake *)orders[i]->scratch)->result = INTAKE_EXCEPTION;
		item_fail(
		    orders[i],
		    why_set(&item_why, OUTCOME_HELD, "order-cancelled-before",
			    "the channel cancelled the order before it came: dismiss both exceptions; if it is wanted "
			    "after all, dismiss the cancellation and release this one"),
		    &item_why);
	}
	if (outcome == OUTCOME_OK)
		*n = kept;
	return outcome;
}

static enum outcome
orders_store(struct batch *batch, struct item **orders, size_t n, struct why *why)
{
	struct rows *rows = rows_new(&ingest_orders_insert, batch->arena);
	struct rows *lines = rows_new(&ingest_lines_insert, batch->arena);
	struct item **repeats = arena_array(batch->arena, n, sizeof(struct item *));
	struct result *fresh;
	size_t row = 0, repeats_count = 0;
	enum outcome outcome;

	if (!repeats)
		return why_set(why, OUTCOME_DEAD, "too-large", "the batch needs more memory than it may have");
	qsort(orders, n, sizeof(struct item *), by_order);
	for (size_t i = 0; i < n; i++)
		if (is_first(orders, i))
			ingest_order_put(rows, batch->arena, orders[i], orders[i]->scratch);
	outcome = store_query(batch->store, rows, &fresh, why);
	if (outcome != OUTCOME_OK)
		return outcome;
	/* The new ones come back in the order they went in. */
	for (size_t i = 0; i < n; i++)
		if (is_first(orders, i) && row < result_count(fresh) &&
		    uuid_equal(result_uuid(fresh, row, 0), orders[i]->order_id)) {
			order_accept(batch, orders[i], lines);
			row++;
		} else {
			repeats[repeats_count++] = orders[i];
		}
	store_send(batch->store, lines);
	return repeats_count ? repeats_compare(batch, repeats, repeats_count, why) : OUTCOME_OK;
}

enum outcome
ingest_handle(struct batch *batch, struct why *why)
{
	struct rows *documents = rows_new(&ingest_documents_put, batch->arena);
	struct item **orders = arena_array(batch->arena, batch->n, sizeof(struct item *));
	size_t orders_count = 0;
	enum outcome outcome = items_read(batch, why);

	if (outcome != OUTCOME_OK || !orders)
		return outcome != OUTCOME_OK ? outcome : why_set(why, OUTCOME_DEAD, "too-large", "no memory");
	for (size_t i = 0; i < batch->n; i++)
		if (is_order(batch->items[i]))
			orders[orders_count++] = batch->items[i];
	if (orders_count)
		outcome = cancelled_hold(batch, orders, &orders_count, why);
	if (outcome == OUTCOME_OK && orders_count)
		outcome = orders_store(batch, orders, orders_count, why);
	if (outcome == OUTCOME_OK)
		outcome = confirmations_store(batch, why);
	if (outcome != OUTCOME_OK)
		return outcome;
	for (size_t i = 0; i < batch->n; i++)
		ingest_document_put(documents, batch, batch->items[i], batch->items[i]->scratch);
	store_send(batch->store, documents);
	return OUTCOME_OK;
}
