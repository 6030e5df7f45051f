/* SPDX-License-Identifier: Apache-2.0 */
/*
 * check_sql - the statements of the check, and their columns
 */
#ifndef TRIBUTARY_PROOF_CHECK_SQL_H
#define TRIBUTARY_PROOF_CHECK_SQL_H

#include "proof/proof.h"
#include "store/store.h"

extern const struct statement check_rows_of_subjects; /* U */
extern const struct statement check_rows_of_places;   /* II: after, up to */
extern const struct statement check_heads_of_subjects, check_heads_of_batch;
extern const struct statement check_seals;    /* II: after batch, limit */
extern const struct statement check_sealed;   /* -: the last sealed place */
extern const struct statement check_unsealed; /* I: rows after the place */
extern const struct statement check_start;    /* ZB: first batch since, batch of the hash or NULL */

/* The rows of a result, in the arena, as views into it; NULL when the arena is full. Digests are computed. */
struct proof_row *check_rows_read(const struct result *r, struct arena *arena);
/* previous: per head the one before, 32 bytes or NULL */
struct proof_head *check_heads_read(const struct result *r, struct arena *arena, const unsigned char ***previous);
struct proof_seal check_seal_read(const struct result *r, size_t row);

#endif
