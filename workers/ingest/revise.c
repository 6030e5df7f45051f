/* SPDX-License-Identifier: Apache-2.0 */
#include "ingest/revise.h"

#include "topology_names.h"

#include "base/instant.h"
#include "model/order_change.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

int
revision_compare(struct str a, struct str b)
{
	int64_t x, y;

	if ((instant_parse(a, &x) && instant_parse(b, &y)) || (str_to_int(a, &x) && str_to_int(b, &y)))
		return (x > y) - (x < y);
	return str_compare(a, b);
}

static bool
is_old(const struct known_order *known, const struct order *order)
{
	return order->revision.n && known->revision.n && revision_compare(order->revision, known->revision) < 0;
}

/* Both facts: what was asked of whom, and what the channel says now. */
static enum revise_step
late_decide(const struct known_order *known, const struct order *order, bool is_cancel, struct why *why)
{
	char asked[INSTANT_TEXT_BYTES];
	int64_t total = 0;

	instant_format(known->requested_at_us, asked);
	if (!order_grand_total(order, &total))
		total = 0;
	if (is_cancel)
		(void)why_set(why, OUTCOME_HELD, "order-cancelled",
			      "the channel cancelled it, but %.40s was asked to ship at %s (%" PRId64
			      " shipment(s)): have it stopped there or let it go, then dismiss this",
			      known->partner, asked, known->shipments_count);
	else
		(void)why_set(why, OUTCOME_HELD, "order-changed",
			      "the channel changed it to %zu lines and %" PRId64
			      " minor units, but %.40s was asked to ship at %s: settle it by hand, then dismiss this",
			      order->lines.n, total, known->partner, asked);
	return REVISE_LATE;
}

enum revise_step
revise_decide(const struct known_order *known, const struct intake *in, struct why *why)
{
	const struct order *order = in->order;
	bool is_cancel = in->result == INTAKE_CANCEL;

	if (is_cancel ? known->is_cancelled
		      : known->content_sha256.n == 32 && memcmp(known->content_sha256.p, in->content_sha256, 32) == 0)
		return REVISE_DUPLICATE;
	if (is_old(known, order)) {
		(void)why_set(why, OUTCOME_OK, "revision-old", "an earlier revision than the one that is known");
		return REVISE_OLD;
	}
	if (known->is_cancelled) {
		(void)why_set(
		    why, OUTCOME_HELD, "order-changed",
		    "the channel cancelled the order before, and now sends other content: ask it which holds");
		return REVISE_LATE;
	}
	if (known->shipments_count > 0)
		return late_decide(known, order, is_cancel, why);
	return is_cancel ? REVISE_CANCEL : REVISE_CHANGE;
}

struct revising {
	struct batch *batch;
	struct rows *keep, *change, *lines_gone, *lines, *cancel, *close, *waits_no_more;
};

static struct known_order
known_read(const struct result *r, size_t row)
{
	struct known_order k = {
	    .content_sha256 = result_bytes(r, row, 1),
	    .revision = result_text(r, row, 2),
	    .is_cancelled = result_bool(r, row, 4),
	    .shipments_count = result_int(r, row, 5),
	    .had_revision = result_bool(r, row, 9),
	    .document_id = result_uuid(r, row, 10),
	    .is_first = result_int(r, row, 3) == 1,
	    .body_of = result_uuid(r, row, 11),
	    .requested_at_us = result_is_null(r, row, 6) ? 0 : result_instant(r, row, 6),
	    .content_at_us = result_instant(r, row, 12),
	};

	if (!result_is_null(r, row, 8))
		k.document = result_bytes(r, row, 8);
	snprintf(k.partner, sizeof k.partner, "%.*s", STR_ARGS(result_text(r, row, 7)));
	return k;
}

/* Its time is later than that of what it replaces: by it enrich and allocate tell which of the two is wanted now. Both may have
 * come in one batch, or over two machines whose clocks differ. */
static void
change_apply(struct revising *rev, struct item *item, const struct known_order *known)
{
	struct batch *batch = rev->batch;
	struct intake *in = item->scratch;
	int64_t now_us = batch->now_us > known->content_at_us ? batch->now_us : known->content_at_us + 1;

	in->result = INTAKE_CHANGE;
	in->order->received_at_us = now_us;
	rows_uuid(rev->keep, item->order_id);
	rows_instant(rev->keep, now_us);
	ingest_change_put(rev->change, batch->arena, item, in);
	rows_uuid(rev->lines_gone, item->order_id);
	ingest_lines_put(rev->lines, in->order);
	item_note(batch, item, "changed", NULL, "revision %.*s", STR_ARGS(in->order->revision));
	item_say_after(batch, item, EVENT_ORDER_CHANGED, item->party, in->order, known->document_id,
		       known->is_first ? EVENT_ORDER_ACCEPTED : EVENT_ORDER_CHANGED);
}

static void
cancel_apply(struct revising *rev, struct item *item)
{
	struct batch *batch = rev->batch;
	const struct intake *in = item->scratch;

	rows_uuid(rev->cancel, item->order_id);
	rows_instant(rev->cancel, batch->now_us);
	rows_uuid(rev->close, item->order_id);
	item_status(item, ORDER_CANCELLED);
	item_note(batch, item, "cancelled", NULL, "nothing was asked of a warehouse yet");
	item_say(batch, item, EVENT_ORDER_CANCELLED, item->party, (struct str){NULL, 0}, in->order);
}

static void
repeat_fail(struct item *item, enum outcome outcome, const struct why *why)
{
	struct intake *in = item->scratch;

	in->result = outcome == OUTCOME_HELD ? INTAKE_EXCEPTION : INTAKE_REFUSED;
	item_fail(item, outcome, why);
}

/* The order is not there: a cancellation waits for it, a change for a person. */
static void
unknown_end(struct item *item)
{
	const struct intake *in = item->scratch;
	struct why why = {0};

	if (in->result == INTAKE_CHANGE)
		(void)why_set(&why, OUTCOME_HELD, "change-early",
			      "it changes some lines of an order that has not come: when it is there, release this");
	else
		(void)why_set(&why, OUTCOME_HELD, "order-cancelled",
			      "the channel cancelled an order that has not come: when it comes within 30 days it is "
			      "cancelled at once, and this closes by itself");
	repeat_fail(item, OUTCOME_HELD, &why);
}

/* A change of some lines becomes the whole order as it is to be. An earlier one that was never taken is not in the later
 * one: a person decides. */
static enum outcome
merge_apply(struct batch *batch, struct intake *in, const struct known_order *known, struct why *why)
{
	struct order *before = arena_get(batch->arena, sizeof *before);
	struct order *merged = arena_get(batch->arena, sizeof *merged);
	enum outcome outcome;

	if (is_old(known, in->order) && known->had_revision)
		return OUTCOME_OK;
	if (is_old(known, in->order))
		return why_at(why, OUTCOME_HELD, "change-late", "revision",
			      "it changes some lines, and a later revision came before it: see whether it still holds, "
			      "change the order by hand, then dismiss this");
	if (!before || !merged)
		return why_set(why, OUTCOME_DEAD, "too-large", "no memory for the order");
	outcome = contract_decode(&order_contract, known->document, batch->arena, before, why);
	if (outcome == OUTCOME_OK)
		outcome = order_merge(before, in->order, batch->arena, merged, why);
	if (outcome != OUTCOME_OK)
		return outcome;
	if (!intake_hash(merged, batch->arena, in->content_sha256))
		return why_set(why, OUTCOME_DEAD, "too-large", "no memory for the order");
	in->order = merged;
	return OUTCOME_OK;
}

/* What intake does with a whole order. */
static enum outcome
merged_check(struct batch *batch, const struct item *item, struct why *why)
{
	const struct intake *in = item->scratch;
	size_t index = party_list_index(batch->parties, item->party);

	return intake_check(party_list_at(batch->parties, index), in->order, batch->arena, why);
}

/* Whatever becomes of it, the channel no longer wants what the order's backorders wait for, or a person decides whether it does:
 * stock that comes does not go to them by itself. A content that is allocated anew waits anew. */
static void
waiting_end(struct revising *rev, const struct item *item)
{
	rows_uuid(rev->waits_no_more, item->order_id);
}

static void
repeat_apply(struct revising *rev, struct item *item, const struct known_order *known)
{
	struct intake *in = item->scratch;
	bool is_partial = in->result == INTAKE_CHANGE;
	enum outcome outcome = OUTCOME_OK;
	struct why why = {0};

	if (is_partial)
		outcome = merge_apply(rev->batch, in, known, &why);
	if (outcome != OUTCOME_OK) {
		waiting_end(rev, item);
		repeat_fail(item, outcome, &why);
		return;
	}
	switch (revise_decide(known, in, &why)) {
	case REVISE_DUPLICATE:
		in->result = INTAKE_DUPLICATE;
		in->body_of = known->body_of;
		item_note(rev->batch, item, "duplicate", NULL, "the channel sent it again, with the same content");
		break;
	case REVISE_OLD:
		in->result = INTAKE_IGNORED;
		in->ignored = why.code;
		item_note(rev->batch, item, "ignored", why.code, "%s", why.text);
		break;
	case REVISE_CHANGE:
		waiting_end(rev, item);
		if (is_partial)
			outcome = merged_check(rev->batch, item, &why);
		if (outcome == OUTCOME_OK)
			change_apply(rev, item, known);
		else
			repeat_fail(item, outcome, &why);
		break;
	case REVISE_CANCEL:
		waiting_end(rev, item);
		cancel_apply(rev, item);
		break;
	case REVISE_LATE:
		waiting_end(rev, item);
		repeat_fail(item, OUTCOME_HELD, &why);
		break;
	}
}

static bool
is_next(struct item **repeats, size_t i)
{
	return i > 0 && uuid_equal(repeats[i]->order_id, repeats[i - 1]->order_id);
}

static enum outcome
known_load(struct batch *batch, struct item **pass, size_t n, struct result **known, struct why *why)
{
	struct rows *ids = rows_new(&ingest_orders_known, batch->arena);

	for (size_t i = 0; i < n; i++) {
		const struct intake *in = pass[i]->scratch;

		rows_uuid(ids, pass[i]->order_id);
		rows_text_or_null(ids, in->order->revision);
		rows_bool(ids, in->result == INTAKE_CHANGE);
		rows_bytes(ids, (struct str){(const char *)in->body_sha256, sizeof in->body_sha256});
	}
	return store_query(batch->store, ids, known, why);
}

static void
revising_open(struct revising *rev, struct batch *batch)
{
	*rev = (struct revising){
	    .batch = batch,
	    .keep = rows_new(&ingest_revisions_keep, batch->arena),
	    .change = rows_new(&ingest_orders_change, batch->arena),
	    .lines_gone = rows_new(&ingest_lines_delete, batch->arena),
	    .lines = rows_new(&ingest_lines_insert, batch->arena),
	    .cancel = rows_new(&ingest_orders_cancel, batch->arena),
	    .close = rows_new(&ingest_exceptions_close, batch->arena),
	    .waits_no_more = rows_new(&ingest_backorders_end, batch->arena),
	};
}

static void
revising_send(struct revising *rev)
{
	struct store *store = rev->batch->store;

	store_send(store, rev->keep);
	store_send(store, rev->change);
	store_send(store, rev->lines_gone);
	store_send(store, rev->lines);
	store_send(store, rev->cancel);
	store_send(store, rev->close);
	store_send(store, rev->waits_no_more);
}

/* No order twice: each sees what the pass before it wrote. */
static enum outcome
pass_apply(struct batch *batch, struct item **pass, size_t n, struct why *why)
{
	struct revising rev;
	struct result *known;
	enum outcome outcome = known_load(batch, pass, n, &known, why);

	if (outcome != OUTCOME_OK)
		return outcome;
	revising_open(&rev, batch);
	for (size_t i = 0; i < n; i++) {
		struct known_order k;
		size_t row = 0;

		while (row < result_count(known) && !uuid_equal(result_uuid(known, row, 0), pass[i]->order_id))
			row++;
		if (row == result_count(known)) {
			unknown_end(pass[i]);
			continue;
		}
		k = known_read(known, row);
		repeat_apply(&rev, pass[i], &k);
	}
	revising_send(&rev);
	return OUTCOME_OK;
}

enum outcome
revisions_apply(struct batch *batch, struct item **repeats, size_t n, struct why *why)
{
	struct item **pass = arena_array(batch->arena, n, sizeof(struct item *));
	size_t *place = arena_array(batch->arena, n, sizeof *place);
	enum outcome outcome = OUTCOME_OK;
	size_t last = 0;

	if (!pass || !place)
		return why_set(why, OUTCOME_DEAD, "too-large", "the batch needs more memory than it may have");
	for (size_t i = 0; i < n; i++) {
		place[i] = is_next(repeats, i) ? place[i - 1] + 1 : 0;
		last = place[i] > last ? place[i] : last;
	}
	for (size_t p = 0; p <= last && outcome == OUTCOME_OK; p++) {
		size_t count = 0;

		for (size_t i = 0; i < n; i++)
			if (place[i] == p)
				pass[count++] = repeats[i];
		outcome = pass_apply(batch, pass, count, why);
	}
	return outcome;
}
