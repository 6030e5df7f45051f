/* SPDX-License-Identifier: Apache-2.0 */
#include "party_sample.h"

#include "file.h"
#include "formats/json.h"
#include "intake/intake.h"

#include <stdio.h>
#include <string.h>

#define RECEIVED_AT_US INT64_C(1767225600000000) /* 2026-01-01T00:00:00Z */
#define DOCUMENT_MAX_BYTES ((size_t)8 << 20)
#define INDENT_COLUMNS 2

static void
text_member(struct buf *out, const char *key, struct str text)
{
	if (!text.n)
		return;
	buf_printf(out, ", \"%s\": ", key);
	json_put_text(out, text);
}

static void
complaint_put(struct buf *out, const struct why *why)
{
	text_member(out, "code", str_of(why->code));
	text_member(out, "path", str_of(why->path));
	text_member(out, "text", str_of(why->text));
}

static void
document_put(struct buf *out, const struct intake *in)
{
	struct buf text;

	buf_init(&text, SAMPLE_RESULT_MAX_BYTES);
	if (in->order)
		contract_put_json(in->order->kind == ORDER_CHANGE ? &channel_change_contract : &order_contract,
				  in->order, &text, 0);
	else
		contract_put_json(in->fact_contract, in->fact, &text, 0);
	buf_put_str(out, STR(", \"document\": "));
	buf_put_str(out, buf_str(&text));
	buf_release(&text);
}

/* One unit as an object on a line; the caller lays the whole out again. */
static void
unit_put(struct sample *s, struct buf *out, const struct intake_source *source, const struct node *unit,
	 struct arena *arena)
{
	struct intake in = {0};
	struct why why = {0};
	enum outcome outcome = intake_map(source, unit, arena, &in, &why);

	buf_printf(out, "{\"result\": \"%s\"", intake_result_name(in.result));
	text_member(out, "about", in.about);
	if (s->wants_tree) {
		buf_put_str(out, STR(", \"tree\": "));
		json_put_node(out, unit, 0);
	}
	if (outcome != OUTCOME_OK) {
		complaint_put(out, &why);
		s->complaints++;
	} else if (in.result == INTAKE_IGNORED) {
		complaint_put(out, &why);
	} else {
		document_put(out, &in);
	}
	buf_put_char(out, '}');
}

static void
units_put(struct sample *s, struct buf *out, const struct intake_source *source, struct arena *arena)
{
	struct node *tree, **units;
	struct why why = {0};
	size_t n;
	enum outcome outcome = intake_parse(source, arena, &tree, &why);

	if (outcome == OUTCOME_OK)
		outcome = intake_split(source, tree, arena, &units, &n, &why);
	buf_put_char(out, '[');
	if (outcome != OUTCOME_OK) {
		buf_printf(out, "{\"result\": \"%s\"", outcome == OUTCOME_HELD ? "exception" : "refused");
		complaint_put(out, &why);
		buf_put_char(out, '}');
		s->complaints++;
	}
	for (size_t i = 0; outcome == OUTCOME_OK && i < n; i++) {
		if (i)
			buf_put_char(out, ',');
		unit_put(s, out, source, units[i], arena);
	}
	buf_put_char(out, ']');
}

/* The text again, laid out for people and for diffs. */
static bool
layout(struct str text, struct arena *arena, struct buf *result)
{
	struct tree_limits limits = {.bytes = SIZE_MAX, .depth = 128, .nodes = SIZE_MAX};
	struct node *root;
	struct why why;

	if (json_parse(text, &limits, arena, &root, &why) != OUTCOME_OK) {
		fprintf(stderr, "tributary party: %s: %s\n", why.code, why.text);
		return false;
	}
	json_put_node(result, root, INDENT_COLUMNS);
	buf_put_char(result, '\n');
	return buf_is_ok(result);
}

bool
sample_run(struct sample *s, struct arena *arena, struct buf *result)
{
	struct intake_source source = {.kind = str_of(s->kind),
				       .party = s->party,
				       .received_at_us = RECEIVED_AT_US,
				       .max_bytes = DOCUMENT_MAX_BYTES};
	struct why why = {0};
	struct buf line;
	bool is_ok;

	s->complaints = 0;
	if (file_read(s->path[0] == '/' ? "/" : ".", s->path, arena, &source.body, &why) != OUTCOME_OK ||
	    mapping_open(s->parties_dir, s->party, &source.mapping, &why) != OUTCOME_OK) {
		fprintf(stderr, "tributary party: %s: %s\n", why.code, why.text);
		return false;
	}
	/* A warehouse's documents are confirmations, whatever their content says. */
	if (s->party->kind == PARTY_WMS && strcmp(s->kind, "document") == 0)
		source.kind = STR("shipment");
	buf_init(&line, SAMPLE_RESULT_MAX_BYTES);
	units_put(s, &line, &source, arena);
	is_ok = layout(buf_str(&line), arena, result);
	buf_release(&line);
	mapping_close(source.mapping);
	return is_ok;
}
