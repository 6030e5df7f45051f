/* SPDX-License-Identifier: Apache-2.0 */
#include "ingest/returns.h"

#include "topology_names.h"

#include "base/decimal.h"
#include "ingest/returns_sql.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* --- one request ---------------------------------------------------------------------------------------------------- */

#define PATH_BYTES 64

static const char *
path_of(char path[static PATH_BYTES], size_t index, const char *field)
{
	snprintf(path, PATH_BYTES, "lines[%zu].%s", index, field);
	return path;
}

static bool
is_of(const struct returnable *line, const struct return_line *asked)
{
	if (asked->line_no && asked->line_no != line->line_no)
		return false;
	return !asked->sku.n || str_equal(asked->sku, line->sku) || str_equal(asked->sku, line->item_no) ||
	       str_equal(asked->sku, line->gtin);
}

static enum outcome
line_find(const struct return_line *asked, size_t index, struct returnable *lines, size_t n, struct returnable **line,
	  struct why *why)
{
	struct returnable *found = NULL;
	char path[PATH_BYTES];

	for (size_t i = 0; i < n; i++) {
		if (!is_of(&lines[i], asked))
			continue;
		if (found)
			return why_at(why, OUTCOME_HELD, "return-line-ambiguous", path_of(path, index, "sku"),
				      "several lines of the order have this item: ask for the line_no");
		found = &lines[i];
	}
	if (!found)
		return why_at(why, OUTCOME_HELD, "return-line-unknown",
			      path_of(path, index, asked->line_no ? "line_no" : "sku"),
			      "the order has no such line, or it is of another item: ask what is meant");
	*line = found;
	return OUTCOME_OK;
}

/* The quantity in the base unit, which everything here is counted in. */
static enum outcome
line_count(const struct return_line *asked, size_t index, const struct returnable *line, int64_t *base_micro,
	   struct why *why)
{
	char path[PATH_BYTES];
	__int128 all = (__int128)asked->quantity_micro * line->base_quantity_micro;

	if (!asked->unit.n ? !line->unit.n : str_equal(asked->unit, line->base_unit)) {
		*base_micro = asked->quantity_micro;
		return OUTCOME_OK;
	}
	if (asked->unit.n && !str_equal(asked->unit, line->unit))
		return why_at(why, OUTCOME_HELD, "return-unit", path_of(path, index, "unit"),
			      "it is neither the unit that was ordered nor the item's own: ask what is meant");
	if (line->quantity_micro <= 0 || all % line->quantity_micro != 0 ||
	    all / line->quantity_micro > CONTRACT_DECIMAL_MAX)
		return why_at(why, OUTCOME_HELD, "unit-inexact", path_of(path, index, "quantity"),
			      "the quantity in the item's own unit has more than six places");
	*base_micro = (int64_t)(all / line->quantity_micro);
	return OUTCOME_OK;
}

static void
line_fill(struct return_line *asked, const struct returnable *line, int64_t base_micro)
{
	asked->line_no = line->line_no;
	asked->line_ref = line->line_ref;
	if (line->sku.n)
		asked->sku = line->sku;
	if (!asked->unit.n)
		asked->unit = line->unit.n ? line->unit : line->base_unit;
	asked->item_no = line->item_no;
	asked->base_unit = line->base_unit;
	asked->base_quantity_micro = base_micro;
}

static enum outcome
line_apply(struct return_line *asked, size_t index, struct returnable *lines, size_t n, struct why *why)
{
	char left[DECIMAL_TEXT_BYTES], path[PATH_BYTES];
	struct returnable *line = NULL;
	int64_t base_micro = 0, left_micro = 0;
	enum outcome outcome = line_find(asked, index, lines, n, &line, why);

	/* Of what is not even enriched nothing was shipped. */
	if (outcome == OUTCOME_OK && line->item_no.n) {
		left_micro = line->shipped_micro - line->returned_micro - line->asked_micro;
		outcome = line_count(asked, index, line, &base_micro, why);
	}
	if (outcome != OUTCOME_OK)
		return outcome;
	if (!line->item_no.n || base_micro > left_micro) {
		decimal_format(left_micro > 0 ? left_micro : 0, left);
		return why_at(why, OUTCOME_HELD, "return-over", path_of(path, index, "quantity"),
			      "more than was shipped and not asked back before, which is %s: release it when more has "
			      "shipped, else dismiss it",
			      left);
	}
	line->asked_micro += base_micro;
	line_fill(asked, line, base_micro);
	return OUTCOME_OK;
}

enum outcome
return_apply(struct return_request *request, struct returnable *lines, size_t n, struct why *why)
{
	enum outcome outcome = OUTCOME_OK;

	for (size_t i = 0; i < n; i++)
		lines[i].asked_micro = 0;
	for (size_t i = 0; outcome == OUTCOME_OK && i < request->lines.n; i++)
		outcome = line_apply(return_line_at(request, i), i, lines, n, why);
	for (size_t i = 0; outcome == OUTCOME_OK && i < n; i++)
		lines[i].returned_micro += lines[i].asked_micro;
	return outcome;
}

/* --- those of a batch ----------------------------------------------------------------------------------------------- */

static struct return_request *
request_of(const struct item *item)
{
	const struct intake *in = item->scratch;

	return item->outcome == OUTCOME_OK && in->result == INTAKE_RETURN ? in->return_request : NULL;
}

static void
request_fail(struct item *item, enum outcome outcome, const struct why *why)
{
	struct intake *in = item->scratch;

	in->result = outcome == OUTCOME_HELD ? INTAKE_EXCEPTION : INTAKE_REFUSED;
	item_fail(item, outcome, why);
}

static void
order_join(struct item *item, const struct result *found, size_t first, size_t end)
{
	struct return_request *r = request_of(item);
	struct why why = {0};

	if (first == end) {
		request_fail(item,
			     why_at(&why, OUTCOME_HELD, "return-order-unknown", "order_id",
				    "the party has no such order: release this when it has come, else dismiss it"),
			     &why);
	} else if (end - first > 1) {
		request_fail(item,
			     why_at(&why, OUTCOME_HELD, "return-order-ambiguous", "order_number",
				    "the party has several orders with this number: ask for the order_id"),
			     &why);
	} else {
		r->order_id = result_uuid(found, first, 1);
		r->order_number = result_text(found, first, 2);
		item_order(item, r->order_id);
	}
}

enum outcome
returns_find(struct batch *batch, struct why *why)
{
	struct rows *rows = rows_new(&returns_orders_find, batch->arena);
	struct result *found;
	size_t row = 0;
	int64_t ordinal = 0;
	enum outcome outcome;

	for (size_t i = 0; i < batch->n; i++) {
		const struct return_request *r = request_of(batch->items[i]);

		if (!r)
			continue;
		rows_text(rows, r->party);
		rows_uuid_or_null(rows, r->order_id);
		rows_text(rows, r->order_number);
	}
	if (rows_count(rows) == 0)
		return OUTCOME_OK;
	outcome = store_query(batch->store, rows, &found, why);
	for (size_t i = 0; outcome == OUTCOME_OK && i < batch->n; i++) {
		size_t first = row;

		if (!request_of(batch->items[i]))
			continue;
		ordinal++;
		while (row < result_count(found) && result_int(found, row, 0) == ordinal)
			row++;
		order_join(batch->items[i], found, first, row);
	}
	return outcome;
}

void
returns_lock_put(struct rows *locks, const struct batch *batch)
{
	for (size_t i = 0; i < batch->n; i++) {
		const struct return_request *r = request_of(batch->items[i]);

		if (!r)
			continue;
		rows_uuid(locks, r->order_id);
		rows_uuid(locks, r->return_id); /* the same reference for two orders at once */
	}
}

/* A request that was there before, or earlier in the batch. */
struct known_return {
	struct uuid return_id;
	bool is_requested, is_of_batch;
	struct str content_sha256;
};

struct returning {
	struct batch *batch;
	const struct result *lines_found;
	struct returnable *lines; /* of all orders; those of one together */
	struct known_return *known;
	struct item **taken;
	size_t lines_count, known_count, taken_count;
	struct rows *rows, *lines_rows;
};

static struct known_return *
known_find(const struct returning *ret, struct uuid return_id)
{
	for (size_t i = ret->known_count; i > 0; i--)
		if (uuid_equal(ret->known[i - 1].return_id, return_id))
			return &ret->known[i - 1];
	return NULL;
}

static void
known_add(struct returning *ret, const struct item *item, bool is_requested)
{
	const struct intake *in = item->scratch;

	ret->known[ret->known_count++] =
	    (struct known_return){in->return_request->return_id,
				  is_requested,
				  true,
				  {(const char *)in->content_sha256, sizeof in->content_sha256}};
}

static void
request_take(struct returning *ret, struct item *item)
{
	struct return_request *r = request_of(item);
	size_t first = 0, n = 0;
	struct why why = {0};
	enum outcome outcome;

	while (first < ret->lines_count && !uuid_equal(result_uuid(ret->lines_found, first, 0), r->order_id))
		first++;
	while (first + n < ret->lines_count && uuid_equal(result_uuid(ret->lines_found, first + n, 0), r->order_id))
		n++;
	outcome = return_apply(r, ret->lines + first, n, &why);
	known_add(ret, item, outcome == OUTCOME_OK);
	if (outcome == OUTCOME_OK) {
		ret->taken[ret->taken_count++] = item;
		return;
	}
	returns_row_put(ret->rows, ret->batch, item, why.code);
	request_fail(item, outcome, &why);
}

/* One that is known and was taken stands; one that was refused may be better now. */
static void
request_decide(struct returning *ret, struct item *item)
{
	struct intake *in = item->scratch;
	const struct known_return *k = known_find(ret, request_of(item)->return_id);
	bool is_same = k && k->content_sha256.n == sizeof in->content_sha256 &&
		       memcmp(k->content_sha256.p, in->content_sha256, sizeof in->content_sha256) == 0;
	struct why why = {0};

	if (k && k->is_requested && is_same) {
		in->result = INTAKE_DUPLICATE;
		item_note(ret->batch, item, "duplicate", NULL, "the return was requested before");
	} else if (k && k->is_requested) {
		request_fail(
		    item,
		    why_at(&why, OUTCOME_HELD, "return-changed", "reference",
			   "a return with this reference was requested before, with other content: ask which one "
			   "holds, and for another reference if both do"),
		    &why);
	} else if (k && k->is_of_batch) {
		item_fail(item, why_set(&why, OUTCOME_RETRY, "order-busy", "another message is about this return"),
			  &why);
	} else {
		request_take(ret, item);
	}
}

static enum outcome
taken_say(struct returning *ret, struct why *why)
{
	struct rows *count = rows_new(&returns_numbers_take, ret->batch->arena);
	struct result *last;
	enum outcome outcome;

	if (!ret->taken_count)
		return OUTCOME_OK;
	rows_int(count, (int64_t)ret->taken_count);
	outcome = store_query(ret->batch->store, count, &last, why);
	if (outcome == OUTCOME_OK && result_count(last) != 1)
		outcome = why_set(why, OUTCOME_AWAY, "postgres-schema", "the row RMA of return_numbers is missing");
	for (size_t i = 0; outcome == OUTCOME_OK && i < ret->taken_count; i++) {
		struct item *item = ret->taken[i];
		struct return_request *r = request_of(item);
		int64_t number = result_int(last, 0, 0) - (int64_t)(ret->taken_count - 1 - i);

		r->number = arena_printf(ret->batch->arena, "RMA-%08" PRId64, number);
		r->requested_at_us = ret->batch->now_us;
		returns_row_put(ret->rows, ret->batch, item, NULL);
		returns_lines_put(ret->lines_rows, r);
		item_note(ret->batch, item, "return.requested", NULL, "return %.*s", STR_ARGS(r->number));
		item_say(ret->batch, item, EVENT_RETURN_REQUESTED, item->party, (struct str){NULL, 0}, r);
	}
	return outcome;
}

static enum outcome
returning_open(struct returning *ret, struct batch *batch, struct rows *ids, struct rows *orders, struct why *why)
{
	struct result *known, *lines;
	enum outcome outcome = store_query(batch->store, ids, &known, why);

	if (outcome == OUTCOME_OK)
		outcome = store_query(batch->store, orders, &lines, why);
	if (outcome != OUTCOME_OK)
		return outcome;
	*ret = (struct returning){
	    .batch = batch,
	    .lines_found = lines,
	    .lines = arena_array(batch->arena, result_count(lines), sizeof *ret->lines),
	    .known = arena_array(batch->arena, result_count(known) + batch->n, sizeof *ret->known),
	    .taken = arena_array(batch->arena, batch->n, sizeof(struct item *)),
	    .lines_count = result_count(lines),
	    .known_count = result_count(known),
	    .rows = rows_new(&returns_put, batch->arena),
	    .lines_rows = rows_new(&returns_lines_insert, batch->arena),
	};
	if (!ret->lines || !ret->known || !ret->taken)
		return why_set(why, OUTCOME_DEAD, "too-large", "no memory for the returns");
	for (size_t row = 0; row < ret->lines_count; row++)
		ret->lines[row] = returns_line_read(lines, row);
	for (size_t row = 0; row < ret->known_count; row++)
		ret->known[row] = (struct known_return){result_uuid(known, row, 0), result_bool(known, row, 1), false,
							result_bytes(known, row, 2)};
	return OUTCOME_OK;
}

enum outcome
returns_store(struct batch *batch, struct why *why)
{
	struct rows *ids = rows_new(&returns_known, batch->arena);
	struct rows *orders = rows_new(&returns_lines_find, batch->arena);
	struct returning ret;
	enum outcome outcome;

	for (size_t i = 0; i < batch->n; i++) {
		const struct return_request *r = request_of(batch->items[i]);

		if (!r)
			continue;
		rows_uuid(ids, r->return_id);
		rows_uuid(orders, r->order_id);
	}
	if (rows_count(ids) == 0)
		return OUTCOME_OK;
	outcome = returning_open(&ret, batch, ids, orders, why);
	if (outcome != OUTCOME_OK)
		return outcome;
	for (size_t i = 0; i < batch->n; i++)
		if (request_of(batch->items[i]))
			request_decide(&ret, batch->items[i]);
	outcome = taken_say(&ret, why);
	if (outcome != OUTCOME_OK)
		return outcome;
	store_send(batch->store, ret.rows);
	store_send(batch->store, ret.lines_rows);
	return OUTCOME_OK;
}
