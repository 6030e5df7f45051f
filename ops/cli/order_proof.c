/* SPDX-License-Identifier: Apache-2.0 */
#include "order_proof.h"

#include "commands.h"
#include "proof_print.h"
#include "report.h"
#include "table.h"

#include "formats/json.h"
#include "proof/check.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define JSON_BYTES ((size_t)64 << 20)
#define FINDINGS_BYTES ((size_t)1 << 20)
#define SHORT_HASH_BYTES 8 /* of a table for people */

/* What is about the order beside the sealed rows; lists of objects. */
struct section {
	const char *key, *title, *none;
	struct statement statement;
};

#define UTC(at) "to_char(" at " AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS')"

static const struct section sections[] = {
    {"order",
     "order",
     "no such order",
     {"proof_order", "U",
      "SELECT json_agg(t)::text FROM (SELECT order_id, party, external_id, number, state, document_id FROM "
      "report.orders"
      " JOIN tributary.orders USING (order_id, party, external_id, number) WHERE order_id = ($1)[1]) t"}},
    {"effects",
     "effects",
     "none",
     {"proof_effects", "U",
      "SELECT coalesce(json_agg(t ORDER BY prepared_utc), '[]')::text FROM (SELECT effect_id AS key, stage, partner,"
      " state, attempts, partner_ref, code, " UTC("prepared_at") " AS prepared_utc, " UTC(
	  "settled_at") " AS settled_utc FROM tributary.effects WHERE order_id = ($1)[1]) t"}},
    {"shipments",
     "shipments",
     "none",
     {"proof_shipments", "U",
      "SELECT coalesce(json_agg(t ORDER BY shipment), '[]')::text FROM (SELECT place AS shipment, partner, warehouse,"
      " state, partner_ref, carrier, tracking_number, shipment_id FROM report.shipments WHERE order_id = ($1)[1]) t"}},
    {"invoices",
     "invoices",
     "none",
     {"proof_invoices", "U",
      "SELECT coalesce(json_agg(t ORDER BY number), '[]')::text FROM (SELECT number, report.amount(total_minor,"
      " currency) AS total, currency, " UTC(
	  "issued_at") " AS issued_utc, shipment_id FROM tributary.invoices WHERE order_id = ($1)[1]) t"}},
    {"returns",
     "returns",
     "none",
     {"proof_returns", "U",
      "SELECT coalesce(json_agg(t ORDER BY requested_utc), '[]')::text FROM (SELECT coalesce(number, reference) AS "
      "number,"
      " state, code, lines_count AS lines, " UTC("requested_at") " AS requested_utc, return_id FROM tributary.returns"
								 " WHERE order_id = ($1)[1]) t"}},
    {"outbound_documents",
     "outbound documents",
     "none",
     {"proof_outbound", "U",
      "SELECT coalesce(json_agg(t ORDER BY issued_utc), '[]')::text FROM (SELECT what, party, control, state, "
      "reason, " UTC("issued_at") " AS issued_utc, encode(sha256(body), 'hex') AS sha256, document_id"
				  " FROM tributary.outbound_documents WHERE order_id = ($1)[1]) t"}},
    {"dropped",
     "days dropped by retention",
     "none",
     {"proof_dropped", "U",
      "SELECT coalesce(json_agg(t ORDER BY from_utc), '[]')::text FROM (SELECT p.part_name AS day, " UTC(
	  "p.from_at") " AS from_utc, d.rows_count AS rows, " UTC("p.detached_at") " AS dropped_utc, a.who, a.reason,"
										   " a.place AS row FROM tributary"
										   ".timeline_dropped d JOIN "
										   "tributary.timeline_days p USING "
										   "(part_no)"
										   " LEFT JOIN tributary.audit_log a "
										   "ON a.act = 'retention.drop' AND "
										   "a.target_id = p.part_name"
										   " AND a.after->>'digest' = "
										   "encode(p.digest, 'hex')"
										   " WHERE d.subject_id = ($1)[1] AND "
										   "p.detached_at IS NOT NULL) t"}},
};

/* Every document that the order was made of or touched by, and what it is a unit of. */
#define DOCUMENTS                                                                                          \
	"WITH own AS (SELECT document_id FROM tributary.documents WHERE order_id = ($1)[1]"                \
	" UNION SELECT document_id FROM tributary.orders WHERE order_id = ($1)[1]"                         \
	" UNION SELECT document_id FROM tributary.order_revisions WHERE order_id = ($1)[1]"                \
	" UNION SELECT document_id FROM tributary.confirmations WHERE order_id = ($1)[1]"                  \
	" UNION SELECT document_id FROM tributary.returns WHERE order_id = ($1)[1]),"                      \
	" wanted AS (SELECT document_id FROM own UNION SELECT parent_id FROM tributary.documents JOIN own" \
	" USING (document_id) WHERE parent_id IS NOT NULL)"

static const struct statement documents_ids = {"proof_documents_ids", "U", DOCUMENTS " SELECT document_id FROM wanted"};

static const struct statement documents_list = {
    "proof_documents", "U",
    DOCUMENTS
    " SELECT d.document_id, d.kind || ' from ' || d.party || ', ' || coalesce(octet_length(coalesce(d.body, b.body)), "
    "0)"
    " || ' bytes' || coalesce(', those of ' || d.body_of, '') || ', ' || d.outcome || ', received ' ||"
    " " UTC("d.received_at") " || ' UTC', encode(d.sha256, 'hex'),"
			     " coalesce(encode(sha256(coalesce(d.body, b.body)), 'hex'), 'the bytes are not there'),"
			     " d.kind, d.party, d.outcome FROM wanted JOIN tributary.documents d USING (document_id)"
			     " LEFT JOIN tributary.documents b ON b.document_id = d.body_of"
			     " ORDER BY d.received_at, d.document_id"};

/* The ledgers change until they are settled, so they are not sealed: what they say must stand in a decision, too, unless
 * days of it were dropped (x), which an act must say. */
static const struct statement ledgers_differ = {
    "proof_ledgers_differ", "U",
    "WITH t AS (SELECT * FROM tributary.timeline WHERE order_id = ($1)[1]),"
    " f AS (SELECT * FROM tributary.effects WHERE order_id = ($1)[1]),"
    " i AS (SELECT * FROM tributary.invoices WHERE order_id = ($1)[1]),"
    " r AS (SELECT * FROM tributary.returns WHERE order_id = ($1)[1]),"
    " d AS (SELECT * FROM tributary.outbound_documents WHERE order_id = ($1)[1]),"
    " x AS (SELECT p.* FROM tributary.timeline_dropped JOIN tributary.timeline_days p USING (part_no)"
    " WHERE subject_id = ($1)[1] AND p.detached_at IS NOT NULL)"
    " SELECT 'effect ' || f.effect_id || ' is confirmed, and no decision says so' FROM f WHERE f.state = 'confirmed'"
    " AND NOT EXISTS (SELECT FROM t WHERE t.stage = f.stage AND (t.event = 'partner-proven'"
    " OR (t.message_id = f.effect_id AND t.event IN ('partner-asked', 'partner-found', 'done')))) AND NOT EXISTS "
    "(SELECT FROM x)"
    " UNION ALL SELECT 'row ' || t.place || ' says that the partner took it, effect ' || t.message_id ||"
    " ' does not say so' FROM t LEFT JOIN f ON f.effect_id = t.message_id"
    " WHERE t.event IN ('partner-asked', 'partner-found') AND (f.state IS DISTINCT FROM 'confirmed'"
    " OR strpos(t.detail, coalesce(f.partner_ref, '')) = 0)"
    " UNION ALL SELECT 'invoice ' || i.number || ' stands in no decision' FROM i WHERE NOT EXISTS (SELECT FROM t"
    " WHERE t.event = 'invoice.issued' AND t.detail = 'invoice ' || i.number) AND NOT EXISTS (SELECT FROM x)"
    " UNION ALL SELECT 'row ' || t.place || ' says ' || t.detail || ', which is not there' FROM t"
    " WHERE t.event = 'invoice.issued' AND NOT EXISTS (SELECT FROM i WHERE t.detail = 'invoice ' || i.number)"
    " UNION ALL SELECT 'return ' || r.number || ' stands in no decision' FROM r WHERE r.number IS NOT NULL AND NOT "
    "EXISTS"
    " (SELECT FROM t WHERE t.event = 'return.requested' AND t.detail = 'return ' || r.number)"
    " AND NOT EXISTS (SELECT FROM x)"
    " UNION ALL SELECT 'row ' || t.place || ' says ' || t.detail || ', which is not there' FROM t"
    " WHERE t.event = 'return.requested' AND NOT EXISTS (SELECT FROM r WHERE t.detail = 'return ' || r.number)"
    " UNION ALL SELECT 'outbound document ' || d.control || ' to ' || d.party || ' stands in no decision' FROM d"
    " WHERE NOT EXISTS (SELECT FROM t WHERE t.event = 'document.issued'"
    " AND t.detail = d.what || ' to ' || d.party || ', control number ' || d.control) AND NOT EXISTS (SELECT FROM x)"
    " UNION ALL SELECT 'rows of ' || x.part_name || ' are said to be dropped, and the audit log does not say so' FROM x"
    " WHERE NOT EXISTS (SELECT FROM tributary.audit_log a WHERE a.act = 'retention.drop' AND a.target_id = x.part_name"
    " AND a.after->>'digest' = encode(x.digest, 'hex') AND a.after->>'rows' = x.rows_count::text)"};

static const char *const timeline_facts[] = {"stage", "event", "code", "detail", "message_id"};
static const char *const act_facts[] = {"act_id", "who", "role", "act", "target_id", "reason", "before", "after"};
enum { STAGE, EVENT, CODE, DETAIL };
enum { ACT_WHO = 1, ACT_ACT = 3, ACT_TARGET, ACT_REASON };

struct order_proof {
	struct store *store;
	struct arena *arena;
	struct uuid id;
	struct str sections[COUNT_OF(sections)];
	struct proof_subjects subjects;
	struct proof_findings findings;
	struct result *documents;
};

static struct rows *
rows_of(const struct order_proof *p, const struct statement *statement)
{
	struct rows *rows = rows_new(statement, p->arena);

	rows_uuid(rows, p->id);
	return rows;
}

static enum outcome
sections_read(struct order_proof *p, struct why *why)
{
	enum outcome outcome = OUTCOME_OK;

	for (size_t i = 0; i < COUNT_OF(sections) && outcome == OUTCOME_OK; i++)
		outcome = report_query(p->store, rows_of(p, &sections[i].statement), p->arena, &p->sections[i], why);
	return outcome;
}

static enum outcome
subjects_read(struct order_proof *p, struct why *why)
{
	struct rows *subjects = proof_subjects_rows(p->arena);
	struct result *ids, *differ;
	enum outcome outcome;

	store_begin(p->store);
	outcome = store_query(p->store, rows_of(p, &documents_ids), &ids, why);
	rows_uuid(subjects, p->id);
	for (size_t i = 0; outcome == OUTCOME_OK && i < result_count(ids); i++)
		rows_uuid(subjects, result_uuid(ids, i, 0));
	store_rollback(p->store);
	if (outcome == OUTCOME_OK)
		outcome = proof_verify_subjects(p->store, p->arena, subjects, &p->subjects, &p->findings, why);
	if (outcome == OUTCOME_OK)
		outcome = store_query(p->store, rows_of(p, &documents_list), &p->documents, why);
	if (outcome == OUTCOME_OK)
		outcome = store_query(p->store, rows_of(p, &ledgers_differ), &differ, why);
	for (size_t i = 0; outcome == OUTCOME_OK && i < result_count(differ); i++)
		proof_find(&p->findings, "%.*s", STR_ARGS(result_text(differ, i, 0)));
	return outcome;
}

/* The batch that covers a row; 0: not sealed yet. */
static int64_t
seal_of(const struct order_proof *p, const struct proof_row *row)
{
	for (size_t i = 0; i < p->subjects.heads_count; i++) {
		const struct proof_head *h = &p->subjects.heads[i];

		if (uuid_equal(h->subject, row->subject) && h->first_place <= row->place && row->place <= h->last_place)
			return h->batch_no;
	}
	return 0;
}

static const struct proof_row *
document_row(const struct order_proof *p, struct uuid id)
{
	for (size_t i = 0; i < p->subjects.rows_count; i++)
		if (uuid_equal(p->subjects.rows[i].subject, id))
			return &p->subjects.rows[i];
	return NULL;
}

static bool
is_of_order(const struct order_proof *p, const struct proof_row *row)
{
	return uuid_equal(row->subject, p->id);
}

static size_t
sealed_count(const struct order_proof *p)
{
	return p->subjects.rows_count - p->subjects.unsealed_count;
}

/* --- for people ---------------------------------------------------------------------------------------------------- */

static void
documents_print(const struct order_proof *p)
{
	char id[UUID_TEXT_BYTES];

	printf("\nraw documents\n");
	for (size_t i = 0; i < result_count(p->documents); i++) {
		const struct proof_row *row = document_row(p, result_uuid(p->documents, i, 0));
		int64_t seal = row ? seal_of(p, row) : 0;

		uuid_format(result_uuid(p->documents, i, 0), id);
		printf("%s  %.*s\n", id, STR_ARGS(result_text(p->documents, i, 1)));
		printf("  sha256 on receipt   %.*s  ", STR_ARGS(result_text(p->documents, i, 2)));
		if (seal)
			printf("row %" PRId64 ", seal %" PRId64 "\n", row->place, seal);
		else
			printf("not sealed yet\n");
		printf("  sha256 of the body  %.*s\n", STR_ARGS(result_text(p->documents, i, 3)));
	}
}

static bool
decisions_print(const struct order_proof *p)
{
	static const struct table_column columns[] = {
	    {"row", "ROW", TABLE_NUMBER},     {"at_utc", "AT UTC", TABLE_TEXT}, {"by", "BY", TABLE_TEXT},
	    {"what", "WHAT", TABLE_TEXT},     {"seal", "SEAL", TABLE_NUMBER},   {"hash", "HASH", TABLE_TEXT},
	    {"detail", "DETAIL", TABLE_TEXT},
	};
	struct table *t = table_new(columns, COUNT_OF(columns));
	unsigned char head[PROOF_HASH_BYTES] = {0};
	char hex[PROOF_HEX_BYTES];
	bool is_ok;

	printf("\ndecisions and acts of persons, each hash over all rows so far\n");
	for (size_t i = 0; t && i < p->subjects.rows_count; i++) {
		const struct proof_row *row = &p->subjects.rows[i];
		int64_t seal = seal_of(p, row);
		bool is_timeline = str_equal(row->source, STR("timeline"));

		if (!is_of_order(p, row))
			continue;
		proof_link(head, row->digest);
		table_int(t, row->place);
		if (row->is_dropped) {
			table_null(t);
			table_text(t, STR("retention"));
			table_text(t, STR("dropped"));
		} else {
			table_text(t, (struct str){row->at_text.p, row->at_text.n > 23 ? 23 : row->at_text.n});
			table_text(t, row->facts[is_timeline ? STAGE : ACT_WHO]);
			table_text(t, row->facts[is_timeline ? EVENT : ACT_ACT]);
		}
		if (seal)
			table_int(t, seal);
		else
			table_null(t);
		table_text(t, str_of(proof_hex(head, SHORT_HASH_BYTES, hex)));
		if (is_timeline)
			table_text(t, row->facts[row->is_null[DETAIL] ? CODE : DETAIL]);
		else
			table_text(t, row->facts[row->facts[ACT_REASON].n ? ACT_REASON : ACT_TARGET]);
	}
	is_ok = t && table_print(t, stdout, TABLE_FOR_PEOPLE);
	table_free(t);
	return is_ok;
}

static void
seals_print(const struct order_proof *p)
{
	char hex[PROOF_HEX_BYTES];

	printf("\nseals\n");
	for (size_t i = 0; i < p->subjects.seals_count; i++) {
		const struct proof_seal *s = &p->subjects.seals[i];

		printf("%" PRId64 "  %.*s UTC  rows %" PRId64 " to %" PRId64 "  %s\n", s->batch_no,
		       STR_ARGS(s->sealed_at_text), s->first_place, s->last_place,
		       s->hash.n == PROOF_HASH_BYTES
			   ? proof_hex((const unsigned char *)s->hash.p, PROOF_HASH_BYTES, hex)
			   : "no hash");
	}
	if (p->subjects.seals_count == 0)
		printf("none yet\n");
}

static bool
proof_print(const struct order_proof *p)
{
	bool is_ok;

	report_page(p->sections[0], p->arena, stdout);
	documents_print(p);
	is_ok = decisions_print(p);
	for (size_t i = 1; i < COUNT_OF(sections); i++) {
		printf("\n%s\n", sections[i].title);
		report_table(p->sections[i], p->arena, sections[i].none, stdout);
	}
	seals_print(p);
	printf("\n");
	proof_findings_print(&p->findings);
	printf("%s: %zu rows in %zu seals, %zu not sealed yet", p->findings.count ? "NOT verified" : "verified",
	       sealed_count(p), p->subjects.seals_count, p->subjects.unsealed_count);
	if (p->subjects.dropped_count)
		printf("; of %zu only the hashes, their days were dropped by retention", p->subjects.dropped_count);
	printf("\n");
	return is_ok;
}

/* --- for programs -------------------------------------------------------------------------------------------------- */

static void
member_put(struct buf *out, const char *key, struct str text, bool is_null)
{
	buf_printf(out, ",\"%s\":", key);
	if (is_null)
		buf_put_str(out, STR("null"));
	else
		json_put_text(out, text);
}

static void
seal_put(struct buf *out, int64_t seal)
{
	if (seal)
		buf_printf(out, ",\"seal\":%" PRId64, seal);
	else
		buf_put_str(out, STR(",\"seal\":null"));
}

static void
documents_json(const struct order_proof *p, struct buf *out)
{
	char id[UUID_TEXT_BYTES];

	buf_put_str(out, STR(",\"documents\":["));
	for (size_t i = 0; i < result_count(p->documents); i++) {
		const struct proof_row *row = document_row(p, result_uuid(p->documents, i, 0));

		uuid_format(result_uuid(p->documents, i, 0), id);
		buf_printf(out, "%s{\"document_id\":\"%s\"", i ? "," : "", id);
		member_put(out, "kind", result_text(p->documents, i, 4), false);
		member_put(out, "party", result_text(p->documents, i, 5), false);
		member_put(out, "outcome", result_text(p->documents, i, 6), false);
		member_put(out, "received_at_utc", row ? row->at_text : STR(""), !row);
		member_put(out, "sha256_on_receipt", result_text(p->documents, i, 2), false);
		member_put(out, "sha256_of_body", result_text(p->documents, i, 3), false);
		if (row)
			buf_printf(out, ",\"row\":%" PRId64, row->place);
		seal_put(out, row ? seal_of(p, row) : 0);
		buf_put_char(out, '}');
	}
	buf_put_char(out, ']');
}

static void
decisions_json(const struct order_proof *p, struct buf *out)
{
	unsigned char head[PROOF_HASH_BYTES] = {0};
	char hex[PROOF_HEX_BYTES];
	size_t n = 0;

	buf_put_str(out, STR(",\"rows\":["));
	for (size_t i = 0; i < p->subjects.rows_count; i++) {
		const struct proof_row *row = &p->subjects.rows[i];
		const char *const *names = str_equal(row->source, STR("timeline")) ? timeline_facts : act_facts;

		if (!is_of_order(p, row))
			continue;
		proof_link(head, row->digest);
		buf_printf(out, "%s{\"row\":%" PRId64, n++ ? "," : "", row->place);
		member_put(out, "source", row->source, false);
		member_put(out, "at_utc", row->at_text, row->is_dropped);
		buf_printf(out, ",\"is_dropped\":%s", row->is_dropped ? "true" : "false");
		for (size_t f = 0; f < row->facts_count; f++)
			member_put(out, names[f], row->facts[f], row->is_null[f]);
		seal_put(out, seal_of(p, row));
		buf_printf(out, ",\"hash\":\"%s\"}", proof_hex(head, PROOF_HASH_BYTES, hex));
	}
	buf_put_char(out, ']');
}

static void
seals_json(const struct order_proof *p, struct buf *out)
{
	char hex[PROOF_HEX_BYTES];

	buf_put_str(out, STR(",\"seals\":["));
	for (size_t i = 0; i < p->subjects.seals_count; i++) {
		const struct proof_seal *s = &p->subjects.seals[i];

		buf_printf(out, "%s{\"seal\":%" PRId64 ",\"first_row\":%" PRId64 ",\"last_row\":%" PRId64, i ? "," : "",
			   s->batch_no, s->first_place, s->last_place);
		member_put(out, "sealed_at_utc", s->sealed_at_text, false);
		if (s->hash.n == PROOF_HASH_BYTES)
			proof_hex((const unsigned char *)s->hash.p, PROOF_HASH_BYTES, hex);
		member_put(out, "hash", str_of(hex), s->hash.n != PROOF_HASH_BYTES);
		buf_put_char(out, '}');
	}
	buf_put_char(out, ']');
}

static bool
proof_json(const struct order_proof *p)
{
	/* a list of one */
	struct str order = {p->sections[0].p + 1, p->sections[0].n - 2};
	struct buf out;
	bool is_ok;

	buf_init(&out, JSON_BYTES);
	for (size_t i = 0; i < COUNT_OF(sections); i++)
		buf_printf(&out, "%c\"%s\":%.*s", i ? ',' : '{', sections[i].key, STR_ARGS(i ? p->sections[i] : order));
	documents_json(p, &out);
	decisions_json(p, &out);
	seals_json(p, &out);
	buf_printf(&out,
		   ",\"verdict\":{\"is_verified\":%s,\"rows\":%zu,\"seals\":%zu,\"unsealed\":%zu,"
		   "\"dropped\":%zu,\"findings\":",
		   p->findings.count ? "false" : "true", sealed_count(p), p->subjects.seals_count,
		   p->subjects.unsealed_count, p->subjects.dropped_count);
	proof_findings_json(&p->findings, &out);
	buf_put_str(&out, STR("}}"));
	is_ok = buf_is_ok(&out);
	puts(is_ok ? buf_text(&out) : "{\"verdict\":{\"is_verified\":false}}");
	buf_release(&out);
	return is_ok;
}

int
order_proof_print(struct store *store, struct arena *arena, struct uuid id, bool as_json)
{
	struct order_proof p = {
	    .store = store, .arena = arena, .id = id, .findings = {.arena = arena_new(FINDINGS_BYTES)}};
	struct why why = {0};
	bool is_ok = false;
	enum outcome outcome;

	if (!p.findings.arena)
		return EXIT_NO;
	outcome = sections_read(&p, &why);
	if (outcome == OUTCOME_OK)
		outcome = subjects_read(&p, &why);
	if (outcome != OUTCOME_OK)
		fprintf(stderr, "tributary order: %s: %s\n", why.code, why.text);
	else
		is_ok = as_json ? proof_json(&p) : proof_print(&p);
	store_rollback(store);
	arena_free(p.findings.arena);
	return is_ok && p.findings.count == 0 ? EXIT_YES : EXIT_NO;
}
