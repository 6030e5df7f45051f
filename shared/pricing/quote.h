/* SPDX-License-Identifier: Apache-2.0 */
/*
 * quote - what an order would be told, without one: the price of lines, who a buyer is, what is in stock
 * The same statements and rules as enrich's, for sets of questions. Each call reads in the store's open transaction and
 * changes nothing. Texts of answers are views into the questions and the store's results: until the next store_begin().
 *
 * Whether somebody may ask this is the caller's to decide: a customer number or a GLN is no proof of who asks.
 *
 * All three:
 *   arena    of the answers, and of what is needed on the way
 *   answers  n of them, the answer to each question; written on OUTCOME_OK only. What our books do not know is the
 *            answer's `why` (NULL when all is well), with the codes and texts of the exception that an order would get
 *   OUTCOME_DEAD  code: too-large (more than QUOTE_…_MAX, or than the arena takes); else as the store
 */
#ifndef TRIBUTARY_PRICING_QUOTE_H
#define TRIBUTARY_PRICING_QUOTE_H

#include "model/order.h"
#include "party/party.h"
#include "pricing/books.h"
#include "store/store.h"

#define QUOTE_QUESTIONS_MAX 1000 /* of one call; of stock_ask() as many items */
#define QUOTE_LINES_MAX 10000    /* of all questions of one call */

/* Who asks: what is not said is empty. The best that is known decides, in this order. */
struct quote_buyer {
	struct str customer_no, account, gln, email; /* our number; the party's account */
};

struct quote_line {
	struct str sku, gtin; /* sku: ours, an alias, or a GTIN */
	struct str unit;      /* empty: the item's base unit */
	int64_t quantity_micro;
};

struct quote_question {
	struct str party; /* whose aliases and accounts are meant */
	struct quote_buyer buyer;
	struct str currency;
	struct str country, region; /* where it goes, for the tax; empty: no rate is found */
	int64_t at_us;              /* prices are of this instant's day in the party's time zone */
	const struct quote_line *lines;
	size_t lines_count;
};

struct quoted_customer {
	const struct why *why;                       /* codes: customer-unknown customer-ambiguous customer-inactive */
	struct str customer_no, source, price_group; /* source: number, account, gln, email */
};

struct quoted_line {
	/* codes: item-unknown item-ambiguous item-inactive unit-unknown unit-inexact price-unknown, and, of a line that
	 * is right so far, the customer's */
	const struct why *why;
	struct line_enrichment found; /* as far as it came: without its item nothing, without its price all but that */
	struct str unit;              /* which the price is for */
	enum price_kind kind;
	struct str contract_no; /* of PRICE_CONTRACT */
};

struct quote_answer {
	struct quoted_customer customer;
	struct quoted_line *lines; /* as many as the question has */
};

/* quote - prices, per question for one customer */
enum outcome quote(struct store *store, struct arena *arena, const struct party_list *parties,
		   const struct quote_question *questions, size_t n, struct quote_answer *answers,
		   struct why *why) MUST_CHECK;

struct customer_question {
	struct str party;
	struct quote_buyer buyer;
};

/* customers_ask - who the buyers are */
enum outcome customers_ask(struct store *store, struct arena *arena, const struct customer_question *questions,
			   size_t n, struct quoted_customer *answers, struct why *why) MUST_CHECK;

struct stock_question {
	struct str party, sku, gtin;
};

struct stock_place {
	struct str warehouse;
	int64_t on_hand_micro, reserved_micro, available_micro; /* in the base unit; available: on hand - reserved */
};

struct stock_answer {
	const struct why *why; /* codes: item-unknown item-ambiguous item-inactive */
	struct str item_no, base_unit;
	int64_t available_micro; /* of all places */
	/* Every warehouse that ships and has the item in its books, by name. */
	const struct stock_place *places;
	size_t places_count;
};

/* stock_ask - what can be promised of each item, and where it lies */
enum outcome stock_ask(struct store *store, struct arena *arena, const struct stock_question *questions, size_t n,
		       struct stock_answer *answers, struct why *why) MUST_CHECK;

#endif
