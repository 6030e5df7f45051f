/* SPDX-License-Identifier: Apache-2.0 */
#include "proof_print.h"

#include "formats/json.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

const char *
proof_hex(const unsigned char *bytes, size_t n, char *out)
{
	for (size_t i = 0; i < n; i++)
		snprintf(out + 2 * i, 3, "%02x", bytes[i]);
	return out;
}

static int
digit(char c)
{
	const char digits[] = "0123456789abcdef";
	const char *at = c ? strchr(digits, tolower((unsigned char)c)) : NULL;

	return at ? (int)(at - digits) : -1;
}

bool
proof_unhex(const char *text, unsigned char out[static PROOF_HASH_BYTES])
{
	if (strlen(text) != 2 * PROOF_HASH_BYTES)
		return false;
	for (size_t i = 0; i < PROOF_HASH_BYTES; i++) {
		int high = digit(text[2 * i]), low = digit(text[2 * i + 1]);

		if (high < 0 || low < 0)
			return false;
		out[i] = (unsigned char)(high << 4 | low);
	}
	return true;
}

static size_t
kept_count(const struct proof_findings *f)
{
	return f->count < PROOF_FINDINGS_MAX ? f->count : PROOF_FINDINGS_MAX;
}

void
proof_findings_print(const struct proof_findings *f)
{
	for (size_t i = 0; i < kept_count(f); i++)
		printf("%.*s\n", STR_ARGS(f->texts[i]));
	if (f->count > PROOF_FINDINGS_MAX)
		printf("and %zu more\n", f->count - PROOF_FINDINGS_MAX);
}

void
proof_findings_json(const struct proof_findings *f, struct buf *out)
{
	buf_put_char(out, '[');
	for (size_t i = 0; i < kept_count(f); i++) {
		buf_put_str(out, i ? STR(",") : STR(""));
		json_put_text(out, f->texts[i]);
	}
	buf_put_char(out, ']');
}
