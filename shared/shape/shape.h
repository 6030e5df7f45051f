/* SPDX-License-Identifier: Apache-2.0 */
/*
 * shape - what a party's documents of one kind look like, learned from them, and what one of them has that is different
 * Pure: no clock, no database. The units are seen as they were mapped, so that it is known which paths a mapping uses
 * (node.is_read). What was seen is judged once SHAPE_LEARN_DOCUMENTS were:
 *
 *   new      a path that was never there                                                  a note; learned at once
 *   value    a code that a used path with few codes never had                             a note; learned at once
 *   retyped  a used path has a type that it never had                                     an alarm
 *   missing  a used path that was in every document before (each time its parent was)     an alarm
 *
 * What is an alarm is not learned, so that each further document counts, until a person accepts it. null, an empty text
 * and what is absent are the same, and an empty list or object has no type.
 *
 * Paths: keys joined by '.', elements of a list as [], segments of X12 and EDIFACT as [TAG]:
 *
 *   line_items[].price    segments[PO1].PO104    segments[LIN].3.2    document.cac:OrderLine.cbc:Note
 *
 * There, an element's first component is the element itself, and repetitions are as one; in XML an element alone and a
 * list are the same, and so are a text and one with attributes. A key that may be data (an id, an address) is `*`.
 * Values are kept as hashes, and only of paths that never had other than codes: at most SHAPE_VALUE_BYTES of letters,
 * digits, '_', '.', '-', no word with a capital (a name), no number of more than three digits (a postcode, an amount).
 */
#ifndef TRIBUTARY_SHAPE_SHAPE_H
#define TRIBUTARY_SHAPE_SHAPE_H

#include "base/uuid.h"
#include "formats/tree.h"

#define SHAPE_LEARN_DOCUMENTS 20
#define SHAPE_PATHS_MAX 2048 /* beyond, nothing is learned any more */
#define SHAPE_PATH_BYTES 200
#define SHAPE_KEY_BYTES 64
#define SHAPE_VALUES_MAX 16 /* of one path; beyond it is open, and its values are forgotten */
#define SHAPE_VALUE_BYTES 32
#define SHAPE_FINDINGS_MAX 256

enum shape_format { SHAPE_PLAIN, SHAPE_XML, SHAPE_X12, SHAPE_EDIFACT }; /* plain: JSON, CSV */
enum shape_what { SHAPE_NEW, SHAPE_VALUE, SHAPE_RETYPED, SHAPE_MISSING, SHAPE_WHATS };

/* `…_unsaved` is the part that is not in the database yet. */
struct shape_path {
	struct str text; /* of the root: "" */
	uint64_t hash;
	uint32_t parent;
	uint32_t types;    /* a bit per enum node_type */
	bool is_used;      /* a mapping reads it */
	bool is_element;   /* [] or [TAG]: there may be any number of them */
	bool is_open;      /* its values are no codes */
	bool is_optional;  /* it was accepted that it is missing */
	bool is_unsaved;   /* types, is_used or is_open are others than in the database */
	int64_t documents; /* that had it */
	int64_t absent;    /* documents that had its parent without it */
	int64_t documents_unsaved, absent_unsaved;
	uint64_t values[SHAPE_VALUES_MAX];
	uint32_t values_count, values_saved; /* 0 .. saved .. count */
	/* Of the document that is seen. */
	uint64_t seen_in;
	uint32_t now;  /* how often */
	bool is_quiet; /* new or retyped: what is below is not said again */
};

struct shape_finding {
	uint32_t path;
	enum shape_what what;
	char was[SHAPE_VALUE_BYTES * 2], now[SHAPE_VALUE_BYTES + 1]; /* types; the value of SHAPE_VALUE */
	struct uuid document;                                        /* the last that had it */
	int64_t at_us;
	bool is_said; /* it stands in the database */
	bool is_sent; /* a transaction holds it that may not commit */
	int64_t documents_unsaved;
};

struct shape {
	struct shape_path *paths; /* [0] is the root: its documents are all of them */
	size_t paths_count, paths_cap;
	uint32_t *slots; /* by hash: index + 1 */
	size_t slots_count;
	struct shape_finding *findings;
	size_t findings_count;
	bool is_full; /* a limit was met */
	uint64_t seen;
};

struct shape_document {
	enum shape_format format;
	struct uuid id;
	int64_t at_us;
	bool is_learned; /* false: only alarms are looked for; what was refused teaches nothing */
};

struct shape *shape_new(void); /* NULL without memory */
void shape_free(struct shape *s);

/*
 * shape_see - judge one unit, and learn from it
 * found  documents per enum shape_what that had such a finding, 0 or more added
 * A finding is in s->findings, once for each path and what; it has the last document and its time.
 */
void shape_see(struct shape *s, const struct node *unit, const struct shape_document *d, size_t found[SHAPE_WHATS]);

/* For what was stored: */
/* shape_path_put - the path of this text; NULL beyond the limits. Parents come before what is below them. */
struct shape_path *shape_path_put(struct shape *s, struct str text);
void shape_value_put(struct shape_path *p, uint64_t value);
/* shape_finding_put - NULL beyond SHAPE_FINDINGS_MAX */
struct shape_finding *shape_finding_put(struct shape *s, uint32_t path, enum shape_what what, struct str now);
/* shape_accept - what a finding says is right from now on */
void shape_accept(struct shape *s, struct shape_path *p, enum shape_what what, struct str now);
/* shape_saved - all of its paths and values are */
void shape_saved(struct shape *s);
/* shape_settle - findings that are saved are forgotten, those that are to be saved stay */
void shape_settle(struct shape *s);
size_t shape_alarms(const struct shape *s); /* among its findings */

bool shape_is_alarm(enum shape_what what);
const char *shape_what_name(enum shape_what what);
/* shape_what_find - SHAPE_WHATS for none */
enum shape_what shape_what_find(struct str name);

#endif
