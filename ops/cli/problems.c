/* SPDX-License-Identifier: Apache-2.0 */
#include "problems.h"

#include "formats/json.h"

#define REASON_BYTES 512

void
problems_add(struct problems *p, const char *file, size_t line, const char *column, const char *format, ...)
{
	char reason[REASON_BYTES];
	va_list args;

	if (p->n++ >= PROBLEMS_MAX)
		return;
	va_start(args, format);
	vsnprintf(reason, sizeof reason, format, args);
	va_end(args);
	p->list[p->n - 1] = (struct problem){file, line, column, arena_str(p->arena, str_of(reason))};
}

static size_t
listed(const struct problems *p)
{
	return p->n < PROBLEMS_MAX ? p->n : PROBLEMS_MAX;
}

void
problems_print(const struct problems *p, FILE *out)
{
	for (size_t i = 0; i < listed(p); i++) {
		const struct problem *one = &p->list[i];

		fputs(one->file, out);
		if (one->line)
			fprintf(out, ":%zu", one->line);
		if (*one->column)
			fprintf(out, ": column %s", one->column);
		fprintf(out, ": %.*s\n", STR_ARGS(one->reason));
	}
	if (p->n > PROBLEMS_MAX)
		fprintf(out, "and %zu more\n", p->n - PROBLEMS_MAX);
}

void
problems_json(const struct problems *p, struct buf *out)
{
	buf_put_char(out, '[');
	for (size_t i = 0; i < listed(p); i++) {
		const struct problem *one = &p->list[i];

		buf_put_str(out, i ? STR(",{\"file\":") : STR("{\"file\":"));
		json_put_text(out, str_of(one->file));
		buf_printf(out, ",\"line\":%zu,\"column\":", one->line);
		json_put_text(out, str_of(one->column));
		buf_put_str(out, STR(",\"reason\":"));
		json_put_text(out, one->reason);
		buf_put_char(out, '}');
	}
	buf_put_char(out, ']');
}
