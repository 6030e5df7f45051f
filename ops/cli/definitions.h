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

#endif
