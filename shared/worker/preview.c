/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a dead letter would come to if it were replayed now, said by the stage that would take it, with its own rights,
 * configuration and mappings: the handler runs in a transaction that is rolled back, and nothing is published. The
 * answer goes to the plan's item (table replay_items), whose id came with the message.
 */
#include "worker/skeleton.h"

#include "topology_names.h"

#include "base/instant.h"
#include "worker/settle_sql.h"

#include <string.h>

#define TRIES 3
#define TEXT_BYTES ((size_t)900)

/* What is told, in memory that outlives the rolled back transaction. */
struct told {
	const char *preview; /* of replay_items.preview */
	struct str code, path, text;
};

bool
preview_is_asked(const struct delivery *d)
{
	return str_equal(d->exchange, STR(EXCHANGE_HOME)) && str_equal(d->envelope.code, STR(ENVELOPE_PREVIEW));
}

/* "says order.enriched, shipment.requested; allocated: 5 of 5 lines have stock" */
static struct str
done_text(const struct item *item, struct arena *arena)
{
	struct buf text;
	struct str copy;

	buf_init(&text, TEXT_BYTES);
	for (const struct output *o = item->private->outputs; o; o = o->next)
		buf_printf(&text, "%s%.*s", text.n ? ", " : "says ", STR_ARGS(o->message.envelope.type));
	for (const struct note *n = item->private->notes; n; n = n->next)
		buf_printf(&text, "%s%s%s%.*s", text.n ? "; " : "", n->event, n->detail.n ? ": " : "",
			   STR_ARGS(n->detail));
	copy = arena_str(arena, buf_str(&text));
	buf_release(&text);
	return copy;
}

static struct told
told_of(const struct item *item, struct arena *arena)
{
	struct told t = {.code = arena_str(arena, str_of(item->why.code)),
			 .path = arena_str(arena, str_of(item->why.path)),
			 .text = arena_str(arena, str_of(item->why.text))};

	if (item->private->state == ITEM_ANSWERED)
		return (struct told){.preview = "answered", .text = STR("it was done before: nothing happens twice")};
	switch (item->outcome) {
	case OUTCOME_OK:
		return (struct told){.preview = "done", .text = done_text(item, arena)};
	case OUTCOME_HELD:
		t.preview = "held";
		break;
	case OUTCOME_PARKED:
		t.preview = "parked";
		break;
	case OUTCOME_DEAD:
		t.preview = "dead";
		break;
	default:
		t.preview = "retry";
		break;
	}
	return t;
}

/* In no transaction: a handler that asks the outside only looks. */
static void
outside_look(struct skeleton *s, struct item *item)
{
	struct batch batch = batch_of(s, &item, 1);
	struct why why = {0};
	enum outcome outcome = OUTCOME_OK;

	if (item->outcome != OUTCOME_OK || item->private->state != ITEM_OPEN)
		return;
	if (item->private->handler->look)
		outcome = item->private->handler->look(&batch, &why);
	else
		item_note(&batch, item, "asks", NULL, "it would be asked of the outside");
	if (outcome != OUTCOME_OK)
		item_fail(item, outcome, &why);
}

/* The transaction's own fault is the item's: it is alone. */
static enum outcome
item_try(struct skeleton *s, struct item *item, struct why *why)
{
	const struct handler *h = item->private->handler;
	enum outcome outcome = store_connect(s->store, why);

	if (outcome != OUTCOME_OK)
		return outcome;
	item_reset(item);
	store_begin(s->store);
	outcome = known_look(s, item, why);
	if (outcome == OUTCOME_OK && item->private->state == ITEM_OPEN && h) {
		struct batch batch = batch_of(s, &item, 1);

		outcome = h->call ? h->prepare(&batch, why) : h->handle(&batch, why);
		/* A question that must be answered: what was only queued is done before it. */
		if (outcome == OUTCOME_OK)
			outcome = known_look(s, item, why);
	}
	return outcome;
}

static enum outcome
told_write(struct skeleton *s, const struct item *item, const struct told *t, struct why *why)
{
	struct rows *rows = rows_new(&sql_preview, s->arena);
	struct uuid id;
	enum outcome outcome = store_connect(s->store, why);

	if (!uuid_parse(item->delivery->envelope.path, &id) || outcome != OUTCOME_OK)
		return outcome;
	rows_uuid(rows, id);
	rows_text(rows, str_of(t->preview));
	rows_text_or_null(rows, t->code);
	rows_text_or_null(rows, t->path);
	rows_text_or_null(rows, t->text);
	rows_instant(rows, instant_now_us());
	store_begin(s->store);
	store_send(s->store, rows);
	return store_commit(s->store, why);
}

/* What would not be decided here and now is told as such; only a server that is away is waited for. */
bool
preview_run(struct skeleton *s, struct item *item)
{
	int64_t backoff_ms = 0;
	int tries = 0;

	for (;;) {
		struct why why = {0};
		struct told t;
		enum outcome outcome = OUTCOME_OK;

		if (item->delivery->envelope.deliveries > 0)
			item_fail(
			    item,
			    why_set(&why, OUTCOME_DEAD, "crash-loop", "its preview ended the process that handled it"),
			    &why);
		else
			outcome = item_try(s, item, &why);
		if (outcome == OUTCOME_RETRY && ++tries < TRIES) {
			store_rollback(s->store);
			continue;
		}
		if (outcome != OUTCOME_OK && outcome != OUTCOME_AWAY)
			item_fail(item, outcome, &why);
		store_rollback(s->store);
		if (outcome != OUTCOME_AWAY) {
			if (outcome == OUTCOME_OK && item->private->handler && item->private->handler->call)
				outside_look(s, item);
			t = told_of(item, s->arena);
			outcome = told_write(s, item, &t, &why);
		}
		if (outcome == OUTCOME_OK)
			return true;
		if (!away_wait(s, &why, &backoff_ms))
			return false;
	}
}
