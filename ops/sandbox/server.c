/* SPDX-License-Identifier: Apache-2.0 */
#include "server.h"

#include "cut.h"
#include "seen.h"

#include "base/instant.h"
#include "base/log.h"
#include "formats/json.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <microhttpd.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define BODY_BYTES ((size_t)1 << 20)
#define ARENA_BYTES ((size_t)16 << 20)
#define ANSWER_BYTES ((size_t)256 * 1024)
#define CONNECTIONS 256
#define TIMEOUT_S 30

struct server {
	struct MHD_Daemon *daemon;
	const char *token;
	struct book *book;
	pthread_mutex_t lock; /* of mode */
	struct mode mode;
	size_t cut_bytes; /* of the answer that was cut last, as a whole */
	struct seen seen;
};

struct request {
	struct buf body;
};

static enum MHD_Result
answer_later(struct MHD_Connection *c, unsigned status, struct str text, const char *retry_after)
{
	struct MHD_Response *r =
	    MHD_create_response_from_buffer(text.n, (void *)(uintptr_t)text.p, MHD_RESPMEM_MUST_COPY);
	enum MHD_Result result;

	if (!r)
		return MHD_NO;
	MHD_add_response_header(r, "Content-Type", "application/json");
	if (retry_after)
		MHD_add_response_header(r, "Retry-After", retry_after);
	result = MHD_queue_response(c, status, r);
	MHD_destroy_response(r);
	return result;
}

static enum MHD_Result
answer(struct MHD_Connection *c, unsigned status, struct str text)
{
	return answer_later(c, status, text, NULL);
}

static enum MHD_Result
answer_why(struct MHD_Connection *c, unsigned status, const char *code, const char *text)
{
	struct buf out;
	enum MHD_Result result;

	buf_init(&out, ANSWER_BYTES);
	buf_printf(&out, "{\"error\":\"%s\",\"text\":", code);
	json_put_text(&out, str_of(text));
	buf_put_char(&out, '}');
	result = answer(c, status, buf_str(&out));
	buf_release(&out);
	return result;
}

static enum MHD_Result
busy_answer(struct MHD_Connection *c, const struct mode *mode)
{
	/* A date has whole seconds: the next one, so that it is never too early. */
	time_t at = time(NULL) + mode->retry_after_s + 1;
	struct tm tm;
	char text[64];

	gmtime_r(&at, &tm);
	if (mode->is_dated)
		strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &tm);
	else
		snprintf(text, sizeof text, "%" PRId64, mode->retry_after_s);
	return answer_later(c, MHD_HTTP_TOO_MANY_REQUESTS, STR("{\"error\":\"busy\",\"text\":\"told to be busy\"}"),
			    mode->retry_after_s ? text : NULL);
}

/* MHD_NO closes the connection. */
static enum MHD_Result
cut_answer_send(struct server *s, struct MHD_Connection *c, const struct mode *mode, struct str body)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(c, MHD_CONNECTION_INFO_CONNECTION_FD);
	struct buf out;

	buf_init(&out, ANSWER_BYTES);
	cut_answer(body, &out);
	pthread_mutex_lock(&s->lock);
	s->cut_bytes = out.n;
	pthread_mutex_unlock(&s->lock);
	if (info && !cut_send(info->connect_fd, buf_str(&out), (size_t)mode->cut_at))
		log_line(LOG_LEVEL_WARN, "cut", "the connection ended before its %" PRId64 " bytes", mode->cut_at);
	buf_release(&out);
	return MHD_NO;
}

static bool
is_allowed(const struct server *s, struct MHD_Connection *c)
{
	const char *given = MHD_lookup_connection_value(c, MHD_HEADER_KIND, "Authorization");
	size_t n = strlen("Bearer ");

	return given && strncmp(given, "Bearer ", n) == 0 && strcmp(given + n, s->token) == 0;
}

static struct mode
mode_next(struct server *s)
{
	struct mode now;

	pthread_mutex_lock(&s->lock);
	now = s->mode;
	now.kind = (int)mode_take(&s->mode);
	pthread_mutex_unlock(&s->lock);
	return now;
}

static enum MHD_Result
accepted_answer(struct server *s, struct MHD_Connection *c, const struct mode *mode, enum book_result result,
		uint64_t number)
{
	struct timespec delay = {.tv_sec = mode->delay_ms / 1000, .tv_nsec = mode->delay_ms % 1000 * 1000000};
	char text[64];
	int n;

	switch (result) {
	case BOOK_CONFLICT:
		return answer_why(c, MHD_HTTP_CONFLICT, "conflict", "this key was used for another request");
	case BOOK_FULL:
		return answer_why(c, MHD_HTTP_SERVICE_UNAVAILABLE, "full", "nothing was accepted");
	default:
		break;
	}
	if (mode->kind == MODE_DROP_ANSWER)
		return MHD_NO;
	if (mode->kind == MODE_FAIL_LATE)
		return answer_why(c, MHD_HTTP_INTERNAL_SERVER_ERROR, "fail-late", "told to fail after accepting");
	if (mode->kind == MODE_SLOW)
		nanosleep(&delay, NULL);
	n = snprintf(text, sizeof text, "{\"partner_reference\":\"WMS-%06" PRIu64 "\"}", number);
	if (mode->kind == MODE_CUT)
		return cut_answer_send(s, c, mode, (struct str){text, (size_t)n});
	return answer(c, result == BOOK_NEW ? MHD_HTTP_CREATED : MHD_HTTP_OK, (struct str){text, (size_t)n});
}

static enum MHD_Result
shipment_take(struct server *s, struct MHD_Connection *c, struct str body)
{
	const char *key = MHD_lookup_connection_value(c, MHD_HEADER_KIND, "Idempotency-Key");
	struct arena *arena = arena_new(ARENA_BYTES);
	struct mode mode = mode_next(s);
	struct shipment_asked asked;
	struct why why = {0};
	enum book_result booked;
	enum MHD_Result result;
	uint64_t number = 0;

	seen_put(&s->seen, "POST", mode_kind_name(mode.kind));
	if (!key || !shipment_is_reference(str_of(key)))
		result = answer_why(c, MHD_HTTP_BAD_REQUEST, "key-missing", "Idempotency-Key is required");
	else if (mode.kind == MODE_FAIL)
		result = answer_why(c, MHD_HTTP_INTERNAL_SERVER_ERROR, "fail", "told to fail");
	else if (mode.kind == MODE_BUSY)
		result = busy_answer(c, &mode);
	else if (mode.kind == MODE_DENIED)
		result = answer_why(c, MHD_HTTP_UNAUTHORIZED, "token", "told not to know the token");
	else if (mode.kind == MODE_CUT_BEFORE)
		result = MHD_NO;
	else if (!arena || shipment_read(body, mode.short_micro, arena, &asked, &why) != OUTCOME_OK)
		result = answer_why(c, 422u, why.code ? why.code : "memory", why.text);
	else {
		booked =
		    book_accept(s->book, str_of(key), &asked, monotonic_us() + mode.confirm_delay_ms * 1000, &number);
		result = accepted_answer(s, c, &mode, booked, number);
	}
	arena_free(arena);
	return result;
}

static enum MHD_Result
shipment_look_up(struct server *s, struct MHD_Connection *c, const char *reference)
{
	uint64_t number;
	bool is_confirmed, is_failing;
	char text[128];
	int n;

	pthread_mutex_lock(&s->lock);
	is_failing = s->mode.lookup_fails;
	pthread_mutex_unlock(&s->lock);
	seen_put(&s->seen, "GET", is_failing ? "fail" : "normal");
	if (is_failing)
		return answer_why(c, MHD_HTTP_INTERNAL_SERVER_ERROR, "fail", "told to fail");
	if (!book_find(s->book, str_of(reference), &number, &is_confirmed))
		return answer_why(c, MHD_HTTP_NOT_FOUND, "not-found", "no shipment has this reference");
	n = snprintf(text, sizeof text, "{\"partner_reference\":\"WMS-%06" PRIu64 "\",\"confirmed\":%s}", number,
		     is_confirmed ? "true" : "false");
	return answer(c, MHD_HTTP_OK, (struct str){text, (size_t)n});
}

static enum MHD_Result
stats_answer(struct server *s, struct MHD_Connection *c)
{
	struct book_counts n = book_counts(s->book);
	struct buf out;
	enum MHD_Result result;

	buf_init(&out, ANSWER_BYTES);
	buf_printf(&out,
		   "{\"accepted\":%" PRIu64 ",\"repeated\":%" PRIu64 ",\"conflicts\":%" PRIu64 ",\"confirmed\":%" PRIu64
		   ",\"doubled\":%" PRIu64 ",\"requests\":%" PRIu64 ",\"cut_bytes\":%zu}",
		   n.accepted, n.repeated, n.conflicts, n.confirmed, n.doubled, seen_count(&s->seen), s->cut_bytes);
	result = answer(c, MHD_HTTP_OK, buf_str(&out));
	buf_release(&out);
	return result;
}

static enum MHD_Result
requests_answer(struct server *s, struct MHD_Connection *c)
{
	struct buf out;
	enum MHD_Result result;

	buf_init(&out, ANSWER_BYTES);
	seen_put_json(&s->seen, &out);
	result = answer(c, MHD_HTTP_OK, buf_str(&out));
	buf_release(&out);
	return result;
}

static enum MHD_Result
mode_set(struct server *s, struct MHD_Connection *c, struct str body)
{
	struct arena *arena = arena_new(ARENA_BYTES);
	struct why why = {0};
	enum outcome outcome = OUTCOME_DEAD;
	struct buf out;
	enum MHD_Result result;

	buf_init(&out, ANSWER_BYTES);
	pthread_mutex_lock(&s->lock);
	if (arena)
		outcome = mode_change(&s->mode, body, arena, &why);
	mode_put_json(&s->mode, &out);
	pthread_mutex_unlock(&s->lock);
	result = outcome == OUTCOME_OK ? answer(c, MHD_HTTP_OK, buf_str(&out))
				       : answer_why(c, 422u, why.code ? why.code : "memory", why.text);
	buf_release(&out);
	arena_free(arena);
	return result;
}

static enum MHD_Result
route(struct server *s, struct MHD_Connection *c, const char *url, const char *method, struct str body)
{
	static const char under[] = "/v1/shipments/";

	if (!is_allowed(s, c))
		return answer_why(c, MHD_HTTP_UNAUTHORIZED, "token", "Authorization: Bearer with the right token");
	if (strcmp(method, "POST") == 0 && strcmp(url, "/v1/shipments") == 0)
		return shipment_take(s, c, body);
	if (strcmp(method, "GET") == 0 && strcmp(url, "/v1/requests") == 0)
		return requests_answer(s, c);
	if (strcmp(method, "GET") == 0 && strncmp(url, under, strlen(under)) == 0)
		return shipment_look_up(s, c, url + strlen(under));
	if (strcmp(method, "GET") == 0 && strcmp(url, "/v1/stats") == 0)
		return stats_answer(s, c);
	if (strcmp(method, "PUT") == 0 && strcmp(url, "/v1/mode") == 0)
		return mode_set(s, c, body);
	return answer_why(c, MHD_HTTP_NOT_FOUND, "not-found", "see ops/sandbox/server.h");
}

static enum MHD_Result
on_request(void *context, struct MHD_Connection *c, const char *url, const char *method, const char *version,
	   const char *upload, size_t *upload_size, void **state)
{
	struct request *r = *state;

	(void)version;
	if (!r) {
		r = calloc(1, sizeof *r);
		if (!r)
			return MHD_NO;
		buf_init(&r->body, BODY_BYTES);
		*state = r;
		return MHD_YES;
	}
	if (*upload_size) {
		buf_put(&r->body, upload, *upload_size);
		*upload_size = 0;
		return MHD_YES;
	}
	if (!buf_is_ok(&r->body))
		return answer_why(c, MHD_HTTP_CONTENT_TOO_LARGE, "too-large", "at most 1 MiB");
	return route(context, c, url, method, buf_str(&r->body));
}

static void
on_done(void *context, struct MHD_Connection *c, void **state, enum MHD_RequestTerminationCode why)
{
	struct request *r = *state;

	(void)context;
	(void)c;
	(void)why;
	if (r)
		buf_release(&r->body);
	free(r);
	*state = NULL;
}

enum outcome
server_open(const struct server_config *config, struct book *book, const struct mode *mode, struct server **server,
	    struct why *why)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_port = htons((uint16_t)config->port),
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct MHD_OptionItem tls[] = {{MHD_OPTION_HTTPS_MEM_CERT, 0, (void *)(uintptr_t)config->cert},
				       {MHD_OPTION_HTTPS_MEM_KEY, 0, (void *)(uintptr_t)config->key},
				       {MHD_OPTION_END, 0, NULL}};
	unsigned flags =
	    MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_THREAD_PER_CONNECTION | (config->cert ? MHD_USE_TLS : 0);
	struct server *s = calloc(1, sizeof *s);

	if (!s)
		return why_set(why, OUTCOME_DEAD, "config", "no memory");
	s->token = config->token;
	s->book = book;
	s->mode = *mode;
	seen_init(&s->seen);
	pthread_mutex_init(&s->lock, NULL);
	/* A thread per connection: one that is told to be slow holds up nobody else. */
	s->daemon = MHD_start_daemon(flags, 0, NULL, NULL, on_request, s, MHD_OPTION_SOCK_ADDR, &address,
				     MHD_OPTION_CONNECTION_LIMIT, CONNECTIONS, MHD_OPTION_CONNECTION_TIMEOUT, TIMEOUT_S,
				     MHD_OPTION_NOTIFY_COMPLETED, on_done, NULL, MHD_OPTION_ARRAY,
				     config->cert ? tls : &tls[COUNT_OF(tls) - 1], MHD_OPTION_END);
	if (!s->daemon) {
		server_close(s);
		return why_at(why, OUTCOME_DEAD, "config", "SANDBOX_WMS_PORT", "cannot listen on port %" PRId64 "%s",
			      config->port, config->cert ? ", or certificate and key are none" : "");
	}
	*server = s;
	return OUTCOME_OK;
}

void
server_close(struct server *s)
{
	if (!s)
		return;
	if (s->daemon)
		MHD_stop_daemon(s->daemon);
	pthread_mutex_destroy(&s->lock);
	seen_release(&s->seen);
	free(s);
}
