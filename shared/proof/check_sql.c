/* SPDX-License-Identifier: Apache-2.0 */
#include "proof/check_sql.h"

#define ROW_MAX_BYTES ((size_t)256 << 20)

#define UTC(at) "to_char(" at " AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US')"

/* The facts of each source in the order of the view seal_rows. The tables are read, not the view: who can change rows can
 * change a view. */
#define ROWS(of_timeline, of_audit_log, of_documents)                                                                 \
	"SELECT 'timeline' AS source, place, order_id AS subject, timestamptz_send(at), " UTC(                        \
	    "at") ", false,"                                                                                          \
		  " stage, event, code, detail, message_id::text, NULL, NULL, NULL"                                   \
		  " FROM tributary.timeline WHERE " of_timeline                                                       \
		  " UNION ALL SELECT 'audit_log', place, coalesce(order_id, '00000000-0000-0000-0000-000000000000')," \
		  " timestamptz_send(at), " UTC(                                                                      \
		      "at") ", false, act_id::text, who, role, act, target_id, reason, before::text,"                 \
			    " after::text FROM tributary.audit_log WHERE " of_audit_log                               \
			    " UNION ALL SELECT 'documents', place, document_id, timestamptz_send(received_at), " UTC( \
				"received_at") ","                                                                    \
					       " sha256(coalesce(body, (SELECT b.body FROM"                           \
					       " tributary.documents b WHERE b.document_id = d.body_of)))"            \
					       " IS DISTINCT FROM sha256, party, kind, content_type, "                \
					       "idempotency_key, "                                                    \
					       "encode(sha256, 'hex'), parent_id::text,"                              \
					       " NULL, NULL FROM tributary.documents d WHERE " of_documents           \
					       " ORDER BY subject, place"

enum { ROW_SOURCE, ROW_PLACE, ROW_SUBJECT, ROW_AT, ROW_AT_TEXT, ROW_BODY_CHANGED, ROW_FACTS };

#define OF_SUBJECTS "order_id = ANY ($1)"
#define OF_PLACES "place > ($1)[1] AND place <= ($2)[1]"
const struct statement check_rows_of_subjects = {"check_rows_of_subjects", "U",
						 ROWS(OF_SUBJECTS, OF_SUBJECTS, "document_id = ANY ($1)")};
const struct statement check_rows_of_places = {"check_rows_of_places", "II", ROWS(OF_PLACES, OF_PLACES, OF_PLACES)};

#define HEADS(which)                                                                                          \
	"SELECT h.subject_id, h.batch_no, s.first_place, s.last_place, h.rows_count, h.head, h.marks, p.head" \
	" FROM tributary.timeline_heads h LEFT JOIN tributary.timeline_seals s USING (batch_no)"              \
	" LEFT JOIN LATERAL (SELECT e.head FROM tributary.timeline_heads e WHERE e.subject_id = h.subject_id" \
	" AND e.batch_no < h.batch_no ORDER BY e.batch_no DESC LIMIT 1) p ON true WHERE " which               \
	" ORDER BY h.subject_id, h.batch_no"

enum { HEAD_SUBJECT, HEAD_BATCH, HEAD_FIRST, HEAD_LAST, HEAD_ROWS, HEAD_HEAD, HEAD_MARKS, HEAD_PREVIOUS };

const struct statement check_heads_of_subjects = {"check_heads_of_subjects", "U", HEADS("h.subject_id = ANY ($1)")};
const struct statement check_heads_of_batch = {"check_heads_of_batch", "I", HEADS("h.batch_no = ($1)[1]")};

const struct statement check_seals = {
    "check_seals", "II",
    "SELECT batch_no, first_place, last_place, rows_count, timestamptz_send(sealed_at), heads_hash, hash, " UTC(
	"sealed_at") " FROM tributary.timeline_seals WHERE batch_no > ($1)[1] ORDER BY batch_no LIMIT ($2)[1]"};

enum { SEAL_BATCH, SEAL_FIRST, SEAL_LAST, SEAL_ROWS, SEAL_AT, SEAL_HEADS_HASH, SEAL_HASH, SEAL_AT_TEXT };

const struct statement check_sealed = {
    "check_sealed", "",
    "SELECT coalesce((SELECT last_place FROM tributary.timeline_seals ORDER BY batch_no DESC LIMIT 1), 0)"};

const struct statement check_unsealed = {"check_unsealed", "I",
					 "SELECT (SELECT count(*) FROM tributary.timeline WHERE place > ($1)[1])"
					 " + (SELECT count(*) FROM tributary.audit_log WHERE place > ($1)[1])"
					 " + (SELECT count(*) FROM tributary.documents WHERE place > ($1)[1])"};

const struct statement check_start = {"check_start", "ZB",
				      "SELECT coalesce((SELECT batch_no FROM tributary.timeline_seals WHERE sealed_at "
				      ">= ($1)[1] ORDER BY sealed_at LIMIT 1),"
				      " (SELECT max(batch_no) + 1 FROM tributary.timeline_seals), 1),"
				      " (SELECT batch_no FROM tributary.timeline_seals WHERE hash = ($2)[1] LIMIT 1)"};

static size_t
facts_count(struct str source)
{
	return str_equal(source, STR("timeline")) ? 5 : str_equal(source, STR("documents")) ? 6 : 8;
}

struct proof_row *
check_rows_read(const struct result *r, struct arena *arena)
{
	struct proof_row *rows = arena_array(arena, result_count(r) + 1, sizeof *rows);
	struct buf bytes;

	buf_init(&bytes, ROW_MAX_BYTES);
	for (size_t i = 0; rows && i < result_count(r); i++) {
		struct proof_row *row = &rows[i];

		row->source = result_text(r, i, ROW_SOURCE);
		row->place = result_int(r, i, ROW_PLACE);
		row->subject = result_uuid(r, i, ROW_SUBJECT);
		row->at = result_bytes(r, i, ROW_AT);
		row->at_text = result_text(r, i, ROW_AT_TEXT);
		row->is_body_changed = result_bool(r, i, ROW_BODY_CHANGED);
		row->facts_count = facts_count(row->source);
		for (size_t f = 0; f < row->facts_count; f++) {
			row->is_null[f] = result_is_null(r, i, ROW_FACTS + f);
			row->facts[f] = result_text(r, i, ROW_FACTS + f);
		}
		buf_clear(&bytes);
		proof_row_bytes(row, &bytes);
		if (buf_is_ok(&bytes))
			sha256(buf_str(&bytes), row->digest);
		else
			rows = NULL;
	}
	buf_release(&bytes);
	return rows;
}

struct proof_head *
check_heads_read(const struct result *r, struct arena *arena, const unsigned char ***previous)
{
	size_t n = result_count(r);
	struct proof_head *heads = arena_array(arena, n + 1, sizeof *heads);

	*previous = arena_array(arena, n + 1, sizeof **previous);
	if (!*previous)
		return NULL;
	for (size_t i = 0; heads && i < n; i++) {
		struct str before = result_bytes(r, i, HEAD_PREVIOUS);

		heads[i] = (struct proof_head){.subject = result_uuid(r, i, HEAD_SUBJECT),
					       .batch_no = result_int(r, i, HEAD_BATCH),
					       .first_place = result_int(r, i, HEAD_FIRST),
					       .last_place = result_int(r, i, HEAD_LAST),
					       .rows_count = result_int(r, i, HEAD_ROWS),
					       .head = result_bytes(r, i, HEAD_HEAD),
					       .marks = result_bytes(r, i, HEAD_MARKS)};
		if (before.n == PROOF_HASH_BYTES)
			(*previous)[i] = (const unsigned char *)before.p;
	}
	return heads;
}

struct proof_seal
check_seal_read(const struct result *r, size_t row)
{
	return (struct proof_seal){.batch_no = result_int(r, row, SEAL_BATCH),
				   .first_place = result_int(r, row, SEAL_FIRST),
				   .last_place = result_int(r, row, SEAL_LAST),
				   .rows_count = result_int(r, row, SEAL_ROWS),
				   .sealed_at = result_bytes(r, row, SEAL_AT),
				   .heads_hash = result_bytes(r, row, SEAL_HEADS_HASH),
				   .hash = result_bytes(r, row, SEAL_HASH),
				   .sealed_at_text = result_text(r, row, SEAL_AT_TEXT)};
}
