/* SPDX-License-Identifier: Apache-2.0 */
#include "ingest/repeat.h"

#include "ingest/ingest_sql.h"

/* The ids that Redis is asked for, and what it says. */
struct asked {
	struct uuid *ids, *orders;
	struct item **items;
	size_t n;
};

static bool
asked_open(struct asked *asked, struct batch *batch)
{
	*asked = (struct asked){.ids = arena_array(batch->arena, batch->n, sizeof(struct uuid)),
				.orders = arena_array(batch->arena, batch->n, sizeof(struct uuid)),
				.items = arena_array(batch->arena, batch->n, sizeof(struct item *))};
	return asked->ids && asked->orders && asked->items;
}

static struct uuid
bytes_id(const struct item *item)
{
	const struct intake *in = item->scratch;
	struct str parts[] = {in->sender,
			      item->kind,
			      item->delivery->envelope.content_type,
			      {(const char *)&in->reading, sizeof in->reading},
			      {(const char *)in->body_sha256, sizeof in->body_sha256}};

	return uuid_derive(UUID_BYTES, parts, COUNT_OF(parts));
}

static void
asked_add(struct asked *asked, struct item *item)
{
	asked->ids[asked->n] = bytes_id(item);
	asked->items[asked->n++] = item;
}

enum outcome
repeats_ask(struct batch *batch, struct why *why)
{
	struct asked asked;

	if (!asked_open(&asked, batch))
		return why_set(why, OUTCOME_DEAD, "too-large", "the batch needs more memory than it may have");
	for (size_t i = 0; i < batch->n; i++) {
		struct item *item = batch->items[i];
		const struct intake *in = item->scratch;

		/* What was no repeat the first time is not asked for a second time. */
		if (in->reading && item->delivery->envelope.attempt == 0)
			asked_add(&asked, item);
	}
	batch_recall(batch, asked.ids, asked.n, asked.orders);
	for (size_t i = 0; i < asked.n; i++) {
		struct intake *in = asked.items[i]->scratch;

		in->is_unread = !uuid_is_nil(asked.orders[i]);
		if (in->is_unread)
			item_order(asked.items[i], asked.orders[i]);
	}
	return OUTCOME_OK;
}

static void
repeat_end(struct batch *batch, struct item *item, struct uuid body_of)
{
	struct intake *in = item->scratch;

	in->is_unread = false;
	in->result = INTAKE_DUPLICATE;
	in->body_of = body_of;
	item_note(batch, item, "duplicate", NULL, "the channel sent it again, with the same content");
}

static void
repeat_read(struct batch *batch, struct item *item, void (*read)(struct batch *batch, struct item *item))
{
	struct intake *in = item->scratch;
	struct uuid locked = item->order_id;
	struct why why = {0};

	in->is_unread = false;
	item_order(item, (struct uuid){{0}});
	read(batch, item);
	if (item->outcome != OUTCOME_OK || (in->result == INTAKE_ORDER && uuid_equal(item->order_id, locked)))
		return;
	/* It is not of the order that Redis named, and by which id the order that it is of goes was not asked: of none, for now. */
	item_order(item, (struct uuid){{0}});
	item_fail(item, why_set(&why, OUTCOME_RETRY, "order-busy", "Redis said that it is another order"), &why);
}

static bool
is_unread(const struct item *item)
{
	return ((const struct intake *)item->scratch)->is_unread;
}

/* The end of those from `at` on that concern the same order. */
static size_t
order_end(struct item **orders, size_t n, size_t at, bool *all_unread)
{
	size_t end = at;

	for (*all_unread = true; end < n && uuid_equal(orders[end]->order_id, orders[at]->order_id); end++)
		*all_unread = *all_unread && is_unread(orders[end]);
	return end;
}

enum outcome
repeats_settle(struct batch *batch, struct item **orders, size_t n,
	       void (*read)(struct batch *batch, struct item *item), struct why *why)
{
	struct rows *rows = rows_new(&ingest_repeats_known, batch->arena);
	struct item **asked = arena_array(batch->arena, n, sizeof(struct item *));
	size_t asked_count = 0;
	struct result *known;
	enum outcome outcome;

	if (!asked)
		return why_set(why, OUTCOME_DEAD, "too-large", "the batch needs more memory than it may have");
	for (size_t at = 0, end; at < n; at = end) {
		bool all_unread;

		end = order_end(orders, n, at, &all_unread);
		for (size_t i = at; i < end && all_unread; i++) {
			ingest_repeat_put(rows, orders[i], orders[i]->scratch);
			asked[asked_count++] = orders[i];
		}
	}
	if (asked_count) {
		outcome = store_query(batch->store, rows, &known, why);
		if (outcome != OUTCOME_OK)
			return outcome;
		for (size_t row = 0; row < result_count(known); row++)
			repeat_end(batch, asked[result_int(known, row, 0) - 1], result_uuid(known, row, 1));
	}
	for (size_t i = 0; i < n; i++)
		if (is_unread(orders[i]))
			repeat_read(batch, orders[i], read);
	return OUTCOME_OK;
}

void
repeats_remember(struct batch *batch)
{
	struct asked became;

	if (!asked_open(&became, batch))
		return; /* they will be read */
	for (size_t i = 0; i < batch->n; i++) {
		struct item *item = batch->items[i];
		const struct intake *in = item->scratch;

		if (item->outcome != OUTCOME_OK || in->result != INTAKE_ORDER || !in->reading)
			continue;
		became.orders[became.n] = item->order_id;
		asked_add(&became, item);
	}
	batch_remember(batch, became.ids, became.orders, became.n);
}
