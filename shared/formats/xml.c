/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/xml.h"

#include "formats/xml_build.h"
#include "formats/xml_input.h"

#include <libxml/parser.h>
#include <libxml/parserInternals.h>
#include <string.h>

/*
 * libxml2's push parser calls the functions below for each start tag, text and end tag; it builds no document of its
 * own and, with no function to find entities or what is outside, has nothing to expand or to open.
 */

#define CHUNK_BYTES ((size_t)256 * 1024) /* large: some of its searches start again with each chunk */

struct parser {
	struct str text; /* the document as UTF-8 */
	xmlParserCtxt *ctxt;
	struct xml_build build;
	bool has_failed; /* why is filled */
	struct why *why;
};

/* --- failing --- */

/* Bytes of the text that are read; behind its end when the parser was stopped. */
static size_t
offset_read(const struct parser *s)
{
	const xmlParserInput *in = s->ctxt ? s->ctxt->input : NULL;
	size_t offset = in ? in->consumed + (size_t)(in->cur - in->base) : 0;

	return offset < s->text.n ? offset : s->text.n;
}

/* Only the first failure counts: what libxml2 says afterwards follows from it. */
static bool
fail(struct parser *s, const char *code, const char *text)
{
	size_t line, column;

	if (s->has_failed)
		return false;
	tree_position(s->text, offset_read(s), &line, &column);
	why_set(s->why, OUTCOME_DEAD, code, "line %zu column %zu: %s", line, column, text);
	s->has_failed = true;
	return false;
}

/* From within a function that libxml2 called: it reads no further. */
static void
stop(struct parser *s, const char *code, const char *text)
{
	fail(s, code, text);
	xmlStopParser(s->ctxt);
}

/* Its own texts may hold names and values of the document; ours do not. */
static const char *
error_text(int error)
{
	switch (error) {
	case XML_ERR_DOCUMENT_EMPTY:
		return "no document";
	case XML_ERR_DOCUMENT_END:
		return "text after the document, or none of it";
	case XML_ERR_TAG_NAME_MISMATCH:
		return "an end tag that is not of the element that is open";
	case XML_ERR_TAG_NOT_FINISHED:
		return "it ends within an element";
	case XML_ERR_INVALID_CHAR:
	case XML_ERR_INVALID_CHARREF:
		return "a character that XML does not have";
	case XML_ERR_ATTRIBUTE_REDEFINED:
		return "an element has an attribute of this name already";
	case XML_ERR_LT_IN_ATTRIBUTE:
		return "a < in the value of an attribute";
	case XML_ERR_NAME_TOO_LONG:
		return "a name longer than is taken";
	case XML_NS_ERR_UNDEFINED_NAMESPACE:
		return "a prefix that stands for no namespace";
	default:
		return "not well-formed";
	}
}

static void
on_error(void *data, xmlErrorPtr error)
{
	struct parser *s = data;

	if (error->level < XML_ERR_ERROR || error->code == XML_ERR_USER_STOP)
		return;
	if (error->code == XML_ERR_UNDECLARED_ENTITY || error->code == XML_WAR_UNDECLARED_ENTITY)
		fail(s, "xml-entities", "an entity that is none of XML's own five");
	else if (error->code == XML_ERR_NO_MEMORY)
		fail(s, "document-too-large", "no memory for the document");
	else
		fail(s, "xml-invalid", error_text(error->code));
}

static void
message_drop(void *data, const char *format, ...)
{
	(void)data;
	(void)format;
}

/* --- what libxml2 calls --- */

struct attribute {
	const xmlChar *local, *prefix, *uri, *value, *end;
};

/* Does an attribute without a namespace, or one before it, have its local name already? Names are interned. */
static bool
attribute_is_taken(const struct attribute *attributes, size_t count, size_t at)
{
	if (!attributes[at].uri)
		return false;
	for (size_t i = 0; i < count; i++)
		if (i != at && attributes[i].local == attributes[at].local && (i < at || !attributes[i].uri))
			return true;
	return false;
}

static bool
attributes_build(struct parser *s, const struct attribute *attributes, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct attribute *a = &attributes[i];
		struct str value = {(const char *)a->value, (size_t)(a->end - a->value)};

		if (!attribute_is_taken(attributes, count, i) &&
		    !xml_build_attribute(&s->build, (const char *)a->local, value))
			return false;
	}
	return true;
}

/* The parameters are libxml2's. Its input stands behind the attributes, in which there is no "<". */
static void
on_start(void *data, const xmlChar *local, const xmlChar *prefix, const xmlChar *uri, int namespaces_count,
	 const xmlChar **namespaces, int attributes_count, int defaulted_count, const xmlChar **attributes)
{
	struct parser *s = data;
	struct xml_name name = {(const char *)local, (const char *)uri};
	const char *tag = memrchr(s->text.p, '<', offset_read(s));

	(void)prefix;
	(void)namespaces;
	if (s->has_failed)
		return;
	if (!xml_build_open(&s->build, name, (size_t)namespaces_count, tag ? (size_t)(tag - s->text.p) : 0) ||
	    !attributes_build(s, (const struct attribute *)attributes, (size_t)(attributes_count - defaulted_count)))
		stop(s, s->build.fault.code, s->build.fault.text);
}

static void
on_end(void *data, const xmlChar *local, const xmlChar *prefix, const xmlChar *uri)
{
	struct parser *s = data;

	(void)local;
	(void)prefix;
	(void)uri;
	if (!s->has_failed && !xml_build_close(&s->build))
		stop(s, s->build.fault.code, s->build.fault.text);
}

static void
on_text(void *data, const xmlChar *text, int n)
{
	struct parser *s = data;

	if (!s->has_failed && !xml_build_text(&s->build, (struct str){(const char *)text, (size_t)n}))
		stop(s, s->build.fault.code, s->build.fault.text);
}

/* An external DOCTYPE is not read, so libxml2 takes an unknown entity for one of its: it may be left out, it thinks. */
static void
on_reference(void *data, const xmlChar *name)
{
	(void)name;
	stop(data, "xml-entities", "an entity that is none of XML's own five");
}

static void
on_entity(void *data, const xmlChar *name, int type, const xmlChar *public_id, const xmlChar *system_id,
	  xmlChar *content)
{
	(void)name;
	(void)type;
	(void)public_id;
	(void)system_id;
	(void)content;
	stop(data, "xml-entities", "its DOCTYPE declares an entity");
}

static void
on_unparsed_entity(void *data, const xmlChar *name, const xmlChar *public_id, const xmlChar *system_id,
		   const xmlChar *notation)
{
	(void)notation;
	on_entity(data, name, 0, public_id, system_id, NULL);
}

/* A default would put into the elements what nobody wrote there, at a cost that the document's size does not bound. */
static void
on_attribute_declared(void *data, const xmlChar *element, const xmlChar *name, int type, int default_type,
		      const xmlChar *value, xmlEnumeration *allowed)
{
	(void)element;
	(void)name;
	(void)type;
	(void)default_type;
	(void)value;
	xmlFreeEnumeration(allowed);
	stop(data, "xml-doctype", "its DOCTYPE declares attributes");
}

/* --- the document --- */

static xmlParserCtxt *
context_new(struct parser *s)
{
	static const xmlSAXHandler template = {
	    .initialized = XML_SAX2_MAGIC,
	    .startElementNs = on_start,
	    .endElementNs = on_end,
	    .characters = on_text,
	    .ignorableWhitespace = on_text, /* the same, or libxml2 guesses which white space matters */
	    .cdataBlock = on_text,
	    .reference = on_reference,
	    .entityDecl = on_entity,
	    .unparsedEntityDecl = on_unparsed_entity,
	    .attributeDecl = on_attribute_declared,
	    .serror = on_error,
	};
	xmlSAXHandler sax = template;
	xmlParserCtxt *ctxt;

	xmlSetGenericErrorFunc(NULL, message_drop);
	ctxt = xmlCreatePushParserCtxt(&sax, s, NULL, 0, NULL);
	/* NOENT resolves &amp; in attributes; nothing else can be, as no entity is ever found. */
	if (ctxt)
		xmlCtxtUseOptions(ctxt, XML_PARSE_NONET | XML_PARSE_IGNORE_ENC | XML_PARSE_NOENT);
	return ctxt;
}

static void
context_free(xmlParserCtxt *ctxt)
{
	if (!ctxt)
		return;
	/* It makes one for itself before it calls on_entity. */
	if (ctxt->myDoc)
		xmlFreeDoc(ctxt->myDoc);
	ctxt->myDoc = NULL;
	xmlFreeParserCtxt(ctxt);
}

static bool
document_read(struct parser *s)
{
	int error = 0;

	for (size_t at = 0; at < s->text.n && !s->has_failed && !error; at += CHUNK_BYTES) {
		size_t rest = s->text.n - at;

		error = xmlParseChunk(s->ctxt, s->text.p + at, (int)(rest < CHUNK_BYTES ? rest : CHUNK_BYTES), 0);
	}
	if (!s->has_failed && !error)
		error = xmlParseChunk(s->ctxt, NULL, 0, 1);
	if (error || !s->ctxt->wellFormed)
		fail(s, "xml-invalid", error_text(error));
	return !s->has_failed;
}

static bool
parser_open(struct parser *s, const struct tree_limits *limits, struct arena *arena)
{
	if (!xml_build_init(&s->build, limits, arena, s->text.n))
		return fail(s, s->build.fault.code, s->build.fault.text);
	s->ctxt = context_new(s);
	return s->ctxt || fail(s, "document-too-large", "no memory for the parser");
}

enum outcome
xml_parse(struct str document, const struct tree_limits *limits, struct arena *arena, struct node **root,
	  struct why *why)
{
	struct parser s = {.why = why};
	enum outcome outcome;

	if (document.n > limits->bytes)
		return why_set(why, OUTCOME_DEAD, "document-too-large", "%zu bytes, at most %zu are taken", document.n,
			       limits->bytes);
	if (!document.p)
		document.p = "";
	outcome = xml_input_read(document, arena, &s.text, why);
	if (outcome != OUTCOME_OK)
		return outcome;
	if (!parser_open(&s, limits, arena) || !document_read(&s))
		outcome = OUTCOME_DEAD;
	else
		*root = s.build.root;
	context_free(s.ctxt);
	xml_build_release(&s.build);
	return outcome;
}
