/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kept_sql - the statements behind `exceptions` and `dead-letters`; the two differ in nothing else
 */
#ifndef TRIBUTARY_CLI_KEPT_SQL_H
#define TRIBUTARY_CLI_KEPT_SQL_H

#include "store/store.h"

struct kept_kind {
	const char *command;      /* exceptions */
	const char *again;        /* its verb for sending again: release */
	const char *end;          /* its verb for closing it for good: dismiss */
	struct statement list;    /* code or fingerprint or '', all, limit → JSON */
	struct statement show;    /* id → JSON */
	struct statement body;    /* id → bytes */
	struct statement select;  /* code or fingerprint, limit, party or '' → ids of the open ones */
	struct statement claim;   /* id → the message, see enum kept_column */
	struct statement forget;  /* id: the journal (and a doubt) forgets it */
	struct statement close;   /* id: it was sent */
	struct statement reopen;  /* id: it could not be sent */
	struct statement dismiss; /* id → the message, and whether its worker must hear of it */
};

enum kept_column {
	KEPT_EXCHANGE,
	KEPT_ROUTING_KEY,
	KEPT_MESSAGE_ID,
	KEPT_ORDER_ID,
	KEPT_TYPE,
	KEPT_CONTENT_TYPE,
	KEPT_PARTY,
	KEPT_VERSION,
	KEPT_TRACE,
	KEPT_BODY,
	KEPT_HAS_FOLLOWERS, /* of dismiss: later messages of its order may wait behind it */
};

extern const struct kept_kind kept_exceptions;
extern const struct kept_kind kept_dead_letters;

#endif
