/* SPDX-License-Identifier: Apache-2.0 */
/*
 * call - one request on its way through the gateway, and how it is answered
 * Each is answered exactly once: with a document, or with a problem (RFC 9457). Answers say nothing of other parties,
 * and their problems have codes of ops/error-codes.md.
 */
#ifndef TRIBUTARY_GATEWAY_CALL_H
#define TRIBUTARY_GATEWAY_CALL_H

#include "access/access.h"
#include "party/party.h"
#include "web/web.h"

#include <stdatomic.h>

#define CALL_ARGS_MAX 2
#define CALL_ARG_BYTES 128
#define CALL_ERRORS_MAX 100
#define TRACE_TEXT_BYTES 56 /* 00-32 digits-16 digits-2 digits, and the NUL */

struct route;

struct call {
	struct call *next;              /* in its lane */
	_Atomic int holders;            /* the server until ended(), the lane's thread until it is done with the set */
	struct web_request *web;        /* void when the call is answered */
	const struct route *route;      /* NULL: there is none */
	struct access_caller caller;    /* key_id "": nobody with a key */
	const struct party *party;      /* of the path, else the caller's; NULL: the caller's folder is gone */
	struct str args[CALL_ARGS_MAX]; /* of the path, decoded, in the route's order */
	char args_text[CALL_ARGS_MAX][CALL_ARG_BYTES];
	char trace[TRACE_TEXT_BYTES]; /* traceparent: the caller's, with our span, or one of our own */
	struct arena *arena;          /* of the set, while it is worked on */
	struct web_answer answer;     /* headers may be added before it is answered */
	size_t headers_count;
	const char *code; /* of the problem, or why it is one, for us alone, set before the answer; NULL: none */
	/* the key that it claimed to have, when there is such a key; for the audit */
	char refused_key[API_KEY_ID_BYTES];
	bool is_answered, is_counted; /* is_counted: against its party's quota */
	bool is_proven;               /* of a signed route: the signature was right */
};

/*
 * A call has two holders: the server, until the answer is written, and the lane, while it is worked on. An answer may be
 * written, and the server done with it, before the handler that gave it returns.
 * call_new - held once; NULL without memory
 */
struct call *call_new(struct web_request *web);
void call_hold(struct call *call);
void call_release(struct call *call);

/* call_may_see_all - the fleet's own people see every party */
bool call_may_see_all(const struct call *call);

/* call_header - an answer's header, in the order of the calls; `value` lives until the answer */
void call_header(struct call *call, const char *name, struct str value);

/* call_say - answers with JSON; takes the buffer's memory. A buffer that failed is a problem: answer-too-large */
void call_say(struct call *call, int status, struct buf *json);
/* call_say_as - the same in another content type; with an ETag of the bytes, and 304 when the caller has them */
void call_say_tagged(struct call *call, struct buf *json);
void call_say_as(struct call *call, int status, const char *content_type, struct buf *text);

/* call_problem - answers with one problem; `detail` for the caller, without a secret and without others' data */
void call_problem(struct call *call, int status, const char *code, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/*
 * call_errors - one problem with the fields that are wrong, all of them
 * detail    what they have in common
 * errors_n  at least one; the first gives the code
 */
void call_errors(struct call *call, int status, const char *detail, const struct why *errors, size_t errors_n);
/* call_away - 503: a server is away or full; Retry-After so many seconds, with some chance so that they do not come back
 * all at once */
void call_away(struct call *call, const struct why *why);

#endif
