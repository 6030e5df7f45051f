/* SPDX-License-Identifier: Apache-2.0 */
/*
 * NAME         noop
 * CONSUMES     noop: order.accepted
 * PUBLISHES    nothing
 * WRITES       noop_seen
 * IDEMPOTENCY  the journal: a message is written down once
 * FAILURES     retry: noop-later; exception: noop-no; any of them: noop-shaky; dead: postgres-data, for a poisoned order, crash-loop
 */
#include "noop/noop.h"

#include "model/order.h"

#include <signal.h>
#include <stdlib.h>

static const struct statement seen_insert = {
    "noop_seen_insert", "UTIN",
    "INSERT INTO tributary.noop_seen (message_id, number, attempt, batch_size) SELECT a, b, c, d"
    " FROM unnest($1, $2, $3, $4) u(a, b, c, d),"
    " LATERAL (SELECT CASE WHEN b LIKE 'slow%' THEN pg_sleep(8) END) slept"};

enum outcome
noop_handle(struct batch *batch, struct why *why)
{
	struct rows *seen = rows_new(&seen_insert, batch->arena);
	struct result *none;

	for (size_t i = 0; i < batch->n; i++) {
		struct item *item = batch->items[i];
		const struct order *o = item->document;
		int64_t attempt = item->delivery->envelope.attempt;
		struct why item_why = {0};

		/* One of three fails, in one way or another; tried again, it is another throw. */
		if (str_starts(o->source_number, STR("shaky")) && random() % 3 == 0) {
			static const enum outcome ways[] = {OUTCOME_RETRY, OUTCOME_HELD, OUTCOME_DEAD};

			item_fail(item,
				  why_set(&item_why, ways[random() % 3], "noop-shaky", "some of these fail at random"),
				  &item_why);
			continue;
		}
		if (str_starts(o->source_number, STR("crash")))
			raise(SIGKILL);
		if (str_starts(o->source_number, STR("retry")) && attempt == 0) {
			item_fail(item, why_set(&item_why, OUTCOME_RETRY, "noop-later", "the first attempt is put off"),
				  &item_why);
		} else if (str_starts(o->source_number, STR("held"))) {
			item_fail(item, why_set(&item_why, OUTCOME_HELD, "noop-no", "the business says no"), &item_why);
		} else {
			rows_uuid(seen, item->message_id);
			rows_text(seen, o->source_number);
			rows_int(seen, attempt);
			rows_int(seen, (int64_t)batch->n);
		}
	}
	return rows_count(seen) ? store_query(batch->store, seen, &none, why) : OUTCOME_OK;
}
