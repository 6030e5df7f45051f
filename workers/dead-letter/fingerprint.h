/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fingerprint - same fingerprint, same trouble
 * Of origin, type, code and the field's path without list indexes: lines[7].sku and lines[0].sku are one trouble.
 */
#ifndef TRIBUTARY_DEAD_LETTER_FINGERPRINT_H
#define TRIBUTARY_DEAD_LETTER_FINGERPRINT_H

#include "base/str.h"

#define FINGERPRINT_BYTES 13 /* with the NUL */

void fingerprint_of(struct str origin, struct str type, struct str code, struct str path,
		    char out[static FINGERPRINT_BYTES]);

#endif
