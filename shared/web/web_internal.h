/* SPDX-License-Identifier: Apache-2.0 */
/*
 * web_internal - what the files of shared/web have in common: a connection, and the server
 * For shared/web only.
 */
#ifndef TRIBUTARY_WEB_WEB_INTERNAL_H
#define TRIBUTARY_WEB_WEB_INTERNAL_H

#include "web/web.h"
#include "web/web_tls.h"

#include <microhttpd.h>
#include <pthread.h>
#include <stdatomic.h>

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
	int64_t room;     /* bytes of the web's that are kept for its body */
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
	int64_t room_taken;      /* of bodies_bytes; the server's thread alone */
	_Atomic bool is_leaving; /* every answer closes its connection */
	struct web_tls *tls;     /* NULL: none */
	int listener;            /* -1: closed */
};

/* link_phase - from now on it is in this one */
void link_phase(struct link *l, enum phase phase);

/* head_fault - why line and headers are not, or could be read in two ways; a text for the client. NULL: all is well */
const char *head_fault(const struct link *l, const char *method, const char *url, const char *version);

/* header_is_plain - no control byte in a header's value */
bool header_is_plain(struct str value);

/* answer_queue - what web_answer() made, to the library; without memory for it the connection is cut */
enum MHD_Result answer_queue(struct link *l);
/* answer_plainly - web_answer() with one line of text, for what is refused before anybody was asked */
void answer_plainly(struct link *l, int status, const char *text);

#endif
