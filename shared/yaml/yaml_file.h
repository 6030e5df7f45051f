/* SPDX-License-Identifier: Apache-2.0 */
/*
 * yaml_file - the YAML files people write, read by a schema and checked, with every problem said at once
 * Only the folders that declare a schema include libcyaml; they make every field optional and every scalar a text, and
 * then check with the functions below, which name file and field:
 *
 *   topology/parties/shop/party.yaml: policies.backorder: "maybe" is none of: allow hold
 *
 * Sticky: a problem is written and counted, the reader goes on, and looks at problems_count at the end. (The prefix is
 * not yaml_: libyaml exports yaml_free and others of its own.)
 */
#ifndef TRIBUTARY_YAML_YAML_FILE_H
#define TRIBUTARY_YAML_YAML_FILE_H

#include "base/outcome.h"

#include <stdio.h>

#define YAML_FIELD_BYTES 128 /* longest path of a field with its NUL: queues[2].bindings[0].key */

struct cyaml_schema_value;

struct yaml_file {
	const char *path;
	FILE *errors; /* borrowed */
	size_t problems_count;
};

/*
 * yaml_file_load - the file as the struct its schema describes; yaml_file_free() gives it back
 * Unknown keys, keys given twice, aliases and wrong shapes are problems. After unknown keys alone the struct is still
 * returned, so that its values can be checked in the same run. NULL when there is nothing to check.
 */
void *yaml_file_load(struct yaml_file *file, const struct cyaml_schema_value *schema);
void yaml_file_free(const struct cyaml_schema_value *schema, void *data); /* NULL is fine */

/* yaml_file_problem - one line: file, field ("" when there is none), text */
void yaml_file_problem(struct yaml_file *file, const char *field, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* A value's check; text is NULL when the field is absent or empty. What is refused is a problem and reads as 0. */
bool yaml_file_is_given(struct yaml_file *file, const char *field, const char *text);
int64_t yaml_file_int(struct yaml_file *file, const char *field, const char *text, int64_t min, int64_t max);
/* yaml_file_choice - the index of text among the n choices */
size_t yaml_file_choice(struct yaml_file *file, const char *field, const char *text, const char *const *choices,
			size_t n);
/* yaml_file_name - "" unless it is 1 to max bytes of lowercase letters, digits and hyphens, no hyphen at either end */
const char *yaml_file_name(struct yaml_file *file, const char *field, const char *text, size_t max);

#endif
