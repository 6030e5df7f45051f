/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/x12.h"

#include "support/edi.h"

#include <criterion/criterion.h>
#include <string.h>

TestSuite(x12, .init = trees_setup, .fini = trees_teardown, .timeout = 20);

/* --- the tree --- */

Test(x12, tree_has_the_shape_that_the_header_promises)
{
	edi_must_be(
	    edi_must_parse(STR(ISA "TA1*000000001*240131*1100*A*000~" GS ORDER END)),
	    "{\"format\":\"x12\",\"interchanges\":[{"
	    "\"ISA\":{\"ISA01\":\"00\",\"ISA03\":\"00\",\"ISA05\":\"ZZ\",\"ISA06\":\"SENDER\",\"ISA07\":\"ZZ\","
	    "\"ISA08\":\"RECEIVER\",\"ISA09\":\"240131\",\"ISA10\":\"1100\",\"ISA11\":\"U\",\"ISA12\":\"00401\","
	    "\"ISA13\":\"000000011\",\"ISA14\":\"1\",\"ISA15\":\"P\",\"ISA16\":\">\"},"
	    "\"separators\":{\"element\":\"*\",\"component\":\">\",\"segment\":\"~\"},"
	    "\"TA1\":[{\"tag\":\"TA1\",\"TA101\":\"000000001\",\"TA102\":\"240131\",\"TA103\":\"1100\","
	    "\"TA104\":\"A\",\"TA105\":\"000\"}],"
	    "\"groups\":[{\"GS\":{\"GS01\":\"PO\",\"GS02\":\"SAPP\",\"GS03\":\"RAPP\",\"GS04\":\"20240131\","
	    "\"GS05\":\"1100\",\"GS06\":\"7\",\"GS07\":\"X\",\"GS08\":\"004010\"},"
	    "\"transactions\":[{\"set\":\"850\",\"control\":\"0001\",\"segments\":["
	    "{\"tag\":\"ST\",\"ST01\":\"850\",\"ST02\":\"0001\"},"
	    "{\"tag\":\"BEG\",\"BEG01\":\"00\",\"BEG02\":\"SA\",\"BEG03\":\"PO1\",\"BEG05\":\"20240131\"},"
	    "{\"tag\":\"SE\",\"SE01\":\"3\",\"SE02\":\"0001\"}]}],"
	    "\"GE\":{\"GE01\":\"1\",\"GE02\":\"7\"}}],"
	    "\"IEA\":{\"IEA01\":\"1\",\"IEA02\":\"000000011\"}}]}");
}

Test(x12, offsets_are_bytes_of_the_document_even_behind_wrapped_lines)
{
	struct str document = STR("\xEF\xBB\xBF" WITH(ISA, "PI\nD*F****W\r\nIDGET*>X~", "3"));
	const struct node *segment = edi_at(edi_must_parse(document), SEGMENT_1);

	cr_expect_eq(segment->offset, 3 + strlen(ISA GS "ST*850*0001~"));
	cr_expect_str_eq(edi_text(segment, "tag"), "PID");
	cr_expect_str_eq(edi_text(segment, "PID05"), "WIDGET");
	cr_expect(str_starts(str_after(document, edi_at(segment, "PID05")->offset), STR("W\r\nIDGET")));
	cr_expect(str_starts(str_after(document, edi_at(segment, "PID06.2")->offset), STR("X~")));
}

Test(x12, text_without_line_breaks_is_a_view_into_the_document)
{
	struct str document = STR(WITH(ISA, "MSG*HELLO~", "3"));
	struct str text = node_text(edi_at(edi_must_parse(document), SEGMENT_1 ".MSG01"));

	cr_expect(text.p > document.p && text.p < document.p + document.n);
}

struct element_case {
	char segment[64];
	char json[128];
};

static const struct element_case element_cases[] = {
    {"REF*A*B", "{\"tag\":\"REF\",\"REF01\":\"A\",\"REF02\":\"B\"}"},
    {"REF**B**", "{\"tag\":\"REF\",\"REF02\":\"B\"}"},
    {"REF", "{\"tag\":\"REF\"}"},
    {"REF* A *B ", "{\"tag\":\"REF\",\"REF01\":\" A \",\"REF02\":\"B \"}"},
    {"REF*A>B>>D", "{\"tag\":\"REF\",\"REF01\":{\"1\":\"A\",\"2\":\"B\",\"4\":\"D\"}}"},
    {"REF*>B", "{\"tag\":\"REF\",\"REF01\":{\"2\":\"B\"}}"},
    {"REF*A>>*>>*B", "{\"tag\":\"REF\",\"REF01\":\"A\",\"REF03\":\"B\"}"},
    {"REF*A^B", "{\"tag\":\"REF\",\"REF01\":[\"A\",\"B\"]}"},
    {"REF*A^^B^>^", "{\"tag\":\"REF\",\"REF01\":[\"A\",\"B\"]}"},
    {"REF*A^*^^*^B", "{\"tag\":\"REF\",\"REF01\":\"A\",\"REF03\":\"B\"}"},
    {"REF*A>B^C", "{\"tag\":\"REF\",\"REF01\":[{\"1\":\"A\",\"2\":\"B\"},\"C\"]}"},
    {"REF*\n*A\r\n*\r\n>\n", "{\"tag\":\"REF\",\"REF02\":\"A\"}"},
    {"REF*caf\xC3\xA9*\xC3\n\xA9", "{\"tag\":\"REF\",\"REF01\":\"caf\xC3\xA9\",\"REF02\":\"\xC3\xA9\"}"},
    {"REF*caf\xE9>\xFC*\xC3\xA9", "{\"tag\":\"REF\",\"REF01\":{\"1\":\"caf\xC3\xA9\",\"2\":\"\xC3\xBC\"},"
				  "\"REF02\":\"\xC3\xA9\"}"},
    {"Z9A*1", "{\"tag\":\"Z9A\",\"Z9A01\":\"1\"}"},
};

Test(x12, element_is_read_as)
{
	for (size_t i = 0; i < COUNT_OF(element_cases); i++) {
		const struct element_case *c = &element_cases[i];
		struct str text =
		    arena_printf(arena, "%s%s~%s", ISA_5010 GS "ST*850*0001~", c->segment, "SE*3*0001~" END);
		struct node *root = edi_must_parse(text);

		edi_must_be(edi_at(root, SEGMENT_1), c->json);
		cr_expect_null(edi_at(root, TRANSACTION ".faults"));
		cr_expect_str_eq(trees_json(edi_must_parse(edi_written(root))), trees_json(root));
	}
}

Test(x12, repetition_is_known_from_version_00402_and_unless_isa11_is_a_letter)
{
	struct node *root = edi_must_parse(STR(WITH(ISA_OF("^", "00401"), "REF*A^B~", "3")));

	cr_expect_null(edi_at(root, "interchanges.0.separators.repetition"));
	cr_expect_str_eq(edi_text(root, SEGMENT_1 ".REF01"), "A^B");
	root = edi_must_parse(STR(WITH(ISA_OF("U", "00501"), "REF*A^B~", "3")));
	cr_expect_str_eq(edi_text(root, SEGMENT_1 ".REF01"), "A^B");
	root = edi_must_parse(STR(WITH(ISA_OF("!", "00402"), "REF*A!B~", "3")));
	cr_expect_str_eq(edi_text(root, "interchanges.0.separators.repetition"), "!");
	cr_expect_eq(edi_at(root, SEGMENT_1 ".REF01")->children_count, 2);
}

Test(x12, keys_of_many_tags_are_not_mixed_up)
{
	struct buf text;
	struct node *root;

	buf_init(&text, (size_t)1 << 20);
	buf_put_str(&text, STR(ISA GS "ST*850*0001~"));
	for (unsigned i = 0; i < 26 * 26; i++)
		buf_printf(&text, "%c%cX*1*******************20~", 'A' + i % 26, 'A' + i / 26);
	buf_put_str(&text, STR("SE*678*0001~" END));
	root = edi_must_parse(buf_str(&text));
	cr_expect_str_eq(edi_text(root, TRANSACTION ".segments.1.AAX20"), "20");
	cr_expect_str_eq(edi_text(root, TRANSACTION ".segments.676.ZZX01"), "1");
	cr_expect_null(edi_at(root, TRANSACTION ".faults"));
	buf_release(&text);
}

/* --- what is tolerated --- */

Test(x12, bytes_around_segments_carry_nothing)
{
	const char *plain =
	    trees_json(edi_at(edi_must_parse(STR(ISA GS ORDER END)), "interchanges.0.groups.0.transactions"));
	struct node *root = edi_must_parse(STR("\xEF\xBB\xBF \r\n" ISA "\r\n\t" GS "  \n\n    ST*850*0001~\r\n"
					       "BEG*00*SA*PO1**20240131~\r\r\n\tSE*3*0001~" END "  \r\n\r\n "));

	cr_expect_str_eq(trees_json(edi_at(root, "interchanges.0.groups.0.transactions")), plain);
}

/* Element, component and terminator seen in real files: 0x7F and 0x15, | ~ } LF CR. */
Test(x12, any_byte_may_separate)
{
	static const char sets[][3] = {{'|', '>', '~'},  {'*', '~', '|'},       {'~', '>', '*'},
				       {'~', '>', '}'},  {'\x7F', '>', '\x15'}, {'*', '>', '\n'},
				       {'*', '>', '\r'}, {'\t', '\0', '\x1C'},  {'\xFE', '\xE9', '\xFF'}};

	for (size_t i = 0; i < COUNT_OF(sets); i++) {
		struct str text = edi_exchanged(WITH(ISA, "REF*IA*A>B~", "3"), '*', 1);
		struct node *root;

		text = edi_exchanged(text.p, '>', 2);
		text = edi_exchanged(text.p, '~', 3);
		for (size_t k = 0; k < text.n; k++)
			if (text.p[k] >= 1 && text.p[k] <= 3)
				((char *)text.p)[k] = sets[i][text.p[k] - 1];
		root = edi_must_parse(text);
		cr_expect_str_eq(trees_json(edi_at(root, SEGMENT_1)),
				 "{\"tag\":\"REF\",\"REF01\":\"IA\",\"REF02\":{\"1\":\"A\",\"2\":\"B\"}}", "set %zu",
				 i);
		cr_expect_null(edi_at(root, "interchanges.0.faults"), "set %zu", i);
		cr_expect(str_equal(edi_written(root), text), "set %zu", i);
	}
}

Test(x12, crlf_may_follow_a_cr_terminator)
{
	struct str text = edi_exchanged(ISA GS ORDER END, '~', '\r');
	struct str lines = edi_repeated("", "", 0, "");
	struct buf out;

	buf_init(&out, 4096);
	for (size_t i = 0; i < text.n; i++) {
		buf_put_char(&out, text.p[i]);
		if (text.p[i] == '\r')
			buf_put_char(&out, '\n');
	}
	lines = arena_str(arena, buf_str(&out));
	buf_release(&out);
	cr_expect_str_eq(edi_text(edi_must_parse(lines), SEGMENT_1 ".BEG03"), "PO1");
}

Test(x12, header_of_another_length_is_counted)
{
	struct node *root = edi_must_parse(STR("ISA*00**00**ZZ*A\xC2\xA0 \xC2\xA0*ZZ*LONGER THAN FIFTEEN*240131*11\n"
					       "00*U*00401*11*0*P*>~" GS ORDER END));

	edi_must_be(edi_at(root, "interchanges.0.ISA"),
		    "{\"ISA01\":\"00\",\"ISA03\":\"00\",\"ISA05\":\"ZZ\",\"ISA06\":\"A\",\"ISA07\":\"ZZ\","
		    "\"ISA08\":\"LONGER THAN FIFTEEN\",\"ISA09\":\"240131\",\"ISA10\":\"1100\",\"ISA11\":\"U\","
		    "\"ISA12\":\"00401\",\"ISA13\":\"11\",\"ISA14\":\"0\",\"ISA15\":\"P\",\"ISA16\":\">\"}");
	cr_expect_null(edi_at(root, "interchanges.0.faults"), "11 is 000000011");
}

Test(x12, interchanges_of_unlike_separators_and_groups_of_unlike_kinds_share_a_file)
{
	struct str other =
	    edi_exchanged(ISA_OF("^", "00501") "GS*IN*A*B*20240131*1100*1*X*005010~ST*810*9~SE*2*9~GE*1*1~"
					       "GS*FA*A*B*20240131*1100*2*X*005010~GE*0*2~IEA*2*000000011~",
			  '*', '|');
	struct node *root = edi_must_parse(arena_printf(arena, "%s\n%s", ISA GS ORDER END, other.p));

	cr_expect_eq(edi_at(root, "interchanges")->children_count, 2);
	cr_expect_eq(edi_at(root, "interchanges.1.groups")->children_count, 2);
	cr_expect_str_eq(edi_text(root, "interchanges.1.groups.0.transactions.0.set"), "810");
	cr_expect_str_eq(edi_text(root, "interchanges.1.separators.element"), "|");
	cr_expect_null(edi_at(root, "interchanges.1.groups.1.faults"));
}

Test(x12, padded_counts_are_numbers)
{
	struct node *root = edi_must_parse(STR(ISA GS "ST*850*1~SE*0000000002*1~GE*000001*0007~IEA*00001*11~"));

	cr_expect_null(strstr(trees_json(root), "faults"), "%s", trees_json(root));
	cr_expect_str_eq(trees_json(edi_must_parse(edi_written(root))), trees_json(root));
}

Test(x12, separator_within_a_header_field_of_right_length_is_data)
{
	struct str text = edi_exchanged(ISA GS ORDER END, 'D', '*');

	cr_expect_str_eq(edi_text(edi_must_parse(text), "interchanges.0.ISA.ISA06"), "SEN*ER");
	cr_expect_eq(edi_written(edi_must_parse(text)).n, 0);
	cr_expect_str_eq(why.path, "interchanges[0].ISA06");
}
