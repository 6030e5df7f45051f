/* SPDX-License-Identifier: Apache-2.0 */
#include "mode.h"

#include "base/decimal.h"
#include "formats/json.h"

#include <inttypes.h>

#define COUNT_MAX INT64_C(1000000000)
#define CUT_MAX 65536
#define RETRY_AFTER_MAX 3600

static const char *const kind_names[] = {"normal",      "slow",   "fail", "fail-late", "busy",
					 "drop-answer", "denied", "cut",  "cut-before"};
static const struct tree_limits limits = {.bytes = 4096, .depth = 2, .nodes = 32};

bool
mode_kind_parse(struct str text, int *kind)
{
	for (size_t i = 0; i < COUNT_OF(kind_names); i++)
		if (str_equal(text, str_of(kind_names[i]))) {
			*kind = (int)i;
			return true;
		}
	return false;
}

const char *
mode_kind_name(int kind)
{
	return kind_names[kind];
}

static bool
number_read(struct str text, int64_t max, int64_t *out)
{
	int64_t number;

	if (!str_to_int(text, &number) || number < 0 || number > max)
		return false;
	*out = number;
	return true;
}

static bool
short_read(struct str text, int64_t *short_micro)
{
	int64_t part;

	if (!decimal_parse(text, &part) || part < 0 || part > DECIMAL_ONE)
		return false;
	*short_micro = part;
	return true;
}

static bool
word_read(struct str text, const char *yes, const char *no, bool *is_yes)
{
	*is_yes = str_equal(text, str_of(yes));
	return *is_yes || str_equal(text, str_of(no));
}

static enum outcome
member_change(struct mode *mode, const struct node *member, struct why *why)
{
	struct str key = member->key, text = node_text(member);
	bool is_ok;

	if (str_equal(key, STR("mode")))
		is_ok = mode_kind_parse(text, &mode->kind);
	else if (str_equal(key, STR("delay_ms")))
		is_ok = number_read(text, MODE_DELAY_MS_MAX, &mode->delay_ms);
	else if (str_equal(key, STR("confirm_delay_ms")))
		is_ok = number_read(text, MODE_DELAY_MS_MAX, &mode->confirm_delay_ms);
	else if (str_equal(key, STR("count")))
		is_ok = number_read(text, COUNT_MAX, &mode->count);
	else if (str_equal(key, STR("short")))
		is_ok = short_read(text, &mode->short_micro);
	else if (str_equal(key, STR("cut_at")))
		is_ok = number_read(text, CUT_MAX, &mode->cut_at);
	else if (str_equal(key, STR("cut_step")))
		is_ok = number_read(text, CUT_MAX, &mode->cut_step);
	else if (str_equal(key, STR("retry_after")))
		is_ok = number_read(text, RETRY_AFTER_MAX, &mode->retry_after_s);
	else if (str_equal(key, STR("retry_after_as")))
		is_ok = word_read(text, "date", "seconds", &mode->is_dated);
	else if (str_equal(key, STR("lookup")))
		is_ok = word_read(text, "fail", "normal", &mode->lookup_fails);
	else
		return why_set(why, OUTCOME_DEAD, "field-unknown",
			       "there are mode, delay_ms, count, confirm_delay_ms, short, lookup, cut_at, cut_step, "
			       "retry_after and retry_after_as");
	if (!is_ok)
		return why_set(why, OUTCOME_DEAD, "field-range", "%.*s cannot be that", STR_ARGS(key));
	return OUTCOME_OK;
}

enum outcome
mode_change(struct mode *mode, struct str body, struct arena *arena, struct why *why)
{
	struct mode changed = *mode;
	struct node *root;
	enum outcome outcome = json_parse(body, &limits, arena, &root, why);

	if (outcome != OUTCOME_OK)
		return outcome;
	if (!node_is(root, NODE_OBJECT))
		return why_set(why, OUTCOME_DEAD, "field-unknown", "an object, please");
	if (node_get(root, "mode"))
		changed.count = 0;
	for (const struct node *m = root->child; m && outcome == OUTCOME_OK; m = m->next)
		outcome = member_change(&changed, m, why);
	if (outcome == OUTCOME_OK)
		*mode = changed;
	return outcome;
}

enum mode_kind
mode_take(struct mode *mode)
{
	enum mode_kind kind = (enum mode_kind)mode->kind;

	if (kind == MODE_CUT)
		mode->cut_at += mode->cut_step;
	if (kind != MODE_NORMAL && mode->count && --mode->count == 0)
		mode->kind = MODE_NORMAL;
	return kind;
}

void
mode_put_json(const struct mode *mode, struct buf *out)
{
	char part[DECIMAL_TEXT_BYTES];

	decimal_format(mode->short_micro, part);
	buf_printf(out,
		   "{\"mode\":\"%s\",\"delay_ms\":%" PRId64 ",\"count\":%" PRId64 ",\"confirm_delay_ms\":%" PRId64
		   ",\"short\":\"%s\",\"lookup\":\"%s\",\"cut_at\":%" PRId64 ",\"cut_step\":%" PRId64
		   ",\"retry_after\":%" PRId64 ",\"retry_after_as\":\"%s\"}",
		   mode_kind_name(mode->kind), mode->delay_ms, mode->count, mode->confirm_delay_ms, part,
		   mode->lookup_fails ? "fail" : "normal", mode->cut_at, mode->cut_step, mode->retry_after_s,
		   mode->is_dated ? "date" : "seconds");
}
