/* SPDX-License-Identifier: Apache-2.0 */
/*
 * edifact_scan - separators and character sets of EDIFACT, without a parser's state
 * For the edifact_*.c files only.
 */
#ifndef TRIBUTARY_FORMATS_EDIFACT_SCAN_H
#define TRIBUTARY_FORMATS_EDIFACT_SCAN_H

#include "base/str.h"

#define EDIFACT_UNA_BYTES 9 /* "UNA" and its six */

struct edifact_separators {
	char component, element, decimal;
	char release;    /* NUL: none */
	char repetition; /* NUL: none */
	char segment;
};

/*
 * edifact_separators_read - the six of UNA, or the usual ones when una is empty
 * una           EDIFACT_UNA_BYTES or none
 * is_repeating  syntax 4: the fifth is the repetition separator; before it is reserved
 * Returns NULL, or what is wrong with them; then separators are as before.
 */
const char *edifact_separators_read(struct str una, bool is_repeating, struct edifact_separators *separators);

/* edifact_segment_end - the first terminator from p on that is not released; NULL when there is none */
const char *edifact_segment_end(const char *p, const char *end, const struct edifact_separators *separators);

/* edifact_blanks_end - behind blanks, tabs and line ends */
const char *edifact_blanks_end(const char *p, const char *end);

/* edifact_is_tag - three capital letters or digits? */
bool edifact_is_tag(struct str text);

/* edifact_is_word - nothing but ASCII letters and digits? */
bool edifact_is_word(struct str text);

/* edifact_has_control - is there a control character (C0, DEL, C1) in this UTF-8? */
bool edifact_has_control(struct str text);

/* How bytes stand for characters: below 0x80 always ASCII. */
struct edifact_charset {
	bool is_utf8;       /* then high is not used */
	uint16_t high[128]; /* characters of the bytes from 0x80; 0 is none */
};

/* edifact_charset_of - iconv's name of the set that UNB S001/0001 names; NULL when it names none of the known */
const char *edifact_charset_of(struct str identifier);
/* edifact_charset_load - by iconv's name; false when this machine does not know it (a name from outside is fine) */
bool edifact_charset_load(struct str name, struct edifact_charset *charset) __attribute__((warn_unused_result));
/* edifact_charset_decode - the byte as UTF-8, at most three bytes; returns how many, 0 when the set has no such */
size_t edifact_charset_decode(const struct edifact_charset *charset, char byte, char *out);
/* edifact_charset_encode - the character at the front of well-formed UTF-8: its bytes to out (at most four), how many
 * to *n, 0 when the set does not have it; returns the length of the character in UTF-8 */
size_t edifact_charset_encode(const struct edifact_charset *charset, struct str text, char *out, size_t *n);

#endif
