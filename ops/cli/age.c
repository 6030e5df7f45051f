/* SPDX-License-Identifier: Apache-2.0 */
#include "age.h"

#include "base/instant.h"

#include <string.h>

/* "90m", "12h", "7d" in microseconds */
static bool
duration_read(const char *text, int64_t *us)
{
	size_t n = strlen(text);
	int64_t count, unit_s = 0;

	if (n < 2 || !str_to_int((struct str){text, n - 1}, &count) || count < 1 || count > 100000)
		return false;
	switch (text[n - 1]) {
	case 'm':
		unit_s = 60;
		break;
	case 'h':
		unit_s = 3600;
		break;
	case 'd':
		unit_s = 86400;
		break;
	default:
		return false;
	}
	*us = count * unit_s * 1000000;
	return true;
}

bool
age_read(const char *text, int64_t *since_us)
{
	int64_t us;

	if (!duration_read(text, &us))
		return false;
	*since_us = instant_now_us() - us;
	return true;
}

bool
age_ahead_read(const char *text, int64_t *until_us)
{
	int64_t us;

	if (!duration_read(text, &us))
		return false;
	*until_us = instant_now_us() + us;
	return true;
}
