/* SPDX-License-Identifier: Apache-2.0 */
/*
 * charset - bytes of another encoding to UTF-8, refusing what the encoding does not have
 * Only the encodings that order documents come in; nothing is guessed and nothing replaced. Lines and columns stay what
 * they were, so a place in the UTF-8 text is a place in the document.
 */
#ifndef TRIBUTARY_FORMATS_CHARSET_H
#define TRIBUTARY_FORMATS_CHARSET_H

#include "base/arena.h"

enum charset {
	CHARSET_UTF8,
	CHARSET_LATIN1,      /* ISO-8859-1 without the control codes 80..9F: who sends them means windows-1252 */
	CHARSET_WINDOWS1252, /* without its five holes 81 8D 8F 90 9D */
	CHARSET_UTF16,       /* a byte order mark says which */
	CHARSET_UTF16LE,
	CHARSET_UTF16BE,
};

enum charset_status {
	CHARSET_OK,
	CHARSET_WRONG,     /* bytes that the encoding does not have, or UTF-16 without its mark */
	CHARSET_NO_MEMORY, /* the arena's cap is reached */
};

/* charset_find - by its name, without case: utf-8, us-ascii, iso-8859-1, latin1, windows-1252, cp1252, utf-16[le|be] */
bool charset_find(struct str name, enum charset *charset);

/*
 * charset_decode - the bytes as UTF-8, without a byte order mark
 * bytes  borrowed; UTF-8 is a view into them, all else a copy in the arena
 * text   written on CHARSET_OK; on CHARSET_WRONG too: what stands before the wrong bytes
 */
enum charset_status charset_decode(struct str bytes, enum charset charset, struct arena *arena, struct str *text);

#endif
