/* SPDX-License-Identifier: Apache-2.0 */
#include "ingest/answer.h"

#include "base/log.h"
#include "formats/edifact.h"
#include "formats/edifact_ack.h"
#include "formats/x12.h"
#include "formats/x12_ack.h"
#include "ingest/ingest.h"
#include "ingest/ingest_sql.h"
#include "topology_names.h"

#include <stdio.h>
#include <string.h>

#define ANSWER_MAX_BYTES ((size_t)8 << 20)
#define X12_NUMBER_MAX 999999999

/* Ignored with one of these, a document is of a kind that we do not take, and its sender should know. */
static const char *const unsupported_codes[] = {"x12-set-not-ours", "message-type"};

/* One answer to be built: the 997 of a group, the TA1 of an interchange (no group), or a CONTRL. */
struct judged {
	const struct node *interchange, *group;
	struct x12_verdict *x12;
	struct edifact_verdict *edifact;
	size_t n; /* of its verdicts */
};

/* One document whose sender is answered. */
struct answered {
	struct batch *batch;
	struct item *item;
	struct intake_source source;
	struct intake *in;
	bool is_x12;
	size_t cursor; /* the next unit, when transactions and units come in the same order */
	struct judged *judged;
	size_t judged_count; /* each takes one control number */
	int64_t number;      /* the next of them */
	size_t sent;
};

struct answers {
	struct answered *documents;
	size_t n;
};

/* What a transaction will come to. */
struct verdict {
	bool is_refused, is_unsupported;
	struct str fault; /* the standard's code of its first fault, or empty */
	struct why why;   /* of a refusal */
};

static size_t
length_of(const struct node *list)
{
	return list ? list->children_count : 0;
}

/* The unit that was made of a transaction: they share its segments. NULL when the mapping made none. */
static const struct node *
unit_of(struct answered *a, const struct node *transaction)
{
	const struct node *segments = node_get(transaction, "segments");

	for (size_t i = 0; segments && i < a->in->units_count; i++) {
		size_t at = (a->cursor + i) % a->in->units_count;
		const struct node *of_unit = node_get(a->in->units[at], "segments");

		if (of_unit && of_unit->child == segments->child) {
			a->cursor = at + 1;
			return a->in->units[at];
		}
	}
	return NULL;
}

static struct verdict
verdict_of(struct answered *a, const struct node *transaction)
{
	const struct node *faults = node_get(transaction, "faults"), *unit = unit_of(a, transaction);
	struct verdict v = {.fault =
				length_of(faults) ? node_text(node_get(faults->child, "ack")) : (struct str){NULL, 0}};
	struct arena_mark mark = arena_mark(a->batch->arena);
	struct intake in = {0};

	v.is_unsupported = !unit; /* the mapping left it out */
	if (!unit)
		return v;
	v.is_refused = intake_map(&a->source, unit, a->batch->arena, &in, &v.why) == OUTCOME_DEAD;
	arena_rewind(a->batch->arena, mark);
	for (size_t i = 0; in.result == INTAKE_IGNORED && i < COUNT_OF(unsupported_codes); i++)
		v.is_unsupported |= in.ignored && strcmp(in.ignored, unsupported_codes[i]) == 0;
	return v;
}

/* --- X12 ---------------------------------------------------------------------------------------------------------- */

/* "segments[3].PO102": the segment and element at fault; without that, only the transaction is. */
static void
place_read(const struct node *transaction, const struct why *why, struct x12_verdict *x)
{
	unsigned index, element;
	char tag[4];
	const struct node *segment;

	if (sscanf(why->path, "segments[%u].", &index) != 1)
		return;
	segment = node_at(node_get(transaction, "segments"), index);
	snprintf(tag, sizeof tag, "%.*s", STR_ARGS(node_text(node_get(segment, "tag"))));
	if (!segment || !strstr(why->path, tag) || sscanf(strstr(why->path, tag) + strlen(tag), "%2u", &element) != 1)
		return;
	x->segment_tag = node_text(node_get(segment, "tag"));
	x->segment_position = index + 1;
	x->element_position = element;
	x->element_code = strcmp(why->code, "field-missing") == 0 ? STR("1") : STR("7");
}

static struct x12_verdict
x12_verdict_of(struct answered *a, const struct node *transaction)
{
	struct verdict v = verdict_of(a, transaction);
	struct x12_verdict x = {.is_accepted = !v.is_refused && !v.is_unsupported, .code = v.fault};

	if (v.is_unsupported)
		x.code = STR("1");
	if (v.is_refused && !v.fault.n) {
		x.code = STR("5");
		place_read(transaction, &v.why, &x);
	}
	return x;
}

static struct x12_ack_numbers
x12_numbers(struct answered *a)
{
	uint32_t number = (uint32_t)((a->number++ - 1) % X12_NUMBER_MAX + 1);

	return (struct x12_ack_numbers){number, number, number, a->batch->now_us};
}

static enum outcome
x12_build(struct answered *a, const struct judged *j, struct node **answer, struct why *why)
{
	const struct node *faults = node_get(j->interchange, "faults");
	struct x12_ack_numbers numbers = x12_numbers(a);
	struct x12_ack_group group = {j->interchange, j->group, j->x12, j->n};
	struct x12_ack_interchange whole = {
	    .interchange = j->interchange,
	    .answer = length_of(faults) ? X12_ACK_WITH_ERRORS : X12_ACK_ACCEPTED,
	    .note = length_of(faults) ? node_text(node_get(faults->child, "ack")) : (struct str){NULL, 0},
	};

	if (j->group)
		return x12_ack_group(&group, &numbers, a->batch->arena, answer, why);
	return x12_ack_interchange(&whole, &numbers, a->batch->arena, answer, why);
}

static bool
is_asked(const struct node *interchange)
{
	return str_equal(node_text(node_get(node_get(interchange, "ISA"), "ISA14")), STR("1"));
}

static struct judged *
judged_add(struct answered *a, const struct node *interchange)
{
	struct judged *j = &a->judged[a->judged_count++];

	j->interchange = interchange;
	return j;
}

/* False without memory. */
static bool
x12_judge(struct answered *a, const struct node *interchange)
{
	const struct node *groups = node_get(interchange, "groups");

	if (is_asked(interchange))
		judged_add(a, interchange);
	for (const struct node *g = groups ? groups->child : NULL; g; g = g->next) {
		const struct node *transactions = node_get(g, "transactions");
		struct judged *j = judged_add(a, interchange);

		j->group = g;
		j->x12 = arena_array(a->batch->arena, length_of(transactions) + 1, sizeof(struct x12_verdict));
		for (const struct node *t = transactions ? transactions->child : NULL; j->x12 && t; t = t->next)
			j->x12[j->n++] = x12_verdict_of(a, t);
		if (!j->x12)
			return false;
	}
	return true;
}

/* --- EDIFACT ------------------------------------------------------------------------------------------------------ */

static struct edifact_verdict
edifact_verdict_of(struct answered *a, const struct node *message)
{
	struct verdict v = verdict_of(a, message);
	struct edifact_verdict e = {.action = EDIFACT_ACKNOWLEDGED};

	if (!v.is_refused && !v.is_unsupported)
		return e;
	e.action = EDIFACT_REJECTED;
	if (v.is_unsupported)
		e.error = STR("17"); /* no agreement */
	else if (v.fault.n)
		e.error = v.fault;
	else
		e.error = strcmp(v.why.code, "field-missing") == 0 ? STR("13") : STR("12");
	return e;
}

/* Its messages: group by group, then those outside; `each` is called with every one. Their number. */
static size_t
messages_each(const struct node *interchange, void (*each)(const struct node *message, void *context), void *context)
{
	const struct node *groups = node_get(interchange, "groups"), *outside = node_get(interchange, "messages");
	size_t n = 0;

	for (const struct node *g = groups ? groups->child : NULL; g; g = g->next) {
		const struct node *inside = node_get(g, "messages");

		for (const struct node *m = inside ? inside->child : NULL; m; m = m->next, n++)
			each(m, context);
	}
	for (const struct node *m = outside ? outside->child : NULL; m; m = m->next, n++)
		each(m, context);
	return n;
}

struct messages {
	struct answered *a;
	struct judged *judged;
	size_t controls;
};

static void
message_count(const struct node *message, void *context)
{
	struct messages *all = context;

	all->controls += str_equal(node_text(node_get(message, "type")), STR("CONTRL"));
}

static void
message_judge(const struct node *message, void *context)
{
	struct messages *all = context;

	all->judged->edifact[all->judged->n++] = edifact_verdict_of(all->a, message);
}

/* A CONTRL is not answered. False without memory. */
static bool
edifact_judge(struct answered *a, const struct node *interchange)
{
	struct messages all = {.a = a};
	size_t n = messages_each(interchange, message_count, &all);

	if (all.controls == n)
		return true;
	all.judged = judged_add(a, interchange);
	all.judged->edifact = arena_array(a->batch->arena, n, sizeof(struct edifact_verdict));
	if (all.judged->edifact)
		messages_each(interchange, message_judge, &all);
	return all.judged->edifact != NULL;
}

static enum outcome
edifact_build(struct answered *a, const struct judged *j, struct node **answer, struct why *why)
{
	struct edifact_ack ack = {
	    .interchange = j->interchange,
	    .whole = {.action = EDIFACT_ACKNOWLEDGED},
	    .verdicts = j->edifact,
	    .verdicts_count = j->n,
	    .control = arena_printf(a->batch->arena, "%lld", (long long)a->number++),
	    .sent_at_us = a->batch->now_us,
	};

	if (!ack.control.p)
		return why_set(why, OUTCOME_DEAD, "document-too-large", "no memory for the answer");
	return edifact_ack_build(&ack, a->batch->arena, answer, why);
}

/* --- both --------------------------------------------------------------------------------------------------------- */

/* Answers that a document may need. */
static size_t
answers_max(const struct answered *a)
{
	const struct node *interchanges = node_get(a->in->tree, "interchanges");
	size_t n = 0;

	for (const struct node *i = interchanges ? interchanges->child : NULL; i; i = i->next)
		n += a->is_x12 ? length_of(node_get(i, "groups")) + is_asked(i) : 1;
	return n;
}

static bool
document_judge(struct answered *a)
{
	const struct node *interchanges = node_get(a->in->tree, "interchanges");

	a->judged = arena_array(a->batch->arena, answers_max(a) + 1, sizeof *a->judged);
	if (!a->judged)
		return false;
	for (const struct node *i = interchanges ? interchanges->child : NULL; i; i = i->next)
		if (!(a->is_x12 ? x12_judge(a, i) : edifact_judge(a, i)))
			return false;
	return true;
}

struct answers *
answers_judge(struct batch *batch)
{
	struct answers *all = arena_get(batch->arena, sizeof *all);

	if (!all)
		return NULL;
	all->documents = arena_array(batch->arena, batch->n, sizeof *all->documents);
	for (size_t i = 0; all->documents && i < batch->n; i++) {
		struct item *item = batch->items[i];
		struct answered *a = &all->documents[all->n];

		*a = (struct answered){
		    .batch = batch, .item = item, .source = ingest_source(batch, item), .in = item->scratch};
		if (item->outcome != OUTCOME_OK || a->in->result != INTAKE_SPLIT || !a->source.always_splits)
			continue;
		a->is_x12 = strcmp(a->source.party->format, "x12") == 0;
		if (!document_judge(a))
			return NULL;
		all->n++;
	}
	return all->documents ? all : NULL;
}

/* What was built, as bytes; .p NULL with `why` filled. */
static struct str
answer_write(struct answered *a, const struct node *answer, struct why *why)
{
	struct str body = {NULL, 0};
	struct buf bytes;
	enum outcome outcome;

	buf_init(&bytes, ANSWER_MAX_BYTES);
	outcome = a->is_x12 ? x12_write(answer, &bytes, why) : edifact_write(answer, &bytes, why);
	if (outcome == OUTCOME_OK)
		body = arena_str(a->batch->arena, buf_str(&bytes));
	buf_release(&bytes);
	if (outcome == OUTCOME_OK && !body.p)
		(void)why_set(why, OUTCOME_DEAD, "too-large", "no memory for the answer");
	return body;
}

static void
answer_send(struct answered *a, const struct judged *j)
{
	struct node *answer = NULL;
	struct str body = {NULL, 0};
	struct why why = {0};
	enum outcome outcome = a->is_x12 ? x12_build(a, j, &answer, &why) : edifact_build(a, j, &answer, &why);

	if (outcome == OUTCOME_OK && !answer)
		return; /* an acknowledgement */
	if (outcome == OUTCOME_OK)
		body = answer_write(a, answer, &why);
	if (!body.p) {
		log_why(LOG_LEVEL_ERROR, "answer-failed", &why);
		a->in->ignored = why.code;
		return;
	}
	item_reply(a->batch, a->item, EVENT_DOCUMENT_ANSWERED, a->sent++,
		   a->is_x12 ? "application/EDI-X12" : "application/EDIFACT", body);
}

/* Each gets its numbers out of what its party got. */
static void
numbers_give(struct answers *all, const struct result *taken)
{
	for (size_t row = 0; row < result_count(taken); row++) {
		int64_t last = result_int(taken, row, 1);

		for (size_t i = all->n; i > 0; i--) {
			struct answered *a = &all->documents[i - 1];

			if (!str_equal(str_of(a->source.party->name), result_text(taken, row, 0)))
				continue;
			a->number = last - (int64_t)a->judged_count + 1;
			last -= (int64_t)a->judged_count;
		}
	}
}

enum outcome
answers_send(struct batch *batch, struct answers *answers, struct why *why)
{
	struct rows *rows = rows_new(&ingest_answer_numbers, batch->arena);
	struct result *taken;
	enum outcome outcome;

	if (answers->n == 0)
		return OUTCOME_OK;
	for (size_t i = 0; i < answers->n; i++) {
		rows_text(rows, str_of(answers->documents[i].source.party->name));
		rows_int(rows, (int64_t)answers->documents[i].judged_count);
	}
	outcome = store_query(batch->store, rows, &taken, why);
	if (outcome != OUTCOME_OK)
		return outcome;
	numbers_give(answers, taken);
	for (size_t i = 0; i < answers->n; i++) {
		struct answered *a = &answers->documents[i];

		for (size_t j = 0; j < a->judged_count; j++)
			answer_send(a, &a->judged[j]);
	}
	return OUTCOME_OK;
}
