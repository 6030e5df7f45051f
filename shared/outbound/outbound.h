/* SPDX-License-Identifier: Apache-2.0 */
/*
 * outbound - one document on its way to a party: what we have to say as a tree, the party's mapping, its format's bytes
 * No database and no clock, so that notify and `tributary party check` take the very same way.
 *
 *   { "control": "12", "sent_at": "2026-…Z", "order": {order}, "shipment": {shipment} }
 *       --mapping ship_notice--> tree of the party's format --writer--> bytes
 */
#ifndef TRIBUTARY_OUTBOUND_OUTBOUND_H
#define TRIBUTARY_OUTBOUND_OUTBOUND_H

#include "mapping/mapping.h"
#include "party/party.h"

#define OUTBOUND_MAX_BYTES ((size_t)8 << 20)

/* outbound_function - the mapping's function for it: order_response, ship_notice, invoice */
const char *outbound_function(enum party_sends what);
/* outbound_member - beside `order`, what the document is about: allocation, shipment, invoice */
const char *outbound_member(enum party_sends what);
/* outbound_content_type - of what is written in the party's format */
const char *outbound_content_type(const struct party *party);

/* What goes into the mapping. */
struct outbound_said {
	struct node *order, *about; /* trees; they become part of the document's */
	struct str control;         /* digits; no two documents to a party have the same */
	struct str sent_at;         /* RFC 3339 */
};

/* outbound_document - the tree above; NULL without memory */
struct node *outbound_document(enum party_sends what, const struct outbound_said *said, struct arena *arena);

/*
 * outbound_write - through the mapping to bytes
 * document  as outbound_document gives it; borrowed
 * bytes     in the arena; .p NULL when the mapping has nothing to say (`ignore`: why has its code and reason)
 *
 * OUTCOME_HELD  whatever hinders it a person must mend   codes: mapping-… and the mapping's own, those of the writers:
 *               x12-data edifact-data xml-data …, document-too-large too-large
 */
enum outcome outbound_write(const struct party *party, struct mapping *mapping, enum party_sends what,
			    const struct node *document, struct arena *arena, struct str *bytes,
			    struct why *why) MUST_CHECK;

#endif
