/* SPDX-License-Identifier: Apache-2.0 */
/*
 * x12_check - what the envelopes say about what is in them: counts, control numbers, repeats
 * Adds to the level's faults, whose codes are listed at x12.h; never refuses anything.
 */
#ifndef TRIBUTARY_FORMATS_X12_CHECK_H
#define TRIBUTARY_FORMATS_X12_CHECK_H

#include "formats/x12_build.h"

/* x12_check_transaction - when its SE was read; se NULL: there is none */
void x12_check_transaction(struct x12_builder *b, struct node *transaction, const struct node *se);
/* x12_check_group - when its GE was read; ge NULL: there is none. Also the repeats of ST02 in it */
void x12_check_group(struct x12_builder *b, struct node *group, const struct node *ge);
/* x12_check_interchange - when its IEA was read; iea NULL: there is none */
void x12_check_interchange(struct x12_builder *b, struct node *interchange, const struct node *iea);
/* x12_check_file - interchanges and groups that occur twice */
void x12_check_file(struct x12_builder *b, struct node *interchanges);

#endif
