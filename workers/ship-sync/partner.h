/* SPDX-License-Identifier: Apache-2.0 */
/*
 * partner - a warehouse that is asked over HTTP
 *
 *   POST <base url>/v1/shipments
 *   Idempotency-Key: <effect id>            the same request twice is one shipment
 *   Authorization: Bearer <token>
 *   body    what the partner's mapping `shipment_request` makes of the shipment, as JSON
 *   answer  2xx with {"partner_reference": "…"}
 *
 *   GET <base url>/v1/shipments/<shipment id>     only where party.yaml says `probe: yes`
 *   answer  2xx as above, or 404 with {"error": "not-found"}: it certainly does not have it
 */
#ifndef TRIBUTARY_SHIP_SYNC_PARTNER_H
#define TRIBUTARY_SHIP_SYNC_PARTNER_H

#include "base/arena.h"
#include "http/http.h"
#include "mapping/mapping.h"
#include "model/shipment.h"
#include "party/party.h"
#include "ship-sync/breaker.h"

struct partner {
	const char *name; /* of the party list */
	char *url;        /* of the collection of shipments */
	char *token;      /* header line with the bearer token; NULL: asks for none */
	int64_t timeout_ms, concurrency;
	int64_t rate_per_second_micro; /* 0: no limit */
	bool can_probe;
	struct mapping *mapping;
};

/*
 * partner_open - url and token from the environment, the mapping from its folder
 * fallback_timeout_ms  when party.yaml has none
 * Release it whatever the outcome.
 *
 * OUTCOME_DEAD  codes: config, and those of mapping_open
 */
enum outcome partner_open(struct partner *p, const struct party *party, const char *parties_dir,
			  int64_t fallback_timeout_ms, struct why *why) MUST_CHECK;
void partner_release(struct partner *p);

/*
 * partner_request - the request for one shipment, in the arena
 * call  written on OUTCOME_OK only
 *
 * OUTCOME_DEAD  codes: too-large, and those of mapping_run
 */
enum outcome partner_request(const struct partner *p, const struct shipment *shipment, struct uuid effect_id,
			     struct arena *arena, struct http_call *call, struct why *why) MUST_CHECK;

/*
 * partner_answer - what the end of the request means
 * partner_ref  the partner's number, a view into the call's answer; only on OUTCOME_OK
 *
 * The call's own outcome, but:
 * OUTCOME_UNSURE  2xx without a number of theirs (code partner-answer: was it them?), 409 (code partner-conflict: they
 *                 know this key with another content)
 */
enum outcome partner_answer(const struct http_call *call, struct arena *arena, struct str *partner_ref,
			    struct why *why) MUST_CHECK;

/*
 * partner_health - what the end of a request says about the partner, whatever it says about the shipment
 * code  of what the answer meant; NULL when it is a good one
 */
enum breaker_end partner_health(const struct http_call *call, const char *code);

/*
 * partner_probe - the request that looks a shipment up
 * partner_found - what its end means: OUTCOME_OK with partner_ref, or *is_absent, or UNSURE as before
 * is_unanswerable  it answered, and neither: asking again makes no sense
 *
 * OUTCOME_UNSURE  codes: of the call, partner-answer
 */
enum outcome partner_probe(const struct partner *p, const struct shipment *shipment, struct arena *arena,
			   struct http_call *call, struct why *why) MUST_CHECK;
enum outcome partner_found(const struct http_call *call, struct arena *arena, struct str *partner_ref, bool *is_absent,
			   bool *is_unanswerable, struct why *why) MUST_CHECK;

#endif
