/* SPDX-License-Identifier: Apache-2.0 */
/*
 * intake - one document on its way to being understood
 * Parsing, mapping, the contract and the order's own rules; no database. What it comes to stands in `result`.
 */
#ifndef TRIBUTARY_INGEST_INTAKE_H
#define TRIBUTARY_INGEST_INTAKE_H

#include "mapping/mapping.h"
#include "model/order.h"
#include "model/shipment.h"
#include "party/party.h"

enum intake_result {
	INTAKE_ORDER,
	INTAKE_SHIPMENT,
	INTAKE_IGNORED,
	INTAKE_REFUSED,
	INTAKE_EXCEPTION,
	INTAKE_DUPLICATE
};

struct intake {
	enum intake_result result;
	const char *ignored; /* code of INTAKE_IGNORED */
	struct str sender;
	struct str about;                  /* what people know the document by; may be empty */
	struct order *order;               /* INTAKE_ORDER; also a cancellation, as an exception */
	struct confirmation *confirmation; /* INTAKE_SHIPMENT */
	unsigned char body_sha256[32];
	unsigned char content_sha256[32]; /* of what it says, without when it was said */
};

struct intake_source {
	struct str kind; /* order, change, cancel, document, shipment */
	struct str body;
	const struct party *party;
	struct mapping *mapping;
	int64_t received_at_us;
	size_t max_bytes;
};

/*
 * intake_read - understand one document
 * OUTCOME_DEAD  refused       codes: document-too-large json-… mapping-… field-… currency-… kind-unknown party-unknown
 * OUTCOME_HELD  the business  codes: total-mismatch ship-to-missing order-cancelled, and what a mapping holds
 * in->result fits the outcome in any case.
 */
enum outcome intake_read(const struct intake_source *source, struct arena *arena, struct intake *in,
			 struct why *why) MUST_CHECK;

/* intake_result_name - as in documents.outcome */
const char *intake_result_name(enum intake_result result);

#endif
