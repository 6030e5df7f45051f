/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/xml_input.h"

#include "formats/charset.h"
#include "formats/tree.h"
#include "formats/xml.h"

#include <string.h>

#define DECLARATION_BYTES 256 /* an encoding is named in so many first bytes, or not at all */

static enum outcome
refuse(struct why *why, const char *code, struct str text, size_t offset, const char *what)
{
	size_t line, column;

	tree_position(text, offset, &line, &column);
	return why_set(why, OUTCOME_DEAD, code, "line %zu column %zu: %s", line, column, what);
}

/* --- encoding --- */

/* What stands in quotes behind `encoding=` in the XML declaration; empty when it names none. */
static struct str
encoding_named(struct str document)
{
	struct str head = {document.p, document.n < DECLARATION_BYTES ? document.n : DECLARATION_BYTES}, rest;
	const char *end, *at, *close;

	if (!str_starts(head, STR("<?xml")) || !(end = memmem(head.p, head.n, "?>", 2)))
		return STR("");
	at = memmem(head.p, (size_t)(end - head.p), "encoding", 8);
	if (!at)
		return STR("");
	rest = str_trim((struct str){at + 8, (size_t)(end - at - 8)});
	if (!str_starts(rest, STR("=")))
		return STR("");
	rest = str_trim(str_after(rest, 1));
	close = rest.n > 1 ? memchr(rest.p + 1, *rest.p, rest.n - 1) : NULL;
	return close ? (struct str){rest.p + 1, (size_t)(close - rest.p - 1)} : STR("");
}

/* Appendix F.1: what the first bytes of `<?xml` or a byte order mark look like; false when they say nothing. */
static bool
charset_seen(struct str document, enum charset *charset)
{
	static const struct {
		struct str bytes;
		enum charset charset;
	} seen[] = {
	    {STR("\xEF\xBB\xBF"), CHARSET_UTF8}, {STR("\xFF\xFE"), CHARSET_UTF16}, {STR("\xFE\xFF"), CHARSET_UTF16},
	    {STR("<\0"), CHARSET_UTF16LE},       {STR("\0<"), CHARSET_UTF16BE},
	};

	for (size_t i = 0; i < COUNT_OF(seen); i++) {
		if (str_starts(document, seen[i].bytes)) {
			*charset = seen[i].charset;
			return true;
		}
	}
	return false;
}

static enum outcome
decode(struct str document, struct arena *arena, struct str *text, struct why *why)
{
	struct str named = encoding_named(document);
	enum charset charset = CHARSET_UTF8;

	if (str_starts(document, STR("\xFF\xFE\0\0")) || str_starts(document, STR("\0\0")) ||
	    str_starts(document, STR("<\0\0")))
		return refuse(why, "xml-encoding", document, 0, "UTF-32: send UTF-8");
	if (!charset_seen(document, &charset) && named.n > 0) {
		if (!charset_find(named, &charset))
			return refuse(why, "xml-encoding", document, 0, "an encoding that is not read: send UTF-8");
		if (charset >= CHARSET_UTF16)
			return refuse(why, "xml-encoding", document, 0, "it says UTF-16 and is not");
	}
	switch (charset_decode(document, charset, arena, text)) {
	case CHARSET_NO_MEMORY:
		return why_set(why, OUTCOME_DEAD, "document-too-large", "no memory for the text");
	case CHARSET_WRONG:
		return refuse(why, "xml-encoding", *text, text->n, "bytes that are not of the document's encoding");
	case CHARSET_OK:
		break;
	}
	return OUTCOME_OK;
}

/* --- attributes --- */

/* Behind the piece that begins with `open`, if p does; NULL when it does not, `end` when it never closes. */
static const char *
piece_skip(const char *p, const char *end, struct str open, struct str close)
{
	const char *found;

	if (!str_starts((struct str){p, (size_t)(end - p)}, open))
		return NULL;
	found = memmem(p + open.n, (size_t)(end - p) - open.n, close.p, close.n);
	return found ? found + close.n : end;
}

/* Behind the values in quotes of the start tag at p; NULL when there are more than are taken. */
static const char *
tag_skip(const char *p, const char *end)
{
	size_t values_count = 0;

	for (p++; p < end && *p != '>' && *p != '<'; p++) {
		if (*p != '"' && *p != '\'')
			continue;
		if (++values_count > XML_ATTRIBUTES_MAX)
			return NULL;
		p = memchr(p + 1, *p, (size_t)(end - p) - 1);
		if (!p)
			return end;
	}
	return p;
}

/* libxml2 2.9 compares each attribute of an element with each other one. */
static enum outcome
attributes_check(struct str text, struct why *why)
{
	const char *p = text.p, *end = text.p + text.n, *next;

	while (p < end && (p = memchr(p, '<', (size_t)(end - p)))) {
		if ((next = piece_skip(p, end, STR("<!--"), STR("-->"))) ||
		    (next = piece_skip(p, end, STR("<![CDATA["), STR("]]>"))) ||
		    (next = piece_skip(p, end, STR("<?"), STR("?>")))) {
			p = next;
		} else if (!(next = tag_skip(p, end))) {
			return refuse(why, "document-too-many-nodes", text, (size_t)(p - text.p),
				      "more attributes in an element than are taken");
		} else {
			p = next;
		}
	}
	return OUTCOME_OK;
}

enum outcome
xml_input_read(struct str document, struct arena *arena, struct str *text, struct why *why)
{
	enum outcome outcome = decode(document, arena, text, why);
	const char *nul;

	if (outcome != OUTCOME_OK)
		return outcome;
	nul = text->n ? memchr(text->p, '\0', text->n) : NULL;
	if (nul)
		return refuse(why, "xml-invalid", *text, (size_t)(nul - text->p), "a NUL byte");
	return attributes_check(*text, why);
}
