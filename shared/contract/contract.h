/* SPDX-License-Identifier: Apache-2.0 */
/*
 * contract - a canonical document described once
 * One table of fields per struct (they stand in model/) gives msgpack out and in, JSON out and in, validation with the
 * path of the wrong field, the JSON Schema and the docs.
 *
 * An optional field that is missing has its zero: empty text, 0, false, the nil UUID, the first name of an enum, an
 * empty list, an object of zeros; and what has its zero is not written. So there is no third state.
 *
 * On the wire (msgpack, a map with text keys; unknown keys are skipped, so that a newer writer may add a field):
 *   TEXT str · INT MONEY INSTANT DECIMAL int (minor units, microseconds, millionths) · BOOL bool · UUID bin 16
 *   ENUM str (its name) · OBJECT map · LIST array
 * In JSON: DECIMAL is text ("0.0375"), INSTANT is RFC 3339 text, UUID is text of 36, MONEY and INT are integers.
 *
 * To change a shipped contract: add an optional field, or copy the table to version + 1; never change or remove one.
 * tests/contract/golden pins the bytes of every version.
 */
#ifndef TRIBUTARY_CONTRACT_CONTRACT_H
#define TRIBUTARY_CONTRACT_CONTRACT_H

#include "base/arena.h"
#include "base/outcome.h"
#include "formats/tree.h"

enum field_type {
	FIELD_TEXT,    /* struct str; min and max are bytes */
	FIELD_INT,     /* int64_t */
	FIELD_BOOL,    /* bool */
	FIELD_DECIMAL, /* int64_t, millionths; min and max too */
	FIELD_MONEY,   /* int64_t, minor units of the document's currency */
	FIELD_INSTANT, /* int64_t, microseconds since 1970 UTC */
	FIELD_UUID,    /* struct uuid */
	FIELD_ENUM,    /* int, index into `names` */
	FIELD_OBJECT,  /* the struct itself, described by `of` */
	FIELD_LIST,    /* struct list of the structs described by `of`; min and max are counts */
};

/* What a LIST field is in its struct; items is an array of the element's struct. */
struct list {
	void *items;
	size_t n;
};

/* Largest money and decimal a document may carry: sums of 10,000 of them still fit an int64. */
#define CONTRACT_MONEY_MAX INT64_C(900000000000000)
#define CONTRACT_DECIMAL_MAX INT64_C(900000000000000)
/* The first and the last microsecond that RFC 3339 text can say and a database takes: the years 1 to 9999. */
#define CONTRACT_INSTANT_MIN INT64_C(-62135596800000000)
#define CONTRACT_INSTANT_MAX INT64_C(253402300799999999)

struct field {
	const char *key;
	enum field_type type;
	bool required;
	size_t offset;
	int64_t min, max; /* both 0: the type's own limits (text: 0..4096 bytes, lists: 0..10000) */
	const struct contract *of;
	const char *const *names; /* of an enum, ends in NULL */
	const char *unit;         /* "" or NULL when there is none */
	const char *meaning;
};

struct contract {
	const char *name; /* order */
	int version;      /* of a document; 0 for a part of one */
	const char *title;
	size_t size; /* of the struct, bytes */
	const struct field *fields;
	size_t fields_count;
	bool is_partial; /* says only some of a document: required fields, those of its parts too, may be left out */
};

/*
 * contract_encode - the document as msgpack into `out` (which it appends to)
 * The struct is ours and valid; only memory can fail, and then `out` says so (buf_is_ok).
 */
void contract_encode(const struct contract *c, const void *document, struct buf *out);

/*
 * contract_decode - msgpack to the struct, checked and validated
 * body      borrowed; texts of the struct point into it: keep it
 * document  c->size bytes, overwritten, only on OUTCOME_OK meaningful
 *
 * OUTCOME_DEAD   codes: msgpack-invalid (not msgpack, or built to exhaust us) field-missing field-type field-range
 *                field-text (not UTF-8, or a control character) too-large (the arena's cap)
 */
enum outcome contract_decode(const struct contract *c, struct str body, struct arena *arena, void *document,
			     struct why *why) MUST_CHECK;

/*
 * contract_from_tree - a parsed tree (JSON, or what a mapping returned) to the struct, checked and validated
 * Numbers are accepted as numbers or text. An unknown key is an error (field-unknown): a mapping with a typo must not
 * pass. Texts point into the tree's memory. Codes as above.
 */
enum outcome contract_from_tree(const struct contract *c, const struct node *tree, struct arena *arena, void *document,
				struct why *why) MUST_CHECK;

/* Everything that is wrong with a document, in its order. */
#define COMPLAINTS_MAX 100
struct complaints {
	struct why items[COMPLAINTS_MAX];
	size_t n; /* more than COMPLAINTS_MAX are not kept */
};

/* contract_complain - adds all that contract_from_tree() would find wrong, one after the other was mended */
void contract_complain(const struct contract *c, const struct node *tree, struct arena *arena,
		       struct complaints *complaints);

/* contract_put_json - the document as JSON text; indent_columns 0 means one line */
void contract_put_json(const struct contract *c, const void *document, struct buf *out, unsigned indent_columns);

/* contract_put_schema - JSON Schema (2020-12) of the contract's JSON form */
void contract_put_schema(const struct contract *c, struct buf *out);

#endif
