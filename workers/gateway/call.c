/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/call.h"

#include "formats/json_say.h"
#include "gateway/route.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PROBLEM_BYTES ((size_t)256 * 1024)
#define RETRY_AFTER_S 2
#define RETRY_SPREAD_S 4

struct call *
call_new(struct web_request *web)
{
	struct call *call = calloc(1, sizeof *call);

	if (!call)
		return NULL;
	call->web = web;
	atomic_init(&call->holders, 1);
	return call;
}

void
call_hold(struct call *call)
{
	atomic_fetch_add(&call->holders, 1);
}

void
call_release(struct call *call)
{
	if (atomic_fetch_sub(&call->holders, 1) == 1)
		free(call);
}

bool
call_may_see_all(const struct call *call)
{
	return (call->caller.scopes & SCOPE_OPERATE) != 0;
}

void
call_header(struct call *call, const char *name, struct str value)
{
	if (call->headers_count < WEB_ANSWER_HEADERS_MAX)
		call->answer.headers[call->headers_count++] = (struct web_header){name, value};
}

static void
deprecation_tell(struct call *call)
{
	if (!call->route || !route_deprecation(call->route).n)
		return;
	call_header(call, "Deprecation", route_deprecation(call->route));
	call_header(call, "Sunset", route_sunset(call->route));
	call_header(call, "Link", STR("</v1/openapi.yaml>; rel=\"deprecation\""));
}

void
call_say_as(struct call *call, int status, const char *content_type, struct buf *text)
{
	if (call->is_answered) {
		buf_release(text);
		return;
	}
	if (!buf_is_ok(text)) {
		buf_release(text);
		call_problem(call, 500, "answer-too-large", "the answer has no room; ask for less at a time");
		return;
	}
	call->is_answered = true;
	deprecation_tell(call);
	call_header(call, "Traceparent", str_of(call->trace));
	call_header(call, "Cache-Control", STR("no-store"));
	call_header(call, "X-Content-Type-Options", STR("nosniff"));
	call->answer.status = status;
	call->answer.content_type = content_type;
	call->answer.body = text->p;
	call->answer.body_bytes = text->n;
	*text = (struct buf){.max = 0};
	web_answer(call->web, &call->answer);
}

void
call_say(struct call *call, int status, struct buf *json)
{
	call_say_as(call, status, "application/json", json);
}

/* Any of a list of tags, or *. */
static bool
tag_matches(struct str wanted, struct str tag)
{
	while (wanted.n) {
		struct str one = str_trim(str_split(&wanted, ','));

		if (str_starts(one, STR("W/")))
			one = str_after(one, 2);
		if (str_equal(one, tag) || str_equal(one, STR("*")))
			return true;
	}
	return false;
}

void
call_say_tagged(struct call *call, struct buf *json)
{
	unsigned char sha[32];
	char tag[40];
	struct buf none;

	if (!buf_is_ok(json)) {
		call_say(call, 200, json);
		return;
	}
	sha256(buf_str(json), sha);
	tag[0] = '"';
	for (size_t i = 0; i < 16; i++)
		snprintf(tag + 1 + 2 * i, 3, "%02x", sha[i]);
	memcpy(tag + 33, "\"", 2);
	call_header(call, "ETag", str_of(tag));
	if (!tag_matches(web_header(call->web, "If-None-Match"), str_of(tag))) {
		call_say(call, 200, json);
		return;
	}
	buf_release(json);
	buf_init(&none, 1);
	call_say_as(call, 304, NULL, &none);
}

/* --- problems --------------------------------------------------------------------------------------------------------- */

static const char *
status_title(int status)
{
	static const struct {
		int status;
		const char *title;
	} titles[] = {
	    {400, "Bad request"},         {401, "No valid key"},
	    {403, "Not allowed"},         {404, "Not found"},
	    {405, "Method not allowed"},  {409, "Conflict"},
	    {413, "Too large"},           {415, "Media type not taken"},
	    {422, "Not as it should be"}, {429, "Too many requests"},
	    {500, "Our fault"},           {503, "Not now"},
	};

	for (size_t i = 0; i < COUNT_OF(titles); i++)
		if (titles[i].status == status)
			return titles[i].title;
	return "Problem";
}

static void
problem_open(struct call *call, struct buf *out, int status, const char *code, const char *detail)
{
	char type[128];

	snprintf(type, sizeof type, "urn:tributary:problem:%s", code);
	call->code = code;
	buf_init(out, PROBLEM_BYTES);
	json_open(out, NULL, '{');
	json_say_text(out, "type", str_of(type));
	json_say_text(out, "title", str_of(status_title(status)));
	json_say_int(out, "status", status);
	json_say_text(out, "code", str_of(code));
	json_say_text_if(out, "detail", str_of(detail));
	json_say_text(out, "trace", str_of(call->trace));
}

static void
problem_close(struct call *call, struct buf *out, int status)
{
	json_close(out, '}');
	if (status == 401)
		call_header(call, "WWW-Authenticate", STR("Bearer realm=\"tributary\""));
	call_say_as(call, status, "application/problem+json", out);
}

void
call_problem(struct call *call, int status, const char *code, const char *format, ...)
{
	char detail[512];
	struct buf out;
	va_list args;

	va_start(args, format);
	vsnprintf(detail, sizeof detail, format, args);
	va_end(args);
	problem_open(call, &out, status, code, detail);
	problem_close(call, &out, status);
}

void
call_errors(struct call *call, int status, const char *detail, const struct why *errors, size_t errors_n)
{
	struct buf out;

	problem_open(call, &out, status, errors[0].code, detail);
	json_open(&out, "errors", '[');
	for (size_t i = 0; i < errors_n && i < CALL_ERRORS_MAX; i++) {
		json_open(&out, NULL, '{');
		json_say_text(&out, "path", str_of(errors[i].path));
		json_say_text(&out, "code", str_of(errors[i].code));
		json_say_text(&out, "detail", str_of(errors[i].text));
		json_close(&out, '}');
	}
	json_close(&out, ']');
	problem_close(call, &out, status);
}

void
call_away(struct call *call, const struct why *why)
{
	char seconds[16];

	snprintf(seconds, sizeof seconds, "%d", RETRY_AFTER_S + rand() % RETRY_SPREAD_S);
	call_header(call, "Retry-After", str_of(seconds));
	call_problem(call, 503, why->code ? why->code : "not-now",
		     "a part of us is away or has too much to do; nothing was taken, send it again in %s s", seconds);
}
