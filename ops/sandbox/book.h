/* SPDX-License-Identifier: Apache-2.0 */
/*
 * book - every shipment the sandbox warehouse was asked for, and whether its confirmation is out
 * May be used by several threads. Confirmations are due in the order in which shipments were accepted.
 */
#ifndef TRIBUTARY_SANDBOX_BOOK_H
#define TRIBUTARY_SANDBOX_BOOK_H

#include "shipment.h"

struct book;

enum book_result {
	BOOK_NEW,      /* accepted */
	BOOK_REPEAT,   /* the same key with the same request: the same number */
	BOOK_CONFLICT, /* the same key with another request */
	BOOK_FULL,     /* no memory, or its file cannot be written; nothing was accepted */
};

struct book_counts {
	uint64_t accepted, repeated, conflicts, confirmed;
	uint64_t doubled; /* accepted under a new key though their reference was there: shipped twice */
};

struct book_due {
	uint64_t number;
	struct str reference, lines; /* live until book_confirmed */
};

/* book_open - with what the file remembers; an empty path remembers nothing */
enum outcome book_open(const char *path, struct book **book, struct why *why) MUST_CHECK;
void book_close(struct book *b); /* NULL is fine */

/*
 * book_accept - one request
 * confirm_at_us  monotonic
 * number         of this or of the first such request; written for NEW and REPEAT
 */
enum book_result book_accept(struct book *b, struct str key, const struct shipment_asked *asked, int64_t confirm_at_us,
			     uint64_t *number);
/* book_find - by reference; false when there is none */
bool book_find(struct book *b, struct str reference, uint64_t *number, bool *is_confirmed);

/* book_due - up to `max` shipments whose confirmation should be out by now; returns how many */
size_t book_due(struct book *b, int64_t now_us, struct book_due *due, size_t max);
/* book_confirmed - the n first that are due are published */
void book_confirmed(struct book *b, size_t n);

struct book_counts book_counts(struct book *b);

#endif
