/* SPDX-License-Identifier: Apache-2.0 */
#include "mirror_csv.h"

#include "mirror_value.h"

#include <string.h>

#define KEYS_FIRST_SLOTS 1024
#define KEY_BYTES ((size_t)4096)

/* The keys seen so far, to find a row that comes twice. Open addressing, at most half full. */
struct key {
	struct str text;
	size_t line;
};

struct keys {
	struct arena *arena;
	struct key *slots;
	size_t slots_count, n;
};

static struct key *
key_slot(struct key *slots, size_t slots_count, struct str text)
{
	size_t i = str_hash(text) % slots_count;

	while (slots[i].text.p && !str_equal(slots[i].text, text))
		i = (i + 1) % slots_count;
	return &slots[i];
}

static bool
keys_grow(struct keys *k)
{
	size_t slots_count = k->slots ? k->slots_count * 2 : KEYS_FIRST_SLOTS;
	struct key *slots = arena_array(k->arena, slots_count, sizeof *slots);

	if (!slots)
		return false;
	for (size_t i = 0; i < k->slots_count; i++)
		if (k->slots[i].text.p)
			*key_slot(slots, slots_count, k->slots[i].text) = k->slots[i];
	k->slots = slots;
	k->slots_count = slots_count;
	return true;
}

/* The line where the key stands already, or 0 after remembering this one. Without memory nothing is a repeat: the arena
 * being full is the rows' fault too, and theirs to tell. */
static size_t
keys_put(struct keys *k, struct str text, size_t line)
{
	struct key *slot;

	if (k->n * 2 >= k->slots_count && !keys_grow(k))
		return 0;
	slot = key_slot(k->slots, k->slots_count, text);
	if (slot->text.p)
		return slot->line;
	*slot = (struct key){arena_str(k->arena, text), line};
	k->n++;
	return 0;
}

struct reader {
	const struct mirror_table *table;
	struct arena *arena;
	struct problems *problems;
	struct mirror_content *content;
	struct keys keys;
	size_t places[CSV_FIELDS_MAX]; /* of the table's columns in the file */
	size_t fields_count;           /* of each line */
};

static size_t
column_find(const struct mirror_table *table, struct str name)
{
	size_t i = 0;

	while (i < table->columns_count && !str_equal(name, str_of(table->columns[i].name)))
		i++;
	return i;
}

/* The header row names each column once, in any order. */
static void
header_read(struct reader *r, const struct csv_record *header)
{
	const struct mirror_table *table = r->table;
	bool is_seen[CSV_FIELDS_MAX] = {false};

	r->fields_count = header->n;
	for (size_t i = 0; i < header->n; i++) {
		size_t column = column_find(table, header->fields[i]);

		if (column == table->columns_count)
			problems_add(r->problems, table->file, header->line, "", "unknown column %.*s",
				     STR_ARGS(header->fields[i]));
		else if (is_seen[column])
			problems_add(r->problems, table->file, header->line, "", "column %s comes twice",
				     table->columns[column].name);
		else
			r->places[column] = i;
		is_seen[column] = true;
	}
	for (size_t i = 0; i < table->columns_count; i++)
		if (!is_seen[i])
			problems_add(r->problems, table->file, header->line, "", "column %s is missing",
				     table->columns[i].name);
}

static void
row_check(struct reader *r, const struct mirror_row *row)
{
	const struct mirror_table *table = r->table;
	size_t problems_before = r->problems->n;

	for (size_t i = 0; i < table->columns_count; i++) {
		const char *wrong = mirror_value_check(table->columns[i].type, row->values[i]);

		if (wrong)
			problems_add(r->problems, table->file, row->line, table->columns[i].name, "%s", wrong);
	}
	if (table->check && r->problems->n == problems_before)
		table->check(table, row, r->problems);
}

static void
row_key_check(struct reader *r, const struct mirror_row *row)
{
	const struct mirror_table *table = r->table;
	char bytes[KEY_BYTES];
	size_t n = 0, line;

	for (size_t i = 0; i < table->columns_count; i++) {
		struct str v = row->values[i];

		/* Checked before: no value is so long, and none holds the separator. */
		if (!table->columns[i].is_key || v.n + 1 > sizeof bytes - n)
			continue;
		memcpy(bytes + n, v.p, v.n);
		bytes[n + v.n] = '\n';
		n += v.n + 1;
	}
	line = keys_put(&r->keys, (struct str){bytes, n}, row->line);
	if (line)
		problems_add(r->problems, table->file, row->line, "", "the same as line %zu already says, again", line);
}

static void
row_put(struct reader *r, const struct mirror_row *row)
{
	const struct mirror_table *table = r->table;
	struct mirror_content *content = r->content;

	for (size_t i = 0; i < table->columns_count; i++) {
		mirror_value_put(table->columns[i].type, row->values[i], content->put);
		if (content->references[i] && row->values[i].n > 0) {
			rows_text(content->references[i], row->values[i]);
			rows_int(content->references[i], (int64_t)row->line);
		}
	}
	rows_int(content->put, (int64_t)row->line);
	content->rows_count++;
}

static void
record_read(struct reader *r, const struct csv_record *record)
{
	struct mirror_row row = {.line = record->line};
	size_t problems_before = r->problems->n;

	if (record->n != r->fields_count) {
		problems_add(r->problems, r->table->file, record->line, "", "%zu fields instead of %zu", record->n,
			     r->fields_count);
		return;
	}
	for (size_t i = 0; i < r->table->columns_count; i++)
		row.values[i] = record->fields[r->places[i]];
	row_check(r, &row);
	if (r->problems->n > problems_before)
		return;
	row_key_check(r, &row);
	row_put(r, &row);
}

static void
content_init(struct reader *r)
{
	struct mirror_content *content = r->content;

	*content = (struct mirror_content){.put = rows_new(r->table->put, r->arena)};
	for (size_t i = 0; i < r->table->columns_count; i++)
		if (r->table->columns[i].references)
			content->references[i] = rows_new(r->table->columns[i].references, r->arena);
}

void
mirror_csv_read(const struct mirror_table *table, struct str bytes, struct arena *arena, struct problems *problems,
		struct mirror_content *content)
{
	struct reader r = {
	    .table = table, .arena = arena, .problems = problems, .content = content, .keys = {.arena = arena}};
	size_t problems_before = problems->n;
	struct csv_record record;
	enum csv_status status;
	struct csv_fault fault;
	struct csv csv;

	content_init(&r);
	csv_init(&csv, bytes, ',', '"');
	status = csv_next(&csv, arena, &record, &fault);
	if (status == CSV_END)
		problems_add(problems, table->file, 0, "", "is empty: not even a header row");
	if (status == CSV_RECORD)
		header_read(&r, &record);
	if (problems->n > problems_before)
		return;
	while (status == CSV_RECORD) {
		status = csv_next(&csv, arena, &record, &fault);
		if (status == CSV_RECORD)
			record_read(&r, &record);
	}
	if (status != CSV_END)
		problems_add(problems, table->file, fault.line, "", "%s", fault.text);
}
