/* SPDX-License-Identifier: Apache-2.0 */
/*
 * uuid - ids derived from what they identify (RFC 9562, versions 5 and 8), so that whoever computes one gets the same
 *
 * An order's id is of version 8: its channel and its number come first, so that the orders of a day, whose numbers are
 * neighbours, have neighbouring ids, and so have their messages, shipments and invoices, whose ids begin like the order's. In a
 * database of millions their rows then share the pages of each index; ids spread evenly would touch a cold page for each row.
 * A document's id does the same with what its sender's message id says of its place: a number that rises, or a time.
 */
#ifndef TRIBUTARY_BASE_UUID_H
#define TRIBUTARY_BASE_UUID_H

#include "base/outcome.h"

#define UUID_TEXT_BYTES 37 /* with the NUL */

struct uuid {
	unsigned char bytes[16];
};

/* What is named; each kind has a namespace of its own, so that an order and a shipment never share an id. */
enum uuid_kind {
	UUID_ORDER,
	UUID_SHIPMENT,
	UUID_INVOICE,
	UUID_DOCUMENT,
	UUID_MESSAGE,
	UUID_EXCEPTION,
	UUID_RETURN,
	UUID_BYTES
};

/* uuid_derive - version 5 of the kind's namespace and the parts, which are joined so that ("a","bc") != ("ab","c") */
struct uuid uuid_derive(enum uuid_kind kind, const struct str *parts, size_t parts_count);
/*
 * uuid_derive_near - the same, from one uuid and one text; it begins like `near`, if that is of version 8
 * uuid_derive_from - near its parent
 */
struct uuid uuid_derive_near(enum uuid_kind kind, struct uuid parent, struct str what, struct uuid near);
struct uuid uuid_derive_from(enum uuid_kind kind, struct uuid parent, struct str what);
/*
 * uuid_of_order - from its channel and what the channel identifies it by
 *   bytes 0..1   of the hash of the channel's name
 *   bytes 2..5   the identifier's decimal digits, as one number: how many bits it has (6), and the 26 behind the first of them,
 *                so that a longer number comes later, and of numbers of any length neighbours are neighbours
 *   the rest     74 bits of the hash of both, as uuid_derive() has it, and version 8
 */
struct uuid uuid_of_order(struct str party, struct str identifier);
/* uuid_of_order_formerly - as it was derived before there was version 8 */
struct uuid uuid_of_order_formerly(struct str party, struct str identifier);
/* uuid_is_of_order - the id is the one or the other */
bool uuid_is_of_order(struct uuid id, struct str party, struct str identifier);
/*
 * uuid_of_document - the id of what came from outside
 * A stranger's message id is only unique among his own, may be missing, and may be used again for another document (a
 * counter that starts anew): so the routing key and the bytes are part of the id. The same message again is a repeat,
 * anything else is looked at.
 *   bytes 0..5   as of an order: of the channel's name, and of the message id's decimal digits; when it is a UUID of version 7,
 *                bytes 2..5 are its time in units of 4096 ms
 * A message id without a digit other than 0, or none: all of it is the hash, version 5. Random message ids lie anywhere.
 */
struct uuid uuid_of_document(struct str party, struct str message_id, struct str routing_key, struct str body);
struct uuid uuid_random(void);                                 /* version 4 */
struct uuid uuid_of_time(int64_t us);                          /* version 7: later ones are greater, but for a ms */
bool uuid_parse(struct str text, struct uuid *out) MUST_CHECK; /* 36 characters, any case */
void uuid_format(struct uuid id, char out[static UUID_TEXT_BYTES]);
bool uuid_equal(struct uuid a, struct uuid b);
bool uuid_is_nil(struct uuid id);
int uuid_compare(struct uuid a, struct uuid b);
/* uuid_lock_key - 64 bits of it, for locks */
int64_t uuid_lock_key(struct uuid id);

/* sha256 - of the bytes; 32 bytes to out */
void sha256(struct str bytes, unsigned char out[static 32]);

#endif
