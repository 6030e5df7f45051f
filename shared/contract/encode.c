/* SPDX-License-Identifier: Apache-2.0 */
#include "contract/validate.h"

#include "base/uuid.h"

#include <msgpack.h>
#include <string.h>

static int
buf_write(void *out, const char *bytes, size_t n)
{
	buf_put(out, bytes, n);
	return 0;
}

static void
text_pack(msgpack_packer *pk, struct str s)
{
	msgpack_pack_str(pk, s.n);
	msgpack_pack_str_body(pk, s.p ? s.p : "", s.n);
}

static void contract_pack(msgpack_packer *pk, const struct contract *c, const void *document);

static void
field_pack(msgpack_packer *pk, const struct field *f, const void *document)
{
	const void *at = field_of(f, document);
	const struct list *list = at;

	switch (f->type) {
	case FIELD_TEXT:
		text_pack(pk, *(const struct str *)at);
		break;
	case FIELD_BOOL:
		if (*(const bool *)at)
			msgpack_pack_true(pk);
		else
			msgpack_pack_false(pk);
		break;
	case FIELD_UUID:
		msgpack_pack_bin(pk, sizeof(struct uuid));
		msgpack_pack_bin_body(pk, at, sizeof(struct uuid));
		break;
	case FIELD_ENUM:
		text_pack(pk, str_of(f->names[*(const int *)at]));
		break;
	case FIELD_OBJECT:
		contract_pack(pk, f->of, at);
		break;
	case FIELD_LIST:
		msgpack_pack_array(pk, list->n);
		for (size_t i = 0; i < list->n; i++)
			contract_pack(pk, f->of, (const char *)list->items + i * f->of->size);
		break;
	default:
		msgpack_pack_int64(pk, *(const int64_t *)at);
	}
}

/* Contracts nest as deep as their tables do, and those are ours. */
static void
contract_pack(msgpack_packer *pk, const struct contract *c, const void *document)
{
	bool is_there[CONTRACT_FIELDS_MAX];
	size_t n = 0;

	for (size_t i = 0; i < c->fields_count; i++) {
		is_there[i] = c->fields[i].required || !field_is_zero(&c->fields[i], document);
		n += is_there[i];
	}
	msgpack_pack_map(pk, n);
	for (size_t i = 0; i < c->fields_count; i++)
		if (is_there[i]) {
			text_pack(pk, str_of(c->fields[i].key));
			field_pack(pk, &c->fields[i], document);
		}
}

void
contract_encode(const struct contract *c, const void *document, struct buf *out)
{
	msgpack_packer pk;

	msgpack_packer_init(&pk, out, buf_write);
	contract_pack(&pk, c, document);
}
