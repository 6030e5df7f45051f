/* SPDX-License-Identifier: Apache-2.0 */
/*
 * proof - the hashes that bind what was written down, and what differs from them
 * Rows of the timeline, of audit_log and of documents are sealed in batches (migrations/0017_proof.sql, which computes the
 * same in SQL). Of each subject - an order, a document, nil for acts that concern no order - the rows form a chain:
 *
 *   digest = sha256(bytes of the row)      head = sha256(head || digest), from 32 zero bytes on
 *
 * and each batch is bound to the one before by a hash of its own. Everything here is pure.
 */
#ifndef TRIBUTARY_PROOF_PROOF_H
#define TRIBUTARY_PROOF_PROOF_H

#include "base/arena.h"
#include "base/uuid.h"

#define PROOF_HASH_BYTES 32
#define PROOF_MARK_BYTES 16 /* place (int64), first 8 bytes of the digest */
#define PROOF_FACTS_MAX 8
#define PROOF_FINDINGS_MAX 100

/* A sealed row, or one that will be. Its bytes: each field as int32 length (-1 of NULL) and bytes; integers big-endian:
 * source, place (int64), subject (16 bytes), at, facts in order.
 * To change this: never; a new source gets a name and facts of its own, here and in the view seal_rows. */
struct proof_row {
	struct str source; /* timeline, audit_log, documents */
	int64_t place;
	struct uuid subject;
	struct str at; /* 8 bytes: microseconds since 2000-01-01 UTC, as Postgres sends a timestamptz */
	struct str facts[PROOF_FACTS_MAX];
	bool is_null[PROOF_FACTS_MAX];
	size_t facts_count;
	struct str at_text;   /* for people; not part of the bytes */
	bool is_body_changed; /* of a document: its body is not what its sha256 says */
	bool is_dropped;      /* with its day, by retention: only place, subject and digest are known */
	unsigned char digest[PROOF_HASH_BYTES];
};

/* What a batch says of one subject. */
struct proof_head {
	struct uuid subject;
	int64_t batch_no, first_place, last_place, rows_count;
	struct str head;  /* 32 bytes */
	struct str marks; /* PROOF_MARK_BYTES per row */
};

struct proof_seal {
	int64_t batch_no, first_place, last_place, rows_count;
	struct str sealed_at; /* 8 bytes, as proof_row's at */
	struct str heads_hash, hash;
	struct str sealed_at_text; /* for people */
};

/* What differs; the first PROOF_FINDINGS_MAX are kept, all are counted. */
struct proof_findings {
	struct arena *arena; /* for the texts; outlives the struct */
	size_t count;
	struct str texts[PROOF_FINDINGS_MAX]; /* "row 12 was changed …" */
};

void proof_find(struct proof_findings *f, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* proof_row_bytes - puts them; check buf_is_ok */
void proof_row_bytes(const struct proof_row *row, struct buf *out);
/* proof_link - the head after one more row */
void proof_link(unsigned char head[static PROOF_HASH_BYTES], const unsigned char digest[static PROOF_HASH_BYTES]);
/* proof_heads_hash - of a batch's heads, which are sorted by subject; scratch is overwritten */
void proof_heads_hash(const struct proof_head *heads, size_t n, struct buf *scratch,
		      unsigned char out[static PROOF_HASH_BYTES]);
/* proof_seal_hash - of a batch, after the hash of the batch before (32 bytes; NULL of the first) */
void proof_seal_hash(const unsigned char *previous, const struct proof_seal *seal,
		     unsigned char out[static PROOF_HASH_BYTES]);

/*
 * proof_head_check - are a subject's rows what a batch says?
 * previous  its head in the batch before, 32 bytes; NULL: this is the first
 * rows      all of the subject within the batch's places, by place, with digests
 * Finds rows that were changed, are missing or were added, and a head that was changed itself.
 */
void proof_head_check(const struct proof_head *head, const unsigned char *previous, const struct proof_row *rows,
		      size_t n, struct proof_findings *findings);
/*
 * proof_seal_check - is a batch what it says of itself, and does it follow the one before?
 * previous  NULL: it must be the first of all
 */
void proof_seal_check(const struct proof_seal *seal, const struct proof_seal *previous,
		      struct proof_findings *findings);
/* proof_heads_check - are the heads those of the batch? */
void proof_heads_check(const struct proof_seal *seal, const struct proof_head *heads, size_t n, struct buf *scratch,
		       struct proof_findings *findings);

#endif
