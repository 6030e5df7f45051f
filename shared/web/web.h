/* SPDX-License-Identifier: Apache-2.0 */
/*
 * web - an HTTP/1.1 server for many requests at a time, each answered later and from any thread
 * One thread of its own reads requests and writes answers; it never waits for anything but the sockets. A request whose
 * body is there is handed to whole(), which passes it on; until web_answer() its connection rests.
 *
 *   line and headers → head() → body → whole() … web_answer() → written → ended()
 *                        `-- web_answer(): refused before the body is read, and the connection closes
 *
 * What is no HTTP at all, or larger than head_bytes, the library underneath refuses by itself (400, 413, 431).
 *
 * Bounded: connections, connections of one address, bytes of line and headers, bytes of a body, and the time from a
 * request's first byte to its last, however slowly it trickles. Never guessed: two lengths, a length and chunks, a path
 * that is not plain. What is between two requests of a connection may take idle_s.
 */
#ifndef TRIBUTARY_WEB_WEB_H
#define TRIBUTARY_WEB_WEB_H

#include "base/arena.h"
#include "base/outcome.h"

#define WEB_ANSWER_HEADERS_MAX 12

struct web;

/* One request; the first part is written by the server and may be read from head() until web_answer(). */
struct web_request {
	struct str method; /* GET, POST … as it came */
	struct str path;   /* as it came: percent-encoded, without the query */
	struct str body;   /* in whole(); not decoded in any way */
	char address[46];  /* the client's, or the proxy's */
	int64_t begun_us;  /* monotonic: the request line was read */

	int64_t body_limit; /* bytes; head() may lower it */
	void *user;         /* of the hooks */

	/* for ended() */
	int status;          /* of the answer */
	size_t answer_bytes; /* of its body */
	bool is_cut;         /* the client did not wait for it */
};

/* What happens to a request. All are called in the server's thread and must not wait. */
struct web_hooks {
	/* Line and headers are there. False: it was answered here. */
	bool (*head)(void *context, struct web_request *r);
	/* The body is larger than body_limit: web_answer() here. */
	void (*too_large)(void *context, struct web_request *r);
	/* All of it is there: web_answer() now or later, exactly once. */
	void (*whole)(void *context, struct web_request *r);
	/* The answer is written, or could not be; r is void after it. */
	void (*ended)(void *context, struct web_request *r);
	void *context;
};

struct web_config {
	const char *address; /* to listen on: IPv4 or IPv6 */
	int64_t port;
	int64_t connections_max, per_address_max;
	int64_t head_bytes;                      /* of request line and headers, of one request */
	int64_t body_bytes;                      /* of one request at most, whatever head() says */
	int64_t idle_s;                          /* between two requests of a connection */
	int64_t request_s;                       /* from a request's first byte to its last */
	const char *certificate_file, *key_file; /* PEM, both for TLS (1.2 and 1.3); NULL or empty: none */
	struct web_hooks hooks;
};

struct web_header {
	const char *name;
	struct str value;
};

struct web_answer {
	int status;
	const char *content_type;
	char *body; /* malloc'ed; taken over; NULL: none */
	size_t body_bytes;
	struct web_header headers[WEB_ANSWER_HEADERS_MAX]; /* up to the first without a name; a value with a control
							      character is left out */
	bool closes;                                       /* the connection ends with it */
};

/*
 * web_open - takes the address and port, and reads the certificate; nobody is let in yet. The config's texts are borrowed
 * for its life
 * OUTCOME_DEAD  code: config (the path names the parameter)
 */
enum outcome web_open(const struct web_config *config, struct web **web, struct why *why) MUST_CHECK;
/* web_start - listens, from now on; nothing when it does already. OUTCOME_RETRY  code: config */
enum outcome web_start(struct web *web, struct why *why) MUST_CHECK;

/* web_answer - answer and forget; any thread. Headers and body are copied or taken over. */
void web_answer(struct web_request *r, struct web_answer *answer);

/* web_header - the header's value; empty when there is none. Until web_answer(), from any thread. */
struct str web_header(const struct web_request *r, const char *name);
/* web_query - the query's argument, decoded; empty when there is none, and when it is given twice or badly encoded:
 * web_query_check() says so. */
struct str web_query(const struct web_request *r, struct arena *arena, const char *name);
/*
 * web_query_check - every argument is one of `names` (ends in NULL), once, and well encoded
 * OUTCOME_DEAD  codes: query-unknown query-twice query-encoding; the path is the argument's name
 */
enum outcome web_query_check(const struct web_request *r, const char *const *names, struct why *why) MUST_CHECK;

/* web_tend - ends connections that are too slow, and takes a changed certificate; call about every second, and after
 * web_quiesce() more often */
void web_tend(struct web *web);
/* web_leave - from now on each answer ends its connection, so that clients go elsewhere of their own accord */
void web_leave(struct web *web);
/*
 * web_quiesce - no new connections from now on; who had connected is let in. What was begun is answered; connections on
 * which nothing begins are closed by web_tend(): when web_connections() is 0 nobody is cut by web_close().
 * A handshake of TCP that is under way right now is lost to the closed listener, unless the kernel hands it on to another
 * process of the port (sysctl net.ipv4.tcp_migrate_req=1).
 */
void web_quiesce(struct web *web);
/* web_connections - open right now; web_requests - between head() and ended() right now */
size_t web_connections(const struct web *web);
size_t web_requests(const struct web *web);
/* web_close - every request must have been answered; NULL is fine */
void web_close(struct web *web);

/* --- texts (no server needed) ----------------------------------------------------------------------------------------- */

/*
 * web_decode - percent-decoding of one path segment or query value into `out` (at least s.n bytes)
 * plus_is_blank  as forms have it
 * False for a broken escape, a NUL or control byte, and what is not UTF-8 afterwards. A slash may come out of it.
 */
bool web_decode(struct str s, bool plus_is_blank, char *out, size_t *n);

/*
 * web_path_is_plain - begins with one slash, has no empty segment, no "." or ".." (encoded ones neither), no encoded
 * slash, backslash or NUL, and nothing but visible ASCII
 */
bool web_path_is_plain(struct str path);

#endif
