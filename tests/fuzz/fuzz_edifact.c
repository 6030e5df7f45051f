/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_edifact - whatever the bytes: parse; what was parsed is written, and what was written is parsed again
 * The first writing mends trailers, so it is the second and the third that must be the same bytes.
 * clang -fsanitize=fuzzer,address,undefined -D_GNU_SOURCE -Ishared tests/fuzz/fuzz_edifact.c shared/formats/edifact*.c
 *       shared/formats/tree.c shared/base/{arena,str,outcome,instant}.c
 */
#include "formats/edifact.h"
#include "formats/edifact_ack.h"

#include <stdlib.h>
#include <string.h>

#define FUZZ_BYTES ((size_t)64 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

/* Parsed and written; false when either refuses. */
static bool
again(struct arena *arena, struct str document, struct buf *out)
{
	struct why why;
	struct node *root;

	buf_init(out, FUZZ_BYTES);
	return edifact_parse(document, &tree_default_limits, arena, &root, &why) == OUTCOME_OK &&
	       edifact_write(root, out, &why) == OUTCOME_OK;
}

static void
ack_try(struct arena *arena, struct str document)
{
	struct edifact_ack ack = {.whole = {.action = EDIFACT_RECEIVED}, .control = STR("1")};
	struct node *root, *answer;
	struct why why;
	struct buf out;

	if (edifact_parse(document, &tree_default_limits, arena, &root, &why) != OUTCOME_OK)
		return;
	ack.interchange = node_at(node_get(root, "interchanges"), 0);
	if (edifact_ack_build(&ack, arena, &answer, &why) != OUTCOME_OK)
		return;
	buf_init(&out, FUZZ_BYTES);
	if (edifact_write(answer, &out, &why) == OUTCOME_OK &&
	    edifact_parse(buf_str(&out), &tree_default_limits, arena, &root, &why) != OUTCOME_OK)
		abort();
	buf_release(&out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct arena *arena = arena_new((size_t)512 << 20);
	struct str document = {(const char *)bytes, n};
	struct buf first, second = {.p = NULL}, third = {.p = NULL};

	if (again(arena, document, &first)) {
		if (!again(arena, buf_str(&first), &second) || !again(arena, buf_str(&second), &third))
			abort();
		if (!str_equal(buf_str(&second), buf_str(&third)))
			abort();
	}
	ack_try(arena, document);
	buf_release(&first);
	buf_release(&second);
	buf_release(&third);
	arena_free(arena);
	return 0;
}
