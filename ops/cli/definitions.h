/* SPDX-License-Identifier: Apache-2.0 */
/*
 * definitions - a plan as the JSON that RabbitMQ imports, and in which it answers GET /api/definitions
 * The same plan and the same passwords make the same bytes: lists are sorted, salts derived.
 */
#ifndef TRIBUTARY_CLI_DEFINITIONS_H
#define TRIBUTARY_CLI_DEFINITIONS_H

#include "base/arena.h"
#include "topology/plan.h"

/* What is said about users. */
enum definitions_users {
	DEFINITIONS_NO_USERS,  /* nothing: a pure topology */
	DEFINITIONS_RIGHTS,    /* names, tags and permissions, but no passwords: to compare, not to import */
	DEFINITIONS_PASSWORDS, /* all, with hashes of SECRETS/<user>.amqp-password: to import */
};

/*
 * definitions_put - append the document to `out`
 * secrets  folder of the passwords; used for DEFINITIONS_PASSWORDS only
 * arena    for the passwords' texts
 *
 * OUTCOME_HELD  a password is missing, empty or unreadable  code: password-missing
 * OUTCOME_DEAD  the document outgrew `out`                   code: too-large
 */
enum outcome definitions_put(struct buf *out, const struct plan *plan, enum definitions_users users,
			     const char *secrets, struct arena *arena, struct why *why) MUST_CHECK;

/*
 * password_matches - is `hash` (base64 of a salt of four bytes and SHA-256 over salt and password) of this password?
 * This is RabbitMQ's rabbit_password_hashing_sha256.
 */
bool password_matches(struct str hash, struct str password);

#define PASSWORD_HASH_BYTES 49 /* with the NUL */
/* password_hash - with a salt derived from user and password, so that it is the same every time */
void password_hash(const char *user, struct str password, char out[static PASSWORD_HASH_BYTES]);

/* password_read - SECRETS/<user>.amqp-password without its line end, in the arena */
enum outcome password_read(const char *secrets, const char *user, struct arena *arena, struct str *password,
			   struct why *why) MUST_CHECK;

#endif
