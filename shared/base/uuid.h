/* SPDX-License-Identifier: Apache-2.0 */
/*
 * uuid - ids derived from what they identify (RFC 9562, version 5), so that whoever computes one gets the same
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
/* uuid_derive_from - the same, from one uuid and one text */
struct uuid uuid_derive_from(enum uuid_kind kind, struct uuid parent, struct str what);
/*
 * uuid_of_document - the id of what came from outside
 * A stranger's message id is only unique among his own, may be missing, and may be used again for another document (a
 * counter that starts anew): so the routing key and the bytes are part of the id. The same message again is a repeat,
 * anything else is looked at.
 */
struct uuid uuid_of_document(struct str party, struct str message_id, struct str routing_key, struct str body);
struct uuid uuid_random(void);                                 /* version 4 */
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
