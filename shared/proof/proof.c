/* SPDX-License-Identifier: Apache-2.0 */
#include "proof/proof.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const unsigned char zero[PROOF_HASH_BYTES];

void
proof_find(struct proof_findings *f, const char *format, ...)
{
	va_list args;
	char text[256];

	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	if (f->count < PROOF_FINDINGS_MAX)
		f->texts[f->count] = arena_str(f->arena, str_of(text));
	f->count++;
}

static void
int_put(struct buf *out, int64_t value, size_t bytes)
{
	for (size_t i = bytes; i-- > 0;)
		buf_put_char(out, (char)((uint64_t)value >> (8 * i)));
}

static int64_t
int_get(const char *p)
{
	uint64_t value = 0;

	for (size_t i = 0; i < 8; i++)
		value = value << 8 | (unsigned char)p[i];
	return (int64_t)value;
}

static void
field_put(struct buf *out, struct str s)
{
	int_put(out, (int64_t)s.n, 4);
	buf_put_str(out, s);
}

void
proof_row_bytes(const struct proof_row *row, struct buf *out)
{
	field_put(out, row->source);
	int_put(out, 8, 4);
	int_put(out, row->place, 8);
	field_put(out, (struct str){(const char *)row->subject.bytes, sizeof row->subject.bytes});
	field_put(out, row->at);
	for (size_t i = 0; i < row->facts_count; i++)
		if (row->is_null[i])
			int_put(out, -1, 4);
		else
			field_put(out, row->facts[i]);
}

void
proof_link(unsigned char head[static PROOF_HASH_BYTES], const unsigned char digest[static PROOF_HASH_BYTES])
{
	char both[2 * PROOF_HASH_BYTES];

	memcpy(both, head, PROOF_HASH_BYTES);
	memcpy(both + PROOF_HASH_BYTES, digest, PROOF_HASH_BYTES);
	sha256((struct str){both, sizeof both}, head);
}

void
proof_heads_hash(const struct proof_head *heads, size_t n, struct buf *scratch,
		 unsigned char out[static PROOF_HASH_BYTES])
{
	buf_clear(scratch);
	for (size_t i = 0; i < n; i++) {
		buf_put(scratch, heads[i].subject.bytes, sizeof heads[i].subject.bytes);
		int_put(scratch, heads[i].rows_count, 8);
		buf_put_str(scratch, heads[i].head);
	}
	sha256(buf_str(scratch), out);
}

void
proof_seal_hash(const unsigned char *previous, const struct proof_seal *seal,
		unsigned char out[static PROOF_HASH_BYTES])
{
	struct buf bytes;

	buf_init(&bytes, 1024);
	buf_put(&bytes, previous ? previous : zero, PROOF_HASH_BYTES);
	int_put(&bytes, seal->batch_no, 8);
	int_put(&bytes, seal->first_place, 8);
	int_put(&bytes, seal->last_place, 8);
	int_put(&bytes, seal->rows_count, 8);
	buf_put_str(&bytes, seal->sealed_at);
	buf_put_str(&bytes, seal->heads_hash);
	sha256(buf_str(&bytes), out);
	buf_release(&bytes);
}

static bool
is_hash(struct str stored, const unsigned char computed[static PROOF_HASH_BYTES])
{
	return stored.n == PROOF_HASH_BYTES && memcmp(stored.p, computed, PROOF_HASH_BYTES) == 0;
}

static struct str
mark_of(const struct proof_head *head, size_t i)
{
	return (struct str){head->marks.p + i * PROOF_MARK_BYTES, PROOF_MARK_BYTES};
}

static void
missing_find(const struct proof_head *head, size_t i, struct proof_findings *f)
{
	size_t last = head->marks.n / PROOF_MARK_BYTES - 1;
	int64_t place = int_get(mark_of(head, i).p);

	if (i > 0 && i < last)
		proof_find(f, "row %" PRId64 ", between %" PRId64 " and %" PRId64 ", is missing (seal %" PRId64 ")",
			   place, int_get(mark_of(head, i - 1).p), int_get(mark_of(head, i + 1).p), head->batch_no);
	else if (i > 0)
		proof_find(f, "row %" PRId64 ", after %" PRId64 ", is missing (seal %" PRId64 ")", place,
			   int_get(mark_of(head, i - 1).p), head->batch_no);
	else
		proof_find(f, "row %" PRId64 " is missing (seal %" PRId64 ")", place, head->batch_no);
}

/* Row by row against the marks; they only name what is wrong, the head decides whether anything is. */
static void
marks_compare(const struct proof_head *head, const struct proof_row *rows, size_t n, struct proof_findings *f)
{
	size_t marks = head->marks.n / PROOF_MARK_BYTES, m = 0, r = 0;

	while (m < marks || r < n) {
		int64_t place = m < marks ? int_get(mark_of(head, m).p) : INT64_MAX;

		if (r == n || (m < marks && place < rows[r].place)) {
			missing_find(head, m++, f);
		} else if (m == marks || rows[r].place < place) {
			proof_find(f, "row %" PRId64 " was added after seal %" PRId64, rows[r].place, head->batch_no);
			r++;
		} else {
			if (memcmp(mark_of(head, m).p + 8, rows[r].digest, 8) != 0)
				proof_find(f, "row %" PRId64 " was changed (seal %" PRId64 ")", place, head->batch_no);
			m++;
			r++;
		}
	}
}

void
proof_head_check(const struct proof_head *head, const unsigned char *previous, const struct proof_row *rows, size_t n,
		 struct proof_findings *findings)
{
	unsigned char computed[PROOF_HASH_BYTES];
	char subject[UUID_TEXT_BYTES];
	size_t before;

	memcpy(computed, previous ? previous : zero, PROOF_HASH_BYTES);
	for (size_t i = 0; i < n; i++) {
		proof_link(computed, rows[i].digest);
		if (rows[i].is_body_changed)
			proof_find(findings, "the raw document was changed (row %" PRId64 ", seal %" PRId64 ")",
				   rows[i].place, head->batch_no);
	}
	if (is_hash(head->head, computed) && head->rows_count == (int64_t)n && head->marks.n == n * PROOF_MARK_BYTES)
		return;
	before = findings->count;
	marks_compare(head, rows, n, findings);
	uuid_format(head->subject, subject);
	if (findings->count == before)
		proof_find(findings,
			   "seal %" PRId64 " or the one before was changed: its rows of %s fit, its hash does not",
			   head->batch_no, subject);
}

void
proof_seal_check(const struct proof_seal *seal, const struct proof_seal *previous, struct proof_findings *findings)
{
	unsigned char computed[PROOF_HASH_BYTES];
	int64_t expected = previous ? previous->batch_no + 1 : 1;
	int64_t first = previous ? previous->last_place + 1 : 1;

	if (seal->batch_no == expected + 1)
		proof_find(findings, "seal %" PRId64 " is missing", expected);
	else if (seal->batch_no != expected)
		proof_find(findings, "seals %" PRId64 " to %" PRId64 " are missing", expected, seal->batch_no - 1);
	if (seal->batch_no != expected)
		return;
	if (previous && previous->hash.n != PROOF_HASH_BYTES) {
		proof_find(findings, "seal %" PRId64 " was changed", previous->batch_no);
		return;
	}
	proof_seal_hash(previous ? (const unsigned char *)previous->hash.p : NULL, seal, computed);
	if (!is_hash(seal->hash, computed) || seal->first_place != first)
		proof_find(findings, "seal %" PRId64 " was changed, or the one before", seal->batch_no);
}

void
proof_heads_check(const struct proof_seal *seal, const struct proof_head *heads, size_t n, struct buf *scratch,
		  struct proof_findings *findings)
{
	unsigned char computed[PROOF_HASH_BYTES];
	int64_t rows_count = 0;

	for (size_t i = 0; i < n; i++)
		rows_count += heads[i].rows_count;
	proof_heads_hash(heads, n, scratch, computed);
	if (!buf_is_ok(scratch) || !is_hash(seal->heads_hash, computed) || rows_count != seal->rows_count)
		proof_find(findings,
			   "seal %" PRId64 " was changed, or a subject was taken out of it: it counts %" PRId64
			   " rows, its heads %" PRId64,
			   seal->batch_no, seal->rows_count, rows_count);
}
