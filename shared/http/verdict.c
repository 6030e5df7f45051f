/* SPDX-License-Identifier: Apache-2.0 */
#include "http/verdict.h"

#include <inttypes.h>

/* A 503 that says when to come again is the server's own; a proxy gives one also when it lost a request on the way. */
static bool
is_busy(const struct http_end *end)
{
	return end->status == 429 || (end->status == 503 && end->retry_after_s > 0);
}

/* The request went nowhere: a base URL that is not quite right. 303 is another matter: the work may be done. */
static bool
is_moved(int64_t status)
{
	return status == 301 || status == 302 || status == 307 || status == 308;
}

static enum outcome
busy_decide(const struct http_end *end, struct why *why)
{
	if (end->retry_after_s > 0)
		return why_set(why, OUTCOME_RETRY, "partner-busy",
			       "answered %" PRId64 " and asks to wait %" PRId64 " s", end->status, end->retry_after_s);
	return why_set(why, OUTCOME_RETRY, "partner-busy", "answered %" PRId64, end->status);
}

static enum outcome
refusal_decide(int64_t status, struct why *why)
{
	if (status == 401 || status == 403 || status == 407)
		return why_set(why, OUTCOME_RETRY, "partner-denied",
			       "answered %" PRId64 ": is our token right, and good for this?", status);
	if (status == 408)
		return why_set(why, OUTCOME_RETRY, "partner-timeout", "answered 408: it did not get the whole request");
	return why_set(why, OUTCOME_HELD, "partner-refused", "answered %" PRId64, status);
}

enum outcome
http_verdict_decide(const struct http_end *end, struct why *why)
{
	int64_t status = end->status;

	if (!end->is_answered && !end->was_sent)
		return why_set(why, OUTCOME_RETRY, "partner-away", "nothing was sent: %s", end->trouble);
	if (!end->is_answered)
		return why_set(why, OUTCOME_UNSURE, "partner-timeout", "sent, and no answer: %s", end->trouble);
	if (status >= 200 && status < 300)
		return OUTCOME_OK;
	if (is_busy(end))
		return busy_decide(end, why);
	if (is_moved(status))
		return why_set(why, OUTCOME_HELD, "partner-refused",
			       "answered %" PRId64 ", a redirect, which is not followed: correct the base URL", status);
	if (status >= 400 && status < 500)
		return refusal_decide(status, why);
	return why_set(why, OUTCOME_UNSURE, "partner-error", "answered %" PRId64 ": it may have acted or not", status);
}
