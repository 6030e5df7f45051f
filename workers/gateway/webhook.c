/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/webhook.h"

#include "formats/json_say.h"
#include "gateway/gateway.h"
#include "gateway/submit.h"
#include "hook/hook.h"

#include <string.h>

#define ANSWER_BYTES 512

static struct str
header_of(void *context, const char *name)
{
	struct call *call = context;

	return web_header_joined(call->web, call->arena, name);
}

static void
taken_answer(struct call *call, const char *result, struct str topic)
{
	struct buf json;

	buf_init(&json, ANSWER_BYTES + topic.n * 6);
	json_open(&json, NULL, '{');
	json_say_text(&json, "result", str_of(result));
	json_say_text_if(&json, "topic", topic);
	json_close(&json, '}');
	call_say(call, 200, &json);
}

/* False when it was answered: it is not the sender's, or there is nothing to be done. */
static bool
webhook_read(struct lane_work *work, struct call *call, struct submission *s)
{
	const struct gateway *g = work->gateway;
	const struct party_hook *hook = &call->party->hook;
	const struct hook_secrets *secrets = &g->hook_secrets[party_list_index(g->parties, str_of(call->party->name))];
	struct hook_request request = {
	    .header = header_of, .context = call, .body = call->web->body, .now_us = work->now_us};
	struct hook_event event;
	struct why why = {0};

	call->arena = work->arena;
	if (hook_is_ping(hook, &request)) {
		taken_answer(call, "ping", (struct str){NULL, 0});
		return false;
	}
	if (hook_check(hook, secrets, &request, &why) != OUTCOME_OK) {
		/* One answer, whatever is wrong; the code is for us. What is ours to mend is said as such. */
		call->code = why.code;
		if (strcmp(why.code, "signature-unset") == 0)
			call_away(call, &why);
		else
			call_problem(call, 401, "signature-not-valid", "the signature is not this sender's");
		return false;
	}
	if (hook_event_read(hook, &request, work->arena, &event, &why) != OUTCOME_OK) {
		call_errors(call, 422, "this webhook cannot be taken", &why, 1);
		return false;
	}
	if (event.verdict == PARTY_IGNORE) {
		taken_answer(call, "ignored", event.topic);
		return false;
	}
	*s = (struct submission){.call = call,
				 .kind = str_of(event.kind),
				 .content_type = str_trim(web_header(call->web, "Content-Type")),
				 .body = call->web->body,
				 .key = arena_str(work->arena, str_of(event.key)),
				 .topic = event.topic,
				 .answer = STR("{\"result\":\"taken\"}"),
				 .status = 200};
	return s->key.p != NULL;
}

enum outcome
webhook_take(struct lane_work *work, struct call **calls, size_t n, struct why *why)
{
	struct submission *list = arena_array(work->arena, n, sizeof *list);
	struct call **proven = arena_array(work->arena, n, sizeof(struct call *));
	int64_t timeout_ms = work->gateway->config->publish_ms;
	size_t count = 0;

	if (!list || !proven)
		return why_set(why, OUTCOME_DEAD, "too-large", "no memory for %zu webhooks", n);
	for (size_t i = 0; i < n; i++) {
		int64_t within_ms = calls[i]->party->hook.answer_within_ms * 3 / 4;

		timeout_ms = within_ms < timeout_ms ? within_ms : timeout_ms;
		if (!webhook_read(work, calls[i], &list[count]))
			continue;
		calls[i]->is_proven = true;
		proven[count++] = calls[i];
	}
	(void)door_admit(work->gateway->door, work->gateway->keys, proven, count);
	for (size_t i = 0; i < count; i++)
		list[i].is_out = list[i].call->is_answered;
	return submissions_publish(work, list, count, false, timeout_ms, why);
}
