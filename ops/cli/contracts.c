/* SPDX-License-Identifier: Apache-2.0 */
/*
 * NAME      tributary contracts - the canonical documents
 * SYNOPSIS  tributary contracts schema NAME | write DIR
 */
#include "commands.h"

#include "model/model.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define SCHEMA_MAX_BYTES ((size_t)1 << 20)
#define PATH_BYTES 1024

static bool
schema_print(const struct contract *c, FILE *out)
{
	struct buf text;
	bool is_ok;

	buf_init(&text, SCHEMA_MAX_BYTES);
	contract_put_schema(c, &text);
	is_ok = buf_is_ok(&text) && fwrite(text.p, 1, text.n, out) == text.n;
	buf_release(&text);
	return is_ok;
}

static int
schemas_write(const char *dir)
{
	for (size_t i = 0; i < model_contracts_count; i++) {
		const struct contract *c = model_contracts[i];
		char path[PATH_BYTES];
		FILE *out;
		bool is_ok;

		snprintf(path, sizeof path, "%s/%s.v%d.schema.json", dir, c->name, c->version);
		out = fopen(path, "we");
		is_ok = out && schema_print(c, out);
		if ((out && fclose(out) != 0) || !is_ok) {
			fprintf(stderr, "tributary contracts: %s: %s\n", path, strerror(errno));
			return EXIT_NO;
		}
	}
	return EXIT_YES;
}

int
contracts_command(int argc, char **argv)
{
	const struct contract *c = argc == 3 ? model_contract(argv[2]) : NULL;

	if (argc == 3 && strcmp(argv[1], "write") == 0)
		return schemas_write(argv[2]);
	if (argc == 3 && strcmp(argv[1], "schema") == 0 && c)
		return schema_print(c, stdout) ? EXIT_YES : EXIT_NO;
	fprintf(stderr, "tributary contracts schema NAME\ntributary contracts write DIR\n");
	return EXIT_WRONG;
}
