/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/edifact.h"
#include "formats/json.h"

#include "support/unb.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <stdlib.h>
#include <string.h>

TestSuite(edifact, .init = trees_setup, .fini = trees_teardown, .timeout = 20);

static void
must_not_write(const struct node *tree, const char *code, const char *path)
{
	struct buf out;

	buf_init(&out, (size_t)1 << 20);
	buf_put_str(&out, STR("before"));
	cr_assert_eq(edifact_write(tree, &out, &why), OUTCOME_DEAD, "written: %s", buf_text(&out));
	cr_expect_str_eq(why.code, code, "%s: %s", why.code, why.text);
	cr_expect_str_eq(why.path, path);
	cr_expect_str_eq(buf_text(&out), "before");
	buf_release(&out);
}

static struct node *
object_of(const char *text)
{
	struct node *root = NULL;

	cr_assert_eq(json_parse(str_of(text), &tree_default_limits, arena, &root, &why), OUTCOME_OK, "%s", why.text);
	return root;
}

/* As a mapping makes it: no separators, no trailers, elements in any order, numbers as numbers. */
static struct node *
made(const char *unb_set, const char *segments)
{
	return object_of(arena_printf(arena,
				      "{\"interchanges\":[{\"UNB\":{\"5\":\"77\",\"tag\":\"UNB\",\"1\":%s,\"2\":\"A\","
				      "\"3\":\"B\",\"4\":[\"260101\",\"1200\"]},\"messages\":[{\"segments\":["
				      "{\"tag\":\"UNH\",\"1\":\"9\",\"2\":[\"ORDRSP\",\"D\",\"96A\",\"UN\"]}%s]}]}]}",
				      unb_set, segments)
			     .p);
}

#define SYNTAX_3 "[\"UNOC\",\"3\"]"

Test(edifact, trailers_are_computed)
{
	struct str bytes = unb_written(made(SYNTAX_3, ",{\"2\":\"R1\",\"tag\":\"BGM\",\"1\":231,\"10\":null},"
						      "{\"tag\":\"QTY\",\"1\":[\"21\",10.50,\"\"],\"2\":[null,null]}"));

	cr_expect_str_eq(bytes.p, "UNB+UNOC:3+A+B+260101:1200+77'UNH+9+ORDRSP:D:96A:UN'BGM+231+R1'QTY+21:10.50'"
				  "UNT+4+9'UNZ+1+77'");
	cr_expect_str_eq(unb_faults(unb_message_of(unb_must_parse(bytes), 0)), "");
}

Test(edifact, wrong_and_missing_trailers_are_mended)
{
	cr_expect_str_eq(unb_written(unb_must_parse(STR(UNB_HEAD UNB_UNH "UNT+27+17520'UNZ+5+X'"))).p,
			 UNB_HEAD UNB_UNH "UNT+3+1'UNZ+1+REF1'");
	cr_expect_str_eq(unb_written(unb_must_parse(STR(UNB_HEAD UNB_UNH "LIN+1"))).p,
			 UNB_HEAD UNB_UNH "UNT+3+1'UNZ+1+REF1'");
	cr_expect_str_eq(unb_written(unb_must_parse(STR(UNB_HEAD UNB_UNH "UNT+003+1'UNZ+01+REF1'"))).p,
			 UNB_HEAD UNB_UNH "UNT+003+1'UNZ+01+REF1'");
}

Test(edifact, text_is_released_and_encoded)
{
	struct str bytes =
	    unb_written(made(SYNTAX_3, ",{\"tag\":\"FTX\",\"1\":\"a+b:c'd?e*f\",\"2\":\"K\u00e4lte \u00bd\"}"));

	cr_expect_not_null(strstr(bytes.p, "FTX+a?+b?:c?'d??e*f+K\xE4lte \xBD'"), "%s", bytes.p);
	bytes =
	    unb_written(made("[\"UNOC\",\"4\"]", ",{\"tag\":\"FTX\",\"1\":{\"repeated\":[\"a*b\",[\"c\",\"d\"]]}}"));
	cr_expect_not_null(strstr(bytes.p, "FTX+a?*b*c:d'"), "%s", bytes.p);
	bytes = unb_written(made("[\"UNOD\",\"3\"]", ",{\"tag\":\"FTX\",\"1\":\"\u0141\u00f3d\u017a\"}"));
	cr_expect_not_null(strstr(bytes.p, "FTX+\xA3\xF3\x64\xBC'"));
	bytes = unb_written(made("[\"UNOY\",\"4\"]", ",{\"tag\":\"FTX\",\"1\":\"\u20ac \U0001F600\"}"));
	cr_expect_not_null(strstr(bytes.p, "FTX+\u20ac \U0001F600'"));
}

struct unwritable_case {
	char set[24], segments[160], path[80];
};

ParameterizedTestParameters(edifact, what_cannot_be_sent_is_refused_with_its_path)
{
#define MESSAGE "interchanges[0].messages[0].segments[1]"
	static struct unwritable_case cases[] = {
	    {SYNTAX_3, ",{\"tag\":\"FTX\",\"2\":[\"a\",\"\u20ac\"]}", MESSAGE ".2[1]"},
	    {SYNTAX_3, ",{\"tag\":\"FTX\",\"2\":\"\U0001F600\"}", MESSAGE ".2"},
	    {"\"UNOA\"", ",{\"tag\":\"FTX\",\"2\":\"\u00e4\"}", MESSAGE ".2"},
	    {"\"XXXX\"", ",{\"tag\":\"FTX\",\"2\":\"\u00e4\"}", MESSAGE ".2"},
	    {SYNTAX_3, ",{\"tag\":\"FTX\",\"1\":\"a\\nb\"}", MESSAGE ".1"},
	    {SYNTAX_3, ",{\"tag\":\"FTX\",\"1\":\"\\u0000\"}", MESSAGE ".1"},
	    {SYNTAX_3, ",{\"tag\":\"FTX\",\"1\":\"\\u0085\"}", MESSAGE ".1"},
	    {SYNTAX_3, ",{\"tag\":\"FTX\",\"1\":{\"repeated\":[\"a\",\"b\"]}}", MESSAGE ".1"},
	    {"[\"UNOC\",\"4\"]", ",{\"tag\":\"FTX\",\"1\":{\"repeated\":[\"a\",\"\u20ac\"]}}",
	     MESSAGE ".1.repeated[1]"},
	    {SYNTAX_3, ",{\"tag\":\"FTX\",\"1\":{\"a\":\"b\"}}", MESSAGE ".1"},
	    {SYNTAX_3, ",{\"tag\":\"FTX\",\"1\":[[\"a\"]]}", MESSAGE ".1[0]"},
	    {SYNTAX_3, ",{\"tag\":\"FTX\",\"0\":\"a\"}", MESSAGE},
	    {SYNTAX_3, ",{\"tag\":\"FTX\",\"01\":\"a\"}", MESSAGE},
	    {SYNTAX_3, ",{\"tag\":\"FTX\",\"100\":\"a\"}", MESSAGE},
	    {SYNTAX_3, ",{\"tag\":\"FTX\",\"text\":\"a\"}", MESSAGE},
	    {SYNTAX_3, ",{\"tag\":\"ftx\"}", MESSAGE},
	    {SYNTAX_3, ",{\"1\":\"a\"}", MESSAGE},
	    {SYNTAX_3, ",\"FTX\"", MESSAGE},
	    {SYNTAX_3, ",{\"tag\":\"UNZ\"}", MESSAGE},
	    {SYNTAX_3, ",{\"tag\":\"UNT\"},{\"tag\":\"UNT\"}", MESSAGE},
	    {"null", "", "interchanges[0].UNB"},
	};

	return cr_make_param_array(struct unwritable_case, cases, COUNT_OF(cases));
}

ParameterizedTest(struct unwritable_case *c, edifact, what_cannot_be_sent_is_refused_with_its_path)
{
	must_not_write(made(c->set, c->segments), "edifact-data", c->path);
}

Test(edifact, tree_without_its_parts_is_refused)
{
	must_not_write(object_of("{}"), "edifact-data", "");
	must_not_write(object_of("{\"interchanges\":[]}"), "edifact-data", "");
	must_not_write(object_of("{\"interchanges\":[{}]}"), "edifact-data", "interchanges[0].UNB");
	must_not_write(object_of("{\"interchanges\":[{\"UNB\":{\"tag\":\"UNB\",\"1\":\"UNOA\"},\"messages\":[{}]}]}"),
		       "edifact-data", "interchanges[0].messages[0].segments[0]");
	must_not_write(NULL, "edifact-data", "");
}

Test(edifact, separators_that_the_receiver_would_not_find_are_refused)
{
	must_not_write(
	    object_of("{\"interchanges\":[{\"separators\":{\"component\":\"#\",\"element\":\"+\",\"release\":"
		      "\"?\",\"segment\":\"'\"},\"UNB\":{\"tag\":\"UNB\",\"1\":\"UNOA\"}}]}"),
	    "edifact-separators", "interchanges[0].separators");
	must_not_write(object_of("{\"interchanges\":[{\"UNA\":\"UNA:+\",\"UNB\":{\"tag\":\"UNB\",\"1\":\"UNOA\"}}]}"),
		       "edifact-separators", "interchanges[0]");
	must_not_write(object_of("{\"interchanges\":[{\"UNA\":\"UNA:+.  '\",\"UNB\":{\"tag\":\"UNB\",\"1\":\"UNOA\","
				 "\"2\":\"a+b\"}}]}"),
		       "edifact-data", "interchanges[0].UNB.2");
}

Test(edifact, full_buffer_is_an_outcome)
{
	struct buf out;

	buf_init(&out, 30);
	cr_expect_eq(edifact_write(unb_must_parse(STR(UNB_HEAD UNB_ONE_LINE UNB_TAIL)), &out, &why), OUTCOME_DEAD);
	cr_expect_str_eq(why.code, "document-too-large");
	buf_release(&out);
}
