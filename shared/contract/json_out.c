/* SPDX-License-Identifier: Apache-2.0 */
#include "contract/validate.h"

#include "base/decimal.h"
#include "base/instant.h"
#include "base/uuid.h"
#include "formats/json.h"

#include <inttypes.h>

struct layout {
	struct buf *out;
	unsigned indent_columns;
	bool is_partial;
};

static void
line_start(struct layout *l, unsigned depth)
{
	if (!l->indent_columns)
		return;
	buf_put_char(l->out, '\n');
	for (unsigned i = 0; i < depth * l->indent_columns; i++)
		buf_put_char(l->out, ' ');
}

static void
number_put(struct layout *l, const struct field *f, int64_t v)
{
	char text[INSTANT_TEXT_BYTES > DECIMAL_TEXT_BYTES ? INSTANT_TEXT_BYTES : DECIMAL_TEXT_BYTES];

	if (f->type == FIELD_DECIMAL)
		decimal_format(v, text);
	else if (f->type == FIELD_INSTANT)
		instant_format(v, text);
	else {
		buf_printf(l->out, "%" PRId64, v);
		return;
	}
	json_put_text(l->out, str_of(text));
}

static void contract_put(struct layout *l, const struct contract *c, const void *document, unsigned depth);

static void
list_put(struct layout *l, const struct field *f, const struct list *list, unsigned depth)
{
	buf_put_char(l->out, '[');
	for (size_t i = 0; i < list->n; i++) {
		if (i)
			buf_put_char(l->out, ',');
		line_start(l, depth + 1);
		contract_put(l, f->of, (const char *)list->items + i * f->of->size, depth + 1);
	}
	if (list->n)
		line_start(l, depth);
	buf_put_char(l->out, ']');
}

static void
field_put(struct layout *l, const struct field *f, const void *document, unsigned depth)
{
	const void *at = field_of(f, document);
	char id[UUID_TEXT_BYTES];

	switch (f->type) {
	case FIELD_TEXT:
		json_put_text(l->out, *(const struct str *)at);
		break;
	case FIELD_BOOL:
		buf_put_str(l->out, *(const bool *)at ? STR("true") : STR("false"));
		break;
	case FIELD_UUID:
		uuid_format(*(const struct uuid *)at, id);
		json_put_text(l->out, str_of(id));
		break;
	case FIELD_ENUM:
		json_put_text(l->out, str_of(f->names[*(const int *)at]));
		break;
	case FIELD_OBJECT:
		contract_put(l, f->of, at, depth);
		break;
	case FIELD_LIST:
		list_put(l, f, at, depth);
		break;
	default:
		number_put(l, f, *(const int64_t *)at);
	}
}

static void
contract_put(struct layout *l, const struct contract *c, const void *document, unsigned depth)
{
	bool is_first = true;

	buf_put_char(l->out, '{');
	for (size_t i = 0; i < c->fields_count; i++) {
		const struct field *f = &c->fields[i];

		if ((!f->required || l->is_partial) && field_is_zero(f, document))
			continue;
		if (!is_first)
			buf_put_char(l->out, ',');
		is_first = false;
		line_start(l, depth + 1);
		json_put_text(l->out, str_of(f->key));
		buf_put_str(l->out, l->indent_columns ? STR(": ") : STR(":"));
		field_put(l, f, document, depth + 1);
	}
	if (!is_first)
		line_start(l, depth);
	buf_put_char(l->out, '}');
}

void
contract_put_json(const struct contract *c, const void *document, struct buf *out, unsigned indent_columns)
{
	struct layout l = {out, indent_columns, c->is_partial};

	contract_put(&l, c, document, 0);
}
