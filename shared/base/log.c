/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"

#include "base/instant.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define LINE_BYTES 1024

#define HELD_BYTES ((size_t)32 * 1024)

static const char *log_worker = "-";
static enum log_level log_lowest = LOG_LEVEL_INFO;

/* Each thread gathers its own lines. */
static _Thread_local struct {
	bool holds;
	size_t n; /* bytes held */
	char held[HELD_BYTES];
} logger;

void
log_open(const char *worker, enum log_level level)
{
	log_worker = worker;
	log_lowest = level;
}

/* Whole lines in one write, so that lines of several processes do not mix; a full disk must not stop the work. */
static void
held_write(void)
{
	if (logger.n && write(STDERR_FILENO, logger.held, logger.n) < 0)
		logger.n = 0;
	logger.n = 0;
}

static void
line_put(enum log_level level, const char *line, size_t n)
{
	if (n > HELD_BYTES - logger.n)
		held_write();
	memcpy(logger.held + logger.n, line, n);
	logger.n += n;
	if (!logger.holds || level >= LOG_LEVEL_WARN)
		held_write();
}

static void
line_write(enum log_level level, const char *event, const char *format, va_list args)
{
	static const char *const levels[] = {"debug", "info", "warn", "error"};
	char line[LINE_BYTES], now[INSTANT_TEXT_BYTES];
	int n, more;

	if (level < log_lowest)
		return;
	instant_format(instant_now_us(), now);
	n = snprintf(line, sizeof line, "ts=%s level=%s worker=%s event=%s ", now, levels[level], log_worker, event);
	more = vsnprintf(line + n, sizeof line - (size_t)n - 1, format, args);
	n += more < (int)sizeof line - n - 2 ? more : (int)sizeof line - n - 2;
	line[n++] = '\n';
	line_put(level, line, (size_t)n);
}

void
log_hold(void)
{
	logger.holds = true;
}

void
log_flush(void)
{
	held_write();
	logger.holds = false;
}

void
log_line(enum log_level level, const char *event, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	line_write(level, event, format, args);
	va_end(args);
}

void
log_why(enum log_level level, const char *event, const struct why *why)
{
	char text[sizeof why->text];
	size_t n = 0;

	for (; why->text[n]; n++)
		text[n] = why->text[n] == '"' || (unsigned char)why->text[n] < 0x20 ? '\'' : why->text[n];
	text[n] = '\0';
	log_line(level, event, "code=%s path=%s text=\"%s\"", why->code ? why->code : "-",
		 why->path[0] ? why->path : "-", text);
}
