/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/trace.h"

#include "base/uuid.h"

#include <stdio.h>
#include <string.h>

#define TRACE_CHARS 55

/* 00-32-16-2 small hexadecimal digits; neither trace nor span is all zeros. */
static bool
is_trace(struct str s)
{
	bool has_trace = false, has_span = false;

	if (s.n != TRACE_CHARS || memcmp(s.p, "00-", 3) != 0 || s.p[35] != '-' || s.p[52] != '-')
		return false;
	for (size_t i = 3; i < TRACE_CHARS; i++) {
		bool is_digit = (s.p[i] >= '0' && s.p[i] <= '9') || (s.p[i] >= 'a' && s.p[i] <= 'f');

		if (i == 35 || i == 52)
			continue;
		if (!is_digit)
			return false;
		has_trace |= i < 35 && s.p[i] != '0';
		has_span |= i > 35 && i < 52 && s.p[i] != '0';
	}
	return has_trace && has_span;
}

void
trace_begin(struct str given, char out[static TRACE_TEXT_BYTES])
{
	struct uuid trace = uuid_random(), span = uuid_random();
	char text[33];

	for (size_t i = 0; i < 16; i++)
		snprintf(text + 2 * i, 3, "%02x", trace.bytes[i]);
	if (is_trace(given))
		snprintf(out, TRACE_TEXT_BYTES, "%.36s", given.p);
	else
		snprintf(out, TRACE_TEXT_BYTES, "00-%.32s-", text);
	for (size_t i = 0; i < 8; i++)
		snprintf(out + 36 + 2 * i, 3, "%02x", span.bytes[i]);
	snprintf(out + 52, 4, "-%.2s", is_trace(given) ? given.p + 53 : "01");
}
