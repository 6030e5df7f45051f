/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Events of libyaml put together without recursion: the open mappings and sequences stand in a stack. A mapping's key
 * waits in its frame for the value.
 */
#include "yaml/yaml_tree.h"

#include <yaml.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define DEPTH_MAX 64
#define TEXT_BYTES 256

struct frame {
	struct node *node;
	struct str key; /* of the next value; p is NULL when a key comes next */
	size_t key_offset;
};

struct builder {
	struct yaml_file *file;
	struct arena *arena;
	struct str document;
	struct frame frames[DEPTH_MAX];
	size_t depth, nodes_count, documents_count;
	struct node *root;
	size_t line, line_offset; /* where the lines have been followed to; lines from 0 */
};

static void
problem(struct builder *b, size_t line, const char *text)
{
	yaml_file_problem(b->file, "", "%s (line %zu)", text, line + 1);
}

/* A byte of the mark's line: libyaml counts characters, so what it says within the line is not exact. */
static size_t
offset_of(struct builder *b, yaml_mark_t mark)
{
	while (b->line < mark.line) {
		const char *end = memchr(b->document.p + b->line_offset, '\n', b->document.n - b->line_offset);

		if (!end)
			break;
		b->line_offset = (size_t)(end - b->document.p) + 1;
		b->line++;
	}
	return b->line_offset + mark.column < b->document.n ? b->line_offset + mark.column : b->line_offset;
}

static bool
is_number(struct str s)
{
	size_t i = 0, digits;

	if (i < s.n && s.p[i] == '-')
		i++;
	for (digits = 0; i < s.n && s.p[i] >= '0' && s.p[i] <= '9'; i++)
		digits++;
	if (!digits || (digits > 1 && s.p[i - digits] == '0'))
		return false;
	if (i < s.n && s.p[i] == '.') {
		i++;
		for (digits = 0; i < s.n && s.p[i] >= '0' && s.p[i] <= '9'; i++)
			digits++;
		if (!digits)
			return false;
	}
	return i == s.n;
}

static enum node_type
type_of(const yaml_event_t *event, struct str text)
{
	if (event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE)
		return NODE_TEXT;
	if (text.n == 0 || str_equal(text, STR("null")) || str_equal(text, STR("~")))
		return NODE_NULL;
	if (str_equal(text, STR("true")) || str_equal(text, STR("false")))
		return NODE_BOOL;
	return is_number(text) ? NODE_NUMBER : NODE_TEXT;
}

/* The node goes where the innermost open one wants it. */
static bool
node_place(struct builder *b, struct node *node, yaml_mark_t mark)
{
	struct frame *top = b->depth ? &b->frames[b->depth - 1] : NULL;

	if (!node || ++b->nodes_count > tree_default_limits.nodes) {
		problem(b, mark.line, "too much for one file");
		return false;
	}
	if (!top) {
		b->root = node;
		return true;
	}
	if (top->node->type == NODE_OBJECT) {
		if (!top->key.p) {
			problem(b, mark.line, "a key must be a scalar");
			return false;
		}
		node->key = top->key;
		node->offset = top->key_offset;
		top->key = (struct str){NULL, 0};
	}
	node_append(top->node, node);
	return true;
}

static bool
key_take(struct builder *b, struct frame *top, struct str text, yaml_mark_t mark)
{
	char said[TEXT_BYTES];

	if (node_get_str(top->node, text)) {
		snprintf(said, sizeof said, "the key \"%.80s\" is given twice", text.p);
		problem(b, mark.line, said);
		return false;
	}
	top->key = text;
	top->key_offset = offset_of(b, mark);
	return true;
}

static bool
scalar_take(struct builder *b, const yaml_event_t *event)
{
	struct frame *top = b->depth ? &b->frames[b->depth - 1] : NULL;
	struct str text =
	    arena_str(b->arena, (struct str){(const char *)event->data.scalar.value, event->data.scalar.length});
	struct node *node;

	if (!text.p) {
		problem(b, event->start_mark.line, "too much for one file");
		return false;
	}
	if (top && top->node->type == NODE_OBJECT && !top->key.p)
		return key_take(b, top, text, event->start_mark);
	node = node_new(b->arena, type_of(event, text), offset_of(b, event->start_mark));
	if (node && node->type != NODE_NULL)
		node->text = text;
	return node_place(b, node, event->start_mark);
}

static bool
open_take(struct builder *b, const yaml_event_t *event, enum node_type type)
{
	struct node *node = node_new(b->arena, type, offset_of(b, event->start_mark));

	if (b->depth == DEPTH_MAX) {
		problem(b, event->start_mark.line, "nested too deep");
		return false;
	}
	if (!node_place(b, node, event->start_mark))
		return false;
	b->frames[b->depth++] = (struct frame){.node = node};
	return true;
}

static bool
event_take(struct builder *b, const yaml_event_t *event)
{
	switch (event->type) {
	case YAML_DOCUMENT_START_EVENT:
		if (b->documents_count++ == 0)
			return true;
		problem(b, event->start_mark.line, "a second document");
		return false;
	case YAML_ALIAS_EVENT:
		problem(b, event->start_mark.line, "an alias, which is not read");
		return false;
	case YAML_SCALAR_EVENT:
		return scalar_take(b, event);
	case YAML_MAPPING_START_EVENT:
		return open_take(b, event, NODE_OBJECT);
	case YAML_SEQUENCE_START_EVENT:
		return open_take(b, event, NODE_LIST);
	case YAML_MAPPING_END_EVENT:
	case YAML_SEQUENCE_END_EVENT:
		b->depth--;
		return true;
	default:
		return true;
	}
}

static bool
events_take(struct builder *b, yaml_parser_t *parser)
{
	yaml_event_t event;
	bool goes_on = true, is_end = false;

	while (goes_on && !is_end) {
		if (!yaml_parser_parse(parser, &event)) {
			problem(b, parser->problem_mark.line, parser->problem ? parser->problem : "no YAML");
			return false;
		}
		is_end = event.type == YAML_STREAM_END_EVENT;
		goes_on = event_take(b, &event);
		yaml_event_delete(&event);
	}
	return goes_on;
}

static bool
document_read(struct yaml_file *file, struct arena *arena, struct str *document)
{
	FILE *in = fopen(file->path, "re");
	char block[65536];
	struct buf text;
	size_t n;
	bool is_read;

	if (!in) {
		yaml_file_problem(file, "", "%s", strerror(errno));
		return false;
	}
	buf_init(&text, tree_default_limits.bytes);
	while ((n = fread(block, 1, sizeof block, in)) > 0)
		buf_put(&text, block, n);
	is_read = !ferror(in) && buf_is_ok(&text);
	fclose(in);
	if (is_read)
		*document = arena_str(arena, buf_str(&text));
	buf_release(&text);
	if (!is_read || !document->p)
		yaml_file_problem(file, "", "cannot be read, or is longer than %zu bytes", tree_default_limits.bytes);
	return is_read && document->p;
}

struct node *
yaml_tree_load(struct yaml_file *file, struct arena *arena, struct str *document)
{
	struct builder *b = calloc(1, sizeof *b);
	struct node *root = NULL;
	yaml_parser_t parser;

	if (!b || !document_read(file, arena, document)) {
		free(b);
		return NULL;
	}
	*b = (struct builder){.file = file, .arena = arena, .document = *document};
	if (!yaml_parser_initialize(&parser)) {
		yaml_file_problem(file, "", "no memory");
		free(b);
		return NULL;
	}
	yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&parser, (const unsigned char *)document->p, document->n);
	if (events_take(b, &parser)) {
		root = b->root;
		if (!root)
			yaml_file_problem(file, "", "the file is empty");
	}
	yaml_parser_delete(&parser);
	free(b);
	return root;
}

void
yaml_tree_problem(struct yaml_file *file, struct str document, const struct node *at, const char *field,
		  const char *format, ...)
{
	char text[TEXT_BYTES];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	if (at)
		yaml_file_problem(file, field, "%s (line %zu)", text, tree_line(document, at->offset));
	else
		yaml_file_problem(file, field, "%s", text);
}
