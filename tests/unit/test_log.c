/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lines that are held come in their order, and none is held behind a warning.
 */
#include "base/log.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int pipe_fds[2];

static void
stderr_take(void)
{
	cr_assert(pipe(pipe_fds) == 0);
	cr_assert(dup2(pipe_fds[1], STDERR_FILENO) == STDERR_FILENO);
	log_open("test", LOG_LEVEL_INFO);
}

/* What one read finds, as the letters behind "n=". */
static const char *
written(void)
{
	static char letters[64];
	char text[64 * 1024];
	size_t n = 0;
	ssize_t bytes;

	log_line(LOG_LEVEL_DEBUG, "below", "n=x");
	cr_assert(write(pipe_fds[1], "", 1) == 1); /* never nothing to read */
	bytes = read(pipe_fds[0], text, sizeof text - 1);
	cr_assert(bytes > 0);
	for (ssize_t i = 0; i + 2 < bytes && n + 1 < sizeof letters; i++)
		if (memcmp(text + i, " n=", 3) == 0)
			letters[n++] = text[i + 3];
	letters[n] = '\0';
	return letters;
}

TestSuite(log, .init = stderr_take);

Test(log, lines_go_at_once_unless_they_are_held)
{
	log_line(LOG_LEVEL_INFO, "a", "n=a");
	cr_assert_str_eq(written(), "a");
	log_hold();
	log_line(LOG_LEVEL_INFO, "b", "n=b");
	cr_assert_str_eq(written(), "");
	log_line(LOG_LEVEL_INFO, "c", "n=c");
	log_flush();
	cr_assert_str_eq(written(), "bc");
	log_line(LOG_LEVEL_INFO, "d", "n=d");
	cr_assert_str_eq(written(), "d");
}

Test(log, a_warning_is_never_held_and_takes_what_was_before_it_along)
{
	log_hold();
	log_line(LOG_LEVEL_INFO, "a", "n=a");
	log_line(LOG_LEVEL_WARN, "b", "n=b");
	cr_assert_str_eq(written(), "ab");
	log_line(LOG_LEVEL_INFO, "c", "n=c");
	cr_assert_str_eq(written(), "");
}

Test(log, a_full_buffer_writes_itself)
{
	char filler[512];

	memset(filler, '.', sizeof filler);
	log_hold();
	for (int i = 0; i < 80; i++) /* of about 600 bytes: more than the 32 KiB that are held */
		log_line(LOG_LEVEL_INFO, "a", "n=%c fill=%.*s", 'A' + i % 26, (int)sizeof filler, filler);
	cr_assert(strlen(written()) > 40);
}
