/* SPDX-License-Identifier: Apache-2.0 */
#include "image.h"

#include "base/instant.h"

#include <stdio.h>
#include <string.h>

#define STATEMENTS_MAX 16
#define SQL_BYTES 4096
#define NAME_BYTES 64
#define NEAR_BYTES 6 /* as in shared/base/uuid.h */
#define VARIED 8     /* one in so many parts of 16 bytes differs between what two orders' messages say */

struct value {
	char letter;
	bool is_null;
	bool is_own;        /* a text that no other row may have */
	bool is_outputs_id; /* of the transaction, not of the order */
	struct uuid uuid;
	struct str bytes; /* of T and B */
	int64_t number;   /* of I, N and O */
};

struct image_statement {
	struct statement statement;
	int64_t part;
	bool is_outputs; /* one row of all messages */
	size_t columns, values_count;
	struct value *values;
};

struct image {
	size_t count;
	int64_t parts;
	size_t body_bytes;
	struct image_statement statements[STATEMENTS_MAX];
};

/* One order on its way through the hops. */
struct copy {
	struct str number;
	struct uuid order_id, outputs_id;
	int64_t now_us;
};

enum { PART, STEP, KIND, TAB, LINE, NAME, TYPE, LETTER, IS_KEY, IS_OWN, VALUE, BODY_BYTES };

static const struct statement image_select = {
    "bare_image", "N",
    "SELECT i.part::bigint, i.step::bigint, i.kind, i.tab, i.line::bigint, i.name, i.type, i.letter::text, i.is_key,"
    " i.is_own, i.value, b.bytes FROM unnest($1) h JOIN bare.image i ON i.hop = h JOIN bare.bodies b ON b.hop = h"
    " ORDER BY i.part, i.step, i.line, i.is_key DESC, i.place"};

/* --- loading ---------------------------------------------------------------------------------------------------- */

static bool
is_same(const struct result *r, size_t a, size_t b)
{
	return result_int(r, a, PART) == result_int(r, b, PART) && result_int(r, a, STEP) == result_int(r, b, STEP);
}

/* The columns are those of the first line: $1 is the first of them, and is called u.c0. */
static struct str
sql_make(const struct result *r, size_t first, size_t columns, struct arena *arena)
{
	struct str tab = result_text(r, first, TAB), names = STR(""), selected = STR(""), set = STR(""), keys = STR(""),
		   parameters = STR(""), aliases = STR("");

	for (size_t i = 0; i < columns; i++) {
		struct str name = result_text(r, first + i, NAME), type = result_text(r, first + i, TYPE);
		const char *comma = i ? ", " : "";

		names = arena_printf(arena, "%.*s%s%.*s", STR_ARGS(names), comma, STR_ARGS(name));
		selected = arena_printf(arena, "%.*s%su.c%zu::%.*s", STR_ARGS(selected), comma, i, STR_ARGS(type));
		parameters = arena_printf(arena, "%.*s%s$%zu", STR_ARGS(parameters), comma, i + 1);
		aliases = arena_printf(arena, "%.*s%sc%zu", STR_ARGS(aliases), comma, i);
		if (result_bool(r, first + i, IS_KEY))
			keys = arena_printf(arena, "%.*s%st.%.*s = u.c%zu", STR_ARGS(keys), keys.n ? " AND " : "",
					    STR_ARGS(name), i);
		else
			set = arena_printf(arena, "%.*s%s%.*s = u.c%zu::%.*s", STR_ARGS(set), set.n ? ", " : "",
					   STR_ARGS(name), i, STR_ARGS(type));
	}
	if (str_equal(result_text(r, first, KIND), STR("update")))
		return arena_printf(arena, "UPDATE bare.%.*s t SET %.*s FROM unnest(%.*s) u(%.*s) WHERE %.*s",
				    STR_ARGS(tab), STR_ARGS(set), STR_ARGS(parameters), STR_ARGS(aliases),
				    STR_ARGS(keys));
	return arena_printf(arena, "INSERT INTO bare.%.*s (%.*s) SELECT %.*s FROM unnest(%.*s) u(%.*s)", STR_ARGS(tab),
			    STR_ARGS(names), STR_ARGS(selected), STR_ARGS(parameters), STR_ARGS(aliases));
}

static struct value
value_read(const struct result *r, size_t row, struct arena *arena)
{
	struct value v = {.letter = result_text(r, row, LETTER).p[0],
			  .is_null = result_is_null(r, row, VALUE),
			  .is_own = result_bool(r, row, IS_OWN),
			  .is_outputs_id = str_equal(result_text(r, row, NAME), STR("outputs_id"))};

	if (v.is_null)
		return v;
	v.bytes = arena_str(arena, result_bytes(r, row, VALUE));
	if (v.letter == 'U' && v.bytes.n == sizeof v.uuid.bytes)
		memcpy(v.uuid.bytes, v.bytes.p, v.bytes.n);
	if (v.letter == 'O')
		v.number = str_equal(v.bytes, STR("true"));
	else if (v.letter == 'I' || v.letter == 'N')
		v.is_null = !str_to_int(v.bytes, &v.number);
	return v;
}

/* Rows first .. first + n of the result are one statement; its text ends with 0. */
static bool
statement_read(struct image *image, const struct result *r, size_t first, size_t n, struct arena *arena)
{
	struct image_statement *s = &image->statements[image->count++];
	char *types, *sql, *name;

	while (s->columns < n && result_int(r, first + s->columns, LINE) == result_int(r, first, LINE))
		s->columns++;
	s->part = result_int(r, first, PART);
	image->parts = s->part;
	s->is_outputs = str_equal(result_text(r, first, KIND), STR("outputs"));
	s->values_count = n;
	s->values = arena_array(arena, n, sizeof *s->values);
	types = arena_get(arena, s->columns + 1);
	sql = arena_get(arena, SQL_BYTES);
	name = arena_get(arena, NAME_BYTES);
	if (!s->values || !types || !sql || !name)
		return false;
	for (size_t i = 0; i < n; i++)
		s->values[i] = value_read(r, first + i, arena);
	for (size_t i = 0; i < s->columns; i++)
		types[i] = s->values[i].letter;
	types[s->columns] = '\0';
	if (snprintf(sql, SQL_BYTES, "%.*s", STR_ARGS(sql_make(r, first, s->columns, arena))) >= SQL_BYTES)
		return false;
	snprintf(name, NAME_BYTES, "bare_%zu", image->count);
	s->statement = (struct statement){.name = name, .types = types, .sql = sql};
	return true;
}

enum outcome
image_load(struct store *store, int64_t hop, struct arena *arena, struct image **image, struct why *why)
{
	struct rows *rows = rows_new(&image_select, arena);
	struct image *read = arena_get(arena, sizeof *read);
	struct result *r;
	enum outcome outcome;

	rows_int(rows, hop);
	outcome = store_ask(store, rows, &r, why);
	if (outcome != OUTCOME_OK)
		return outcome;
	if (!read || result_count(r) == 0)
		return why_set(why, OUTCOME_DEAD, "bare-image", "bare.image has nothing of hop %lld", (long long)hop);
	for (size_t first = 0, n; first < result_count(r); first += n) {
		for (n = 1; first + n < result_count(r) && is_same(r, first, first + n);)
			n++;
		if (read->count == STATEMENTS_MAX || !statement_read(read, r, first, n, arena))
			return why_set(why, OUTCOME_DEAD, "bare-image",
				       "more than %d statements, or one of more than %d bytes", STATEMENTS_MAX,
				       SQL_BYTES);
	}
	read->body_bytes = (size_t)result_int(r, 0, BODY_BYTES);
	*image = read;
	return OUTCOME_OK;
}

size_t
image_body_bytes(const struct image *image)
{
	return image->body_bytes;
}

/* --- writing ---------------------------------------------------------------------------------------------------- */

/* Near the order, as the template's is near its own; other orders have other ones. */
static struct uuid
uuid_copy(struct uuid id, struct uuid order_id)
{
	for (size_t i = 0; i < sizeof id.bytes; i++)
		id.bytes[i] = i < NEAR_BYTES ? order_id.bytes[i] : id.bytes[i] ^ order_id.bytes[i];
	return id;
}

static void
value_put(struct rows *rows, const struct value *v, const struct copy *c, struct arena *arena)
{
	if (v->is_null)
		rows_null(rows);
	else if (v->letter == 'U')
		rows_uuid(rows, v->is_outputs_id ? c->outputs_id : uuid_copy(v->uuid, c->order_id));
	else if (v->letter == 'T')
		rows_text(rows, v->is_own ? arena_printf(arena, "%.*s%.*s", STR_ARGS(v->bytes), STR_ARGS(c->number))
					  : v->bytes);
	else if (v->letter == 'B')
		rows_bytes(rows, v->bytes);
	else if (v->letter == 'Z')
		rows_instant(rows, c->now_us);
	else if (v->letter == 'O')
		rows_bool(rows, v->number != 0);
	else
		rows_int(rows, v->number);
}

/* What n orders' messages say, as one value. It packs about as well as what the fleet's say: ids and instants differ. */
static struct str
outputs_make(struct str one, const struct copy *copies, size_t n, struct arena *arena)
{
	size_t part = sizeof copies->order_id.bytes;
	char *all = arena_get(arena, one.n * n);

	for (size_t k = 0; all && k < n; k++) {
		memcpy(all + k * one.n, one.p, one.n);
		for (size_t at = 0; at + part <= one.n; at += VARIED * part)
			for (size_t i = 0; i < part; i++)
				all[k * one.n + at + i] ^= (char)copies[k].order_id.bytes[i];
	}
	return (struct str){all, one.n * n};
}

static bool
outputs_put(struct rows *rows, const struct image_statement *s, const struct copy *copies, size_t n,
	    struct arena *arena)
{
	for (size_t i = 0; i < s->values_count; i++) {
		struct value v = s->values[i];

		if (v.letter == 'B')
			v.bytes = outputs_make(v.bytes, copies, n, arena);
		if (v.letter == 'B' && !v.bytes.p)
			return false;
		value_put(rows, &v, &copies[0], arena);
	}
	return true;
}

static enum outcome
part_write(const struct image *image, int64_t part, struct store *store, struct arena *arena, const struct copy *copies,
	   size_t n, struct why *why)
{
	store_begin(store);
	for (size_t i = 0; i < image->count; i++) {
		const struct image_statement *s = &image->statements[i];
		struct rows *rows = rows_new(&s->statement, arena);

		if (s->part != part)
			continue;
		if (s->is_outputs && !outputs_put(rows, s, copies, n, arena))
			return why_set(why, OUTCOME_DEAD, "too-large", "no memory for what %zu messages say", n);
		for (size_t k = 0; !s->is_outputs && k < n; k++)
			for (size_t v = 0; v < s->values_count; v++)
				value_put(rows, &s->values[v], &copies[k], arena);
		store_send(store, rows);
	}
	return store_commit(store, why);
}

enum outcome
image_write(const struct image *image, struct store *store, struct arena *arena, const struct delivery *deliveries,
	    size_t n, struct why *why)
{
	struct copy *copies = arena_array(arena, n, sizeof *copies);
	int64_t now_us = instant_now_us();
	struct uuid outputs_id = uuid_of_time(now_us);
	enum outcome outcome = OUTCOME_OK;

	if (!copies)
		return why_set(why, OUTCOME_DEAD, "too-large", "no memory for %zu orders", n);
	for (size_t i = 0; i < n; i++) {
		struct str number = deliveries[i].envelope.message_id;

		copies[i] = (struct copy){number, uuid_of_order(STR("bare"), number), outputs_id, now_us};
	}
	for (int64_t part = 1; part <= image->parts && outcome == OUTCOME_OK; part++)
		outcome = part_write(image, part, store, arena, copies, n, why);
	return outcome;
}
