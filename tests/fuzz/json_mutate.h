/* SPDX-License-Identifier: Apache-2.0 */
/*
 * json_mutate - JSON that stays JSON
 * Flipped bytes rarely get past the parser; so one value is changed and all around it stays: a mapping sees a document
 * that is almost one of its channel's.
 */
#ifndef TRIBUTARY_TESTS_FUZZ_JSON_MUTATE_H
#define TRIBUTARY_TESTS_FUZZ_JSON_MUTATE_H

#include <stddef.h>

/*
 * json_mutate - change one value of the document in place: to a hostile one, to another of its values, or said twice
 * seed  the same gives the same
 * Returns the new length, at most max_bytes; 0 when it is no JSON or the change had no place.
 */
size_t json_mutate(char *document, size_t n, size_t max_bytes, unsigned seed);

#endif
