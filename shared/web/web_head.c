/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Line and headers: the values in them, and whether they say one thing only.
 */
#include "web/web_internal.h"

#include <stdio.h>
#include <string.h>

#define BLANKS_MAX 64 /* between a colon and the value */
#define VALUES_MAX 64 /* headers, or arguments, of a request */

/* --- headers and arguments -------------------------------------------------------------------------------------------- */

struct str
web_header(const struct web_request *r, const char *name)
{
	const struct link *l = (const struct link *)r;

	return str_of(MHD_lookup_connection_value(l->connection, MHD_HEADER_KIND, name));
}

struct values {
	struct {
		const char *name, *value;
	} items[VALUES_MAX];
	size_t n;
	bool is_full;
};

static enum MHD_Result
on_value(void *context, enum MHD_ValueKind kind, const char *name, const char *value)
{
	struct values *v = context;

	(void)kind;
	v->is_full = v->n == VALUES_MAX;
	if (v->is_full)
		return MHD_NO;
	v->items[v->n].name = name;
	v->items[v->n++].value = value ? value : "";
	return MHD_YES;
}

static struct values
values_of(const struct web_request *r, enum MHD_ValueKind kind)
{
	struct values v = {.n = 0};

	MHD_get_connection_values(((const struct link *)r)->connection, kind, on_value, &v);
	return v;
}

struct str
web_header_joined(const struct web_request *r, struct arena *arena, const char *name)
{
	struct values v = values_of(r, MHD_HEADER_KIND);
	struct str all = {NULL, 0};

	for (size_t i = 0; i < v.n; i++)
		if (str_equal_fold(str_of(v.items[i].name), str_of(name)))
			all = all.p ? arena_printf(arena, "%.*s, %s", STR_ARGS(all), v.items[i].value)
				    : str_of(v.items[i].value);
	return all;
}

struct str
web_query(const struct web_request *r, struct arena *arena, const char *name)
{
	const struct link *l = (const struct link *)r;
	struct str raw = str_of(MHD_lookup_connection_value(l->connection, MHD_GET_ARGUMENT_KIND, name));
	char *out = raw.n ? arena_get(arena, raw.n) : NULL;
	size_t n = 0;

	/* The library has turned + into blanks already. */
	return out && web_decode(raw, false, out, &n) ? (struct str){out, n} : (struct str){NULL, 0};
}

static enum outcome
query_unknown(const char *const *names, struct why *why)
{
	char known[160] = "none";
	size_t n = 0;

	for (size_t i = 0; names[i] && n < sizeof known; i++)
		n += (size_t)snprintf(known + n, sizeof known - n, "%s%s", i ? ", " : "", names[i]);
	return why_set(why, OUTCOME_DEAD, "query-unknown", "an argument that this request does not have; it takes: %s",
		       known);
}

enum outcome
web_query_check(const struct web_request *r, const char *const *names, struct why *why)
{
	struct values v = values_of(r, MHD_GET_ARGUMENT_KIND);
	char decoded[4096];
	size_t n;

	if (v.is_full)
		return why_set(why, OUTCOME_DEAD, "query-unknown", "more than %d arguments", VALUES_MAX);
	for (size_t i = 0; i < v.n; i++) {
		size_t known = 0;

		if (strlen(v.items[i].value) > sizeof decoded ||
		    !web_decode(str_of(v.items[i].value), false, decoded, &n))
			return why_at(why, OUTCOME_DEAD, "query-encoding", names[0] ? "query" : "",
				      "an argument is too long, or not percent-encoded UTF-8 without control bytes");
		while (names[known] && strcmp(names[known], v.items[i].name) != 0)
			known++;
		if (!names[known])
			return query_unknown(names, why);
		for (size_t k = 0; k < i; k++)
			if (strcmp(v.items[k].name, v.items[i].name) == 0)
				return why_at(why, OUTCOME_DEAD, "query-twice", names[known], "is given twice");
	}
	return OUTCOME_OK;
}

/* --- one meaning only -------------------------------------------------------------------------------------------------- */

bool
header_is_plain(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] < 0x20 || s.p[i] == 0x7f)
			return false;
	return true;
}

/*
 * line_end - behind the CR LF of a value: `next`, unless something stands between
 * From 1.0 on the library cuts off the blanks behind a value: the first has the NUL, the others stand between. It refuses
 * a NUL that came by itself.
 */
static const char *
line_end(const char *value, const char *next)
{
	const char *end = value + strlen(value);

#if MHD_VERSION >= 0x01000000
	const char *p = end + 1;

	while (p + 2 < next && (*p == ' ' || *p == '\t'))
		p++;
	if (p + 2 == next && p[0] == '\r' && p[1] == '\n')
		return next;
#endif
	(void)next;
	return end + 2;
}

/*
 * bytes_fault - whether the head is nothing but its line and headers as they were read, byte after byte
 * The library takes a line feed for an end of line, ends the headers at one without a name, and a header at a NUL; it
 * joins folded lines. Another server on the way may not. It reads in place and puts a NUL at each end, so every end must
 * be where the next begins, and the last where the head ends.
 */
static const char *
bytes_fault(const struct link *l, const char *method, const char *url, const char *version)
{
	const union MHD_ConnectionInfo *info =
	    MHD_get_connection_info(l->connection, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);
	struct values v = values_of(&l->request, MHD_HEADER_KIND);
	const char *at = version + strlen(version) + 2;

	if (v.is_full)
		return "too many headers\n";
	if (url != method + strlen(method) + 1 || version != url + l->target_bytes + 1)
		return "the request line has a NUL, or more than two blanks\n";
	for (size_t i = 0; i < v.n; i++) {
		const char *name = v.items[i].name, *value = v.items[i].value;

		if (name != at || *name == '\0' || value < name + strlen(name) + 1 ||
		    value > name + strlen(name) + 1 + BLANKS_MAX)
			return "a header is no line that ends in CR LF, or is folded, or has a NUL\n";
		at = line_end(value, i + 1 < v.n ? v.items[i + 1].name : info ? method + info->header_size - 2 : value);
	}
	return info && at + 2 == method + info->header_size ? NULL : "the headers do not end in an empty line\n";
}

/* What could be read in two ways is not read at all: another server on the way may have read it in the other one. */
static const char *
framing_fault(const struct web_request *r, const char *version)
{
	struct values v = values_of(r, MHD_HEADER_KIND);
	size_t lengths = 0, encodings = 0, hosts = 0;
	bool is_chunked = false;

	if (v.is_full)
		return "too many headers\n";
	for (size_t i = 0; i < v.n; i++) {
		struct str name = str_of(v.items[i].name), value = str_of(v.items[i].value);

		for (size_t k = 0; k < name.n; k++)
			if ((unsigned char)name.p[k] <= 0x20 || (unsigned char)name.p[k] >= 0x7f)
				return "a header's name has a blank or a control byte\n";
		if (!header_is_plain(value))
			return "a header has a control byte\n";
		hosts += str_equal_fold(name, STR("host"));
		if (str_equal_fold(name, STR("content-length"))) {
			lengths++;
			for (size_t k = 0; k < value.n; k++)
				if (value.p[k] < '0' || value.p[k] > '9')
					return "Content-Length is no number\n";
		}
		if (str_equal_fold(name, STR("transfer-encoding"))) {
			encodings++;
			is_chunked = str_equal_fold(value, STR("chunked"));
		}
	}
	if (lengths + encodings > 1)
		return "the body's length is given more than once\n";
	if (encodings && !is_chunked)
		return "Transfer-Encoding may be chunked, and nothing else\n";
	if (strcmp(version, "HTTP/1.1") == 0 && hosts != 1)
		return "one Host header is needed\n";
	return NULL;
}

const char *
head_fault(const struct link *l, const char *method, const char *url, const char *version)
{
	const char *fault = framing_fault(&l->request, version);

	return fault ? fault : bytes_fault(l, method, url, version);
}
