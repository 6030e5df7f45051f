/* SPDX-License-Identifier: Apache-2.0 */
#include "ingest/drift.h"

#include "base/log.h"
#include "ingest/drift_sql.h"
#include "intake/intake.h"
#include "shape/shape.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KIND_BYTES 48
#define KIND_SAID_BYTES 32

/* One kind of one party's documents. */
struct learned {
	char kind[KIND_BYTES];
	struct shape *shape;
	bool is_known;   /* what the database has is in it */
	bool is_changed; /* since it was saved */
	bool is_sent;    /* a transaction holds all of it that may not commit */
	bool is_full;    /* said */
	int64_t saved_us, sent_us;
};

struct drift {
	struct kinds {
		struct learned *all;
		size_t n;
	} * parties; /* in the order of the parties */
	size_t parties_count;
};

struct drift *
drift_new(size_t parties_count)
{
	struct drift *drift = calloc(1, sizeof *drift);

	if (!drift)
		return NULL;
	drift->parties = calloc(parties_count + 1, sizeof *drift->parties);
	drift->parties_count = parties_count;
	if (drift->parties)
		return drift;
	free(drift);
	return NULL;
}

void
drift_free(struct drift *drift)
{
	if (!drift)
		return;
	for (size_t i = 0; i < drift->parties_count; i++) {
		for (size_t k = 0; k < drift->parties[i].n; k++)
			shape_free(drift->parties[i].all[k].shape);
		free(drift->parties[i].all);
	}
	free(drift->parties);
	free(drift);
}

/* --- which shape a document has ----------------------------------------------------------------------------------- */

/* A document to be judged, and the shape it should have. */
struct judged {
	struct item *item;
	const struct node *unit;
	const struct party *party;
	struct kinds *kinds;
	struct learned *learned;
	enum shape_format format;
};

static enum shape_format
format_of(const struct party *party)
{
	static const char *const names[] = {
	    [SHAPE_PLAIN] = "", [SHAPE_XML] = "xml", [SHAPE_X12] = "x12", [SHAPE_EDIFACT] = "edifact"};

	for (enum shape_format format = SHAPE_XML; format <= SHAPE_EDIFACT; format++)
		if (strcmp(party->format, names[format]) == 0)
			return format;
	return SHAPE_PLAIN;
}

static void
kind_of(const struct judged *j, char kind[static KIND_BYTES])
{
	static const char *const members[] = {
	    [SHAPE_PLAIN] = "", [SHAPE_XML] = "name", [SHAPE_X12] = "set", [SHAPE_EDIFACT] = "type"};
	const struct intake *in = j->item->scratch;
	struct str said = j->format == SHAPE_PLAIN ? j->item->kind : node_text(node_get(j->unit, members[j->format]));
	bool is_cancel = (in->order && in->order->kind == ORDER_CANCEL) || in->result == INTAKE_CANCEL;

	if (!said.n)
		said = j->item->kind;
	is_cancel = is_cancel && !str_equal(said, STR("cancel"));
	snprintf(kind, KIND_BYTES, "%.*s%s", (int)(said.n < KIND_SAID_BYTES ? said.n : KIND_SAID_BYTES), said.p,
		 is_cancel ? " cancel" : "");
	/* It becomes a key and a label: what a stranger wrote is no text of the database's yet. */
	for (char *c = kind; *c; c++)
		if (!((*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') || (*c >= '0' && *c <= '9') ||
		      strchr(" ._:-", *c)))
			*c = '?';
}

/* The party's shape of the kind, a new one when there is none; NULL when it has too many, or without memory. */
static struct learned *
learned_of(struct kinds *kinds, const char *kind)
{
	struct learned *l;

	for (size_t i = 0; i < kinds->n; i++)
		if (strcmp(kinds->all[i].kind, kind) == 0)
			return &kinds->all[i];
	if (kinds->n == DRIFT_KINDS_MAX)
		return NULL;
	if (!kinds->all)
		kinds->all = calloc(DRIFT_KINDS_MAX, sizeof *kinds->all);
	if (!kinds->all)
		return NULL;
	l = &kinds->all[kinds->n];
	l->shape = shape_new();
	if (!l->shape)
		return NULL;
	memcpy(l->kind, kind, strlen(kind) + 1);
	kinds->n++;
	return l;
}

/* What a mapping did not look at, or was not for us, has no shape. */
static bool
is_mapped(const struct intake *in)
{
	return in->units_count == 1 && in->units[0]->is_read && in->result != INTAKE_SPLIT &&
	       in->result != INTAKE_IGNORED;
}

/* Those of the batch that have a shape; n of them. NULL without memory. */
static struct judged *
judged_find(struct drift *drift, struct batch *batch, size_t *n)
{
	struct judged *all = arena_array(batch->arena, batch->n, sizeof *all);

	*n = 0;
	for (size_t i = 0; all && i < batch->n; i++) {
		struct item *item = batch->items[i];
		const struct intake *in = item->scratch;
		size_t index = party_list_index(batch->parties, in->sender);
		struct judged *j = &all[*n];
		char kind[KIND_BYTES];

		if (!is_mapped(in) || index >= drift->parties_count)
			continue;
		*j = (struct judged){.item = item, .unit = in->units[0], .kinds = &drift->parties[index]};
		j->party = party_list_at(batch->parties, index);
		j->format = format_of(j->party);
		kind_of(j, kind);
		j->learned = learned_of(j->kinds, kind);
		*n += j->learned != NULL;
	}
	return all;
}

/* --- what is known of it ------------------------------------------------------------------------------------------ */

static void
paths_apply(struct learned **wanted, const struct result *r)
{
	for (size_t row = 0; row < result_count(r); row++) {
		struct shape *s = wanted[result_int(r, row, 0) - 1]->shape;
		size_t before = s->paths_count;
		struct shape_path *p = shape_path_put(s, result_text(r, row, 1));

		if (!p)
			continue;
		if (s->paths_count > before)
			p->is_unsaved = false;
		p->types |= (uint32_t)result_int(r, row, 2);
		p->is_used |= result_bool(r, row, 3);
		if (result_bool(r, row, 4)) {
			p->is_open = true;
			p->values_count = p->values_saved = 0;
		}
		p->documents = result_int(r, row, 5) + p->documents_unsaved;
		p->absent = result_int(r, row, 6) + p->absent_unsaved;
	}
}

static void
values_apply(struct learned **wanted, const struct result *r)
{
	for (size_t row = 0; row < result_count(r); row++) {
		struct shape_path *p = shape_path_put(wanted[result_int(r, row, 0) - 1]->shape, result_text(r, row, 1));
		bool is_saved = p && p->values_saved == p->values_count;

		if (p)
			shape_value_put(p, (uint64_t)result_int(r, row, 2));
		if (is_saved)
			p->values_saved = p->values_count;
	}
}

static void
alarms_apply(struct learned **wanted, size_t n, const struct result *r)
{
	for (size_t i = 0; i < n; i++)
		shape_settle(wanted[i]->shape);
	for (size_t row = 0; row < result_count(r); row++) {
		struct shape *s = wanted[result_int(r, row, 0) - 1]->shape;
		struct shape_path *p = shape_path_put(s, result_text(r, row, 1));
		enum shape_what what = shape_what_find(result_text(r, row, 2));
		struct shape_finding *f;

		if (!p || what == SHAPE_WHATS)
			continue;
		if (result_bool(r, row, 4)) {
			shape_accept(s, p, what, result_text(r, row, 3));
			continue;
		}
		f = shape_finding_put(s, (uint32_t)(p - s->paths), what, result_text(r, row, 3));
		if (f)
			f->is_said = true;
	}
}

static struct rows *
rows_of(const struct statement *statement, struct batch *batch, const struct judged *all, struct learned **wanted,
	size_t n)
{
	struct rows *rows = rows_new(statement, batch->arena);

	for (size_t i = 0; i < n; i++) {
		size_t k = 0;

		while (all[k].learned != wanted[i])
			k++;
		rows_text(rows, str_of(all[k].party->name));
		rows_text(rows, str_of(wanted[i]->kind));
	}
	return rows;
}

/* Brings the shapes that are not known, or were saved, from the database. */
static enum outcome
shapes_load(struct batch *batch, const struct judged *all, size_t n, struct why *why)
{
	struct learned **wanted = arena_array(batch->arena, n, sizeof(struct learned *));
	struct result *paths, *values, *alarms;
	size_t wanted_count = 0;
	enum outcome outcome;

	if (!wanted)
		return why_set(why, OUTCOME_DEAD, "too-large", "the batch needs more memory than it may have");
	for (size_t i = 0; i < n; i++) {
		bool is_here = all[i].learned->is_known;

		for (size_t k = 0; k < wanted_count; k++)
			is_here |= wanted[k] == all[i].learned;
		if (!is_here)
			wanted[wanted_count++] = all[i].learned;
	}
	if (!wanted_count)
		return OUTCOME_OK;
	outcome = store_query(batch->store, rows_of(&drift_shapes_load, batch, all, wanted, wanted_count), &paths, why);
	if (outcome == OUTCOME_OK)
		outcome = store_query(batch->store, rows_of(&drift_values_load, batch, all, wanted, wanted_count),
				      &values, why);
	if (outcome == OUTCOME_OK)
		outcome = store_query(batch->store, rows_of(&drift_alarms_load, batch, all, wanted, wanted_count),
				      &alarms, why);
	if (outcome != OUTCOME_OK)
		return outcome;
	paths_apply(wanted, paths);
	values_apply(wanted, values);
	alarms_apply(wanted, wanted_count, alarms);
	for (size_t i = 0; i < wanted_count; i++)
		wanted[i]->is_known = true;
	return OUTCOME_OK;
}

/* --- seeing ------------------------------------------------------------------------------------------------------- */

static void
findings_say(struct batch *batch, const struct judged *j, size_t findings_before, const size_t found[SHAPE_WHATS])
{
	const struct shape *s = j->learned->shape;

	for (enum shape_what what = SHAPE_NEW; what < SHAPE_WHATS; what++)
		if (found[what])
			batch_count(batch, "drift_total", j->party->name, shape_what_name(what), (int64_t)found[what]);
	for (size_t i = findings_before; i < s->findings_count; i++)
		if (shape_is_alarm(s->findings[i].what))
			log_line(LOG_LEVEL_WARN, "drift", "party=%s kind=\"%s\" what=%s path=\"%s\"", j->party->name,
				 j->learned->kind, shape_what_name(s->findings[i].what),
				 s->paths[s->findings[i].path].text.p);
	if (s->is_full && !j->learned->is_full) {
		log_line(LOG_LEVEL_WARN, "drift-full", "party=%s kind=\"%s\"", j->party->name, j->learned->kind);
		j->learned->is_full = true;
	}
}

static void
alarms_gauge(struct batch *batch, const struct judged *j)
{
	size_t n = 0;

	for (size_t i = 0; i < j->kinds->n; i++)
		n += shape_alarms(j->kinds->all[i].shape);
	batch_count(batch, "drift_alarms", j->party->name, NULL, (int64_t)n);
}

static void
document_see(struct batch *batch, const struct judged *j)
{
	struct shape *s = j->learned->shape;
	size_t before = s->findings_count, found[SHAPE_WHATS] = {0};

	shape_see(s, j->unit,
		  &(struct shape_document){.format = j->format,
					   .id = j->item->message_id,
					   .at_us = batch->now_us,
					   .is_learned = j->item->outcome == OUTCOME_OK},
		  found);
	j->learned->is_changed = true;
	findings_say(batch, j, before, found);
	alarms_gauge(batch, j);
}

/* What a transaction held that did not commit is sent again. */
static void
sent_forget(struct drift *drift)
{
	for (size_t i = 0; i < drift->parties_count; i++)
		for (size_t k = 0; k < drift->parties[i].n; k++) {
			struct learned *l = &drift->parties[i].all[k];

			l->is_sent = false;
			for (size_t f = 0; f < l->shape->findings_count; f++)
				l->shape->findings[f].is_sent = false;
		}
}

enum outcome
drift_see(struct drift *drift, struct batch *batch, struct why *why)
{
	size_t n;
	struct judged *all = judged_find(drift, batch, &n);
	enum outcome outcome;

	if (!all)
		return why_set(why, OUTCOME_DEAD, "too-large", "the batch needs more memory than it may have");
	sent_forget(drift);
	outcome = n ? shapes_load(batch, all, n, why) : OUTCOME_OK;
	for (size_t i = 0; outcome == OUTCOME_OK && i < n; i++)
		document_see(batch, &all[i]);
	return outcome;
}

/* --- saving ------------------------------------------------------------------------------------------------------- */

struct saving {
	struct batch *batch;
	struct rows *paths, *values, *forget, *findings;
	struct str party, kind;
};

static void
key_put(struct rows *rows, const struct saving *save, struct str path)
{
	rows_text(rows, save->party);
	rows_text(rows, save->kind);
	rows_text(rows, path);
}

static void
path_put(struct saving *save, const struct shape_path *p)
{
	if (!p->is_unsaved && !p->documents_unsaved && !p->absent_unsaved && p->values_saved == p->values_count)
		return;
	key_put(save->paths, save, p->text);
	rows_int(save->paths, p->types);
	rows_bool(save->paths, p->is_used);
	rows_bool(save->paths, p->is_open);
	rows_int(save->paths, p->documents_unsaved);
	rows_int(save->paths, p->absent_unsaved);
	rows_instant(save->paths, save->batch->now_us);
	for (size_t i = p->values_saved; i < p->values_count; i++) {
		key_put(save->values, save, p->text);
		rows_int(save->values, (int64_t)p->values[i]);
	}
	if (p->is_open && p->is_unsaved)
		key_put(save->forget, save, p->text);
}

static void
finding_put(struct saving *save, const struct shape *s, struct shape_finding *f)
{
	f->is_sent = true;
	key_put(save->findings, save, s->paths[f->path].text);
	rows_text(save->findings, str_of(shape_what_name(f->what)));
	rows_text(save->findings, str_of(f->was));
	rows_text(save->findings, str_of(f->now));
	rows_bool(save->findings, shape_is_alarm(f->what));
	rows_int(save->findings, f->documents_unsaved);
	rows_uuid(save->findings, f->document);
	rows_instant(save->findings, f->at_us);
}

static void
learned_put(struct saving *save, struct learned *l)
{
	struct shape *s = l->shape;
	bool is_due = l->is_changed && save->batch->now_us - l->saved_us >= DRIFT_SAVE_US;

	save->kind = str_of(l->kind);
	for (size_t i = 0; is_due && i < s->paths_count; i++)
		path_put(save, &s->paths[i]);
	l->is_sent = is_due;
	l->sent_us = save->batch->now_us;
	for (size_t i = 0; i < s->findings_count; i++)
		if (s->findings[i].documents_unsaved && (is_due || !s->findings[i].is_said))
			finding_put(save, s, &s->findings[i]);
}

void
drift_save(struct drift *drift, struct batch *batch)
{
	struct saving save = {.batch = batch,
			      .paths = rows_new(&drift_shapes_add, batch->arena),
			      .values = rows_new(&drift_values_add, batch->arena),
			      .forget = rows_new(&drift_values_forget, batch->arena),
			      .findings = rows_new(&drift_findings_add, batch->arena)};

	for (size_t i = 0; i < drift->parties_count; i++) {
		save.party = str_of(party_list_at(batch->parties, i)->name);
		for (size_t k = 0; k < drift->parties[i].n; k++)
			learned_put(&save, &drift->parties[i].all[k]);
	}
	store_send(batch->store, save.paths);
	store_send(batch->store, save.values);
	store_send(batch->store, save.forget);
	store_send(batch->store, save.findings);
}

static void
learned_committed(struct learned *l)
{
	for (size_t i = 0; i < l->shape->findings_count; i++) {
		struct shape_finding *f = &l->shape->findings[i];

		if (!f->is_sent)
			continue;
		f->is_said = true;
		f->is_sent = false;
		f->documents_unsaved = 0;
	}
	if (!l->is_sent)
		return;
	shape_saved(l->shape);
	l->saved_us = l->sent_us;
	l->is_sent = l->is_changed = l->is_known = false;
}

void
drift_committed(struct drift *drift)
{
	for (size_t i = 0; i < drift->parties_count; i++)
		for (size_t k = 0; k < drift->parties[i].n; k++)
			learned_committed(&drift->parties[i].all[k]);
}
