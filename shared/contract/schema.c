/* SPDX-License-Identifier: Apache-2.0 */
#include "contract/validate.h"

#include "formats/json.h"

#include <inttypes.h>
#include <stdio.h>

static void
indent(struct buf *out, unsigned depth)
{
	buf_put_char(out, '\n');
	for (unsigned i = 0; i < depth; i++)
		buf_put_str(out, STR("  "));
}

static void object_put(struct buf *out, const struct contract *c, unsigned depth);

static void
range_put(struct buf *out, const struct field *f, const char *min, const char *max)
{
	if (field_min(f) > INT64_MIN)
		buf_printf(out, ", \"%s\": %" PRId64, min, field_min(f));
	if (field_max(f) < INT64_MAX)
		buf_printf(out, ", \"%s\": %" PRId64, max, field_max(f));
}

static void
enum_put(struct buf *out, const struct field *f)
{
	buf_put_str(out, STR("\"enum\": ["));
	for (size_t i = 0; f->names[i]; i++)
		buf_printf(out, "%s\"%s\"", i ? ", " : "", f->names[i]);
	buf_put_char(out, ']');
}

static void
type_put(struct buf *out, const struct field *f, unsigned depth)
{
	switch (f->type) {
	case FIELD_TEXT:
		buf_put_str(out, STR("\"type\": \"string\""));
		range_put(out, f, "minLength", "maxLength");
		break;
	case FIELD_BOOL:
		buf_put_str(out, STR("\"type\": \"boolean\""));
		break;
	case FIELD_DECIMAL:
		buf_put_str(out, STR("\"type\": \"string\", \"pattern\": \"^-?[0-9]+(\\\\.[0-9]{1,6})?$\""));
		break;
	case FIELD_INSTANT:
		buf_put_str(out, STR("\"type\": \"string\", \"format\": \"date-time\""));
		break;
	case FIELD_UUID:
		buf_put_str(out, STR("\"type\": \"string\", \"format\": \"uuid\""));
		break;
	case FIELD_ENUM:
		enum_put(out, f);
		break;
	case FIELD_OBJECT:
		object_put(out, f->of, depth);
		break;
	case FIELD_LIST:
		buf_put_str(out, STR("\"type\": \"array\""));
		range_put(out, f, "minItems", "maxItems");
		buf_put_str(out, STR(", \"items\": {"));
		object_put(out, f->of, depth);
		buf_put_char(out, '}');
		break;
	default:
		buf_put_str(out, STR("\"type\": \"integer\""));
		range_put(out, f, "minimum", "maximum");
	}
}

static void
description_put(struct buf *out, const struct field *f)
{
	char text[512];

	if (!f->meaning)
		return;
	snprintf(text, sizeof text, "%s%s%s%s", f->meaning, f->unit ? " (" : "", f->unit ? f->unit : "",
		 f->unit ? ")" : "");
	buf_put_str(out, STR(", \"description\": "));
	json_put_text(out, str_of(text));
}

static void
object_put(struct buf *out, const struct contract *c, unsigned depth)
{
	bool is_first = true;

	buf_put_str(out, STR("\"type\": \"object\", \"properties\": {"));
	for (size_t i = 0; i < c->fields_count; i++) {
		buf_put_str(out, i ? STR(",") : STR(""));
		indent(out, depth + 1);
		buf_printf(out, "\"%s\": {", c->fields[i].key);
		type_put(out, &c->fields[i], depth + 1);
		description_put(out, &c->fields[i]);
		buf_put_char(out, '}');
	}
	indent(out, depth);
	buf_put_str(out, STR("}, \"required\": ["));
	for (size_t i = 0; i < c->fields_count; i++)
		if (c->fields[i].required) {
			buf_printf(out, "%s\"%s\"", is_first ? "" : ", ", c->fields[i].key);
			is_first = false;
		}
	buf_put_str(out, STR("], \"additionalProperties\": false"));
}

void
contract_put_schema(const struct contract *c, struct buf *out)
{
	buf_put_str(out, STR("{\"$schema\": \"https://json-schema.org/draft/2020-12/schema\",\n"));
	buf_printf(out, "\"title\": \"%s\", \"$comment\": \"contract %s version %d; made by make docs\",\n", c->title,
		   c->name, c->version);
	object_put(out, c, 0);
	buf_put_str(out, STR("}\n"));
}
