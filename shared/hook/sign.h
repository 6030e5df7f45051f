/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sign - the other end: the headers that a sender would put to a body
 * For people and tests; hook_check() with the same secret says yes to them.
 */
#ifndef TRIBUTARY_HOOK_SIGN_H
#define TRIBUTARY_HOOK_SIGN_H

#include "hook/secret.h"

/* What is to be sent; all of it borrowed. */
struct hook_sending {
	struct str body;
	struct str topic; /* empty: no topic header */
	struct str id;    /* empty: no id header; standard-webhooks needs one, without a full stop */
	int64_t at_us;
};

/*
 * hook_sign - "Name: value\n" for each header, signed with the first of the secrets
 * out  appended to, sticky
 * OUTCOME_DEAD  signature-unset  no hook, no secret
 *               hook-sending     a topic or id that has no header there, no id where one is needed, control characters
 */
enum outcome hook_sign(const struct party_hook *hook, const struct hook_secrets *secrets,
		       const struct hook_sending *sending, struct buf *out, struct why *why) MUST_CHECK;

#endif
