/* SPDX-License-Identifier: Apache-2.0 */
/*
 * edifact_checks - what is wrong with a part of an interchange that could be read: its faults
 * For edifact.c only. Everything returns false only when a limit is reached, with the reader's `why` filled.
 */
#ifndef TRIBUTARY_FORMATS_EDIFACT_CHECKS_H
#define TRIBUTARY_FORMATS_EDIFACT_CHECKS_H

#include "formats/edifact_internal.h"

/* An interchange, group or message while it is open. */
struct edifact_level {
	struct node *node;    /* NULL: none is open */
	struct node *header;  /* UNB, UNG, UNH */
	struct node *members; /* list of what its trailer counts */
	bool has_control;     /* in its own segments */
	bool has_bgm;         /* messages only */
};

enum edifact_kind { EDIFACT_INTERCHANGE, EDIFACT_GROUP, EDIFACT_MESSAGE };

/* edifact_level_check - header, trailer (NULL when there is none), characters and BGM; faults go to level->node */
bool edifact_level_check(struct edifact_reader *r, enum edifact_kind kind, const struct edifact_level *level,
			 const struct node *trailer) MUST_CHECK;

/* edifact_duplicates_check - messages: a list whose messages are complete; faults go to all but the first */
bool edifact_duplicates_check(struct edifact_reader *r, const struct node *messages) MUST_CHECK;

#endif
