/* SPDX-License-Identifier: Apache-2.0 */
#include "support/trees.h"

#include "formats/json.h"
#include "formats/xml.h"
#include "support/samples.h"
#include "support/table_rows.h"
#include "support/tree_equal.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <stdio.h>
#include <string.h>

#define CAC "urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2"
#define CBC "urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2"
#define EXT "urn:oasis:names:specification:ubl:schema:xsd:CommonExtensionComponents-2"

TestSuite(xml_write, .init = trees_setup, .fini = trees_teardown, .timeout = 20);

static struct node *
parse(struct str text)
{
	struct node *root = NULL;

	cr_assert_eq(xml_parse(text, &tree_default_limits, arena, &root, &why), OUTCOME_OK, "%s", why.text);
	return root;
}

static struct node *
json_tree(const char *text)
{
	struct node *root = NULL;

	cr_assert_eq(json_parse(str_of(text), &tree_default_limits, arena, &root, &why), OUTCOME_OK, "%s", why.text);
	return root;
}

static const char *
written(const struct node *tree)
{
	static char shown[1 << 16];
	struct buf out;
	enum outcome outcome;

	buf_init(&out, sizeof shown - 1);
	outcome = xml_write(tree, &out, &why);
	snprintf(shown, sizeof shown, "%s", outcome == OUTCOME_OK ? buf_text(&out) : why.path);
	buf_release(&out);
	return shown;
}

static void
must_come_back(const char *name, const struct node *tree)
{
	struct buf out;
	struct node *again;

	buf_init(&out, (size_t)16 << 20);
	cr_assert_eq(xml_write(tree, &out, &why), OUTCOME_OK, "%s: %s %s %s", name, why.code, why.path, why.text);
	again = parse(buf_str(&out));
	cr_expect(tree_equal(tree, again), "%s", name);
	buf_release(&out);
}

Test(xml_write, tree_is_written_with_its_namespaces)
{
	cr_expect_str_eq(written(json_tree(
			     "{\"name\":\"OrderResponse\",\"namespace\":\"urn:r&1\",\"document\":{"
			     "\"cbc:ID\":\"1\",\"cac:Line\":[{\"cbc:Note\":{\"@lang\":\"en\",\"#text\":\"a<b\"}},\"\"],"
			     "\"n\":1.50,\"t\":true,\"no\":null,\"none\":[]}}")),
			 "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
			 "<OrderResponse xmlns=\"urn:r&amp;1\" xmlns:cac=\"" CAC "\" xmlns:cbc=\"" CBC "\">"
			 "<cbc:ID>1</cbc:ID><cac:Line><cbc:Note xml:lang=\"en\">a&lt;b</cbc:Note></cac:Line>"
			 "<cac:Line></cac:Line><n>1.50</n><t>true</t></OrderResponse>");
	cr_expect_str_eq(written(json_tree("{\"name\":\"cXML\",\"document\":{\"@a\":\"\\\"<\\t\\n\\r\"}}")),
			 "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<cXML a=\"&quot;&lt;&#9;&#10;&#13;\"></cXML>");
}

struct example {
	const char *xml;
};

static const struct example writable[] = {
    {"<a/>"},
    {"<a>\xC3\xA9 &lt;&amp;]]&gt; &#13; \t\n x</a>"},
    {"<a b='&#9;&#10;&#13; &quot;&apos;&lt;&amp;'>t</a>"},
    {"<a xml:lang='en' xml:space='default' b='1'><c/><d>1</d><c x='y'/>text</a>"},
    {"<o xmlns='urn:o' xmlns:q='" CBC "' xmlns:r='" CAC "' xmlns:e='" EXT "'><e:U><q:I>1</q:I></e:U><r:P/><z/></o>"},
};

ParameterizedTestParameters(xml_write, what_is_written_comes_back)
{
	return cr_make_param_array(size_t, table_rows(COUNT_OF(writable)), COUNT_OF(writable));
}

ParameterizedTest(size_t *row, xml_write, what_is_written_comes_back)
{
	const struct example *p = &writable[*row];

	must_come_back(p->xml, parse(str_of(p->xml)));
}

struct unwritable {
	const char *json, *path;
};

static const struct unwritable trees[] = {
    {"{\"name\":\"o\",\"document\":{\"l\":[\"\",{\"#text\":\"\\u0001\"}]}}", "o.l[1].#text"},
    {"{\"name\":\"o\",\"document\":{\"l\":[\"\",\"a\\u0000b\"]}}", "o.l[1]"},
    {"{\"name\":\"o\",\"document\":{\"@a\":\"\\u001f\"}}", "o.@a"},
    {"{\"name\":\"o\",\"document\":{\"a\":\"\\uffff\"}}", "o.a"},
    {"{\"name\":\"o\",\"document\":{\"a\":[[\"x\"]]}}", "o.a[0]"},
    {"{\"name\":\"o\",\"document\":{\"a b\":\"\"}}", "o.a b"},
    {"{\"name\":\"o\",\"document\":{\"x:y\":\"\"}}", "o.x:y"},
    {"{\"name\":\"o\",\"document\":{\"cbc:\":\"\"}}", "o.cbc:"},
    {"{\"name\":\"o\",\"document\":{\"1\":\"\"}}", "o.1"},
    {"{\"name\":\"o\",\"document\":{\"a><b\":\"\"}}", "o.a><b"},
    {"{\"name\":\"o\",\"document\":{\"@\":\"\"}}", "o.@"},
    {"{\"name\":\"o\",\"document\":{\"@a\":{}}}", "o.@a"},
    {"{\"name\":\"o\",\"document\":{\"#text\":[]}}", "o.#text"},
    {"{\"name\":\"o\",\"document\":[]}", "o"},
    {"{\"name\":\"cbc:o\",\"document\":{}}", "name"},
    {"{\"document\":{}}", "name"},
    {"{\"name\":\"o\"}", "document"},
    {"{\"name\":\"o\",\"namespace\":\"\\u0002\",\"document\":{}}", "namespace"},
    {"{\"name\":\"o\",\"namespace\":\"" CBC "\",\"document\":{\"a\":\"\"}}", "namespace"},
};

ParameterizedTestParameters(xml_write, what_xml_cannot_say_is_refused_with_its_path)
{
	return cr_make_param_array(size_t, table_rows(COUNT_OF(trees)), COUNT_OF(trees));
}

ParameterizedTest(size_t *row, xml_write, what_xml_cannot_say_is_refused_with_its_path)
{
	const struct unwritable *p = &trees[*row];
	struct buf out;

	buf_init(&out, 4096);
	cr_expect_eq(xml_write(json_tree(p->json), &out, &why), OUTCOME_DEAD, "%s", p->json);
	cr_expect_str_eq(why.code, "xml-data", "%s", p->json);
	cr_expect_str_eq(why.path, p->path, "%s", p->json);
	buf_release(&out);
}

Test(xml_write, full_buffer_and_endless_depth_are_outcomes)
{
	struct node *root = parse(STR("<a>12345678</a>"));
	struct node nodes[1000] = {{.type = NODE_OBJECT}};
	struct buf out;

	buf_init(&out, 20);
	cr_expect_eq(xml_write(root, &out, &why), OUTCOME_DEAD);
	cr_expect_str_eq(why.code, "too-large");
	buf_release(&out);
	for (size_t i = 1; i < COUNT_OF(nodes); i++) {
		nodes[i] = (struct node){.type = NODE_OBJECT, .key = STR("x")};
		node_append(&nodes[i - 1], &nodes[i]);
	}
	root = json_tree("{\"name\":\"o\",\"document\":{}}");
	node_append(root->last, &nodes[1]);
	buf_init(&out, 1 << 20);
	cr_expect_eq(xml_write(root, &out, &why), OUTCOME_DEAD);
	cr_expect_str_eq(why.code, "xml-data");
	buf_release(&out);
}

static void
sample_comes_back(const char *path, struct str bytes)
{
	must_come_back(path, parse(bytes));
}

Test(xml_write, real_documents_come_back)
{
	if (!samples_are_there(SAMPLES))
		cr_skip_test("no " SAMPLES);
	cr_expect_geq(samples_each(arena, "cxml", ".xml", sample_comes_back), 6);
	cr_expect_geq(samples_each(arena, "ubl", ".xml", sample_comes_back), 5);
	cr_expect_geq(samples_each(arena, "recurly", ".xml", sample_comes_back), 2);
}
