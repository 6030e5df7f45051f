/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ask_buyers - who a buyer is: POST /v1/customers/validate, and for quotes whose buyers a party may name
 *
 * The body is contract customer-question. Answer: {valid: true, customer_no, source, price_group?, active: true} or
 * {valid: false, code, detail?, active: false when it is only blocked}.
 *
 * A customer number, a GLN or an e-mail address is no proof of who asks. A party names its own customers with them, those
 * that have an account at it; what it says of others counts as not said, so that they look like nobody. The fleet's own
 * people may name anybody.
 */
#ifndef TRIBUTARY_GATEWAY_ASK_BUYERS_H
#define TRIBUTARY_GATEWAY_ASK_BUYERS_H

#include "gateway/route.h"
#include "model/question.h"
#include "pricing/quote.h"

extern const char *const buyers_query[]; /* party */

/* A buyer that a call names; `buyer` is written by buyers_own() */
struct buyer_asked {
	const struct call *call;
	struct str party;
	struct quote_buyer buyer;
};

/* buyers_own - in the store's open transaction: empties what a caller may not name; n of them */
enum outcome buyers_own(struct lane_work *work, struct buyer_asked *buyers, size_t n, struct why *why) MUST_CHECK;
/* buyer_check - adds a complaint when nobody is named */
void buyer_check(const struct asked_buyer *buyer, struct complaints *complaints);
struct quote_buyer buyer_of(const struct asked_buyer *buyer);
/* customer_say - members customer_no, source, price_group, or code and detail */
void customer_say(struct buf *out, const struct quoted_customer *customer);

enum outcome ask_customers(struct lane_work *work, struct call **calls, size_t n, struct why *why) MUST_CHECK;

#endif
