/* SPDX-License-Identifier: Apache-2.0 */
/*
 * NAME         invoice
 * CONSUMES     invoice: shipment.confirmed
 * PUBLISHES    invoice.issued.<channel>
 * WRITES       invoices, invoice_lines, invoice_numbers
 * IDEMPOTENCY  the journal; one invoice per shipment by a unique key; the number is taken in the same transaction, last
 *              of all, so that there are no gaps and its lock is short
 * FAILURES     retry: order-unknown; exceptions: bill-line-unknown bill-over; dead: money-range
 */
#include "invoice/invoice.h"

#include "topology_names.h"

#include "invoice/invoice_sql.h"
#include "model/shipment.h"

#define SERIES "INV"

/* One item's way through the batch. */
struct task {
	struct item *item;
	struct order *order;
	struct billed_line *billed;
	struct bill bill;
};

static enum outcome
tasks_open(struct batch *batch, const struct result *orders, struct task *tasks, struct why *why)
{
	for (size_t i = 0; i < batch->n; i++) {
		struct item *item = batch->items[i];
		struct why item_why = {0};
		enum outcome outcome = OUTCOME_OK;
		size_t row = 0;

		tasks[i].item = item;
		tasks[i].order = arena_get(batch->arena, sizeof *tasks[i].order);
		if (!tasks[i].order)
			return why_set(why, OUTCOME_DEAD, "too-large", "no memory for the orders");
		while (row < result_count(orders) && !uuid_equal(result_uuid(orders, row, 0), item->order_id))
			row++;
		if (row == result_count(orders))
			outcome = why_set(&item_why, OUTCOME_RETRY, "order-unknown", "the order is not enriched yet");
		else
			outcome = contract_decode(&order_contract, result_bytes(orders, row, 1), batch->arena,
						  tasks[i].order, &item_why);
		if (outcome != OUTCOME_OK) {
			item_fail(item, outcome, &item_why);
			continue;
		}
		tasks[i].billed = arena_array(batch->arena, tasks[i].order->lines.n, sizeof *tasks[i].billed);
		if (!tasks[i].billed)
			return why_set(why, OUTCOME_DEAD, "too-large", "no memory for the lines");
	}
	return OUTCOME_OK;
}

static void
billed_fill(struct task *tasks, size_t n, const struct result *known)
{
	for (size_t row = 0; row < result_count(known); row++)
		for (size_t i = 0; i < n; i++) {
			int64_t line_no = result_int(known, row, 1);

			if (!tasks[i].billed || line_no > (int64_t)tasks[i].order->lines.n ||
			    !uuid_equal(tasks[i].item->order_id, result_uuid(known, row, 0)))
				continue;
			tasks[i].billed[line_no - 1] =
			    (struct billed_line){result_int(known, row, 2), result_int(known, row, 3)};
			break;
		}
}

static enum outcome
tasks_load(struct batch *batch, struct task *tasks, struct why *why)
{
	struct rows *ids = rows_new(&invoice_orders_known, batch->arena),
		    *line_ids = rows_new(&invoice_lines_known, batch->arena);
	struct result *orders, *lines;
	enum outcome outcome;

	for (size_t i = 0; i < batch->n; i++) {
		rows_uuid(ids, batch->items[i]->order_id);
		rows_uuid(line_ids, batch->items[i]->order_id);
	}
	outcome = store_query(batch->store, ids, &orders, why);
	if (outcome == OUTCOME_OK)
		outcome = tasks_open(batch, orders, tasks, why);
	if (outcome == OUTCOME_OK)
		outcome = store_query(batch->store, line_ids, &lines, why);
	if (outcome == OUTCOME_OK)
		billed_fill(tasks, batch->n, lines);
	return outcome;
}

/* Decides each bill; returns how many invoices there will be. */
static size_t
bills_decide(struct batch *batch, struct task *tasks)
{
	size_t count = 0;

	for (size_t i = 0; i < batch->n; i++) {
		struct task *t = &tasks[i];
		struct why why = {0};
		enum outcome outcome;

		if (t->item->outcome != OUTCOME_OK)
			continue;
		outcome = bill_decide(t->order, t->item->document, t->billed, batch->arena, &t->bill, &why);
		if (outcome != OUTCOME_OK)
			item_fail(t->item, outcome, &why);
		else if (t->bill.invoice.lines.n == 0)
			item_note(batch, t->item, "not-billed", NULL, "nothing of the shipment was shipped");
		else
			count++;
	}
	return count;
}

/* Returns it as it is published. */
static struct str
invoice_finish(struct batch *batch, struct task *t, int64_t number)
{
	struct invoice *invoice = &t->bill.invoice;
	struct str said;

	invoice->number = arena_printf(batch->arena, SERIES "-%08lld", (long long)number);
	invoice->invoice_id = uuid_derive_from(UUID_INVOICE, invoice->shipment_id, STR("invoice"));
	invoice->issued_at_us = batch->now_us;
	item_status(t->item, t->bill.is_last ? ORDER_INVOICED : ORDER_PART_INVOICED);
	item_note(batch, t->item, "invoice.issued", NULL, "invoice %.*s", STR_ARGS(invoice->number));
	said = batch_encode(batch, &invoice_contract, invoice);
	item_say_bytes(batch, t->item, EVENT_INVOICE_ISSUED, invoice->party, (struct str){NULL, 0}, said);
	return said;
}

static enum outcome
invoices_issue(struct batch *batch, struct task *tasks, size_t count, struct why *why)
{
	struct rows *take = rows_new(&invoice_numbers_take, batch->arena),
		    *invoices = rows_new(&invoice_insert, batch->arena),
		    *lines = rows_new(&invoice_lines_insert, batch->arena);
	struct result *last;
	struct str said;
	int64_t number;
	enum outcome outcome;

	rows_int(take, (int64_t)count);
	outcome = store_query(batch->store, take, &last, why);
	if (outcome != OUTCOME_OK)
		return outcome;
	number = result_int(last, 0, 0) - (int64_t)count;
	for (size_t i = 0; i < batch->n; i++) {
		if (tasks[i].item->outcome != OUTCOME_OK || tasks[i].bill.invoice.lines.n == 0)
			continue;
		said = invoice_finish(batch, &tasks[i], ++number);
		if (!said.p) /* its number would be missing */
			return why_set(why, OUTCOME_DEAD, "too-large", "the batch needs more memory than it may have");
		invoice_put(invoices, &tasks[i].bill.invoice, said);
		invoice_lines_put(lines, &tasks[i].bill);
	}
	store_send(batch->store, invoices);
	store_send(batch->store, lines);
	return OUTCOME_OK;
}

enum outcome
invoice_handle(struct batch *batch, struct why *why)
{
	struct task *tasks = arena_array(batch->arena, batch->n, sizeof *tasks);
	enum outcome outcome;
	size_t count;

	if (!tasks)
		return why_set(why, OUTCOME_DEAD, "too-large", "the batch needs more memory than it may have");
	outcome = tasks_load(batch, tasks, why);
	if (outcome != OUTCOME_OK)
		return outcome;
	count = bills_decide(batch, tasks);
	return count ? invoices_issue(batch, tasks, count, why) : OUTCOME_OK;
}
