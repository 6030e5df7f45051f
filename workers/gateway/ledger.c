/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/ledger.h"

#include "base/instant.h"
#include "formats/json_say.h"
#include "gateway/route.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ENTRIES_MAX 4096 /* different ones between two writes; what is beyond is counted as one */
#define SLOTS 8192
#define REFUSALS_EVERY_US \
	INT64_C(60000000) /* between two rows of refusals that are alike: nobody outside fills the audit log */

/* Calls that are alike. */
struct entry {
	char party[PARTY_NAME_BYTES], key_id[API_KEY_ID_BYTES], address[46];
	bool is_known; /* the key was found good: it counts as its party's usage */
	const struct route *route;
	const char *code; /* NULL: not refused */
	int status;
	int64_t n, told;           /* calls; of these in the metrics */
	int64_t first_us, last_us; /* since 1970 */
	bool is_gathered;          /* of the closed page: it is among the refusals */
	int64_t written_us;        /* of the refusals: monotonic, the last row; 0: there was none */
};

struct page {
	struct entry entries[ENTRIES_MAX];
	unsigned short slots[SLOTS]; /* index + 1 */
	size_t n;
	int64_t lost, lost_told;
};

struct ledger {
	pthread_mutex_t lock;
	struct page *open, *closed; /* noted into; being written */
	struct page *refusals;      /* the writer's: what is to be written of them, and when they were last */
	_Atomic bool is_closed;     /* there is something to be written: until then the closed page is its writer's */
	int64_t due_us;             /* monotonic */
};

struct ledger *
ledger_new(void)
{
	struct ledger *l = calloc(1, sizeof *l);

	if (!l)
		return NULL;
	pthread_mutex_init(&l->lock, NULL);
	l->open = calloc(1, sizeof *l->open);
	l->closed = calloc(1, sizeof *l->closed);
	l->refusals = calloc(1, sizeof *l->refusals);
	if (l->open && l->closed && l->refusals)
		return l;
	ledger_free(l);
	return NULL;
}

void
ledger_free(struct ledger *l)
{
	if (!l)
		return;
	pthread_mutex_destroy(&l->lock);
	free(l->open);
	free(l->closed);
	free(l->refusals);
	free(l);
}

/* Codes are literals, so the pointer tells them apart well enough: two of the same text are two rows. */
static bool
entry_is(const struct entry *e, const struct entry *other)
{
	return e->route == other->route && e->code == other->code && e->status == other->status &&
	       e->is_known == other->is_known && strcmp(e->key_id, other->key_id) == 0 &&
	       strcmp(e->party, other->party) == 0;
}

static void
page_add(struct page *page, const struct entry *e)
{
	struct str text = {e->key_id, strlen(e->key_id)};
	size_t slot = (str_hash(text) ^ str_hash(str_of(e->party)) ^ ((uintptr_t)e->route >> 3) ^
		       ((uintptr_t)e->code << 5) ^ (size_t)e->status) %
		      SLOTS;

	while (page->slots[slot] && !entry_is(&page->entries[page->slots[slot] - 1], e))
		slot = (slot + 1) % SLOTS;
	if (page->slots[slot]) {
		struct entry *known = &page->entries[page->slots[slot] - 1];

		if (!known->n)
			known->first_us = e->first_us;
		known->n += e->n;
		known->last_us = e->last_us;
		memcpy(known->address, e->address, sizeof known->address);
		return;
	}
	if (page->n == ENTRIES_MAX) {
		page->lost += e->n;
		return;
	}
	page->entries[page->n] = *e;
	page->slots[slot] = (unsigned short)++page->n;
}

void
ledger_note(struct ledger *l, const struct call *call, int status)
{
	int64_t now_us = instant_now_us();
	struct entry e = {.route = call->route,
			  .code = status >= 400 ? (call->code ? call->code : "unknown") : NULL,
			  .status = status,
			  .is_known = call->caller.key_id[0] != '\0',
			  .n = 1,
			  .first_us = now_us,
			  .last_us = now_us};

	snprintf(e.party, sizeof e.party, "%s", e.is_known ? call->caller.party : call->party ? call->party->name : "");
	snprintf(e.key_id, sizeof e.key_id, "%s", e.is_known ? call->caller.key_id : call->refused_key);
	snprintf(e.address, sizeof e.address, "%s", call->web->address);
	pthread_mutex_lock(&l->lock);
	page_add(l->open, &e);
	pthread_mutex_unlock(&l->lock);
}

/* --- what becomes of it ----------------------------------------------------------------------------------------------- */

static const struct statement usage_put = {
    "gateway_usage", "TTTIIZZ",
    "INSERT INTO tributary.api_usage AS a (day, key_id, party, route, calls, refused, first_at, last_at)"
    " SELECT (min(u.first_at) AT TIME ZONE 'UTC')::date, u.key_id, u.party, u.route, sum(u.calls), sum(u.refused),"
    " min(u.first_at), max(u.last_at) FROM unnest($1, $2, $3, $4, $5, $6, $7)"
    " u(key_id, party, route, calls, refused, first_at, last_at) GROUP BY 2, 3, 4"
    " ON CONFLICT (day, key_id, party, route) DO UPDATE SET calls = a.calls + excluded.calls,"
    " refused = a.refused + excluded.refused, last_at = greatest(a.last_at, excluded.last_at)"};

static const struct statement refusals_put = {
    "gateway_refusals", "TTTT",
    "INSERT INTO tributary.audit_log (who, act, target_id, order_id, reason, before, after)"
    " SELECT u.who, 'gateway.refused', u.target, NULL, u.reason, NULL, u.after::json"
    " FROM unnest($1, $2, $3, $4) u(who, target, reason, after)"};

static void
refusal_put(struct rows *rows, struct arena *arena, const struct entry *e)
{
	char name[ROUTE_NAME_BYTES];
	struct buf after;

	buf_init(&after, 2048);
	json_open(&after, NULL, '{');
	json_say_int(&after, "status", e->status);
	json_say_int(&after, "calls", e->n);
	json_say_text_if(&after, "key", str_of(e->key_id));
	json_say_text_if(&after, "party", str_of(e->party));
	json_say_text(&after, "address", str_of(e->address));
	json_say_instant_if(&after, "first_at", e->first_us);
	json_say_instant_if(&after, "last_at", e->last_us);
	json_close(&after, '}');
	/* Who could not prove it is nobody, whatever party he named. */
	rows_text(rows, e->party[0] && e->status != 401 ? str_of(e->party) : STR("unknown"));
	rows_text(rows, e->route ? arena_str(arena, str_of(route_name(e->route, name))) : STR("no route"));
	rows_text(rows, str_of(e->code));
	rows_text(rows, arena_str(arena, buf_str(&after)));
	buf_release(&after);
}

/* What the caller may well ask and gets a no for is no refusal at the door. Beyond ENTRIES_MAX only the metrics have them. */
static void
refusals_gather(struct page *refusals, struct page *page)
{
	for (size_t i = 0; i < page->n; i++) {
		struct entry *e = &page->entries[i];

		if (!e->is_gathered && e->code && e->status != 404 && e->status < 500)
			page_add(refusals, e);
		e->is_gathered = true;
	}
}

static bool
refusal_is_due(const struct page *refusals, const struct entry *e, int64_t now_us, bool all)
{
	return e->n &&
	       (all || !e->written_us || now_us - e->written_us >= REFUSALS_EVERY_US || refusals->n == ENTRIES_MAX);
}

static void
usage_add(struct rows *usage, struct arena *arena, const struct entry *e)
{
	char name[ROUTE_NAME_BYTES];

	if (!e->is_known || !e->route)
		return;
	rows_text(usage, str_of(e->key_id));
	rows_text(usage, str_of(e->party));
	rows_text(usage, arena_str(arena, str_of(route_name(e->route, name))));
	rows_int(usage, e->n);
	rows_int(usage, e->code ? e->n : 0);
	rows_instant(usage, e->first_us);
	rows_instant(usage, e->last_us);
}

/* What was not told yet; whether Postgres is there or not. */
static void
page_tell(struct page *page, struct batch *batch)
{
	for (size_t i = 0; i < page->n; i++) {
		struct entry *e = &page->entries[i];
		int64_t fresh = e->n - e->told;
		char status[8];

		if (!fresh)
			continue;
		e->told = e->n;
		snprintf(status, sizeof status, "%d", e->status);
		batch_count(batch, "answers_total", e->party, status, fresh);
		if (e->code)
			batch_count(batch, "refusals_total", e->party, e->code, fresh);
	}
	if (page->lost != page->lost_told)
		batch_count(batch, "uncounted_total", "", NULL, page->lost - page->lost_told);
	page->lost_told = page->lost;
}

static void
page_clear(struct page *page)
{
	memset(page->slots, 0, sizeof page->slots);
	page->n = 0;
	page->lost = page->lost_told = 0;
}

void
ledger_tell(struct ledger *l, struct batch *batch, bool now)
{
	if (!now && monotonic_us() < l->due_us)
		return;
	l->due_us = monotonic_us() + LEDGER_WRITE_MS * 1000;
	pthread_mutex_lock(&l->lock);
	page_tell(l->open, batch);
	if (!atomic_load(&l->is_closed) && l->open->n) {
		struct page *page = l->closed;

		l->closed = l->open;
		l->open = page;
		atomic_store(&l->is_closed, true);
	}
	pthread_mutex_unlock(&l->lock);
}

/* Their rows are there, or can never be. */
static void
refusals_end(struct page *refusals, int64_t now_us, bool all)
{
	for (size_t i = 0; i < refusals->n; i++) {
		struct entry *e = &refusals->entries[i];

		if (!refusal_is_due(refusals, e, now_us, all))
			continue;
		e->n = 0;
		e->written_us = now_us;
	}
	if (refusals->n == ENTRIES_MAX)
		page_clear(refusals);
}

enum outcome
ledger_write(struct ledger *l, struct store *store, struct arena *arena, bool all, struct why *why)
{
	struct rows *usage = rows_new(&usage_put, arena), *refusals = rows_new(&refusals_put, arena);
	bool is_closed = atomic_load(&l->is_closed);
	int64_t now_us = monotonic_us();
	enum outcome outcome = OUTCOME_OK;

	if (is_closed)
		refusals_gather(l->refusals, l->closed);
	for (size_t i = 0; is_closed && i < l->closed->n; i++)
		usage_add(usage, arena, &l->closed->entries[i]);
	for (size_t i = 0; i < l->refusals->n; i++)
		if (refusal_is_due(l->refusals, &l->refusals->entries[i], now_us, all))
			refusal_put(refusals, arena, &l->refusals->entries[i]);
	if (rows_count(usage) || rows_count(refusals)) {
		store_begin(store);
		store_send(store, usage);
		store_send(store, refusals);
		outcome = store_commit(store, why);
	}
	/* A row that can never be written must not be in the way of the others for ever. */
	if (outcome != OUTCOME_OK && outcome != OUTCOME_DEAD)
		return outcome;
	refusals_end(l->refusals, now_us, all);
	if (is_closed) {
		page_clear(l->closed);
		atomic_store(&l->is_closed, false);
	}
	return outcome;
}
