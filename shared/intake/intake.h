/* SPDX-License-Identifier: Apache-2.0 */
/*
 * intake - one document on its way to being understood
 * Parsing, mapping, the contract and the order's own rules; no database and no clock, so that ingest, `tributary party`
 * and the fuzzer take the very same way. A document may hold many orders: it is parsed, split into units, and each unit
 * is mapped and stands or falls alone.
 *
 *   bytes --intake_parse--> tree --intake_split--> units --intake_map--> order, confirmation ..., or why not
 *
 * A party need not send what its mapping understands: with the content type INTAKE_CANONICAL_TYPE the body is the canonical
 * document itself, as JSON, without what ingest fills (order_id, party, ...): what a mapping would have given. It is one
 * document, never split, and no mapping is run; all that comes after a mapping is the same. Orders, changes and
 * cancellations of orders are contract order.
 */
#ifndef TRIBUTARY_INTAKE_INTAKE_H
#define TRIBUTARY_INTAKE_INTAKE_H

#include "mapping/mapping.h"
#include "model/acknowledgement.h"
#include "model/order.h"
#include "model/return_request.h"
#include "model/shipment.h"
#include "model/stock_report.h"
#include "party/party.h"

/* What a unit of a document that had several is sent as: its tree, as JSON. */
#define INTAKE_UNIT_TYPE "application/vnd.tributary.unit+json"
#define INTAKE_UNITS_MAX 10000
/* application/vnd.tributary.<contract>+json: order, return, confirmation, acknowledgement, stock-report */
#define INTAKE_CANONICAL_TYPE "application/vnd.tributary.%s+json"

enum intake_result {
	INTAKE_ORDER,  /* ingest tells a new one from a change */
	INTAKE_CANCEL, /* of the order with order->order_id; it says little else */
	INTAKE_SHIPMENT,
	INTAKE_IGNORED,
	INTAKE_REFUSED,
	INTAKE_EXCEPTION,
	INTAKE_DUPLICATE,
	INTAKE_SPLIT,  /* its units go on by themselves */
	INTAKE_CHANGE, /* of some lines of the order with order->order_id; after ingest: what changed an order */
	INTAKE_ACKNOWLEDGEMENT, /* of a document that we sent */
	INTAKE_INVENTORY,       /* what the party has in stock */
	INTAKE_RETURN,          /* what is to come back of an order */
};

struct intake {
	enum intake_result result;
	const char *ignored; /* code of INTAKE_IGNORED */
	struct str sender;
	struct uuid parent;  /* the document it is a unit of; nil for a whole one */
	struct str about;    /* what people know the document by; may be empty */
	struct order *order; /* INTAKE_ORDER, _CANCEL, _CHANGE; also of what is held or refused, when known */
	union {              /* what it says when it is no order */
		void *fact;
		struct confirmation *confirmation;       /* INTAKE_SHIPMENT */
		struct acknowledgement *acknowledgement; /* INTAKE_ACKNOWLEDGEMENT */
		struct stock_report *stock_report;       /* INTAKE_INVENTORY */
		struct return_request *return_request;   /* INTAKE_RETURN */
	};
	const struct contract *fact_contract; /* of fact; NULL: there is none */
	struct node *tree;                    /* INTAKE_SPLIT: the whole, of which the units are parts */
	struct node **units;                  /* INTAKE_SPLIT */
	size_t units_count;
	/* Ingest's own; intake does not look at them. */
	struct uuid body_of; /* INTAKE_DUPLICATE: the stored document that has the same bytes; nil: none is known */
	int64_t reading;     /* digest of what it is read with; 0: not known, or nothing to read it with */
	bool is_unread;      /* it may repeat the order of its item, and only when it does not it is read */
	unsigned char body_sha256[32];
	unsigned char content_sha256[32]; /* of what it says, without when it was said */
};

struct intake_source {
	struct str kind; /* order, change, cancel, document, shipment, acknowledgement, inventory, return */
	struct str body;
	bool always_splits;  /* a document with a single unit, too */
	bool is_unit;        /* body is a unit, as JSON, whatever the party's format */
	struct str contract; /* body is this canonical document, as JSON: intake_contract(); empty: the party's own */
	const struct party *party;
	struct mapping *mapping;
	int64_t received_at_us;
	size_t max_bytes;
	struct complaints
	    *complaints; /* filled with every wrong field of what is refused by its contract; may be NULL */
};

/* intake_contract - the contract that a content type of the form INTAKE_CANONICAL_TYPE names, whether there is one of that
 * name or not; empty for any other type, and for that of units. A view */
struct str intake_contract(struct str content_type);

/*
 * intake_parse - bytes to a tree, in the party's format
 * OUTCOME_DEAD  codes: document-too-… json-…, and those of the other formats
 */
enum outcome intake_parse(const struct intake_source *source, struct arena *arena, struct node **tree,
			  struct why *why) MUST_CHECK;

/*
 * intake_split - the units of a tree
 * They are what the mapping's `split` returns, else the elements of a list, else the whole as the only one.
 * units  n of them, at least one
 * OUTCOME_DEAD  codes: mapping-… document-empty document-too-many-units field-type, and what the mapping refuses with
 */
enum outcome intake_split(const struct intake_source *source, struct node *tree, struct arena *arena,
			  struct node ***units, size_t *n, struct why *why) MUST_CHECK;

/*
 * intake_map - understand one unit
 * OUTCOME_DEAD  refused       codes: field-… currency-… kind-unknown contract-unknown, and what the mapping refuses with
 * OUTCOME_HELD  the business  codes: total-mismatch ship-to-missing, and what a mapping holds with
 *               the mapping   codes: mapping-…: it is wrong, and the document waits for a better one
 * in->result fits the outcome in any case.
 */
enum outcome intake_map(const struct intake_source *source, const struct node *unit, struct arena *arena,
			struct intake *in, struct why *why) MUST_CHECK;

/*
 * intake_read - all three for one message; several units end as INTAKE_SPLIT and OUTCOME_OK
 * OUTCOME_DEAD  also: document-too-large party-unknown
 */
enum outcome intake_read(const struct intake_source *source, struct arena *arena, struct intake *in,
			 struct why *why) MUST_CHECK;

/*
 * intake_check - a whole order against its party and its own rules, and its rounding
 * OUTCOME_DEAD, OUTCOME_HELD  as intake_map(): currency-not-accepted and the codes of order_check(), order_round()
 */
enum outcome intake_check(const struct party *party, struct order *order, struct arena *arena,
			  struct why *why) MUST_CHECK;

/* intake_hash - of what an order says that we act on: said again, later, in another revision, envelope or after a payment,
 * it is the same; false without memory */
bool intake_hash(const struct order *order, struct arena *arena, unsigned char sha[static 32]) MUST_CHECK;

/* What follows the party in a routing key of intake. `document`: the mapping finds out what it is. */
#define INTAKE_KINDS "order, change, cancel, return, inventory, shipment, acknowledgement or document"
/* intake_is_kind - one of them? */
bool intake_is_kind(struct str kind);

/* intake_result_name - as in documents.outcome */
const char *intake_result_name(enum intake_result result);

#endif
