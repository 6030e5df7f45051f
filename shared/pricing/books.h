/* SPDX-License-Identifier: Apache-2.0 */
/*
 * books - the part of the mirror that a batch of orders or questions needs, in memory
 * Plain structs, so that the rules can be tested without a database. Texts are views.
 */
#ifndef TRIBUTARY_PRICING_BOOKS_H
#define TRIBUTARY_PRICING_BOOKS_H

#include "base/outcome.h"

/* How a customer or an item was found; a lower one is better. */
enum customer_by { CUSTOMER_BY_NUMBER = 1, CUSTOMER_BY_ACCOUNT, CUSTOMER_BY_GLN, CUSTOMER_BY_EMAIL };
enum item_by { ITEM_BY_SKU = 1, ITEM_BY_PARTY_ALIAS, ITEM_BY_ALIAS, ITEM_BY_GTIN };

struct book_customer {
	int64_t by; /* enum customer_by */
	struct str customer_no, price_group;
	bool active;
};

struct book_item {
	int64_t by; /* enum item_by */
	struct str item_no, base_unit, tax_code;
	bool active;
};

struct book_unit {
	struct str item_no, unit;
	int64_t factor_micro; /* base units in one */
};

enum price_kind { PRICE_CONTRACT, PRICE_GROUP, PRICE_LIST };

struct book_price {
	struct str item_no, customer_no, price_group, contract_no, currency, unit;
	enum price_kind kind;
	int64_t min_quantity_micro, price_micro;
	int64_t from_day, to_day; /* days since 1970, the last one included; INT64_MAX: until further notice */
};

struct book_tax {
	struct str tax_code, country, region; /* region '' is the whole country */
	int64_t rate_micro;                   /* percent */
};

struct book_stock {
	struct str item_no;
	int64_t available_micro;
};

/* What was loaded at once. */
struct books {
	const struct book_unit *units;
	const struct book_price *prices; /* sorted by item */
	const struct book_tax *taxes;
	const struct book_stock *stock; /* sorted by item */
	size_t units_count, prices_count, taxes_count, stock_count;
};

#endif
