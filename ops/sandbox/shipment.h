/* SPDX-License-Identifier: Apache-2.0 */
/*
 * shipment - what the sandbox warehouse is asked to ship
 *   {"reference": "<shipment id>", "lines": [{"reference": "<line>", "sku": "…", "quantity": "2"}], …}
 * Everything else in it is looked at by nobody, but is part of what makes two requests the same.
 */
#ifndef TRIBUTARY_SANDBOX_SHIPMENT_H
#define TRIBUTARY_SANDBOX_SHIPMENT_H

#include "base/arena.h"
#include "base/outcome.h"

#define SHIPMENT_REFERENCE_BYTES 128
#define SHIPMENT_LINES_MAX 10000

struct shipment_asked {
	struct str reference;     /* 1..SHIPMENT_REFERENCE_BYTES visible ASCII characters */
	struct str lines;         /* JSON of the lines as they will be confirmed, on one line */
	unsigned char sha256[32]; /* of the request's body */
};

/*
 * shipment_read - understand a request's body
 * short_micro  the part of each quantity that will be shipped, in whole units rounded down: 1000000 all of it
 * asked        in the arena; written on OUTCOME_OK only
 *
 * OUTCOME_DEAD  codes: those of json_parse, field-missing, field-range, too-large
 */
enum outcome shipment_read(struct str body, int64_t short_micro, struct arena *arena, struct shipment_asked *asked,
			   struct why *why) MUST_CHECK;

/* shipment_is_reference - visible ASCII, at most SHIPMENT_REFERENCE_BYTES */
bool shipment_is_reference(struct str text);

#endif
