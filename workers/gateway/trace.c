/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/trace.h"

#include "base/base64.h"
#include "base/uuid.h"

#include <stdio.h>
#include <string.h>

#define TRACE_CHARS 55
#define SPAN_AT 36
#define SPAN_BYTES 8
#define FLAGS_AT 53

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
	struct uuid trace, span = uuid_random();
	bool is_given = is_trace(given);

	if (is_given) {
		memcpy(out, given.p, SPAN_AT);
	} else {
		trace = uuid_random();
		memcpy(out, "00-", 3);
		hex_format((struct str){(const char *)trace.bytes, sizeof trace.bytes}, out + 3);
		out[SPAN_AT - 1] = '-';
	}
	hex_format((struct str){(const char *)span.bytes, SPAN_BYTES}, out + SPAN_AT);
	snprintf(out + FLAGS_AT - 1, 4, "-%.2s", is_given ? given.p + FLAGS_AT : "01");
}
