/* SPDX-License-Identifier: Apache-2.0 */
/*
 * edi - what the tests of EDIFACT share: an arena, small orders, and the parts of their trees as text
 * All memory is from the arena between edi_setup and edi_teardown. What fails here ends the test.
 */
#ifndef TRIBUTARY_TESTS_EDI_H
#define TRIBUTARY_TESTS_EDI_H

#include "formats/tree.h"

#define EDI_SAMPLES "../shared/samples" /* real documents, beside the repository; not part of it */

/* An order of syntax 3 around whatever is tried. */
#define EDI_HEAD "UNB+UNOC:3+BUYER:14+SELLER:14+260101:1200+REF1'"
#define EDI_UNH "UNH+1+ORDERS:D:96A:UN'BGM+220+PO1+9'"
#define EDI_ONE_LINE EDI_UNH "LIN+1'UNT+4+1'"
#define EDI_TAIL "UNZ+1+REF1'"

void edi_setup(void);
void edi_teardown(void);
struct arena *edi_arena(void);
struct why *edi_why(void); /* of the last call that failed */

/* edi_parse - by the default limits; NULL when refused */
struct node *edi_parse(struct str document);
struct node *edi_must_parse(struct str document);
void edi_must_refuse(struct str document, const char *code);
/* edi_written - the tree's bytes; .p ends in NUL */
struct str edi_written(const struct node *tree);
/* edi_must_come_back - parse(write(parse(document))) is parse(document) */
void edi_must_come_back(struct str document);

/* edi_order_with - one order with these segments behind BGM; UNT counts as told */
struct str edi_order_with(const char *segments, int count);
/* edi_repeated - n times the same piece; .p ends in NUL */
struct str edi_repeated(const char *piece, size_t n);
struct str edi_file_read(const char *path);

const struct node *edi_interchange_of(const struct node *root, size_t index);
/* edi_message_of - of the first interchange; edi_segment_of - of its first message */
const struct node *edi_message_of(const struct node *root, size_t index);
const struct node *edi_segment_of(const struct node *root, size_t index);
/* edi_json - the node on one line */
const char *edi_json(const struct node *n);
/* edi_faults - "edifact-count 29, edifact-reference 28"; "" when there are none */
const char *edi_faults(const struct node *level);

#endif
