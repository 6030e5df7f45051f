/* SPDX-License-Identifier: Apache-2.0 */
/*
 * /healthz  200 while the loop turns (503 when it has not for HEALTH_LIMIT_US)
 * /readyz   200 while Postgres and RabbitMQ are connected and all queues consumed; Redis is only a hint. 503 from the
 *           signal to stop on
 * /metrics  Prometheus text
 * One thread, read-only, nothing but these three; over TLS when it has a certificate.
 */
#include "worker/skeleton.h"

#include "base/instant.h"
#include "web/web_tls.h"

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
	struct web_tls *tls; /* NULL: none */
};

/* A connection over TLS, and the certificate that it began with. */
struct secured {
	struct web_tls *tls;
	struct tls_pair *pair;
};

static void
on_connection(void *context, struct MHD_Connection *connection, void **socket_context,
	      enum MHD_ConnectionNotificationCode code)
{
	struct http_server *server = context;
	struct secured *c = *socket_context;

	(void)connection;
	if (!server->tls)
		return;
	if (code == MHD_CONNECTION_NOTIFY_STARTED) {
		web_tls_renew(server->tls);
		c = calloc(1, sizeof *c);
		if (c)
			c->tls = server->tls;
		*socket_context = c;
	} else if (c) {
		web_tls_release(c->tls, &c->pair);
		free(c);
		*socket_context = NULL;
	}
}

static int
on_certificate(gnutls_session_t session, const gnutls_datum_t *authorities, int authorities_n,
	       const gnutls_pk_algorithm_t *algorithms, int algorithms_n, gnutls_pcert_st **certificates, unsigned *n,
	       gnutls_privkey_t *key)
{
	struct secured *c = web_tls_context(session);

	(void)authorities;
	(void)authorities_n;
	(void)algorithms;
	(void)algorithms_n;
	return c ? web_tls_choose(c->tls, &c->pair, certificates, n, key) : -1;
}

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

static struct MHD_Daemon *
daemon_start(struct http_server *server, const struct sockaddr_in *address)
{
	struct MHD_OptionItem tls[] = {
	    {MHD_OPTION_HTTPS_CERT_CALLBACK, 0, (void *)(uintptr_t)on_certificate},
	    {MHD_OPTION_HTTPS_PRIORITIES, 0, (void *)(uintptr_t)WEB_TLS_PRIORITIES},
	    {MHD_OPTION_END, 0, NULL},
	};

	return MHD_start_daemon(MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_AUTO | (server->tls ? MHD_USE_TLS : 0), 0,
				NULL, NULL, on_request, (void *)(uintptr_t)server->skeleton, MHD_OPTION_SOCK_ADDR,
				address, MHD_OPTION_CONNECTION_LIMIT, CONNECTION_LIMIT, MHD_OPTION_CONNECTION_TIMEOUT,
				CONNECTION_TIMEOUT_S, MHD_OPTION_NOTIFY_CONNECTION, on_connection, server,
				MHD_OPTION_ARRAY, server->tls ? tls : tls + 2, MHD_OPTION_END);
}

enum outcome
http_server_open(const struct skeleton *s, struct http_server **server, struct why *why)
{
	const struct skeleton_config *config = &s->config;
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)config->http_port)};
	struct http_server *h;
	enum outcome outcome;

	*server = NULL;
	if (config->http_port == 0)
		return OUTCOME_OK;
	if (inet_pton(AF_INET, config->http_address, &address.sin_addr) != 1)
		return why_at(why, OUTCOME_DEAD, "config", "HTTP_ADDRESS", "is no IPv4 address");
	h = calloc(1, sizeof *h);
	if (!h)
		return why_set(why, OUTCOME_DEAD, "config", "no memory");
	h->skeleton = s;
	outcome = web_tls_open("HTTP_", config->http_tls_certificate_file, config->http_tls_key_file, &h->tls, why);
	if (outcome == OUTCOME_OK) {
		h->daemon = daemon_start(h, &address);
		if (!h->daemon)
			outcome = why_at(why, OUTCOME_DEAD, "config", "HTTP_PORT", "cannot listen on %s port %lld",
					 config->http_address, (long long)config->http_port);
	}
	if (outcome != OUTCOME_OK) {
		http_server_close(h);
		return outcome;
	}
	*server = h;
	return OUTCOME_OK;
}

void
http_server_close(struct http_server *server)
{
	if (!server)
		return;
	if (server->daemon)
		MHD_stop_daemon(server->daemon);
	web_tls_close(server->tls);
	free(server);
}
