/* SPDX-License-Identifier: Apache-2.0 */
/*
 * journal - the sandbox's memory across restarts: a file that is only appended to
 *   A <tab> number <tab> sha256 <tab> key <tab> reference <tab> lines as JSON     accepted
 *   C <tab> number                                                                its confirmation was published
 * A line is written before the answer is given. It outlives the process, not the machine. What cannot be read is
 * skipped: a line that a crash cut off was never answered.
 */
#ifndef TRIBUTARY_SANDBOX_JOURNAL_H
#define TRIBUTARY_SANDBOX_JOURNAL_H

#include "base/outcome.h"

struct journal;

struct journal_line {
	bool is_confirmation;
	uint64_t number;
	unsigned char sha256[32];
	struct str key, reference, lines;
};

/* Called for each line of the file, in order; the texts live for the call. */
typedef void (*journal_line_fn)(const struct journal_line *line, void *context);

/*
 * journal_open - read what is there, then stand ready to append
 * path  empty: nothing is kept, and nothing else of this fails
 *
 * OUTCOME_DEAD  the file cannot be read or written    code: config
 */
enum outcome journal_open(struct str path, journal_line_fn on_line, void *context, struct journal **journal,
			  struct why *why) MUST_CHECK;
void journal_close(struct journal *j); /* NULL is fine */

/* journal_put - false when it could not be written whole; the file is then as before */
bool journal_put(struct journal *j, const struct journal_line *line) MUST_CHECK;

#endif
