/* SPDX-License-Identifier: Apache-2.0 */
#include "model/acknowledgement.h"

#define AT(member) .offset = offsetof(struct acknowledgement, member)

static const char *const verdicts[] = {"accepted", "with-errors", "rejected", NULL};

#define OURS_FIRST 1 /* what ingest fills itself */

static const struct field fields[] = {
    {.key = "party", .type = FIELD_TEXT, .required = true, AT(party), .min = 1, .max = 40, .meaning = "who answers"},
    {.key = "control",
     .type = FIELD_TEXT,
     .required = true,
     AT(control),
     .min = 1,
     .max = 35,
     .meaning = "control number of our interchange or group"},
    {.key = "verdict",
     .type = FIELD_ENUM,
     .required = true,
     AT(verdict),
     .names = verdicts,
     .meaning = "what they say"},
    {.key = "reason", .type = FIELD_TEXT, AT(reason), .max = 512, .meaning = "their codes and places"},
};
const struct contract acknowledgement_contract = {.name = "acknowledgement",
						  .version = 1,
						  .title = "A party's word about a document that we sent it",
						  .size = sizeof(struct acknowledgement),
						  .fields = fields,
						  .fields_count = COUNT_OF(fields)};

const struct contract channel_acknowledgement_contract = {.name = "acknowledgement",
							  .version = 1,
							  .title = "An acknowledgement as a mapping gives it",
							  .size = sizeof(struct acknowledgement),
							  .fields = fields + OURS_FIRST,
							  .fields_count = COUNT_OF(fields) - OURS_FIRST};
