/* SPDX-License-Identifier: Apache-2.0 */
/* Rows go in in one order, whoever writes: two processes never wait for each other in a circle. */
#include "ingest/drift_sql.h"

#define ASKED "unnest($1, $2) WITH ORDINALITY u(party, kind, n)"

const struct statement drift_shapes_load = {
    "drift_shapes_load", "TT",
    "SELECT u.n, s.path, s.types::bigint, s.is_used, s.is_open, s.documents, s.absent FROM " ASKED
    " JOIN tributary.party_shapes s USING (party, kind) ORDER BY u.n, s.path"};

const struct statement drift_values_load = {"drift_values_load", "TT",
					    "SELECT u.n, v.path, v.value FROM " ASKED
					    " JOIN tributary.party_values v USING (party, kind)"};

const struct statement drift_alarms_load = {
    "drift_alarms_load", "TT",
    "SELECT u.n, d.path, d.what, d.now, d.accepted_at IS NOT NULL FROM " ASKED
    " JOIN tributary.party_drift d USING (party, kind) WHERE d.is_alarm AND d.dismissed_at IS NULL"};

const struct statement drift_shapes_add = {
    "drift_shapes_add", "TTTNOOIIZ",
    "INSERT INTO tributary.party_shapes AS s (party, kind, path, types, is_used, is_open, documents, absent,"
    " first_seen, last_seen) SELECT u.*, u.at FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9)"
    " u(party, kind, path, types, is_used, is_open, documents, absent, at) ORDER BY party, kind, path"
    " ON CONFLICT (party, kind, path) DO UPDATE SET types = s.types | excluded.types,"
    " is_used = s.is_used OR excluded.is_used, is_open = s.is_open OR excluded.is_open,"
    " documents = s.documents + excluded.documents, absent = s.absent + excluded.absent,"
    " last_seen = greatest(s.last_seen, excluded.last_seen)"};

const struct statement drift_values_add = {
    "drift_values_add", "TTTI",
    "INSERT INTO tributary.party_values (party, kind, path, value) SELECT party, kind, path, value"
    " FROM unnest($1, $2, $3, $4) u(party, kind, path, value) ORDER BY party, kind, path, value"
    " ON CONFLICT DO NOTHING"};

const struct statement drift_values_forget = {
    "drift_values_forget", "TTT",
    "DELETE FROM tributary.party_values v USING unnest($1, $2, $3) u(party, kind, path)"
    " WHERE v.party = u.party AND v.kind = u.kind AND v.path = u.path"};

const struct statement drift_findings_add = {
    "drift_findings_add", "TTTTTTOIUZ",
    "INSERT INTO tributary.party_drift AS d (party, kind, path, what, was, now, is_alarm, documents, document_id,"
    " first_seen, last_seen) SELECT u.*, u.at FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"
    " u(party, kind, path, what, was, now, is_alarm, documents, document_id, at)"
    " ORDER BY party, kind, path, what, now"
    " ON CONFLICT (party, kind, path, what, now) DO UPDATE SET documents = d.documents + excluded.documents,"
    " document_id = excluded.document_id, last_seen = greatest(d.last_seen, excluded.last_seen), dismissed_at = NULL"
    " WHERE d.accepted_at IS NULL"};
