/* SPDX-License-Identifier: Apache-2.0 */
#include "journal.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LINE_BYTES ((size_t)8 << 20)

struct journal {
	int fd; /* -1: nothing is kept */
	struct buf line;
};

static bool
hex_read(struct str hex, unsigned char out[static 32])
{
	static const char digits[] = "0123456789abcdef";

	if (hex.n != 64)
		return false;
	for (size_t i = 0; i < 64; i++) {
		const char *digit = memchr(digits, hex.p[i], 16);

		if (!digit)
			return false;
		out[i / 2] = (unsigned char)(out[i / 2] << 4 | (digit - digits));
	}
	return true;
}

static bool
line_read(struct str text, struct journal_line *line)
{
	struct str kind = str_split(&text, '\t'), number_text = str_split(&text, '\t');
	int64_t number;

	*line = (struct journal_line){.is_confirmation = str_equal(kind, STR("C"))};
	if (!str_to_int(number_text, &number) || number <= 0)
		return false;
	line->number = (uint64_t)number;
	if (line->is_confirmation)
		return true;
	if (!str_equal(kind, STR("A")) || !hex_read(str_split(&text, '\t'), line->sha256))
		return false;
	line->key = str_split(&text, '\t');
	line->reference = str_split(&text, '\t');
	line->lines = text;
	return line->key.n && line->reference.n && line->lines.n;
}

/* False when the file's end is half a line. */
static bool
file_read(FILE *f, journal_line_fn on_line, void *context)
{
	char *text = NULL;
	size_t size = 0;
	ssize_t n;
	bool is_whole = true;

	while ((n = getline(&text, &size, f)) > 0) {
		struct journal_line line;

		is_whole = text[n - 1] == '\n';
		if (is_whole && line_read((struct str){text, (size_t)n - 1}, &line))
			on_line(&line, context);
	}
	free(text);
	return is_whole;
}

static enum outcome
file_open(struct journal *j, const char *path, journal_line_fn on_line, void *context, struct why *why)
{
	FILE *f = fopen(path, "a+e");

	if (!f)
		return why_set(why, OUTCOME_DEAD, "config", "cannot write %s: %s", path, strerror(errno));
	rewind(f);
	if (!file_read(f, on_line, context))
		fputc('\n', f);
	fflush(f);
	j->fd = dup(fileno(f));
	fclose(f);
	if (j->fd < 0)
		return why_set(why, OUTCOME_DEAD, "config", "cannot write %s: %s", path, strerror(errno));
	fcntl(j->fd, F_SETFD, FD_CLOEXEC);
	return OUTCOME_OK;
}

enum outcome
journal_open(struct str path, journal_line_fn on_line, void *context, struct journal **journal, struct why *why)
{
	struct journal *j = calloc(1, sizeof *j);
	char *name = strndup(path.p ? path.p : "", path.n);
	enum outcome outcome = OUTCOME_OK;

	if (!j || !name) {
		free(j);
		free(name);
		return why_set(why, OUTCOME_DEAD, "config", "no memory");
	}
	j->fd = -1;
	buf_init(&j->line, LINE_BYTES);
	if (path.n)
		outcome = file_open(j, name, on_line, context, why);
	free(name);
	if (outcome == OUTCOME_OK)
		*journal = j;
	else
		journal_close(j);
	return outcome;
}

void
journal_close(struct journal *j)
{
	if (!j)
		return;
	if (j->fd >= 0)
		close(j->fd);
	buf_release(&j->line);
	free(j);
}

static void
line_put(struct buf *out, const struct journal_line *line)
{
	static const char hex[] = "0123456789abcdef";

	if (line->is_confirmation) {
		buf_printf(out, "C\t%" PRIu64 "\n", line->number);
		return;
	}
	buf_printf(out, "A\t%" PRIu64 "\t", line->number);
	for (size_t i = 0; i < sizeof line->sha256; i++) {
		buf_put_char(out, hex[line->sha256[i] >> 4]);
		buf_put_char(out, hex[line->sha256[i] & 15]);
	}
	buf_printf(out, "\t%.*s\t%.*s\t", STR_ARGS(line->key), STR_ARGS(line->reference));
	buf_put_str(out, line->lines);
	buf_put_char(out, '\n');
}

bool
journal_put(struct journal *j, const struct journal_line *line)
{
	struct stat before;
	ssize_t n;

	if (j->fd < 0)
		return true;
	buf_clear(&j->line);
	line_put(&j->line, line);
	if (!buf_is_ok(&j->line) || fstat(j->fd, &before) < 0)
		return false;
	n = write(j->fd, j->line.p, j->line.n);
	if (n == (ssize_t)j->line.n)
		return true;
	if (n > 0 && ftruncate(j->fd, before.st_size) < 0)
		return false;
	return false;
}
