/* SPDX-License-Identifier: Apache-2.0 */
/*
 * customer - which of our customers a buyer is
 * Pure. The best way of finding one decides: our number, the account at the channel, GLN, e-mail.
 */
#ifndef TRIBUTARY_PRICING_CUSTOMER_H
#define TRIBUTARY_PRICING_CUSTOMER_H

#include "pricing/books.h"

/*
 * customer_decide - one of those found
 * found     n of them, the better ways first
 * party     the channel, for the text of why
 * customer  one of found; written on OUTCOME_OK only
 * OUTCOME_HELD  codes: customer-unknown customer-ambiguous customer-inactive
 */
enum outcome customer_decide(const struct book_customer *found, size_t n, struct str party,
			     const struct book_customer **customer, struct why *why) MUST_CHECK;

/* customer_source - number, account, gln or email: how it was found */
struct str customer_source(const struct book_customer *customer);

#endif
