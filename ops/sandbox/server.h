/* SPDX-License-Identifier: Apache-2.0 */
/*
 * server - the sandbox warehouse's HTTP interface, on 127.0.0.1
 *   POST /v1/shipments        take a shipment; Authorization: Bearer, Idempotency-Key
 *   GET  /v1/shipments/REF    look it up
 *   GET  /v1/stats            counts      PUT /v1/mode   behave otherwise (mode.h)
 *   GET  /v1/requests         the latest requests of the first two kinds, oldest first: when (ms since 1970), and
 *                             in which mode they were answered
 */
#ifndef TRIBUTARY_SANDBOX_SERVER_H
#define TRIBUTARY_SANDBOX_SERVER_H

#include "book.h"
#include "mode.h"

struct server;

struct server_config {
	int64_t port;
	const char *token;      /* borrowed */
	const char *cert, *key; /* PEM, of TLS; NULL: plain text. Borrowed */
};

/* server_open - OUTCOME_DEAD code: config */
enum outcome server_open(const struct server_config *config, struct book *book, const struct mode *mode,
			 struct server **server, struct why *why) MUST_CHECK;
void server_close(struct server *s); /* NULL is fine */

#endif
