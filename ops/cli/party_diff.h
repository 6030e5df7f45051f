/* SPDX-License-Identifier: Apache-2.0 */
/*
 * party_diff - two JSON documents, field by field
 */
#ifndef TRIBUTARY_CLI_PARTY_DIFF_H
#define TRIBUTARY_CLI_PARTY_DIFF_H

#include "base/arena.h"
#include "formats/tree.h"

#include <stdio.h>

/* party_diff - a line per field that differs: path, expected, got; returns how many */
size_t party_diff(const struct node *expected, const struct node *got, FILE *out);
/* party_diff_file - the same against a file; one that is missing or no JSON is a difference */
size_t party_diff_file(const char *expected_path, struct str got, struct arena *arena, FILE *out);

#endif
