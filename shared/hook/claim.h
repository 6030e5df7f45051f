/* SPDX-License-Identifier: Apache-2.0 */
/*
 * claim - what a request's headers say: these bytes were signed, then, and this came out
 * For shared/hook only.
 */
#ifndef TRIBUTARY_HOOK_CLAIM_H
#define TRIBUTARY_HOOK_CLAIM_H

#include "hook/hook.h"

#define CLAIM_DIGEST_BYTES 32
#define CLAIM_PARTS_MAX 5

struct claim {
	struct str parts[CLAIM_PARTS_MAX]; /* what was signed, one behind the other; from the request */
	size_t parts_count;
	unsigned char digests[HOOK_SIGNATURES_MAX][CLAIM_DIGEST_BYTES]; /* any of them may be right */
	size_t digests_count;
	int64_t at_s; /* when; of a scheme that has a time */
};

/* claim_read - of the schemes that sign; OUTCOME_DEAD signature-missing, signature-malformed as hook_check() */
enum outcome claim_read(const struct party_hook *hook, const struct hook_request *request, struct claim *claim,
			struct why *why) MUST_CHECK;

/* claim_digest - HMAC-SHA256 of the parts, one behind the other, with the secret as key */
void claim_digest(const struct hook_secret *secret, const struct str *parts, size_t parts_count,
		  unsigned char out[static CLAIM_DIGEST_BYTES]);

#endif
