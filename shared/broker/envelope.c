/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Properties and headers, both ways. The tables below are the only place that knows their names. To add one: a field in
 * struct envelope, a row here. Headers that stand in no row are read into `headers` only, and never sent on: a
 * client-sent x-death makes brokers before 4.0 drop the message as a cycle.
 */
#include "broker/broker_internal.h"

#include "formats/json.h"

#include <inttypes.h>
#include <stddef.h>
#include <string.h>

#define SHORT_TEXT_MAX 255   /* bytes of a property, by AMQP */
#define HEADER_TEXT_MAX 4096 /* bytes of a header we send: all of them must fit into one frame */
#define JSON_DEPTH_MAX 8     /* of nested header tables shown */
#define JSON_ENTRY_MAX 64    /* elements of one header list or table shown */

struct field {
	const char *name;
	size_t offset; /* in struct envelope */
};

static const struct field text_headers[] = {
    {"party", offsetof(struct envelope, party)},         {"origin", offsetof(struct envelope, origin)},
    {"code", offsetof(struct envelope, code)},           {"path", offsetof(struct envelope, path)},
    {"reason", offsetof(struct envelope, reason)},       {"traceparent", offsetof(struct envelope, trace)},
    {"idempotency-key", offsetof(struct envelope, key)}, {"after", offsetof(struct envelope, after)},
};

static const struct field int_headers[] = {
    {"said-us", offsetof(struct envelope, said_us)},
    {"attempt", offsetof(struct envelope, attempt)},
    {"v", offsetof(struct envelope, version)},
};

const char *
envelope_header(size_t index)
{
	if (index < COUNT_OF(text_headers))
		return text_headers[index].name;
	index -= COUNT_OF(text_headers);
	return index < COUNT_OF(int_headers) ? int_headers[index].name : NULL;
}

/* A property: its bit, where it stands in rabbitmq-c's struct and where in ours. */
struct property {
	amqp_flags_t flag;
	size_t from, to;
};

static const struct property properties[] = {
    {AMQP_BASIC_MESSAGE_ID_FLAG, offsetof(amqp_basic_properties_t, message_id), offsetof(struct envelope, message_id)},
    {AMQP_BASIC_CORRELATION_ID_FLAG, offsetof(amqp_basic_properties_t, correlation_id),
     offsetof(struct envelope, correlation_id)},
    {AMQP_BASIC_TYPE_FLAG, offsetof(amqp_basic_properties_t, type), offsetof(struct envelope, type)},
    {AMQP_BASIC_CONTENT_TYPE_FLAG, offsetof(amqp_basic_properties_t, content_type),
     offsetof(struct envelope, content_type)},
    {AMQP_BASIC_APP_ID_FLAG, offsetof(amqp_basic_properties_t, app_id), offsetof(struct envelope, app_id)},
};

/* At most `max` bytes, without cutting a UTF-8 character in two. */
static amqp_bytes_t
bytes_of(struct str s, size_t max)
{
	size_t n = s.n;

	if (n > max)
		for (n = max; n > 0 && ((unsigned char)s.p[n] & 0xC0) == 0x80;)
			n--;
	return (amqp_bytes_t){.len = n, .bytes = (void *)(uintptr_t)s.p};
}

static struct str
str_of_bytes(amqp_bytes_t bytes)
{
	return (struct str){bytes.bytes, bytes.len};
}

void
envelope_encode(const struct envelope *from, struct envelope_wire *wire)
{
	const char *base = (const char *)from;
	int n = 0;

	wire->properties = (amqp_basic_properties_t){._flags = AMQP_BASIC_DELIVERY_MODE_FLAG | AMQP_BASIC_HEADERS_FLAG,
						     .delivery_mode = AMQP_DELIVERY_PERSISTENT};
	for (size_t i = 0; i < COUNT_OF(properties); i++) {
		const struct str *text = (const void *)(base + properties[i].to);
		amqp_bytes_t *field = (void *)((char *)&wire->properties + properties[i].from);

		if (!text->n)
			continue;
		*field = bytes_of(*text, SHORT_TEXT_MAX);
		wire->properties._flags |= properties[i].flag;
	}
	if (from->timestamp_s > 0) {
		wire->properties.timestamp = (uint64_t)from->timestamp_s;
		wire->properties._flags |= AMQP_BASIC_TIMESTAMP_FLAG;
	}
	for (size_t i = 0; i < COUNT_OF(text_headers); i++) {
		const struct str *text = (const void *)(base + text_headers[i].offset);

		if (text->n)
			wire->entries[n++] = (amqp_table_entry_t){
			    .key = amqp_cstring_bytes(text_headers[i].name),
			    .value = {.kind = AMQP_FIELD_KIND_UTF8, .value.bytes = bytes_of(*text, HEADER_TEXT_MAX)}};
	}
	for (size_t i = 0; i < COUNT_OF(int_headers); i++) {
		int64_t value = *(const int64_t *)(const void *)(base + int_headers[i].offset);

		if (value)
			wire->entries[n++] =
			    (amqp_table_entry_t){.key = amqp_cstring_bytes(int_headers[i].name),
						 .value = {.kind = AMQP_FIELD_KIND_I64, .value.i64 = value}};
	}
	wire->properties.headers = (amqp_table_t){n, wire->entries};
}

/* Clients of every language choose another width for the same number. */
static bool
int_of(const amqp_field_value_t *v, int64_t *out)
{
	switch (v->kind) {
	case AMQP_FIELD_KIND_I8:
		return *out = v->value.i8, true;
	case AMQP_FIELD_KIND_U8:
		return *out = v->value.u8, true;
	case AMQP_FIELD_KIND_I16:
		return *out = v->value.i16, true;
	case AMQP_FIELD_KIND_U16:
		return *out = v->value.u16, true;
	case AMQP_FIELD_KIND_I32:
		return *out = v->value.i32, true;
	case AMQP_FIELD_KIND_U32:
		return *out = v->value.u32, true;
	case AMQP_FIELD_KIND_I64:
		return *out = v->value.i64, true;
	case AMQP_FIELD_KIND_U64:
	case AMQP_FIELD_KIND_TIMESTAMP:
		return *out = v->value.u64 > INT64_MAX ? INT64_MAX : (int64_t)v->value.u64, true;
	case AMQP_FIELD_KIND_UTF8:
		return str_to_int(str_of_bytes(v->value.bytes), out);
	default:
		return false;
	}
}

static const struct field *
field_find(const struct field *fields, size_t n, amqp_bytes_t key)
{
	for (size_t i = 0; i < n; i++)
		if (strlen(fields[i].name) == key.len && memcmp(fields[i].name, key.bytes, key.len) == 0)
			return &fields[i];
	return NULL;
}

static bool
copy(struct arena *arena, struct str from, struct str *to)
{
	*to = arena_str(arena, from);
	return to->p != NULL;
}

static struct str
table_text(const amqp_table_t *table, const char *key)
{
	for (int i = 0; i < table->num_entries; i++) {
		const amqp_table_entry_t *e = &table->entries[i];

		if (str_equal(str_of_bytes(e->key), str_of(key)) && e->value.kind == AMQP_FIELD_KIND_UTF8)
			return str_of_bytes(e->value.value.bytes);
	}
	return STR("");
}

/* The broker's own history of a message; the first entry is the latest. */
static bool
death_decode(const amqp_field_value_t *v, struct arena *arena, struct str *death)
{
	const amqp_table_t *first;
	struct str reason, queue;

	if (v->kind != AMQP_FIELD_KIND_ARRAY || v->value.array.num_entries < 1 ||
	    v->value.array.entries[0].kind != AMQP_FIELD_KIND_TABLE)
		return true;
	first = &v->value.array.entries[0].value.table;
	reason = table_text(first, "reason");
	queue = table_text(first, "queue");
	*death = arena_printf(arena, "%.*s %.*s", STR_ARGS(reason), STR_ARGS(queue));
	return death->p != NULL;
}

static bool
header_decode(const amqp_table_entry_t *e, struct arena *arena, struct envelope *envelope)
{
	const struct field *text = field_find(text_headers, COUNT_OF(text_headers), e->key);
	const struct field *number = field_find(int_headers, COUNT_OF(int_headers), e->key);
	char *base = (char *)envelope;

	if (text && (e->value.kind == AMQP_FIELD_KIND_UTF8 || e->value.kind == AMQP_FIELD_KIND_BYTES))
		return copy(arena, str_of_bytes(e->value.value.bytes), (struct str *)(void *)(base + text->offset));
	if (number)
		(void)int_of(&e->value, (int64_t *)(void *)(base + number->offset));
	if (str_equal(str_of_bytes(e->key), STR("x-delivery-count")))
		(void)int_of(&e->value, &envelope->deliveries);
	if (str_equal(str_of_bytes(e->key), STR("x-death")))
		return death_decode(&e->value, arena, &envelope->death);
	return true;
}

static void json_value(struct buf *json, const amqp_field_value_t *v, int depth);

static void
json_table(struct buf *json, const amqp_table_t *table, int depth)
{
	buf_put_char(json, '{');
	for (int i = 0; i < table->num_entries && i < JSON_ENTRY_MAX; i++) {
		if (i)
			buf_put_char(json, ',');
		json_put_text(json, str_of_bytes(table->entries[i].key));
		buf_put_char(json, ':');
		json_value(json, &table->entries[i].value, depth + 1);
	}
	buf_put_char(json, '}');
}

static void
json_array(struct buf *json, const amqp_array_t *array, int depth)
{
	buf_put_char(json, '[');
	for (int i = 0; i < array->num_entries && i < JSON_ENTRY_MAX; i++) {
		if (i)
			buf_put_char(json, ',');
		json_value(json, &array->entries[i], depth + 1);
	}
	buf_put_char(json, ']');
}

static void
json_value(struct buf *json, const amqp_field_value_t *v, int depth)
{
	int64_t number;

	if (depth > JSON_DEPTH_MAX)
		buf_put_str(json, STR("\"...\""));
	else if (v->kind == AMQP_FIELD_KIND_UTF8 || v->kind == AMQP_FIELD_KIND_BYTES)
		json_put_text(json, str_of_bytes(v->value.bytes));
	else if (v->kind == AMQP_FIELD_KIND_BOOLEAN)
		buf_put_str(json, v->value.boolean ? STR("true") : STR("false"));
	else if (v->kind == AMQP_FIELD_KIND_TABLE)
		json_table(json, &v->value.table, depth);
	else if (v->kind == AMQP_FIELD_KIND_ARRAY)
		json_array(json, &v->value.array, depth);
	else if (int_of(v, &number))
		buf_printf(json, "%" PRId64, number);
	else
		buf_put_str(json, STR("null"));
}

/* Every header, for people. An entry for which there is no more room in the buffer is left out with all after it. */
static struct str
json_headers(struct buf *json, const amqp_table_t *table)
{
	static const char cut[] = "\"...\":\"cut\"}";

	buf_clear(json);
	buf_put_char(json, '{');
	for (int i = 0; i < table->num_entries; i++) {
		size_t before = json->n;

		if (i)
			buf_put_char(json, ',');
		json_put_text(json, str_of_bytes(table->entries[i].key));
		buf_put_char(json, ':');
		json_value(json, &table->entries[i].value, 1);
		if (!buf_is_ok(json) || json->n + sizeof cut + 1 > json->max) {
			json->failed = false;
			json->n = before;
			if (i)
				buf_put_char(json, ',');
			buf_put(json, cut, sizeof cut - 1);
			return buf_str(json);
		}
	}
	buf_put_char(json, '}');
	return buf_str(json);
}

bool
envelope_decode(const amqp_basic_properties_t *from, struct arena *arena, struct buf *json, struct envelope *envelope)
{
	*envelope = (struct envelope){0};
	for (size_t i = 0; i < COUNT_OF(properties); i++) {
		const amqp_bytes_t *field = (const void *)((const char *)from + properties[i].from);
		struct str *text = (void *)((char *)envelope + properties[i].to);

		if ((from->_flags & properties[i].flag) && !copy(arena, str_of_bytes(*field), text))
			return false;
	}
	if (from->_flags & AMQP_BASIC_TIMESTAMP_FLAG)
		envelope->timestamp_s = from->timestamp > INT64_MAX ? INT64_MAX : (int64_t)from->timestamp;
	if (!(from->_flags & AMQP_BASIC_HEADERS_FLAG))
		return copy(arena, STR("{}"), &envelope->headers);
	for (int i = 0; i < from->headers.num_entries; i++)
		if (!header_decode(&from->headers.entries[i], arena, envelope))
			return false;
	return copy(arena, json_headers(json, &from->headers), &envelope->headers);
}
