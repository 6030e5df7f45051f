/* SPDX-License-Identifier: Apache-2.0 */
/*
 * samples - the real documents beside the repository, when they are there
 * They are not part of it: a test that needs them is skipped without.
 */
#ifndef TRIBUTARY_TESTS_SUPPORT_SAMPLES_H
#define TRIBUTARY_TESTS_SUPPORT_SAMPLES_H

#include "base/arena.h"

#define SAMPLES "../shared/samples"

/* samples_are_there - says so in the test's log when they are not */
bool samples_are_there(const char *folder);

/* sample_read - the bytes of one file, in the arena; fails the test when it cannot be read */
struct str sample_read(struct arena *arena, const char *path);

/* samples_each - call `each` with every file of SAMPLES/folder whose name ends in `suffix`; answers how many */
size_t samples_each(struct arena *arena, const char *folder, const char *suffix,
		    void (*each)(const char *path, struct str bytes));

#endif
