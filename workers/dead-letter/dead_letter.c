/* SPDX-License-Identifier: Apache-2.0 */
/*
 * NAME         dead-letter
 * CONSUMES     dead-letter (from a worker, or from the broker's own delivery limit), unrouted (a party nobody knows)
 * PUBLISHES    nothing
 * WRITES       dead_letters
 * IDEMPOTENCY  a row's id is derived from where the message failed and its id; dying again opens the row again
 * FAILURES     none: whatever comes is stored, and if that fails it is tried again for ever
 */
#include "dead-letter/dead_letter.h"

#include "topology_names.h"

#include "base/instant.h"
#include "dead-letter/fingerprint.h"

#include <string.h>

#define TEXT_MAX_BYTES 1024

static const struct statement dead_letters_put = {
    "dead_letters_put", "UTTTTUTTTNTTTTTTBZ",
    "INSERT INTO tributary.dead_letters AS d (dead_letter_id, message_id, origin, source, routing_key, order_id, party,"
    " type, content_type, version, trace, code, path, reason, fingerprint, headers, body, state, died_at)"
    " SELECT a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p::json, q, 'open', r"
    " FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)"
    " u(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r)"
    " ON CONFLICT (dead_letter_id) DO UPDATE SET state = 'open', times = d.times + 1, code = excluded.code,"
    " path = excluded.path, reason = excluded.reason, fingerprint = excluded.fingerprint, headers = excluded.headers,"
    " died_at = excluded.died_at, closed_at = NULL"};

/* What a dead letter is, wherever it comes from. */
struct letter {
	struct str origin, source, code, path, reason, routing_key;
};

/* Strangers' properties may hold any bytes, a column holds text: what is none is said to be none. The body stays whole.
 */
static struct str
as_text(struct str s)
{
	if (!str_is_utf8(s) || (s.n && memchr(s.p, 0, s.n)))
		return STR("(no text)");
	while (s.n > TEXT_MAX_BYTES || !str_is_utf8(s))
		s.n = s.n > TEXT_MAX_BYTES ? TEXT_MAX_BYTES : s.n - 1;
	return s;
}

/* "reason queue" of the broker's own record, when it was the broker who gave up. */
static struct letter
letter_of(const struct delivery *d)
{
	const struct envelope *e = &d->envelope;
	struct str rest = e->death, reason = str_split(&rest, ' ');

	if (str_equal(d->queue, STR(QUEUE_UNROUTED)))
		return (struct letter){
		    .origin = STR(EXCHANGE_INTAKE),
		    .source = STR("unrouted"),
		    .code = STR("party-unknown"),
		    .path = STR("routing_key"),
		    .reason = STR("no party takes this routing key: give it a folder under topology/parties and apply "
				  "the topology, then replay"),
		    .routing_key = d->routing_key,
		};
	if (e->code.n)
		return (struct letter){e->origin, STR("worker"), e->code, e->path, e->reason, d->routing_key};
	return (struct letter){
	    .origin = rest,
	    .source = STR("broker"),
	    .code = reason.n ? reason : STR("unknown"),
	    .reason = STR("the broker gave up on it: the worker that took it may have died again and again"),
	    .routing_key = d->routing_key,
	};
}

static struct uuid
letter_id(const struct letter *l, const struct delivery *d)
{
	unsigned char hash[32];
	/* A stranger may use a message id again for something else: the bytes tell. */
	struct str parts[4] = {l->origin, d->envelope.message_id, d->routing_key, {(const char *)hash, sizeof hash}};

	sha256(d->body, hash);
	return uuid_derive(UUID_MESSAGE, parts, 4);
}

static void
letter_put(struct rows *rows, const struct batch *batch, const struct item *item)
{
	const struct delivery *d = item->delivery;
	const struct envelope *e = &d->envelope;
	struct letter l = letter_of(d);
	char fingerprint[FINGERPRINT_BYTES];

	fingerprint_of(&(struct trouble){l.origin, e->party, e->type, l.code, l.path}, fingerprint);
	rows_uuid(rows, letter_id(&l, d));
	rows_text(rows, as_text(e->message_id));
	rows_text(rows, as_text(l.origin));
	rows_text(rows, l.source);
	rows_text(rows, as_text(l.routing_key));
	rows_uuid_or_null(rows, item->order_id);
	rows_text(rows, as_text(e->party));
	rows_text(rows, as_text(e->type));
	rows_text(rows, as_text(e->content_type));
	rows_int(rows, e->version >= 0 && e->version <= INT32_MAX ? e->version : 0);
	rows_text(rows, as_text(e->trace));
	rows_text(rows, as_text(l.code));
	rows_text(rows, as_text(l.path));
	rows_text(rows, as_text(l.reason));
	rows_text(rows, arena_str(batch->arena, str_of(fingerprint)));
	rows_text(rows, e->headers.n ? e->headers : STR("{}"));
	rows_bytes(rows, d->body);
	rows_instant(rows, batch->now_us);
}

enum outcome
dead_letter_handle(struct batch *batch, struct why *why)
{
	struct rows *rows = rows_new(&dead_letters_put, batch->arena);

	(void)why;
	for (size_t i = 0; i < batch->n; i++)
		letter_put(rows, batch, batch->items[i]);
	store_send(batch->store, rows);
	return OUTCOME_OK;
}
