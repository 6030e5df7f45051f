/* SPDX-License-Identifier: Apache-2.0 */
#include "book.h"

#include "journal.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define BUCKETS_FIRST 1024

enum by { BY_KEY, BY_REFERENCE, BY_COUNT };

struct entry {
	struct entry *next[BY_COUNT]; /* in its bucket */
	struct entry *next_due;
	struct str names[BY_COUNT]; /* into `text` */
	struct str lines;           /* allocated; empty once confirmed */
	uint64_t number;
	int64_t confirm_at_us; /* monotonic */
	unsigned char sha256[32];
	bool is_confirmed;
	char text[];
};

/* Entries by number, and by two names each; both tables have the same number of buckets, a power of two. */
struct book {
	pthread_mutex_t lock;
	struct journal *journal;
	struct entry **numbers; /* entry n at n - 1 */
	size_t numbers_count, numbers_room;
	struct entry **buckets[BY_COUNT];
	size_t buckets_count;
	struct entry *due_first, **due_end;
	struct book_counts counts;
};

static struct entry **
bucket_of(const struct book *b, enum by by, struct str name)
{
	return &b->buckets[by][str_hash(name) & (b->buckets_count - 1)];
}

static struct entry *
entry_find(const struct book *b, enum by by, struct str name)
{
	struct entry *e = *bucket_of(b, by, name);

	while (e && !str_equal(e->names[by], name))
		e = e->next[by];
	return e;
}

static void
entry_link(struct book *b, struct entry *e)
{
	for (enum by by = 0; by < BY_COUNT; by++) {
		struct entry **bucket = bucket_of(b, by, e->names[by]);

		/* Behind those that are there: the first of a reference is the one that is found. */
		while (*bucket)
			bucket = &(*bucket)->next[by];
		e->next[by] = NULL;
		*bucket = e;
	}
}

static bool
buckets_grow(struct book *b)
{
	size_t count = b->buckets_count ? b->buckets_count * 2 : BUCKETS_FIRST;
	struct entry **key = calloc(count, sizeof *key), **reference = calloc(count, sizeof *reference);

	if (!key || !reference) {
		free(key);
		free(reference);
		return false;
	}
	free(b->buckets[BY_KEY]);
	free(b->buckets[BY_REFERENCE]);
	b->buckets[BY_KEY] = key;
	b->buckets[BY_REFERENCE] = reference;
	b->buckets_count = count;
	for (size_t i = 0; i < b->numbers_count; i++)
		entry_link(b, b->numbers[i]);
	return true;
}

static bool
room_make(struct book *b)
{
	if (b->numbers_count == b->numbers_room) {
		size_t room = b->numbers_room ? b->numbers_room * 2 : BUCKETS_FIRST;
		struct entry **longer = realloc(b->numbers, room * sizeof *longer);

		if (!longer)
			return false;
		b->numbers = longer;
		b->numbers_room = room;
	}
	return b->numbers_count < b->buckets_count || buckets_grow(b);
}

static void
entry_free(struct entry *e)
{
	if (e)
		free((void *)(uintptr_t)e->lines.p);
	free(e);
}

static struct entry *
entry_new(const struct journal_line *line)
{
	struct entry *e = calloc(1, sizeof *e + line->key.n + line->reference.n);
	char *lines = malloc(line->lines.n + 1);

	if (!e || !lines) {
		free(e);
		free(lines);
		return NULL;
	}
	memcpy(lines, line->lines.p, line->lines.n);
	memcpy(e->text, line->key.p, line->key.n);
	memcpy(e->text + line->key.n, line->reference.p, line->reference.n);
	memcpy(e->sha256, line->sha256, sizeof e->sha256);
	e->names[BY_KEY] = (struct str){e->text, line->key.n};
	e->names[BY_REFERENCE] = (struct str){e->text + line->key.n, line->reference.n};
	e->lines = (struct str){lines, line->lines.n};
	e->number = line->number;
	return e;
}

/* There is room for it. */
static void
entry_add(struct book *b, struct entry *e)
{
	b->counts.accepted++;
	if (entry_find(b, BY_REFERENCE, e->names[BY_REFERENCE]))
		b->counts.doubled++;
	b->numbers[b->numbers_count++] = e;
	entry_link(b, e);
}

static void
due_add(struct book *b, struct entry *e)
{
	e->next_due = NULL;
	*b->due_end = e;
	b->due_end = &e->next_due;
}

static void
entry_confirm(struct book *b, struct entry *e)
{
	e->is_confirmed = true;
	b->counts.confirmed++;
	free((void *)(uintptr_t)e->lines.p);
	e->lines = (struct str){NULL, 0};
}

static void
on_line(const struct journal_line *line, void *context)
{
	struct book *b = context;
	struct entry *e;

	if (line->is_confirmation) {
		if (line->number <= b->numbers_count && !b->numbers[line->number - 1]->is_confirmed)
			entry_confirm(b, b->numbers[line->number - 1]);
		return;
	}
	if (line->number != b->numbers_count + 1 || !room_make(b))
		return;
	e = entry_new(line);
	if (e)
		entry_add(b, e);
}

enum outcome
book_open(const char *path, struct book **book, struct why *why)
{
	struct book *b = calloc(1, sizeof *b);
	enum outcome outcome;

	if (!b || !room_make(b)) {
		free(b);
		return why_set(why, OUTCOME_DEAD, "config", "no memory");
	}
	pthread_mutex_init(&b->lock, NULL);
	b->due_end = &b->due_first;
	outcome = journal_open(str_of(path), on_line, b, &b->journal, why);
	if (outcome != OUTCOME_OK) {
		book_close(b);
		return outcome;
	}
	for (size_t i = 0; i < b->numbers_count; i++)
		if (!b->numbers[i]->is_confirmed)
			due_add(b, b->numbers[i]);
	*book = b;
	return OUTCOME_OK;
}

void
book_close(struct book *b)
{
	if (!b)
		return;
	for (size_t i = 0; i < b->numbers_count; i++)
		entry_free(b->numbers[i]);
	free(b->numbers);
	free(b->buckets[BY_KEY]);
	free(b->buckets[BY_REFERENCE]);
	journal_close(b->journal);
	pthread_mutex_destroy(&b->lock);
	free(b);
}

static struct entry *
entry_accept(struct book *b, const struct journal_line *line, int64_t confirm_at_us)
{
	struct entry *e = room_make(b) ? entry_new(line) : NULL;

	if (!e || !journal_put(b->journal, line)) {
		entry_free(e);
		return NULL;
	}
	e->confirm_at_us = confirm_at_us;
	entry_add(b, e);
	due_add(b, e);
	return e;
}

enum book_result
book_accept(struct book *b, struct str key, const struct shipment_asked *asked, int64_t confirm_at_us, uint64_t *number)
{
	struct journal_line line = {.key = key, .reference = asked->reference, .lines = asked->lines};
	enum book_result result = BOOK_REPEAT;
	struct entry *e;

	memcpy(line.sha256, asked->sha256, sizeof line.sha256);
	pthread_mutex_lock(&b->lock);
	e = entry_find(b, BY_KEY, key);
	if (!e) {
		line.number = b->numbers_count + 1;
		e = entry_accept(b, &line, confirm_at_us);
		result = e ? BOOK_NEW : BOOK_FULL;
	} else if (memcmp(e->sha256, asked->sha256, sizeof e->sha256) != 0) {
		result = BOOK_CONFLICT;
		b->counts.conflicts++;
	} else {
		b->counts.repeated++;
	}
	if (result == BOOK_NEW || result == BOOK_REPEAT)
		*number = e->number;
	pthread_mutex_unlock(&b->lock);
	return result;
}

bool
book_find(struct book *b, struct str reference, uint64_t *number, bool *is_confirmed)
{
	const struct entry *e;

	pthread_mutex_lock(&b->lock);
	e = entry_find(b, BY_REFERENCE, reference);
	if (e) {
		*number = e->number;
		*is_confirmed = e->is_confirmed;
	}
	pthread_mutex_unlock(&b->lock);
	return e != NULL;
}

size_t
book_due(struct book *b, int64_t now_us, struct book_due *due, size_t max)
{
	size_t n = 0;

	pthread_mutex_lock(&b->lock);
	for (const struct entry *e = b->due_first; e && n < max && e->confirm_at_us <= now_us; e = e->next_due)
		due[n++] = (struct book_due){e->number, e->names[BY_REFERENCE], e->lines};
	pthread_mutex_unlock(&b->lock);
	return n;
}

void
book_confirmed(struct book *b, size_t n)
{
	pthread_mutex_lock(&b->lock);
	for (; n && b->due_first; n--) {
		struct entry *e = b->due_first;
		struct journal_line line = {.is_confirmation = true, .number = e->number};

		b->due_first = e->next_due;
		if (!b->due_first)
			b->due_end = &b->due_first;
		/* A confirmation that the file does not know is published again after a restart, with the same id. */
		(void)!journal_put(b->journal, &line);
		entry_confirm(b, e);
	}
	pthread_mutex_unlock(&b->lock);
}

struct book_counts
book_counts(struct book *b)
{
	struct book_counts counts;

	pthread_mutex_lock(&b->lock);
	counts = b->counts;
	pthread_mutex_unlock(&b->lock);
	return counts;
}
