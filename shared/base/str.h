/* SPDX-License-Identifier: Apache-2.0 */
/*
 * str - a piece of text that somebody else owns, and a buffer to build one in
 * A str is a view: it need not end in NUL and lives as long as what it points into.
 * A buf grows up to a cap and is sticky: after the first fault (cap reached, no memory) further puts do nothing and
 * buf_is_ok() is false; check once at the end.
 */
#ifndef TRIBUTARY_BASE_STR_H
#define TRIBUTARY_BASE_STR_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

struct str {
	const char *p;
	size_t n;
};

/* STR - a str of a string literal */
#define STR(literal) ((struct str){(literal), sizeof(literal) - 1})
/* STR_ARGS - for printf's "%.*s" */
#define STR_ARGS(s) (int)(s).n, ((s).p ? (s).p : "")

/* str_of - view of a NUL-terminated text; NULL gives the empty str */
struct str str_of(const char *text);
bool str_equal(struct str a, struct str b);
bool str_equal_fold(struct str a, struct str b); /* ASCII letters without case */
int str_compare(struct str a, struct str b);     /* as memcmp, shorter first */
bool str_starts(struct str s, struct str prefix);
bool str_ends(struct str s, struct str suffix);
struct str str_trim(struct str s);            /* without blanks, tabs, CR and LF at both ends */
struct str str_after(struct str s, size_t n); /* without the first n bytes; empty when there are fewer */
/* str_split - the part of *rest before `sep`; *rest becomes what follows it (empty at the end) */
struct str str_split(struct str *rest, char sep);
/* str_is_utf8 - is it well-formed UTF-8 (RFC 3629: no surrogates, nothing overlong, at most U+10FFFF)? */
bool str_is_utf8(struct str s);
size_t str_utf8_bytes(struct str s); /* bytes at the front that are; s.n when all are */
uint64_t str_hash(struct str s);     /* FNV-1a, 64 bit; not for anything hostile */
/* str_to_int - decimal integer with optional sign and nothing else; false leaves *out alone */
bool str_to_int(struct str s, int64_t *out);

struct buf {
	char *p;
	size_t n;   /* bytes used */
	size_t cap; /* bytes allocated */
	size_t max; /* bytes it may grow to */
	bool failed;
};

/* buf_init - an empty buffer that may grow to max_bytes; allocates nothing yet */
void buf_init(struct buf *b, size_t max_bytes);
void buf_release(struct buf *b); /* frees; may be called twice */
void buf_clear(struct buf *b);   /* empty, keeps the memory, forgets the fault */
bool buf_is_ok(const struct buf *b);
struct str buf_str(const struct buf *b); /* view, valid until the next put */
void buf_put(struct buf *b, const void *bytes, size_t n);
void buf_put_str(struct buf *b, struct str s);
void buf_put_char(struct buf *b, char c);
void buf_printf(struct buf *b, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* buf_text - the content with a NUL after it (not counted); "" when nothing was put or it failed */
const char *buf_text(struct buf *b);

#endif
