/* SPDX-License-Identifier: Apache-2.0 */
/*
 * secret - what a party's webhooks are signed with: one secret, or two while it is changed
 * The environment variable (or NAME_FILE's file) holds one, or the old and the new one with a blank or comma between
 * them; either is accepted. Each has 8 to 512 bytes; of basic it is user:password.
 */
#ifndef TRIBUTARY_HOOK_SECRET_H
#define TRIBUTARY_HOOK_SECRET_H

#include "base/outcome.h"
#include "party/party.h"

#define HOOK_SECRETS_MAX 2
#define HOOK_SECRET_MIN_BYTES 8
#define HOOK_SECRET_BYTES 512

struct hook_secret {
	size_t n;
	unsigned char bytes[HOOK_SECRET_BYTES]; /* the key itself: of standard-webhooks what its base64 says */
};

struct hook_secrets {
	size_t n;
	struct hook_secret at[HOOK_SECRETS_MAX];
};

/*
 * hook_secrets_read - from the variable's text
 * secrets  written on OUTCOME_OK only
 * OUTCOME_DEAD  signature-unset: empty, more than two, too short or long, not as the scheme has it; path is secret_env
 */
enum outcome hook_secrets_read(const struct party_hook *hook, struct str text, struct hook_secrets *secrets,
			       struct why *why) MUST_CHECK;
/* hook_secrets_load - the same, from the environment; signature-unset also when neither it nor NAME_FILE is set */
enum outcome hook_secrets_load(const struct party_hook *hook, struct hook_secrets *secrets, struct why *why) MUST_CHECK;
/* hook_secrets_clear - nothing of them stays in memory */
void hook_secrets_clear(struct hook_secrets *secrets);

#endif
