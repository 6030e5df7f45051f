/* SPDX-License-Identifier: Apache-2.0 */
#include "support/trees.h"

#include "formats/json.h"
#include "formats/xml.h"
#include "support/samples.h"
#include "support/table_rows.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CAC "urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2"
#define CBC "urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2"
#define EXT "urn:oasis:names:specification:ubl:schema:xsd:CommonExtensionComponents-2"

TestSuite(xml, .init = trees_setup, .fini = trees_teardown, .timeout = 10);

static struct node *
parse(struct str text)
{
	struct node *root = NULL;
	enum outcome outcome = xml_parse(text, &tree_default_limits, arena, &root, &why);

	cr_assert_eq(outcome == OUTCOME_OK, root != NULL);
	return root;
}

static void
must_refuse(struct str text, const char *code)
{
	cr_expect_null(parse(text), "accepted: %.*s", (int)(text.n < 80 ? text.n : 80), text.p);
	cr_expect_str_eq(why.code, code, "%.*s: %s %s", (int)(text.n < 80 ? text.n : 80), text.p, why.code, why.text);
	cr_expect_not(strncmp(why.text, "line ", 5) && strcmp(code, "document-too-large"), "no position: %s", why.text);
}

/* The tree, or its document element alone, as JSON; or what was said against it. */
static const char *
shown(struct str text, const char *member)
{
	static char json[1 << 16];
	struct node *root = parse(text), one;
	struct buf out;

	buf_init(&out, sizeof json - 1);
	if (root) {
		one = member ? *node_get(root, member) : *root;
		one.next = NULL;
		json_put_node(&out, &one, 0);
	}
	snprintf(json, sizeof json, "%s", root ? buf_text(&out) : why.text);
	buf_release(&out);
	return json;
}

static const char *
document_of(struct str text)
{
	return shown(text, "document");
}

static struct str
repeated(const char *head, const char *piece, size_t n, const char *tail)
{
	struct buf text;
	struct str copy;

	buf_init(&text, (size_t)64 << 20);
	buf_put_str(&text, str_of(head));
	for (size_t i = 0; i < n; i++)
		buf_put_str(&text, str_of(piece));
	buf_put_str(&text, str_of(tail));
	copy = arena_str(arena, buf_str(&text));
	buf_release(&text);
	return copy;
}

static struct str
utf16(const char *ascii, bool is_little, bool has_mark)
{
	struct buf text;
	struct str copy;

	buf_init(&text, 4096);
	if (has_mark)
		buf_put(&text, is_little ? "\xFF\xFE" : "\xFE\xFF", 2);
	for (; *ascii; ascii++) {
		char pair[2] = {is_little ? *ascii : '\0', is_little ? '\0' : *ascii};

		buf_put(&text, pair, 2);
	}
	copy = arena_str(arena, buf_str(&text));
	buf_release(&text);
	return copy;
}

/* --- shape --- */

struct shape {
	const char *xml, *document;
};

static const struct shape shapes[] = {
    {"<a/>", "\"\""},
    {"<a></a>", "\"\""},
    {"<a> \n\t </a>", "\"\""},
    {"<a> x </a>", "\" x \""},
    {"<a>007</a>", "\"007\""},
    {"<a b=\"1\"/>", "{\"@b\":\"1\"}"},
    {"<a b=\"1\"> </a>", "{\"@b\":\"1\"}"},
    {"<a b=\"1\" c='2'>t</a>", "{\"@b\":\"1\",\"@c\":\"2\",\"#text\":\"t\"}"},
    {"<a><b/><c>1</c></a>", "{\"b\":\"\",\"c\":\"1\"}"},
    {"<a>x<b>1</b>y<c/>z</a>", "{\"b\":\"1\",\"c\":\"\",\"#text\":\"xyz\"}"},
    {"<a>\n  <b>\n    <c>1</c>\n  </b>\n</a>", "{\"b\":{\"c\":\"1\"}}"},
    {"<a><b>1</b><c/><b>2</b><b x=\"3\"/></a>", "{\"b\":[\"1\",\"2\",{\"@x\":\"3\"}],\"c\":\"\"}"},
    {"<a><b><c/><c/></b><b/></a>", "{\"b\":[{\"c\":[\"\",\"\"]},\"\"]}"},
    {"<a xml:lang=\"\">t</a>", "{\"@lang\":\"\",\"#text\":\"t\"}"},
    {"<a>&lt;&gt;&amp;&quot;&apos;&#233;&#x20AC;</a>", "\"<>&\\\"'\xC3\xA9\xE2\x82\xAC\""},
    {"<a b=\"&lt;&amp;&#38;&#60;&#10;x\"/>", "{\"@b\":\"<&&<\\nx\"}"},
    {"<a b=\"x\ny\tz\"/>", "{\"@b\":\"x y z\"}"},
    {"<a><![CDATA[<b>&amp;</b>]]]]><![CDATA[>]]></a>", "\"<b>&amp;</b>]]>\""},
    {"<a>x<!-- <b/> --><?php echo ?>y</a>", "\"xy\""},
    {"<a>\r\n1\r2\n</a>", "\"\\n1\\n2\\n\""},
    {"<?xml version='1.0' encoding='utf-8' standalone='yes'?>\n<!-- c --><a/><!-- d --><?e?>\n", "\"\""},
    {"<!DOCTYPE a SYSTEM \"http://192.0.2.1/never.dtd\"><a>1</a>", "\"1\""},
    {"<!DOCTYPE a PUBLIC \"-//x\" \"file:///etc/passwd\" [ <!ELEMENT a ANY> <!-- x --> ]><a>1</a>", "\"1\""},
    {"<o xmlns:cbc='urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-1'><cbc:ID/></o>",
     "{\"ID\":\"\"}"},
    {"<a b:c=\"2\" c=\"1\" d:c=\"3\" d:e=\"4\" xmlns:b=\"urn:b\" xmlns:d=\"urn:d\"/>", "{\"@c\":\"1\",\"@e\":\"4\"}"},
};

ParameterizedTestParameters(xml, document_has_this_shape)
{
	return cr_make_param_array(size_t, table_rows(COUNT_OF(shapes)), COUNT_OF(shapes));
}

ParameterizedTest(size_t *row, xml, document_has_this_shape)
{
	const struct shape *p = &shapes[*row];

	cr_expect_str_eq(document_of(str_of(p->xml)), p->document, "%s", p->xml);
}

Test(xml, root_says_its_name_and_namespace)
{
	cr_expect_str_eq(shown(STR("<cXML payloadID=\"1\"><Header/></cXML>"), NULL),
			 "{\"format\":\"xml\",\"name\":\"cXML\",\"document\":{\"@payloadID\":\"1\",\"Header\":\"\"}}");
	cr_expect_str_eq(shown(STR("<p:Order xmlns:p='urn:o'/>"), NULL),
			 "{\"format\":\"xml\",\"name\":\"Order\",\"namespace\":\"urn:o\",\"document\":\"\"}");
}

Test(xml, names_come_from_the_namespace_and_never_from_the_prefix)
{
	const char *expected = "{\"cbc:ID\":\"1\",\"cac:Party\":{\"cbc:ID\":\"2\"},\"ext:X\":\"3\",\"Y\":\"4\"}";

	cr_expect_str_eq(
	    document_of(STR("<Order xmlns='urn:o' xmlns:cbc='" CBC "' xmlns:cac='" CAC "' xmlns:ext='" EXT "'>"
			    "<cbc:ID>1</cbc:ID><cac:Party><cbc:ID>2</cbc:ID></cac:Party>"
			    "<ext:X>3</ext:X><Y>4</Y></Order>")),
	    expected);
	cr_expect_str_eq(document_of(STR("<cbc:Order xmlns:cbc='urn:o' xmlns:n0='" CBC "' xmlns:cac='" CAC "'>"
					 "<n0:ID>1</n0:ID><Party xmlns='" CAC "'><ID xmlns='" CBC "'>2</ID></Party>"
					 "<X xmlns='" EXT "'>3</X><cbc:Y>4</cbc:Y></cbc:Order>")),
			 expected);
}

Test(xml, nodes_know_where_their_element_begins)
{
	struct node *root = parse(STR("<a>\n  <b x='>'\n y='2'>t</b><c/>\n</a>"));
	const struct node *a = node_get(root, "document");

	cr_expect_eq(a->offset, 0);
	cr_expect_eq(node_get(a, "b")->offset, 6);
	cr_expect_eq(node_get(a, "c")->offset, 27);
}

Test(xml, many_children_are_listed_and_take_no_quadratic_time)
{
	struct str text = repeated("<a>", "<b>1</b><c>2</c>", 100000, "</a>");
	const struct node *document = node_get(parse(text), "document");

	cr_assert(document, "%s", why.text);
	cr_expect_eq(document->children_count, 2);
	cr_expect_eq(node_get(document, "b")->children_count, 100000);
}

Test(xml, hundred_thousand_names_take_no_quadratic_time)
{
	struct buf text;
	struct node *root;

	buf_init(&text, (size_t)8 << 20);
	buf_put_str(&text, STR("<a>"));
	for (int i = 0; i < 100000; i++)
		buf_printf(&text, "<n%d/>", i);
	buf_put_str(&text, STR("<n7/></a>"));
	root = parse(buf_str(&text));
	cr_assert(root, "%s", why.text);
	cr_expect_eq(node_get(root, "document")->children_count, 100000);
	cr_expect(node_is(node_get(node_get(root, "document"), "n7"), NODE_LIST));
	buf_release(&text);
}

/* --- what is refused --- */

struct wrong {
	const char *xml, *code;
};

static const struct wrong wrongs[] = {
    {"", "xml-invalid"},
    {" ", "xml-invalid"},
    {"{}", "xml-invalid"},
    {"<a>", "xml-invalid"},
    {"<a", "xml-invalid"},
    {"<a></b>", "xml-invalid"},
    {"<a/><b/>", "xml-invalid"},
    {"<a/>text", "xml-invalid"},
    {"<a b='1' b='2'/>", "xml-invalid"},
    {"<a x:b='1' y:b='2' xmlns:x='u' xmlns:y='u'/>", "xml-invalid"},
    {"<a b=1/>", "xml-invalid"},
    {"<a b='<'/>", "xml-invalid"},
    {"<x:a/>", "xml-invalid"},
    {"<a x:b='1'/>", "xml-invalid"},
    {"<a>\x01</a>", "xml-invalid"},
    {"<a>&#0;</a>", "xml-invalid"},
    {"<a>&#xD800;</a>", "xml-invalid"},
    {"<a>\xEF\xBF\xBF</a>", "xml-invalid"},
    {"<a>&</a>", "xml-invalid"},
    {"<a>]]></a>", "xml-invalid"},
    {"<a><!-- -- --></a>", "xml-invalid"},
    {"<!DOCTYPE a SYSTEM 'x'", "xml-invalid"},
    {"<a>&nbsp;</a>", "xml-entities"},
    {"<!DOCTYPE a SYSTEM 'x.dtd'><a>&nbsp;</a>", "xml-entities"},
    {"<!DOCTYPE a SYSTEM 'x.dtd'><a b='&nbsp;'/>", "xml-entities"},
    {"<!DOCTYPE a [<!ENTITY % p SYSTEM 'x'> %p;]><a>&nbsp;</a>", "xml-entities"},
    {"<!DOCTYPE a [ %p; ]><a>&nbsp;</a>", "xml-entities"},
    {"<!DOCTYPE a [<!ENTITY e 'x'>]><a/>", "xml-entities"},
    {"<!DOCTYPE a [<!ENTITY e 'x'>]><a>&e;</a>", "xml-entities"},
    {"<!DOCTYPE a [<!ENTITY lt '&#38;#60;'>]><a>&lt;</a>", "xml-entities"},
    {"<!DOCTYPE a [<!ENTITY e SYSTEM 'file:///etc/passwd'>]><a>&e;</a>", "xml-entities"},
    {"<!DOCTYPE a [<!ENTITY e PUBLIC 'x' 'http://192.0.2.1/'>]><a>&e;</a>", "xml-entities"},
    {"<!DOCTYPE a [<!NOTATION n SYSTEM 'n'><!ENTITY e SYSTEM 'x' NDATA n>]><a/>", "xml-entities"},
    {"<!DOCTYPE a [<!ATTLIST a b CDATA 'x'>]><a/>", "xml-doctype"},
    {"<!DOCTYPE a [<!ATTLIST a b (x|y) 'x'>]><a/>", "xml-doctype"},
    {"<a>\xC3\xA9\xC3</a>", "xml-encoding"},
    {"<a>\xC0\xAF</a>", "xml-encoding"},
    {"<a>\xED\xA0\x80</a>", "xml-encoding"},
    {"<?xml version='1.0' encoding='UTF-7'?><a/>", "xml-encoding"},
    {"<?xml version='1.0' encoding='UTF-16'?><a/>", "xml-encoding"},
    {"<?xml version='1.0' encoding='ISO-8859-1'?><a>\x80</a>", "xml-encoding"},
    {"<?xml version='1.0' encoding='windows-1252'?><a>\x81</a>", "xml-encoding"},
};

ParameterizedTestParameters(xml, what_is_wrong_is_refused_with_its_code)
{
	return cr_make_param_array(size_t, table_rows(COUNT_OF(wrongs)), COUNT_OF(wrongs));
}

ParameterizedTest(size_t *row, xml, what_is_wrong_is_refused_with_its_code)
{
	const struct wrong *p = &wrongs[*row];

	must_refuse(str_of(p->xml), p->code);
}

Test(xml, place_is_given_in_lines_and_characters)
{
	must_refuse(STR("<a>\n  \xC3\xA9\xC3\xA9\xC3\n</a>"), "xml-encoding");
	cr_expect_not_null(strstr(why.text, "line 2 column 5"), "%s", why.text);
	must_refuse(STR("<a>\n<b>\n\n<c></b></a>"), "xml-invalid");
	cr_expect_not_null(strstr(why.text, "line 4 column "), "%s", why.text);
	must_refuse(STR("<!DOCTYPE a [\n<!ENTITY secret 'payload'>]><a/>"), "xml-entities");
	cr_expect_not_null(strstr(why.text, "line 2 column "), "%s", why.text);
	cr_expect_null(strstr(why.text, "secret"), "%s", why.text);
}

Test(xml, nul_bytes_and_utf32_are_refused)
{
	must_refuse((struct str){"<a>\0</a>", 8}, "xml-invalid");
	must_refuse((struct str){"<\0\0\0a\0\0\0", 8}, "xml-encoding");
	must_refuse((struct str){"\0\0\0<", 4}, "xml-encoding");
	must_refuse((struct str){"\xFF\xFE\0\0<\0\0\0", 8}, "xml-encoding");
	must_refuse((struct str){NULL, 0}, "xml-invalid");
}

Test(xml, other_encodings_become_utf8)
{
	cr_expect_str_eq(document_of(STR("\xEF\xBB\xBF<a>\xC3\xA9</a>")), "\"\xC3\xA9\"");
	cr_expect_str_eq(document_of(STR("<?xml version='1.0' encoding=\"ISO-8859-1\"?><a>\xE9</a>")), "\"\xC3\xA9\"");
	cr_expect_str_eq(document_of(STR("<?xml version='1.0' encoding = 'Windows-1252'?><a>\x80</a>")),
			 "\"\xE2\x82\xAC\"");
	cr_expect_str_eq(document_of(utf16("<a b='1'>x</a>", true, true)), "{\"@b\":\"1\",\"#text\":\"x\"}");
	cr_expect_str_eq(document_of(utf16("<a b='1'>x</a>", false, true)), "{\"@b\":\"1\",\"#text\":\"x\"}");
	cr_expect_str_eq(document_of(utf16("<?xml version='1.0' encoding='UTF-16'?><a>x</a>", true, false)), "\"x\"");
	cr_expect_str_eq(document_of(utf16("<a>x</a>", false, false)), "\"x\"");
	must_refuse(str_after(utf16("<a>x</a>!", true, true), 0), "xml-invalid");
}

Test(xml, half_a_utf16_character_is_refused)
{
	struct str text = utf16("<a>x</a>", true, true);

	must_refuse((struct str){text.p, text.n - 1}, "xml-encoding");
	must_refuse((struct str){"\xFF\xFE<\0a\0>\0\x00\xDC", 10}, "xml-encoding");
	must_refuse((struct str){"\xFF\xFE<\0a\0>\0\x00\xD8", 10}, "xml-encoding");
}

/* --- limits --- */

Test(xml, billion_laughs_end_in_constant_memory)
{
	struct buf text;

	buf_init(&text, 1 << 20);
	buf_put_str(&text, STR("<!DOCTYPE r [\n<!ENTITY h0 'ha'>\n"));
	for (int i = 1; i < 64; i++)
		buf_printf(&text, "<!ENTITY h%d '&h%d;&h%d;'>\n", i, i - 1, i - 1);
	buf_put_str(&text, STR("]><r>&h63;</r>"));
	must_refuse(buf_str(&text), "xml-entities");
	cr_expect_lt(arena_used_bytes(arena), 4096);
	buf_release(&text);
}

Test(xml, hundred_thousand_open_elements_are_refused_without_stack)
{
	struct tree_limits deep = {.bytes = 1 << 22, .depth = 64, .nodes = 1000000};
	struct node *root;

	must_refuse(repeated("", "<a>", 100000, ""), "document-too-deep");
	must_refuse(repeated("", "<a b='c'><d/>", 100000, ""), "document-too-deep");
	cr_expect_eq(xml_parse(repeated("", "<a>", 64, repeated("", "</a>", 64, "").p), &deep, arena, &root, &why),
		     OUTCOME_OK);
	cr_expect_eq(xml_parse(repeated("", "<a>", 65, repeated("", "</a>", 65, "").p), &deep, arena, &root, &why),
		     OUTCOME_DEAD);
	cr_expect_str_eq(why.code, "document-too-deep");
}

Test(xml, limits_hold_while_it_is_parsed)
{
	struct tree_limits few = {.bytes = (size_t)8 << 20, .depth = 8, .nodes = 100};
	struct node *root = NULL;

	cr_expect_eq(xml_parse(repeated("<a>", "<b/>", 1000000, "</a>"), &few, arena, &root, &why), OUTCOME_DEAD);
	cr_expect_str_eq(why.code, "document-too-many-nodes");
	cr_expect_lt(arena_used_bytes(arena), (size_t)16 << 20); /* the document itself is in it too */
	few.nodes = 6;
	cr_expect_eq(xml_parse(STR("<a b='1' c='2' d='3'/>"), &few, arena, &root, &why), OUTCOME_DEAD);
	cr_expect_str_eq(why.code, "document-too-many-nodes");
	few.bytes = 10;
	cr_expect_eq(xml_parse(STR("<a>12345678</a>"), &few, arena, &root, &why), OUTCOME_DEAD);
	cr_expect_str_eq(why.code, "document-too-large");
	cr_expect_null(root);
}

Test(xml, huge_attribute_text_and_comment_take_linear_time)
{
	must_refuse(repeated("<a b='", "x", 5000000, ""), "xml-invalid");
	cr_expect(parse(repeated("<a b='", "x", 5000000, "'/>")), "%s", why.text);
	cr_expect(parse(repeated("<a>", "x", 5000000, "</a>")), "%s", why.text);
	cr_expect(parse(repeated("<a><!--", "x>", 2500000, "--></a>")), "%s", why.text);
	cr_expect(parse(repeated("<a><![CDATA[", "x]>", 1500000, "]]></a>")), "%s", why.text);
	cr_expect(parse(repeated("<a>", "&amp;", 1500000, "</a>")), "%s", why.text);
	must_refuse(repeated("<!DOCTYPE a [", "<!ELEMENT b ANY>", 300000, ""), "xml-invalid");
}

Test(xml, a_million_attributes_or_namespaces_are_refused_at_once)
{
	struct buf text;

	buf_init(&text, (size_t)8 << 20);
	buf_put_str(&text, STR("<a "));
	for (int i = 0; i < 500000; i++)
		buf_printf(&text, "b%d='' ", i);
	buf_put_str(&text, STR("/>"));
	must_refuse(buf_str(&text), "document-too-many-nodes");
	buf_clear(&text);
	for (int i = 0; i < 40; i++) {
		buf_put_str(&text, STR("<a"));
		for (int k = 0; k < 200; k++)
			buf_printf(&text, " xmlns:n%d_%d='u'", i, k);
		buf_put_char(&text, '>');
	}
	must_refuse(buf_str(&text), "document-too-many-nodes");
	buf_release(&text);
}

Test(xml, tags_in_comments_and_cdata_are_not_counted)
{
	struct str quotes = repeated("", "'' ", 1000, "");

	cr_expect(parse(repeated("<a><!-- <b ", quotes.p, 1, " --></a>")), "%s", why.text);
	cr_expect(parse(repeated("<a><![CDATA[<b ", quotes.p, 1, "]]></a>")), "%s", why.text);
	cr_expect(parse(repeated("<a><?p <b ", quotes.p, 1, "?></a>")), "%s", why.text);
	cr_expect(parse(repeated("<a>", quotes.p, 1, "</a>")), "%s", why.text);
}

Test(xml, full_arena_is_an_outcome)
{
	for (size_t bytes = 0; bytes < 3000; bytes += 100) {
		struct arena *small = arena_new(bytes);
		struct node *root = NULL;
		enum outcome outcome =
		    xml_parse(STR("<abc def='ghi'><j/><j/>klm</abc>"), &tree_default_limits, small, &root, &why);

		if (outcome != OUTCOME_OK)
			cr_expect_str_eq(why.code, "document-too-large");
		cr_expect_eq(outcome == OUTCOME_OK, root != NULL);
		arena_free(small);
	}
}

Test(xml, every_cut_of_a_document_is_refused)
{
	struct str text =
	    STR("<?xml version='1.0'?><!DOCTYPE a SYSTEM 'b'><!--c--><a d='e'>f<![CDATA[g]]>&amp;<h/></a>");

	cr_assert(parse(text), "%s", why.text);
	for (size_t n = 0; n < text.n; n++) {
		char *cut =
		    malloc(n ? n : 1); /* of exactly this size, so that a sanitizer sees the first byte too far */

		memcpy(cut, text.p, n);
		must_refuse((struct str){cut, n}, "xml-invalid");
		free(cut);
	}
}

/* --- real documents --- */

static void
sample_is_refused(const char *path, struct str bytes)
{
	cr_log_info("%s", path);
	must_refuse(bytes, "xml-entities");
}

Test(xml, real_bombs_are_refused)
{
	if (!samples_are_there(SAMPLES))
		cr_skip_test("no " SAMPLES);
	cr_expect_geq(samples_each(arena, "adversarial", ".xml", sample_is_refused), 2);
}

static const char *
sample_text(const char *path, const char *const *keys)
{
	const struct node *n = node_get(parse(sample_read(arena, path)), "document");

	for (; *keys; keys++)
		n = **keys == '0' ? node_at(n, 0) : node_get(n, *keys);
	return n ? arena_text(arena, node_text(n)) : "(absent)";
}

#define SAMPLE_TEXT(path, ...) sample_text(SAMPLES "/" path, (const char *const[]){__VA_ARGS__, NULL})

Test(xml, real_documents_say_what_the_field_guide_says)
{
	if (!samples_are_there(SAMPLES))
		cr_skip_test("no " SAMPLES);
	cr_expect_str_eq(
	    SAMPLE_TEXT("cxml/order-DO1234-eur.xml", "Request", "OrderRequest", "OrderRequestHeader", "@orderID"),
	    "DO1234");
	cr_expect_str_eq(
	    SAMPLE_TEXT("cxml/order-DO1234-eur.xml", "Request", "OrderRequest", "ItemOut", "0", "@quantity"), "10");
	cr_expect_str_eq(SAMPLE_TEXT("cxml/order-DO1234-eur.xml", "Request", "OrderRequest", "OrderRequestHeader",
				     "Total", "Money", "#text"),
			 "85.00");
	cr_expect_str_eq(SAMPLE_TEXT("cxml/response-200.xml", "Response", "Status", "@code"), "200");
	cr_expect_str_eq(SAMPLE_TEXT("ubl/order-2.1-example-sek.xml", "cbc:ID"), "34");
	cr_expect_str_eq(SAMPLE_TEXT("ubl/order-2.1-example-sek.xml", "cac:AnticipatedMonetaryTotal",
				     "cbc:PayableAmount", "@currencyID"),
			 "SEK");
	cr_expect_str_eq(SAMPLE_TEXT("ubl/order-cenbii-minimal-empty-id.xml", "cbc:ID"), "");
	cr_expect_str_eq(SAMPLE_TEXT("recurly/successful_payment_notification.xml", "account", "username", "@nil"),
			 "true");
	cr_expect_str_eq(SAMPLE_TEXT("recurly/successful_payment_notification.xml", "account", "username", "#text"),
			 "verena");
	cr_expect_str_eq(SAMPLE_TEXT("recurly/charge_invoice_notification.xml", "invoice", "collection_method"),
			 "manual");
}
