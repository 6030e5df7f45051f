/* SPDX-License-Identifier: Apache-2.0 */
#include "cut.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <time.h>

#define SEND_MS 1000

void
cut_answer(struct str body, struct buf *out)
{
	time_t now = time(NULL);
	struct tm tm;
	char date[64];

	gmtime_r(&now, &tm);
	strftime(date, sizeof date, "%a, %d %b %Y %H:%M:%S GMT", &tm);
	buf_printf(out,
		   "HTTP/1.1 201 Created\r\nDate: %s\r\nServer: sandbox-wms\r\nContent-Type: application/json\r\n"
		   "Cache-Control: no-store\r\nConnection: keep-alive\r\nContent-Length: %zu\r\n\r\n%.*s",
		   date, body.n, STR_ARGS(body));
}

bool
cut_send(int fd, struct str answer, size_t n)
{
	size_t sent = 0;

	if (n > answer.n)
		n = answer.n;
	while (sent < n) {
		ssize_t more = send(fd, answer.p + sent, n - sent, MSG_NOSIGNAL);
		struct pollfd p = {.fd = fd, .events = POLLOUT};

		if (more > 0)
			sent += (size_t)more;
		else if ((errno != EAGAIN && errno != EINTR) || poll(&p, 1, SEND_MS) <= 0)
			break;
	}
	shutdown(fd, SHUT_WR);
	return sent == n;
}
