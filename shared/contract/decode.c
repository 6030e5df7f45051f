/* SPDX-License-Identifier: Apache-2.0 */
#include "contract/scan.h"
#include "contract/validate.h"

#include "base/uuid.h"

#include <msgpack.h>
#include <string.h>

/* What one document's decoding needs everywhere. */
struct decoding {
	struct arena *arena;
	struct why *why;
};

static const char *
found_name(const msgpack_object *o)
{
	switch (o->type) {
	case MSGPACK_OBJECT_NIL:
		return "nothing";
	case MSGPACK_OBJECT_BOOLEAN:
		return "a boolean";
	case MSGPACK_OBJECT_POSITIVE_INTEGER:
	case MSGPACK_OBJECT_NEGATIVE_INTEGER:
		return "a whole number";
	case MSGPACK_OBJECT_FLOAT32:
	case MSGPACK_OBJECT_FLOAT64:
		return "a floating point number";
	case MSGPACK_OBJECT_STR:
		return "another text";
	case MSGPACK_OBJECT_BIN:
		return "bytes";
	case MSGPACK_OBJECT_ARRAY:
		return "a list";
	case MSGPACK_OBJECT_MAP:
		return "an object";
	default:
		return "something else";
	}
}

static bool
int_of(const msgpack_object *o, int64_t *v)
{
	if (o->type == MSGPACK_OBJECT_NEGATIVE_INTEGER)
		*v = o->via.i64;
	else if (o->type == MSGPACK_OBJECT_POSITIVE_INTEGER && o->via.u64 <= INT64_MAX)
		*v = (int64_t)o->via.u64;
	else
		return false;
	return true;
}

static enum outcome contract_unpack(struct decoding *d, const struct contract *c, const msgpack_object *o,
				    const struct path *path, void *document);

static enum outcome
list_unpack(struct decoding *d, const struct field *f, const msgpack_object *o, const struct path *path,
	    struct list *list)
{
	enum outcome outcome;

	if (o->type != MSGPACK_OBJECT_ARRAY)
		return field_wrong_type(f, path, found_name(o), d->why);
	outcome = field_check_count(f, o->via.array.size, path, d->why);
	if (outcome != OUTCOME_OK)
		return outcome;
	list->n = o->via.array.size;
	list->items = arena_array(d->arena, list->n, f->of->size);
	if (!list->items)
		return why_at(d->why, OUTCOME_DEAD, "too-large", path->text, "no memory for %zu entries", list->n);
	for (size_t i = 0; i < list->n && outcome == OUTCOME_OK; i++) {
		struct path at = path_index(path, i);

		outcome = contract_unpack(d, f->of, &o->via.array.ptr[i], &at, (char *)list->items + i * f->of->size);
	}
	return outcome;
}

static enum outcome
text_unpack(struct decoding *d, const struct field *f, const msgpack_object *o, const struct path *path, void *at)
{
	struct str s = {o->via.str.ptr, o->via.str.size};
	enum outcome outcome;
	int index;

	if (o->type != MSGPACK_OBJECT_STR)
		return field_wrong_type(f, path, found_name(o), d->why);
	if (f->type == FIELD_ENUM) {
		index = field_enum_index(f, s);
		if (index < 0)
			return field_wrong_type(f, path, found_name(o), d->why);
		*(int *)at = index;
		return OUTCOME_OK;
	}
	outcome = field_check_text(f, s, path, d->why);
	if (outcome == OUTCOME_OK)
		*(struct str *)at = s;
	return outcome;
}

static enum outcome
field_unpack(struct decoding *d, const struct field *f, const msgpack_object *o, const struct path *path, void *at)
{
	int64_t v;

	switch (f->type) {
	case FIELD_TEXT:
	case FIELD_ENUM:
		return text_unpack(d, f, o, path, at);
	case FIELD_BOOL:
		if (o->type != MSGPACK_OBJECT_BOOLEAN)
			return field_wrong_type(f, path, found_name(o), d->why);
		*(bool *)at = o->via.boolean;
		return OUTCOME_OK;
	case FIELD_UUID:
		if (o->type != MSGPACK_OBJECT_BIN || o->via.bin.size != sizeof(struct uuid))
			return field_wrong_type(f, path, found_name(o), d->why);
		memcpy(at, o->via.bin.ptr, sizeof(struct uuid));
		return OUTCOME_OK;
	case FIELD_OBJECT:
		return contract_unpack(d, f->of, o, path, at);
	case FIELD_LIST:
		return list_unpack(d, f, o, path, at);
	default:
		if (!int_of(o, &v))
			return field_wrong_type(f, path, found_name(o), d->why);
		*(int64_t *)at = v;
		return field_check_int(f, v, path, d->why);
	}
}

/* Writers keep the table's order, so the next field is usually the next key. */
static size_t
field_find(const struct contract *c, struct str key, size_t from)
{
	for (size_t i = 0; i < c->fields_count; i++) {
		size_t at = (from + i) % c->fields_count;

		if (str_equal(key, str_of(c->fields[at].key)))
			return at;
	}
	return c->fields_count;
}

static enum outcome
contract_unpack(struct decoding *d, const struct contract *c, const msgpack_object *o, const struct path *path,
		void *document)
{
	bool given[CONTRACT_FIELDS_MAX] = {false};
	size_t next = 0;

	if (o->type != MSGPACK_OBJECT_MAP)
		return why_at(d->why, OUTCOME_DEAD, "field-type", path->text, "wants an object, found %s",
			      found_name(o));
	for (uint32_t i = 0; i < o->via.map.size; i++) {
		const msgpack_object_kv *kv = &o->via.map.ptr[i];
		struct str key = {kv->key.via.str.ptr, kv->key.via.str.size};
		size_t at = kv->key.type == MSGPACK_OBJECT_STR ? field_find(c, key, next) : c->fields_count;
		struct path where;
		enum outcome outcome;

		if (at == c->fields_count)
			continue;
		where = path_key(path, c->fields[at].key);
		if (given[at])
			return why_at(d->why, OUTCOME_DEAD, "msgpack-invalid", where.text, "is given twice");
		given[at] = true;
		next = at + 1;
		outcome = field_unpack(d, &c->fields[at], &kv->val, &where, field_at(&c->fields[at], document));
		if (outcome != OUTCOME_OK)
			return outcome;
	}
	return contract_check_present(c, given, path, d->why);
}

enum outcome
contract_decode(const struct contract *c, struct str body, struct arena *arena, void *document, struct why *why)
{
	struct decoding d = {arena, why};
	struct path root = {.n = 0};
	enum outcome outcome = msgpack_scan(body, why);
	msgpack_zone zone;
	msgpack_object o;
	size_t offset = 0;

	if (outcome != OUTCOME_OK)
		return outcome;
	if (!msgpack_zone_init(&zone, MSGPACK_ZONE_CHUNK_SIZE))
		return why_set(why, OUTCOME_DEAD, "too-large", "no memory for the document");
	memset(document, 0, c->size);
	if (msgpack_unpack(body.p, body.n, &offset, &zone, &o) != MSGPACK_UNPACK_SUCCESS)
		outcome = why_set(why, OUTCOME_DEAD, "msgpack-invalid", "is no msgpack");
	else
		outcome = contract_unpack(&d, c, &o, &root, document);
	msgpack_zone_destroy(&zone);
	return outcome;
}
