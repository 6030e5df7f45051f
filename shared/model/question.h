/* SPDX-License-Identifier: Apache-2.0 */
/*
 * question - what is asked of the gateway in a body: availability, prices, who a customer is
 * Contracts "availability-question", "quote-question" and "customer-question", version 1, in their JSON form.
 */
#ifndef TRIBUTARY_MODEL_QUESTION_H
#define TRIBUTARY_MODEL_QUESTION_H

#include "contract/contract.h"

#define AVAILABILITY_ITEMS_MAX 1000
#define QUOTE_QUESTION_LINES_MAX 200

struct availability_item {
	struct str sku, gtin; /* one of them; sku: ours, an alias of the party, or a GTIN */
};

struct availability_question {
	struct str warehouse; /* empty: all of them */
	struct list items;    /* struct availability_item */
};

struct asked_buyer {
	struct str customer_no, account, gln, email; /* at least one; the first that is known decides, in this order */
};

struct asked_place {
	struct str country, region; /* ISO 3166-1 alpha-2, and the part of it */
};

struct asked_line {
	struct str sku, gtin, unit; /* unit: empty is the item's base unit */
	int64_t quantity_micro;
};

struct quote_body {
	struct asked_buyer buyer;
	struct str currency; /* ISO 4217 */
	struct asked_place ship_to;
	int64_t at_us;     /* 0: now */
	struct list lines; /* struct asked_line */
};

struct customer_body {
	struct asked_buyer buyer;
};

extern const struct contract availability_question_contract;
extern const struct contract quote_question_contract;
extern const struct contract customer_question_contract;

#endif
