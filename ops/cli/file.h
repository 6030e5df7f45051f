/* SPDX-License-Identifier: Apache-2.0 */
/*
 * file - a whole file in memory
 */
#ifndef TRIBUTARY_CLI_FILE_H
#define TRIBUTARY_CLI_FILE_H

#include "base/arena.h"
#include "base/outcome.h"

/*
 * file_read - the bytes of folder/name, with a NUL after them, in the arena
 * OUTCOME_HELD file-missing: there is no such file; OUTCOME_DEAD file-unreadable: not readable, or the arena is full
 */
enum outcome file_read(const char *folder, const char *name, struct arena *arena, struct str *bytes,
		       struct why *why) MUST_CHECK;

#endif
