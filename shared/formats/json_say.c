/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/json_say.h"

#include "base/decimal.h"
#include "base/instant.h"
#include "formats/json.h"

#define INT_CHARS 20 /* of an int64_t, with its sign */

/* Before a key or an entry. A text ends in its quote, so nothing in it is taken for a bracket. */
static void
begin(struct buf *out, const char *key)
{
	char last = out->n && buf_is_ok(out) ? out->p[out->n - 1] : '[';

	if (last != '{' && last != '[' && last != ':')
		buf_put_char(out, ',');
	if (!key)
		return;
	json_put_text(out, str_of(key));
	buf_put_char(out, ':');
}

void
json_open(struct buf *out, const char *key, char bracket)
{
	begin(out, key);
	buf_put_char(out, bracket);
}

void
json_close(struct buf *out, char bracket)
{
	buf_put_char(out, bracket);
}

void
json_say_text(struct buf *out, const char *key, struct str text)
{
	begin(out, key);
	json_put_text(out, text);
}

void
json_say_text_if(struct buf *out, const char *key, struct str text)
{
	if (text.n)
		json_say_text(out, key, text);
}

void
json_say_int(struct buf *out, const char *key, int64_t value)
{
	uint64_t rest = value < 0 ? -(uint64_t)value : (uint64_t)value;
	char text[INT_CHARS];
	size_t at = sizeof text;

	do
		text[--at] = (char)('0' + rest % 10);
	while ((rest /= 10) > 0);
	if (value < 0)
		text[--at] = '-';
	begin(out, key);
	buf_put(out, text + at, sizeof text - at);
}

void
json_say_bool(struct buf *out, const char *key, bool value)
{
	begin(out, key);
	buf_put_str(out, value ? STR("true") : STR("false"));
}

void
json_say_decimal(struct buf *out, const char *key, int64_t micro)
{
	char text[DECIMAL_TEXT_BYTES];

	decimal_format(micro, text);
	json_say_text(out, key, str_of(text));
}

void
json_say_instant_if(struct buf *out, const char *key, int64_t us)
{
	char text[INSTANT_TEXT_BYTES];

	if (us == 0)
		return;
	instant_format(us, text);
	json_say_text(out, key, str_of(text));
}

void
json_say_uuid(struct buf *out, const char *key, struct uuid id)
{
	char text[UUID_TEXT_BYTES];

	uuid_format(id, text);
	json_say_text(out, key, str_of(text));
}

void
json_say_raw(struct buf *out, const char *key, struct str json)
{
	begin(out, key);
	buf_put_str(out, json);
}
