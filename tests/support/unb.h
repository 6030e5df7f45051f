/* SPDX-License-Identifier: Apache-2.0 */
/*
 * unb - what the tests of EDIFACT share: an arena, small orders, and the parts of their trees as text
 * All memory is from the arena of trees.h. What fails here ends the test.
 */
#ifndef TRIBUTARY_TESTS_UNB_H
#define TRIBUTARY_TESTS_UNB_H

#include "support/trees.h"

#define UNB_SAMPLES "../shared/samples" /* real documents, beside the repository; not part of it */

/* An order of syntax 3 around whatever is tried. */
#define UNB_HEAD "UNB+UNOC:3+BUYER:14+SELLER:14+260101:1200+REF1'"
#define UNB_UNH "UNH+1+ORDERS:D:96A:UN'BGM+220+PO1+9'"
#define UNB_ONE_LINE UNB_UNH "LIN+1'UNT+4+1'"
#define UNB_TAIL "UNZ+1+REF1'"

/* unb_parse - by the default limits; NULL when refused */
struct node *unb_parse(struct str document);
struct node *unb_must_parse(struct str document);
void unb_must_refuse(struct str document, const char *code);
/* unb_written - the tree's bytes; .p ends in NUL */
struct str unb_written(const struct node *tree);
/* unb_must_come_back - parse(write(parse(document))) is parse(document) */
void unb_must_come_back(struct str document);

/* unb_order_with - one order with these segments behind BGM; UNT counts as told */
struct str unb_order_with(const char *segments, int count);
/* unb_repeated - n times the same piece; .p ends in NUL */
struct str unb_repeated(const char *piece, size_t n);
struct str unb_file_read(const char *path);

const struct node *unb_interchange_of(const struct node *root, size_t index);
/* unb_message_of - of the first interchange; unb_segment_of - of its first message */
const struct node *unb_message_of(const struct node *root, size_t index);
const struct node *unb_segment_of(const struct node *root, size_t index);
/* unb_faults - "edifact-count 29, edifact-reference 28"; "" when there are none */
const char *unb_faults(const struct node *level);

#endif
