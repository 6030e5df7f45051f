/* SPDX-License-Identifier: Apache-2.0 */
#include "ingest/intake.h"

#include "formats/json.h"

const char *
intake_result_name(enum intake_result result)
{
	static const char *const names[] = {"order", "shipment", "ignored", "refused", "exception", "duplicate"};

	return names[result];
}

static bool
is_order_kind(struct str kind)
{
	return str_equal(kind, STR("order")) || str_equal(kind, STR("change")) || str_equal(kind, STR("cancel")) ||
	       str_equal(kind, STR("document"));
}

static enum outcome
tree_read(const struct intake_source *source, const char *function, struct arena *arena, struct intake *in,
	  struct node **tree, struct why *why)
{
	struct tree_limits limits = tree_default_limits;
	struct node *root;
	enum outcome outcome;

	limits.bytes = source->max_bytes;
	if (!source->mapping || !mapping_has(source->mapping, function))
		return why_at(why, OUTCOME_DEAD, "kind-unknown", "routing_key",
			      "the mapping of party %s has no function %s for this kind of document",
			      source->party->name, function);
	outcome = json_parse(source->body, &limits, arena, &root, why);
	if (outcome != OUTCOME_OK)
		return outcome;
	outcome = mapping_run(source->mapping, function, root, arena, tree, why);
	in->about = arena_str(arena, str_of(mapping_about(source->mapping)));
	if (outcome == OUTCOME_OK && !*tree) {
		in->result = INTAKE_IGNORED;
		in->ignored = why->code;
	}
	return outcome;
}

/* What we act on: the same order said again, later, in another revision or after a payment, says the same. */
static bool
content_hash(const struct order *order, unsigned char sha[static 32])
{
	struct order said = *order;
	struct buf bytes;
	bool is_ok;

	said.received_at_us = 0;
	said.revision = said.note = (struct str){NULL, 0};
	said.payment_status = PAYMENT_UNKNOWN;
	buf_init(&bytes, (size_t)64 << 20);
	contract_encode(&order_contract, &said, &bytes);
	is_ok = buf_is_ok(&bytes);
	if (is_ok)
		sha256(buf_str(&bytes), sha);
	buf_release(&bytes);
	return is_ok;
}

static enum outcome
order_read(const struct intake_source *source, struct arena *arena, struct intake *in, struct why *why)
{
	const struct party *party = source->party;
	struct order *order = arena_get(arena, sizeof *order);
	struct node *tree;
	enum outcome outcome = tree_read(source, "order", arena, in, &tree, why);

	if (outcome != OUTCOME_OK || !tree)
		return outcome;
	if (!order)
		return why_set(why, OUTCOME_DEAD, "too-large", "no memory for the order");
	outcome = contract_from_tree(&channel_order_contract, tree, arena, order, why);
	if (outcome != OUTCOME_OK)
		return outcome;
	order->party = str_of(party->name);
	order->order_id = uuid_derive(UUID_ORDER, (struct str[]){order->party, order->source_id}, 2);
	order->received_at_us = source->received_at_us;
	in->order = order;
	if (!content_hash(order, in->content_sha256))
		return why_set(why, OUTCOME_DEAD, "too-large", "no memory for the order");
	if (!str_equal(order->currency, str_of(party->currency)))
		return why_at(why, OUTCOME_DEAD, "currency-not-accepted", "currency",
			      "party %s takes orders in %s only; party.yaml says so", party->name, party->currency);
	outcome = order_check(order, party->policies.total_tolerance_minor, why);
	if (outcome == OUTCOME_OK)
		outcome = order_round(order, arena, why);
	if (outcome != OUTCOME_OK)
		return outcome;
	if (order->kind == ORDER_CANCEL || str_equal(source->kind, STR("cancel")))
		return why_set(why, OUTCOME_HELD, "order-cancelled",
			       "the channel cancelled the order: stop what is under way, then dismiss this exception");
	in->result = INTAKE_ORDER;
	return OUTCOME_OK;
}

static enum outcome
confirmation_read(const struct intake_source *source, struct arena *arena, struct intake *in, struct why *why)
{
	struct node *tree;
	struct buf said;
	enum outcome outcome = tree_read(source, "shipment", arena, in, &tree, why);

	if (outcome != OUTCOME_OK || !tree)
		return outcome;
	in->confirmation = arena_get(arena, sizeof *in->confirmation);
	if (!in->confirmation)
		return why_set(why, OUTCOME_DEAD, "too-large", "no memory for the confirmation");
	outcome = contract_from_tree(&confirmation_contract, tree, arena, in->confirmation, why);
	if (outcome != OUTCOME_OK)
		return outcome;
	buf_init(&said, (size_t)16 << 20);
	contract_encode(&confirmation_contract, in->confirmation, &said);
	sha256(buf_str(&said), in->content_sha256);
	buf_release(&said);
	in->result = INTAKE_SHIPMENT;
	return OUTCOME_OK;
}

enum outcome
intake_read(const struct intake_source *source, struct arena *arena, struct intake *in, struct why *why)
{
	enum outcome outcome;

	sha256(source->body, in->body_sha256);
	if (!source->party)
		outcome = why_at(why, OUTCOME_DEAD, "party-unknown", "routing_key",
				 "no folder under topology/parties has this name");
	else if (source->body.n > source->max_bytes)
		outcome = why_set(why, OUTCOME_DEAD, "document-too-large", "%zu bytes, at most %zu are taken",
				  source->body.n, source->max_bytes);
	else if (is_order_kind(source->kind))
		outcome = order_read(source, arena, in, why);
	else if (str_equal(source->kind, STR("shipment")))
		outcome = confirmation_read(source, arena, in, why);
	else
		outcome = why_at(why, OUTCOME_DEAD, "kind-unknown", "routing_key",
				 "kinds are order, change, cancel, document and shipment: <party>.<kind>");
	if (outcome != OUTCOME_OK)
		in->result = outcome == OUTCOME_HELD ? INTAKE_EXCEPTION : INTAKE_REFUSED;
	return outcome;
}
