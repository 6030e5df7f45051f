/* SPDX-License-Identifier: Apache-2.0 */
/*
 * party_sends - what a party would be sent: its folder sends/ holds documents as its mapping gets them, and what must be
 * made of them
 *
 *   sends/AC-10001.invoice.json            {"control", "sent_at", "order", "invoice"}; the middle name says what is sent
 *   sends/AC-10001.invoice.expected.txt    the bytes, with a line break after each segment
 */
#ifndef TRIBUTARY_CLI_PARTY_SENDS_H
#define TRIBUTARY_CLI_PARTY_SENDS_H

#include "base/arena.h"
#include "party/party.h"

/*
 * sends_run - the document at `path` through the party's mapping and its format's writer, laid out for people and diffs
 * False after saying on stderr why it could not be run (no such file, no mapping, none of the documents it is sent).
 */
bool sends_run(const char *parties_dir, const struct party *party, const char *path, struct arena *arena,
	       struct buf *result);

/* sends_differences - each line that differs is printed; returns how many. A file that is not there is all of it. */
size_t sends_differences(const char *expected_path, struct str got, struct arena *arena, FILE *out);

/* sends_functions_missing - each function that party.yaml's `sends` needs and the mapping has not is printed; how many */
size_t sends_functions_missing(const char *parties_dir, const struct party *party, FILE *out);

#endif
