/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/edifact.h"

#include "formats/edifact_put.h"

#include <string.h>

/* --- the head of an interchange --- */

/* Those of the tree must be those that the receiver will find. */
static void
separators_compare(struct edifact_writer *w, const struct node *told)
{
	const struct edifact_separators *s = &w->separators;
	const struct {
		const char *key;
		char mark;
	} marks[] = {{"component", s->component}, {"element", s->element}, {"decimal", s->decimal},
		     {"release", s->release},     {"segment", s->segment}, {"repetition", s->repetition}};
	size_t path_n = edifact_path_enter(w, "separators", -1);

	for (size_t i = 0; told && i < COUNT_OF(marks); i++) {
		struct str mark = {&marks[i].mark, marks[i].mark != '\0'};

		if (!str_equal(node_text(node_get(told, marks[i].key)), mark))
			edifact_refuse(w, "edifact-separators", "not those of UNA, or unusual and UNA is missing");
	}
	edifact_path_leave(w, path_n);
}

static void
head_put(struct edifact_writer *w, const struct node *interchange)
{
	const struct node *unb = node_get(interchange, "UNB");
	struct str una = node_text(node_get(interchange, "UNA")), charset = node_text(node_get(interchange, "charset"));
	const char *reason =
	    edifact_separators_read(una, str_equal(edifact_element(unb, 1, 2), STR("4")), &w->separators);
	size_t path_n;

	if (reason)
		edifact_refuse(w, "edifact-separators", reason);
	else
		separators_compare(w, node_get(interchange, "separators"));
	if (!charset.n)
		charset = str_of(edifact_charset_of(edifact_element(unb, 1, 1)));
	if (!edifact_charset_load(charset.n ? charset : STR("US-ASCII"), &w->charset))
		edifact_refuse(w, "edifact-data", "a character set that is not known");
	if (w->outcome != OUTCOME_OK)
		return;
	buf_put_str(w->out, una);
	path_n = edifact_path_enter(w, "UNB", -1);
	if (!edifact_element(unb, 1, 1).n || !edifact_is_word(edifact_element(unb, 1, 1)) ||
	    !edifact_is_word(edifact_element(unb, 1, 2)))
		edifact_refuse(w, "edifact-data", "UNB does not begin with a syntax identifier");
	edifact_put_segment(w, unb, STR("UNB"));
	edifact_path_leave(w, path_n);
}

/* --- messages, groups --- */

/* The service segments that would end or begin something where only a message's own segments may be. */
static bool
is_envelope(struct str tag)
{
	static const char *const tags[] = {"UNA", "UNB", "UNG", "UNH", "UNT", "UNE", "UNZ"};

	for (size_t i = 0; i < COUNT_OF(tags); i++)
		if (str_equal(tag, str_of(tags[i])))
			return true;
	return false;
}

static void
message_put(struct edifact_writer *w, const struct node *message)
{
	const struct node *segments = node_get(message, "segments"), *unh = node_at(segments, 0), *unt = NULL;
	size_t count = 1, path_n = edifact_path_enter(w, "segments", 0);

	edifact_put_segment(w, unh, STR("UNH"));
	edifact_path_leave(w, path_n);
	for (const struct node *n = unh ? unh->next : NULL; n && w->outcome == OUTCOME_OK; n = n->next) {
		struct str tag = node_text(node_get(n, "tag"));

		path_n = edifact_path_enter(w, "segments", (long)count++);
		if (!n->next && str_equal(tag, STR("UNT")))
			unt = n;
		else if (is_envelope(tag))
			edifact_refuse(w, "edifact-data", "a service segment within a message");
		else
			edifact_put_segment(w, n, tag);
		edifact_path_leave(w, path_n);
	}
	edifact_put_trailer(w, unt, STR("UNT"), unt ? count : count + 1, edifact_element(unh, 1, 1));
}

static size_t
messages_put(struct edifact_writer *w, const struct node *owner)
{
	const struct node *messages = node_get(owner, "messages");
	size_t count = 0;

	for (const struct node *n = messages ? messages->child : NULL; n && w->outcome == OUTCOME_OK; n = n->next) {
		size_t path_n = edifact_path_enter(w, "messages", (long)count++);

		message_put(w, n);
		edifact_path_leave(w, path_n);
	}
	return count;
}

static size_t
groups_put(struct edifact_writer *w, const struct node *interchange)
{
	const struct node *groups = node_get(interchange, "groups");
	size_t count = 0;

	for (const struct node *n = groups ? groups->child : NULL; n && w->outcome == OUTCOME_OK; n = n->next) {
		const struct node *ung = node_get(n, "UNG");
		size_t path_n = edifact_path_enter(w, "groups", (long)count++), messages_count;

		edifact_put_segment(w, ung, STR("UNG"));
		messages_count = messages_put(w, n);
		edifact_put_trailer(w, node_get(n, "UNE"), STR("UNE"), messages_count, edifact_element(ung, 5, 1));
		edifact_path_leave(w, path_n);
	}
	return count;
}

static void
interchange_put(struct edifact_writer *w, const struct node *interchange)
{
	size_t groups_count, messages_count;

	head_put(w, interchange);
	groups_count = groups_put(w, interchange);
	messages_count = messages_put(w, interchange);
	edifact_put_trailer(w, node_get(interchange, "UNZ"), STR("UNZ"), groups_count ? groups_count : messages_count,
			    edifact_element(node_get(interchange, "UNB"), 5, 1));
}

enum outcome
edifact_write(const struct node *tree, struct buf *out, struct why *why)
{
	struct edifact_writer w = {.out = out, .why = why, .outcome = OUTCOME_OK};
	const struct node *interchanges = node_get(tree, "interchanges");
	size_t before = out->n, count = 0;

	if (!node_is(interchanges, NODE_LIST) || !interchanges->child)
		edifact_refuse(&w, "edifact-data", "no interchange");
	for (const struct node *n = interchanges ? interchanges->child : NULL; n && w.outcome == OUTCOME_OK;
	     n = n->next) {
		size_t path_n = edifact_path_enter(&w, "interchanges", (long)count++);

		interchange_put(&w, n);
		edifact_path_leave(&w, path_n);
	}
	if (w.outcome == OUTCOME_OK && !buf_is_ok(out))
		edifact_refuse(&w, "document-too-large", "no room for the document");
	if (w.outcome != OUTCOME_OK)
		out->n = before;
	return w.outcome;
}
