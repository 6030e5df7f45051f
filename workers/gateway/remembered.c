/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/remembered.h"

#include "base/uuid.h"
#include "formats/json.h"
#include "formats/tree_differ.h"

#include <string.h>

static const struct statement requests_put = {
    "gateway_requests_put", "TTTTBUT",
    "INSERT INTO tributary.gateway_requests (party, key, routing_key, content_type, body_sha256, document_id, answer)"
    " SELECT DISTINCT ON (u.party, u.key) u.party, u.key, u.routing_key, u.content_type, u.sha, u.document_id, u.answer"
    " FROM unnest($1, $2, $3, $4, $5, $6, $7) WITH ORDINALITY"
    " u(party, key, routing_key, content_type, sha, document_id, answer, n)"
    " ORDER BY u.party, u.key, u.n ON CONFLICT DO NOTHING"};

static const struct statement requests_get = {
    "gateway_requests_get", "TT",
    "SELECT u.n, r.routing_key, r.content_type, r.body_sha256, r.document_id, r.answer"
    " FROM unnest($1, $2) WITH ORDINALITY u(party, key, n) JOIN tributary.gateway_requests r USING (party, key)"
    " ORDER BY u.n"};

static const struct statement bodies_get = {
    "gateway_bodies_get", "U",
    "SELECT coalesce(d.body, b.body) FROM unnest($1) u(id) JOIN tributary.documents d ON d.document_id = u.id"
    " LEFT JOIN tributary.documents b ON b.document_id = d.body_of"};

static const struct statement requests_forget = {
    "gateway_requests_forget", "N",
    "DELETE FROM tributary.gateway_requests WHERE ctid = ANY (ARRAY("
    "SELECT ctid FROM tributary.gateway_requests WHERE at < now() - ($1)[1] * interval '1 day' LIMIT 10000))"};

static void
error_add(struct remembered *r, const char *path, const char *text)
{
	if (r->errors_n < COUNT_OF(r->errors))
		(void)why_at(&r->errors[r->errors_n++], OUTCOME_DEAD, "idempotency-key-used", path, "%s", text);
}

/* Where two bodies differ, if both are JSON and the first has been stored by now. */
static enum outcome
bodies_compare(struct lane_work *work, struct remembered *r, struct uuid first, struct why *why)
{
	struct rows *rows = rows_new(&bodies_get, work->arena);
	struct tree_limits limits = tree_default_limits;
	struct tree_difference differences[COUNT_OF(r->errors)];
	struct result *found;
	struct node *was, *is;
	enum outcome outcome;
	size_t n;

	rows_uuid(rows, first);
	outcome = store_query(work->store, rows, &found, why);
	if (outcome != OUTCOME_OK)
		return outcome;
	if (result_count(found) == 0 ||
	    json_parse(result_bytes(found, 0, 0), &limits, work->arena, &was, NULL) != OUTCOME_OK ||
	    json_parse(r->body, &limits, work->arena, &is, NULL) != OUTCOME_OK) {
		error_add(r, "body", "other bytes came with this key before");
		return OUTCOME_OK;
	}
	n = tree_differ(was, is, differences, COUNT_OF(differences));
	for (size_t i = 0; i < n; i++)
		error_add(r, differences[i].path,
			  strcmp(differences[i].what, "new") == 0 ? "was not there with this key before"
			  : strcmp(differences[i].what, "missing") == 0
			      ? "is missing; it was there with this key before"
			      : "had another value with this key before");
	if (n == 0)
		error_add(r, "body", "says the same in other bytes; send the very same bytes again");
	return OUTCOME_OK;
}

static enum outcome
remembered_compare(struct lane_work *work, struct remembered *r, const struct result *found, size_t row,
		   struct why *why)
{
	unsigned char sha[32];
	struct uuid document_id = result_uuid(found, row, 4);
	struct str known = result_bytes(found, row, 3);

	sha256(r->body, sha);
	if (!str_equal(result_text(found, row, 1), r->routing_key))
		error_add(r, "kind", "another kind of document came with this key before");
	if (!str_equal(result_text(found, row, 2), r->content_type))
		error_add(r, "Content-Type", "another content type came with this key before");
	r->differs = r->errors_n > 0;
	if (!str_equal(known, (struct str){(const char *)sha, sizeof sha})) {
		r->differs = true;
		return bodies_compare(work, r, document_id, why);
	}
	if (!r->differs) {
		r->document_id = document_id;
		r->answer = arena_str(work->arena, result_text(found, row, 5));
	}
	return OUTCOME_OK;
}

/* In the open transaction: those that are there, compared with what came now. */
static enum outcome
requests_read(struct lane_work *work, struct remembered **asked, size_t n, struct why *why)
{
	struct rows *get = rows_new(&requests_get, work->arena);
	struct result *found;
	enum outcome outcome;

	for (size_t i = 0; i < n; i++) {
		rows_text(get, asked[i]->party);
		rows_text(get, asked[i]->key);
	}
	outcome = store_query(work->store, get, &found, why);
	for (size_t row = 0; outcome == OUTCOME_OK && row < result_count(found); row++) {
		struct remembered *r = asked[result_int(found, row, 0) - 1];

		r->is_known = true;
		outcome = remembered_compare(work, r, found, row, why);
	}
	return outcome;
}

enum outcome
remembered_find(struct lane_work *work, struct remembered **asked, size_t n, struct why *why)
{
	enum outcome outcome;

	if (n == 0)
		return OUTCOME_OK;
	store_begin(work->store);
	outcome = requests_read(work, asked, n, why);
	store_rollback(work->store);
	return outcome;
}

enum outcome
remembered_take(struct lane_work *work, struct remembered **asked, size_t n, struct why *why)
{
	struct rows *put = rows_new(&requests_put, work->arena);
	enum outcome outcome;

	if (n == 0)
		return OUTCOME_OK;
	for (size_t i = 0; i < n; i++) {
		unsigned char sha[32];

		sha256(asked[i]->body, sha);
		rows_text(put, asked[i]->party);
		rows_text(put, asked[i]->key);
		rows_text(put, asked[i]->routing_key);
		rows_text(put, asked[i]->content_type);
		rows_bytes(put, (struct str){(const char *)sha, sizeof sha});
		rows_uuid(put, asked[i]->document_id);
		rows_text(put, asked[i]->answer);
	}
	store_begin(work->store);
	store_send(work->store, put);
	outcome = requests_read(work, asked, n, why);
	return outcome == OUTCOME_OK ? store_commit(work->store, why) : outcome;
}

enum outcome
remembered_forget(struct store *store, struct arena *arena, struct why *why)
{
	struct rows *rows = rows_new(&requests_forget, arena);

	rows_int(rows, REMEMBERED_DAYS);
	store_begin(store);
	store_send(store, rows);
	return store_commit(store, why);
}
