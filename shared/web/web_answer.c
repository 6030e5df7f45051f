/* SPDX-License-Identifier: Apache-2.0 */
#include "web/web_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct MHD_Response *
response_new(struct web_answer *answer)
{
	char empty[1] = "", value[512];
	struct MHD_Response *response =
	    answer->body ? MHD_create_response_from_buffer(answer->body_bytes, answer->body, MHD_RESPMEM_MUST_FREE)
			 : MHD_create_response_from_buffer(0, empty, MHD_RESPMEM_MUST_COPY);

	if (!response) {
		free(answer->body);
		return NULL;
	}
	if (answer->content_type)
		MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, answer->content_type);
	for (size_t i = 0; i < WEB_ANSWER_HEADERS_MAX && answer->headers[i].name; i++) {
		struct str v = answer->headers[i].value;

		if (v.n == 0 || v.n >= sizeof value || !header_is_plain(v))
			continue;
		snprintf(value, sizeof value, "%.*s", STR_ARGS(v));
		MHD_add_response_header(response, answer->headers[i].name, value);
	}
	if (answer->closes)
		MHD_add_response_header(response, MHD_HTTP_HEADER_CONNECTION, "close");
	return response;
}

void
web_answer(struct web_request *r, struct web_answer *answer)
{
	struct link *l = (struct link *)r;
	bool is_resting = atomic_load(&l->phase) == PHASE_RESTING;

	r->status = answer->status;
	r->answer_bytes = answer->body && answer->status != MHD_HTTP_NOT_MODIFIED ? answer->body_bytes : 0;
	answer->closes |= !is_resting || atomic_load(&l->web->is_leaving);
	l->response = response_new(answer);
	link_phase(l, PHASE_ANSWER);
	if (is_resting)
		MHD_resume_connection(l->connection);
}

enum MHD_Result
answer_queue(struct link *l)
{
	enum MHD_Result result;

	if (!l->response)
		return MHD_NO;
	result = MHD_queue_response(l->connection, (unsigned)l->request.status, l->response);
	MHD_destroy_response(l->response);
	l->response = NULL;
	return result;
}

void
answer_plainly(struct link *l, int status, const char *text)
{
	struct web_answer answer = {.status = status, .content_type = "text/plain; charset=utf-8", .closes = true};

	answer.body = strdup(text);
	answer.body_bytes = answer.body ? strlen(text) : 0;
	web_answer(&l->request, &answer);
}
