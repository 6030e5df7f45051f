/* SPDX-License-Identifier: Apache-2.0 */
/*
 * api_key - the text of a token, and what is kept of it
 *
 *   trb_k3vq7x2mwz5a_9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
 *       key id       secret
 *
 * The id is public: 12 letters of a-z and 2-7, 60 random bits. The secret is 256 random bits as 64 hexadecimal digits in
 * small letters, so there is one text of each. Its hash is the SHA-256 of these 64 characters; a slow hash would add
 * nothing, for nobody guesses 256 random bits. The prefix is for those who look for secrets where none should be.
 */
#ifndef TRIBUTARY_ACCESS_API_KEY_H
#define TRIBUTARY_ACCESS_API_KEY_H

#include "base/outcome.h"

#define API_KEY_PREFIX "trb_"
#define API_KEY_ID_CHARS 12
#define API_KEY_ID_BYTES (API_KEY_ID_CHARS + 1)
#define API_KEY_SECRET_CHARS 64
#define API_KEY_HASH_BYTES 32
#define API_KEY_TOKEN_CHARS (sizeof API_KEY_PREFIX - 1 + API_KEY_ID_CHARS + 1 + API_KEY_SECRET_CHARS)
#define API_KEY_TOKEN_BYTES (API_KEY_TOKEN_CHARS + 1)

struct api_key {
	char id[API_KEY_ID_BYTES];
	char token[API_KEY_TOKEN_BYTES];        /* for its holder, said once and kept nowhere */
	unsigned char hash[API_KEY_HASH_BYTES]; /* of the secret */
};

/*
 * api_key_new - a new secret by the system's randomness
 * id  of a key that there is (a rotation); NULL: a new one as well
 * OUTCOME_RETRY  code: random-away
 */
enum outcome api_key_new(struct api_key *key, const char *id, struct why *why) MUST_CHECK;

/* The parts of a token: views into it. */
struct api_key_parts {
	struct str id, secret;
};

/* api_key_parse - false when the text is no token; says nothing about whether there is such a key */
bool api_key_parse(struct str token, struct api_key_parts *parts) MUST_CHECK;

/* api_key_is_id - can it be the id of a key? */
bool api_key_is_id(struct str text);

#endif
