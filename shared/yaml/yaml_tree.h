/* SPDX-License-Identifier: Apache-2.0 */
/*
 * yaml_tree - a YAML file of any shape as a tree, for files whose keys no schema can list (OpenAPI: paths)
 * One document of mappings with scalar keys, sequences and scalars. Plain scalars are typed as in YAML 1.2's core schema:
 * true, false, null, JSON's numbers; everything else, and all that is quoted, is text (2026-12-01 is). Aliases are
 * refused, as is a key given twice, and what is beyond tree_default_limits.
 */
#ifndef TRIBUTARY_YAML_YAML_TREE_H
#define TRIBUTARY_YAML_YAML_TREE_H

#include "formats/tree.h"
#include "yaml/yaml_file.h"

/*
 * yaml_tree_load - read the file
 * arena     holds the tree and the document
 * document  the file's text, for yaml_tree_problem
 * NULL after saying what is wrong, with its line, in file->errors.
 */
struct node *yaml_tree_load(struct yaml_file *file, struct arena *arena, struct str *document);

/* yaml_tree_problem - as yaml_file_problem, with the line where the node begins; `at` may be NULL */
void yaml_tree_problem(struct yaml_file *file, struct str document, const struct node *at, const char *field,
		       const char *format, ...) __attribute__((format(printf, 5, 6)));

#endif
