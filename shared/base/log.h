/* SPDX-License-Identifier: Apache-2.0 */
/*
 * log - logfmt lines on stderr, UTC
 * One decision, one line. Never a payload, personal data or a secret.
 */
#ifndef TRIBUTARY_BASE_LOG_H
#define TRIBUTARY_BASE_LOG_H

#include "base/outcome.h"

enum log_level { LOG_LEVEL_DEBUG, LOG_LEVEL_INFO, LOG_LEVEL_WARN, LOG_LEVEL_ERROR };

/* log_open - the name every line carries as `worker`, and the lowest level that is written */
void log_open(const char *worker, enum log_level level);
/* log_line - one line: ts, level, worker, event, then what format gives (itself logfmt: "queue=%s depth=%d") */
void log_line(enum log_level level, const char *event, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* log_hold / log_flush - gather this thread's lines, and write them at once; a full buffer writes itself, and so does a
 * warning or an error with all before it. What is held is lost when the process is killed. */
void log_hold(void);
void log_flush(void);
/* log_why - one line with code, path and text (quoted, control bytes masked) of a failure */
void log_why(enum log_level level, const char *event, const struct why *why);

#endif
