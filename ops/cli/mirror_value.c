/* SPDX-License-Identifier: Apache-2.0 */
#include "mirror_value.h"

#include "base/decimal.h"
#include "base/instant.h"

#include <string.h>

#define TEXT_MAX_BYTES 250
#define PRIORITY_MAX 1000000
#define DATE_BYTES 10

static const char *
text_check(struct str v)
{
	if (v.n > TEXT_MAX_BYTES)
		return "is longer than 250 bytes";
	for (size_t i = 0; i < v.n; i++)
		if ((unsigned char)v.p[i] < ' ' || v.p[i] == 0x7F)
			return "holds a control character";
	return str_trim(v).n == v.n ? NULL : "begins or ends with a blank";
}

static const char *
email_check(struct str v)
{
	struct str rest = v, local = str_split(&rest, '@');

	if (local.n == 0 || rest.n == 0 || memchr(rest.p, '@', rest.n) || memchr(v.p, ' ', v.n))
		return "is no e-mail address";
	return NULL;
}

/* The check digit of GS1: digits from the right weigh 1, 3, 1, 3, …, and the sum is a multiple of ten. */
static bool
is_gs1(struct str v)
{
	unsigned sum = 0;

	for (size_t i = 0; i < v.n; i++) {
		if (v.p[i] < '0' || v.p[i] > '9')
			return false;
		sum += (unsigned)(v.p[i] - '0') * ((v.n - i) % 2 ? 1 : 3);
	}
	return sum % 10 == 0;
}

static const char *
gtin_check(struct str v)
{
	if (v.n != 8 && v.n != 12 && v.n != 13 && v.n != 14)
		return "is no GTIN: 8, 12, 13 or 14 digits";
	return is_gs1(v) ? NULL : "is no GTIN: its check digit is wrong";
}

static const char *
gln_check(struct str v)
{
	return v.n == 13 && is_gs1(v) ? NULL : "is no GLN: 13 digits with a check digit";
}

static const char *
country_check(struct str v)
{
	bool is_code = v.n == 2 && v.p[0] >= 'A' && v.p[0] <= 'Z' && v.p[1] >= 'A' && v.p[1] <= 'Z';

	return is_code ? NULL : "is no country code of two capital letters (ISO 3166)";
}

static const char *
kind_check(struct str v)
{
	if (str_equal(v, STR("contract")) || str_equal(v, STR("group")) || str_equal(v, STR("list")))
		return NULL;
	return "must be contract, group or list";
}

static bool
bool_parse(struct str v, bool *is_true)
{
	*is_true = str_equal_fold(v, STR("true")) || str_equal_fold(v, STR("yes")) || str_equal(v, STR("1"));
	return *is_true || str_equal_fold(v, STR("false")) || str_equal_fold(v, STR("no")) || str_equal(v, STR("0"));
}

static const char *
bool_check(struct str v)
{
	bool is_true;

	return bool_parse(v, &is_true) ? NULL : "must be true or false";
}

static const char *
priority_check(struct str v)
{
	int64_t n;

	return str_to_int(v, &n) && n >= 1 && n <= PRIORITY_MAX ? NULL : "must be a whole number from 1 to 1000000";
}

static const char *
decimal_check(struct str v)
{
	int64_t micro;

	if (!decimal_parse(v, &micro))
		return "is no decimal number with at most six places, like 12.5";
	return micro >= 0 ? NULL : "must not be negative";
}

static const char *
decimal_positive_check(struct str v)
{
	int64_t micro;
	const char *wrong = decimal_check(v);

	return wrong || !decimal_parse(v, &micro) || micro > 0 ? wrong : "must be above 0";
}

static const char *
date_check(struct str v)
{
	char text[INSTANT_TEXT_BYTES] = "";
	struct str time = STR("T00:00:00Z");
	int64_t us;

	if (v.n == DATE_BYTES) {
		memcpy(text, v.p, v.n);
		memcpy(text + v.n, time.p, time.n);
	}
	return instant_parse(str_of(text), &us) ? NULL : "is no date like 2026-01-31";
}

static const char *
currency_check(struct str v)
{
	return currency_places(v) >= 0 ? NULL : "is no currency code (ISO 4217)";
}

/* How a column's values are checked beyond text_check, and whether they may be empty. */
static const struct rule {
	bool may_be_empty;
	const char *(*check)(struct str v);
} rules[] = {
    [MIRROR_TEXT] = {false, NULL},
    [MIRROR_TEXT_OR_EMPTY] = {true, NULL},
    [MIRROR_TEXT_OR_NULL] = {true, NULL},
    [MIRROR_EMAIL_OR_NULL] = {true, email_check},
    [MIRROR_GTIN_OR_NULL] = {true, gtin_check},
    [MIRROR_GLN_OR_NULL] = {true, gln_check},
    [MIRROR_CURRENCY] = {false, currency_check},
    [MIRROR_COUNTRY] = {false, country_check},
    [MIRROR_KIND] = {false, kind_check},
    [MIRROR_BOOL] = {false, bool_check},
    [MIRROR_PRIORITY] = {false, priority_check},
    [MIRROR_DECIMAL] = {false, decimal_check},
    [MIRROR_DECIMAL_POSITIVE] = {false, decimal_positive_check},
    [MIRROR_DATE] = {false, date_check},
    [MIRROR_DATE_OR_NULL] = {true, date_check},
};

const char *
mirror_value_check(enum mirror_type type, struct str value)
{
	const struct rule *rule = &rules[type];
	const char *wrong = text_check(value);

	if (wrong)
		return wrong;
	if (value.n == 0)
		return rule->may_be_empty ? NULL : "is empty";
	return rule->check ? rule->check(value) : NULL;
}

void
mirror_value_put(enum mirror_type type, struct str value, struct rows *rows)
{
	int64_t n = 0;
	bool is_true;

	switch (type) {
	case MIRROR_BOOL:
		rows_bool(rows, bool_parse(value, &is_true) && is_true);
		return;
	case MIRROR_PRIORITY:
		rows_int(rows, str_to_int(value, &n) ? n : 0);
		return;
	case MIRROR_DECIMAL:
	case MIRROR_DECIMAL_POSITIVE:
		rows_int(rows, decimal_parse(value, &n) ? n : 0);
		return;
	case MIRROR_TEXT_OR_EMPTY:
		rows_text(rows, value);
		return;
	default:
		rows_text_or_null(rows, value);
	}
}
