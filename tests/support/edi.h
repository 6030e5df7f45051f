/* SPDX-License-Identifier: Apache-2.0 */
/*
 * edi - X12 files and their trees as its tests need them
 * All memory is from the arena of trees.h.
 */
#ifndef TRIBUTARY_TESTS_EDI_H
#define TRIBUTARY_TESTS_EDI_H

#include "formats/x12.h"
#include "support/trees.h"

#define ISA_OF(isa11, isa12)                                                                                 \
	"ISA*00*          *00*          *ZZ*SENDER         *ZZ*RECEIVER       *240131*1100*" isa11 "*" isa12 \
	"*000000011*1*P*>~"
#define ISA ISA_OF("U", "00401")
#define ISA_5010 ISA_OF("^", "00501")
#define GS "GS*PO*SAPP*RAPP*20240131*1100*7*X*004010~"
#define ORDER "ST*850*0001~BEG*00*SA*PO1**20240131~SE*3*0001~"
#define END "GE*1*7~IEA*1*000000011~"
/* One interchange, one group, one transaction with these segments; their number goes to SE01. */
#define WITH(isa, segments, se01) isa GS "ST*850*0001~" segments "SE*" se01 "*0001~" END

/* Paths of the first transaction of the first group, and of what comes behind its ST. */
#define TRANSACTION "interchanges.0.groups.0.transactions.0"
#define SEGMENT_1 TRANSACTION ".segments.1"

/* edi_parse - the tree, NULL with `why` when it is refused; edi_must_parse ends the test then */
struct node *edi_parse(struct str text);
struct node *edi_must_parse(struct str text);
/* edi_written - the tree's bytes, with a NUL; empty with `why` when it is refused */
struct str edi_written(const struct node *tree);
/* edi_at - the node at a path of names and indexes: "interchanges.0.ISA.ISA13"; edi_text its text */
const struct node *edi_at(const struct node *root, const char *path);
const char *edi_text(const struct node *root, const char *path);
void edi_must_be(const struct node *n, const char *expected_json);
struct str edi_file(const char *path);
/* edi_repeated - head, n times the piece, tail */
struct str edi_repeated(const char *head, const char *piece, size_t n, const char *tail);
/* edi_exchanged - text with every `from` made `to` */
struct str edi_exchanged(const char *text, char from, char to);

#endif
