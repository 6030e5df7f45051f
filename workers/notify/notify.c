/* SPDX-License-Identifier: Apache-2.0 */
/*
 * NAME         notify
 * CONSUMES     notify.<party>, of parties that are sent documents: order.allocated, shipment.confirmed, invoice.issued,
 *              document.acknowledged
 * PUBLISHES    document.issued.<party>: 855, 856, 810, ORDRSP, DESADV, INVOIC, or what the party's mapping makes of it
 * WRITES       outbound_documents, outbound_omitted; control numbers, by their function
 * IDEMPOTENCY  the journal; a document's id is derived from what it is about, so that an allocation, shipment or invoice
 *              is told once. Its control number is taken in the same transaction; a number may stay unused
 * FAILURES     retry: order-unknown document-early; exceptions: document-rejected, mapping-* and a mapping's own, x12-data edifact-data
 *              xml-data and the writers' others: the mapping cannot say it yet
 */
#include "notify/notify.h"

#include "topology_names.h"

#include "base/instant.h"
#include "model/acknowledgement.h"
#include "model/allocation.h"
#include "model/invoice.h"
#include "model/model.h"
#include "model/order.h"
#include "model/shipment.h"
#include "notify/notify_sql.h"
#include "outbound/outbound.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define EARLY_ATTEMPTS 2 /* how often an earlier document is waited for: 35 s */

struct notify_state {
	struct mapping **mappings; /* by the place of the party; NULL for one that is sent nothing */
	size_t mappings_count;
};

/* One item's document. */
struct task {
	struct item *item;
	const struct party *party;
	struct mapping *mapping;
	struct order *order;
	struct uuid document_id;
	int64_t control;
};

void
notify_close(void *state)
{
	struct notify_state *st = state;

	for (size_t i = 0; i < st->mappings_count; i++)
		mapping_close(st->mappings[i]);
	free(st->mappings);
	free(st);
}

/* Its mapping has a function for each document that party.yaml names. */
static enum outcome
mapping_load(const struct setup *setup, const struct party *party, struct mapping **mapping, struct why *why)
{
	enum outcome outcome = OUTCOME_OK;

	for (size_t i = 0; outcome == OUTCOME_OK && i < PARTY_SENDS; i++) {
		const char *function = outbound_function((enum party_sends)i);

		if (!party->is_sent[i])
			continue;
		if (!*mapping)
			outcome = mapping_open(setup->parties_dir, party, mapping, why);
		if (outcome == OUTCOME_OK && !mapping_has(*mapping, function))
			outcome = why_at(why, OUTCOME_DEAD, "config", party->name,
					 "party.yaml says sends: %s, and its mapping has no function %s",
					 party_sends_name((enum party_sends)i), function);
	}
	return outcome;
}

enum outcome
notify_open(const struct setup *setup, void **state, struct why *why)
{
	struct notify_state *st = calloc(1, sizeof *st);
	size_t n = party_list_count(setup->parties);
	enum outcome outcome = OUTCOME_OK;

	if (st)
		st->mappings = calloc(n + 1, sizeof(struct mapping *));
	if (!st || !st->mappings) {
		free(st);
		return why_set(why, OUTCOME_DEAD, "config", "no memory");
	}
	*state = st;
	for (; outcome == OUTCOME_OK && st->mappings_count < n; st->mappings_count++)
		outcome = mapping_load(setup, party_list_at(setup->parties, st->mappings_count),
				       &st->mappings[st->mappings_count], why);
	return outcome;
}

/* --- what is sent --------------------------------------------------------------------------------------------------- */

/* What of the event the document is about: its identity. */
static struct uuid
subject_of(const struct item *item, enum party_sends what)
{
	switch (what) {
	case PARTY_SHIP_NOTICE:
		return ((const struct shipment *)item->document)->shipment_id;
	case PARTY_INVOICE:
		return ((const struct invoice *)item->document)->invoice_id;
	default:
		return item->message_id; /* an order that is allocated again is answered again */
	}
}

static struct uuid
document_id(enum party_sends what, struct uuid subject)
{
	return uuid_derive_from(UUID_DOCUMENT, subject, str_of(party_sends_name(what)));
}

/* Those of the batch whose party is sent this; returns how many. */
static size_t
tasks_open(struct batch *batch, enum party_sends what, struct task *tasks)
{
	const struct notify_state *st = batch->state;
	size_t n = 0;

	for (size_t i = 0; i < batch->n; i++) {
		struct item *item = batch->items[i];
		size_t index = party_list_index(batch->parties, item->party);
		const struct party *party =
		    index < party_list_count(batch->parties) ? party_list_at(batch->parties, index) : NULL;

		if (!party || !party->is_sent[what])
			continue;
		tasks[n++] = (struct task){
		    .item = item,
		    .party = party,
		    .mapping = st->mappings[index],
		    .document_id = document_id(what, subject_of(item, what)),
		};
	}
	return n;
}

static void
order_read(struct task *t, const struct result *orders, struct arena *arena)
{
	struct why why = {0};
	enum outcome outcome;
	size_t row = 0;

	while (row < result_count(orders) && !uuid_equal(result_uuid(orders, row, 0), t->item->order_id))
		row++;
	t->order = arena_get(arena, sizeof *t->order);
	if (row == result_count(orders))
		outcome = why_set(&why, OUTCOME_RETRY, "order-unknown", "the order is not enriched yet");
	else if (!t->order)
		outcome = why_set(&why, OUTCOME_DEAD, "too-large", "no memory for the order");
	else
		outcome = contract_decode(&order_contract, result_bytes(orders, row, 1), arena, t->order, &why);
	if (outcome != OUTCOME_OK)
		item_fail(t->item, outcome, &why);
}

static bool
is_issued(const struct result *issued, struct uuid document_id)
{
	for (size_t row = 0; row < result_count(issued); row++)
		if (uuid_equal(result_uuid(issued, row, 1), document_id))
			return true;
	return false;
}

static bool
is_answered(const struct result *issued, struct uuid order_id)
{
	for (size_t row = 0; row < result_count(issued); row++)
		if (uuid_equal(result_uuid(issued, row, 0), order_id) &&
		    str_equal(result_text(issued, row, 2), str_of(party_sends_name(PARTY_ORDER_RESPONSE))))
			return true;
	return false;
}

/*
 * A partner reads of a shipment after the answer to its order, and of an invoice after the shipment. Events come in that
 * order, but another process may have the earlier one in hand: it is waited for, and let by when it comes, unless both wait
 * behind a gate, in the wrong order. Not for ever: the party may have been sent no such document yet when that event came.
 */
static bool
is_early(const struct task *t, enum party_sends what, const struct result *issued)
{
	const struct invoice *invoice = t->item->document;

	if (t->item->delivery->envelope.attempt >= EARLY_ATTEMPTS)
		return false;
	if (what == PARTY_SHIP_NOTICE)
		return t->party->is_sent[PARTY_ORDER_RESPONSE] && !is_answered(issued, t->item->order_id);
	if (what == PARTY_INVOICE)
		return t->party->is_sent[PARTY_SHIP_NOTICE] &&
		       !is_issued(issued, document_id(PARTY_SHIP_NOTICE, invoice->shipment_id));
	return false;
}

/* The orders, and which of the documents are still to be issued; *n is how many stay. */
static enum outcome
tasks_load(struct batch *batch, enum party_sends what, struct task *tasks, size_t *n, struct why *why)
{
	struct rows *order_ids = rows_new(&notify_orders_known, batch->arena),
		    *ids = rows_new(&notify_documents_issued, batch->arena);
	struct result *orders, *issued;
	size_t left = 0;
	enum outcome outcome;

	for (size_t i = 0; i < *n; i++) {
		rows_uuid(order_ids, tasks[i].item->order_id);
		rows_uuid(ids, tasks[i].item->order_id);
	}
	outcome = store_query(batch->store, order_ids, &orders, why);
	if (outcome == OUTCOME_OK)
		outcome = store_query(batch->store, ids, &issued, why);
	if (outcome != OUTCOME_OK)
		return outcome;
	for (size_t i = 0; i < *n; i++) {
		struct why early = {0};

		if (is_issued(issued, tasks[i].document_id))
			continue;
		if (is_early(&tasks[i], what, issued)) {
			(void)why_set(&early, OUTCOME_RETRY, "document-early",
				      "what is told the partner before it is still under way");
			item_give_way(tasks[i].item, &early);
			continue;
		}
		order_read(&tasks[i], orders, batch->arena);
		if (tasks[i].item->outcome == OUTCOME_OK)
			tasks[left++] = tasks[i];
	}
	*n = left;
	return OUTCOME_OK;
}

/* Each gets its number out of what its party got. */
static enum outcome
numbers_take(struct batch *batch, struct task *tasks, size_t n, struct why *why)
{
	struct rows *rows = rows_new(&notify_numbers_take, batch->arena);
	struct result *taken;
	enum outcome outcome;

	for (size_t i = 0; i < n; i++) {
		rows_text(rows, str_of(tasks[i].party->name));
		rows_int(rows, 1);
	}
	outcome = store_query(batch->store, rows, &taken, why);
	for (size_t row = 0; outcome == OUTCOME_OK && row < result_count(taken); row++) {
		int64_t last = result_int(taken, row, 1);

		for (size_t i = n; i > 0; i--)
			if (str_equal(str_of(tasks[i - 1].party->name), result_text(taken, row, 0)))
				tasks[i - 1].control = last--;
	}
	return outcome;
}

/* What the mapping is given; NULL after failing the item. */
static struct node *
document_make(struct batch *batch, const struct task *t, enum party_sends what)
{
	static const struct contract *const contracts[] = {&allocation_contract, &shipment_contract, &invoice_contract};
	char now[INSTANT_TEXT_BYTES];
	struct outbound_said said = {.control = arena_printf(batch->arena, "%" PRId64, t->control)};
	struct node *document = NULL;
	struct why why = {0};
	enum outcome outcome = model_tree(&order_contract, t->order, batch->arena, &said.order, &why);

	if (outcome == OUTCOME_OK)
		outcome = model_tree(contracts[what], t->item->document, batch->arena, &said.about, &why);
	instant_format(batch->now_us, now);
	said.sent_at = arena_str(batch->arena, str_of(now));
	if (outcome == OUTCOME_OK && said.control.p && said.sent_at.p)
		document = outbound_document(what, &said, batch->arena);
	if (!document)
		item_fail(t->item, why_set(&why, OUTCOME_DEAD, "too-large", "no memory for the document"), &why);
	return document;
}

static void
document_issue(struct batch *batch, const struct task *t, enum party_sends what, struct rows *issued,
	       struct rows *omitted)
{
	struct node *document = document_make(batch, t, what);
	const char *content_type = outbound_content_type(t->party);
	struct str bytes;
	struct why why = {0};
	enum outcome outcome;

	if (!document)
		return;
	outcome = outbound_write(t->party, t->mapping, what, document, batch->arena, &bytes, &why);
	if (outcome != OUTCOME_OK) {
		item_subject(t->item, t->order->source_number);
		item_fail(t->item, outcome, &why);
		return;
	}
	if (!bytes.p) {
		rows_uuid(omitted, t->document_id);
		rows_text(omitted, str_of(t->party->name));
		rows_text(omitted, str_of(party_sends_name(what)));
		rows_uuid(omitted, t->item->order_id);
		rows_text(omitted, str_of(why.code));
		rows_instant(omitted, batch->now_us);
		item_note(batch, t->item, "document.omitted", why.code, "%s: %.200s", party_sends_name(what), why.text);
		return;
	}
	notify_document_put(issued, &(struct issued){.document_id = t->document_id,
						     .order_id = t->item->order_id,
						     .party = str_of(t->party->name),
						     .what = what,
						     .control = t->control,
						     .content_type = content_type,
						     .body = bytes,
						     .issued_at_us = batch->now_us});
	item_note(batch, t->item, "document.issued", NULL, "%s to %s, control number %" PRId64, party_sends_name(what),
		  t->party->name, t->control);
	item_reply(batch, t->item, EVENT_DOCUMENT_ISSUED, 0, content_type, bytes);
}

static enum outcome
issue(struct batch *batch, enum party_sends what, struct why *why)
{
	struct rows *issued = rows_new(&notify_document_insert, batch->arena),
		    *omitted = rows_new(&notify_omitted_insert, batch->arena);
	struct task *tasks = arena_array(batch->arena, batch->n, sizeof *tasks);
	size_t n = tasks ? tasks_open(batch, what, tasks) : 0;
	enum outcome outcome = OUTCOME_OK;

	if (!tasks)
		return why_set(why, OUTCOME_DEAD, "too-large", "the batch needs more memory than it may have");
	if (n)
		outcome = tasks_load(batch, what, tasks, &n, why);
	if (n && outcome == OUTCOME_OK)
		outcome = numbers_take(batch, tasks, n, why);
	if (outcome != OUTCOME_OK)
		return outcome;
	for (size_t i = 0; i < n; i++)
		document_issue(batch, &tasks[i], what, issued, omitted);
	store_send(batch->store, issued);
	store_send(batch->store, omitted);
	return OUTCOME_OK;
}

enum outcome
notify_allocated(struct batch *batch, struct why *why)
{
	return issue(batch, PARTY_ORDER_RESPONSE, why);
}

enum outcome
notify_shipped(struct batch *batch, struct why *why)
{
	return issue(batch, PARTY_SHIP_NOTICE, why);
}

enum outcome
notify_invoiced(struct batch *batch, struct why *why)
{
	return issue(batch, PARTY_INVOICE, why);
}

/* --- what was said to it -------------------------------------------------------------------------------------------- */

static const char *const states[] = {"accepted", "with-errors", "rejected"}; /* by enum acknowledgement_verdict */

/* It belongs to the order that the document was about. A rejection is for a person, once. */
static void
answer_apply(struct batch *batch, struct item *item, const struct result *known, size_t row, struct rows *rows)
{
	const struct acknowledgement *a = item->document;
	const char *state = states[a->verdict];
	struct str what = result_text(known, row, 4);
	bool was_known = str_equal(result_text(known, row, 5), str_of(state));
	struct why why = {0};

	item->order_id = result_uuid(known, row, 3);
	rows_uuid(rows, result_uuid(known, row, 2));
	rows_text(rows, str_of(state));
	rows_text_or_null(rows, a->reason);
	rows_instant(rows, batch->now_us);
	item_note(batch, item, "document.acknowledged", NULL, "%.*s with control number %.*s: %s %.200s",
		  STR_ARGS(what), STR_ARGS(a->control), state, a->reason.n ? arena_text(batch->arena, a->reason) : "");
	if (a->verdict != ACKNOWLEDGEMENT_REJECTED || was_known)
		return;
	item_subject(item, a->control);
	item_fail(
	    item,
	    why_set(&why, OUTCOME_HELD, "document-rejected",
		    "%.*s rejected our %.*s with control number %.*s (%.200s): see why, send it in another way, then "
		    "dismiss this",
		    STR_ARGS(a->party), STR_ARGS(what), STR_ARGS(a->control),
		    a->reason.n ? arena_text(batch->arena, a->reason) : "no reason given"),
	    &why);
}

enum outcome
notify_acknowledged(struct batch *batch, struct why *why)
{
	struct rows *asked = rows_new(&notify_documents_answered, batch->arena),
		    *answers = rows_new(&notify_document_answer, batch->arena);
	struct result *known;
	enum outcome outcome;

	for (size_t i = 0; i < batch->n; i++) {
		const struct acknowledgement *a = batch->items[i]->document;
		int64_t control;

		if (!str_to_int(a->control, &control)) /* none of our numbers */
			continue;
		rows_text(asked, a->party);
		rows_int(asked, control);
	}
	if (rows_count(asked) == 0)
		return OUTCOME_OK;
	outcome = store_query(batch->store, asked, &known, why);
	for (size_t i = 0; outcome == OUTCOME_OK && i < batch->n; i++) {
		const struct acknowledgement *a = batch->items[i]->document;
		int64_t control;

		for (size_t row = 0; str_to_int(a->control, &control) && row < result_count(known); row++)
			if (result_int(known, row, 1) == control && str_equal(result_text(known, row, 0), a->party)) {
				answer_apply(batch, batch->items[i], known, row, answers);
				break;
			}
	}
	store_send(batch->store, answers);
	return outcome;
}
