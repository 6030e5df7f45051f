/* SPDX-License-Identifier: Apache-2.0 */
#include "web/web.h"

#include "base/instant.h"
#include "base/log.h"
#include "web/web_tls.h"

#include <arpa/inet.h>
#include <microhttpd.h>
#include <netdb.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define BACKLOG 1024
#define LEAVING_IDLE_US INT64_C(300000)  /* after web_quiesce(), what a connection has to begin a request */
#define OVERFLOW_BYTES ((size_t)1 << 20) /* of a body beyond its limit, read so that its sender gets to know */
#define BLANKS_MAX 64                    /* between a colon and the value */
#define VALUES_MAX 64                    /* headers, or arguments, of a request */

enum phase {
	PHASE_IDLE,    /* nothing of a request is there */
	PHASE_HEAD,    /* its first line is */
	PHASE_BODY,    /* head() took it */
	PHASE_RESTING, /* whole() has it */
	PHASE_ANSWER,  /* web_answer() was called */
};

/* A connection, with the one request that it may have. */
struct link {
	struct web_request request; /* first: a request is its link */
	struct web *web;
	struct MHD_Connection *connection;
	struct link *next, **self; /* list of all, under the web's lock */
	size_t target_bytes;       /* of the request line, with the query */
	int fd;
	_Atomic int phase;
	_Atomic int64_t since_us; /* of the phase, monotonic; PHASE_BODY has its request's */
	struct buf body;
	size_t body_came; /* bytes, those beyond its limit too */
	struct MHD_Response *response;
	struct tls_pair *pair; /* NULL: no TLS, or no handshake yet */
	bool is_taken;         /* head() was asked, ended() is owed */
};

struct web {
	struct web_config config;
	struct MHD_Daemon *daemon;
	pthread_mutex_t lock;
	struct link *links;
	_Atomic size_t links_count, requests_count;
	_Atomic bool is_leaving; /* every answer closes its connection */
	struct web_tls *tls;     /* NULL: none */
	int listener;            /* -1: closed */
};

static void
phase_set(struct link *l, enum phase phase)
{
	atomic_store(&l->since_us, monotonic_us());
	atomic_store(&l->phase, phase);
}

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
web_query(const struct web_request *r, struct arena *arena, const char *name)
{
	const struct link *l = (const struct link *)r;
	struct str raw = str_of(MHD_lookup_connection_value(l->connection, MHD_GET_ARGUMENT_KIND, name));
	char *out = raw.n ? arena_get(arena, raw.n) : NULL;
	size_t n = 0;

	/* The library has turned + into blanks already. */
	return out && web_decode(raw, false, out, &n) ? (struct str){out, n} : (struct str){NULL, 0};
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
			return why_set(why, OUTCOME_DEAD, "query-unknown",
				       "an argument that this request does not have; it takes: %s%s%s",
				       names[0] ? names[0] : "none", names[0] && names[1] ? ", " : "",
				       names[0] && names[1] ? names[1] : "");
		for (size_t k = 0; k < i; k++)
			if (strcmp(v.items[k].name, v.items[i].name) == 0)
				return why_at(why, OUTCOME_DEAD, "query-twice", names[known], "is given twice");
	}
	return OUTCOME_OK;
}

/* --- answers ---------------------------------------------------------------------------------------------------------- */

static bool
is_header_value(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] < 0x20 || s.p[i] == 0x7f)
			return false;
	return true;
}

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

		if (v.n == 0 || v.n >= sizeof value || !is_header_value(v))
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
	r->answer_bytes = answer->body ? answer->body_bytes : 0;
	answer->closes |= !is_resting || atomic_load(&l->web->is_leaving);
	l->response = response_new(answer);
	phase_set(l, PHASE_ANSWER);
	if (is_resting)
		MHD_resume_connection(l->connection);
}

/* Without memory for an answer the connection is cut. */
static enum MHD_Result
response_queue(struct link *l)
{
	enum MHD_Result result;

	if (!l->response)
		return MHD_NO;
	result = MHD_queue_response(l->connection, (unsigned)l->request.status, l->response);
	MHD_destroy_response(l->response);
	l->response = NULL;
	return result;
}

static void
plain_refuse(struct web_request *r, int status, const char *text)
{
	struct web_answer answer = {.status = status, .content_type = "text/plain; charset=utf-8", .closes = true};

	answer.body = strdup(text);
	answer.body_bytes = answer.body ? strlen(text) : 0;
	web_answer(r, &answer);
}

/* --- requests --------------------------------------------------------------------------------------------------------- */

/*
 * head_fault - whether the head is nothing but its line and headers as they were read, byte after byte
 * The library takes a line feed for an end of line, ends the headers at one without a name, and a header at a NUL; it
 * joins folded lines. Another server on the way may not. It reads in place and puts a NUL at each end, so every end must
 * be where the next begins, and the last where the head ends.
 */
static const char *
head_fault(const struct link *l, const char *method, const char *url, const char *version)
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
		at = value + strlen(value) + 2;
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
		if (!is_header_value(value))
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

/* The first call: line and headers are there. */
static enum MHD_Result
request_head(struct link *l, const char *url, const char *method, const char *version)
{
	struct web *web = l->web;
	const char *fault = framing_fault(&l->request, version);
	int64_t length = 0;

	if (!fault)
		fault = head_fault(l, method, url, version);
	l->request.method = str_of(method);
	l->request.path = str_of(url);
	l->request.body_limit = web->config.body_bytes;
	address_read(l);
	if (fault) {
		plain_refuse(&l->request, MHD_HTTP_BAD_REQUEST, fault);
		return response_queue(l);
	}
	l->is_taken = true;
	atomic_fetch_add(&web->requests_count, 1);
	if (!web->config.hooks.head(web->config.hooks.context, &l->request))
		return response_queue(l);
	if (l->request.body_limit > web->config.body_bytes)
		l->request.body_limit = web->config.body_bytes;
	if (str_to_int(web_header(&l->request, MHD_HTTP_HEADER_CONTENT_LENGTH), &length) &&
	    length > l->request.body_limit) {
		web->config.hooks.too_large(web->config.hooks.context, &l->request);
		return response_queue(l);
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
		return response_queue(l);
	}
	l->request.body = buf_str(&l->body);
	MHD_suspend_connection(l->connection);
	phase_set(l, PHASE_RESTING);
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
		return response_queue(l);
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
	phase_set(l, PHASE_HEAD);
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
	*request = NULL;
	phase_set(l, PHASE_IDLE);
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
		phase_set(l, PHASE_IDLE);
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
	struct MHD_Connection *connection = gnutls_session_get_ptr(session);
	const union MHD_ConnectionInfo *info =
	    connection ? MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT) : NULL;
	struct link *l = info ? info->socket_context : NULL;

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

static enum outcome
tls_open(struct web *web, struct why *why)
{
	const char *certificate = web->config.certificate_file, *key = web->config.key_file;
	bool has_certificate = certificate && *certificate, has_key = key && *key;

	if (has_certificate != has_key)
		return why_at(why, OUTCOME_DEAD, "config", has_key ? "TLS_CERTIFICATE_FILE" : "TLS_KEY_FILE",
			      "a certificate and its key are given together");
	return has_certificate ? web_tls_open(certificate, key, &web->tls, why) : OUTCOME_OK;
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
	outcome = tls_open(w, why);
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
