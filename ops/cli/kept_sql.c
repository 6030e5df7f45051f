/* SPDX-License-Identifier: Apache-2.0 */
#include "kept_sql.h"

const struct kept_kind kept_exceptions = {
    .command = "exceptions",
    .again = "release",
    .list =
	{"exceptions_list", "TOI",
	 "SELECT coalesce(json_agg(t ORDER BY opened_at), '[]')::text FROM (SELECT exception_id AS id, party, number,"
	 " stage, code, path, state, times, opened_at, reason FROM report.exceptions"
	 " WHERE (($1)[1] = '' OR code = ($1)[1]) AND (($2)[1] OR state IN ('open', 'releasing'))"
	 " ORDER BY opened_at LIMIT ($3)[1]) t"},
    .show =
	{"exceptions_show", "U",
	 "SELECT json_agg(t)::text FROM (SELECT x.*, e.message_id, e.queue, e.type, octet_length(e.body) AS body_bytes"
	 " FROM report.exceptions x JOIN tributary.exceptions e USING (exception_id) WHERE exception_id = ($1)[1]) t"},
    .select = {"exceptions_select", "TI",
	       "SELECT exception_id FROM tributary.exceptions WHERE state IN ('open', 'releasing')"
	       " AND (($1)[1] = '' OR code = ($1)[1]) ORDER BY opened_at LIMIT ($2)[1]"},
    .claim = {"exceptions_claim", "U",
	      "UPDATE tributary.exceptions SET state = 'releasing' WHERE exception_id = ($1)[1]"
	      " AND state IN ('open', 'releasing') RETURNING 'home', 'now.' || queue, message_id::text,"
	      " coalesce(order_id::text, ''), type, content_type, party, version, trace, body"},
    .forget = {"exceptions_forget", "U",
	       "WITH doubt AS (UPDATE tributary.effects f SET code = 'not-sent' FROM tributary.exceptions x"
	       " WHERE x.exception_id = ($1)[1] AND f.effect_id = x.message_id AND f.state = 'in_doubt')"
	       " DELETE FROM tributary.journal j USING tributary.exceptions x"
	       " WHERE x.exception_id = ($1)[1] AND j.message_id = x.message_id AND j.stage = x.stage"},
    .close = {"exceptions_close", "U",
	      "UPDATE tributary.exceptions SET state = 'released', closed_at = now()"
	      " WHERE exception_id = ($1)[1] AND state = 'releasing'"},
    .dismiss = {"exceptions_dismiss", "U",
		"UPDATE tributary.exceptions SET state = 'dismissed', closed_at = now()"
		" WHERE exception_id = ($1)[1] AND state = 'open' RETURNING exception_id"},
};

/* A dead letter goes back to the queue it failed in; what was never routed goes where it was sent to. */
#define LETTER_EXCHANGE "CASE WHEN source = 'unrouted' OR code = 'unroutable' THEN origin ELSE 'home' END"
#define LETTER_KEY \
	"CASE WHEN code = 'unroutable' THEN path WHEN source = 'unrouted' THEN routing_key ELSE 'now.' || origin END"

const struct kept_kind kept_dead_letters = {
    .command = "dead-letters",
    .again = "replay",
    .list = {"dead_letters_list", "TOI",
	     "SELECT coalesce(json_agg(t ORDER BY died_at), '[]')::text FROM (SELECT dead_letter_id AS id, fingerprint,"
	     " party, origin, type, code, path, state, times, body_bytes, died_at, reason FROM report.dead_letters"
	     " WHERE (($1)[1] = '' OR ($1)[1] IN (code, fingerprint)) AND (($2)[1] OR state IN ('open', 'replaying'))"
	     " ORDER BY died_at LIMIT ($3)[1]) t"},
    .show =
	{"dead_letters_show", "U",
	 "SELECT json_agg(t)::text FROM (SELECT r.*, d.message_id, d.routing_key, d.content_type, d.version, d.headers"
	 " FROM report.dead_letters r JOIN tributary.dead_letters d USING (dead_letter_id)"
	 " WHERE dead_letter_id = ($1)[1]) t"},
    .select = {"dead_letters_select", "TI",
	       "SELECT dead_letter_id FROM tributary.dead_letters WHERE state IN ('open', 'replaying')"
	       " AND (($1)[1] = '' OR ($1)[1] IN (code, fingerprint)) ORDER BY died_at LIMIT ($2)[1]"},
    .claim = {"dead_letters_claim", "U",
	      "UPDATE tributary.dead_letters SET state = 'replaying' WHERE dead_letter_id = ($1)[1]"
	      " AND state IN ('open', 'replaying') RETURNING " LETTER_EXCHANGE ", " LETTER_KEY
	      ", message_id, coalesce(order_id::text, ''), type, content_type, party, version, trace, body"},
    .forget = {"dead_letters_forget", "U",
	       "DELETE FROM tributary.journal j USING tributary.dead_letters d WHERE d.dead_letter_id = ($1)[1]"
	       " AND j.message_id::text = lower(d.message_id) AND j.stage = split_part(d.origin, '.', 1)"
	       " AND j.outcome = 'dead'"},
    .close = {"dead_letters_close", "U",
	      "UPDATE tributary.dead_letters SET state = 'replayed', closed_at = now()"
	      " WHERE dead_letter_id = ($1)[1] AND state = 'replaying'"},
    .dismiss = {"dead_letters_dismiss", "U",
		"UPDATE tributary.dead_letters SET state = 'dismissed', closed_at = now()"
		" WHERE dead_letter_id = ($1)[1] AND state = 'open' RETURNING dead_letter_id"},
};
