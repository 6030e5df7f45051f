/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/x12_ack.h"

#include "base/instant.h"
#include "formats/x12_build.h"

#include <string.h>

#define NO_KEY ((struct str){NULL, 0})
#define NUMBER_MAX 999999999u
#define NODES_MAX 1000000u
#define BAD_DATA_BYTES 99 /* AK404 is AN 1/99 */
#define GROUP_CODES 5     /* AK905 .. AK909 */

/* YYMMDD or YYYYMMDD, and HHMM. */
struct stamp {
	char date[9], time[5];
};

struct answer {
	struct x12_builder build;
	struct node *root, *interchange;
	const struct node *isa, *separators; /* of what is answered */
	const struct x12_ack_numbers *numbers;
	struct stamp stamp;
};

static struct str
member(const struct node *object, const char *key)
{
	return node_text(node_get(object, key));
}

static void
put(struct answer *a, struct node *segment, const char *key, struct str text)
{
	x12_add_text(&a->build, segment, str_of(key), text, 0);
}

static void
put_number(struct answer *a, struct node *segment, const char *key, const char *format, size_t number)
{
	struct str text = arena_printf(a->build.arena, format, number);

	if (!text.p)
		a->build.shortage = X12_SHORTAGE_MEMORY;
	put(a, segment, key, text);
}

static struct node *
segment_add(struct answer *a, struct node *segments, const char *tag)
{
	struct node *n = x12_add(&a->build, segments, NODE_OBJECT, NO_KEY, 0);

	put(a, n, "tag", str_of(tag));
	return n;
}

/* --- who needs none --- */

static bool
is_ack_set(const struct node *transaction)
{
	struct str set = member(transaction, "set");

	return str_equal(set, STR("997")) || str_equal(set, STR("999"));
}

/* ST01 decides; GS01 may be wrong, and counts only where no transaction is. */
static bool
is_ack_group(const struct node *group)
{
	const struct node *transactions = node_get(group, "transactions");

	if (!transactions || !transactions->child)
		return str_equal(member(node_get(group, "GS"), "GS01"), STR("FA"));
	for (const struct node *t = transactions->child; t; t = t->next)
		if (!is_ack_set(t))
			return false;
	return true;
}

static bool
is_ack_interchange(const struct node *interchange)
{
	const struct node *groups = node_get(interchange, "groups");

	if (!groups || !groups->child)
		return node_get(interchange, "TA1") != NULL;
	for (const struct node *g = groups->child; g; g = g->next)
		if (!is_ack_group(g))
			return false;
	return true;
}

/* --- envelope --- */

/* From RFC 3339, whose fields have fixed places: 2008-01-10T16:00:00Z. */
static struct stamp
stamp_of(int64_t at_us)
{
	char text[INSTANT_TEXT_BYTES];
	struct stamp s = {"", ""};

	if (instant_format(at_us, text) < 16)
		return s;
	memcpy(s.date, text, 4);
	memcpy(s.date + 4, text + 5, 2);
	memcpy(s.date + 6, text + 8, 2);
	memcpy(s.time, text + 11, 2);
	memcpy(s.time + 2, text + 14, 2);
	return s;
}

static void
separators_copy(struct answer *a)
{
	struct node *n = x12_add(&a->build, a->interchange, NODE_OBJECT, STR("separators"), 0);

	for (const struct node *s = a->separators ? a->separators->child : NULL; s; s = s->next)
		x12_add_text(&a->build, n, s->key, s->text, 0);
}

static void
header_add(struct answer *a)
{
	struct node *isa = x12_add(&a->build, a->interchange, NODE_OBJECT, STR("ISA"), 0);

	put(a, isa, "ISA01", STR("00"));
	put(a, isa, "ISA03", STR("00"));
	put(a, isa, "ISA05", member(a->isa, "ISA07"));
	put(a, isa, "ISA06", member(a->isa, "ISA08"));
	put(a, isa, "ISA07", member(a->isa, "ISA05"));
	put(a, isa, "ISA08", member(a->isa, "ISA06"));
	put(a, isa, "ISA09", (struct str){a->stamp.date + 2, 6});
	put(a, isa, "ISA10", str_of(a->stamp.time));
	put(a, isa, "ISA11", member(a->isa, "ISA11"));
	put(a, isa, "ISA12", member(a->isa, "ISA12"));
	put_number(a, isa, "ISA13", "%09zu", a->numbers->interchange);
	put(a, isa, "ISA14", STR("0"));
	put(a, isa, "ISA15", member(a->isa, "ISA15"));
	put(a, isa, "ISA16", member(a->isa, "ISA16"));
}

static void
trailer_add(struct answer *a, const char *count)
{
	struct node *iea = x12_add(&a->build, a->interchange, NODE_OBJECT, STR("IEA"), 0);

	put(a, iea, "IEA01", str_of(count));
	put_number(a, iea, "IEA02", "%09zu", a->numbers->interchange);
}

static bool
is_in_range(uint32_t number)
{
	return number >= 1 && number <= NUMBER_MAX;
}

/* Texts of the stamp are pointed to: the answer lives in the arena as the tree does. */
static struct answer *
answer_new(const struct node *interchange, const struct x12_ack_numbers *numbers, struct arena *arena)
{
	struct answer *a = arena_get(arena, sizeof *a);
	struct node *list;

	if (!a)
		return NULL;
	x12_builder_init(&a->build, arena, NODES_MAX);
	a->isa = node_get(interchange, "ISA");
	a->separators = node_get(interchange, "separators");
	a->numbers = numbers;
	a->stamp = stamp_of(numbers->at_us);
	a->root = x12_node(&a->build, NODE_OBJECT, NO_KEY, 0);
	put(a, a->root, "format", STR("x12"));
	list = x12_add(&a->build, a->root, NODE_LIST, STR("interchanges"), 0);
	a->interchange = x12_add(&a->build, list, NODE_OBJECT, NO_KEY, 0);
	header_add(a);
	separators_copy(a);
	return a;
}

static enum outcome
answer_end(const struct answer *a, struct node **answer, struct why *why)
{
	if (!a || a->build.shortage)
		return why_set(why, OUTCOME_DEAD, "document-too-large", "no memory for an acknowledgement");
	*answer = a->root;
	return OUTCOME_OK;
}

/* --- 997 --- */

static bool
is_separator(const struct answer *a, char c)
{
	for (const struct node *s = a->separators ? a->separators->child : NULL; s; s = s->next)
		if (s->text.n == 1 && s->text.p[0] == c)
			return true;
	return false;
}

/* What was wrong may well be a separator or a control character, which must not come back as one. */
static struct str
data_mend(struct answer *a, struct str data)
{
	char *p;
	size_t n = data.n < BAD_DATA_BYTES ? data.n : BAD_DATA_BYTES;

	while (n && n < data.n && ((unsigned char)data.p[n] & 0xC0) == 0x80)
		n--;
	p = (char *)arena_str(a->build.arena, (struct str){data.p, n}).p;
	if (!p) {
		a->build.shortage = X12_SHORTAGE_MEMORY;
		return NO_KEY;
	}
	for (size_t i = 0; i < n; i++)
		if ((unsigned char)p[i] < 0x20 || p[i] == 0x7F || is_separator(a, p[i]))
			p[i] = ' ';
	return str_trim((struct str){p, n});
}

static void
position_put(struct answer *a, struct node *ak4, const struct x12_verdict *v)
{
	struct node *position;

	if (!v->component_position) {
		put_number(a, ak4, "AK401", "%zu", v->element_position);
		return;
	}
	position = x12_add(&a->build, ak4, NODE_OBJECT, STR("AK401"), 0);
	put_number(a, position, "1", "%zu", v->element_position);
	put_number(a, position, "2", "%zu", v->component_position);
}

static void
verdict_add(struct answer *a, struct node *segments, const struct node *transaction, const struct x12_verdict *v)
{
	struct node *n = segment_add(a, segments, "AK2");

	put(a, n, "AK201", member(transaction, "set"));
	put(a, n, "AK202", member(transaction, "control"));
	if (v->segment_tag.n) {
		n = segment_add(a, segments, "AK3");
		put(a, n, "AK301", v->segment_tag);
		put_number(a, n, "AK302", "%zu", v->segment_position);
		put(a, n, "AK304", v->segment_code.n || !v->element_position ? v->segment_code : STR("8"));
	}
	if (v->segment_tag.n && v->element_position) {
		n = segment_add(a, segments, "AK4");
		position_put(a, n, v);
		put(a, n, "AK403", v->element_code);
		put(a, n, "AK404", data_mend(a, v->bad_data));
	}
	n = segment_add(a, segments, "AK5");
	put(a, n, "AK501", !v->is_accepted ? STR("R") : v->code.n ? STR("E") : STR("A"));
	put(a, n, "AK502", v->code);
}

static struct str
group_answer(const struct x12_ack_group *about, size_t accepted_count, bool has_errors)
{
	if (!accepted_count)
		return STR("R");
	if (accepted_count < about->verdicts_count)
		return STR("P");
	return has_errors ? STR("E") : STR("A");
}

static void
group_verdict_add(struct answer *a, struct node *segments, const struct x12_ack_group *about)
{
	const struct node *faults = node_get(about->group, "faults"), *fault = faults ? faults->child : NULL;
	struct str stated = member(node_get(about->group, "GE"), "GE01");
	struct node *n = segment_add(a, segments, "AK9");
	bool has_errors = fault != NULL;
	size_t accepted_count = 0;

	for (size_t i = 0; i < about->verdicts_count; i++) {
		accepted_count += about->verdicts[i].is_accepted;
		has_errors = has_errors || about->verdicts[i].code.n;
	}
	put(a, n, "AK901", group_answer(about, accepted_count, has_errors));
	if (stated.n)
		put(a, n, "AK902", stated);
	else
		put_number(a, n, "AK902", "%zu", about->verdicts_count);
	put_number(a, n, "AK903", "%zu", about->verdicts_count);
	put_number(a, n, "AK904", "%zu", accepted_count);
	for (size_t i = 0; fault && i < GROUP_CODES; fault = fault->next, i++)
		x12_add_text(&a->build, n, x12_key(&a->build, STR("AK9"), 5 + i), member(fault, "ack"), 0);
}

/* AK1 to AK9, between ST and SE. */
static void
transaction_add(struct answer *a, struct node *transactions, const struct x12_ack_group *about)
{
	const struct node *gs = node_get(about->group, "GS"), *t = node_get(about->group, "transactions")->child;
	struct node *transaction = x12_add(&a->build, transactions, NODE_OBJECT, NO_KEY, 0), *segments, *n;

	put(a, transaction, "set", STR("997"));
	put_number(a, transaction, "control", "%04zu", a->numbers->transaction);
	segments = x12_add(&a->build, transaction, NODE_LIST, STR("segments"), 0);
	n = segment_add(a, segments, "ST");
	put(a, n, "ST01", STR("997"));
	put_number(a, n, "ST02", "%04zu", a->numbers->transaction);
	n = segment_add(a, segments, "AK1");
	put(a, n, "AK101", member(gs, "GS01"));
	put(a, n, "AK102", member(gs, "GS06"));
	for (size_t i = 0; t; t = t->next, i++)
		if (!is_ack_set(t))
			verdict_add(a, segments, t, &about->verdicts[i]);
	group_verdict_add(a, segments, about);
	n = segment_add(a, segments, "SE");
	put_number(a, n, "SE01", "%zu", segments ? segments->children_count : 0);
	put_number(a, n, "SE02", "%04zu", a->numbers->transaction);
}

/* 004010VICS is 004010 with the sender's industry; dates have a century from 004010 on. */
static void
group_add(struct answer *a, const struct x12_ack_group *about)
{
	const struct node *gs = node_get(about->group, "GS");
	struct str version = member(gs, "GS08"), date = str_of(a->stamp.date);
	struct node *groups = x12_add(&a->build, a->interchange, NODE_LIST, STR("groups"), 0);
	struct node *group = x12_add(&a->build, groups, NODE_OBJECT, NO_KEY, 0);
	struct node *n = x12_add(&a->build, group, NODE_OBJECT, STR("GS"), 0);

	if (version.n > 6)
		version.n = 6;
	put(a, n, "GS01", STR("FA"));
	put(a, n, "GS02", member(gs, "GS03"));
	put(a, n, "GS03", member(gs, "GS02"));
	put(a, n, "GS04", version.n && str_compare(version, STR("004010")) < 0 ? str_after(date, 2) : date);
	put(a, n, "GS05", str_of(a->stamp.time));
	put_number(a, n, "GS06", "%zu", a->numbers->group);
	put(a, n, "GS07", STR("X"));
	put(a, n, "GS08", version);
	transaction_add(a, x12_add(&a->build, group, NODE_LIST, STR("transactions"), 0), about);
	n = x12_add(&a->build, group, NODE_OBJECT, STR("GE"), 0);
	put(a, n, "GE01", STR("1"));
	put_number(a, n, "GE02", "%zu", a->numbers->group);
}

enum outcome
x12_ack_group(const struct x12_ack_group *about, const struct x12_ack_numbers *numbers, struct arena *arena,
	      struct node **answer, struct why *why)
{
	const struct node *transactions = node_get(about->group, "transactions");
	struct answer *a;

	if (!transactions || transactions->children_count != about->verdicts_count)
		return why_set(why, OUTCOME_DEAD, "x12-ack", "%zu verdicts for %zu transactions", about->verdicts_count,
			       transactions ? transactions->children_count : 0);
	if (!is_in_range(numbers->interchange) || !is_in_range(numbers->group) || !is_in_range(numbers->transaction))
		return why_set(why, OUTCOME_DEAD, "x12-ack", "control numbers are 1 to %u", NUMBER_MAX);
	if (is_ack_group(about->group)) {
		*answer = NULL;
		return OUTCOME_OK;
	}
	a = answer_new(about->interchange, numbers, arena);
	if (a) {
		group_add(a, about);
		trailer_add(a, "1");
	}
	return answer_end(a, answer, why);
}

/* --- TA1 --- */

enum outcome
x12_ack_interchange(const struct x12_ack_interchange *about, const struct x12_ack_numbers *numbers, struct arena *arena,
		    struct node **answer, struct why *why)
{
	static const char *const answers[] = {"A", "E", "R"};
	struct answer *a;
	struct node *n;

	if (!is_in_range(numbers->interchange))
		return why_set(why, OUTCOME_DEAD, "x12-ack", "control numbers are 1 to %u", NUMBER_MAX);
	if (is_ack_interchange(about->interchange)) {
		*answer = NULL;
		return OUTCOME_OK;
	}
	a = answer_new(about->interchange, numbers, arena);
	if (a) {
		n = segment_add(a, x12_add(&a->build, a->interchange, NODE_LIST, STR("TA1"), 0), "TA1");
		put(a, n, "TA101", member(a->isa, "ISA13"));
		put(a, n, "TA102", member(a->isa, "ISA09"));
		put(a, n, "TA103", member(a->isa, "ISA10"));
		put(a, n, "TA104", str_of(answers[about->answer]));
		put(a, n, "TA105", about->note.n ? about->note : STR("000"));
		x12_add(&a->build, a->interchange, NODE_LIST, STR("groups"), 0);
		trailer_add(a, "0");
	}
	return answer_end(a, answer, why);
}
