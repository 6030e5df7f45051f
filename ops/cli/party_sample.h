/* SPDX-License-Identifier: Apache-2.0 */
/*
 * party_sample - one document through its party's mapping, as JSON
 */
#ifndef TRIBUTARY_CLI_PARTY_SAMPLE_H
#define TRIBUTARY_CLI_PARTY_SAMPLE_H

#include "base/arena.h"
#include "party/party.h"

#define SAMPLE_RESULT_MAX_BYTES ((size_t)256 << 20)

struct sample {
	const char *parties_dir, *path, *kind;
	const struct party *party;
	bool wants_tree;
	size_t complaints; /* written: units that were refused or held */
};

/*
 * sample_run - what the document comes to, a list with one object per unit
 * Orders have a received_at of 2026-01-01T00:00:00Z, so that the same document gives the same text.
 * False after saying on stderr why it could not be run (no such file, no mapping).
 */
bool sample_run(struct sample *s, struct arena *arena, struct buf *result);

#endif
