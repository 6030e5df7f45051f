/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_msgpack - any bytes, as each canonical document: a code or a struct; what became one is encoded, decoded and
 * encoded again to the same bytes, and its JSON says the same document.
 */
#include "formats/json.h"
#include "model/model.h"

#include <stdlib.h>

#define OUT_MAX_BYTES ((size_t)64 << 20)

static const struct tree_limits limits = {.bytes = OUT_MAX_BYTES, .depth = 64, .nodes = 500000};

static void
must(bool holds)
{
	if (!holds)
		abort();
}

static void
must_encode_to(const struct contract *c, const void *document, struct str expected)
{
	struct buf out;

	buf_init(&out, OUT_MAX_BYTES);
	contract_encode(c, document, &out);
	must(buf_is_ok(&out) && str_equal(buf_str(&out), expected));
	buf_release(&out);
}

static void
must_come_back(const struct contract *c, const void *document, struct arena *arena)
{
	void *again = arena_get(arena, c->size);
	struct node *tree;
	struct buf bytes, json;
	struct why why;

	buf_init(&bytes, OUT_MAX_BYTES);
	contract_encode(c, document, &bytes);
	must(buf_is_ok(&bytes) && again);
	must(contract_decode(c, buf_str(&bytes), arena, again, &why) == OUTCOME_OK);
	must_encode_to(c, again, buf_str(&bytes));

	buf_init(&json, OUT_MAX_BYTES);
	contract_put_json(c, document, &json, 0);
	must(buf_is_ok(&json) && json_parse(buf_str(&json), &limits, arena, &tree, &why) == OUTCOME_OK);
	must(contract_from_tree(c, tree, arena, again, &why) == OUTCOME_OK);
	must_encode_to(c, again, buf_str(&bytes));
	buf_release(&json);
	buf_release(&bytes);
}

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t n);

int
LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t n)
{
	struct arena *arena = arena_new((size_t)256 << 20);
	struct why why;

	for (size_t i = 0; i < model_contracts_count; i++) {
		void *document = arena_get(arena, model_contracts[i]->size);

		must(document != NULL);
		if (contract_decode(model_contracts[i], (struct str){(const char *)bytes, n}, arena, document, &why) ==
		    OUTCOME_OK)
			must_come_back(model_contracts[i], document, arena);
	}
	arena_free(arena);
	return 0;
}
