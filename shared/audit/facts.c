/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows and the canonical document they were made of, which stands beside them in msgpack: whoever changes one of them
 * changes the other not. Facts are inserted once, so this holds in every committed state.
 */
#include "audit/audit.h"

#include "intake/intake.h"
#include "model/invoice.h"
#include "model/return_request.h"
#include "model/shipment.h"

#include <inttypes.h>
#include <string.h>

#define CHECK "facts"

static const struct statement orders_select = {
    "audit_facts_orders", "U",
    "SELECT order_id, document, party, external_id, number, currency, total_minor, lines_count, content_sha256,"
    " coalesce(changed_at, received_at) FROM tributary.orders WHERE order_id = ANY ($1) ORDER BY order_id"};
static const struct statement lines_select = {
    "audit_facts_lines", "U",
    "SELECT order_id, line_no, line_ref, coalesce(sku, ''), coalesce(gtin, ''), coalesce(unit, ''), quantity_micro,"
    " unit_price_micro, discount_minor, tax_minor, coalesce(description, '') FROM tributary.order_lines"
    " WHERE order_id = ANY ($1) ORDER BY order_id, line_no"};
static const struct statement revisions_select = {
    "audit_facts_revisions", "U",
    "SELECT order_id, document, revision_no, total_minor, content_sha256 FROM tributary.order_revisions"
    " WHERE order_id = ANY ($1)"};
static const struct statement enrichments_select = {
    "audit_facts_enrichments", "U",
    "SELECT order_id, document, customer_no FROM tributary.enrichments WHERE order_id = ANY ($1) ORDER BY order_id"};
static const struct statement enriched_lines_select = {
    "audit_facts_enriched_lines", "U",
    "SELECT order_id, line_no, item_no, base_unit, price_source, base_quantity_micro, price_micro, tax_rate_micro"
    " FROM tributary.line_enrichments WHERE order_id = ANY ($1) ORDER BY order_id, line_no"};
static const struct statement shipments_select = {
    "audit_facts_shipments", "U",
    "SELECT order_id, document, shipment_id, place, partner, warehouse FROM tributary.shipments"
    " WHERE order_id = ANY ($1) ORDER BY shipment_id"};
static const struct statement reservations_select = {
    "audit_facts_reservations", "U",
    "SELECT shipment_id, line_no, warehouse, item_no, quantity_micro FROM tributary.reservations"
    " WHERE order_id = ANY ($1) ORDER BY shipment_id, line_no"};
static const struct statement invoices_select = {
    "audit_facts_invoices", "U",
    "SELECT order_id, document, invoice_id, number, shipment_id, customer_no, currency, gross_minor, discount_minor,"
    " charges_minor, tax_minor, total_minor FROM tributary.invoices WHERE order_id = ANY ($1) ORDER BY invoice_id"};
static const struct statement invoice_lines_select = {
    "audit_facts_invoice_lines", "U",
    "SELECT invoice_id, line_no, item_no, gross_minor, discount_minor, net_minor, tax_minor"
    " FROM tributary.invoice_lines WHERE order_id = ANY ($1) ORDER BY invoice_id, line_no"};
static const struct statement returns_select = {
    "audit_facts_returns", "U",
    "SELECT order_id, document, return_id, number, party, reference, lines_count::bigint, requested_at"
    " FROM tributary.returns WHERE order_id = ANY ($1) AND document IS NOT NULL ORDER BY return_id"};
static const struct statement return_lines_select = {
    "audit_facts_return_lines", "U",
    "SELECT return_id, place::bigint, order_id, line_no::bigint, item_no, quantity_micro, unit, base_quantity_micro,"
    " reason_code, coalesce(reason_text, '') FROM tributary.return_lines WHERE order_id = ANY ($1)"
    " ORDER BY return_id, place"};

static struct str
uuid_text(struct arena *arena, struct uuid id)
{
	char text[UUID_TEXT_BYTES];

	uuid_format(id, text);
	return arena_str(arena, str_of(text));
}

static void
report(struct audit *a, struct uuid order_id, const char *table, struct str key, const char *says)
{
	audit_report(a, AUDIT_ORDER, CHECK, uuid_text(a->arena, order_id), str_of(table), key, str_of(says));
}

static struct str
line_key(struct audit *a, struct uuid id, int64_t line_no)
{
	char text[UUID_TEXT_BYTES];

	uuid_format(id, text);
	return arena_printf(a->arena, "%s/%" PRId64, text, line_no);
}

/* Decodes the document of a row; NULL after reporting that it cannot be read. */
static void *
document_read(struct audit *a, const struct contract *c, const struct result *r, size_t row, const char *table,
	      struct str key)
{
	void *document = arena_get(a->arena, c->size);
	struct why why = {0};

	if (document && contract_decode(c, result_bytes(r, row, 1), a->arena, document, &why) == OUTCOME_OK)
		return document;
	audit_report(a, AUDIT_ORDER, CHECK, uuid_text(a->arena, result_uuid(r, row, 0)), str_of(table), key,
		     arena_printf(a->arena, "its document cannot be read: %s %s", why.code, why.text));
	return NULL;
}

/* The children of one parent in a result that is sorted by it, as the parents are; moves *row behind them. */
static size_t
children_find(const struct result *r, size_t *row, struct uuid parent)
{
	size_t first;

	while (*row < result_count(r) && uuid_compare(result_uuid(r, *row, 0), parent) < 0)
		++*row;
	first = *row;
	while (*row < result_count(r) && uuid_equal(result_uuid(r, *row, 0), parent))
		++*row;
	return first;
}

static bool
hash_is(const struct order *o, struct arena *arena, struct str sha)
{
	unsigned char hash[32];

	return intake_hash(o, arena, hash) && sha.n == sizeof hash && memcmp(hash, sha.p, sizeof hash) == 0;
}

static void
lines_compare(struct audit *a, const struct order *o, const struct result *r, size_t first, size_t end)
{
	for (size_t row = first; row < end; row++) {
		int64_t line_no = result_int(r, row, 1);
		const struct order_line *l;

		if (line_no < 1 || line_no > (int64_t)o->lines.n)
			continue; /* one too many: order-lines says so */
		l = order_line_at(o, (size_t)line_no - 1);
		if (str_equal(l->line_ref, result_text(r, row, 2)) && str_equal(l->sku, result_text(r, row, 3)) &&
		    str_equal(l->gtin, result_text(r, row, 4)) && str_equal(l->unit, result_text(r, row, 5)) &&
		    l->quantity_micro == result_int(r, row, 6) && l->unit_price_micro == result_int(r, row, 7) &&
		    l->discount_minor == result_int(r, row, 8) && l->tax_minor == result_int(r, row, 9) &&
		    str_equal(l->description, result_text(r, row, 10)))
			continue;
		report(a, o->order_id, "order_lines", line_key(a, o->order_id, line_no),
		       "is not the line that the order's document has");
	}
}

static void
order_compare(struct audit *a, const struct order *o, const struct result *r, size_t row)
{
	struct uuid id = result_uuid(r, row, 0);
	int64_t total = 0;
	bool is_same = uuid_equal(o->order_id, id) && uuid_is_of_order(id, o->party, o->source_id) &&
		       str_equal(o->party, result_text(r, row, 2)) && str_equal(o->source_id, result_text(r, row, 3)) &&
		       str_equal(o->source_number, result_text(r, row, 4)) &&
		       str_equal(o->currency, result_text(r, row, 5)) && order_grand_total(o, &total) &&
		       total == result_int(r, row, 6) && (int64_t)o->lines.n == result_int(r, row, 7) &&
		       hash_is(o, a->arena, result_bytes(r, row, 8)) && o->received_at_us == result_instant(r, row, 9);

	if (!is_same)
		report(a, id, "orders", uuid_text(a->arena, id), "is not the order that its document has");
}

static enum outcome
rows_read(struct audit *a, const struct statement *statement, const struct audit_set *orders, struct result **result,
	  struct why *why)
{
	struct rows *rows = rows_new(statement, a->arena);

	for (size_t i = 0; i < orders->n; i++)
		rows_uuid(rows, orders->ids[i]);
	return store_query(a->store, rows, result, why);
}

/* Parents and their children, in one transaction. */
static enum outcome
pair_read(struct audit *a, const struct statement *parents, const struct statement *children,
	  const struct audit_set *orders, struct result *results[static 2], struct why *why)
{
	enum outcome outcome;

	store_begin(a->store);
	outcome = rows_read(a, children, orders, &results[1], why);
	return outcome == OUTCOME_OK ? rows_read(a, parents, orders, &results[0], why) : outcome;
}

static enum outcome
orders_compare(struct audit *a, const struct audit_set *orders, struct why *why)
{
	struct result *r[2];
	size_t child = 0;
	enum outcome outcome = pair_read(a, &orders_select, &lines_select, orders, r, why);

	for (size_t row = 0; outcome == OUTCOME_OK && row < result_count(r[0]); row++) {
		struct arena_mark mark = arena_mark(a->arena);
		size_t before = a->findings_count, first = children_find(r[1], &child, result_uuid(r[0], row, 0));
		const struct order *o = document_read(a, &order_contract, r[0], row, "orders",
						      uuid_text(a->arena, result_uuid(r[0], row, 0)));

		if (o) {
			order_compare(a, o, r[0], row);
			lines_compare(a, o, r[1], first, child);
		}
		if (a->findings_count == before)
			arena_rewind(a->arena, mark);
	}
	return outcome;
}

static enum outcome
revisions_compare(struct audit *a, const struct audit_set *orders, struct why *why)
{
	struct result *r;
	enum outcome outcome;

	store_begin(a->store);
	outcome = rows_read(a, &revisions_select, orders, &r, why);
	for (size_t row = 0; outcome == OUTCOME_OK && row < result_count(r); row++) {
		struct uuid id = result_uuid(r, row, 0);
		struct str key = line_key(a, id, result_int(r, row, 2));
		const struct order *o = document_read(a, &order_contract, r, row, "order_revisions", key);
		int64_t total = 0;

		if (o && (!uuid_equal(o->order_id, id) || !order_grand_total(o, &total) ||
			  total != result_int(r, row, 3) || !hash_is(o, a->arena, result_bytes(r, row, 4))))
			report(a, id, "order_revisions", key, "is not the order that its document has");
	}
	return outcome;
}

static void
enriched_compare(struct audit *a, const struct order *o, const struct result *r, size_t first, size_t end)
{
	for (size_t row = first; row < end; row++) {
		int64_t line_no = result_int(r, row, 1);
		const struct line_enrichment *e;

		if (line_no >= 1 && line_no <= (int64_t)o->lines.n) {
			e = &order_line_at(o, (size_t)line_no - 1)->enriched;
			if (str_equal(e->item_no, result_text(r, row, 2)) &&
			    str_equal(e->base_unit, result_text(r, row, 3)) &&
			    str_equal(e->price_source, result_text(r, row, 4)) &&
			    e->base_quantity_micro == result_int(r, row, 5) &&
			    e->price_micro == result_int(r, row, 6) && e->tax_rate_micro == result_int(r, row, 7))
				continue;
		}
		report(a, o->order_id, "line_enrichments", line_key(a, o->order_id, line_no),
		       "is not the line that the enrichment's document has");
	}
}

static enum outcome
enrichments_compare(struct audit *a, const struct audit_set *orders, struct why *why)
{
	struct result *r[2];
	size_t child = 0;
	enum outcome outcome = pair_read(a, &enrichments_select, &enriched_lines_select, orders, r, why);

	for (size_t row = 0; outcome == OUTCOME_OK && row < result_count(r[0]); row++) {
		struct uuid id = result_uuid(r[0], row, 0);
		struct arena_mark mark = arena_mark(a->arena);
		size_t before = a->findings_count, first = children_find(r[1], &child, id);
		const struct order *o =
		    document_read(a, &order_contract, r[0], row, "enrichments", uuid_text(a->arena, id));

		if (o &&
		    (!uuid_equal(o->order_id, id) || !str_equal(o->enriched.customer_no, result_text(r[0], row, 2))))
			report(a, id, "enrichments", uuid_text(a->arena, id), "is not what its document has");
		else if (o)
			enriched_compare(a, o, r[1], first, child);
		if (a->findings_count == before)
			arena_rewind(a->arena, mark);
	}
	return outcome;
}

/* Is there the reservation of this line of the shipment? */
static bool
is_reserved(const struct shipment_line *l, const struct shipment *s, const struct result *r, size_t first, size_t end)
{
	for (size_t row = first; row < end; row++)
		if (result_int(r, row, 1) == l->line_no)
			return str_equal(s->warehouse, result_text(r, row, 2)) &&
			       str_equal(l->item_no, result_text(r, row, 3)) &&
			       l->quantity_micro == result_int(r, row, 4);
	return false;
}

static void
shipment_compare(struct audit *a, const struct shipment *s, const struct result *r, size_t row,
		 const struct result *held, size_t first, size_t end)
{
	struct uuid order_id = result_uuid(r, row, 0), id = result_uuid(r, row, 2);

	if (!uuid_equal(s->shipment_id, id) || !uuid_equal(s->order_id, order_id) ||
	    s->place != result_int(r, row, 3) || !str_equal(s->partner, result_text(r, row, 4)) ||
	    !str_equal(s->warehouse, result_text(r, row, 5))) {
		report(a, order_id, "shipments", uuid_text(a->arena, id), "is not the shipment that its document has");
		return;
	}
	for (size_t i = 0; i < s->lines.n; i++) {
		const struct shipment_line *l = &((const struct shipment_line *)s->lines.items)[i];

		if (!is_reserved(l, s, held, first, end))
			report(a, order_id, "reservations",
			       arena_printf(a->arena, "%.*s/%.*s", STR_ARGS(line_key(a, order_id, l->line_no)),
					    STR_ARGS(s->warehouse)),
			       "is missing, or is not what was asked of the warehouse");
	}
}

static enum outcome
shipments_compare(struct audit *a, const struct audit_set *orders, struct why *why)
{
	struct result *r[2];
	size_t child = 0;
	enum outcome outcome = pair_read(a, &shipments_select, &reservations_select, orders, r, why);

	for (size_t row = 0; outcome == OUTCOME_OK && row < result_count(r[0]); row++) {
		struct uuid id = result_uuid(r[0], row, 2);
		struct arena_mark mark = arena_mark(a->arena);
		size_t before = a->findings_count, first = children_find(r[1], &child, id);
		const struct shipment *s =
		    document_read(a, &shipment_contract, r[0], row, "shipments", uuid_text(a->arena, id));

		if (s)
			shipment_compare(a, s, r[0], row, r[1], first, child);
		if (a->findings_count == before)
			arena_rewind(a->arena, mark);
	}
	return outcome;
}

/* Lines and charges of the document add up, and the row says the same. */
static bool
invoice_is_same(const struct invoice *i, const struct result *r, size_t row)
{
	const struct invoice_line *lines = i->lines.items;
	const struct adjustment *charges = i->charges.items;
	int64_t gross = 0, discount = 0, charged = 0, tax = 0;

	for (size_t l = 0; l < i->lines.n; l++) {
		gross += lines[l].gross_minor;
		discount += lines[l].discount_minor;
		tax += lines[l].tax_minor;
	}
	for (size_t c = 0; c < i->charges.n; c++) {
		charged += charges[c].amount_minor;
		tax += charges[c].tax_minor;
	}
	return uuid_equal(i->invoice_id, result_uuid(r, row, 2)) && uuid_equal(i->order_id, result_uuid(r, row, 0)) &&
	       str_equal(i->number, result_text(r, row, 3)) && uuid_equal(i->shipment_id, result_uuid(r, row, 4)) &&
	       str_equal(i->customer_no, result_text(r, row, 5)) && str_equal(i->currency, result_text(r, row, 6)) &&
	       gross == result_int(r, row, 7) && discount == result_int(r, row, 8) &&
	       charged == result_int(r, row, 9) && tax == result_int(r, row, 10) &&
	       gross - discount + charged + (i->prices_include_tax ? 0 : tax) == result_int(r, row, 11);
}

static void
invoice_lines_compare(struct audit *a, const struct invoice *i, const struct result *r, size_t first, size_t end)
{
	const struct invoice_line *lines = i->lines.items;

	for (size_t l = 0; l < i->lines.n; l++) {
		size_t row = first + l;

		if (row < end && str_equal(lines[l].item_no, result_text(r, row, 2)) &&
		    lines[l].gross_minor == result_int(r, row, 3) && lines[l].discount_minor == result_int(r, row, 4) &&
		    lines[l].net_minor == result_int(r, row, 5) && lines[l].tax_minor == result_int(r, row, 6))
			continue;
		report(a, i->order_id, "invoice_lines",
		       row < end ? arena_printf(a->arena, "%.*s/%" PRId64, STR_ARGS(i->number), result_int(r, row, 1))
				 : i->number,
		       row < end ? "is not the line that the invoice's document has"
				 : "has fewer lines than its document");
		return;
	}
}

static enum outcome
invoices_compare(struct audit *a, const struct audit_set *orders, struct why *why)
{
	struct result *r[2];
	size_t child = 0;
	enum outcome outcome = pair_read(a, &invoices_select, &invoice_lines_select, orders, r, why);

	for (size_t row = 0; outcome == OUTCOME_OK && row < result_count(r[0]); row++) {
		struct arena_mark mark = arena_mark(a->arena);
		size_t before = a->findings_count, first = children_find(r[1], &child, result_uuid(r[0], row, 2));
		const struct invoice *i =
		    document_read(a, &invoice_contract, r[0], row, "invoices", result_text(r[0], row, 3));

		if (i && !invoice_is_same(i, r[0], row))
			report(a, result_uuid(r[0], row, 0), "invoices", result_text(r[0], row, 3),
			       "is not the invoice that its document has");
		else if (i)
			invoice_lines_compare(a, i, r[1], first, child);
		if (a->findings_count == before)
			arena_rewind(a->arena, mark);
	}
	return outcome;
}

static bool
return_is_same(const struct return_request *q, const struct result *r, size_t row)
{
	return uuid_equal(q->return_id, result_uuid(r, row, 2)) && uuid_equal(q->order_id, result_uuid(r, row, 0)) &&
	       uuid_equal(q->return_id, return_id_of(q->party, q->reference)) &&
	       str_equal(q->number, result_text(r, row, 3)) && str_equal(q->party, result_text(r, row, 4)) &&
	       str_equal(q->reference, result_text(r, row, 5)) && (int64_t)q->lines.n == result_int(r, row, 6) &&
	       q->requested_at_us == result_instant(r, row, 7);
}

static void
return_lines_compare(struct audit *a, const struct return_request *q, const struct result *r, size_t first, size_t end)
{
	for (size_t row = first; row < end; row++) {
		int64_t place = result_int(r, row, 1);
		const struct return_line *l;

		if (place < 1 || place > (int64_t)q->lines.n)
			continue; /* one too many: the check return says so */
		l = return_line_at(q, (size_t)place - 1);
		if (uuid_equal(q->order_id, result_uuid(r, row, 2)) && l->line_no == result_int(r, row, 3) &&
		    str_equal(l->item_no, result_text(r, row, 4)) && l->quantity_micro == result_int(r, row, 5) &&
		    str_equal(l->unit, result_text(r, row, 6)) && l->base_quantity_micro == result_int(r, row, 7) &&
		    str_equal(return_reason_name(l->reason_code), result_text(r, row, 8)) &&
		    str_equal(l->reason_text, result_text(r, row, 9)))
			continue;
		report(a, q->order_id, "return_lines", line_key(a, q->return_id, place),
		       "is not the line that the return's document has");
	}
}

static enum outcome
returns_compare(struct audit *a, const struct audit_set *orders, struct why *why)
{
	struct result *r[2];
	size_t child = 0;
	enum outcome outcome = pair_read(a, &returns_select, &return_lines_select, orders, r, why);

	for (size_t row = 0; outcome == OUTCOME_OK && row < result_count(r[0]); row++) {
		struct uuid id = result_uuid(r[0], row, 2);
		struct arena_mark mark = arena_mark(a->arena);
		size_t before = a->findings_count, first = children_find(r[1], &child, id);
		const struct return_request *q =
		    document_read(a, &return_contract, r[0], row, "returns", uuid_text(a->arena, id));

		if (q && !return_is_same(q, r[0], row))
			report(a, result_uuid(r[0], row, 0), "returns", uuid_text(a->arena, id),
			       "is not the return that its document has");
		else if (q)
			return_lines_compare(a, q, r[1], first, child);
		if (a->findings_count == before)
			arena_rewind(a->arena, mark);
	}
	return outcome;
}

enum outcome
audit_facts(struct audit *a, const struct audit_set *orders, struct why *why)
{
	enum outcome outcome = orders_compare(a, orders, why);

	if (outcome == OUTCOME_OK)
		outcome = revisions_compare(a, orders, why);
	if (outcome == OUTCOME_OK)
		outcome = enrichments_compare(a, orders, why);
	if (outcome == OUTCOME_OK)
		outcome = shipments_compare(a, orders, why);
	if (outcome == OUTCOME_OK)
		outcome = invoices_compare(a, orders, why);
	if (outcome == OUTCOME_OK)
		outcome = returns_compare(a, orders, why);
	store_rollback(a->store);
	return outcome;
}
