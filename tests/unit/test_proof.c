/* SPDX-License-Identifier: Apache-2.0 */
#include "proof/proof.h"

#include <criterion/criterion.h>
#include <string.h>

#define ROWS 4

/* One subject's rows 11 to 14, sealed in one batch. */
struct chain {
	struct arena *arena;
	struct proof_row rows[ROWS];
	char marks[ROWS * PROOF_MARK_BYTES];
	unsigned char hash[PROOF_HASH_BYTES];
	struct proof_head head;
	struct proof_findings findings;
};

static void
digest(struct proof_row *row)
{
	struct buf bytes;

	buf_init(&bytes, 4096);
	proof_row_bytes(row, &bytes);
	cr_assert(buf_is_ok(&bytes));
	sha256(buf_str(&bytes), row->digest);
	buf_release(&bytes);
}

static struct proof_row
row_make(int64_t place, const char *detail)
{
	struct proof_row row = {.source = STR("timeline"),
				.place = place,
				.at = {"\0\1\2\3\4\5\6\7", 8},
				.facts = {STR("enrich"), STR("done"), STR(""), str_of(detail), STR("x")},
				.facts_count = 5};

	row.is_null[2] = true;
	digest(&row);
	return row;
}

static void
chain_open(struct chain *c)
{
	*c = (struct chain){.arena = arena_new((size_t)1 << 20)};
	for (int i = 0; i < ROWS; i++) {
		c->rows[i] = row_make(11 + i, "as it was");
		c->marks[i * PROOF_MARK_BYTES + 7] = (char)(11 + i);
		memcpy(c->marks + i * PROOF_MARK_BYTES + 8, c->rows[i].digest, 8);
		proof_link(c->hash, c->rows[i].digest);
	}
	c->head = (struct proof_head){.batch_no = 3,
				      .first_place = 10,
				      .last_place = 20,
				      .rows_count = ROWS,
				      .head = {(const char *)c->hash, sizeof c->hash},
				      .marks = {c->marks, sizeof c->marks}};
	c->findings.arena = c->arena;
}

static void
finds(struct chain *c, size_t n, const char *text)
{
	proof_head_check(&c->head, NULL, c->rows, n, &c->findings);
	cr_assert_eq(c->findings.count, 1, "%zu findings", c->findings.count);
	cr_assert(str_equal(c->findings.texts[0], str_of(text)), "%.*s", STR_ARGS(c->findings.texts[0]));
	arena_free(c->arena);
}

Test(proof, bytes_are_pinned)
{
	static const char bytes[] =
	    "\0\0\0\10timeline\0\0\0\10\0\0\0\0\0\0\0\14\0\0\0\20\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
	    "\0\0\0\10\0\1\2\3\4\5\6\7\0\0\0\6enrich\0\0\0\4done\377\377\377\377\0\0\0\1d"
	    "\0\0\0\1x";
	struct proof_row row = row_make(12, "d");
	struct buf out;

	buf_init(&out, 4096);
	proof_row_bytes(&row, &out);
	cr_assert(str_equal(buf_str(&out), (struct str){bytes, sizeof bytes - 1}));
	buf_release(&out);
}

Test(proof, null_is_not_empty)
{
	struct proof_row row = row_make(12, ""), null = row;

	null.is_null[3] = true;
	digest(&null);
	cr_assert(memcmp(row.digest, null.digest, PROOF_HASH_BYTES) != 0);
}

Test(proof, rows_as_they_were_are_fine)
{
	struct chain c;

	chain_open(&c);
	proof_head_check(&c.head, NULL, c.rows, ROWS, &c.findings);
	cr_assert_eq(c.findings.count, 0);
	arena_free(c.arena);
}

Test(proof, a_changed_row_is_named)
{
	struct chain c;

	chain_open(&c);
	c.rows[1] = row_make(12, "as I like it");
	finds(&c, ROWS, "row 12 was changed (seal 3)");
}

Test(proof, a_missing_row_is_named_with_its_neighbours)
{
	struct chain c;

	chain_open(&c);
	memmove(&c.rows[1], &c.rows[2], 2 * sizeof c.rows[0]);
	finds(&c, ROWS - 1, "row 12, between 11 and 13, is missing (seal 3)");
}

Test(proof, a_missing_last_row_is_named)
{
	struct chain c;

	chain_open(&c);
	finds(&c, ROWS - 1, "row 14, after 13, is missing (seal 3)");
}

Test(proof, an_added_row_is_named)
{
	struct chain c;

	chain_open(&c);
	c.head.rows_count = ROWS - 1;
	c.head.marks.n -= PROOF_MARK_BYTES;
	finds(&c, ROWS, "row 14 was added after seal 3");
}

Test(proof, a_changed_head_is_found)
{
	struct chain c;

	chain_open(&c);
	c.hash[0] ^= 1;
	finds(&c, ROWS,
	      "seal 3 or the one before was changed: its rows of 00000000-0000-0000-0000-000000000000 fit, its hash "
	      "does not");
}

Test(proof, another_start_of_the_chain_is_found)
{
	struct chain c;

	chain_open(&c);
	proof_head_check(&c.head, c.rows[0].digest, c.rows, ROWS, &c.findings);
	cr_assert_eq(c.findings.count, 1);
	arena_free(c.arena);
}

Test(proof, a_changed_document_is_found)
{
	struct chain c;

	chain_open(&c);
	c.rows[2].is_body_changed = true;
	finds(&c, ROWS, "the raw document was changed (row 13, seal 3)");
}

Test(proof, a_missing_seal_is_named)
{
	struct proof_findings f = {.arena = arena_new((size_t)1 << 20)};
	unsigned char hash[PROOF_HASH_BYTES];
	struct proof_seal first = {
	    .batch_no = 1, .first_place = 1, .last_place = 9, .hash = {(char *)hash, sizeof hash}};
	struct proof_seal third = {.batch_no = 3, .first_place = 20};

	proof_seal_hash(NULL, &first, hash);
	proof_seal_check(&first, NULL, &f);
	cr_assert_eq(f.count, 0);
	proof_seal_check(&third, &first, &f);
	cr_assert_eq(f.count, 1);
	cr_assert(str_equal(f.texts[0], STR("seal 2 is missing")));
	first.rows_count = 7;
	proof_seal_check(&first, NULL, &f);
	cr_assert_eq(f.count, 2);
	arena_free(f.arena);
}
