/* SPDX-License-Identifier: Apache-2.0 */
#include "store/bug.h"

#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void
store_bug(const char *format, ...)
{
	char text[256];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	log_line(LOG_LEVEL_ERROR, "bug", "module=store text=\"%s\"", text);
	log_flush();
	abort();
}
