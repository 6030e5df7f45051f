/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http - ask partners over HTTP/1.1 (https: TLS 1.2 or newer), many at a time, and know whether they were asked
 * libcurl's multi interface; connections are kept and used again. Never asks twice: no redirects, no retries, not even
 * libcurl's own silent one on a kept connection that turns out to be closed. Proxies of the environment are ignored.
 *
 *   not begun → connecting → sending → waiting → answered
 *   `------- RETRY -------'  `---- UNSURE ----'  by status: see http/verdict.h
 */
#ifndef TRIBUTARY_HTTP_HTTP_H
#define TRIBUTARY_HTTP_HTTP_H

#include "base/arena.h"
#include "base/outcome.h"

struct http;

#define HTTP_HEADERS_MAX 8

struct http_config {
	int64_t concurrency;        /* requests at a time, 1..1024 */
	int64_t connect_timeout_ms; /* 0: the call's own timeout */
	int64_t answer_bytes;       /* of a larger answer the rest is cut off; 0: 65536 */
	const char *ca_file;        /* PEM, all that an https server is checked against; empty: the system's */
};

struct http_call {
	/* given; borrowed until http_run returns */
	const char *method;                    /* POST, PUT, GET, DELETE */
	const char *url;                       /* http or https */
	const char *headers[HTTP_HEADERS_MAX]; /* "Name: value"; ends at the first NULL */
	struct str body;
	int64_t timeout_ms; /* from the first byte of the connection to the last of the answer */
	size_t lane;        /* of http_terms.lane_limits: one partner, say */

	/* written by http_run */
	enum outcome outcome;
	struct why why;        /* when it is not OUTCOME_OK; codes: http/verdict.h, and below */
	int64_t status;        /* 0: no answer */
	struct str answer;     /* body of the answer, arena */
	bool is_cut;           /* the answer was larger than answer_bytes */
	int64_t latency_us;    /* 0: not begun */
	int64_t retry_after_s; /* 0: the partner does not say */
};

/* Called at least every 200 ms; false stops: what is under way is abandoned. */
typedef bool (*http_idle_fn)(void *context);

struct http_hooks {
	/* Asked before a call of the lane begins; false: it does not, and gets RETRY partner-paused. */
	bool (*may_begin)(void *context, size_t lane);
	/* A call that was begun has its outcome; told at once, while others are under way. */
	void (*ended)(void *context, const struct http_call *call);
	void *context;
};

struct http_terms {
	struct arena *arena;        /* for the answers */
	int64_t begin_within_ms;    /* what has not begun by then is not begun; 0: no limit, -1: nothing is begun */
	const int64_t *lane_limits; /* requests at a time of each lane; NULL: only `concurrency` counts */
	size_t lanes_count;
	const struct http_hooks *hooks; /* may be NULL */
	http_idle_fn idle;              /* may be NULL */
	void *idle_context;
};

/* http_new - NULL without memory */
struct http *http_new(const struct http_config *config);
void http_free(struct http *h); /* NULL is fine */

/*
 * http_run - all calls, at the same time as far as allowed; returns when each has an outcome of its own
 * calls  n of them; begun in this order
 * Further codes: stopping (the idle hook said so: RETRY before, UNSURE after sending), partner-slow (RETRY: the time to
 * begin was over), partner-paused (RETRY: the hook said so), partner-url (DEAD: no URL that can be asked)
 */
void http_run(struct http *h, struct http_call *calls, size_t n, const struct http_terms *terms);

#endif
