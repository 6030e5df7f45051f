/* SPDX-License-Identifier: Apache-2.0 */
/*
 * edifact_put - segments to bytes
 * For edifact_write.c only. Sticky: after the first fault nothing more is put; it is in `outcome` and in `why`.
 */
#ifndef TRIBUTARY_FORMATS_EDIFACT_PUT_H
#define TRIBUTARY_FORMATS_EDIFACT_PUT_H

#include "formats/edifact.h"
#include "formats/edifact_scan.h"

struct edifact_writer {
	struct buf *out;
	struct why *why;
	enum outcome outcome;
	char path[sizeof((struct why *)NULL)->path]; /* of what is being put, path_n bytes and a NUL */
	size_t path_n;
	/* of the interchange that is being put */
	struct edifact_separators separators;
	struct edifact_charset charset;
};

/* edifact_refuse - the first fault is kept, at the path */
void edifact_refuse(struct edifact_writer *w, const char *code, const char *text);

/* edifact_path_enter - "[index]" or ".name", either may be left out (-1, NULL); returns what edifact_path_leave takes
 */
size_t edifact_path_enter(struct edifact_writer *w, const char *name, long index);
void edifact_path_leave(struct edifact_writer *w, size_t path_n);

/* edifact_put_segment - one segment with its terminator, which must have that tag */
void edifact_put_segment(struct edifact_writer *w, const struct node *segment, struct str tag);
/*
 * edifact_put_trailer - UNT, UNE or UNZ
 * segment    borrowed; what the tree has of it, or NULL
 * count      replaces its first element unless that is the same number
 * reference  replaces its second element
 */
void edifact_put_trailer(struct edifact_writer *w, const struct node *segment, struct str tag, size_t count,
			 struct str reference);

#endif
