/* SPDX-License-Identifier: Apache-2.0 */
/*
 * migration_files - the files of a folder that are named NNNN_name.sql, in order
 */
#ifndef TRIBUTARY_CLI_MIGRATION_FILES_H
#define TRIBUTARY_CLI_MIGRATION_FILES_H

#include "base/arena.h"
#include "base/outcome.h"

#define MIGRATIONS_MAX 9999

struct migration_file {
	int64_t number;   /* 1, 2, 3, … without gaps */
	const char *name; /* 0001_mirror.sql */
	struct str sql;   /* NUL-terminated */
	unsigned char sha256[32];
};

struct migration_files {
	struct migration_file *files;
	size_t n;
};

/*
 * migration_files_read - all of them, with their text, in the arena
 * OUTCOME_DEAD migration-files: not readable, misnamed, a gap, a number twice, too large, a NUL byte; says which
 */
enum outcome migration_files_read(const char *folder, struct arena *arena, struct migration_files *files,
				  struct why *why) MUST_CHECK;

#endif
