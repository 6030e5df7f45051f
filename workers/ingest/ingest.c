/* SPDX-License-Identifier: Apache-2.0 */
/*
 * NAME         ingest
 * CONSUMES     ingest.<party>: documents of any kind, as bytes
 * PUBLISHES    order.accepted.<channel>, order.changed.<channel>, order.cancelled.<channel>,
 *              shipment.confirmed.<partner>.<channel>, with .settled behind it when the request had its answer,
 *              document.acknowledged.<party>, return.requested.<channel>, stock.reported.<party>;
 *              document.answered.<party>: 997, TA1, CONTRL; the units of a document that has several, to its own queue
 * WRITES       documents, orders, order_lines, order_revisions, confirmations, returns, return_lines, return_numbers,
 *              party_shapes, party_values, party_drift; control numbers, by their function; in Redis, which bytes made
 *              which order
 * IDEMPOTENCY  a message by the journal; an order by its id, which is derived from party and the channel's own id: the
 *              same content again is a duplicate, other content a change; some lines are merged into the order first;
 *              the same bytes again are not read again (repeat.h), nor stored: the document names that which has them;
 *              a confirmation by its shipment; a return by its party's reference
 * FAILURES     refused (dead letter): document-* json-* xml-* csv-* x12-* edifact-* field-* currency-* kind-unknown
 *              contract-unknown party-unknown discount-range line-ref-duplicate lines-missing shipment-foreign
 *              exceptions: total-mismatch ship-to-missing order-cancelled order-changed change-early change-late
 *              change-line-unknown change-line-known change-empty change-open shipment-unknown
 *              shipment-line-unknown shipment-over shipment-confirmed-twice return-* unit-inexact mapping-*,
 *              and a mapping's own
 */
#include "ingest/ingest.h"

#include "topology_names.h"

#include "formats/json.h"
#include "ingest/answer.h"
#include "ingest/confirm.h"
#include "ingest/drift.h"
#include "ingest/former.h"
#include "ingest/ingest_sql.h"
#include "ingest/reading.h"
#include "ingest/repeat.h"
#include "ingest/returns.h"
#include "ingest/revise.h"

#include <stdlib.h>
#include <string.h>

#define UNIT_MAX_BYTES ((size_t)16 << 20)
#define CANCEL_WAIT_US (INT64_C(30) * 86400 * 1000000) /* how long a cancellation waits for its order */

struct ingest_state {
	struct mapping **mappings; /* in the order of the parties */
	size_t mappings_count;
	int64_t *readings; /* likewise */
	struct drift *drift;
};

void
ingest_close(void *state)
{
	struct ingest_state *st = state;

	for (size_t i = 0; i < st->mappings_count; i++)
		mapping_close(st->mappings[i]);
	free(st->mappings);
	free(st->readings);
	drift_free(st->drift);
	free(st);
}

/* Mappings whose files change while they are loaded: nobody knows which of them were. */
static enum outcome
mappings_load(struct ingest_state *st, const struct setup *setup, struct why *why)
{
	const struct ingest_config *config = setup->config;
	size_t n = party_list_count(setup->parties);
	int64_t *after = calloc(n + 1, sizeof *after);
	enum outcome outcome = OUTCOME_OK;

	if (!after)
		return why_set(why, OUTCOME_DEAD, "config", "no memory");
	readings_of(setup->parties_dir, setup->parties, config->document_bytes, st->readings);
	for (size_t i = 0; i < n && outcome == OUTCOME_OK; i++) {
		const struct party *p = party_list_at(setup->parties, i);

		outcome = mapping_open(setup->parties_dir, p, &st->mappings[i], why);
		st->mappings_count += outcome == OUTCOME_OK;
	}
	readings_of(setup->parties_dir, setup->parties, config->document_bytes, after);
	for (size_t i = 0; i < n; i++)
		if (st->readings[i] != after[i])
			st->readings[i] = 0;
	free(after);
	return outcome;
}

enum outcome
ingest_open(const struct setup *setup, void **state, struct why *why)
{
	struct ingest_state *st = calloc(1, sizeof *st);
	size_t n = party_list_count(setup->parties);

	if (!st)
		return why_set(why, OUTCOME_DEAD, "config", "no memory");
	st->mappings = calloc(n + 1, sizeof(struct mapping *));
	st->readings = calloc(n + 1, sizeof *st->readings);
	st->drift = drift_new(n);
	if (!st->mappings || !st->readings || !st->drift) {
		ingest_close(st);
		return why_set(why, OUTCOME_DEAD, "config", "no memory");
	}
	*state = st;
	return mappings_load(st, setup, why);
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

struct intake_source
ingest_source(const struct batch *batch, const struct item *item)
{
	const struct ingest_state *st = batch->state;
	const struct ingest_config *config = batch->config;
	size_t index = party_list_index(batch->parties, item->party);
	bool is_known = index < party_list_count(batch->parties);
	const struct party *party = is_known ? party_list_at(batch->parties, index) : NULL;
	struct str contract = intake_contract(item->delivery->envelope.content_type);

	return (struct intake_source){
	    .kind = item->kind,
	    .body = item->delivery->body,
	    .always_splits = party && party->is_acknowledged && !is_unit(item) && !contract.n,
	    .is_unit = is_unit(item),
	    .contract = contract,
	    .party = party,
	    .mapping = is_known ? st->mappings[index] : NULL,
	    .received_at_us = batch->now_us,
	    .max_bytes = is_unit(item) ? UNIT_MAX_BYTES : (size_t)config->document_bytes,
	};
}

/* Units have been parsed before, so they are read in another way than what is whole. */
static int64_t
reading_for(const struct batch *batch, const struct item *item)
{
	const struct ingest_state *st = batch->state;
	size_t index = party_list_index(batch->parties, item->party);
	int64_t reading = index < party_list_count(batch->parties) ? st->readings[index] : 0;

	return reading && is_unit(item) ? ~reading : reading;
}

static enum outcome
items_open(struct batch *batch, struct why *why)
{
	for (size_t i = 0; i < batch->n; i++) {
		struct item *item = batch->items[i];
		struct intake *in = arena_get(batch->arena, sizeof *in);

		if (!in)
			return why_set(why, OUTCOME_DEAD, "too-large", "the batch needs more memory than it may have");
		in->sender = item->party;
		if (is_unit(item) && !uuid_parse(item->delivery->envelope.correlation_id, &in->parent))
			in->parent = (struct uuid){{0}};
		in->reading = reading_for(batch, item);
		sha256(item->delivery->body, in->body_sha256);
		item->scratch = in;
	}
	return OUTCOME_OK;
}

/* Understands a document by itself; no database. */
static void
item_read(struct batch *batch, struct item *item)
{
	struct intake *in = item->scratch;
	struct intake_source source = ingest_source(batch, item);
	struct why why = {0};
	enum outcome outcome = intake_read(&source, batch->arena, in, &why);

	item_subject(item, in->about.n || !in->order ? in->about : in->order->source_number);
	if (in->order)
		item_order(item, in->order->order_id);
	if (outcome != OUTCOME_OK)
		item_fail(item, outcome, &why);
	else if (in->result == INTAKE_SPLIT)
		units_send(batch, item);
}

static enum outcome
items_read(struct batch *batch, struct why *why)
{
	enum outcome outcome = items_open(batch, why);

	if (outcome == OUTCOME_OK)
		outcome = repeats_ask(batch, why);
	for (size_t i = 0; outcome == OUTCOME_OK && i < batch->n; i++)
		if (!((const struct intake *)batch->items[i]->scratch)->is_unread)
			item_read(batch, batch->items[i]);
	return outcome;
}

/* Rows go in by order id, whoever inserts: two processes with the same orders never wait for each other in a circle. */
static int
by_order(const void *a, const void *b)
{
	const struct item *x = *(struct item *const *)a, *y = *(struct item *const *)b;

	int order = uuid_compare(x->order_id, y->order_id);

	/* Those of one order in the order they came. */
	return order ? order : delivery_compare(x->delivery, y->delivery);
}

static bool
is_order(const struct item *item)
{
	const struct intake *in = item->scratch;

	return item->outcome == OUTCOME_OK &&
	       (in->result == INTAKE_ORDER || in->result == INTAKE_CANCEL || in->result == INTAKE_CHANGE);
}

/* Those of the batch that concern an order, also those that are not read yet; in order. */
static size_t
orders_find(const struct batch *batch, struct item **orders)
{
	size_t n = 0;

	for (size_t i = 0; i < batch->n; i++)
		if (is_order(batch->items[i]))
			orders[n++] = batch->items[i];
	qsort(orders, n, sizeof(struct item *), by_order);
	return n;
}

static bool
is_new(const struct item *item)
{
	return ((const struct intake *)item->scratch)->result == INTAKE_ORDER;
}

/* The same order several times in one batch: the first that is a whole one may be new, the others are compared with
 * what is stored then. */
static bool
is_first(struct item **orders, size_t i)
{
	if (!is_new(orders[i]))
		return false;
	for (size_t j = i; j > 0 && uuid_equal(orders[j - 1]->order_id, orders[i]->order_id); j--)
		if (is_new(orders[j - 1]))
			return false;
	return true;
}

static void
order_accept(struct batch *batch, struct item *item, struct str said, struct rows *lines)
{
	const struct intake *in = item->scratch;

	ingest_lines_put(lines, in->order);
	item_status(item, ORDER_ACCEPTED);
	item_say_bytes(batch, item, EVENT_ORDER_ACCEPTED, item->party, (struct str){NULL, 0}, said);
}

/* Of the orders that are new, those that the channel cancelled before it sent them. */
static enum outcome
cancelled_apply(struct batch *batch, struct item **fresh, size_t n, struct why *why)
{
	struct rows *ids = rows_new(&ingest_orders_cancelled, batch->arena);
	struct rows *cancel = rows_new(&ingest_orders_cancel, batch->arena);
	struct rows *close = rows_new(&ingest_exceptions_close, batch->arena);
	struct result *cancelled;
	enum outcome outcome;

	for (size_t i = 0; i < n; i++) {
		const struct order *order = ((const struct intake *)fresh[i]->scratch)->order;

		rows_uuid(ids, fresh[i]->order_id);
		/* It may have come when ids were derived in another way. */
		rows_uuid(ids, uuid_of_order_formerly(order->party, order->source_id));
		rows_instant(ids, batch->now_us - CANCEL_WAIT_US);
	}
	outcome = store_query(batch->store, ids, &cancelled, why);
	for (size_t row = 0; outcome == OUTCOME_OK && row < result_count(cancelled); row++)
		for (size_t i = 0; i < n; i++) {
			if (!uuid_equal(result_uuid(cancelled, row, 0), fresh[i]->order_id))
				continue;
			rows_uuid(cancel, fresh[i]->order_id);
			rows_instant(cancel, batch->now_us);
			rows_uuid(close, result_uuid(cancelled, row, 1));
			item_status(fresh[i], ORDER_CANCELLED);
			item_note(batch, fresh[i], "cancelled", NULL, "its cancellation had come before it");
		}
	store_send(batch->store, cancel);
	store_send(batch->store, close);
	return outcome;
}

/* A cancellation and its order, or two returns of an order, in two processes: one of them sees what the other wrote. All
 * of the batch at once, or two processes could wait for each other. */
static void
orders_lock(struct batch *batch, struct item **orders, size_t n)
{
	struct rows *locks = rows_new(&ingest_orders_lock, batch->arena);

	for (size_t i = 0; i < n; i++)
		rows_uuid(locks, orders[i]->order_id);
	returns_lock_put(locks, batch);
	store_send(batch->store, locks);
}

static enum outcome
orders_store(struct batch *batch, struct item **orders, size_t n, struct why *why)
{
	struct rows *rows = rows_new(&ingest_orders_insert, batch->arena);
	struct rows *lines = rows_new(&ingest_lines_insert, batch->arena);
	struct item **repeats = arena_array(batch->arena, n, sizeof(struct item *));
	struct item **accepted = arena_array(batch->arena, n, sizeof(struct item *));
	struct str *said = arena_array(batch->arena, n, sizeof *said); /* each order as it is stored and published */
	struct result *fresh;
	size_t row = 0, repeats_count = 0, accepted_count = 0;
	enum outcome outcome;

	if (!repeats || !accepted || !said)
		return why_set(why, OUTCOME_DEAD, "too-large", "the batch needs more memory than it may have");
	for (size_t i = 0; i < n; i++) {
		const struct intake *in = orders[i]->scratch;

		if (!is_first(orders, i))
			continue;
		said[i] = batch_encode(batch, &order_contract, in->order);
		if (!said[i].p)
			return why_set(why, OUTCOME_DEAD, "too-large", "the batch needs more memory than it may have");
		ingest_order_put(rows, orders[i], in, said[i]);
	}
	outcome = store_query(batch->store, rows, &fresh, why);
	if (outcome != OUTCOME_OK)
		return outcome;
	/* The new ones come back in the order they went in. */
	for (size_t i = 0; i < n; i++)
		if (is_first(orders, i) && row < result_count(fresh) &&
		    uuid_equal(result_uuid(fresh, row, 0), orders[i]->order_id)) {
			order_accept(batch, orders[i], said[i], lines);
			accepted[accepted_count++] = orders[i];
			row++;
		} else {
			repeats[repeats_count++] = orders[i];
		}
	store_send(batch->store, lines);
	if (accepted_count)
		outcome = cancelled_apply(batch, accepted, accepted_count, why);
	if (outcome == OUTCOME_OK && repeats_count)
		outcome = revisions_apply(batch, repeats, repeats_count, why);
	return outcome;
}

/* orders  room for all of the batch */
static enum outcome
orders_settle(struct batch *batch, struct item **orders, struct why *why)
{
	size_t n = orders_find(batch, orders);
	enum outcome outcome = OUTCOME_OK;

	orders_lock(batch, orders, n);
	if (n)
		outcome = repeats_settle(batch, orders, n, item_read, why);
	n = orders_find(batch, orders); /* what is a duplicate is none any more */
	return outcome == OUTCOME_OK && n ? orders_store(batch, orders, n, why) : outcome;
}

/*
 * A document of an order that a person must look at, or that the channel's mapping passes over: it was closed, refunded, is unpaid
 * after all. Whether what the order waits for is still wanted is not known here, so stock that comes is not for it until a
 * person says so. Not so what says nothing of that: a test, a copy, what we shipped a part of, a warehouse's word, a return.
 */
static bool
doubts_backorders(const struct item *item)
{
	static const char *const harmless[] = {"revision-old", "order-test", "order-copy", "order-fulfilled-in-part"};
	const struct intake *in = item->scratch;
	const char *code;

	if (item->outcome != OUTCOME_HELD && !(item->outcome == OUTCOME_OK && in->result == INTAKE_IGNORED))
		return false;
	code = item->outcome == OUTCOME_OK ? in->ignored : item->why.code;
	for (size_t i = 0; i < COUNT_OF(harmless); i++)
		if (str_equal(str_of(code), str_of(harmless[i])))
			return false;
	return !in->fact_contract && !str_starts(str_of(code), STR("return-"));
}

static void
backorders_end(struct batch *batch)
{
	struct rows *ids = rows_new(&ingest_backorders_end, batch->arena),
		    *named = rows_new(&ingest_backorders_end_named, batch->arena);

	for (size_t i = 0; i < batch->n; i++) {
		const struct item *item = batch->items[i];
		const struct intake *in = item->scratch;

		if (!doubts_backorders(item))
			continue;
		if (!uuid_is_nil(item->order_id)) {
			rows_uuid(ids, item->order_id);
		} else if (in->about.n) {
			rows_text(named, item->party);
			rows_text(named, in->about);
		}
	}
	store_send(batch->store, ids);
	store_send(batch->store, named);
}

/* What concerns nobody's order here is said, and that is all. */
static void
facts_say(struct batch *batch)
{
	for (size_t i = 0; i < batch->n; i++) {
		struct item *item = batch->items[i];
		const struct intake *in = item->scratch;

		if (item->outcome == OUTCOME_OK && in->result == INTAKE_ACKNOWLEDGEMENT)
			item_say(batch, item, EVENT_DOCUMENT_ACKNOWLEDGED, item->party, (struct str){NULL, 0},
				 in->acknowledgement);
		if (item->outcome == OUTCOME_OK && in->result == INTAKE_INVENTORY)
			item_say(batch, item, EVENT_STOCK_REPORTED, item->party, (struct str){NULL, 0},
				 in->stock_report);
	}
}

void
ingest_committed(void *state)
{
	drift_committed(((struct ingest_state *)state)->drift);
}

enum outcome
ingest_handle(struct batch *batch, struct why *why)
{
	struct drift *drift = ((struct ingest_state *)batch->state)->drift;
	struct rows *documents = rows_new(&ingest_documents_put, batch->arena);
	struct item **orders = arena_array(batch->arena, batch->n, sizeof(struct item *));
	enum outcome outcome = items_read(batch, why);
	struct answers *answers;

	if (outcome == OUTCOME_OK)
		outcome = former_ids_apply(batch, why);
	if (outcome != OUTCOME_OK)
		return outcome;
	answers = answers_judge(batch);
	if (!orders || !answers)
		return why_set(why, OUTCOME_DEAD, "too-large", "no memory");
	outcome = drift_see(drift, batch, why);
	if (outcome == OUTCOME_OK)
		outcome = returns_find(batch, why);
	if (outcome != OUTCOME_OK)
		return outcome;
	outcome = orders_settle(batch, orders, why);
	if (outcome == OUTCOME_OK)
		outcome = confirmations_store(batch, why);
	if (outcome == OUTCOME_OK)
		outcome = returns_store(batch, why);
	if (outcome == OUTCOME_OK)
		outcome = answers_send(batch, answers, why);
	if (outcome != OUTCOME_OK)
		return outcome;
	backorders_end(batch);
	facts_say(batch);
	repeats_remember(batch);
	for (size_t i = 0; i < batch->n; i++)
		ingest_document_put(documents, batch, batch->items[i], batch->items[i]->scratch);
	store_send(batch->store, documents);
	drift_save(drift, batch);
	return OUTCOME_OK;
}
