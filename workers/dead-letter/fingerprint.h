/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fingerprint - same fingerprint, same trouble
 * Of origin, party, type, code and the field's path without list indexes: lines[7].sku and lines[0].sku are one trouble.
 */
#ifndef TRIBUTARY_DEAD_LETTER_FINGERPRINT_H
#define TRIBUTARY_DEAD_LETTER_FINGERPRINT_H

#include "base/str.h"

#define FINGERPRINT_BYTES 13 /* with the NUL */

struct trouble {
	struct str origin; /* the queue it failed in */
	struct str party, type, code, path;
};

void fingerprint_of(const struct trouble *t, char out[static FINGERPRINT_BYTES]);

#endif
