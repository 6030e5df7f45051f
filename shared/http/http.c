/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libcurl is seen in this file and in wire.c only.
 *
 * The body is handed over by a callback that cannot go back once it gave some of it. So "was any of the body handed
 * over" is known exactly, and libcurl, which silently repeats a request on a kept connection that closed without an
 * answer, cannot do that: it fails with CURLE_SEND_FAIL_REWIND. Before the body no partner can have taken the request.
 */
#include "http/http.h"

#include "base/instant.h"
#include "http/verdict.h"

#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>

#define IDLE_MS 200
#define ANSWER_BYTES INT64_C(65536)
/* A connection idle for longer is not used again: partners close theirs, and what then gets lost is in doubt. */
#define IDLE_CONNECTION_S 3L

/* One request at a time; the handle is used again. */
struct slot {
	CURL *easy;
	struct curl_slist *headers;
	struct http_call *call; /* NULL: free */
	size_t handed_bytes;    /* of the body, to libcurl, which sends them at once */
	struct buf answer;
	size_t answer_bytes_max;
	int64_t begun_us; /* monotonic */
	char trouble[CURL_ERROR_SIZE];
};

struct http {
	CURLM *multi;
	struct slot *slots;
	size_t slots_count, running_count;
	int64_t connect_timeout_ms;
};

/* One http_run(). */
struct run {
	struct http *http;
	struct http_call *calls;
	size_t n;
	const struct http_terms *terms;
	size_t first;         /* before it all have begun */
	bool *begun;          /* per call */
	int64_t *lane_counts; /* requests under way, per lane */
	int64_t begin_by_us;  /* monotonic; INT64_MAX: no limit */
};

static size_t
on_send(char *out, size_t size, size_t count, void *context)
{
	struct slot *s = context;
	size_t room = size * count, left = s->call->body.n - s->handed_bytes, n = left < room ? left : room;

	if (n)
		memcpy(out, s->call->body.p + s->handed_bytes, n);
	s->handed_bytes += n;
	return n;
}

/* Newer libcurls (8.14, not 7.88) also go back when a handle is used again after a request that broke off: to the beginning of
 * a body of which nothing was handed over. */
static int
on_seek(void *context, curl_off_t offset, int origin)
{
	const struct slot *s = context;

	return offset == 0 && origin == SEEK_SET && s->handed_bytes == 0 ? CURL_SEEKFUNC_OK : CURL_SEEKFUNC_FAIL;
}

static size_t
on_answer(char *bytes, size_t size, size_t count, void *context)
{
	struct slot *s = context;
	size_t n = size * count, room = s->answer_bytes_max - s->answer.n;

	buf_put(&s->answer, bytes, n < room ? n : room);
	if (n > room || !buf_is_ok(&s->answer))
		s->call->is_cut = true;
	return s->call->is_cut ? 0 : n;
}

/* What is the same for every request. */
static bool
slot_open(struct slot *s, const struct http_config *config)
{
	CURL *e = curl_easy_init();

	if (!e)
		return false;
	s->easy = e;
	s->answer_bytes_max = (size_t)(config->answer_bytes ? config->answer_bytes : ANSWER_BYTES);
	buf_init(&s->answer, s->answer_bytes_max + 1);
	curl_easy_setopt(e, CURLOPT_PRIVATE, s);
	curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(e, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(e, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(e, CURLOPT_PROXY, "");
	curl_easy_setopt(e, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	curl_easy_setopt(e, CURLOPT_USERAGENT, "tributary");
	curl_easy_setopt(e, CURLOPT_MAXAGE_CONN, IDLE_CONNECTION_S);
	curl_easy_setopt(e, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	if (config->ca_file && config->ca_file[0]) {
		curl_easy_setopt(e, CURLOPT_CAINFO, config->ca_file);
		curl_easy_setopt(e, CURLOPT_CAPATH, NULL);
	}
	curl_easy_setopt(e, CURLOPT_ERRORBUFFER, s->trouble);
	curl_easy_setopt(e, CURLOPT_READFUNCTION, on_send);
	curl_easy_setopt(e, CURLOPT_READDATA, s);
	curl_easy_setopt(e, CURLOPT_SEEKFUNCTION, on_seek);
	curl_easy_setopt(e, CURLOPT_SEEKDATA, s);
	curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, on_answer);
	curl_easy_setopt(e, CURLOPT_WRITEDATA, s);
	return true;
}

static void
slot_release(struct slot *s)
{
	curl_easy_cleanup(s->easy);
	curl_slist_free_all(s->headers);
	buf_release(&s->answer);
}

struct http *
http_new(const struct http_config *config)
{
	struct http *h = calloc(1, sizeof *h);
	size_t n = (size_t)config->concurrency;

	if (!h || curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
		free(h);
		return NULL;
	}
	h->connect_timeout_ms = config->connect_timeout_ms;
	h->multi = curl_multi_init();
	h->slots = calloc(n, sizeof *h->slots);
	for (; h->multi && h->slots && h->slots_count < n; h->slots_count++)
		if (!slot_open(&h->slots[h->slots_count], config))
			break;
	if (n == 0 || h->slots_count < n) {
		http_free(h);
		return NULL;
	}
	curl_multi_setopt(h->multi, CURLMOPT_MAXCONNECTS, (long)n);
	return h;
}

void
http_free(struct http *h)
{
	if (!h)
		return;
	for (size_t i = 0; i < h->slots_count; i++)
		slot_release(&h->slots[i]);
	free(h->slots);
	curl_multi_cleanup(h->multi);
	curl_global_cleanup();
	free(h);
}

static bool
headers_set(struct slot *s)
{
	const struct http_call *c = s->call;
	struct curl_slist *list = curl_slist_append(NULL, "Expect:");

	for (size_t i = 0; list && i < HTTP_HEADERS_MAX && c->headers[i]; i++) {
		struct curl_slist *longer = curl_slist_append(list, c->headers[i]);

		if (!longer)
			curl_slist_free_all(list);
		list = longer;
	}
	curl_slist_free_all(s->headers);
	s->headers = list;
	curl_easy_setopt(s->easy, CURLOPT_HTTPHEADER, list);
	return list != NULL;
}

static bool
request_set(const struct http *h, struct slot *s)
{
	const struct http_call *c = s->call;
	long connect_ms = (long)(h->connect_timeout_ms ? h->connect_timeout_ms : c->timeout_ms);

	if (c->body.n) {
		curl_easy_setopt(s->easy, CURLOPT_POST, 1L);
		curl_easy_setopt(s->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)c->body.n);
	} else {
		curl_easy_setopt(s->easy, CURLOPT_HTTPGET, 1L);
	}
	curl_easy_setopt(s->easy, CURLOPT_TIMEOUT_MS, (long)c->timeout_ms);
	curl_easy_setopt(s->easy, CURLOPT_CONNECTTIMEOUT_MS, connect_ms);
	return headers_set(s) && curl_easy_setopt(s->easy, CURLOPT_CUSTOMREQUEST, c->method) == CURLE_OK &&
	       curl_easy_setopt(s->easy, CURLOPT_URL, c->url) == CURLE_OK;
}

/* Without a body the header alone is the request; then any byte of it counts. */
static bool
was_sent(const struct slot *s)
{
	long request_bytes = 0;

	if (s->call->body.n)
		return s->handed_bytes > 0;
	curl_easy_getinfo(s->easy, CURLINFO_REQUEST_SIZE, &request_bytes);
	return request_bytes > 0;
}

static bool
is_url_trouble(CURLcode code)
{
	return code == CURLE_URL_MALFORMAT || code == CURLE_UNSUPPORTED_PROTOCOL;
}

static void
call_decide(struct slot *s, CURLcode code)
{
	struct http_call *c = s->call;
	/* An answer that we cut ourselves is an answer. One that broke off is none: its status was not the last word.
	 */
	bool is_whole = code == CURLE_OK || (code == CURLE_WRITE_ERROR && c->is_cut);
	struct http_end end = {.was_sent = was_sent(s),
			       .is_answered = is_whole && c->status > 0,
			       .status = c->status,
			       .retry_after_s = c->retry_after_s,
			       .trouble = s->trouble[0] ? s->trouble : curl_easy_strerror(code)};

	/* An answer that is no HTTP has the code of a URL's scheme, too. */
	if (is_url_trouble(code) && !end.was_sent)
		c->outcome = why_set(&c->why, OUTCOME_DEAD, "partner-url", "not a URL that can be asked: %s",
				     curl_easy_strerror(code));
	else
		c->outcome = http_verdict_decide(&end, &c->why);
}

static void
slot_finish(struct run *r, struct slot *s, CURLcode code)
{
	struct http_call *c = s->call;
	long status = 0;
	curl_off_t retry_after_s = 0;

	curl_easy_getinfo(s->easy, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_getinfo(s->easy, CURLINFO_RETRY_AFTER, &retry_after_s);
	c->status = status;
	c->retry_after_s = retry_after_s;
	c->latency_us = monotonic_us() - s->begun_us;
	c->answer = arena_str(r->terms->arena, buf_str(&s->answer));
	if (!c->answer.p)
		c->answer.n = 0;
	call_decide(s, code);
	if (r->terms->lane_limits)
		r->lane_counts[c->lane]--;
	curl_multi_remove_handle(r->http->multi, s->easy);
	s->call = NULL;
	r->http->running_count--;
}

static void
call_ended(const struct run *r, const struct http_call *c)
{
	const struct http_hooks *hooks = r->terms->hooks;

	if (hooks)
		hooks->ended(hooks->context, c);
}

static void
call_begin(struct run *r, struct slot *s, struct http_call *c)
{
	const struct http_hooks *hooks = r->terms->hooks;

	if (hooks && !hooks->may_begin(hooks->context, c->lane)) {
		c->outcome =
		    why_set(&c->why, OUTCOME_RETRY, "partner-paused", "nothing was sent: it is not asked for now");
		return;
	}
	s->call = c;
	s->handed_bytes = 0;
	s->trouble[0] = 0;
	s->begun_us = monotonic_us();
	buf_clear(&s->answer);
	if (!request_set(r->http, s) || curl_multi_add_handle(r->http->multi, s->easy) != CURLM_OK) {
		c->outcome = why_set(&c->why, OUTCOME_RETRY, "partner-away", "no memory for the request");
		s->call = NULL;
		call_ended(r, c);
		return;
	}
	r->http->running_count++;
	if (r->terms->lane_limits)
		r->lane_counts[c->lane]++;
}

static bool
lane_has_room(const struct run *r, const struct http_call *c)
{
	/* An idle lane always has room, whatever its limit: else its calls would wait for ever. */
	return !r->terms->lane_limits || r->lane_counts[c->lane] == 0 ||
	       r->lane_counts[c->lane] < r->terms->lane_limits[c->lane];
}

static struct slot *
slot_free_find(struct http *h)
{
	for (size_t i = 0; i < h->slots_count; i++)
		if (!h->slots[i].call)
			return &h->slots[i];
	return NULL;
}

/* Begins as many as there is room for, in their order; a full lane does not hold up the others. */
static void
calls_begin(struct run *r)
{
	while (r->first < r->n && r->begun[r->first])
		r->first++;
	for (size_t i = r->first; i < r->n && r->http->running_count < r->http->slots_count; i++)
		if (!r->begun[i] && lane_has_room(r, &r->calls[i])) {
			r->begun[i] = true;
			call_begin(r, slot_free_find(r->http), &r->calls[i]);
		}
}

static void
rest_give_up(struct run *r, const char *code, const char *text)
{
	for (size_t i = r->first; i < r->n; i++)
		if (!r->begun[i]) {
			struct http_call *c = &r->calls[i];

			r->begun[i] = true;
			c->outcome = why_set(&c->why, OUTCOME_RETRY, code, "nothing was sent: %s", text);
		}
	r->first = r->n;
}

static void
answers_take(struct run *r)
{
	struct CURLMsg *message;
	int left;

	while ((message = curl_multi_info_read(r->http->multi, &left))) {
		struct slot *s = NULL;
		CURLcode code = message->data.result;
		const struct http_call *c;

		curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &s);
		c = s->call;
		slot_finish(r, s, code);
		call_ended(r, c);
	}
}

/* The process must stop: what is under way is left, and who was asked is known. */
static void
run_stop(struct run *r)
{
	int running;

	rest_give_up(r, "stopping", "the process stops");
	curl_multi_perform(r->http->multi, &running); /* what came in the meantime still counts */
	answers_take(r);
	for (size_t i = 0; i < r->http->slots_count; i++) {
		struct slot *s = &r->http->slots[i];
		struct http_call *c = s->call;

		if (!c)
			continue;
		slot_finish(r, s, CURLE_ABORTED_BY_CALLBACK);
		c->why.code = "stopping";
		call_ended(r, c);
	}
}

static bool
run_open(struct run *r, struct http *h, struct http_call *calls, size_t n, const struct http_terms *terms)
{
	*r = (struct run){.http = h, .calls = calls, .n = n, .terms = terms, .begin_by_us = INT64_MAX};
	r->begun = arena_array(terms->arena, n, sizeof *r->begun);
	r->lane_counts = arena_array(terms->arena, terms->lanes_count + 1, sizeof *r->lane_counts);
	if (terms->begin_within_ms)
		r->begin_by_us = monotonic_us() + terms->begin_within_ms * 1000;
	for (size_t i = 0; i < n; i++) {
		struct http_call *c = &calls[i];

		c->outcome = OUTCOME_RETRY;
		c->why = (struct why){.code = "too-large"};
		c->status = c->latency_us = c->retry_after_s = 0;
		c->answer = (struct str){NULL, 0};
		c->is_cut = false;
	}
	return r->begun && r->lane_counts;
}

void
http_run(struct http *h, struct http_call *calls, size_t n, const struct http_terms *terms)
{
	struct run r;
	int64_t idled_us = monotonic_us();
	int running;

	if (!run_open(&r, h, calls, n, terms))
		return;
	for (;;) {
		if (r.first < n && monotonic_us() >= r.begin_by_us)
			rest_give_up(&r, "partner-slow", "the calls before it took all the time there was");
		calls_begin(&r);
		if (h->running_count == 0 && r.first == n)
			return;
		curl_multi_perform(h->multi, &running);
		answers_take(&r);
		if (h->running_count)
			curl_multi_poll(h->multi, NULL, 0, IDLE_MS / 2, NULL);
		if (monotonic_us() - idled_us < IDLE_MS * 500)
			continue;
		idled_us = monotonic_us();
		if (terms->idle && !terms->idle(terms->idle_context)) {
			run_stop(&r);
			return;
		}
	}
}
