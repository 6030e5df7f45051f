/* SPDX-License-Identifier: Apache-2.0 */
#include "kept_sql.h"

#define EXCEPTION_MESSAGE                                                                                              \
	"'home', 'now.' || queue, message_id::text, coalesce(order_id::text, ''), type, content_type, party, version," \
	" trace, body"

const struct kept_kind kept_exceptions = {
    .command = "exceptions",
    .again = "release",
    .end = "dismiss",
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
    .body = {"exceptions_body", "U", "SELECT body FROM tributary.exceptions WHERE exception_id = ($1)[1]"},
    .select =
	{"exceptions_select", "TIT",
	 "SELECT exception_id FROM tributary.exceptions WHERE state IN ('open', 'releasing')"
	 " AND (($1)[1] = '' OR code = ($1)[1] OR (right(($1)[1], 1) = '*' AND starts_with(code, left(($1)[1], -1))))"
	 " AND (($3)[1] = '' OR party = ($3)[1]) ORDER BY opened_at LIMIT ($2)[1]"},
    .claim = {"exceptions_claim", "U",
	      "UPDATE tributary.exceptions x SET state = 'releasing' WHERE exception_id = ($1)[1]"
	      " AND state IN ('open', 'releasing') AND NOT EXISTS (SELECT FROM tributary.exceptions c WHERE"
	      " c.order_id = x.order_id AND c.exception_id <> x.exception_id AND c.code = 'order-cancelled'"
	      " AND c.state = 'open') RETURNING " EXCEPTION_MESSAGE},
    .forget = {"exceptions_forget", "U",
	       "WITH doubt AS (UPDATE tributary.effects f SET code = 'not-sent' FROM tributary.exceptions x"
	       " WHERE x.exception_id = ($1)[1] AND f.effect_id = x.message_id AND f.state IN ('in_doubt', 'refused'))"
	       " DELETE FROM tributary.journal j USING tributary.exceptions x"
	       " WHERE x.exception_id = ($1)[1] AND j.message_id = x.message_id AND j.stage = x.stage"
	       " AND j.outcome = 'held'"},
    .close = {"exceptions_close", "U",
	      "UPDATE tributary.exceptions SET state = 'released', closed_at = now()"
	      " WHERE exception_id = ($1)[1] AND state = 'releasing'"},
    .reopen = {"exceptions_reopen", "U",
	       "UPDATE tributary.exceptions SET state = 'open' WHERE exception_id = ($1)[1] AND state = 'releasing'"},
    /* Nothing waits behind a document that is no order yet. */
    .dismiss = {"exceptions_dismiss", "U",
		"UPDATE tributary.exceptions SET state = 'dismissed', closed_at = now()"
		" WHERE exception_id = ($1)[1] AND state <> 'released' RETURNING " EXCEPTION_MESSAGE
		", order_id IS NOT NULL AND stage <> 'ingest'"},
};

/*
 * A dead letter goes back to the queue it failed in; what was never routed goes where it was sent to, and so does a
 * stranger's document that the broker gave up on before a worker of ours gave it an id. A copy that found no retry tier
 * goes straight home.
 */
#define IS_STRANGERS "source = 'broker' AND origin LIKE 'ingest.%' AND routing_key NOT LIKE '%.ingest.%'"
#define LETTER_EXCHANGE                                                                                      \
	"CASE WHEN " IS_STRANGERS " THEN 'intake' WHEN code = 'unroutable' AND origin = 'retry' THEN 'home'" \
	" WHEN source = 'unrouted' OR code = 'unroutable' THEN origin ELSE 'home' END"
#define LETTER_KEY                                                                                            \
	"CASE WHEN " IS_STRANGERS " THEN routing_key"                                                         \
	" WHEN code = 'unroutable' AND origin = 'retry' THEN 'now.' || regexp_replace(path, '^[^.]+[.]', '')" \
	" WHEN code = 'unroutable' THEN path WHEN source = 'unrouted' THEN routing_key ELSE 'now.' || origin END"
#define LETTER_MESSAGE                  \
	LETTER_EXCHANGE ", " LETTER_KEY \
			", message_id, coalesce(order_id::text, ''), type, content_type, party, version, trace, body"

const struct kept_kind kept_dead_letters = {
    .command = "dead-letters",
    .again = "replay",
    .end = "discard",
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
    .body = {"dead_letters_body", "U", "SELECT body FROM tributary.dead_letters WHERE dead_letter_id = ($1)[1]"},
    .select = {"dead_letters_select", "TIT",
	       "SELECT dead_letter_id FROM tributary.dead_letters WHERE state IN ('open', 'replaying')"
	       " AND (($1)[1] IN (code, fingerprint) OR (($1)[1] = '' AND origin = 'ingest.' || ($3)[1]))"
	       " AND (($3)[1] = '' OR party = ($3)[1]) ORDER BY died_at LIMIT ($2)[1]"},
    .claim = {"dead_letters_claim", "U",
	      "UPDATE tributary.dead_letters SET state = 'replaying' WHERE dead_letter_id = ($1)[1]"
	      " AND state IN ('open', 'replaying') RETURNING " LETTER_MESSAGE},
    .forget = {"dead_letters_forget", "U",
	       "DELETE FROM tributary.journal j USING tributary.dead_letters d WHERE d.dead_letter_id = ($1)[1]"
	       " AND j.message_id::text = lower(d.message_id) AND j.stage = split_part(d.origin, '.', 1)"
	       " AND j.outcome = 'dead'"},
    .close = {"dead_letters_close", "U",
	      "UPDATE tributary.dead_letters SET state = 'replayed', closed_at = now()"
	      " WHERE dead_letter_id = ($1)[1] AND state = 'replaying'"},
    .reopen =
	{"dead_letters_reopen", "U",
	 "UPDATE tributary.dead_letters SET state = 'open' WHERE dead_letter_id = ($1)[1] AND state = 'replaying'"},
    .dismiss =
	{"dead_letters_dismiss", "U",
	 "UPDATE tributary.dead_letters SET state = 'dismissed', closed_at = now()"
	 " WHERE dead_letter_id = ($1)[1] AND state <> 'replayed' RETURNING " LETTER_MESSAGE
	 ", order_id IS NOT NULL AND source <> 'unrouted' AND code <> 'unroutable' AND origin NOT LIKE 'ingest.%'"
	 " AND origin NOT LIKE 'outbound.%'"},
};
