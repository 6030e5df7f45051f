/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_path - any bytes as path, query value and traceparent: what is decoded is text, what is plain climbs nowhere, what
 * has a route is plain */
#include "gateway/route.h"
#include "gateway/trace.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t n);

static void
decode_check(struct str s, bool plus_is_blank)
{
	char *out = malloc(s.n ? s.n : 1);
	size_t filled = 0;

	if (!web_decode(s, plus_is_blank, out, &filled)) {
		free(out);
		return;
	}
	if (filled > s.n || !str_is_utf8((struct str){out, filled}))
		abort();
	for (size_t i = 0; i < filled; i++)
		if ((unsigned char)out[i] < 0x20 || out[i] == 0x7f)
			abort();
	free(out);
}

static void
plain_check(struct str path)
{
	for (size_t i = 0; i < path.n; i++)
		if (path.p[i] <= 0x20 || path.p[i] >= 0x7f || path.p[i] == '\\')
			abort();
	if (memmem(path.p, path.n, "//", 2) || memmem(path.p, path.n, "/../", 4) || memmem(path.p, path.n, "/./", 3))
		abort();
}

static void
route_check(struct str path)
{
	static const char *const methods[] = {"GET", "POST", "DELETE"};
	char allowed[64];

	for (size_t i = 0; i < COUNT_OF(methods); i++) {
		struct web_request request = {.method = str_of(methods[i]), .path = path};
		struct call call = {.web = &request};

		if (route_find(&call, allowed, sizeof allowed) == 0 && !web_path_is_plain(path))
			abort();
		if (strlen(allowed) >= sizeof allowed)
			abort();
		for (size_t k = 0; call.route && k < CALL_ARGS_MAX; k++)
			if (call.args[k].n >= CALL_ARG_BYTES || !str_is_utf8(call.args[k]))
				abort();
	}
}

int
LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t n)
{
	struct str s = {(const char *)bytes, n};
	char trace[TRACE_TEXT_BYTES];

	decode_check(s, true);
	decode_check(s, false);
	if (web_path_is_plain(s)) {
		plain_check(s);
		route_check(s);
	}
	trace_begin(s, trace);
	if (strlen(trace) != TRACE_TEXT_BYTES - 1 || strspn(trace, "0123456789abcdef-") != TRACE_TEXT_BYTES - 1)
		abort();
	return 0;
}
