/* SPDX-License-Identifier: Apache-2.0 */
/* Mappings of the tests' own, each a file in a directory that is gone with the test. */
#include "mapping/mapping.h"

#include "formats/json.h"
#include "support/trees.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static char dir[] = "/tmp/tributary-mapping-XXXXXX", folder[64], file[80];
static struct party party;
static struct mapping *mapping;

static void
setup(void)
{
	trees_setup();
	cr_assert(mkdtemp(dir));
	snprintf(folder, sizeof folder, "%s/shop", dir);
	snprintf(file, sizeof file, "%s/mapping.lua", folder);
	cr_assert_eq(mkdir(folder, 0700), 0);
	party = (struct party){.name = "shop", .currency = "USD", .time_zone = "UTC"};
}

static void
teardown(void)
{
	mapping_close(mapping);
	mapping = NULL;
	unlink(file);
	rmdir(folder);
	rmdir(dir);
	trees_teardown();
}

TestSuite(mapping, .init = setup, .fini = teardown, .timeout = 60);

/* Runs a mapping of these lines over the document. */
static enum outcome
maps(const char *lua, const char *json)
{
	FILE *f = fopen(file, "we");
	struct node *document, *result = NULL;
	enum outcome outcome;

	cr_assert(f);
	fprintf(f, "local function order(doc)\ndo %s end\nreturn {}\nend\nreturn { order = order }\n", lua);
	fclose(f);
	mapping_close(mapping);
	mapping = NULL;
	why = (struct why){0};
	cr_assert_eq(mapping_open(dir, &party, &mapping, &why), OUTCOME_OK, "%s: %s", lua, why.text);
	cr_assert_eq(json_parse(arena_str(arena, str_of(json)), &tree_default_limits, arena, &document, &why),
		     OUTCOME_OK);
	outcome = mapping_run(mapping, "order", document, arena, &result, &why);
	cr_log_info("%s: %s (%s) %s", lua, why.code ? why.code : "ok", why.path, why.text);
	return outcome;
}

static void
refuses(const char *lua, const char *json, const char *code, const char *path)
{
	cr_expect_eq(maps(lua, json), OUTCOME_DEAD, "%s of %s was mapped", lua, json);
	cr_expect(why.code && strcmp(why.code, code) == 0 && strcmp(why.path, path) == 0,
		  "%s of %s: %s (%s) %s, wanted %s (%s)", lua, json, why.code, why.path, why.text, code, path);
}

Test(mapping, text_where_an_object_belongs_is_refused_with_its_path)
{
	refuses("return { a = doc.a.b }", "{\"a\":\"x\"}", "field-type", "a");
	refuses("return { a = doc.a.b }", "{\"a\":7}", "field-type", "a");
	refuses("return { a = doc.a.b }", "{\"a\":true}", "field-type", "a");
	refuses("local a = doc.a\nreturn { c = doc.c, b = a.b }", "{\"a\":true,\"c\":true}", "field-type", "a");
	refuses("local l = doc.lines\nfor i = 1, #l do local _ = l[i].sku end", "{\"lines\":[{\"sku\":\"x\"},\"y\"]}",
		"field-type", "lines[1]");
	refuses("local l = doc.lines\nfor i = 1, #l do local _ = l[i] end", "{\"lines\":\"ab\"}", "field-type",
		"lines");
	refuses("return { #doc.lines }", "{\"lines\":false}", "field-type", "lines");
}

Test(mapping, object_or_list_where_a_text_belongs_is_refused_with_its_path)
{
	static const char *const uses[] = {
	    "string.upper(x)",
	    "string.find(x, 'x')",
	    "money(x, 'USD')",
	    "gross('1', x, 'USD')",
	    "divide(x, '2')",
	    "instant(x)",
	    "trim(x)",
	    "about(x)",
	    "'x' .. x",
	    "x .. 'x'",
	    "tostring(x)",
	    "x + 1",
	    "1 - x",
	    "-x",
	    "x < '2'",
	    "string.format('%s', x)",
	    "'2' <= x",
	    "math.max(x, 1)",
	    "x()",
	    "refuse('a-code', x)",
	    "utf8.len(x)",
	    "x | 1",
	    "x // 2",
	    "string.rep('x', x)",
	    "x ^ 2",
	};
	char lua[128];

	for (size_t i = 0; i < COUNT_OF(uses); i++) {
		snprintf(lua, sizeof lua, "local x = doc.lines[1].cost\nlocal _ = %s", uses[i]);
		refuses(lua, "{\"lines\":[{\"cost\":{\"a\":\"1\"}}]}", "field-type", "lines[0].cost");
		refuses(lua, "{\"lines\":[{\"cost\":[]}]}", "field-type", "lines[0].cost");
	}
}

Test(mapping, what_is_missing_is_refused_with_its_path)
{
	refuses("return { a = doc.a.b }", "{}", "field-missing", "a");
	refuses("return { a = doc.a.b }", "{\"a\":null}", "field-missing", "a");
	refuses("local a = doc.a\nreturn { a = a.b }", "{}", "field-missing", "a");
	refuses("return { a = 'x' .. doc.a.b }", "{\"a\":{}}", "field-missing", "a.b");
	refuses("return { a = doc.lines[1].a }", "{\"lines\":[null]}", "field-missing", "lines[0]");
	refuses("return { a = doc.lines[2].a }", "{\"lines\":[{}]}", "field-missing", "lines[1]");
	refuses("return { a = at(doc, 'a.b').c }", "{\"a\":{}}", "field-missing", "a.b");
	refuses("return { a = money(doc.a, 'USD') }", "{}", "field-missing", "a");
	refuses("return { a = doc.b:find(doc.a) }", "{\"b\":\"x\"}", "field-missing", "a");
	refuses("if doc.a < '2' then return {} end", "{}", "field-missing", "a");
}

Test(mapping, own_fault_stays_the_mappings)
{
	static const char *const wrong[] = {"local t\nreturn t.x",
					    "local _ = doc.none\nreturn nothing.x",
					    "local _ = doc.none\nreturn nothing()",
					    "local t, _ = { a = 1 }, doc.none\nreturn t.x.y",
					    "local t, _ = {}, doc.a\nreturn t.x.y",
					    "local s = 'mine'\nreturn s.x",
					    "local _, s = doc.a, 'mine'\nreturn s.x",
					    "return string.upper(nil)",
					    "return lib('none')",
					    "error(doc.a)",
					    "return #true",
					    "error('mine')"};

	for (size_t i = 0; i < COUNT_OF(wrong); i++)
		refuses(wrong[i], "{\"a\":\"x\",\"b\":true}", "mapping-error", "");
}

Test(mapping, own_documents_are_never_to_blame)
{
	struct node *document, *result;

	(void)maps("return { a = doc.a.b }", "{}");
	cr_assert_eq(json_parse(STR("{}"), &tree_default_limits, arena, &document, &why), OUTCOME_OK);
	cr_expect_eq(mapping_say(mapping, "order", document, arena, &result, &why), OUTCOME_DEAD);
	cr_expect_str_eq(why.code, "mapping-error");
}

Test(mapping, empty_text_is_as_good_as_nothing)
{
	cr_expect_eq(maps("if doc.a.b == nil then return {} end", "{\"a\":\"\"}"), OUTCOME_OK, "%s", why.text);
}

Test(mapping, texts_have_the_functions_of_string)
{
	cr_expect_eq(maps("if doc.a:upper() ~= 'X' or ('%d'):format(7) ~= '7' then error('no') end", "{\"a\":\"x\"}"),
		     OUTCOME_OK, "%s", why.text);
}

Test(mapping, texts_with_a_nul_are_not_cut)
{
	const char *json = "{\"a\":\"1\\u0000\\u0000z\"}";

	cr_expect_eq(maps("about(doc.a)\nrefuse('a-code', doc.a, doc.a)", json), OUTCOME_DEAD);
	cr_expect_str_eq(why.path, "1\xef\xbf\xbd\xef\xbf\xbdz");
	cr_expect_str_eq(why.text, "1\xef\xbf\xbd\xef\xbf\xbdz");
	cr_expect_str_eq(mapping_about(mapping), "1\xef\xbf\xbd\xef\xbf\xbdz");
	cr_expect_eq(maps("hold('a-code', 'p', doc.a .. '\\0')", json), OUTCOME_HELD);
	cr_expect_str_eq(why.text, "1\xef\xbf\xbd\xef\xbf\xbdz\xef\xbf\xbd");
	cr_expect_eq(maps("ignore('a-code', doc.a)", json), OUTCOME_OK);
	cr_expect_str_eq(why.code, "a-code");
	cr_expect_str_eq(why.text, "1\xef\xbf\xbd\xef\xbf\xbdz");
}

static double
cpu_seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* What is few instructions, and each takes long. */
Test(mapping, costly_instructions_end_as_budget)
{
	static const char *const costly[] = {
	    "local s = string.rep('a', 4000000)\nwhile true do local _ = string.lower(s) end",
	    "local s = string.rep('a', 8000000)\nwhile true do local _ = utf8.len(s) end",
	    "local s, t = string.rep('a', 8000000), string.rep('a', 100000) .. 'b'\nlocal _ = string.find(s, t, 1, "
	    "true)",
	    "local t = {}\nfor i = 1, 200000 do t[i] = i end\nwhile true do table.insert(t, 1, table.remove(t)) end",
	    "while true do end",
	};

	for (size_t i = 0; i < COUNT_OF(costly); i++) {
		double before = cpu_seconds(), took;

		refuses(costly[i], "{}", "mapping-budget", "");
		took = cpu_seconds() - before;
		cr_expect_lt(took, 4.0, "%s took %.1f s", costly[i], took);
		cr_expect_eq(maps("return {}", "{}"), OUTCOME_OK, "%s", why.text);
	}
}
