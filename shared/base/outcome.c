/* SPDX-License-Identifier: Apache-2.0 */
#include "base/outcome.h"

#include <stdio.h>

const char *
outcome_name(enum outcome outcome)
{
	static const char *const names[] = {
	    [OUTCOME_OK] = "done",       [OUTCOME_RETRY] = "retry",   [OUTCOME_AWAY] = "away",
	    [OUTCOME_HELD] = "held",     [OUTCOME_PARKED] = "parked", [OUTCOME_DEAD] = "dead",
	    [OUTCOME_UNSURE] = "unsure",
	};

	return (size_t)outcome < COUNT_OF(names) ? names[outcome] : "?";
}

/* Texts go to logs, headers and tables, which take UTF-8 only: a cut character goes, a foreign byte becomes '?'. */
static void
text_mend(char *text)
{
	struct str s = str_of(text);

	for (size_t cut = 0; cut < 4 && cut <= s.n; cut++)
		if (str_is_utf8((struct str){s.p, s.n - cut})) {
			text[s.n - cut] = '\0';
			return;
		}
	for (; *text; text++)
		if ((unsigned char)*text >= 0x80)
			*text = '?';
}

static void
why_fill(struct why *why, const char *code, const char *path, const char *format, va_list args)
{
	if (!why)
		return;
	why->code = code;
	snprintf(why->path, sizeof why->path, "%s", path);
	vsnprintf(why->text, sizeof why->text, format, args);
	text_mend(why->path);
	text_mend(why->text);
}

enum outcome
why_set(struct why *why, enum outcome outcome, const char *code, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	why_fill(why, code, "", format, args);
	va_end(args);
	return outcome;
}

enum outcome
why_at(struct why *why, enum outcome outcome, const char *code, const char *path, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	why_fill(why, code, path, format, args);
	va_end(args);
	return outcome;
}
