/* SPDX-License-Identifier: Apache-2.0 */
/*
 * password - RabbitMQ's rabbit_password_hashing_sha256: base64 of a salt of four bytes and SHA-256(salt, password)
 */
#ifndef TRIBUTARY_CLI_PASSWORD_H
#define TRIBUTARY_CLI_PASSWORD_H

#include "base/arena.h"
#include "base/outcome.h"

#define PASSWORD_MAX_BYTES 1000
#define PASSWORD_HASH_BYTES 49 /* with the NUL */

/*
 * password_read - SECRETS/<user>.amqp-password without its line end, in the arena
 * OUTCOME_HELD  missing, empty, too long or unreadable  code: password-missing
 */
enum outcome password_read(const char *secrets, const char *user, struct arena *arena, struct str *password,
			   struct why *why) MUST_CHECK;

/* password_hash - with a salt derived from user and password: the same every time, and different for each user */
void password_hash(struct str user, struct str password, char out[static PASSWORD_HASH_BYTES]);
/* password_matches - is the hash, whatever its salt, of this password? */
bool password_matches(struct str hash, struct str password);

#endif
