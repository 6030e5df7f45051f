/* SPDX-License-Identifier: Apache-2.0 */
#include "auditor/waiting.h"

#define WAITING_COUNTED_MAX "10000"

/* A cancellation that came before its order waits for that, so long (ingest), and for nobody. */
#define IS_FOR_A_PERSON                                                                 \
	" AND NOT (code = 'order-cancelled' AND opened_at > now() - interval '30 days'" \
	" AND NOT EXISTS (SELECT FROM tributary.orders o WHERE o.order_id = x.order_id))"
#define IS_URGENT                                                                           \
	" AND code IN ('order-cancelled', 'cancel-requested', 'order-changed', 'in-doubt')" \
	" AND EXISTS (SELECT FROM tributary.orders o WHERE o.order_id = x.order_id)"
#define WAITING(what, table, since, states, more)                                                           \
	"SELECT '" what "', count(*), coalesce(extract(epoch FROM clock_timestamp() - min(" since           \
	")), 0)::bigint FROM (SELECT " since " FROM tributary." table " x WHERE state IN (" states ")" more \
	" ORDER BY " since " LIMIT " WAITING_COUNTED_MAX ") t"
#define EXCEPTIONS(what, more) WAITING(what, "exceptions", "opened_at", "'open', 'releasing'", more)

static const struct statement waiting_read = {
    "auditor_waiting", "",
    EXCEPTIONS("exceptions", IS_FOR_A_PERSON) " UNION ALL " EXCEPTIONS(
	"exceptions_urgent", IS_URGENT) " UNION ALL " WAITING("dead_letters", "dead_letters", "died_at",
							      "'open', 'replaying'", "")};

enum outcome
waiting_tell(struct batch *batch, struct why *why)
{
	struct result *r;
	enum outcome outcome;

	store_begin(batch->store);
	outcome = store_query(batch->store, rows_new(&waiting_read, batch->arena), &r, why);
	for (size_t i = 0; outcome == OUTCOME_OK && i < result_count(r); i++) {
		const char *what = arena_text(batch->arena, result_text(r, i, 0));

		batch_count(batch, "waiting", "", what, result_int(r, i, 1));
		batch_count(batch, "waiting_seconds", "", what, result_int(r, i, 2));
	}
	if (outcome == OUTCOME_OK)
		return store_commit(batch->store, why);
	store_rollback(batch->store);
	return outcome;
}
