/* SPDX-License-Identifier: Apache-2.0 */
/*
 * decimal - exact decimals and money, the one place that rounds
 * A decimal is an int64 of millionths ("micro"): 0.0375 is 37500. Money is an int64 in the minor unit of its ISO 4217
 * currency: 12.34 USD is 1234, 1234 JPY is 1234. Rounding is half to even. No double anywhere.
 */
#ifndef TRIBUTARY_BASE_DECIMAL_H
#define TRIBUTARY_BASE_DECIMAL_H

#include "base/outcome.h"

#define DECIMAL_ONE INT64_C(1000000)
#define DECIMAL_TEXT_BYTES 24 /* longest decimal text with its NUL */

/* decimal_parse - "-12.340001" to micro; no exponent, no blanks, at most six places (further zeros are fine) */
bool decimal_parse(struct str text, int64_t *micro) MUST_CHECK;
/* decimal_format - shortest exact text ("0.0375", "12") into out; returns its length */
size_t decimal_format(int64_t micro, char out[static DECIMAL_TEXT_BYTES]);

/* divide_half_even - numerator / denominator (> 0) rounded half to even */
__int128 divide_half_even(__int128 numerator, __int128 denominator);
/* decimal_mul - a * b, both micro; false when it does not fit */
bool decimal_mul(int64_t a, int64_t b, int64_t *micro) MUST_CHECK;

/* currency_places - minor unit's decimal places by ISO 4217 (JPY 0, USD 2, KWD 3); -1 for what is no currency code */
int currency_places(struct str currency);
/* money_parse - "12.34" to minor units; false when it has more places than the currency */
bool money_parse(struct str text, int places, int64_t *minor) MUST_CHECK;
/* money_format - minor units with `places` decimals ("12.30") into out; returns its length */
size_t money_format(int64_t minor, int places, char out[static DECIMAL_TEXT_BYTES]);
/* money_of - quantity * unit price (both micro) in minor units; false when it does not fit */
bool money_of(int64_t quantity_micro, int64_t unit_price_micro, int places, int64_t *minor) MUST_CHECK;
/* money_percent - amount_minor * percent (micro: 7.5 % is 7500000) / 100; false when it does not fit */
bool money_percent(int64_t amount_minor, int64_t percent_micro, int64_t *minor) MUST_CHECK;

/*
 * money_spread - split `total` over n parts in proportion to their weights, losing no minor unit
 * Largest remainder first, ties to the lower index; weights are >= 0, and when all are 0 they count as equal. Signs:
 * a negative total is spread the same way as its opposite.
 */
void money_spread(int64_t total_minor, const int64_t *weights, size_t n, int64_t *parts_minor);
/*
 * money_share - the part of `total` that belongs to what is counted from `before` to `before + now` out of `all`
 * Cumulative, so that the shares of any sequence of pieces add up exactly to `total` when the last one reaches `all`.
 */
int64_t money_share(int64_t total_minor, int64_t before, int64_t now, int64_t all);

#endif
