/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/edifact.h"

#include "formats/edifact_checks.h"

#define NO_KEY ((struct str){NULL, 0})

/*
 * The document is read segment by segment; what is open is one interchange, in it perhaps a group, in that a message.
 * A level that ends without its trailer is closed with a fault, so nothing that was read is lost.
 */
struct parser {
	struct edifact_reader r;
	const char *p, *end; /* read .. p .. to be read .. end */
	struct node *interchanges;
	struct edifact_level interchange, group, message;
	struct node *groups, *messages; /* of the interchange; groups is NULL until the first UNG */
};

static bool
starts(const char *p, const char *end, struct str tag)
{
	return str_starts((struct str){p, (size_t)(end - p)}, tag);
}

static const char *
blanks_and_marks_end(const char *p, const char *end)
{
	for (;;) {
		p = edifact_blanks_end(p, end);
		if (!starts(p, end, STR("\xEF\xBB\xBF")))
			return p;
		p += 3;
	}
}

/* --- closing --- */

static bool
message_close(struct parser *s, struct node *unt)
{
	struct edifact_level level = s->message;

	if (!level.node)
		return true;
	s->message.node = NULL;
	return edifact_level_check(&s->r, EDIFACT_MESSAGE, &level, unt);
}

static bool
group_close(struct parser *s, struct node *une)
{
	struct edifact_level level = s->group;

	if (!message_close(s, NULL))
		return false;
	if (!level.node)
		return true;
	if (une) {
		une->key = STR("UNE");
		node_append(level.node, une);
	}
	s->group.node = NULL;
	return edifact_level_check(&s->r, EDIFACT_GROUP, &level, une) && edifact_duplicates_check(&s->r, level.members);
}

/* Groups, messages and UNZ become members only now: the order of the keys is the same in each interchange. */
static bool
interchange_close(struct parser *s, struct node *unz)
{
	struct edifact_level level = s->interchange;

	if (!group_close(s, NULL))
		return false;
	if (!level.node)
		return true;
	if (s->groups)
		node_append(level.node, s->groups);
	node_append(level.node, s->messages);
	if (unz) {
		unz->key = STR("UNZ");
		node_append(level.node, unz);
	}
	level.members = s->groups ? s->groups : s->messages;
	s->interchange.node = NULL;
	return edifact_level_check(&s->r, EDIFACT_INTERCHANGE, &level, unz) &&
	       edifact_duplicates_check(&s->r, s->messages);
}

/* --- the head of an interchange --- */

/* UNA, or none (una is empty), and the separators by it; s->p is then at UNB. */
static bool
una_read(struct parser *s, struct str *una)
{
	const char *reason;

	*una = (struct str){s->p, starts(s->p, s->end, STR("UNA")) ? EDIFACT_UNA_BYTES : 0};
	if (una->n > (size_t)(s->end - s->p))
		return edifact_fail(&s->r, "edifact-separators", s->p, "UNA is cut");
	reason = edifact_separators_read(*una, false, &s->r.separators);
	/* Only UNB tells whether UNA's fifth is reserved or one more separator. */
	if (reason && edifact_separators_read(*una, true, &s->r.separators))
		return edifact_fail(&s->r, "edifact-separators", s->p, reason);
	if (una->n)
		s->p = edifact_blanks_end(s->p + una->n, s->end);
	return true;
}

/* UNB is looked at before it is read: its S001 names the character set, and syntax 4 has one separator more. */
static bool
syntax_find(struct parser *s, struct str una, struct str *identifier)
{
	const char *reason;
	struct str head = {s->p, (size_t)(s->end - s->p)}, version;

	if (!str_starts(head, STR("UNB")))
		return edifact_fail(&s->r, "edifact-no-unb", s->p, "no UNB, so no EDIFACT interchange");
	if (head.n == 3)
		return edifact_fail(&s->r, "edifact-segment", s->p, "UNB is cut");
	if (s->p[3] != s->r.separators.element)
		return edifact_fail(&s->r, "edifact-separators", s->p + 3, "UNB has other separators than told");
	head = str_after(head, 4);
	head = str_split(&head, s->r.separators.segment);
	version = str_split(&head, s->r.separators.element);
	*identifier = str_split(&version, s->r.separators.component);
	version = str_split(&version, s->r.separators.component);
	if (!edifact_is_word(*identifier) || !edifact_is_word(version))
		return edifact_fail(&s->r, "edifact-segment", s->p, "UNB does not begin with a syntax identifier");
	reason = edifact_separators_read(una, str_equal(version, STR("4")), &s->r.separators);
	return !reason || edifact_fail(&s->r, "edifact-separators", una.p, reason);
}

/* From UNB to behind UNZ, or to the next interchange, or to the end. */
static struct str
interchange_extent(const struct parser *s)
{
	const char *p = s->p, *stop;

	while ((stop = edifact_segment_end(p, s->end, &s->r.separators))) {
		bool is_last = starts(p, s->end, STR("UNZ"));

		p = blanks_and_marks_end(stop + 1, s->end);
		if (is_last || starts(p, s->end, STR("UNB")) || starts(p, s->end, STR("UNA")))
			break;
	}
	return (struct str){s->p, (size_t)((stop ? stop : s->end) - s->p)};
}

/* Files lie about their set: what is UTF-8 is taken as such. C1 controls in 8859-1 are Windows' letters. */
static const char *
charset_guess(struct str extent, const char *named)
{
	bool has_high = false, has_c1 = false;

	for (size_t i = 0; i < extent.n; i++) {
		has_high |= (unsigned char)extent.p[i] >= 0x80;
		has_c1 |= (unsigned char)extent.p[i] >= 0x80 && (unsigned char)extent.p[i] < 0xA0;
	}
	if (!has_high)
		return named;
	if (str_is_utf8(extent))
		return "UTF-8";
	if (named && !str_equal(str_of(named), STR("US-ASCII")) && !str_equal(str_of(named), STR("UTF-8")) &&
	    !str_equal(str_of(named), STR("ISO-8859-1")))
		return named;
	return has_c1 ? "WINDOWS-1252" : "ISO-8859-1";
}

static bool
charset_find(struct parser *s, struct str syntax, const char **told)
{
	const char *named = edifact_charset_of(syntax);
	const char *name = charset_guess(interchange_extent(s), named);

	if (!edifact_charset_load(str_of(name ? name : "US-ASCII"), &s->r.charset))
		return edifact_fail(&s->r, "edifact-charset", s->p,
				    "this machine does not know the set that UNB names");
	*told = name == named || (name && named && str_equal(str_of(name), str_of(named))) ? NULL : name;
	return true;
}

static bool
separators_tell(struct parser *s, struct node *interchange)
{
	const struct edifact_separators *all = &s->r.separators;
	const struct {
		const char *key;
		const char *mark;
	} marks[] = {{"component", &all->component}, {"element", &all->element},       {"decimal", &all->decimal},
		     {"release", &all->release},     {"repetition", &all->repetition}, {"segment", &all->segment}};
	struct node *n = edifact_node(&s->r, interchange, STR("separators"), NODE_OBJECT, s->p);

	for (size_t i = 0; n && i < COUNT_OF(marks); i++) {
		struct str mark = arena_str(s->r.arena, (struct str){marks[i].mark, 1});

		if (!mark.p)
			return edifact_fail(&s->r, "document-too-large", s->p, "no memory for the document");
		if (*mark.p && !edifact_text(&s->r, n, str_of(marks[i].key), mark, s->p))
			return false;
	}
	return n;
}

/* --- segments --- */

/*
 * The next segment, s->p then behind its terminator. One without terminator ends the document: *segment is NULL, and
 * what is open will be closed as truncated.
 */
static bool
segment_next(struct parser *s, struct node **segment, bool *has_control)
{
	const char *first = s->p, *stop = edifact_segment_end(first, s->end, &s->r.separators);

	*segment = NULL;
	s->p = stop ? stop + 1 : s->end;
	if (!stop && s->end - first <= EDIFACT_SEGMENT_BYTES)
		return true;
	return edifact_segment_read(&s->r, (struct str){first, (size_t)((stop ? stop : s->end) - first)}, segment,
				    has_control);
}

static bool
interchange_open(struct parser *s)
{
	const char *first = s->p, *told = NULL, *unb_at;
	struct edifact_level level = {0};
	struct str una, syntax;
	struct node *n;

	if (!una_read(s, &una) || !syntax_find(s, una, &syntax) || !charset_find(s, syntax, &told))
		return false;
	edifact_reader_prepare(&s->r);
	n = edifact_node(&s->r, s->interchanges, NO_KEY, NODE_OBJECT, first);
	if (!n || (una.n && !edifact_text(&s->r, n, STR("UNA"), una, first)) || !separators_tell(s, n) ||
	    (told && !edifact_text(&s->r, n, STR("charset"), str_of(told), first)))
		return false;
	unb_at = s->p;
	if (!segment_next(s, &level.header, &level.has_control))
		return false;
	if (!level.header)
		return edifact_fail(&s->r, "edifact-segment", unb_at, "UNB does not end");
	level.header->key = STR("UNB");
	node_append(n, level.header);
	level.node = n;
	s->interchange = level;
	s->groups = NULL;
	s->messages = edifact_node(&s->r, NULL, STR("messages"), NODE_LIST, s->p);
	return s->messages;
}

static bool
group_open(struct parser *s, struct node *ung, bool has_control)
{
	const char *at = s->r.document.p + ung->offset;
	struct node *n;

	if (!group_close(s, NULL))
		return false;
	if (!s->groups && !(s->groups = edifact_node(&s->r, NULL, STR("groups"), NODE_LIST, at)))
		return false;
	n = edifact_node(&s->r, s->groups, NO_KEY, NODE_OBJECT, at);
	if (!n)
		return false;
	ung->key = STR("UNG");
	node_append(n, ung);
	s->group = (struct edifact_level){.node = n, .header = ung, .has_control = has_control};
	s->group.members = edifact_node(&s->r, n, STR("messages"), NODE_LIST, at);
	return s->group.members;
}

static bool
message_open(struct parser *s, struct node *unh, bool has_control)
{
	const struct {
		const char *key;
		unsigned element, component;
	} copies[] = {{"type", 2, 1}, {"reference", 1, 1}, {"version", 2, 2}, {"release", 2, 3}};
	const char *at = s->r.document.p + unh->offset;
	struct node *n;

	if (!message_close(s, NULL))
		return false;
	n = edifact_node(&s->r, s->group.node ? s->group.members : s->messages, NO_KEY, NODE_OBJECT, at);
	for (size_t i = 0; n && i < COUNT_OF(copies); i++) {
		struct str text = edifact_element(unh, copies[i].element, copies[i].component);

		if (text.n && !edifact_text(&s->r, n, str_of(copies[i].key), text, at))
			return false;
	}
	if (!n)
		return false;
	s->message = (struct edifact_level){.node = n, .header = unh, .has_control = has_control};
	s->message.members = edifact_node(&s->r, n, STR("segments"), NODE_LIST, at);
	if (!s->message.members)
		return false;
	node_append(s->message.members, unh);
	return true;
}

static bool
message_add(struct parser *s, struct node *segment, struct str tag, bool has_control)
{
	if (!s->message.node)
		return edifact_fail(&s->r, "edifact-segment", tag.p, "outside of a message");
	node_append(s->message.members, segment);
	s->message.has_control |= has_control;
	s->message.has_bgm |= str_equal(tag, STR("BGM"));
	return !str_equal(tag, STR("UNT")) || message_close(s, segment);
}

static bool
segment_take(struct parser *s, struct node *segment, bool has_control)
{
	struct str tag = node_text(segment->child);

	if (str_equal(tag, STR("UNH")))
		return message_open(s, segment, has_control);
	if (str_equal(tag, STR("UNG")))
		return group_open(s, segment, has_control);
	if (str_equal(tag, STR("UNE"))) {
		if (!s->group.node)
			return edifact_fail(&s->r, "edifact-segment", tag.p, "ends a group that was not begun");
		s->group.has_control |= has_control;
		return group_close(s, segment);
	}
	if (str_equal(tag, STR("UNZ"))) {
		s->interchange.has_control |= has_control;
		return interchange_close(s, segment);
	}
	return message_add(s, segment, tag, has_control);
}

/* --- the document --- */

static bool
document_read(struct parser *s)
{
	for (;;) {
		struct node *segment;
		bool has_control = false;

		s->p = blanks_and_marks_end(s->p, s->end);
		if (s->p == s->end)
			break;
		if (starts(s->p, s->end, STR("UNB")) || starts(s->p, s->end, STR("UNA"))) {
			if (!interchange_close(s, NULL) || !interchange_open(s))
				return false;
			continue;
		}
		if (starts(s->p, s->end, STR("STX=")))
			return edifact_fail(&s->r, "edifact-tradacoms", s->p, "TRADACOMS, which is not supported");
		if (!s->interchange.node && !s->interchanges->child)
			return edifact_fail(&s->r, "edifact-no-unb", s->p, "no UNB, so no EDIFACT interchange");
		if (!s->interchange.node)
			return edifact_fail(&s->r, "edifact-segment", s->p, "after UNZ, but no UNB");
		if (!segment_next(s, &segment, &has_control) || (segment && !segment_take(s, segment, has_control)))
			return false;
	}
	if (!s->interchanges->child)
		return edifact_fail(&s->r, "edifact-no-unb", s->p, "an empty document");
	return interchange_close(s, NULL);
}

enum outcome
edifact_parse(struct str document, const struct tree_limits *limits, struct arena *arena, struct node **root,
	      struct why *why)
{
	struct parser s = {.r = {.limits = limits, .arena = arena, .why = why}};
	struct node *n;

	if (document.n > limits->bytes)
		return why_set(why, OUTCOME_DEAD, "document-too-large", "%zu bytes, at most %zu are taken", document.n,
			       limits->bytes);
	if (limits->depth < EDIFACT_DEPTH)
		return why_set(why, OUTCOME_DEAD, "document-too-deep", "at most %zu levels are taken, %d are needed",
			       limits->depth, EDIFACT_DEPTH);
	s.r.document = document.p ? document : STR("");
	s.p = s.r.document.p;
	s.end = s.p + s.r.document.n;
	n = edifact_node(&s.r, NULL, NO_KEY, NODE_OBJECT, s.p);
	if (!n || !edifact_text(&s.r, n, STR("format"), STR("edifact"), s.p) ||
	    !(s.interchanges = edifact_node(&s.r, n, STR("interchanges"), NODE_LIST, s.p)) || !document_read(&s))
		return OUTCOME_DEAD;
	*root = n;
	return OUTCOME_OK;
}
