/* SPDX-License-Identifier: Apache-2.0 */
/*
 * /healthz  200 while the loop turns (503 when it has not for HEALTH_LIMIT_US)
 * /readyz   200 while Postgres and RabbitMQ are connected and all queues consumed; Redis is only a hint. 503 from the
 *           signal to stop on
 * /metrics  Prometheus text
 * One thread, read-only, nothing but these three.
 */
#include "worker/skeleton.h"

#include "base/instant.h"

#include <arpa/inet.h>
#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>

#define HEALTH_LIMIT_US INT64_C(60000000)
#define CONNECTION_LIMIT 16
#define CONNECTION_TIMEOUT_S 5
#define METRICS_MAX_BYTES ((size_t)128 * 1024)

struct http_server {
	struct MHD_Daemon *daemon;
	const struct skeleton *skeleton;
};

static enum MHD_Result
answer(struct MHD_Connection *connection, unsigned status, const char *text, size_t n)
{
	struct MHD_Response *r = MHD_create_response_from_buffer(n, (void *)(uintptr_t)text, MHD_RESPMEM_MUST_COPY);
	enum MHD_Result result;

	if (!r)
		return MHD_NO;
	MHD_add_response_header(r, "Content-Type", "text/plain; version=0.0.4; charset=utf-8");
	result = MHD_queue_response(connection, status, r);
	MHD_destroy_response(r);
	return result;
}

static enum MHD_Result
metrics_answer(const struct skeleton *s, struct MHD_Connection *connection)
{
	struct buf text;
	enum MHD_Result result;

	buf_init(&text, METRICS_MAX_BYTES);
	metrics_put(s->metrics, s->worker->name, &text);
	result = answer(connection, buf_is_ok(&text) ? MHD_HTTP_OK : MHD_HTTP_INTERNAL_SERVER_ERROR, buf_text(&text),
			text.n);
	buf_release(&text);
	return result;
}

static enum MHD_Result
on_request(void *context, struct MHD_Connection *connection, const char *url, const char *method, const char *version,
	   const char *upload, size_t *upload_size, void **request)
{
	const struct skeleton *s = context;
	struct metrics *m = s->metrics;

	(void)version;
	(void)upload;
	(void)upload_size;
	(void)request;
	if (strcmp(method, "GET") != 0)
		return answer(connection, MHD_HTTP_METHOD_NOT_ALLOWED, "only GET\n", 9);
	if (strcmp(url, "/metrics") == 0)
		return metrics_answer(s, connection);
	if (strcmp(url, "/healthz") == 0) {
		if (monotonic_us() - metrics_gauge_get(m, GAUGE_LOOP_AT_US) < HEALTH_LIMIT_US)
			return answer(connection, MHD_HTTP_OK, "ok\n", 3);
		return answer(connection, MHD_HTTP_SERVICE_UNAVAILABLE, "the loop stands still\n", 22);
	}
	if (strcmp(url, "/readyz") == 0) {
		/* The flag itself: the loop may be waiting for a server, and its gauge comes later. */
		if (skeleton_is_stopping())
			return answer(connection, MHD_HTTP_SERVICE_UNAVAILABLE, "draining\n", 9);
		if (!metrics_gauge_get(m, GAUGE_POSTGRES_UP))
			return answer(connection, MHD_HTTP_SERVICE_UNAVAILABLE, "postgres is away\n", 17);
		if (!metrics_gauge_get(m, GAUGE_AMQP_UP))
			return answer(connection, MHD_HTTP_SERVICE_UNAVAILABLE, "rabbitmq is away\n", 17);
		if (!metrics_gauge_get(m, GAUGE_AMQP_CONSUMING))
			return answer(connection, MHD_HTTP_SERVICE_UNAVAILABLE, "a queue is missing\n", 19);
		return answer(connection, MHD_HTTP_OK, "ready\n", 6);
	}
	return answer(connection, MHD_HTTP_NOT_FOUND, "/healthz /readyz /metrics\n", 26);
}

enum outcome
http_server_open(const struct skeleton *s, struct http_server **server, struct why *why)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)s->config.http_port)};
	struct http_server *h;

	*server = NULL;
	if (s->config.http_port == 0)
		return OUTCOME_OK;
	if (inet_pton(AF_INET, s->config.http_address, &address.sin_addr) != 1)
		return why_at(why, OUTCOME_DEAD, "config", "HTTP_ADDRESS", "is no IPv4 address");
	h = calloc(1, sizeof *h);
	if (!h)
		return why_set(why, OUTCOME_DEAD, "config", "no memory");
	h->skeleton = s;
	h->daemon =
	    MHD_start_daemon(MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_AUTO, 0, NULL, NULL, on_request,
			     (void *)(uintptr_t)s, MHD_OPTION_SOCK_ADDR, &address, MHD_OPTION_CONNECTION_LIMIT,
			     CONNECTION_LIMIT, MHD_OPTION_CONNECTION_TIMEOUT, CONNECTION_TIMEOUT_S, MHD_OPTION_END);
	if (!h->daemon) {
		free(h);
		return why_at(why, OUTCOME_DEAD, "config", "HTTP_PORT", "cannot listen on %s port %lld",
			      s->config.http_address, (long long)s->config.http_port);
	}
	*server = h;
	return OUTCOME_OK;
}

void
http_server_close(struct http_server *server)
{
	if (!server)
		return;
	MHD_stop_daemon(server->daemon);
	free(server);
}
