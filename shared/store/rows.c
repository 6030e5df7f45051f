/* SPDX-License-Identifier: Apache-2.0 */
#include "store/rows.h"

#include "store/bug.h"

#include <endian.h>
#include <string.h>

#define HEAD_BYTES 20
#define HEAD_EMPTY_BYTES 12
#define COLUMN_FIRST_BYTES 256
#define COLUMN_MAX_BYTES ((size_t)1 << 30) /* what the server takes in one message */
#define EPOCH_2000_US INT64_C(946684800000000)
#define ANY_LETTER "UTBINOZ"

/* Types of the server's catalogue (pg_type.dat); they never change. */
static const struct type {
	char letter;
	unsigned element_oid, array_oid;
} types[] = {
    {'U', 2950, 2951}, {'T', 25, 1009}, {'B', 17, 1001},   {'I', 20, 1016},
    {'N', 23, 1007},   {'O', 16, 1000}, {'Z', 1184, 1185},
};

static const struct type *
type_of(char letter)
{
	for (size_t i = 0; i < COUNT_OF(types); i++)
		if (types[i].letter == letter)
			return &types[i];
	store_bug("there is no parameter type %c", letter);
}

unsigned
rows_array_oid(char letter)
{
	return type_of(letter)->array_oid;
}

static void
put_32(unsigned char *p, uint32_t v)
{
	v = htobe32(v);
	memcpy(p, &v, sizeof v);
}

static void
put_64(unsigned char *p, uint64_t v)
{
	v = htobe64(v);
	memcpy(p, &v, sizeof v);
}

struct rows *
rows_new(const struct statement *statement, struct arena *arena)
{
	size_t columns_count = strlen(statement->types);
	struct rows *r = arena_get(arena, sizeof *r + columns_count * sizeof r->columns[0]);
	unsigned char *heads = arena_get(arena, columns_count * HEAD_BYTES + 1);

	if (columns_count > ROWS_COLUMNS_MAX)
		store_bug("statement %s has more than %d parameters", statement->name, ROWS_COLUMNS_MAX);
	if (!r || !heads)
		return NULL;
	r->statement = statement;
	r->arena = arena;
	r->columns_count = columns_count;
	for (size_t i = 0; i < columns_count; i++)
		r->columns[i] = (struct column){.p = heads + i * HEAD_BYTES, .n = HEAD_BYTES, .cap = HEAD_BYTES};
	return r;
}

struct rows *
rows_as(const struct rows *r, const struct statement *statement)
{
	size_t bytes = r ? sizeof *r + r->columns_count * sizeof r->columns[0] : 0;
	struct rows *copy = r ? arena_get(r->arena, bytes) : NULL;

	if (r && strcmp(r->statement->types, statement->types) != 0)
		store_bug("statement %s has other parameters than %s", statement->name, r->statement->name);
	if (!copy)
		return NULL;
	memcpy(copy, r, bytes);
	copy->statement = statement;
	return copy;
}

/* Room for n more bytes; what a column outgrows stays in the arena until that is cleared. */
static bool
column_reserve(struct column *c, struct arena *arena, size_t n)
{
	size_t cap = c->cap < COLUMN_FIRST_BYTES ? COLUMN_FIRST_BYTES : c->cap;
	unsigned char *p;

	if (n > COLUMN_MAX_BYTES - c->n)
		return false;
	if (c->n + n <= c->cap)
		return true;
	while (cap < c->n + n)
		cap *= 2;
	p = arena_get(arena, cap);
	if (!p)
		return false;
	memcpy(p, c->p, c->n);
	c->p = p;
	c->cap = cap;
	return true;
}

static void
rows_fail(struct rows *r, const char *code, const char *text)
{
	if (r->fault == OUTCOME_OK)
		r->fault = why_set(&r->why, OUTCOME_DEAD, code, "statement %s: %s", r->statement->name, text);
}

/* The next parameter, which must be one of `letters`; a row ends with its last one. */
static struct column *
column_next(struct rows *r, const char *letters)
{
	char letter = r->statement->types[r->next];
	struct column *c = &r->columns[r->next];

	if (!letter || !strchr(letters, letter))
		store_bug("statement %s: parameter %zu is %c, put as %s", r->statement->name, r->next + 1,
			  letter ? letter : '-', letters);
	if (++r->next == r->columns_count) {
		r->next = 0;
		r->count++;
	}
	return c;
}

/* The place of the next cell's n bytes, its length written; NULL after a fault. */
static unsigned char *
cell_next(struct rows *r, const char *letters, size_t n)
{
	struct column *c;
	unsigned char *p;

	if (!r)
		return NULL;
	c = column_next(r, letters);
	if (r->fault != OUTCOME_OK)
		return NULL;
	if (!column_reserve(c, r->arena, sizeof(uint32_t) + n)) {
		rows_fail(r, "too-large", "more bytes than one batch may hold");
		return NULL;
	}
	p = c->p + c->n;
	put_32(p, (uint32_t)n);
	c->n += sizeof(uint32_t) + n;
	return p + sizeof(uint32_t);
}

static void
cell_put(struct rows *r, const char *letters, const void *bytes, size_t n)
{
	unsigned char *p = cell_next(r, letters, n);

	if (p && n)
		memcpy(p, bytes, n);
}

static void
cell_null(struct rows *r, const char *letters)
{
	size_t column = r ? r->next : 0;
	unsigned char *p = cell_next(r, letters, 0);

	if (!p)
		return;
	put_32(p - sizeof(uint32_t), UINT32_MAX);
	r->columns[column].has_null = true;
}

void
rows_uuid(struct rows *r, struct uuid v)
{
	cell_put(r, "U", v.bytes, sizeof v.bytes);
}

void
rows_uuid_or_null(struct rows *r, struct uuid v)
{
	if (uuid_is_nil(v))
		cell_null(r, "U");
	else
		rows_uuid(r, v);
}

void
rows_text(struct rows *r, struct str v)
{
	cell_put(r, "T", v.p, v.n);
}

void
rows_text_or_null(struct rows *r, struct str v)
{
	if (v.n == 0)
		cell_null(r, "T");
	else
		rows_text(r, v);
}

void
rows_bytes(struct rows *r, struct str v)
{
	cell_put(r, "B", v.p, v.n);
}

void
rows_int(struct rows *r, int64_t v)
{
	bool is_narrow = r && r->statement->types[r->next] == 'N';
	unsigned char *p = cell_next(r, "IN", is_narrow ? sizeof(int32_t) : sizeof(int64_t));

	if (!p)
		return;
	if (!is_narrow)
		put_64(p, (uint64_t)v);
	else if (v < INT32_MIN || v > INT32_MAX)
		rows_fail(r, "postgres-data", "a number that does not fit into an integer");
	else
		put_32(p, (uint32_t)(int32_t)v);
}

void
rows_bool(struct rows *r, bool v)
{
	unsigned char byte = v ? 1 : 0;

	cell_put(r, "O", &byte, sizeof byte);
}

void
rows_instant(struct rows *r, int64_t us)
{
	unsigned char *p = cell_next(r, "Z", sizeof(int64_t));
	int64_t since_2000_us;

	if (!p)
		return;
	if (__builtin_sub_overflow(us, EPOCH_2000_US, &since_2000_us))
		rows_fail(r, "postgres-data", "an instant out of range");
	else
		put_64(p, (uint64_t)since_2000_us);
}

void
rows_instant_or_null(struct rows *r, int64_t us)
{
	if (us == 0)
		cell_null(r, "Z");
	else
		rows_instant(r, us);
}

void
rows_null(struct rows *r)
{
	cell_null(r, ANY_LETTER);
}

size_t
rows_count(const struct rows *r)
{
	return r ? r->count : 0;
}

struct str
rows_array(const struct rows *r, size_t column)
{
	const struct column *c = &r->columns[column];

	put_32(c->p, r->count ? 1 : 0);
	put_32(c->p + 4, c->has_null);
	put_32(c->p + 8, type_of(r->statement->types[column])->element_oid);
	put_32(c->p + 12, (uint32_t)r->count);
	put_32(c->p + 16, 1);
	return (struct str){(const char *)c->p, r->count ? c->n : HEAD_EMPTY_BYTES};
}
