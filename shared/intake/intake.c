/* SPDX-License-Identifier: Apache-2.0 */
#include "intake/intake.h"

#include "formats/csv_tree.h"
#include "formats/edifact.h"
#include "formats/json.h"
#include "formats/x12.h"
#include "formats/xml.h"
#include "model/order_change.h"

#include <string.h>

bool
intake_is_kind(struct str kind)
{
	static const char *const kinds[] = {"order",     "change",   "cancel",          "return",
					    "inventory", "shipment", "acknowledgement", "document"};

	for (size_t i = 0; i < COUNT_OF(kinds); i++)
		if (str_equal(kind, str_of(kinds[i])))
			return true;
	return false;
}

const char *
intake_result_name(enum intake_result result)
{
	static const char *const names[] = {"order",   "cancel",          "shipment",  "ignored",
					    "refused", "exception",       "duplicate", "split",
					    "change",  "acknowledgement", "inventory", "return"};

	return names[result];
}

struct str
intake_contract(struct str content_type)
{
	const struct str before = STR("application/vnd.tributary."), after = STR("+json");
	struct str type = content_type, name;
	const char *end = type.n ? memchr(type.p, ';', type.n) : NULL;

	if (end)
		type.n = (size_t)(end - type.p);
	while (type.n && type.p[type.n - 1] == ' ')
		type.n--;
	if (type.n <= before.n + after.n || !str_equal_fold((struct str){type.p, before.n}, before) ||
	    !str_equal_fold((struct str){type.p + type.n - after.n, after.n}, after))
		return (struct str){NULL, 0};
	name = (struct str){type.p + before.n, type.n - before.n - after.n};
	return str_equal_fold(type, STR(INTAKE_UNIT_TYPE)) ? (struct str){NULL, 0} : name;
}

static enum outcome
csv_read(const struct intake_source *source, const struct tree_limits *limits, struct arena *arena, struct node **tree,
	 struct why *why)
{
	const struct party_csv *csv = &source->party->csv;
	struct csv_dialect dialect = {.delimiter = csv->delimiter,
				      .quote = csv->quote,
				      .has_header = csv->has_header,
				      .encoding = csv->encoding,
				      .columns = csv->columns,
				      .columns_count = csv->columns_count};

	return csv_tree_parse(source->body, &dialect, limits, arena, tree, why);
}

enum outcome
intake_parse(const struct intake_source *source, struct arena *arena, struct node **tree, struct why *why)
{
	static const struct {
		const char *format;
		enum outcome (*parse)(struct str document, const struct tree_limits *limits, struct arena *arena,
				      struct node **root, struct why *why);
	} parsers[] = {{"json", json_parse}, {"x12", x12_parse}, {"edifact", edifact_parse}, {"xml", xml_parse}};
	const char *format = source->is_unit || source->contract.n ? "json" : source->party->format;
	struct tree_limits limits = tree_default_limits;

	limits.bytes = source->max_bytes;
	for (size_t i = 0; i < COUNT_OF(parsers); i++)
		if (strcmp(parsers[i].format, format) == 0)
			return parsers[i].parse(source->body, &limits, arena, tree, why);
	if (strcmp(format, "csv") == 0)
		return csv_read(source, &limits, arena, tree, why);
	return why_at(why, OUTCOME_DEAD, "format-unknown", "format", "documents in %s cannot be read", format);
}

/* Mappings are given lists and objects only. */
static enum outcome
shape_check(const struct node *document, struct why *why)
{
	return document->type == NODE_OBJECT || document->type == NODE_LIST
		   ? OUTCOME_OK
		   : why_at(why, OUTCOME_DEAD, "field-type", "document", "a bare value is no document");
}

/* The children of a list as the units. */
static enum outcome
list_split(struct node *list, struct arena *arena, struct node ***units, size_t *n, struct why *why)
{
	struct node **found;
	size_t i = 0;

	if (!node_is(list, NODE_LIST) || !list->child)
		return why_set(why, OUTCOME_DEAD, "document-empty", "there is nothing in it that is for us");
	if (list->children_count > INTAKE_UNITS_MAX)
		return why_set(why, OUTCOME_DEAD, "document-too-many-units", "%zu, at most %d are taken",
			       list->children_count, INTAKE_UNITS_MAX);
	found = arena_array(arena, list->children_count, sizeof(struct node *));
	if (!found)
		return why_set(why, OUTCOME_DEAD, "too-large", "no memory for the document's units");
	for (struct node *unit = list->child; unit; unit = unit->next)
		found[i++] = unit;
	*units = found;
	*n = list->children_count;
	return OUTCOME_OK;
}

enum outcome
intake_split(const struct intake_source *source, struct node *tree, struct arena *arena, struct node ***units,
	     size_t *n, struct why *why)
{
	struct node *list;
	enum outcome outcome;

	bool is_whole = !source->is_unit && !source->contract.n;

	if (is_whole && source->mapping && mapping_has(source->mapping, "split")) {
		outcome = shape_check(tree, why);
		if (outcome != OUTCOME_OK)
			return outcome;
		outcome = mapping_run(source->mapping, "split", tree, arena, &list, why);
		return outcome == OUTCOME_OK ? list_split(list, arena, units, n, why) : outcome;
	}
	if (is_whole && node_is(tree, NODE_LIST))
		return list_split(tree, arena, units, n, why);
	*units = arena_array(arena, 1, sizeof(struct node *));
	if (!*units)
		return why_set(why, OUTCOME_DEAD, "too-large", "no memory for the document");
	(*units)[0] = tree;
	*n = 1;
	return OUTCOME_OK;
}

/* What a mapping may give beside orders. */
static const struct fact {
	const char *kind;             /* of the routing key */
	const char *function;         /* of the mapping: `return` is a word of Lua's own */
	bool is_channels;             /* only who sends orders says it */
	const struct contract *given; /* by the mapping */
	const struct contract *whole; /* with the party, which ingest puts first */
	enum intake_result result;
} facts[] = {
    {"shipment", "shipment", false, &confirmation_contract, &confirmation_contract, INTAKE_SHIPMENT},
    {"acknowledgement", "acknowledgement", false, &channel_acknowledgement_contract, &acknowledgement_contract,
     INTAKE_ACKNOWLEDGEMENT},
    {"return", "return_request", true, &channel_return_contract, &return_contract, INTAKE_RETURN},
    {"inventory", "inventory", false, &channel_stock_report_contract, &stock_report_contract, INTAKE_INVENTORY},
};

static const struct fact *
fact_find(struct str function)
{
	for (size_t i = 0; i < COUNT_OF(facts); i++)
		if (str_equal(function, str_of(facts[i].function)))
			return &facts[i];
	return NULL;
}

static bool
is_order_kind(struct str kind)
{
	return str_equal(kind, STR("order")) || str_equal(kind, STR("change")) || str_equal(kind, STR("cancel"));
}

/* Which of the mapping's functions the unit is for: the document itself may know better than the routing key. */
static enum outcome
function_of(const struct intake_source *source, const struct node *unit, struct arena *arena, struct str *function,
	    struct why *why)
{
	bool is_order = is_order_kind(source->kind) || str_equal(source->kind, STR("document"));
	struct node *said = NULL;
	enum outcome outcome;

	*function = is_order ? STR("order") : source->kind;
	for (size_t i = 0; i < COUNT_OF(facts); i++)
		if (str_equal(source->kind, str_of(facts[i].kind)))
			*function = str_of(facts[i].function);
	if (!is_order || !source->mapping || !mapping_has(source->mapping, "kind"))
		return OUTCOME_OK;
	outcome = mapping_run(source->mapping, "kind", unit, arena, &said, why);
	if (outcome == OUTCOME_OK && said)
		*function = node_text(said);
	return outcome;
}

bool
intake_hash(const struct order *order, struct arena *arena, unsigned char sha[static 32])
{
	const struct order_line *lines = order->lines.items;
	struct order_line *copies = arena_array(arena, order->lines.n, sizeof *copies);
	struct order said = *order;
	struct buf bytes;
	bool is_ok;

	if (!copies)
		return false;
	for (size_t i = 0; i < order->lines.n; i++) {
		copies[i] = lines[i];
		copies[i].references = (struct list){0};
	}
	said.lines.items = copies;
	said.received_at_us = 0;
	said.revision = said.note = (struct str){NULL, 0};
	said.payment_status = PAYMENT_UNKNOWN;
	said.references = (struct list){0};
	buf_init(&bytes, (size_t)64 << 20);
	contract_encode(&order_contract, &said, &bytes);
	is_ok = buf_is_ok(&bytes);
	if (is_ok)
		sha256(buf_str(&bytes), sha);
	buf_release(&bytes);
	return is_ok;
}

enum outcome
intake_check(const struct party *party, struct order *order, struct arena *arena, struct why *why)
{
	enum outcome outcome;

	if (!str_equal(order->currency, str_of(party->currency)))
		return why_at(why, OUTCOME_DEAD, "currency-not-accepted", "currency",
			      "party %s takes orders in %s only; party.yaml says so", party->name, party->currency);
	outcome = order_check(order, party->policies.total_tolerance_minor, why);
	return outcome == OUTCOME_OK ? order_round(order, arena, why) : outcome;
}

static void
order_ids(const struct intake_source *source, struct order *order)
{
	order->party = str_of(source->party->name);
	order->order_id = uuid_of_order(order->party, order->source_id);
	order->received_at_us = source->received_at_us;
}

static enum outcome
tree_take(const struct intake_source *source, const struct contract *contract, const struct node *tree,
	  struct arena *arena, void *document, struct why *why)
{
	enum outcome outcome = contract_from_tree(contract, tree, arena, document, why);

	if (outcome == OUTCOME_DEAD && source->complaints)
		contract_complain(contract, tree, arena, source->complaints);
	return outcome;
}

/* Some of an order: whether it makes a good one is known when it is merged. */
static enum outcome
change_fill(const struct intake_source *source, const struct node *tree, struct arena *arena, struct intake *in,
	    struct why *why)
{
	struct order *change = arena_get(arena, sizeof *change);
	enum outcome outcome;

	if (!change)
		return why_set(why, OUTCOME_DEAD, "too-large", "no memory for the change");
	outcome = tree_take(source, &channel_change_contract, tree, arena, change, why);
	if (outcome == OUTCOME_OK)
		outcome = order_change_check(change, why);
	if (outcome != OUTCOME_OK)
		return outcome;
	order_ids(source, change);
	in->order = change;
	in->result = INTAKE_CHANGE;
	return OUTCOME_OK;
}

static enum outcome
order_fill(const struct intake_source *source, const struct node *tree, struct arena *arena, struct intake *in,
	   struct why *why)
{
	struct order *order = arena_get(arena, sizeof *order);
	enum outcome outcome;

	if (!order)
		return why_set(why, OUTCOME_DEAD, "too-large", "no memory for the order");
	outcome = tree_take(source, &channel_order_contract, tree, arena, order, why);
	if (outcome != OUTCOME_OK)
		return outcome;
	order_ids(source, order);
	in->order = order;
	if (!intake_hash(order, arena, in->content_sha256))
		return why_set(why, OUTCOME_DEAD, "too-large", "no memory for the order");
	/* A cancellation need not repeat what it cancels. */
	if (order->kind == ORDER_CANCEL || str_equal(source->kind, STR("cancel"))) {
		in->result = INTAKE_CANCEL;
		return OUTCOME_OK;
	}
	outcome = intake_check(source->party, order, arena, why);
	if (outcome == OUTCOME_OK)
		in->result = INTAKE_ORDER;
	return outcome;
}

static void
return_ids(const struct intake_source *source, struct intake *in)
{
	struct return_request *r = in->return_request;

	r->party = str_of(source->party->name);
	r->return_id = return_id_of(r->party, r->reference);
	if (!in->about.n)
		in->about = r->reference;
}

static enum outcome
fact_fill(const struct intake_source *source, const struct fact *fact, const struct node *tree, struct arena *arena,
	  struct intake *in, struct why *why)
{
	struct buf said;
	enum outcome outcome;

	in->fact = arena_get(arena, fact->whole->size);
	if (!in->fact)
		return why_set(why, OUTCOME_DEAD, "too-large", "no memory for what it says");
	outcome = tree_take(source, fact->given, tree, arena, in->fact, why);
	if (outcome == OUTCOME_OK && fact->result == INTAKE_RETURN)
		outcome = return_check(in->return_request, why);
	if (outcome != OUTCOME_OK)
		return outcome;
	if (fact->result == INTAKE_ACKNOWLEDGEMENT)
		in->acknowledgement->party = str_of(source->party->name);
	if (fact->result == INTAKE_RETURN)
		return_ids(source, in);
	if (fact->result == INTAKE_INVENTORY)
		in->stock_report->party = str_of(source->party->name);
	in->fact_contract = fact->whole;
	buf_init(&said, (size_t)16 << 20);
	contract_encode(fact->whole, in->fact, &said);
	sha256(buf_str(&said), in->content_sha256);
	buf_release(&said);
	in->result = fact->result;
	return OUTCOME_OK;
}

/* What a mapping gave, or came as it is, into its contract. */
static enum outcome
tree_fill(const struct intake_source *source, const struct fact *fact, const struct node *tree, struct arena *arena,
	  struct intake *in, struct why *why)
{
	if (fact)
		return fact_fill(source, fact, tree, arena, in, why);
	return str_equal(node_text(node_get(tree, "kind")), STR("change")) ? change_fill(source, tree, arena, in, why)
									   : order_fill(source, tree, arena, in, why);
}

/* The canonical document itself. Its contract says what it is; the routing key must not say something else. */
static enum outcome
canonical_fill(const struct intake_source *source, const struct node *tree, struct arena *arena, struct intake *in,
	       struct why *why)
{
	bool is_order = str_equal(source->contract, str_of(channel_order_contract.name));
	const struct fact *fact = NULL;

	for (size_t i = 0; !is_order && i < COUNT_OF(facts); i++)
		if (str_equal(source->contract, str_of(facts[i].given->name)))
			fact = &facts[i];
	if (!is_order && !fact)
		return why_at(why, OUTCOME_DEAD, "contract-unknown", "content_type",
			      "%.40s is no canonical document that is taken", arena_text(arena, source->contract));
	if (!(is_order ? is_order_kind(source->kind) : str_equal(source->kind, str_of(fact->kind))) &&
	    !str_equal(source->kind, STR("document")))
		return why_at(why, OUTCOME_DEAD, "kind-unknown", "routing_key", "%.40s is no kind of the contract %s",
			      arena_text(arena, source->kind), arena_text(arena, source->contract));
	if ((is_order || fact->is_channels) && source->party->kind != PARTY_CHANNEL)
		return why_at(why, OUTCOME_DEAD, "kind-unknown", "routing_key", "party %s is no channel",
			      source->party->name);
	return tree_fill(source, fact, tree, arena, in, why);
}

/* The mapping's function, and what it gives into the contract. */
static enum outcome
mapping_fill(const struct intake_source *source, const struct node *unit, struct arena *arena, struct intake *in,
	     struct why *why)
{
	const struct fact *fact;
	struct str function;
	struct node *tree;
	enum outcome outcome = function_of(source, unit, arena, &function, why);

	if (outcome != OUTCOME_OK)
		return outcome;
	fact = fact_find(function);
	if (!fact && !str_equal(function, STR("order")))
		return why_at(why, OUTCOME_DEAD, "kind-unknown", "routing_key",
			      "%.40s is no kind that is taken: order, change, cancel, document, shipment, "
			      "acknowledgement, inventory and return: <party>.<kind>",
			      arena_text(arena, function));
	if (!source->mapping || !mapping_has(source->mapping, arena_text(arena, function)))
		return why_at(why, OUTCOME_DEAD, "kind-unknown", "routing_key",
			      "the mapping of party %s has no function %s for this kind of document",
			      source->party->name, arena_text(arena, function));
	outcome = mapping_run(source->mapping, arena_text(arena, function), unit, arena, &tree, why);
	in->about = arena_str(arena, str_of(mapping_about(source->mapping)));
	if (outcome != OUTCOME_OK)
		return outcome;
	if (!tree) {
		in->result = INTAKE_IGNORED;
		in->ignored = why->code;
		return OUTCOME_OK;
	}
	return tree_fill(source, fact, tree, arena, in, why);
}

static enum outcome
unit_map(const struct intake_source *source, const struct node *unit, struct arena *arena, struct intake *in,
	 struct why *why)
{
	enum outcome outcome = shape_check(unit, why);

	if (outcome != OUTCOME_OK)
		return outcome;
	return source->contract.n ? canonical_fill(source, unit, arena, in, why)
				  : mapping_fill(source, unit, arena, in, why);
}

enum outcome
intake_map(const struct intake_source *source, const struct node *unit, struct arena *arena, struct intake *in,
	   struct why *why)
{
	enum outcome outcome = unit_map(source, unit, arena, in, why);

	/* Our mapping is at fault, not the document: it waits until that is mended (`tributary party remap`). */
	if (outcome == OUTCOME_DEAD && str_starts(str_of(why->code), STR("mapping-")))
		outcome = OUTCOME_HELD;
	if (outcome != OUTCOME_OK)
		in->result = outcome == OUTCOME_HELD ? INTAKE_EXCEPTION : INTAKE_REFUSED;
	return outcome;
}

static enum outcome
units_read(const struct intake_source *source, struct arena *arena, struct intake *in, struct why *why)
{
	enum outcome outcome;

	if (!source->party)
		return why_at(why, OUTCOME_DEAD, "party-unknown", "routing_key",
			      "no folder under topology/parties has this name");
	if (source->body.n > source->max_bytes)
		return why_set(why, OUTCOME_DEAD, "document-too-large", "%zu bytes, at most %zu are taken",
			       source->body.n, source->max_bytes);
	outcome = intake_parse(source, arena, &in->tree, why);
	if (outcome == OUTCOME_OK)
		outcome = intake_split(source, in->tree, arena, &in->units, &in->units_count, why);
	if (outcome == OUTCOME_OK && (in->units_count > 1 || source->always_splits))
		in->result = INTAKE_SPLIT;
	return outcome;
}

enum outcome
intake_read(const struct intake_source *source, struct arena *arena, struct intake *in, struct why *why)
{
	enum outcome outcome;

	outcome = units_read(source, arena, in, why);
	if (outcome == OUTCOME_DEAD && str_starts(str_of(why->code), STR("mapping-")))
		outcome = OUTCOME_HELD;
	if (outcome == OUTCOME_OK && in->result != INTAKE_SPLIT)
		return intake_map(source, in->units[0], arena, in, why);
	if (outcome != OUTCOME_OK)
		in->result = outcome == OUTCOME_HELD ? INTAKE_EXCEPTION : INTAKE_REFUSED;
	return outcome;
}
