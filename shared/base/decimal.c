/* SPDX-License-Identifier: Apache-2.0 */
#include "base/decimal.h"

#include <string.h>

/* Parse [-+]digits[.digits] scaled by 10^places; digits beyond `places` must be zero. */
static bool
scaled_parse(struct str s, int places, int64_t *out)
{
	bool is_negative = s.n && s.p[0] == '-', is_seen = false;
	int left = -1; /* decimal places still free; -1 before the point */
	int64_t value = 0;

	if (s.n && (s.p[0] == '-' || s.p[0] == '+'))
		s = str_after(s, 1);
	for (size_t i = 0; i < s.n; i++) {
		int digit = s.p[i] - '0';

		if (s.p[i] == '.' && left < 0 && is_seen && i + 1 < s.n) {
			left = places;
			continue;
		}
		if (digit < 0 || digit > 9)
			return false;
		is_seen = true;
		if (left == 0) {
			if (digit)
				return false;
			continue;
		}
		if (__builtin_mul_overflow(value, 10, &value) ||
		    __builtin_add_overflow(value, is_negative ? -digit : digit, &value))
			return false;
		if (left > 0)
			left--;
	}
	for (int i = left < 0 ? places : left; i > 0; i--)
		if (__builtin_mul_overflow(value, 10, &value))
			return false;
	if (!is_seen)
		return false;
	*out = value;
	return true;
}

static size_t
scaled_format(int64_t value, int places, bool is_trimmed, char out[static DECIMAL_TEXT_BYTES])
{
	uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
	char reversed[DECIMAL_TEXT_BYTES];
	size_t n = 0, length = 0;

	for (int place = 0; place <= places || rest; place++, rest /= 10) {
		char digit = (char)('0' + rest % 10);

		if (is_trimmed && place < places && n == 0 && digit == '0')
			continue;
		if (place == places && n)
			reversed[n++] = '.';
		reversed[n++] = digit;
	}
	if (value < 0)
		reversed[n++] = '-';
	while (n)
		out[length++] = reversed[--n];
	out[length] = '\0';
	return length;
}

bool
decimal_parse(struct str text, int64_t *micro)
{
	return scaled_parse(text, 6, micro);
}

size_t
decimal_format(int64_t micro, char out[static DECIMAL_TEXT_BYTES])
{
	return scaled_format(micro, 6, true, out);
}

__int128
divide_half_even(__int128 numerator, __int128 denominator)
{
	__int128 quotient = numerator / denominator;
	__int128 rest = numerator % denominator;
	__int128 twice = (rest < 0 ? -rest : rest) * 2;

	if (twice > denominator || (twice == denominator && quotient % 2 != 0))
		quotient += numerator < 0 ? -1 : 1;
	return quotient;
}

static bool
narrow(__int128 wide, int64_t *out)
{
	if (wide > INT64_MAX || wide < INT64_MIN)
		return false;
	*out = (int64_t)wide;
	return true;
}

bool
decimal_mul(int64_t a, int64_t b, int64_t *micro)
{
	return narrow(divide_half_even((__int128)a * b, DECIMAL_ONE), micro);
}

int
currency_places(struct str currency)
{
	/* ISO 4217 currencies whose minor unit is not 2 places. */
	static const char none[] = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF ";
	static const char three[] = "BHD IQD JOD KWD LYD OMR TND ", four[] = "CLF UYW ";
	char code[5] = "    ";

	if (currency.n != 3)
		return -1;
	for (size_t i = 0; i < 3; i++)
		if (currency.p[i] < 'A' || currency.p[i] > 'Z')
			return -1;
	memcpy(code, currency.p, currency.n);
	if (strstr(none, code))
		return 0;
	return strstr(three, code) ? 3 : strstr(four, code) ? 4 : 2;
}

bool
money_parse(struct str text, int places, int64_t *minor)
{
	return scaled_parse(text, places, minor);
}

size_t
money_format(int64_t minor, int places, char out[static DECIMAL_TEXT_BYTES])
{
	return scaled_format(minor, places, false, out);
}

bool
money_of(int64_t quantity_micro, int64_t unit_price_micro, int places, int64_t *minor)
{
	__int128 scale = (__int128)DECIMAL_ONE * DECIMAL_ONE;

	for (int i = 0; i < places; i++)
		scale /= 10;
	return narrow(divide_half_even((__int128)quantity_micro * unit_price_micro, scale), minor);
}

bool
money_percent(int64_t amount_minor, int64_t percent_micro, int64_t *minor)
{
	return narrow(divide_half_even((__int128)amount_minor * percent_micro, (__int128)100 * DECIMAL_ONE), minor);
}

int64_t
money_share(int64_t total_minor, int64_t before, int64_t now, int64_t all)
{
	if (all <= 0)
		return 0;
	return (int64_t)(divide_half_even((__int128)total_minor * (before + now), all) -
			 divide_half_even((__int128)total_minor * before, all));
}

void
money_spread(int64_t total_minor, const int64_t *weights, size_t n, int64_t *parts_minor)
{
	__int128 sum = 0;
	int64_t sign = total_minor < 0 ? -1 : 1, left = total_minor * sign;

	for (size_t i = 0; i < n; i++)
		sum += weights[i];
	for (size_t i = 0; i < n; i++) {
		__int128 weight = sum ? weights[i] : 1;

		parts_minor[i] = (int64_t)(total_minor * sign * weight / (sum ? sum : (__int128)n));
		left -= parts_minor[i];
	}
	/* left < n: hand one minor unit each to those that lost most by cutting off; n is a document's lines, so a
	 * plain search for each is fine. A part that got one has a negative remainder and does not win again. */
	while (left > 0) {
		__int128 best_rest = -1;
		size_t best = 0;

		for (size_t i = 0; i < n; i++) {
			__int128 weight = sum ? weights[i] : 1, all = sum ? sum : (__int128)n;
			__int128 rest = total_minor * sign * weight - (__int128)parts_minor[i] * all;

			if (rest > best_rest) {
				best_rest = rest;
				best = i;
			}
		}
		parts_minor[best]++;
		left--;
	}
	for (size_t i = 0; i < n; i++)
		parts_minor[i] *= sign;
}
