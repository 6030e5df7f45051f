/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_web - any bytes to a server over the loopback: each request that begins ends, and what it is asked for is text */
#include "web/web.h"

#include <arpa/inet.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define BODY_BYTES 4096
#define PORTS 200

static struct web *server;
static int port;
static _Atomic int begun, ended;

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t n);

static void
answer(struct web_request *r, int status)
{
	struct web_answer a = {.status = status, .content_type = "text/plain"};

	a.headers[0] = (struct web_header){"X-Echo", web_header(r, "X-Echo")};
	web_answer(r, &a);
}

static bool
on_head(void *context, struct web_request *r)
{
	(void)context;
	begun++;
	if (r->method.n == 0 || r->begun_us == 0)
		abort();
	if (web_path_is_plain(r->path))
		return true;
	answer(r, 400);
	return false;
}

static void
on_too_large(void *context, struct web_request *r)
{
	(void)context;
	answer(r, 413);
}

static void
on_full(void *context, struct web_request *r)
{
	(void)context;
	answer(r, 503);
}

static void
on_whole(void *context, struct web_request *r)
{
	static const char *const names[] = {"kind", "dry_run", NULL};
	struct arena *arena = arena_new((size_t)1 << 20);
	struct why why;

	(void)context;
	if (r->body.n > BODY_BYTES)
		abort();
	if (web_query_check(r, names, &why) == OUTCOME_OK && !str_is_utf8(web_query(r, arena, "kind")))
		abort();
	arena_free(arena);
	answer(r, 200);
}

static void
on_ended(void *context, struct web_request *r)
{
	(void)context;
	(void)r;
	ended++;
}

static void
server_open(void)
{
	struct web_config config = {.address = "127.0.0.1",
				    .connections_max = 64,
				    .per_address_max = 64,
				    .head_bytes = 16384,
				    .body_bytes = BODY_BYTES,
				    .idle_s = 5,
				    .request_s = 5,
				    .bodies_bytes = 4 * BODY_BYTES,
				    .hooks = {on_head, on_too_large, on_full, on_whole, on_ended, NULL}};
	struct why why;

	for (int i = 0; !server && i < PORTS; i++) {
		config.port = port = 20000 + (getpid() * 7 + i) % 10000;
		if (web_open(&config, &server, &why) != OUTCOME_OK)
			continue;
		if (web_start(server, &why) != OUTCOME_OK)
			abort();
	}
	if (!server)
		abort();
}

int
LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t n)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct timeval wait = {.tv_usec = 20000}; /* half a request has no answer, and its connection its time */
	struct linger at_once = {.l_onoff = 1};
	char said[4096];
	int fd;

	if (!server)
		server_open();
	to.sin_port = htons((uint16_t)port);
	fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
	if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof to) != 0)
		abort();
	/* The server may be done with it before all is sent. */
	if (send(fd, bytes, n, MSG_NOSIGNAL) >= 0)
		shutdown(fd, SHUT_WR);
	while (recv(fd, said, sizeof said, 0) > 0)
		;
	close(fd);
	for (int i = 0; web_connections(server) != 0; i++) {
		if (i == 20000)
			abort();
		usleep(i < 10 ? 10 : 1000);
	}
	if (begun != ended)
		abort();
	return 0;
}
