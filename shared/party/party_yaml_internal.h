/* SPDX-License-Identifier: Apache-2.0 */
/*
 * party_yaml_internal - the sections of party.yaml that have a file of their own
 * For shared/party only.
 */
#ifndef TRIBUTARY_PARTY_PARTY_YAML_INTERNAL_H
#define TRIBUTARY_PARTY_PARTY_YAML_INTERNAL_H

#include "base/arena.h"
#include "party/party.h"
#include "yaml/yaml_file.h"

#include <cyaml/cyaml.h>

/* Texts only, so that a wrong value is our problem line and not libcyaml's first and last word. */
#define PARTY_YAML_FLAGS (CYAML_FLAG_POINTER_NULL | CYAML_FLAG_OPTIONAL)
#define PARTY_YAML_TEXT(row, key) CYAML_FIELD_STRING_PTR(#key, PARTY_YAML_FLAGS, struct row, key, 0, CYAML_UNLIMITED)

struct topic_text {
	char *topic, *kind;
};

struct hook_text {
	char *scheme, *secret_env, *header, *encoding, *prefix, *topic_header, *topic_pointer, *id_header, *id_pointer,
	    *tolerance_s, *answer_within_ms, *otherwise;
	struct topic_text *topics;
	unsigned topics_count;
};

struct door_text {
	char *requests_per_second, *burst, *body_bytes;
};

extern const cyaml_schema_field_t hook_yaml_fields[];
extern const cyaml_schema_field_t door_yaml_fields[];

/*
 * hook_yaml_read, door_yaml_read - the section `hook` or `gateway` into the party; text NULL: there is none
 * Problems go to the file, the texts come from the arena. The party's format must be known already.
 */
void hook_yaml_read(struct yaml_file *file, const struct hook_text *text, struct arena *arena, struct party *party);
void door_yaml_read(struct yaml_file *file, const struct door_text *text, struct party *party);

/* party_yaml_word - the value when it is given and made of these characters only; else a problem */
const char *party_yaml_word(struct yaml_file *file, const char *field, const char *text, const char *characters);
/* party_yaml_variable - the name of an environment variable */
const char *party_yaml_variable(struct yaml_file *file, const char *field, const char *text);
/* party_yaml_rate - a decimal from 0.001 to 100000, in millionths */
int64_t party_yaml_rate(struct yaml_file *file, const char *field, const char *text);

#endif
