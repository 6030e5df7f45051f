/* SPDX-License-Identifier: Apache-2.0 */
/*
 * verdict - what the end of an HTTP request means for its effect at the partner
 * Two facts decide: was any of the request's body handed to the network, and which status came back. "Certainly not
 * taken" may be sent again; "perhaps taken" never is, until somebody has looked.
 */
#ifndef TRIBUTARY_HTTP_VERDICT_H
#define TRIBUTARY_HTTP_VERDICT_H

#include "base/outcome.h"

struct http_end {
	bool was_sent;         /* the partner may have got the whole request */
	bool is_answered;      /* an answer came, at least its status line and headers */
	int64_t status;        /* RFC 9110; 0 without an answer */
	int64_t retry_after_s; /* what the partner asks us to wait; 0: it does not say */
	const char *trouble;   /* the transport's own words, when it is not answered; borrowed */
};

/*
 * http_verdict_decide - no I/O, no clock, no allocation
 *
 * OUTCOME_OK      2xx
 * OUTCOME_RETRY   certainly not taken: nothing was sent (code partner-away), 429 and 503 (partner-busy), 401, 403
 *                 and 407 (partner-denied: our secret is wrong, not the message), 408 (partner-timeout)
 * OUTCOME_HELD    refused: the other 4xx, and a redirect, which is not followed              code: partner-refused
 * OUTCOME_UNSURE  sent, and no answer (partner-timeout), or one that says nothing about what was done: the other 5xx,
 *                 303 and what has no meaning (partner-error)
 */
enum outcome http_verdict_decide(const struct http_end *end, struct why *why) MUST_CHECK;

#endif
