/* SPDX-License-Identifier: Apache-2.0 */
/*
 * submit - documents that come in: POST /v1/parties/{party}/documents, POST /v1/orders, POST /v1/returns, and what
 * webhooks bring
 * A document is understood here as ingest will understand it, by the same code (shared/intake), so that who sends it
 * learns at once what is wrong, and the ids of its orders; ingest, which is the one that decides, does it again.
 */
#ifndef TRIBUTARY_GATEWAY_SUBMIT_H
#define TRIBUTARY_GATEWAY_SUBMIT_H

#include "gateway/route.h"

enum outcome submit_documents(struct lane_work *work, struct call **calls, size_t n, struct why *why) MUST_CHECK;
enum outcome submit_orders(struct lane_work *work, struct call **calls, size_t n, struct why *why) MUST_CHECK;
enum outcome submit_returns(struct lane_work *work, struct call **calls, size_t n, struct why *why) MUST_CHECK;

/* One document on its way to intake. */
struct submission {
	struct call *call; /* also its party and trace */
	struct str kind, content_type, body;
	struct str key;   /* idempotency key; empty: none */
	struct str topic; /* for people; may be empty */
	struct uuid document_id;
	struct str answer; /* JSON of the 202 */
	int status;        /* of that answer */
	bool is_dry;       /* only asks what would become of it */
	bool is_known;     /* its key came before with the same: answer and document_id are of then */
	bool is_out;       /* answered already, or not to be sent */
};

/* submissions_publish - keys, then intake, then the answers; calls that are answered already are left out. A key is held
 * in gateway_requests when `remembers`. timeout_ms: what is not confirmed by then is answered with 503 */
enum outcome submissions_publish(struct lane_work *work, struct submission *list, size_t n, bool remembers,
				 int64_t timeout_ms, struct why *why) MUST_CHECK;

#endif
