/* SPDX-License-Identifier: Apache-2.0 */
#include "shipment.h"

#include "base/decimal.h"
#include "base/uuid.h"
#include "formats/json.h"

#include <stdio.h>
#include <string.h>

#define LINES_BYTES ((size_t)4 << 20)

static const struct tree_limits limits = {.bytes = (size_t)1 << 20, .depth = 16, .nodes = 100000};

bool
shipment_is_reference(struct str text)
{
	if (text.n == 0 || text.n > SHIPMENT_REFERENCE_BYTES)
		return false;
	for (size_t i = 0; i < text.n; i++)
		if (text.p[i] <= ' ' || text.p[i] > '~')
			return false;
	return true;
}

/* A part of something is in whole units: nobody ships a third of a bottle. */
static bool
shipped_of(int64_t quantity_micro, int64_t short_micro, int64_t *shipped_micro)
{
	if (short_micro == DECIMAL_ONE) {
		*shipped_micro = quantity_micro;
		return true;
	}
	if (!decimal_mul(quantity_micro, short_micro, shipped_micro))
		return false;
	*shipped_micro -= *shipped_micro % DECIMAL_ONE;
	return true;
}

static enum outcome
line_put(const struct node *line, size_t index, int64_t short_micro, struct buf *out, struct why *why)
{
	struct str reference = node_text(node_get(line, "reference")), sku = node_text(node_get(line, "sku"));
	int64_t quantity_micro = 0, shipped_micro = 0;
	char path[64], quantity[DECIMAL_TEXT_BYTES];

	snprintf(path, sizeof path, "lines[%zu]", index);
	if (!reference.n || !sku.n)
		return why_at(why, OUTCOME_DEAD, "field-missing", path, "a line has a reference and a sku");
	if (!decimal_parse(node_text(node_get(line, "quantity")), &quantity_micro) || quantity_micro <= 0 ||
	    !shipped_of(quantity_micro, short_micro, &shipped_micro))
		return why_at(why, OUTCOME_DEAD, "field-range", path, "a quantity is a decimal above 0");
	decimal_format(shipped_micro, quantity);
	buf_put_str(out, index ? STR(",{\"reference\":") : STR("{\"reference\":"));
	json_put_text(out, reference);
	buf_put_str(out, STR(",\"sku\":"));
	json_put_text(out, sku);
	buf_printf(out, ",\"quantity\":\"%s\"}", quantity);
	return OUTCOME_OK;
}

static enum outcome
lines_put(const struct node *lines, int64_t short_micro, struct buf *out, struct why *why)
{
	size_t index = 0;
	enum outcome outcome = OUTCOME_OK;

	if (!node_is(lines, NODE_LIST) || lines->children_count == 0 || lines->children_count > SHIPMENT_LINES_MAX)
		return why_at(why, OUTCOME_DEAD, "field-missing", "lines", "a shipment has 1 to %d lines",
			      SHIPMENT_LINES_MAX);
	buf_put_char(out, '[');
	for (const struct node *line = lines->child; line && outcome == OUTCOME_OK; line = line->next)
		outcome = line_put(line, index++, short_micro, out, why);
	buf_put_char(out, ']');
	return outcome;
}

enum outcome
shipment_read(struct str body, int64_t short_micro, struct arena *arena, struct shipment_asked *asked, struct why *why)
{
	struct node *root;
	struct buf lines;
	struct shipment_asked a = {.lines = {NULL, 0}};
	enum outcome outcome = json_parse(body, &limits, arena, &root, why);

	if (outcome != OUTCOME_OK)
		return outcome;
	a.reference = node_text(node_get(root, "reference"));
	if (!shipment_is_reference(a.reference))
		return why_at(why, OUTCOME_DEAD, "field-missing", "reference", "1 to %d visible ASCII characters",
			      SHIPMENT_REFERENCE_BYTES);
	buf_init(&lines, LINES_BYTES);
	outcome = lines_put(node_get(root, "lines"), short_micro, &lines, why);
	if (outcome == OUTCOME_OK && buf_is_ok(&lines))
		a.lines = arena_str(arena, buf_str(&lines));
	buf_release(&lines);
	if (outcome != OUTCOME_OK)
		return outcome;
	if (!a.lines.p)
		return why_set(why, OUTCOME_DEAD, "too-large", "too many lines");
	sha256(body, a.sha256);
	*asked = a;
	return OUTCOME_OK;
}
