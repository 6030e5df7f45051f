/* SPDX-License-Identifier: Apache-2.0 */
#include "http/wire.h"

#include "base/instant.h"

#include <curl/curl.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define URL_BYTES 512
#define LATE "no answer in time"

struct wire {
	CURL *easy;
	curl_socket_t socket;
	char detail[CURL_ERROR_SIZE]; /* libcurl's */
	const char *trouble;
};

static int64_t
left_ms(int64_t deadline_us)
{
	int64_t left = deadline_us - monotonic_us();

	return left < 0 ? 0 : left / 1000 + 1;
}

static void
wire_set(struct wire *w, const struct wire_config *config, const char *url, int64_t deadline_us)
{
	CURL *e = w->easy;

	curl_easy_setopt(e, CURLOPT_URL, url);
	curl_easy_setopt(e, CURLOPT_CONNECT_ONLY, 1L);
	curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, "http,https"); /* without and with TLS; neither is spoken */
	curl_easy_setopt(e, CURLOPT_PROXY, "");
	curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(e, CURLOPT_ERRORBUFFER, w->detail);
	curl_easy_setopt(e, CURLOPT_CONNECTTIMEOUT_MS, (long)left_ms(deadline_us) + 1);
	curl_easy_setopt(e, CURLOPT_TCP_KEEPALIVE, 1L);
	curl_easy_setopt(e, CURLOPT_TCP_NODELAY, 1L);
	curl_easy_setopt(e, CURLOPT_SSL_ENABLE_ALPN, 0L);
	curl_easy_setopt(e, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	curl_easy_setopt(e, CURLOPT_QUICK_EXIT, 1L); /* a name that is still being looked up is not waited for */
	if (config->ca_file && config->ca_file[0]) {
		curl_easy_setopt(e, CURLOPT_CAINFO, config->ca_file);
		curl_easy_setopt(e, CURLOPT_CAPATH, NULL); /* instead of the system's, not beside them */
	}
}

/* libcurl's text of a refused connection has milliseconds in it, and would be another one each time. */
static const char *
trouble_of(struct wire *w, CURLcode code)
{
	long os_errno = 0;

	if (code == CURLE_OPERATION_TIMEDOUT)
		return LATE;
	if (code != CURLE_COULDNT_CONNECT)
		return w->detail[0] ? w->detail : curl_easy_strerror(code);
	curl_easy_getinfo(w->easy, CURLINFO_OS_ERRNO, &os_errno);
	return os_errno ? strerror((int)os_errno) : curl_easy_strerror(code);
}

static bool
wire_connect(struct wire *w, const struct wire_config *config, int64_t deadline_us)
{
	bool is_address6 = strchr(config->host, ':') != NULL;
	char url[URL_BYTES];
	CURLcode code;

	snprintf(url, sizeof url, "%s://%s%s%s:%d/", config->is_tls ? "https" : "http", is_address6 ? "[" : "",
		 config->host, is_address6 ? "]" : "", (int)config->port);
	w->trouble = LATE;
	if (left_ms(deadline_us) == 0) /* 0 is five minutes to libcurl */
		return false;
	wire_set(w, config, url, deadline_us);
	code = curl_easy_perform(w->easy);
	if (code == CURLE_OK)
		code = curl_easy_getinfo(w->easy, CURLINFO_ACTIVESOCKET, &w->socket);
	if (code != CURLE_OK)
		w->trouble = trouble_of(w, code);
	return code == CURLE_OK;
}

/* For the life of the process: a connection that comes and goes must not take libcurl's tables down and up. */
static void
library_open(void)
{
	(void)curl_global_init(CURL_GLOBAL_DEFAULT);
}

struct wire *
wire_open(const struct wire_config *config, int64_t deadline_us, char *text)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	struct wire *w = calloc(1, sizeof *w);

	(void)pthread_once(&once, library_open);
	snprintf(text, WIRE_TEXT_BYTES, "no memory");
	if (w)
		w->easy = curl_easy_init();
	if (w && w->easy && wire_connect(w, config, deadline_us))
		return w;
	if (w && w->trouble)
		snprintf(text, WIRE_TEXT_BYTES, "%s", w->trouble);
	wire_close(w);
	return NULL;
}

void
wire_close(struct wire *w)
{
	if (!w)
		return;
	if (w->easy)
		curl_easy_cleanup(w->easy);
	free(w);
}

/* False when it will not go on: `code` is what libcurl said of the last try. */
static bool
wire_wait(struct wire *w, CURLcode code, short events, int64_t deadline_us)
{
	struct pollfd p = {.fd = w->socket, .events = events};
	int64_t ms = left_ms(deadline_us);

	w->trouble = LATE;
	if (code != CURLE_AGAIN) {
		w->trouble = curl_easy_strerror(code);
		return false;
	}
	return ms > 0 && (poll(&p, 1, (int)ms) >= 0 || errno == EINTR);
}

bool
wire_send(struct wire *w, struct str bytes, int64_t deadline_us)
{
	while (bytes.n) {
		size_t sent = 0;
		CURLcode code = curl_easy_send(w->easy, bytes.p, bytes.n, &sent);

		if (code != CURLE_OK && !wire_wait(w, code, POLLOUT, deadline_us))
			return false;
		bytes = (struct str){bytes.p + sent, bytes.n - sent};
	}
	return true;
}

size_t
wire_receive(struct wire *w, char *bytes, size_t n, int64_t deadline_us)
{
	for (;;) {
		size_t received = 0;
		CURLcode code = curl_easy_recv(w->easy, bytes, n, &received);

		w->trouble = "the server closed the connection";
		if (code == CURLE_OK)
			return received;
		if (!wire_wait(w, code, POLLIN, deadline_us))
			return 0;
	}
}

const char *
wire_trouble(const struct wire *w)
{
	return w->trouble ? w->trouble : "";
}
