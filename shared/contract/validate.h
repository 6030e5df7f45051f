/* SPDX-License-Identifier: Apache-2.0 */
/*
 * validate - is a value what its field wants? For decode.c and tree.c, which differ only in where values come from.
 */
#ifndef TRIBUTARY_CONTRACT_VALIDATE_H
#define TRIBUTARY_CONTRACT_VALIDATE_H

#include "contract/contract.h"

/* Where in the document: lines[2].quantity. Too long a path is cut. */
struct path {
	char text[sizeof((struct why *)0)->path];
	size_t n;
};

struct path path_key(const struct path *parent, const char *key);
struct path path_index(const struct path *parent, size_t index);

/* The limits that hold for a field, its own or its type's. */
int64_t field_min(const struct field *f);
int64_t field_max(const struct field *f);
/* What a field's struct member has when it is not there. */
bool field_is_zero(const struct field *f, const void *document);
bool contract_is_zero(const struct contract *c, const void *document);
size_t field_size(const struct field *f);
void *field_at(const struct field *f, void *document);
const void *field_of(const struct field *f, const void *document);

/* OUTCOME_DEAD with codes field-type, field-range, field-text, field-missing; texts say what is wanted */
enum outcome field_wrong_type(const struct field *f, const struct path *path, const char *found, struct why *why);
enum outcome field_check_text(const struct field *f, struct str s, const struct path *path, struct why *why);
enum outcome field_check_int(const struct field *f, int64_t v, const struct path *path, struct why *why);
enum outcome field_check_count(const struct field *f, size_t n, const struct path *path, struct why *why);
/* index of the name; -1 when there is none */
int field_enum_index(const struct field *f, struct str name);
/* contract_check_present - every required field was given; `given` has one flag per field */
enum outcome contract_check_present(const struct contract *c, const bool *given, const struct path *path,
				    struct why *why);

/* Fields of one contract, at most. */
#define CONTRACT_FIELDS_MAX 48

#endif
