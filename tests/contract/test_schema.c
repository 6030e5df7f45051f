/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/json.h"
#include "model/model.h"

#include <criterion/criterion.h>
#include <stdio.h>

static void
schemas_compare(const struct contract *const *contracts, size_t count, const char *form)
{
	for (size_t i = 0; i < count; i++) {
		const struct contract *c = contracts[i];
		struct arena *arena = arena_new((size_t)1 << 24);
		static char stored[1 << 20];
		struct buf text;
		struct node *tree;
		struct why why;
		char path[256];
		size_t n;
		FILE *f;

		snprintf(path, sizeof path, "topology/contracts/%s%s.v%d.schema.json", c->name, form, c->version);
		f = fopen(path, "r");
		cr_assert(f, "%s is missing: make docs", path);
		n = fread(stored, 1, sizeof stored, f);
		fclose(f);
		buf_init(&text, sizeof stored);
		contract_put_schema(c, &text);
		cr_assert(str_equal(buf_str(&text), (struct str){stored, n}), "%s is stale: make docs", path);
		cr_assert_eq(json_parse(buf_str(&text), &tree_default_limits, arena, &tree, &why), OUTCOME_OK, "%s",
			     why.text);
		buf_release(&text);
		arena_free(arena);
	}
}

Test(schema, the_files_are_what_the_tables_say_and_are_json)
{
	schemas_compare(model_contracts, model_contracts_count, "");
}

Test(schema, so_are_those_of_what_parties_send)
{
	schemas_compare(model_channel_contracts, model_channel_contracts_count, ".channel");
}
