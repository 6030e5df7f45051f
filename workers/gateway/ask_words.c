/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/ask_words.h"

/* By code. */
static const struct {
	const char *code, *words;
} words[] = {
    {"amount-inexact", "an amount has more places than its currency: somebody of ours looks at it"},
    {"change-early", "it changes lines of an order that has not come: it waits for the order"},
    {"change-empty", "it removes all lines: send a cancellation if that is meant"},
    {"change-late", "it changes lines, and a later revision came before it: somebody of ours looks at it"},
    {"change-line-known", "it adds a line that the order has with other content: somebody of ours will ask"},
    {"change-line-unknown", "it changes a line that the order has not: somebody of ours will ask"},
    {"change-open", "it leaves open what the changed lines cost: send the order whole"},
    {"currency-not-accepted", "the currency is not the one that was agreed upon"},
    {"currency-unknown", "the currency is no ISO 4217 code"},
    {"customer-ambiguous", "several customers fit: name the buyer by the account or our customer number"},
    {"customer-inactive", "the customer is blocked with us"},
    {"customer-unknown", "no customer of ours has this number, account, GLN or e-mail address"},
    {"document-empty", "there is nothing in the document"},
    {"field-missing", "a field that is needed is missing"},
    {"field-range", "a field is beyond what it may be"},
    {"field-text", "a text is not UTF-8, or has control characters"},
    {"field-type", "a field is of another type than it should be"},
    {"field-unknown", "there is no field of this name"},
    {"item-ambiguous", "several items fit: send our item number"},
    {"item-inactive", "the item is no longer sold"},
    {"item-unknown", "no item has this number, alias or GTIN"},
    {"line-ref-duplicate", "two lines have the same id"},
    {"lines-missing", "there are no lines"},
    {"order-cancelled", "the cancellation came after a warehouse was asked to ship: somebody of ours looks at it"},
    {"order-changed", "the change came after a warehouse was asked to ship: somebody of ours looks at it"},
    {"price-off", "the stated price is not ours: somebody of ours looks at it"},
    {"price-unknown", "there is no price for this customer, unit, quantity, currency and day"},
    {"return-changed", "a return was taken under this reference with other content"},
    {"return-line-ambiguous", "several lines of the order have this item: name the line"},
    {"return-line-unknown", "the order has no such line"},
    {"return-order-ambiguous", "several orders have this number: send the order_id"},
    {"return-order-unknown", "there is no such order"},
    {"return-over", "more is asked back than was shipped and not asked back before"},
    {"return-unit", "the unit is neither the ordered one nor the item's own"},
    {"revision-old", "a later revision is known already"},
    {"ship-to-missing", "there are goods to ship, and no address"},
    {"stock-short", "there is not enough in stock, and no backorders were agreed upon"},
    {"tax-unknown", "prices include tax, and its rate is not known for this address"},
    {"total-mismatch", "the stated total is not what lines, adjustments and taxes add up to"},
    {"unit-inexact", "the quantity in the item's base unit has more than six places"},
    {"unit-unknown", "the item is not sold in this unit"},
};

static const char *const open_events[] = {
    "allocated",  "cancelled",      "changed",          "document.issued", "duplicate",
    "not-billed", "invoice.issued", "return.requested", "superseded",      "shipment.confirmed",
};

struct str
words_of(struct str code)
{
	for (size_t i = 0; i < COUNT_OF(words); i++)
		if (str_equal(code, str_of(words[i].code)))
			return str_of(words[i].words);
	return (struct str){NULL, 0};
}

bool
words_event_is_open(struct str event)
{
	for (size_t i = 0; i < COUNT_OF(open_events); i++)
		if (str_equal(event, str_of(open_events[i])))
			return true;
	return false;
}
