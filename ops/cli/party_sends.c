/* SPDX-License-Identifier: Apache-2.0 */
#include "party_sends.h"

#include "file.h"
#include "formats/json.h"
#include "outbound/outbound.h"

#include <string.h>

#define INDENT_COLUMNS 2
#define SHOWN_BYTES 200

/* "AC-10001.invoice.json" is of an invoice; PARTY_SENDS for what is of none. */
static enum party_sends
what_of(const char *path)
{
	const char *slash = strrchr(path, '/');
	struct str name = str_of(slash ? slash + 1 : path);
	size_t i = 0;

	for (; i < PARTY_SENDS; i++) {
		char ending[64];

		snprintf(ending, sizeof ending, ".%s.json", party_sends_name((enum party_sends)i));
		if (str_ends(name, str_of(ending)))
			break;
	}
	return (enum party_sends)i;
}

/* X12 and EDIFACT have no line breaks of their own: one after each segment. The writers use these terminators. */
static void
segments_put(struct buf *out, struct str bytes, char terminator, char release)
{
	for (size_t i = 0; i < bytes.n; i++) {
		buf_put_char(out, bytes.p[i]);
		if (release && bytes.p[i] == release && i + 1 < bytes.n)
			buf_put_char(out, bytes.p[++i]);
		else if (bytes.p[i] == terminator)
			buf_put_char(out, '\n');
	}
}

static bool
layout(const struct party *party, struct str bytes, struct arena *arena, struct buf *result)
{
	struct why why;
	struct node *tree;

	if (strcmp(party->format, "x12") == 0)
		segments_put(result, bytes, '~', '\0');
	else if (strcmp(party->format, "edifact") == 0)
		segments_put(result, bytes, '\'', '?');
	else if (strcmp(party->format, "json") == 0 &&
		 json_parse(bytes, &tree_default_limits, arena, &tree, &why) == OUTCOME_OK)
		json_put_node(result, tree, INDENT_COLUMNS);
	else
		buf_put_str(result, bytes);
	if (result->n && result->p[result->n - 1] != '\n')
		buf_put_char(result, '\n');
	return buf_is_ok(result);
}

static enum outcome
document_write(const struct party *party, struct mapping *mapping, const char *path, struct arena *arena,
	       struct str *bytes, struct why *why)
{
	struct str json;
	struct node *document;
	enum party_sends what = what_of(path);
	enum outcome outcome;

	if (what == PARTY_SENDS || !party->is_sent[what])
		return why_at(why, OUTCOME_DEAD, "config", path,
			      "its name ends in none of the documents that party.yaml names in `sends`, with .json");
	if (!mapping_has(mapping, outbound_function(what)))
		return why_at(why, OUTCOME_DEAD, "mapping-missing", path, "the mapping has no function %s",
			      outbound_function(what));
	outcome = file_read(path[0] == '/' ? "/" : ".", path, arena, &json, why);
	if (outcome == OUTCOME_OK)
		outcome = json_parse(json, &tree_default_limits, arena, &document, why);
	return outcome == OUTCOME_OK ? outbound_write(party, mapping, what, document, arena, bytes, why) : outcome;
}

bool
sends_run(const char *parties_dir, const struct party *party, const char *path, struct arena *arena, struct buf *result)
{
	struct mapping *mapping = NULL;
	struct why why = {0};
	struct str bytes = {NULL, 0};
	enum outcome outcome = mapping_open(parties_dir, party, &mapping, &why);
	bool is_ok = true;

	if (outcome == OUTCOME_OK)
		outcome = document_write(party, mapping, path, arena, &bytes, &why);
	if (outcome == OUTCOME_OK && bytes.p)
		is_ok = layout(party, bytes, arena, result);
	else if (outcome == OUTCOME_OK)
		buf_printf(result, "nothing is sent: %s: %s\n", why.code, why.text);
	else
		fprintf(stderr, "tributary party: %s: %s: %s\n", path, why.code, why.text);
	mapping_close(mapping);
	return outcome == OUTCOME_OK && is_ok;
}

static int
shown(struct str line)
{
	return (int)(line.n < SHOWN_BYTES ? line.n : SHOWN_BYTES);
}

size_t
sends_differences(const char *expected_path, struct str got, struct arena *arena, FILE *out)
{
	struct str expected;
	struct why why = {0};
	size_t differences = 0, line = 1;

	if (file_read(expected_path[0] == '/' ? "/" : ".", expected_path, arena, &expected, &why) != OUTCOME_OK) {
		fprintf(out, "  %s: %s (made by --write)\n", expected_path, why.text);
		return 1;
	}
	for (; expected.n || got.n; line++) {
		struct str a = str_split(&expected, '\n'), b = str_split(&got, '\n');

		if (str_equal(a, b))
			continue;
		fprintf(out, "  line %zu: expected \"%.*s\", got \"%.*s\"\n", line, shown(a), a.p ? a.p : "", shown(b),
			b.p ? b.p : "");
		differences++;
	}
	return differences;
}

size_t
sends_functions_missing(const char *parties_dir, const struct party *party, FILE *out)
{
	struct mapping *mapping = NULL;
	struct why why = {0};
	size_t missing = 0;

	for (size_t i = 0; i < PARTY_SENDS; i++) {
		const char *function = outbound_function((enum party_sends)i);

		if (!party->is_sent[i])
			continue;
		if (!mapping && mapping_open(parties_dir, party, &mapping, &why) != OUTCOME_OK) {
			fprintf(out, "  %s: %s\n", why.code, why.text);
			return 1;
		}
		if (mapping_has(mapping, function))
			continue;
		fprintf(out, "  party.yaml says sends: %s, and the mapping has no function %s\n",
			party_sends_name((enum party_sends)i), function);
		missing++;
	}
	mapping_close(mapping);
	return missing;
}
