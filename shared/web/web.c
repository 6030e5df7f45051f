/* SPDX-License-Identifier: Apache-2.0 */
#include "web/web_internal.h"

#include "base/instant.h"
#include "base/log.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define BACKLOG 1024
#define LEAVING_IDLE_US INT64_C(300000)  /* after web_quiesce(), what a connection has to begin a request */
#define OVERFLOW_BYTES ((size_t)1 << 20) /* of a body beyond its limit, read so that its sender gets to know */

void
link_phase(struct link *l, enum phase phase)
{
	atomic_store(&l->since_us, monotonic_us());
	atomic_store(&l->phase, phase);
}

/* --- requests --------------------------------------------------------------------------------------------------------- */

static void
address_read(struct link *l)
{
	const union MHD_ConnectionInfo *info =
	    MHD_get_connection_info(l->connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);

	if (!info || getnameinfo(info->client_addr,
				 info->client_addr->sa_family == AF_INET6 ? sizeof(struct sockaddr_in6)
									  : sizeof(struct sockaddr_in),
				 l->request.address, sizeof l->request.address, NULL, 0, NI_NUMERICHOST) != 0)
		snprintf(l->request.address, sizeof l->request.address, "?");
}

/* What a body may come to is kept free for it from its first byte on: nobody is turned away in the middle of one. */
static bool
room_take(struct link *l, int64_t length)
{
	struct web *web = l->web;
	bool is_chunked = web_header(&l->request, MHD_HTTP_HEADER_TRANSFER_ENCODING).n > 0;
	int64_t room = is_chunked ? l->request.body_limit : length;

	if (room > web->config.bodies_bytes - web->room_taken)
		return false;
	web->room_taken += room;
	l->room = room;
	return true;
}

static void
room_give(struct link *l)
{
	l->web->room_taken -= l->room;
	l->room = 0;
}

/* The first call: line and headers are there. */
static enum MHD_Result
request_head(struct link *l, const char *url, const char *method, const char *version)
{
	struct web *web = l->web;
	const char *fault = head_fault(l, method, url, version);
	int64_t length = 0;

	l->request.method = str_of(method);
	l->request.path = str_of(url);
	l->request.body_limit = web->config.body_bytes;
	address_read(l);
	if (fault) {
		answer_plainly(l, MHD_HTTP_BAD_REQUEST, fault);
		return answer_queue(l);
	}
	l->is_taken = true;
	atomic_fetch_add(&web->requests_count, 1);
	if (!web->config.hooks.head(web->config.hooks.context, &l->request))
		return answer_queue(l);
	if (l->request.body_limit > web->config.body_bytes)
		l->request.body_limit = web->config.body_bytes;
	if (str_to_int(web_header(&l->request, MHD_HTTP_HEADER_CONTENT_LENGTH), &length) &&
	    length > l->request.body_limit) {
		web->config.hooks.too_large(web->config.hooks.context, &l->request);
		return answer_queue(l);
	}
	if (!room_take(l, length)) {
		web->config.hooks.full(web->config.hooks.context, &l->request);
		return answer_queue(l);
	}
	buf_init(&l->body, (size_t)l->request.body_limit);
	l->body_came = 0;
	atomic_store(&l->phase, PHASE_BODY);
	return MHD_YES;
}

static enum MHD_Result
request_body(struct link *l, const char *bytes, size_t *n)
{
	struct web *web = l->web;

	if (*n) {
		buf_put(&l->body, bytes, *n);
		l->body_came += *n;
		*n = 0;
		if (l->body_came <= (size_t)l->request.body_limit + OVERFLOW_BYTES)
			return MHD_YES;
		/* An answer can be given only after the whole body, and this one has no end. */
		web->config.hooks.too_large(web->config.hooks.context, &l->request);
		return MHD_NO;
	}
	if (!buf_is_ok(&l->body)) {
		web->config.hooks.too_large(web->config.hooks.context, &l->request);
		return answer_queue(l);
	}
	l->request.body = buf_str(&l->body);
	MHD_suspend_connection(l->connection);
	link_phase(l, PHASE_RESTING);
	web->config.hooks.whole(web->config.hooks.context, &l->request);
	return MHD_YES;
}

static enum MHD_Result
on_request(void *context, struct MHD_Connection *connection, const char *url, const char *method, const char *version,
	   const char *upload, size_t *upload_size, void **request)
{
	struct link *l = *request;

	(void)context;
	(void)connection;
	switch (l ? atomic_load(&l->phase) : PHASE_IDLE) {
	case PHASE_HEAD:
		return request_head(l, url, method, version);
	case PHASE_BODY:
		return request_body(l, upload, upload_size);
	case PHASE_ANSWER:
		return answer_queue(l);
	default:
		return MHD_NO;
	}
}

/* The request line is there: its time runs. */
static void *
on_line(void *context, const char *line, struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
	struct link *l = info ? info->socket_context : NULL;

	(void)context;
	if (!l)
		return NULL;
	l->request = (struct web_request){.begun_us = monotonic_us()};
	l->target_bytes = strlen(line);
	link_phase(l, PHASE_HEAD);
	return l;
}

static void
on_completed(void *context, struct MHD_Connection *connection, void **request,
	     enum MHD_RequestTerminationCode termination)
{
	struct web *web = context;
	struct link *l = *request;

	(void)connection;
	if (!l)
		return;
	l->request.is_cut = termination != MHD_REQUEST_TERMINATED_COMPLETED_OK;
	if (l->response) {
		MHD_destroy_response(l->response);
		l->response = NULL;
	}
	if (l->is_taken) {
		web->config.hooks.ended(web->config.hooks.context, &l->request);
		atomic_fetch_sub(&web->requests_count, 1);
	}
	l->is_taken = false;
	buf_release(&l->body);
	room_give(l);
	*request = NULL;
	link_phase(l, PHASE_IDLE);
}

static void
on_connection(void *context, struct MHD_Connection *connection, void **socket_context,
	      enum MHD_ConnectionNotificationCode code)
{
	struct web *web = context;
	struct link *l = *socket_context;

	if (code == MHD_CONNECTION_NOTIFY_STARTED) {
		l = calloc(1, sizeof *l);
		*socket_context = l;
		if (!l)
			return;
		l->web = web;
		l->connection = connection;
		l->fd = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
		link_phase(l, PHASE_IDLE);
		pthread_mutex_lock(&web->lock);
		l->next = web->links;
		l->self = &web->links;
		if (l->next)
			l->next->self = &l->next;
		web->links = l;
		pthread_mutex_unlock(&web->lock);
		atomic_fetch_add(&web->links_count, 1);
	} else if (l) {
		/* Under the lock: web_tend() must not end whoever gets this number next. */
		pthread_mutex_lock(&web->lock);
		*l->self = l->next;
		if (l->next)
			l->next->self = l->self;
		pthread_mutex_unlock(&web->lock);
		atomic_fetch_sub(&web->links_count, 1);
		web_tls_release(web->tls, &l->pair);
		buf_release(&l->body);
		free(l);
		*socket_context = NULL;
	}
}

/* --- the server ------------------------------------------------------------------------------------------------------- */

/* Paths and arguments are decoded by those who know what may stand in them. */
static size_t
on_unescape(void *context, struct MHD_Connection *connection, char *text)
{
	(void)context;
	(void)connection;
	return strlen(text);
}

static void __attribute__((format(printf, 2, 0))) on_log(void *context, const char *format, va_list args)
{
	char text[256];

	(void)context;
	vsnprintf(text, sizeof text, format, args);
	for (char *c = text; *c; c++)
		if (*c == '"' || (unsigned char)*c < 0x20)
			*c = '\'';
	log_line(LOG_LEVEL_DEBUG, "web", "text=\"%s\"", text);
}

static int
on_certificate(gnutls_session_t session, const gnutls_datum_t *authorities, int authorities_n,
	       const gnutls_pk_algorithm_t *algorithms, int algorithms_n, gnutls_pcert_st **certificates, unsigned *n,
	       gnutls_privkey_t *key)
{
	struct link *l = web_tls_context(session);

	(void)authorities;
	(void)authorities_n;
	(void)algorithms;
	(void)algorithms_n;
	return l ? web_tls_choose(l->web->tls, &l->pair, certificates, n, key) : -1;
}

/* Bound, and not listening yet: nobody is let in before there is somebody to answer. */
static int
listener_open(const struct web_config *config, struct why *why)
{
	struct addrinfo hints = {.ai_flags = AI_NUMERICHOST | AI_PASSIVE, .ai_socktype = SOCK_STREAM}, *found = NULL;
	char port[16];
	int yes = 1, fd = -1;

	snprintf(port, sizeof port, "%d", (int)config->port);
	if (getaddrinfo(config->address, port, &hints, &found) != 0) {
		why_at(why, OUTCOME_DEAD, "config", "GATEWAY_ADDRESS", "is no IPv4 or IPv6 address");
		return -1;
	}
	fd = socket(found->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd >= 0)
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
	/* Several gateways may share the port: the kernel deals the connections out, and a rolling restart has no gap. */
	if (fd >= 0)
		setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &yes, sizeof yes);
	if (fd < 0 || bind(fd, found->ai_addr, found->ai_addrlen) != 0) {
		why_at(why, OUTCOME_DEAD, "config", "GATEWAY_PORT", "cannot listen on %s port %d", config->address,
		       (int)config->port);
		if (fd >= 0)
			close(fd);
		fd = -1;
	}
	freeaddrinfo(found);
	return fd;
}

/* As many files as connections and a few more, as far as we may. */
static void
files_allow(int64_t n)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= (rlim_t)n + 64)
		return;
	limit.rlim_cur = limit.rlim_max < (rlim_t)n + 64 ? limit.rlim_max : (rlim_t)n + 64;
	if (setrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur < (rlim_t)n + 64)
		log_line(LOG_LEVEL_WARN, "files", "wanted=%lld allowed=%lld", (long long)n + 64,
			 (long long)limit.rlim_cur);
}

static struct MHD_Daemon *
daemon_start(struct web *web)
{
	const struct web_config *c = &web->config;
	struct MHD_OptionItem tls[] = {
	    {MHD_OPTION_HTTPS_CERT_CALLBACK, 0, (void *)(uintptr_t)on_certificate},
	    {MHD_OPTION_HTTPS_PRIORITIES, 0, (void *)(uintptr_t)WEB_TLS_PRIORITIES},
	    {MHD_OPTION_END, 0, NULL},
	};

	return MHD_start_daemon(
	    MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG | (web->tls ? MHD_USE_TLS : 0),
	    0, NULL, NULL, on_request, web, MHD_OPTION_EXTERNAL_LOGGER, on_log, NULL, MHD_OPTION_LISTEN_SOCKET,
	    web->listener, MHD_OPTION_CONNECTION_LIMIT, (unsigned)c->connections_max,
	    MHD_OPTION_PER_IP_CONNECTION_LIMIT, (unsigned)c->per_address_max, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
	    (size_t)c->head_bytes, MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)c->idle_s, MHD_OPTION_STRICT_FOR_CLIENT, 1,
	    MHD_OPTION_UNESCAPE_CALLBACK, on_unescape, NULL, MHD_OPTION_URI_LOG_CALLBACK, on_line, NULL,
	    MHD_OPTION_NOTIFY_COMPLETED, on_completed, web, MHD_OPTION_NOTIFY_CONNECTION, on_connection, web,
	    MHD_OPTION_ARRAY, web->tls ? tls : tls + 2, MHD_OPTION_END);
}

static void
web_free(struct web *web)
{
	if (web->listener >= 0)
		close(web->listener);
	web_tls_close(web->tls);
	pthread_mutex_destroy(&web->lock);
	free(web);
}

enum outcome
web_open(const struct web_config *config, struct web **web, struct why *why)
{
	struct web *w = calloc(1, sizeof *w);
	enum outcome outcome;

	*web = NULL;
	if (!w)
		return why_set(why, OUTCOME_DEAD, "config", "no memory");
	w->config = *config;
	pthread_mutex_init(&w->lock, NULL);
	files_allow(config->connections_max);
	w->listener = -1;
	outcome = web_tls_open("", config->certificate_file, config->key_file, &w->tls, why);
	if (outcome == OUTCOME_OK)
		w->listener = listener_open(config, why);
	if (outcome == OUTCOME_OK && w->listener >= 0) {
		*web = w;
		return OUTCOME_OK;
	}
	web_free(w);
	return OUTCOME_DEAD;
}

enum outcome
web_start(struct web *web, struct why *why)
{
	if (web->daemon || web->listener < 0)
		return OUTCOME_OK;
	if (listen(web->listener, BACKLOG) == 0)
		web->daemon = daemon_start(web);
	return web->daemon ? OUTCOME_OK
			   : why_at(why, OUTCOME_RETRY, "config", "GATEWAY_PORT", "the server does not start");
}

/* Too slow, or in the way of going: how its socket is shut; -1: not at all. */
static int
link_shut(const struct web *web, const struct link *l, int64_t now_us)
{
	enum phase phase = (enum phase)atomic_load(&l->phase);
	int64_t limit_s = phase == PHASE_IDLE ? web->config.idle_s : web->config.request_s;
	int64_t spent_us = now_us - atomic_load(&l->since_us);

	/* The library's own time-out starts anew with every byte; this one does not. */
	if (phase != PHASE_RESTING && spent_us > limit_s * 1000000)
		return SHUT_RDWR;
	/* What is on its way in is read before the end is seen. */
	if (phase == PHASE_IDLE && atomic_load(&web->is_leaving) && web->listener < 0 && spent_us > LEAVING_IDLE_US)
		return SHUT_RD;
	return -1;
}

void
web_tend(struct web *web)
{
	int64_t now_us = monotonic_us();

	if (web->tls)
		web_tls_renew(web->tls);
	pthread_mutex_lock(&web->lock);
	for (struct link *l = web->links; l; l = l->next) {
		int how = link_shut(web, l, now_us);

		if (how >= 0)
			shutdown(l->fd, how);
	}
	pthread_mutex_unlock(&web->lock);
}

void
web_leave(struct web *web)
{
	atomic_store(&web->is_leaving, true);
}

/* Who stands in the listener's queue has connected already, and closing it would reset him. */
static void
queue_take_in(struct web *web)
{
	struct sockaddr_storage address;
	socklen_t bytes = sizeof address;
	int fd;

	while ((fd = accept4(web->listener, (struct sockaddr *)&address, &bytes, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
		/* It closes the socket itself when it does not take it. */
		(void)MHD_add_connection(web->daemon, fd, (struct sockaddr *)&address, bytes);
		bytes = sizeof address;
	}
}

void
web_quiesce(struct web *web)
{
	web_leave(web);
	if (web->listener < 0)
		return;
	if (web->daemon) {
		MHD_quiesce_daemon(web->daemon);
		queue_take_in(web);
	}
	close(web->listener);
	web->listener = -1;
}

size_t
web_connections(const struct web *web)
{
	return atomic_load(&web->links_count);
}

size_t
web_requests(const struct web *web)
{
	return atomic_load(&web->requests_count);
}

void
web_close(struct web *web)
{
	if (!web)
		return;
	web_quiesce(web);
	if (web->daemon)
		MHD_stop_daemon(web->daemon);
	web_free(web);
}
