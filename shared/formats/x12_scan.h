/* SPDX-License-Identifier: Apache-2.0 */
/*
 * x12_scan - the bytes of X12: its header, its separators, its text
 * For x12.c and x12_write.c only; knows no tree.
 */
#ifndef TRIBUTARY_FORMATS_X12_SCAN_H
#define TRIBUTARY_FORMATS_X12_SCAN_H

#include "base/arena.h"
#include "base/outcome.h"

#define X12_ISA_FIELDS 16
#define X12_ISA_BYTES 106 /* of an ISA that is as long as it should be, with its terminator */

/* Widths of ISA01 .. ISA16, bytes. */
extern const unsigned char x12_isa_widths[X12_ISA_FIELDS];

struct x12_separators {
	char element, component, segment;
	char repetition; /* only when has_repetition */
	bool has_repetition;
};

/* x12_separators_problem - why they cannot be used, NULL when they can */
const char *x12_separators_problem(const struct x12_separators *separators);

/* What a byte is in an interchange. */
enum x12_class {
	X12_ELEMENT = 1,
	X12_SEGMENT = 2,
	X12_COMPONENT = 4,
	X12_REPETITION = 8,
	X12_BREAK = 16, /* CR or LF that is no separator: a wrapped line */
	X12_HIGH = 32,  /* 0x80 and above */
	X12_CONTROL = 64,
};

struct x12_alphabet {
	struct x12_separators separators;
	unsigned char classes[256];
};

void x12_alphabet_init(struct x12_alphabet *a, const struct x12_separators *separators);
/* x12_element_end - where an ELEMENT or SEGMENT byte stands, or end; *seen are the classes of the bytes before it */
const char *x12_element_end(const struct x12_alphabet *a, const char *p, const char *end, unsigned *seen);

enum x12_header_state {
	X12_HEADER_OK,
	X12_HEADER_CUT,        /* it ends before its terminator, or within 512 bytes there are no 16 elements */
	X12_HEADER_FIELDS,     /* ISA11, ISA14 or ISA15 have more than a character: elements are missing */
	X12_HEADER_SEPARATORS, /* the element separator is a letter, digit or blank */
};

struct x12_header {
	struct str fields[X12_ISA_FIELDS]; /* as they stand there, views */
	struct x12_separators separators;  /* of which the element separator alone was checked */
	size_t length;                     /* from ISA to behind the terminator, bytes */
};

/* x12_header_read - the ISA at p; by offsets when the separators stand where they should, else by counting them */
enum x12_header_state x12_header_read(const char *p, const char *end, struct x12_header *h);

/* x12_has_repetition - is this ISA11 a repetition separator? From version 00402 on, unless a letter, digit or blank */
bool x12_has_repetition(struct str isa11, struct str isa12);

/* x12_text - raw without line breaks and in UTF-8: itself where that is so, else a copy; false without memory */
bool x12_text(struct arena *arena, struct str raw, struct str *text) MUST_CHECK;
/* x12_trim_right - without blanks, tabs and no-break spaces at the end */
struct str x12_trim_right(struct str text);
/* x12_byte_text - one byte read as ISO 8859-1, in UTF-8: for separators; x12_byte_of is its reverse */
struct str x12_byte_text(struct arena *arena, char byte);
bool x12_byte_of(struct str text, char *byte) MUST_CHECK;

/* x12_digits - without the zeros in front; false when it is not all digits or nothing */
bool x12_digits(struct str text, struct str *significant) MUST_CHECK;

#endif
