/* SPDX-License-Identifier: Apache-2.0 */
#include "base/instant.h"

#include <stdio.h>
#include <time.h>

#define US_PER_S INT64_C(1000000)
#define S_PER_DAY INT64_C(86400)

static int64_t
clock_us(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (int64_t)t.tv_sec * US_PER_S + t.tv_nsec / 1000;
}

int64_t
instant_now_us(void)
{
	return clock_us(CLOCK_REALTIME);
}

int64_t
monotonic_us(void)
{
	return clock_us(CLOCK_MONOTONIC);
}

/* Days since 1970-01-01 in the proleptic Gregorian calendar; the year starts in March, so that the leap day is last. */
static int64_t
days_from_civil(int64_t year, int64_t month, int64_t day)
{
	int64_t y = month <= 2 ? year - 1 : year;
	int64_t era = (y >= 0 ? y : y - 399) / 400;
	int64_t year_of_era = y - era * 400;
	int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

	return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719468;
}

static void
civil_from_days(int64_t days, int64_t *year, int64_t *month, int64_t *day)
{
	int64_t z = days + 719468;
	int64_t era = (z >= 0 ? z : z - 146096) / 146097;
	int64_t doe = z - era * 146097;
	int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	int64_t mp = (5 * doy + 2) / 153;

	*day = doy - (153 * mp + 2) / 5 + 1;
	*month = mp + (mp < 10 ? 3 : -9);
	*year = yoe + era * 400 + (*month <= 2);
}

/* Exactly n digits at *s; moves past them. */
static bool
take_digits(struct str *s, size_t n, int64_t *out)
{
	if (s->n < n)
		return false;
	*out = 0;
	for (size_t i = 0; i < n; i++) {
		int digit = s->p[i] - '0';

		if (digit < 0 || digit > 9)
			return false;
		*out = *out * 10 + digit;
	}
	*s = str_after(*s, n);
	return true;
}

static bool
take_char(struct str *s, char c)
{
	if (s->n == 0 || (s->p[0] != c && !(c == 'T' && (s->p[0] == 't' || s->p[0] == ' '))))
		return false;
	*s = str_after(*s, 1);
	return true;
}

static bool
take_fraction(struct str *s, int64_t *us)
{
	int64_t scale = US_PER_S, digit;
	size_t n = 0;

	*us = 0;
	if (!take_char(s, '.'))
		return true;
	while (s->n && take_digits(s, 1, &digit)) {
		scale /= 10;
		*us += digit * scale; /* beyond microseconds scale is 0: cut off */
		n++;
	}
	return n > 0;
}

static bool
take_zone(struct str *s, int64_t *offset_s)
{
	int64_t hours, minutes;
	bool is_west;

	*offset_s = 0;
	if (take_char(s, 'Z') || take_char(s, 'z'))
		return true;
	is_west = s->n && s->p[0] == '-';
	if (!take_char(s, '+') && !take_char(s, '-'))
		return false;
	if (!take_digits(s, 2, &hours))
		return false;
	take_char(s, ':');
	if (!take_digits(s, 2, &minutes) || hours > 23 || minutes > 59)
		return false;
	*offset_s = (hours * 3600 + minutes * 60) * (is_west ? -1 : 1);
	return true;
}

static int64_t
days_in_month(int64_t year, int64_t month)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return days[month - 1] + (month == 2 && is_leap);
}

bool
instant_parse(struct str s, int64_t *us)
{
	int64_t year, month, day, hour, minute, second, fraction, offset;

	if (!take_digits(&s, 4, &year) || !take_char(&s, '-') || !take_digits(&s, 2, &month) || !take_char(&s, '-') ||
	    !take_digits(&s, 2, &day) || !take_char(&s, 'T') || !take_digits(&s, 2, &hour) || !take_char(&s, ':') ||
	    !take_digits(&s, 2, &minute) || !take_char(&s, ':') || !take_digits(&s, 2, &second) ||
	    !take_fraction(&s, &fraction) || !take_zone(&s, &offset) || s.n)
		return false;
	if (month < 1 || month > 12 || day < 1 || day > days_in_month(year, month) || hour > 23 || minute > 59 ||
	    second > 60)
		return false;
	*us = (days_from_civil(year, month, day) * S_PER_DAY + hour * 3600 + minute * 60 + second - offset) * US_PER_S +
	      fraction;
	return true;
}

/* printf takes as long for one instant as the rest of a small answer. */
static void
digits_put(char *out, size_t *n, size_t count, int64_t v)
{
	for (size_t i = count; i > 0; i--, v /= 10)
		out[*n + i - 1] = (char)('0' + v % 10);
	*n += count;
}

size_t
instant_format(int64_t us, char out[static INSTANT_TEXT_BYTES])
{
	int64_t days = instant_day(us), in_day = us - days * S_PER_DAY * US_PER_S;
	int64_t seconds = in_day / US_PER_S, fraction = in_day % US_PER_S, year, month, day;
	size_t n = 0;

	civil_from_days(days, &year, &month, &day);
	if (year < 0 || year > 9999)
		n = (size_t)snprintf(out, 12, "%04d", (int)year);
	else
		digits_put(out, &n, 4, year);
	out[n++] = '-';
	digits_put(out, &n, 2, month);
	out[n++] = '-';
	digits_put(out, &n, 2, day);
	out[n++] = 'T';
	digits_put(out, &n, 2, seconds / 3600);
	out[n++] = ':';
	digits_put(out, &n, 2, seconds / 60 % 60);
	out[n++] = ':';
	digits_put(out, &n, 2, seconds % 60);
	if (fraction) {
		out[n++] = '.';
		digits_put(out, &n, 6, fraction);
		while (out[n - 1] == '0')
			n--;
	}
	out[n++] = 'Z';
	out[n] = '\0';
	return n;
}

int64_t
instant_day(int64_t us)
{
	int64_t day_us = S_PER_DAY * US_PER_S;

	return us >= 0 ? us / day_us : -((-us + day_us - 1) / day_us);
}
