/* SPDX-License-Identifier: Apache-2.0 */
#include "pricing/customer.h"

#include <criterion/criterion.h>

static struct book_customer
customer(enum customer_by by, const char *no, bool active)
{
	return (struct book_customer){.by = by, .customer_no = str_of(no), .active = active};
}

static const char *
decide(const struct book_customer *found, size_t n)
{
	const struct book_customer *chosen = NULL;
	struct why why = {0};

	if (customer_decide(found, n, STR("shopify"), &chosen, &why) != OUTCOME_OK)
		return why.code;
	return chosen->customer_no.p;
}

Test(customer, number_before_account_before_gln_before_email)
{
	const struct book_customer found[] = {
	    customer(CUSTOMER_BY_NUMBER, "C-1", true),
	    customer(CUSTOMER_BY_ACCOUNT, "C-2", true),
	    customer(CUSTOMER_BY_GLN, "C-3", true),
	    customer(CUSTOMER_BY_EMAIL, "C-4", true),
	};
	static const char *const sources[] = {"number", "account", "gln", "email"};

	for (size_t i = 0; i < COUNT_OF(found); i++) {
		cr_assert_str_eq(decide(found + i, COUNT_OF(found) - i), found[i].customer_no.p);
		cr_assert(str_equal(customer_source(&found[i]), str_of(sources[i])));
	}
}

Test(customer, nobody_several_and_blocked_are_told_apart)
{
	const struct book_customer two[] = {customer(CUSTOMER_BY_EMAIL, "C-1", true),
					    customer(CUSTOMER_BY_EMAIL, "C-2", true)};
	const struct book_customer same[] = {customer(CUSTOMER_BY_GLN, "C-1", true),
					     customer(CUSTOMER_BY_GLN, "C-1", true)};
	const struct book_customer one_sold_to[] = {customer(CUSTOMER_BY_EMAIL, "C-1", false),
						    customer(CUSTOMER_BY_EMAIL, "C-2", true)};
	const struct book_customer blocked = customer(CUSTOMER_BY_ACCOUNT, "C-1", false);

	cr_assert_str_eq(decide(NULL, 0), "customer-unknown");
	cr_assert_str_eq(decide(two, 2), "customer-ambiguous");
	cr_assert_str_eq(decide(same, 2), "C-1");
	cr_assert_str_eq(decide(one_sold_to, 2), "C-2");
	cr_assert_str_eq(decide(&blocked, 1), "customer-inactive");
}
