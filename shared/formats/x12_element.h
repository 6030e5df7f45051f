/* SPDX-License-Identifier: Apache-2.0 */
/*
 * x12_element - one element of a segment, as it stands in the file, to its node
 */
#ifndef TRIBUTARY_FORMATS_X12_ELEMENT_H
#define TRIBUTARY_FORMATS_X12_ELEMENT_H

#include "formats/x12_build.h"
#include "formats/x12_scan.h"

struct x12_reader {
	const char *start; /* of the document: offsets count from here */
	struct x12_builder build;
	struct x12_alphabet alphabet; /* of the interchange */
};

/* x12_text_add - a text as the parent's last child; without line breaks, in UTF-8 */
void x12_text_add(struct x12_reader *r, struct node *parent, struct str key, struct str raw);

/*
 * x12_element_add - a text, a composite (object) or a repeated element (list) as the parent's last child; nothing for
 * one without content
 * raw   borrowed: the bytes between two element separators; the tree points into them
 * seen  their classes, from x12_element_end
 * false: a composite has more components than are taken
 */
bool x12_element_add(struct x12_reader *r, struct node *parent, struct str key, struct str raw,
		     unsigned seen) MUST_CHECK;

#endif
