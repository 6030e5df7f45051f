/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wire - a TCP connection for somebody else's protocol, with TLS where that is wanted
 * libcurl makes it, and checks the server's certificate and name; what goes over it is the caller's. Each call ends by its
 * deadline. A proxy of the environment is ignored.
 */
#ifndef TRIBUTARY_HTTP_WIRE_H
#define TRIBUTARY_HTTP_WIRE_H

#include "base/outcome.h"

struct wire;

struct wire_config {
	const char *host; /* a name or an address; an IPv6 address without brackets */
	int64_t port;
	bool is_tls;         /* 1.2 or later */
	const char *ca_file; /* PEM; NULL: the system's */
};

/* wire_open - connected, or NULL and `text` (at least WIRE_TEXT_BYTES) says why; deadline_us is monotonic, as in all calls */
struct wire *wire_open(const struct wire_config *config, int64_t deadline_us, char *text);
void wire_close(struct wire *w); /* NULL is fine */

#define WIRE_TEXT_BYTES 128

/* wire_send - all of it; false: not by the deadline, or the connection is broken, and of no more use */
bool wire_send(struct wire *w, struct str bytes, int64_t deadline_us);
/* wire_receive - what is there, up to n bytes; waits for the first. 0: as in wire_send(), also when the peer closed it */
size_t wire_receive(struct wire *w, char *bytes, size_t n, int64_t deadline_us);
/* wire_trouble - why one of these failed */
const char *wire_trouble(const struct wire *w);

#endif
